# SPDX-License-Identifier: BSD-2-Clause
import concurrent.futures
import datetime
import re

import bson
import pytest

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
ID = re.compile(r"^[0-9a-f]{24}$")
ABSENT = "65a000000000000000000000"


def fields_of(answer):
    return {error["field"] for error in answer.json["errors"]}


# --- Making one ---

def test_made_with_defaults(http, category):
    answer = http.post("/api/products", {"name": "Tea", "price": 3.5, "category": category})
    assert answer.status == 201
    data = answer.json["data"]
    assert answer.json["success"] is True
    assert ID.match(data["_id"]) and TIME.match(data["createdAt"]) and TIME.match(data["updatedAt"])
    assert data["createdAt"] == data["updatedAt"]
    assert {**data, "_id": 0, "createdAt": 0, "updatedAt": 0} == {
        "_id": 0, "createdAt": 0, "updatedAt": 0, "name": "Tea", "price": 3.5,
        "category": category, "inStock": True, "featured": False}
    assert answer.header("Location") == f"/api/products/{data['_id']}"
    assert re.match(r'^"[^"]+"$', answer.etag)
    item = http.get(answer.header("Location"))
    assert item.status == 200 and item.json["data"] == data
    assert item.etag == answer.etag


@pytest.mark.parametrize("version", [None, 2**62, -3, 7.0], ids=repr)
def test_a_version_is_raised_or_begun(stack, http, product, version):
    """As others than Larder may have stored it."""
    item = product()["_id"]
    stack.mongo.products.update_one({"_id": bson.ObjectId(item)}, {"$set": {"version": version}})
    for price in (2, 3):
        changed = http.put(f"/api/products/{item}", {"price": price})
        assert (changed.status, changed.json["data"]["price"]) == (200, price), changed
    read = http.get(f"/api/products/{item}")
    assert (read.etag, read.json["data"]) == (changed.etag, changed.json["data"])
    assert http.put(f"/api/products/{item}", {"price": 4},
                    headers={"If-Match": changed.etag}).status == 200
    assert http.delete(f"/api/products/{item}").status == 200


@pytest.mark.parametrize("field, value", [
    *(("version", value) for value in ("10.4.1-2", [1], {"a": 1}, 1.5, bson.Decimal128("7"),
                                       bson.MaxKey(), datetime.datetime(2026, 1, 1), 2**63 - 1)),
    ("updatedAt", "yesterday"), ("updatedAt", 1)], ids=repr)
def test_what_others_mean_by_a_field_of_ours_stays(stack, http, product, field, value):
    item = product()["_id"]
    stack.mongo.products.update_one({"_id": bson.ObjectId(item)}, {"$set": {field: value}})
    stored = stack.mongo.products.find_one({"_id": bson.ObjectId(item)})
    for method, change in (("put", {"price": 2}), ("patch", {"description": None})):
        refused = getattr(http, method)(f"/api/products/{item}", change)
        assert refused.status == 409 and '"fields"' in refused.json["errors"][0]["message"]
        assert refused.json["errors"][0]["field"] == field
    assert stack.mongo.products.find_one({"_id": bson.ObjectId(item)}) == stored
    assert http.delete(f"/api/products/{item}").status == 200


def test_stored_as_typed_values(stack, product):
    made = product(name="Typed", price=3, inStock=False, description="d")
    stored = stack.mongo.products.find_one({"_id": bson.ObjectId(made["_id"])})
    assert isinstance(stored["price"], float) and stored["price"] == 3
    assert isinstance(stored["createdAt"], datetime.datetime)
    assert stored["inStock"] is False and stored["featured"] is False
    assert set(stored) == {"_id", "name", "price", "category", "description", "inStock",
                           "featured", "createdAt", "updatedAt", "version"}


