# SPDX-License-Identifier: BSD-2-Clause
"""Documents, numbers and servers at the edge of what there is: each was wrong once."""
import datetime
import itertools
import os
import pathlib
import random
import signal
import threading

import bson
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from mongo_proxy import host_behind
from stack import eventually, running

RESOURCES = pathlib.Path(__file__).parent / "resources"
counter = itertools.count()


def fresh():
    return f"edge-{os.getpid()}-{next(counter)}"


# --- A walk over anything ---

MISSING = object()
# A rank for each type, in MongoDB's order of types.
RANKED = [
    (1, bson.MinKey()), (2, None), (2, MISSING),
    (3, bson.Decimal128("NaN")), (3, float("nan")), (3, -float("inf")), (3, 0), (3, -0.0),
    (3, bson.Decimal128("1.50")), (3, 1.5), (3, bson.Int64(2**53 + 1)), (3, float(2**53)),
    (3, bson.Decimal128("1E+6000")), (3, float("inf")),
    (4, ""), (4, "B"), (4, "a"), (4, "é"), (4, "x" * 300), (4, "x" * 300 + "y"),
    (5, {}), (5, {"a": None}), (5, {"a": 1}), (5, {"b": 1}),
    (7, bson.Binary(b"ab")), (7, bson.Binary(b"cd")), (8, bson.ObjectId("0" * 24)), (9, False),
    (9, True), (10, datetime.datetime(2020, 1, 1)), (11, bson.Timestamp(1, 2)),
    (12, bson.Regex("a")), (13, bson.Code("x")), (14, bson.Code("x", {"a": 1})),
    (15, bson.MaxKey())]
ARRAYS = [[], [None], [1, "x"], [[1]], [bson.MinKey()], ["b", {"a": 1}]]  # one item of them counts
chance = random.SystemRandom()  # hypothesis seeds the other one
IDS = [lambda: bson.ObjectId(), lambda: f"s{chance.getrandbits(40):x}",
       lambda: chance.getrandbits(40), lambda: {"x": chance.getrandbits(40)},
       lambda: bson.Binary(chance.randbytes(8))]


@st.composite
def mixtures(draw):
    ranked = draw(st.lists(st.sampled_from(RANKED), min_size=1, max_size=16))
    arrays = draw(st.lists(st.sampled_from(ARRAYS), max_size=4))
    makers = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=len(IDS)))
    return draw(st.permutations(ranked + [(None, value) for value in arrays])), makers


def walk(host, target):
    """The names of all that is met from page to page."""
    after = ""
    while after is not None:
        page = host.client.get(f"{target}{after and '&after=' + after}")
        assert page.status == 200, page
        yield from (item["description"] for item in page.json["data"])
        after = page.json["next"]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("server", ["stack", "second"])
def test_a_walk_meets_each_of_any_mixture_once(server, request):
    host = request.getfixturevalue(server)

    @settings(max_examples=10, deadline=None, database=None,
              suppress_health_check=list(HealthCheck))
    @given(mixtures(), st.sampled_from(["createdAt", "updatedAt", "price", "name"]))
    def run(mixture, field):
        values, makers = mixture
        category = fresh()
        documents = [{"_id": maker(), "category": category, "description": str(i)}
                     | ({} if value is MISSING else {field: value})
                     for i, ((_, value), maker) in enumerate(zip(values, itertools.cycle(makers)))]
        host.mongo.products.insert_many(documents)
        for sort in (field, "-" + field):
            orders = [list(itertools.islice(walk(
                host, f"/api/products?category={category}&sort={sort}&limit={limit}"), 40))
                for limit in (1, 2, 3, 100)]
            for order in orders:
                assert sorted(map(int, order)) == list(range(len(values))), (sort, values)
                assert order == orders[0], (sort, values)
            ranks = [values[int(name)][0] for name in orders[0]]
            ranks = [rank for rank in ranks if rank is not None]
            assert ranks == sorted(ranks, reverse=sort[0] == "-"), (sort, values)
        host.mongo.products.delete_many({"category": category})

    run()


