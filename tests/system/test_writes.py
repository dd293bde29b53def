# SPDX-License-Identifier: BSD-2-Clause
"""Writes to documents of others, of any size, with ids of four kinds, and made once."""
import datetime
import pathlib
import random

import bson
import pytest

from stack import running

RESOURCES = pathlib.Path(__file__).parent / "resources"


@pytest.fixture(scope="module")
def shop():
    with running(settle=30, LARDER_RESOURCES=str(RESOURCES)) as stack:
        yield stack


def once(shop, target, body, key):
    return shop.client.post(target, body, headers={"Idempotency-Key": key})


@pytest.fixture
def key():
    return f"writes-{random.getrandbits(64):x}"


def forget_answer(shop, number):
    """As when the worker was killed before its answer was kept."""
    last = shop.mongo.larder_receipts.find_one(sort=[("expiresAt", -1)])
    assert shop.mongo.larder_receipts.update_one(
        {"_id": last["_id"]},
        {"$set": {"state": "busy", "leaseUntil": datetime.datetime(2000, 1, 1)},
         "$unset": {"status": "", "head": "", "body": ""}}).modified_count == number


@pytest.mark.parametrize("name, body", [
    ("labels", {"name": "x", "price": 1}), ("counters", {"count": 1}), ("devices", {"model": "x"}),
    ("recipes", {"title": "x", "minutes": 1})])
def test_ids_of_a_key(shop, key, name, body):
    first = once(shop, f"/api/{name}", body, key)
    assert first.status == 201
    forget_answer(shop, 1)
    again = once(shop, f"/api/{name}", body, key)
    assert (again.status, again.json["data"]) == (201, first.json["data"])
    assert again.header("Location") == first.header("Location")
    if name != "devices":  # which only those who are signed in may read
        assert shop.client.get(first.header("Location")).json["data"] == first.json["data"]
    many = once(shop, f"/api/{name}", [body, body], key + "m").json["results"]
    forget_answer(shop, 1)
    assert once(shop, f"/api/{name}", [body, body], key + "m").json["results"] == many
    assert len({str(one["data"]["_id"]) for one in many}) == 2


def test_an_id_of_a_client(shop, key):
    body = {"_id": f"a b?{key}", "name": "x", "price": 1}
    made = shop.client.post("/api/labels", body)
    assert made.status == 201 and made.header("Location") == f"/api/labels/a%20b%3F{key}"
    assert shop.client.get(made.header("Location")).json["data"] == made.json["data"]
    again = shop.client.post("/api/labels", body)
    assert again.status == 409 and again.json["errors"][0]["field"] == "_id"
    assert once(shop, "/api/labels", body, key).status == 409


def test_a_unique_index_of_others(shop, category, key):
    products = shop.mongo.products
    products.create_index("name", unique=True, name="theirs",
                          partialFilterExpression={"category": category})
    try:
        kettle = {"name": "Kettle", "price": 1, "category": category}
        assert once(shop, "/api/products", kettle, key).status == 201
        assert once(shop, "/api/products", {**kettle, "price": 2}, key + "2").status == 409
        many = once(shop, "/api/products", [{**kettle, "price": 3}, {**kettle, "name": "Pot"}],
                    key + "m")
        assert many.status == 207
        assert [one["success"] for one in many.json["results"]] == [False, True]
        pot = many.json["results"][1]["data"]["_id"]
        refused = shop.client.put(f"/api/products/{pot}", {"name": "Kettle"})
        assert refused.status == 409
        assert products.count_documents({"category": category}) == 2
    finally:
        products.drop_index("theirs")


@pytest.mark.parametrize("size", [5 << 20, 12 << 20])
def test_a_document_too_large_to_show(shop, category, size):
    def put_in():
        id = bson.ObjectId()
        shop.mongo.products.insert_one({"_id": id, "name": "big", "price": 1,
                                        "category": category, "description": "x" * size})
        return f"/api/products/{id}"

    path = put_in()
    touched = shop.client.put(path, {"price": 2})
    assert touched.status == 200 and "too large" in touched.json["message"]
    smaller = shop.client.put(path, {"description": "small"})
    assert smaller.status == 200 and smaller.json["data"]["price"] == 2
    assert shop.client.get(path).json["data"] == smaller.json["data"]
    path = put_in()
    assert shop.client.delete(path).status == 200
    assert shop.client.get(path).status == 404


