# SPDX-License-Identifier: BSD-2-Clause
"""Properties that hold for whatever is asked and done: hypothesis looks for what breaks them."""
import itertools
import os
import urllib.parse

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, \
    run_state_machine_as_test

from stack import eventually

counter = itertools.count()
QUIET = {"deadline": None, "database": None, "print_blob": True,
         "suppress_health_check": list(HealthCheck)}


def fresh_category():
    return f"prop-{os.getpid()}-{next(counter)}"


# --- Queries: one question has one name, and two have two ---

PRODUCT_SORTS = ["-createdAt", "createdAt", "price", "-price", "name", "-name", "updatedAt",
                 "-updatedAt"]
FIELDS = ["name", "price", "category", "description", "inStock", "featured", "createdAt",
          "updatedAt"]
DEFAULTS = {"page": 1, "limit": 20, "sort": "-createdAt"}

TEXTS = st.text(st.sampled_from("aAb &=+%/:,.?#'\"äß字\n\x7f"), min_size=1, max_size=6)

QUERIES = st.fixed_dictionaries({}, optional={
    "inStock": st.booleans(),
    "featured": st.booleans(),
    "minPrice": st.one_of(st.integers(0, 30), st.floats(0, 1e12)),
    "maxPrice": st.one_of(st.integers(0, 30), st.floats(0, 1e12)),
    "limit": st.integers(1, 100),
    "page": st.integers(1, 100),
    "sort": st.sampled_from(PRODUCT_SORTS),
    "fields": st.sets(st.sampled_from(FIELDS), min_size=1),
    "q": TEXTS,
})


def meaning(query):
    """What is asked, by rules of its own: not the server's code."""
    said = {name: value for name, value in query.items() if DEFAULTS.get(name) != value}
    for name in ("minPrice", "maxPrice"):
        if name in said:
            said[name] = float(said[name]) + 0.0
    if "fields" in said:
        said["fields"] = frozenset(said["fields"])
    return tuple(sorted(said.items(), key=lambda item: item[0]))


@st.composite
def spelled(draw, query):
    """One of the many ways to write it."""
    said = dict(query)
    for name, value in DEFAULTS.items():
        if said.get(name, value) == value and draw(st.booleans()):
            said[name] = value
    parts = [(name, draw(written(name, value))) for name, value in said.items()]
    parts += draw(st.lists(st.sampled_from([("utm_source", "x"), ("_", "1"), ("fbclid", "é"),
                                            ("gclid", ""), ("utm_x", "&")]), max_size=2))
    return "&".join(f"{draw(encoded(name))}={draw(encoded(text))}"
                    for name, text in draw(st.permutations(parts)))


def written(name, value):
    """The texts of one value."""
    if isinstance(value, bool):
        return st.just(str(value).lower())
    if name == "fields":
        return st.permutations(sorted(value)).flatmap(lambda names: st.sampled_from(
            [",".join(names), ",".join(["_id", *names]), ",".join([*names, names[0]])]))
    if name in ("minPrice", "maxPrice"):
        texts = [repr(float(value)), f"{float(value):.20e}"]
        if isinstance(value, int):
            texts += [str(value), f"{value}.0", f"{value}e0", f"{value}.000E+00", f"{value * 10}e-1"]
        return st.sampled_from(texts)
    return st.just(str(value))


@st.composite
def encoded(draw, text):
    """Percent-encoded where it must be, here and there where it need not, in either case."""
    out = []
    for byte in text.encode():
        plain = chr(byte) if byte < 128 and (chr(byte).isalnum() or chr(byte) in "-._~") else None
        if plain and draw(st.integers(0, 9)) > 0:
            out.append(plain)
        elif byte == 32 and draw(st.booleans()):
            out.append("+")
        else:
            out.append(draw(st.sampled_from([f"%{byte:02X}", f"%{byte:02x}"])))
    return "".join(out)


@st.composite
def questions(draw):
    """Some questions near to each other, each in two spellings."""
    queries = draw(st.lists(QUERIES, min_size=2, max_size=5))
    nearby = [{name: value for name, value in query.items() if draw(st.booleans())}
              for query in queries[:2]]
    return [(query, draw(spelled(query)), draw(spelled(query))) for query in queries + nearby]


def entries(stack):
    """Names of the lists of products that Redis holds now."""
    return set(stack.redis.scan_iter(f"{stack.base()}products:*", count=1000))


def test_names_of_queries_are_canonical_and_injective(stack):
    """As many entries as there are questions: every spelling of one is answered from the same, and
    no two share one."""
    stack.settle()

    @settings(max_examples=30, **QUIET)
    @given(questions())
    def run(asked):
        begin = f"/api/products?category={fresh_category()}&"
        different = {meaning(query) for query, _, _ in asked}
        before = entries(stack)
        for _, text, _ in asked:
            answer = stack.client.get(begin + text)
            assert answer.status == 200, (text, answer)
        eventually(lambda: len(entries(stack) - before) >= len(different), 5,
                   what=f"{len(different)} entries")
        for _, text, other in asked:
            for spelling in (text, other):
                answer = stack.client.get(begin + spelling)
                assert answer.hit, (text, spelling, answer)
        assert len(entries(stack) - before) == len(different)

    run()


