# SPDX-License-Identifier: BSD-2-Clause
"""What other programs have written shows at once when somebody says so: POST …/touch and
larderctl cache touch."""
import threading
import time

import bson
import pytest


def hit(client, path):
    """Asks until the answer comes from the cache, and gives it."""
    for _ in range(200):
        answer = client.get(path)
        if answer.hit:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{path} is not kept: {answer}")


def list_path(category):
    return f"/api/products?category={category}"


@pytest.fixture
def kept(stack, category, product):
    """A product, kept as an item and in the lists of two categories."""
    item = product(name="before")
    path = f"/api/products/{item['_id']}"
    for where in (path, list_path(category), list_path(category + "-2")):
        hit(stack.client, where)
    return item["_id"], path


def write(stack, id_, **fields):
    stack.mongo.products.update_one({"_id": bson.ObjectId(id_)}, {"$set": fields})


@pytest.mark.parametrize("how", ["ids", "where", "all"])
def test_a_foreign_write_shows_after_a_touch(stack, kept, category, how):
    id_, path = kept
    write(stack, id_, name="after", category=category + "-2")
    assert stack.client.get(path).json["data"]["name"] == "before"
    body = {"ids": {"ids": [id_, id_]}, "where": {"where": {"category": category + "-2"}},
            "all": {"all": True}}[how]
    answer = stack.client.post("/api/products/touch", body)
    assert answer.status == 200 and answer.json["success"] is True, answer
    assert set(answer.json) == {"success", "touched"}
    if how != "all":
        assert answer.json["touched"] == 1
    else:
        assert answer.json["touched"] == stack.mongo.products.count_documents({})
    assert stack.client.get(path).json["data"]["name"] == "after"
    assert stack.client.get(list_path(category)).json["total"] == 0
    assert stack.client.get(list_path(category + "-2")).json["total"] == 1
    assert hit(stack.client, path).json["data"]["name"] == "after"


def test_an_absent_item_that_others_made(stack, category):
    id_ = bson.ObjectId()
    path = f"/api/products/{id_}"
    assert stack.client.get(path).status == 404
    stack.mongo.products.insert_one({"_id": id_, "name": "made", "price": 1, "category": category})
    assert stack.client.post("/api/products/touch", {"ids": [str(id_)]}).json["touched"] == 1
    assert stack.client.get(path).status == 200


def test_another_item_stays_kept(stack, kept, product):
    _, path = kept
    other = product()
    hit(stack.client, path)
    assert stack.client.post("/api/products/touch", {"ids": [other["_id"]]}).status == 200
    assert stack.client.get(path).hit


def test_more_items_than_have_tags_of_their_own(stack, category):
    stack.mongo.products.insert_many([{"name": "n", "price": 1, "category": category, "n": i}
                                      for i in range(250)])
    stack.client.post("/api/products/touch", {"all": True})
    some = stack.mongo.products.find_one({"category": category, "n": 249})["_id"]
    hit(stack.client, f"/api/products/{some}")
    write(stack, str(some), name="after")
    answer = stack.client.post("/api/products/touch", {"where": {"category": category}})
    assert answer.json["touched"] == 250
    assert stack.client.get(f"/api/products/{some}").json["data"]["name"] == "after"


@pytest.mark.parametrize("body", [
    {}, {"all": False}, {"all": True, "ids": ["a"]}, {"ids": []}, {"ids": ["nonsense"]},
    {"ids": "x"}, {"where": {}}, {"where": {"sort": "price"}}, {"where": {"nonsense": 1}},
    {"where": {"category": None}}, {"where": {"minPrice": "abc"}}, {"more": 1}])
def test_bodies_that_are_none(stack, body):
    answer = stack.client.post("/api/products/touch", body)
    assert answer.status == 400 and answer.json["errors"], answer