@pytest.mark.parametrize("server", ["stack", "second"])
def test_three_without_the_field_are_three_pages(server, request):
    host, category = request.getfixturevalue(server), fresh()
    host.mongo.products.insert_many([{"name": "x", "price": 1, "category": category,
                                      "description": str(i)} for i in range(3)])
    met = list(walk(host, f"/api/products?category={category}&limit=1"))
    assert sorted(met) == ["0", "1", "2"]


# --- Numbers and dates ---

@pytest.mark.parametrize("value, shown", [
    (bson.Decimal128("19.99"), '"19.99"'), (-0.0, "-0.0"), (0.0, "0"),
    (bson.Int64(2**53 + 1), "9007199254740993"), (bson.Int64(2**63 - 1), "9223372036854775807")])
@pytest.mark.parametrize("server", ["stack", "second"])
def test_numbers_of_others_are_shown_to_the_digit(server, request, value, shown):
    host, category = request.getfixturevalue(server), fresh()
    id = bson.ObjectId()
    host.mongo.products.insert_one({"_id": id, "name": "x", "price": value, "category": category})
    assert f'"price":{shown},' in host.client.get(f"/api/products/{id}").text
    if shown == '"19.99"':
        assert host.client.get(f"/api/products?category={category}&minPrice=19").json["total"] == 1


def test_dates_that_have_no_text_are_null(stack):
    for ms in (-62167219200001, 253402300800000, -2**63, 2**63 - 1):
        id = bson.ObjectId()
        stack.mongo.products.insert_one({"_id": id, "name": "x", "price": 1, "category": fresh(),
                                         "createdAt": bson.datetime_ms.DatetimeMS(ms)})
        assert stack.client.get(f"/api/products/{id}").json["data"]["createdAt"] is None
        assert stack.client.delete(f"/api/products/{id}").status == 200


@pytest.mark.parametrize("number", [
    "9007199254740993", "9007199254740993.0", "9007199254740993e0", "9.007199254740993e15",
    "123456789012345678901234567890"])
def test_no_whole_number_is_rounded(stack, tmp_path, number):
    category = fresh()
    answer = stack.client.post("/api/products", body=f'{{"name":"x","category":"{category}",'
                               f'"price":{number}}}',
                               headers={"Content-Type": "application/json"})
    assert answer.status == 400 and answer.json["errors"]
    file = tmp_path / "products.csv"
    file.write_text(f"name,price,category\nx,{number},{category}\n")
    assert stack.ctl("load", "products", file, check=False).returncode == 1
    assert stack.mongo.products.count_documents({"category": category}) == 0


def test_a_version_without_a_next_one_is_not_replaced(stack):
    id = bson.ObjectId()
    stack.mongo.products.insert_one({"_id": id, "name": "x", "price": 1, "category": fresh(),
                                     "version": bson.Int64(2**63 - 1)})
    refused = stack.client.put(f"/api/products/{id}", {"price": 2})
    assert refused.status == 409 and refused.json["errors"][0]["field"] == "version"
    assert stack.mongo.products.find_one({"_id": id})["price"] == 1
    assert stack.client.delete(f"/api/products/{id}").status == 200


# --- Documents that are too large to be shown ---

def test_what_is_too_large_is_named(stack):
    category = fresh()
    small, large = bson.ObjectId(), bson.ObjectId()
    stack.mongo.products.insert_many([
        {"_id": small, "name": "x", "price": 1, "category": category},
        {"_id": large, "name": "y", "price": 1, "category": category, "description": "y" * 5000000}])
    several = stack.client.get(f"/api/products?ids={small},{large}")
    assert several.status == 413
    assert several.json["errors"] == [{"field": "ids", "message": f"{large} is too large"}]
    page = f"/api/products?category={category}&sort=name"
    assert stack.client.get(page).json["errors"][0]["field"] == "limit"
    first = stack.client.get(f"{page}&limit=1")
    assert [item["_id"] for item in first.json["data"]] == [str(small)]
    alone = stack.client.get(f"{page}&limit=1&after={first.json['next']}")
    assert alone.status == 413 and "too large" in alone.json["message"]


# --- Words and filters ---