# --- Products and posts against a model ---

NAMES = st.text(st.sampled_from("abzAZ09 -é字"), min_size=1, max_size=5).filter(str.strip)
PRICES = st.one_of(st.integers(0, 3), st.integers(0, 3), st.floats(0, 1e6))
PRODUCTS = st.fixed_dictionaries(
    {"name": NAMES, "price": PRICES},
    optional={"description": NAMES, "inStock": st.booleans(), "featured": st.booleans()})
PRODUCT_CHANGES = st.fixed_dictionaries({}, optional={
    "name": NAMES, "price": PRICES, "description": st.one_of(st.none(), NAMES),
    "inStock": st.one_of(st.none(), st.booleans()), "featured": st.booleans()})
TIMES = st.integers(0, 9).map(lambda n: f"2026-11-23T17:00:0{n}.000Z")
AUTHORS, TAGS = st.sampled_from(["ann", "bob"]), st.sampled_from(["x", "y", "z"])
POSTS = st.fixed_dictionaries(
    {"title": NAMES, "body": NAMES},
    optional={"author": AUTHORS, "tags": st.lists(TAGS, max_size=3), "date": TIMES})
POST_CHANGES = st.fixed_dictionaries({}, optional={
    "title": NAMES, "body": NAMES, "author": st.one_of(st.none(), AUTHORS),
    "tags": st.one_of(st.none(), st.lists(TAGS, max_size=3)), "date": TIMES})

NEW = {"products": PRODUCTS, "posts": POSTS}
CHANGES = {"products": PRODUCT_CHANGES, "posts": POST_CHANGES}
INITIAL = {"products": {"inStock": True, "featured": False}, "posts": {}}
FILTERS = {
    "products": st.fixed_dictionaries({}, optional={
        "inStock": st.booleans(), "featured": st.booleans(), "minPrice": st.integers(0, 3),
        "maxPrice": st.integers(0, 3)}),
    "posts": st.fixed_dictionaries({}, optional={"author": AUTHORS, "tag": TAGS}),
}
SORTS = {"products": PRODUCT_SORTS, "posts": ["-date", "date"]}
KINDS = st.sampled_from(["products", "posts"])


def passes(document, filters):
    tests = {"minPrice": lambda value: document["price"] >= value,
             "maxPrice": lambda value: document["price"] <= value,
             "tag": lambda value: value in document.get("tags", [])}
    return all(tests.get(name, lambda value, name=name: document.get(name) == value)(value)
               for name, value in filters.items())


def ordered(documents, sort):
    """Equal ones by their ids, in the same direction; texts by their bytes."""
    def key(document):
        value = document[sort.lstrip("-")]
        return (value.encode() if isinstance(value, str) else value), document["_id"]
    return sorted(documents, key=key, reverse=sort.startswith("-"))


def question(category, filters, **more):
    words = {"category": category, **filters, **more}
    return urllib.parse.urlencode({name: str(value).lower() if isinstance(value, bool) else value
                                   for name, value in words.items()})


