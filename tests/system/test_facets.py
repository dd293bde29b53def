# SPDX-License-Identifier: BSD-2-Clause
"""Facets: how many documents have which value, beside a computation of the same in Python."""
import collections
import json
import random
import uuid

import bson
import pytest

from people import Person
from stack import eventually

NAMES = ["batch", "chef", "cuisine", "price", "tag"]


def facets(market, query, path="/api/recipes/facets", **more):
    answer = market.client.get(f"{path}?{query}", **more)
    assert answer.status == 200, answer
    return answer.json


def pairs(found):
    return [(item["value"], item["count"]) for item in found]


# --- Beside Python ---

def order(item):
    value, count = item
    kind = (value is None, isinstance(value, str), not isinstance(value, bool))
    return -count, kind, value if value is not None else 0


def expected(documents, path, limit):
    counts = collections.Counter()
    for document in documents:
        for value in values(document, path.split(".")):
            counts[value] += 1
    return sorted(counts.items(), key=order)[:limit]


def values(document, names):
    """Those of one document, each once."""
    value = document.get(names[0])
    if len(names) > 1:
        return values(value, names[1:]) if isinstance(value, dict) else {None}
    return {shown(item) for item in (value if isinstance(value, list) else [value])}


def shown(value):
    if isinstance(value, bson.Decimal128):
        return format(value.to_decimal().normalize(), "f")
    if isinstance(value, bson.Binary):
        return str(value.as_uuid())
    return value


PATHS = {"tag": "tags", "chef": "chef.name", "cuisine": "cuisine", "price": "price",
         "batch": "batch"}
WORDS = ["a", "b", "B", "ä", "z", "\U0001f35b", "", 'q"u', "back\\slash", "line\nfeed", "\x01",
         "\ufffd"]


def random_document(rng, minutes):
    document = {"title": "x", "minutes": minutes}

    def put(name, *choices):
        value = rng.choice(choices)()
        if value is not missing:
            document[name] = value

    def word():
        return rng.choice(WORDS)

    def several():
        return [rng.choice(WORDS + [None, 1, False]) for _ in range(rng.randrange(5))]
    put("tags", several, several, word, lambda: None, lambda: missing)
    put("chef", lambda: {"name": word()}, lambda: {"name": None}, dict, lambda: missing)
    put("cuisine", word, word, lambda: rng.choice([3, 2.5, -7, 10, 9]), lambda: True,
        lambda: False, lambda: None, lambda: missing)
    put("price", lambda: bson.Decimal128(rng.choice(["1.5", "1.50", "2", "10", "-0.5"])),
        lambda: None)
    put("batch", lambda: bson.Binary.from_uuid(uuid.UUID(int=rng.randrange(3))), lambda: missing)
    return document


missing = object()


@pytest.mark.parametrize("seed", range(4))
def test_random_documents(market, minutes, seed):
    rng = random.Random(seed)
    documents = [random_document(rng, minutes) for _ in range(rng.choice([1, 30, 200]))]
    market.mongo.recipes.insert_many([dict(document) for document in documents])
    for limit in (1, 3, 100):
        answer = facets(market, f"by={','.join(NAMES)}&minutes={minutes}&limit={limit}")
        assert answer["total"] == len(documents)
        assert list(answer["facets"]) == NAMES
        for name in NAMES:
            assert pairs(answer["facets"][name]) == expected(documents, PATHS[name], limit), name


# --- What they obey ---

def test_filters_and_words(market, minutes, recipe):
    recipe(cuisine="thai", tags=["hot"], title="Rice with basil")
    recipe(cuisine="thai", tags=["mild"], title="Noodles")
    recipe(cuisine="indian", tags=["hot", "mild"], title="Rice with lentils")
    where = f"minutes={minutes}"
    found = facets(market, f"by=tag&by=cuisine&{where}")
    assert found["success"] is True and found["total"] == 3
    assert pairs(found["facets"]["cuisine"]) == [("thai", 2), ("indian", 1)]
    assert pairs(found["facets"]["tag"]) == [("hot", 2), ("mild", 2)]
    found = facets(market, f"by=tag&cuisine=thai&{where}")
    assert found["total"] == 2 and pairs(found["facets"]["tag"]) == [("hot", 1), ("mild", 1)]
    found = facets(market, f"by=tag&notTag=hot&{where}")
    assert found["total"] == 1 and pairs(found["facets"]["tag"]) == [("mild", 1)]
    if "MONGODB_URI" not in market.settings:  # the second one has no indexes of words
        found = facets(market, f"by=cuisine&q=rice&{where}")
        assert found["total"] == 2 and pairs(found["facets"]["cuisine"]) == [("indian", 1),
                                                                             ("thai", 1)]
    found = facets(market, f"by=cuisine,tag&cuisine=other&{where}")
    assert found["total"] == 0 and found["facets"] == {"cuisine": [], "tag": []}


