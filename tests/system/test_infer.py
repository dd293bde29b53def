# SPDX-License-Identifier: BSD-2-Clause
"""A collection that another program has filled becomes a resource: inferred, checked, served, and
its indexes made when somebody asks for them."""
import datetime
import json
import random
import shutil
import uuid

import bson
import pytest

from people import Person
from stack import ROOT, Stack

COUNT = 400


def order(i):
    """Twenty fields and more, nested, of all types."""
    rest = random.Random(i)
    made = datetime.datetime(2020, 1, 1) + datetime.timedelta(hours=i)
    document = {
        "sku": f"S-{i:05}", "title": f"Order {i} of many", "price": bson.Decimal128(f"{i}.50"),
        "weight": i / 7, "stock": i % 40, "state": rest.choice(["open", "paid", "sent"]),
        "tags": rest.sample(["red", "green", "blue"], rest.randint(0, 3)),
        "customer": {"name": f"Customer {i % 50}", "email": f"c{i % 50}@example.org",
                     "address": {"city": rest.choice(["Gent", "Riga", "Oslo"]), "zip": f"{i:05}",
                                 "place": {"lat": i / 10, "lon": -i / 10}}},
        "lines": [{"text": f"Line {k} of {i}", "count": k, "done": k % 2 == 0, "at": made}
                  for k in range(i % 4)],
        "ref": bson.ObjectId(), "guid": bson.Binary(uuid.UUID(int=i).bytes, 4),
        "day": f"2026-01-{1 + i % 28:02}", "link": f"https://example.org/{i}",
        "created": made, "modified": made, "__v": i % 3, "version": f"10.4.{i}-2",
        "note": None if i % 5 else f"note {i}", "flag": i % 2 == 0, "big": 2 ** 53 + i}
    if i % 3 == 0:
        del document["customer"]["address"]["place"]
    if i % 50 == 0:
        document["weight"] = "heavy"
    return document


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("resources")


@pytest.fixture(scope="module")
def shop(folder):
    shutil.copy(ROOT / "resources" / "products.json", folder)
    stack = Stack(LARDER_RESOURCES=str(folder), LARDER_WRITES="closed")
    try:
        stack.up().settle(30)
        orders = stack.mongo["Orders"]
        orders.insert_many([order(i) for i in range(COUNT)])
        orders.create_index("sku", unique=True)
        orders.create_index([("state", 1), ("created", -1)])
        orders.create_index([("created", -1)])
        orders.create_index("customer.address.city")
        orders.create_index("price")
        orders.create_index("tags")
        yield stack
    finally:
        stack.down()


@pytest.fixture(scope="module")
def served(shop, folder):
    """The file as it was inferred, served without a change."""
    done = shop.ctl("resource", "infer", "Orders")
    assert "weight: " in done.stderr and "string" in done.stderr
    (folder / "orders.json").write_text(done.stdout)
    shop.ctl("resource", "check")
    shop.up().settle(30)
    return json.loads(done.stdout)


def test_what_is_inferred(served):
    assert served["name"] == "orders" and served["collection"] == "Orders"
    assert served["follow"] == {"field": "modified"}
    assert served["fields"] == {"version": "__v", "createdAt": "created", "updatedAt": "modified",
                                "owner": None}
    assert served["cache"]["partition"] == "state"
    assert served["sorts"][:2] == ["-created", "created"]
    assert {"sku", "state", "minPrice", "maxPrice", "tags"} <= served["filters"].keys()
    properties = served["schema"]["properties"]
    assert properties["price"] == {"type": "string", "format": "decimal"}
    assert sorted(properties["state"]["enum"]) == ["open", "paid", "sent"]
    assert properties["customer"]["properties"]["email"]["format"] == "email"
    assert "place" not in properties["customer"]["properties"]["address"]["required"]
    assert "note" in served["schema"]["required"] and "null" in properties["note"]["type"]