class Shop(RuleBasedStateMachine):
    """What the API answers is what a dictionary would, whatever Redis does meanwhile."""

    stack = None

    @initialize()
    def open(self):
        self.category = fresh_category()
        self.model = {"products": {}, "posts": {}}
        self.gone = []
        self.redis_up = True

    def teardown(self):
        if not getattr(self, "redis_up", True):
            self.stack.control("start", "redis")

    def http(self, method, target, **more):
        answer = self.stack.client.request(method, target, **more)
        note(f"{method} {target} {more.get('json')} -> {answer}")
        return answer

    def made(self, kind, sent, document):
        expected = {**INITIAL[kind], **sent, "category": self.category}
        assert {name: document.get(name) for name in expected} == expected
        assert document["createdAt"] == document["updatedAt"]
        self.model[kind][document["_id"]] = document

    def create(self, kind, fields):
        answer = self.http("POST", f"/api/{kind}", json={**fields, "category": self.category})
        assert answer.status == 201
        self.made(kind, fields, answer.json["data"])
        return answer.json["data"]["_id"]

    def remove(self, kind, which):
        assert self.http("DELETE", f"/api/{kind}/{which}").status == 200
        del self.model[kind][which]
        self.gone.append((kind, which))

    def pick(self, data, kind):
        return data.draw(st.sampled_from(sorted(self.model[kind])), label="id")

    @rule(kind=KINDS, data=st.data())
    def create_one(self, kind, data):
        self.create(kind, data.draw(NEW[kind]))

    @rule(kind=KINDS, data=st.data())
    def create_some(self, kind, data):
        sent = data.draw(st.lists(NEW[kind], min_size=1, max_size=6))
        body = [{**fields, "category": self.category} for fields in sent]
        answer = self.http("POST", f"/api/{kind}", json=body)
        assert answer.status == 201 and answer.json["count"] == len(sent)
        for fields, result in zip(sent, answer.json["results"]):
            self.made(kind, fields, result["data"])

    @rule(kind=KINDS, method=st.sampled_from(["PUT", "PATCH"]), data=st.data())
    def change_one(self, kind, method, data):
        if self.model[kind]:
            self.change(kind, method, self.pick(data, kind), data.draw(CHANGES[kind]))

    def change(self, kind, method, which, fields):
        answer = self.http(method, f"/api/{kind}/{which}", json=fields)
        assert answer.status == 200
        expected = dict(self.model[kind][which])
        for name, value in fields.items():
            expected[name] = value
            if value is None:
                del expected[name]
        document = answer.json["data"]
        assert document["updatedAt"] >= expected["updatedAt"]
        assert document == {**expected, "updatedAt": document["updatedAt"]}
        self.model[kind][which] = document

    @rule(kind=KINDS, data=st.data())
    def delete(self, kind, data):
        if self.model[kind]:
            self.remove(kind, self.pick(data, kind))

    @rule(kind=KINDS, data=st.data())
    def read(self, kind, data):
        if self.model[kind]:
            which = self.pick(data, kind)
            answer = self.http("GET", f"/api/{kind}/{which}")
            assert answer.status == 200 and answer.json["data"] == self.model[kind][which]

    @rule(data=st.data())
    def read_what_is_gone(self, data):
        if self.gone:
            kind, which = data.draw(st.sampled_from(self.gone))
            assert self.http("GET", f"/api/{kind}/{which}").status == 404
            assert self.http("DELETE", f"/api/{kind}/{which}").status == 404

    @rule(kind=KINDS, limit=st.integers(1, 7), page=st.integers(1, 4), data=st.data())
    def read_list(self, kind, limit, page, data):
        filters = data.draw(FILTERS[kind])
        sort = data.draw(st.sampled_from(SORTS[kind]))
        answer = self.http("GET", f"/api/{kind}?" + question(self.category, filters, sort=sort,
                                                             limit=limit, page=page))
        found = ordered([document for document in self.model[kind].values()
                         if passes(document, filters)], sort)
        body = answer.json
        assert body["data"] == found[(page - 1) * limit:page * limit]
        assert (body["total"], body["count"]) == (len(found), len(body["data"]))
        assert body["pages"] == -(-len(found) // limit)

    @rule(kind=KINDS, limit=st.integers(1, 3), data=st.data())
    def walk(self, kind, limit, data):
        """From page to page while others write: what was there all the time and did not change is
        met once, and nothing else twice.  A change may move its item over the place where the walk
        is, and by updatedAt it moves to the latest: so none is missed on the way there, and none is
        met again on the way back."""
        sort = data.draw(st.sampled_from(SORTS[kind]))
        target = f"/api/{kind}?" + question(self.category, {}, sort=sort, limit=limit)
        stayed, changed, met, after = set(self.model[kind]), set(), [], ""
        while after is not None:
            body = self.http("GET", target + after).json
            met += [document["_id"] for document in body["data"]]
            after = body["next"] and f"&after={body['next']}"
            what = data.draw(st.sampled_from(["insert", "delete", "change", "nothing"]))
            if what == "insert" and len(met) < 40:
                self.create(kind, data.draw(NEW[kind]))
            elif what == "delete" and self.model[kind]:
                which = self.pick(data, kind)
                self.remove(kind, which)
                stayed.discard(which)
            elif what == "change" and self.model[kind] and len(met) < 40:
                which = self.pick(data, kind)
                self.change(kind, "PUT", which, data.draw(CHANGES[kind]))
                changed.add(which)
        again = {which for which in met if met.count(which) > 1}
        assert again <= (set() if sort == "-updatedAt" else changed)
        assert stayed - (set() if sort == "updatedAt" else changed) <= set(met)

    @precondition(lambda self: self.redis_up)
    @rule(sure=st.integers(0, 2))
    def stop_redis(self, sure):
        if sure == 0:
            self.stack.control("kill", "redis")
            self.redis_up = False

    @precondition(lambda self: not self.redis_up)
    @rule()
    def start_redis(self):
        self.stack.control("start", "redis")
        self.redis_up = True

    @invariant()
    def everything_is_listed(self):
        for kind, documents in getattr(self, "model", {}).items():
            answer = self.stack.client.get(f"/api/{kind}?category={self.category}&limit=100")
            assert answer.status == 200, answer
            assert {document["_id"]: document for document in answer.json["data"]} == \
                dict(itertools.islice(documents.items(), 100)) or len(documents) > 100, answer


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("healthy")
def test_the_api_is_a_dictionary(stack):
    # Shrinking what was found takes minutes: a seed and LARDER_TEST_SHRINK=1 do it again.
    phases = [Phase.generate] + [Phase.shrink] * ("LARDER_TEST_SHRINK" in os.environ)
    machine = type("BoundShop", (Shop,), {"stack": stack})
    run_state_machine_as_test(machine, settings=settings(
        max_examples=25, stateful_step_count=40, phases=phases, **QUIET))
