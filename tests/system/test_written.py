# SPDX-License-Identifier: BSD-2-Clause
"""An item that was changed is kept by its write, as a fill would keep it, for the read after it."""
import contextlib
import threading
import time

import pytest
from bson import ObjectId

from client import Client
from stack import eventually

LONG = "kept and packed " * 200


@pytest.fixture(autouse=True)
def settled(stack):
    stack.settle()


def read_until_in_memory(http, path):
    eventually(lambda: "detail=memory" in http.get(path).cache_status, 10)


def questions(stack):
    return stack.metrics()["larder_mongo_operations_total"]


def change(http, method, path, body):
    answer = http.request(method, path, body)
    assert answer.status == 200, answer
    return answer


def entries(stack, name):
    """Body and packed body as Redis has them: without head and seal, which tell of times."""
    keys = stack.redis.keys(f"{stack.base()}{name}@*")
    return [(key, text[text.index(b'{"success"'):-8])
            for key, text in ((key, stack.redis.get(key)) for key in keys) if text]


def filled(stack, name, path, kept, written):
    """What a fill makes of the item, once what its write has kept is taken away."""
    stack.redis.delete(kept[0][0])
    read = stack.client.get(path)
    assert read.json["source"] == "database"
    assert read.etag == written.etag and read.json["data"] == written.json["data"]
    return eventually(lambda: entries(stack, name), what=name)


def kept_and_filled(stack, name, path, method, body):
    """What a change has kept, and what a fill makes of the same document; None: this machine was
    too slow to keep anything."""
    http = stack.client
    read_until_in_memory(http, path)
    before = entries(stack, name)
    written = change(http, method, path, body)
    kept = entries(stack, name)
    if kept == before:
        return None
    return kept, filled(stack, name, path, kept, written)


def assert_kept_as_filled(*change):
    kept, anew = eventually(lambda: kept_and_filled(*change), 20, what="an entry by a change")
    assert kept == anew


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("text", ["short", LONG])
def test_a_change_keeps_what_a_fill_would(stack, product, post, method, text):
    made, blog = product(), post()
    assert_kept_as_filled(stack, f"product:{made['_id']}", f"/api/products/{made['_id']}", method,
                          {"description": text})
    assert_kept_as_filled(stack, f"post:{blog['_id']}", f"/api/posts/{blog['_id']}", method,
                          {"body": text})


def made_and_filled(stack, name, path, body):
    """What a POST has kept, and what a fill makes of the same document; None as above, and where
    the tag of all items has no version yet."""
    http = stack.client
    made = http.post(path, body)
    assert made.status == 201, made
    id = made.json["data"]["_id"]
    name, path = f"{name}:{id}", f"{path}/{id}"
    kept = entries(stack, name)
    if not kept:
        http.get(path)
        return None
    return kept, filled(stack, name, path, kept, made)


@pytest.mark.parametrize("text", ["short", LONG])
def test_what_is_made_is_kept_as_a_fill_would(stack, text):
    kinds = [("product", "/api/products", {"name": "made", "price": 1.50, "category": "made",
                                           "description": text}),
             ("post", "/api/posts", {"title": "made", "body": text, "category": "made",
                                     "author": "one", "tags": ["b", "a"],
                                     "date": "2020-02-29T23:59:59.999+01:00"})]
    for kind in kinds:
        kept, anew = eventually(lambda: made_and_filled(stack, *kind), 20, what="an entry by a POST")
        assert kept == anew


def test_the_read_after_a_post_asks_nobody(stack, http):
    def made_and_read():
        made = http.post("/api/products", {"name": "made", "price": 2, "category": "made"})
        before = questions(stack)
        read = http.get(made.header("Location"))
        assert read.json["data"] == made.json["data"] and read.etag == made.etag
        if not read.hit or questions(stack) != before:
            return False
        again = http.get(made.header("Location"))
        assert read.json["source"] == "database" and again.json["source"] == "cache"
        return True
    eventually(made_and_read, 20, what="a hit after a POST")