@pytest.mark.parametrize("name, words", [
    ("ÉCLAIR", "éclair"), ("Éclair", "ÉCLAIR"), ("МОСКВА", "москва"), ("ΣΊΣΥΦΟΣ", "σίσυφος")])
def test_words_are_found_whatever_their_case(product, http, category, name, words):
    made = product(name=name)
    found = http.get("/api/products", category=category, q=words).json["data"]
    assert [item["_id"] for item in found] == [made["_id"]]


@pytest.fixture(scope="module")
def kitchen():
    with running(settle=30, LARDER_RESOURCES=str(RESOURCES)) as stack:
        yield stack


def test_an_empty_value_of_a_filter_is_a_value(kitchen):
    for chef in ("", "A"):
        made = kitchen.client.post("/api/recipes", {"title": "x", "minutes": 1,
                                                    "chef": {"name": chef}})
        assert made.status == 201
    found = kitchen.client.get("/api/recipes?chef=").json
    assert [item["chef"]["name"] for item in found["data"]] == [""] and found["total"] == 1


# --- Requests that come again ---

@pytest.fixture(scope="module")
def slow(stack):
    """(host of one worker, the proxy in front of its MongoDB)"""
    return host_behind(stack, LARDER_WORKERS="1")


@pytest.fixture
def slowly(slow):
    """slowly("delete") holds the replies to this command on products back until it is called
    without a name."""
    host, proxy = slow
    host.settle()
    go_on = threading.Event()

    def hold(name=None):
        if name is None:
            go_on.set()
        else:
            proxy.delay = lambda command: \
                0 if command.get(name) != "products" else 0 * go_on.wait(10)
    yield hold
    hold()
    proxy.reset()
    host.settle()


def in_background(work):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(work()), daemon=True)
    thread.start()
    return thread, answers


def test_a_delete_that_is_sent_again_is_answered_the_same(slow, slowly, product):
    host, _ = slow
    id = product()["_id"]
    assert host.client.get(f"/api/products/{id}").status == 200
    slowly("delete")
    thread, answers = in_background(lambda: host.client.delete(f"/api/products/{id}"))
    eventually(lambda: host.mongo.products.find_one({"_id": bson.ObjectId(id)}) is None)
    host.signal("larderd-1", signal.SIGKILL)
    slowly()
    thread.join()
    assert answers[0].status == 200 and answers[0].json["message"] == "Product deleted"
    assert host.client.delete(f"/api/products/{id}").status == 404


def test_another_body_meanwhile_is_told_from_the_same(slow, slowly, category):
    host, proxy = slow
    key, before = {"Idempotency-Key": fresh()}, len(proxy.commands)
    body = {"name": "x", "price": 1, "category": category}
    slowly("insert")
    thread, answers = in_background(
        lambda: host.client.post("/api/products", body, headers=key))
    try:
        eventually(lambda: any(command.get("insert") == "products"
                               for command in proxy.commands[before:]))
        other = host.client.post("/api/products", {**body, "price": 2}, headers=key)
        assert other.status == 422, other
        assert host.client.post("/api/products", body, headers=key).status == 409
    finally:
        slowly()
        thread.join()
    assert answers[0].status == 201


# --- Views ---

@pytest.mark.parametrize("server", ["stack", "second"])
def test_popular_passes_over_what_others_have_deleted(server, request):
    host = request.getfixturevalue(server)
    made = host.client.post("/api/products", {"name": "x", "price": 1, "category": fresh()})
    path = made.header("Location")
    key = "larder:views:products"
    for _ in range(3):
        assert host.client.get(path).status == 200
    live = made.json["data"]["_id"]
    eventually(lambda: host.redis.zscore(key, live), 10)
    host.redis.zincrby(key, 10**5, live)  # others may have been looked at more often
    gone = {str(bson.ObjectId()): 10**6 for _ in range(60)}
    host.redis.zadd(key, gone)

    def shown():  # nothing, while Redis is slow
        return live in [item["_id"] for item in host.client.get("/api/products/popular").json["data"]]
    eventually(shown, 10, every=0.2)
    eventually(lambda: not any(host.redis.zscore(key, id) for id in gone), 10, every=0.2)