@pytest.mark.parametrize("change, field", [
    ({"name": None}, "name"), ({"name": ""}, "name"), ({"name": "x" * 201}, "name"),
    ({"name": 1}, "name"), ({"name": {"$gt": ""}}, "name"), ({"name": ["x"]}, "name"),
    ({"price": None}, "price"), ({"price": -0.01}, "price"), ({"price": "3"}, "price"),
    ({"price": True}, "price"), ({"price": {"$numberDouble": "1"}}, "price"),
    ({"category": ""}, "category"), ({"category": "x" * 101}, "category"),
    ({"category": None}, "category"),
    ({"description": "x" * 5001}, "description"), ({"description": 5}, "description"),
    ({"inStock": "true"}, "inStock"), ({"inStock": 1}, "inStock"),
    ({"featured": "no"}, "featured"),
    ({"_id": ABSENT}, "_id"), ({"createdAt": "2026-01-01T00:00:00.000Z"}, "createdAt"),
    ({"updatedAt": 0}, "updatedAt"), ({"version": 7}, "version"),
    ({"role": "admin"}, "role"), ({"$set": {"price": 0}}, "$set"), ({"a.b": 1}, "a.b"),
    ({"": 1}, ""),
])
def test_bad_field_is_named(http, category, change, field):
    body = {"name": "Tea", "price": 3.5, "category": category, **change}
    answer = http.post("/api/products", {k: v for k, v in body.items()
                                         if v is not None or k not in ("name", "price")})
    if change.get(field, 0) is None and field in ("name", "price"):
        answer = http.post("/api/products", {k: v for k, v in body.items() if k != field})
    assert answer.status == 400, answer
    assert answer.json["success"] is False
    assert fields_of(answer) == {field}
    assert answer.json["requestId"] == answer.header("X-Request-Id")


def test_all_bad_fields_are_named_at_once(http):
    answer = http.post("/api/products", {"price": -1, "category": "", "colour": "red"})
    assert answer.status == 400
    assert fields_of(answer) == {"name", "price", "category", "colour"}


def test_bounds_are_inclusive_and_count_characters(http, category):
    data = {"name": "ü" * 200, "price": 0, "category": category, "description": "€" * 5000}
    answer = http.post("/api/products", data)
    assert answer.status == 201, answer
    assert answer.json["data"]["name"] == "ü" * 200
    assert http.get(answer.header("Location")).json["data"]["description"] == "€" * 5000


@pytest.mark.parametrize("price", [0, 0.1, 19.99, 1e-7, 123456789.12, 1e15, 1e300, 5e-324])
def test_price_survives(http, product, price):
    made = product(price=price)
    assert made["price"] == price
    assert http.get(f"/api/products/{made['_id']}").json["data"]["price"] == price


@pytest.mark.parametrize("text", [
    'quotes " and \\ back', "line\nfeed\ttab\r", "\u0001\u001f.", "\u2028\u2029.", "日本語 🫖", "</script>",
    "$where", "a\u0301"])
def test_text_survives(http, product, text):
    made = product(name=text, description=text)
    assert made["name"] == text
    data = http.get(f"/api/products/{made['_id']}").json["data"]
    assert data["name"] == text and data["description"] == text


@pytest.mark.parametrize("name", [" ", "\u200b", "\u2028\u2029", "\u00a0\ufeff\t"], ids=ascii)
def test_a_name_that_shows_nothing_is_refused(http, category, name):
    answer = http.post("/api/products", {"name": name, "price": 1, "category": category})
    assert answer.status == 400 and answer.json["errors"][0]["field"] == "name"


# --- Reading one ---

def test_item_comes_from_the_database_then_from_the_cache(stack, product, eventually):
    stack.settle()
    made = product()
    first = stack.client.get(f"/api/products/{made['_id']}")
    again = stack.client.get(f"/api/products/{made['_id']}")
    assert first.status == again.status == 200
    assert first.json["source"] == "database" and not first.hit
    assert again.json["source"] == "cache" and again.hit
    assert {**first.json, "source": 0} == {**again.json, "source": 0}
    assert first.etag == again.etag


def test_absent_item(http):
    answer = http.get(f"/api/products/{ABSENT}")
    assert answer.status == 404
    assert answer.json["success"] is False and answer.json["message"] == "Product not found"
    assert http.get(f"/api/products/{ABSENT}").status == 404  # never a 200 from the cache


@pytest.mark.parametrize("id", ["1", "x" * 24, "65a", "65a00000000000000000000g", ABSENT + "0",
                                "%24where"])