def test_the_cache_keeps_them_until_a_write(market, minutes, recipe):
    made = recipe(cuisine="thai", tags=["hot"])
    query = f"by=tag&cuisine=thai&minutes={minutes}"
    first = eventually_hit(market, query)
    assert first.json["source"] == "cache" and first.etag.startswith('W/"')
    same = market.client.get(f"/api/recipes/facets?minutes={minutes}&utm_source=x&limit=20"
                             "&cuisine=thai&by=tag")
    assert same.hit and same.etag == first.etag
    again = market.client.get(f"/api/recipes/facets?{query}",
                              headers={"If-None-Match": first.etag})
    assert again.status == 304 and again.body == b""
    head = market.client.request("HEAD", f"/api/recipes/facets?{query}")
    assert head.hit and head.header("Content-Length") == str(len(first.body))

    def stays():
        """Changes that are heard of late may void it."""
        eventually_hit(market, query)
        recipe(cuisine="indian")
        return market.client.get(f"/api/recipes/facets?{query}").hit
    eventually(stays, 30, what="a hit after another partition's write")
    recipe(cuisine="thai", tags=["hot", "new"])
    answer = market.client.get(f"/api/recipes/facets?{query}")
    assert not answer.hit and answer.etag != first.etag
    assert pairs(answer.json["facets"]["tag"]) == [("hot", 2), ("new", 1)]
    assert market.client.delete(f"/api/recipes/{made['_id']}").status == 200
    assert pairs(facets(market, query)["facets"]["tag"]) == [("hot", 1), ("new", 1)]


def eventually_hit(market, query):
    def look():
        answer = market.client.get(f"/api/recipes/facets?{query}")
        return answer if answer.hit else None
    return eventually(look, 30, what="a hit")


def test_each_sees_their_own(market, minutes):
    one, other = Person(market), Person(market)
    for person, count in ((one, 2), (other, 1)):
        for _ in range(count):
            made = person.request("POST", "/api/notes", {"name": "n", "price": 1,
                                                         "category": f"c{minutes}"})
            assert made.status == 201, made
    for person, count in ((one, 2), (other, 1), (one, 2)):
        answer = person.request("GET", "/api/notes/facets?by=category")
        assert answer.status == 200 and answer.header("Cache-Control") == "private, no-store"
        assert pairs(answer.json["facets"]["category"]) == [(f"c{minutes}", count)]
    admin = Person(market, "admin").request("GET",
                                            f"/api/notes/facets?by=category&category=c{minutes}")
    assert admin.json["total"] == 3
    assert market.client.get("/api/notes/facets?by=category").status == 401
    assert market.client.get("/api/devices/facets?by=model").status == 401


# --- What is refused ---

@pytest.mark.parametrize("query, field", [
    ("", "by"), ("by=", "by"), ("by=colour", "by"), ("by=notTag", "by"), ("by=maxMinutes", "by"),
    ("by=q", "by"), ("by=sort", "by"), ("by=tags", "by"), ("by=tag,tag", "by"),
    ("by=tag&by=tag", "by"), ("by=batch,chef,city,cuisine,minutes,price", "by"),
    ("by=tag&limit=0", "limit"), ("by=tag&limit=101", "limit"), ("by=tag&limit=x", "limit"),
    ("by=tag&sort=title", "sort"), ("by=tag&sort=-published", "sort"), ("by=tag&page=1", "page"),
    ("by=tag&after=abc", "after"), ("by=tag&fields=title", "fields"),
    ("by=tag&ids=" + "a" * 24, "ids"), ("by=tag&colour=red", "colour"),
    ("by=tag&maxMinutes=x", "maxMinutes"), ("by=tag&cuisine=thai&cuisine=other", "cuisine")])
def test_what_is_wrong_is_named(market, query, field):
    answer = market.client.get(f"/api/recipes/facets?{query}")
    assert answer.status == 400, answer
    assert {error["field"] for error in answer.json["errors"]} == {field}


def test_five_and_other_methods(market):
    assert len(facets(market, "by=batch,chef,city,cuisine,minutes")["facets"]) == 5
    answer = market.client.post("/api/recipes/facets", {})
    assert answer.status == 405 and answer.header("Allow") == "GET, HEAD, OPTIONS"


def test_the_place_of_an_id(market):
    """Where ids are strings, the path is not an item's."""
    assert market.client.get("/api/labels/facets?by=nothing").status == 400
    assert market.client.get("/api/counters/facets").json["errors"][0]["field"] == "by"


def test_long_values_are_compressed(market, minutes, recipe):
    for i in range(20):
        recipe(tags=[f"{i}-" + "long " * 9])
    query = f"/api/recipes/facets?by=tag&minutes={minutes}"
    for _ in range(3):
        answer = market.client.get(query, headers={"Accept-Encoding": "gzip"})
        assert answer.header("Content-Encoding") == "gzip"
    plain = market.client.get(query)
    assert plain.json["total"] == 20 and json.dumps(plain.json)