@pytest.mark.parametrize("path, name, value", [
    ("products", "category", 5), ("products", "category", True), ("products", "category", 1.5),
    ("products", "category", ["a"]), ("products", "category", {"a": 1}),
    ("products", "inStock", 1), ("products", "minPrice", True), ("posts", "tag", 5)])
def test_a_filter_takes_values_of_its_type(stack, path, name, value):
    answer = stack.client.post(f"/api/{path}/touch", {"where": {name: value}})
    assert answer.status == 400, answer
    assert [error["field"] for error in answer.json["errors"]] == [name]


@pytest.mark.parametrize("where", [{"inStock": True}, {"inStock": "true"}, {"minPrice": 1.5},
                                   {"minPrice": "1.5"}, {"category": "5"}])
def test_values_of_a_filters_type(stack, where):
    assert stack.client.post("/api/products/touch", {"where": where}).status == 200


def test_words_without_their_index(second, eventually):
    """The second server knows no text index."""
    answer = eventually(lambda: next((a for a in (second.client.post(
        "/api/posts/touch", {"where": {"q": "word"}}),) if a.status == 501), None), 20)
    assert "larderctl reindex posts" in answer.json["message"]


def test_what_the_path_takes(stack):
    assert stack.client.get("/api/products/touch").status == 405
    description = stack.client.get("/api/openapi.json").json["paths"]["/api/products/touch"]
    assert "post" in description and "get" not in description


def test_a_host_that_reads_only_from_redis_sees_it(stack, bare, kept, eventually):
    id_, path = kept
    hit(bare.client, path)
    write(stack, id_, name="after")
    stack.client.post("/api/products/touch", {"ids": [id_]})
    assert bare.client.get(path).json["data"]["name"] == "after"


def test_another_host_hears_of_it(stack, other, kept, eventually):
    id_, path = kept
    hit(other.client, path)
    write(stack, id_, name="after")
    stack.client.post("/api/products/touch", {"ids": [id_]})
    eventually(lambda: other.client.get(path).json["data"]["name"] == "after", 10)


def test_by_the_tool(stack, kept, category):
    id_, path = kept
    write(stack, id_, name="tool")
    done = stack.ctl("cache", "touch", "products", "--id", id_)
    assert done.stdout == "1 touched\n"
    assert stack.client.get(path).json["data"]["name"] == "tool"
    hit(stack.client, path)
    write(stack, id_, name="tool 2")
    assert stack.ctl("cache", "touch", "products", "--where",
                           f"category={category}").stdout == "1 touched\n"
    assert stack.client.get(path).json["data"]["name"] == "tool 2"
    hit(stack.client, path)
    write(stack, id_, name="tool 3")
    stack.ctl("cache", "touch", "products", "--all")
    assert stack.client.get(path).json["data"]["name"] == "tool 3"


@pytest.mark.parametrize("words", [
    ["products"], ["products", "--id"], ["products", "--all", "--id", "x"], [],
    ["products", "--id", "x", "--where", "a=b"], ["products", "--where", "nonsense=1"]])
def test_what_the_tool_refuses(stack, words):
    assert stack.ctl("cache", "touch", *words, check=False).returncode == 2


def test_a_fill_that_read_before_the_change_is_not_kept(stack, category, product):
    """Readers fill all the time while others write and touch: no reader that asks after the touch
    sees what was before it."""
    item = product(name="0")
    path, failures, stop = f"/api/products/{item['_id']}", [], threading.Event()
    seen = {"touched": 0}

    def read():
        while not stop.is_set():
            least = seen["touched"]
            name = int(stack.client.get(path).json["data"]["name"])
            if name < least:
                failures.append((least, name))
    readers = [threading.Thread(target=read, daemon=True) for _ in range(4)]
    for reader in readers:
        reader.start()
    for n in range(1, 200):
        write(stack, item["_id"], name=str(n))
        assert stack.client.post("/api/products/touch", {"ids": [item["_id"]]}).status == 200
        seen["touched"] = n
    stop.set()
    for reader in readers:
        reader.join()
    assert not failures