def test_what_was_made_and_is_touched_is_read_again(stack, http):
    made = http.post("/api/products", {"name": "made", "price": 2, "category": "made"}).json["data"]
    stack.mongo.products.update_one({"_id": ObjectId(made["_id"])}, {"$set": {"price": 3}})
    http.post("/api/products/touch", {"ids": [made["_id"]]})
    assert http.get(f"/api/products/{made['_id']}").json["data"]["price"] == 3


def test_a_field_that_was_not_there_comes_where_a_fill_shows_it(stack, http, product):
    id = product()["_id"]
    stack.mongo.products.update_one({"_id": ObjectId(id)},
                                    {"$unset": {"description": 1, "inStock": 1}})
    http.post("/api/products/touch", {"ids": [id]})
    assert_kept_as_filled(stack, f"product:{id}", f"/api/products/{id}", "PUT",
                          {"inStock": True, "description": "here"})


def test_fields_of_all_types_are_kept_as_a_fill_shows_them(market, recipe):
    id = recipe(chef={"name": "Ann", "stars": 1})["_id"]
    for change in ({"price": "12.50", "weight": 0.25, "season": "2026-03-01", "big": 1 << 40},
                   {"chef": {"stars": 3, "address": {"city": "K\u00f6ln"}}, "servings": None},
                   {"steps": [{"text": "stir", "minutes": 2}, {}], "tags": ["a", "b"]},
                   {"published": "2026-01-02T03:04:05.678Z", "chef": {"address": None}},
                   {"batch": "65a1b2c3-d4e5-4607-9829-3a4b5c6d7e8f", "title": "\"x\" \u2028"}):
        assert_kept_as_filled(market, f"recipe:{id}", f"/api/recipes/{id}", "PATCH", change)


def test_the_read_after_a_change_is_a_hit(stack, http, bare, other, product):
    path = f"/api/products/{product()['_id']}"
    prices = iter(range(2, 1000))

    def hits():
        read_until_in_memory(http, path)
        written = change(http, "PUT", path, {"price": next(prices)})
        reads = [client.get(path) for client in (http, bare.client, other.client)]
        assert all(read.json["data"] == written.json["data"] for read in reads)
        return all(read.cache_status.startswith("larder; hit") for read in reads)
    eventually(hits, 20, what="hits on three hosts")


def test_the_read_after_a_change_asks_no_question(stack, http, product):
    path = f"/api/products/{product()['_id']}"

    def costs():
        read_until_in_memory(http, path)
        before = questions(stack)
        change(http, "PUT", path, {"price": 3})
        http.get(path), http.get(path)
        return questions(stack) - before == 2
    eventually(costs, 20, what="two questions")


def test_a_change_is_not_kept_whose_tag_has_moved_since(stack, http, product):
    id = product()["_id"]
    path = f"/api/products/{id}"
    read_until_in_memory(http, path)
    stack.redis.set(stack.key(f"tag:product:{id}"), "00112233445566aa", px=60000)
    change(http, "PUT", path, {"price": 3})
    answer = http.get(path)
    assert answer.json["source"] == "database" and answer.json["data"]["price"] == 3


def test_what_another_program_has_changed_and_touched_is_seen_amid_changes(stack, http, product):
    """It changes neither version nor time, so only the tag tells that the item was changed."""
    id = product()["_id"]
    path = f"/api/products/{id}"
    over, errors = threading.Event(), []

    def write():
        with contextlib.closing(Client(stack.url)) as client:
            price = 0
            while not over.is_set():
                price += 1
                client.get(path)
                if client.put(path, {"price": price}).status not in (200, 409, 503):
                    errors.append("a change failed")
    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        end, count = time.monotonic() + 4, 0
        while time.monotonic() < end or count < 20:
            count += 1
            stack.mongo.products.update_one({"_id": ObjectId(id)},
                                            {"$set": {"description": f"number {count}"}})
            assert http.post("/api/products/touch", {"ids": [id]}).status == 200
            for _ in range(3):
                shown = http.get(path).json["data"]["description"]
                assert shown == f"number {count}", (shown, count)
    finally:
        over.set()
        for writer in writers:
            writer.join()
    assert not errors