def test_malformed_id(http, id):
    answer = http.get(f"/api/products/{id}")
    assert answer.status == 400, answer
    assert answer.json["message"] == "Invalid id"


def test_id_in_capitals_is_the_same_item_or_invalid(http, product):
    made = product()
    answer = http.get(f"/api/products/{made['_id'].upper()}")
    if made["_id"].upper() != made["_id"]:
        assert answer.status in (200, 400)
        if answer.status == 200:
            assert answer.json["data"] == made


def test_item_with_parameters_is_the_same_entry(stack, http, product):
    stack.settle()
    made = product()
    path = f"/api/products/{made['_id']}"
    http.get(path)
    assert http.get(path + "?utm_source=mail&_=5").hit
    assert http.put(path, {"price": 9}).status == 200
    assert http.get(path + "?utm_source=mail").json["data"]["price"] == 9
    assert http.get(path + "?x=1").status == 400


# --- Changing and deleting ---

def test_put_sets_the_given_fields(http, product):
    made = product(name="Old", price=1, description="stays")
    before = http.get(f"/api/products/{made['_id']}")
    answer = http.put(f"/api/products/{made['_id']}", {"price": 2})
    assert answer.status == 200 and answer.json["success"] is True
    data = answer.json["data"]
    assert (data["name"], data["price"], data["description"]) == ("Old", 2, "stays")
    assert data["createdAt"] == made["createdAt"] and data["updatedAt"] >= made["updatedAt"]
    assert answer.etag != before.etag
    after = http.get(f"/api/products/{made['_id']}")
    assert after.json["data"] == data and after.etag == answer.etag


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize("change, field", [
    ({"price": -1}, "price"), ({"name": ""}, "name"), ({"nope": 1}, "nope"),
    ({"version": 1}, "version"), ({"$inc": {"price": 1}}, "$inc"), ({"name": None}, "name")])
def test_bad_change_changes_nothing(http, product, method, change, field):
    made = product(name="Kept", price=1)
    answer = getattr(http, method)(f"/api/products/{made['_id']}", {"description": "no", **change})
    assert answer.status == 400, answer
    assert fields_of(answer) == {field}
    assert http.get(f"/api/products/{made['_id']}").json["data"] == made


def test_patch_removes_with_null(http, product):
    made = product(description="away", inStock=False)
    answer = http.patch(f"/api/products/{made['_id']}", {"description": None, "price": 8})
    assert answer.status == 200, answer
    assert "description" not in answer.json["data"] and answer.json["data"]["price"] == 8
    assert "description" not in http.get(f"/api/products/{made['_id']}").json["data"]
    answer = http.patch(f"/api/products/{made['_id']}", {"name": None})
    assert answer.status == 400 and fields_of(answer) == {"name"}


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_change_of_an_absent_item(http, method):
    arguments = ({"price": 1},) if method != "delete" else ()
    answer = getattr(http, method)(f"/api/products/{ABSENT}", *arguments)
    assert answer.status == 404 and answer.json["message"] == "Product not found"
    arguments = ({"price": 1},) if method != "delete" else ()
    answer = getattr(http, method)("/api/products/zzz", *arguments)
    assert answer.status == 400 and answer.json["message"] == "Invalid id"


def test_many_changes_of_one_item_lose_nothing(stack, http, product):
    """Each changes a field of its own: the answer shows it, whatever the others do meanwhile."""
    made, rounds = product(), 8
    path = f"/api/products/{made['_id']}"

    def change(field, values):
        for value in values:
            answer = http.put(path, {field: value})
            assert answer.status == 200, answer
            assert answer.json["data"][field] == value
        return value

    fields = {"name": [f"name {i}" for i in range(rounds)], "price": list(range(rounds)),
              "description": [f"text {i}" for i in range(rounds)],
              "inStock": [i % 2 == 0 for i in range(rounds)],
              "featured": [i % 2 == 1 for i in range(rounds)]}
    with concurrent.futures.ThreadPoolExecutor(len(fields)) as pool:
        last = dict(zip(fields, pool.map(change, fields, fields.values())))
    stored = stack.mongo.products.find_one({"_id": bson.ObjectId(made["_id"])})
    assert stored["version"] == 1 + rounds * len(fields)
    item = http.get(path)
    assert {field: item.json["data"][field] for field in fields} == last