def test_null_takes_away_and_sets_no_default(shop, category):
    made = shop.client.post("/api/products", {"name": "x", "price": 1, "category": category,
                                              "inStock": False, "description": "d"})
    path = made.header("Location")
    for method in (shop.client.put, shop.client.patch):
        changed = method(path, {"inStock": None, "description": None})
        assert changed.status == 200
        assert not {"inStock", "description"} & set(changed.json["data"])


def test_versions_of_mongoose(shop):
    made = shop.client.post("/api/labels", {"name": "x", "price": 1}).json["data"]
    labels = shop.mongo.shelf_labels
    assert labels.find_one({"_id": made["_id"]})["__v"] == 0
    for before, after in ((None, 1), (7, 8)):
        labels.update_one({"_id": made["_id"]},
                          {"$unset": {"__v": ""}} if before is None else {"$set": {"__v": before}})
        assert shop.client.put(f"/api/labels/{made['_id']}", {"price": 2}).status == 200
        assert labels.find_one({"_id": made["_id"]})["__v"] == after


def test_what_if_match_has_compared_is_what_is_changed(shop, category):
    """Others do not touch the version: the entity tag is another all the same."""
    made = shop.client.post("/api/products", {"name": "x", "price": 1, "category": category})
    path = made.header("Location")
    shop.mongo.products.update_one({"_id": bson.ObjectId(made.json["data"]["_id"])},
                                   {"$set": {"price": 2}})
    for method, body in (("put", [{"price": 3}]), ("patch", [{"price": 3}]), ("delete", [])):
        answer = getattr(shop.client, method)(path, *body, headers={"If-Match": made.etag})
        assert answer.status == 412
    assert shop.client.delete(path).status == 200


@pytest.mark.parametrize("value", [
    {"a": 1}, ["a", "b"], [], [["a"]], bson.Decimal128("1.5"), None, True, 5, 2.5,
    bson.Regex("^a", "i"), datetime.datetime(2026, 1, 1), bson.Binary(b"x"), bson.MinKey(),
    bson.Timestamp(1, 2), float("nan")], ids=repr)
@pytest.mark.parametrize("version", [{}, {"version": 3}], ids=["bare", "versioned"])
def test_a_partition_of_any_type(shop, category, value, version):
    id = bson.ObjectId()
    shop.mongo.products.insert_one({"_id": id, "name": category, "price": 1, "category": value,
                                    **version})
    path = f"/api/products/{id}"
    changed = shop.client.put(path, {"price": 2})
    assert changed.status == 200, changed
    assert shop.client.get(path).json["data"] == changed.json["data"]
    assert shop.client.patch(path, {"name": "y"}).status == 200
    assert shop.client.delete(path).status == 200
    assert shop.mongo.products.find_one({"_id": id}) is None


def test_members_of_others_are_merged_around(shop):
    made = shop.client.post("/api/recipes", {"title": "x", "minutes": 1,
                                             "chef": {"name": "A"}}).json["data"]
    id = bson.ObjectId(made["_id"])
    shop.mongo.recipes.update_one({"_id": id}, {"$set": {"chef.nick": "theirs", "theirs": [1]}})
    path = f"/api/recipes/{made['_id']}"
    assert shop.client.patch(path, {"chef": {"stars": 2}}).status == 200
    stored = shop.mongo.recipes.find_one({"_id": id})
    assert stored["chef"] == {"name": "A", "nick": "theirs", "stars": 2}
    assert stored["theirs"] == [1]
    assert shop.client.put(path, {"chef": {"name": "B"}}).status == 200
    stored = shop.mongo.recipes.find_one({"_id": id})
    assert stored["chef"] == {"name": "B"} and stored["theirs"] == [1]