def test_all_documents_are_shown_as_they_are(shop, served):
    seen, after = {}, ""
    while after is not None:
        query = {"after": after} if after else {}
        page = shop.client.get("/api/orders", limit=100, **query).json
        seen |= {item["sku"]: item for item in page["data"]}
        after = page["next"]
    assert len(seen) == COUNT
    for document in shop.mongo["Orders"].find():
        shown = seen[document["sku"]]
        assert shown["customer"]["name"] == document["customer"]["name"]
        assert shown["customer"]["address"] == document["customer"]["address"]
        assert shown["price"] == str(document["price"]) and shown["big"] == document["big"]
        assert [line["text"] for line in shown["lines"]] == \
            [line["text"] for line in document["lines"]]
        assert shown["version"] == document["version"] and "__v" not in shown
        assert shown["weight"] == document["weight"]


def test_it_is_filtered_and_changed(shop, served):
    editor = Person(shop, "editor")
    city = shop.client.get("/api/orders", customerAddressCity="Riga", minPrice="100", limit=100)
    expected = shop.mongo["Orders"].count_documents(
        {"customer.address.city": "Riga", "price": {"$gte": bson.Decimal128("100")}})
    assert city.json["total"] == expected > 0
    item = shop.client.get("/api/orders", sku="S-00007").json["data"][0]
    answer = editor.request("PATCH", f"/api/orders/{item['_id']}",
                            {"customer": {"address": {"city": "Oslo"}}})
    assert answer.status == 200, answer
    stored = shop.mongo["Orders"].find_one({"sku": "S-00007"})
    assert stored["customer"] == order(7)["customer"] | {
        "address": order(7)["customer"]["address"] | {"city": "Oslo"}}
    assert stored["version"] == "10.4.7-2" and stored["__v"] == 7 % 3 + 1
    fresh = {name: item[name] for name in served["schema"]["properties"]
             if name not in ("created", "modified")} | {"sku": "new"}
    made = editor.request("POST", "/api/orders", fresh)
    assert made.status == 201, made
    again = editor.request("POST", "/api/orders", fresh)
    assert again.status == 409 and again.json["errors"][0]["field"] == "sku", again


def names(shop):
    return set(shop.mongo["Orders"].index_information())


def test_indexes_are_made_when_asked_for(shop, served, folder):
    others = names(shop)
    listed = shop.ctl("resource", "list").stdout
    assert "orders  collection Orders" in listed and "orders.json" in listed
    missing = [line for line in listed.splitlines() if "index missing" in line]
    assert missing and names(shop) == others
    assert shop.client.get("/readyz").json["indexes"] == "missing"
    done = shop.ctl("reindex", "orders")
    assert f"{len(missing)} of them made, 0 of them refused" in done.stdout, done
    assert "index missing" not in shop.ctl("resource", "list").stdout
    assert others < names(shop)
    assert "0 of them made" in shop.ctl("reindex", "orders").stdout

    fewer = served | {"filters": {"sku": "sku"}, "sorts": ["-created", "created"]}
    (folder / "orders.json").write_text(json.dumps(fewer))
    unneeded = [line.split(": ")[1] for line in shop.ctl("resource", "list").stdout.splitlines()
                if "needed no longer" in line]
    assert unneeded and not others & set(unneeded)
    before = names(shop)
    shop.ctl("reindex", "orders")
    assert names(shop) == before
    done = shop.ctl("reindex", "--drop", "orders")
    assert names(shop) == before - set(unneeded) and others <= names(shop), done.stdout


def test_what_cannot_be(shop):
    for words, status in ((("infer",), 2), (("infer", "larder_users"), 2), (("infer", "none"), 1),
                          (("check", "/no/such.json"), 1)):
        done = shop.ctl("resource", *words, check=False)
        assert done.returncode == status and done.stderr, done
    done = shop.ctl("reindex", "none", check=False)
    assert done.returncode == 1 and "no resource" in done.stderr


def test_a_name_that_larder_uses(shop):
    shop.mongo["users"].insert_many([{"name": "a"}, {"name": "b"}])
    try:
        file = json.loads(shop.ctl("resource", "infer", "users").stdout)
        assert file["name"] == "users-list" and file["collection"] == "users"
        assert file["singular"] == "users-item"
    finally:
        shop.mongo.drop_collection("users")