def test_changes_of_one_field_at_once_are_each_answered_with_their_own(http, product):
    path = f"/api/products/{product()['_id']}"

    def change(price):
        answer = http.patch(path, {"price": price})
        assert answer.status == 200 and answer.json["data"]["price"] == price, answer
        return answer.etag

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for round_ in range(5):
            etags = list(pool.map(change, range(round_ * 4, round_ * 4 + 4)))
            assert len(set(etags)) == 4, etags


def test_many_moves_of_one_item_all_take_place(stack, http, product, category):
    made, moves = product(), 60
    path = f"/api/products/{made['_id']}"

    def move(i):
        return http.put(path, {"category": f"{category}-{i % 7}"}).status

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        assert set(pool.map(move, range(moves))) == {200}
    stored = stack.mongo.products.find_one({"_id": bson.ObjectId(made["_id"])})
    assert stored["version"] == 1 + moves
    totals = [http.get(f"/api/products?category={category}-{i}").json["total"] for i in range(7)]
    assert sum(totals) == 1


@pytest.mark.parametrize("foreign", [
    {}, {"version": None}, {"version": 7}, {"version": bson.Int64(2 ** 40)}, {"version": 1.0},
    {"description": {"nested": [1, None, {"deep": True}]}, "inStock": None},
    {"featured": bson.Binary(b"x"), "unknown": [1, 2], "version": 3},
    {"price": 5, "createdAt": datetime.datetime(1960, 1, 1), "version": 3},
])
def test_a_change_answers_with_what_is_read_then(stack, http, category, foreign):
    """Whatever others have put into the document, and whether or not they count versions."""
    id = bson.ObjectId()
    stack.mongo.products.insert_one({"_id": id, "name": "theirs", "price": 1.5,
                                     "category": category, **foreign})
    for change in ({"name": "ours"}, {"price": 1e-7, "description": "new"}, {"featured": True}):
        answer = http.put(f"/api/products/{id}", change)
        assert answer.status == 200, answer
        item = http.get(f"/api/products/{id}")
        assert answer.json["data"] == item.json["data"] and answer.etag == item.etag
        assert item.json["data"].items() >= change.items()


def test_delete(http, product):
    made = product()
    path = f"/api/products/{made['_id']}"
    assert http.get(path).status == 200
    answer = http.delete(path)
    assert answer.status == 200
    assert answer.json == {"success": True, "message": "Product deleted"}
    assert http.get(path).status == 404
    assert http.delete(path).status == 404


# --- Lists ---

def test_list_pages_and_totals(http, product, category):
    made = [product(name=f"p{i}", price=i) for i in range(7)]
    answer = http.get("/api/products", category=category, limit=3, page=2, sort="price")
    assert answer.status == 200
    body = answer.json
    assert (body["count"], body["total"], body["page"], body["pages"], body["limit"]) == \
        (3, 7, 2, 3, 3)
    assert [item["name"] for item in body["data"]] == ["p3", "p4", "p5"]
    assert body["data"][0] == made[3]
    last = http.get("/api/products", category=category, limit=3, page=3, sort="price").json
    assert last["count"] == 1 and last["next"] is None
    beyond = http.get("/api/products", category=category, limit=3, page=4, sort="price").json
    assert beyond["count"] == 0 and beyond["data"] == [] and beyond["total"] == 7


def test_default_order_is_the_newest_first(http, product, category):
    names = [product(name=f"n{i}")["name"] for i in range(4)]
    data = http.get("/api/products", category=category).json["data"]
    assert [item["name"] for item in data] == names[::-1]


@pytest.mark.parametrize("sort", ["price", "name", "createdAt", "updatedAt"])
def test_sorts(http, product, category, sort):
    for i in (2, 0, 3, 1):
        product(name=f"s{i}", price=i)
    up = http.get("/api/products", category=category, sort=sort).json["data"]
    down = http.get("/api/products", category=category, sort="-" + sort).json["data"]
    assert up == down[::-1]
    assert [item[sort] for item in up] == sorted(item[sort] for item in up)


def test_filters(http, product, category):
    product(name="a", price=1, inStock=False)
    product(name="b", price=5, featured=True)
    product(name="c", price=9, featured=True, inStock=False)

    def names(**query):
        answer = http.get("/api/products", category=category, sort="name", **query)
        assert answer.status == 200, answer
        assert answer.json["total"] == answer.json["count"]
        return "".join(item["name"] for item in answer.json["data"])
    assert names() == "abc"
    assert names(inStock="false") == "ac" and names(inStock="true") == "b"
    assert names(featured="true") == "bc" and names(featured="true", inStock="false") == "c"
    assert names(minPrice=5) == "bc" and names(maxPrice=5) == "ab"
    assert names(minPrice=5, maxPrice=5) == "b" and names(minPrice=6, maxPrice=5) == ""
    assert names(minPrice="5.0000001") == "c"


def test_words(http, product, category):
    product(name="Green teapot", description="for two")
    product(name="Kettle", description="goes with the teapot")
    product(name="Spoon")
    answer = http.get("/api/products", category=category, q="teapot", sort="name")
    assert answer.status == 200, answer
    assert [item["name"] for item in answer.json["data"]] == ["Green teapot", "Kettle"]
    assert answer.json["total"] == 2


def test_fields(http, product, category):
    made = product(name="F", description="d")
    data = http.get("/api/products", category=category, fields="name,price").json["data"]
    assert data == [{"_id": made["_id"], "name": "F", "price": 1}]
    answer = http.get("/api/products", category=category, fields="name,colour")
    assert answer.status == 400 and fields_of(answer) == {"fields"}


def test_featured_is_a_list(http, product):
    made = product(featured=True)
    answer = http.get("/api/products/featured")
    assert answer.status == 200
    assert made in answer.json["data"]
    assert all(item["featured"] for item in answer.json["data"])
    assert {"source", "count", "total", "page", "pages", "limit"} <= answer.json.keys()
    http.put(f"/api/products/{made['_id']}", {"featured": False})
    assert made["_id"] not in [item["_id"]
                               for item in http.get("/api/products/featured").json["data"]]


# --- ids= ---

def test_ids_in_the_order_asked(http, product):
    made = [product(name=f"i{i}") for i in range(4)]
    ids = [made[i]["_id"] for i in (2, 0, 3)]
    answer = http.get(f"/api/products?ids={ids[0]},{ABSENT},{ids[1]},{ids[2]}")
    assert answer.status == 200, answer
    assert [item["_id"] for item in answer.json["data"]] == ids
    assert answer.json["data"][0] == made[2] and answer.json["count"] == 3


def test_ids_are_the_items_own_entries(stack, http, product):
    stack.settle()
    made = [product() for _ in range(3)]
    ids = ",".join(item["_id"] for item in made)
    for item in made[:2]:
        http.get(f"/api/products/{item['_id']}")
    before = stack.metrics()["larder_cache_fills_total"]
    assert http.get(f"/api/products?ids={ids}").json["count"] == 3
    assert stack.metrics()["larder_cache_fills_total"] - before <= 1
    assert http.get(f"/api/products/{made[2]['_id']}").json["data"] == made[2]
    http.put(f"/api/products/{made[0]['_id']}", {"price": 77})
    assert http.get(f"/api/products?ids={ids}").json["data"][0]["price"] == 77
    http.delete(f"/api/products/{made[1]['_id']}")
    assert http.get(f"/api/products?ids={ids}").json["count"] == 2


@pytest.mark.parametrize("ids", ["", "x", "65a", ABSENT + ",", "," + ABSENT, f"{ABSENT},nope",
                                 ",".join(f"65a{i:021x}" for i in range(101)),
                                 ",".join([ABSENT] * 101)])
def test_bad_ids(http, ids):
    answer = http.get(f"/api/products?ids={ids}")
    assert answer.status == 400, answer
    assert fields_of(answer) == {"ids"}


def test_a_hundred_ids(http, product):
    made = product()["_id"]
    ids = [f"65a0000000000000000000{i:02x}" for i in range(99)] + [made]
    answer = http.get(f"/api/products?ids={','.join(ids)}")
    assert answer.status == 200 and [d["_id"] for d in answer.json["data"]] == [made]
