# SPDX-License-Identifier: BSD-2-Clause
"""What a checker from outside has found: each of these was wrong once."""
import itertools
import os
import pathlib
import urllib.parse

import bson
import pytest
from bson.raw_bson import RawBSONDocument

from people import Person
from stack import running

RESOURCES = pathlib.Path(__file__).parent / "resources"
counter = itertools.count()


@pytest.fixture(scope="module")
def shop():
    with running(settle=30, LARDER_RESOURCES=str(RESOURCES), LARDER_WRITES="closed") as stack:
        yield stack


@pytest.fixture(scope="module")
def editor(shop):
    return Person(shop, "editor")


def element(kind, name, data):
    return bytes([kind]) + name + b"\0" + data


def document(*elements):
    """BSON that pymongo would not write."""
    body = b"".join(elements) + b"\0"
    return RawBSONDocument((len(body) + 4).to_bytes(4, "little") + body)


def text(data):
    return (len(data) + 1).to_bytes(4, "little") + data + b"\0"


# --- Ids ---

@pytest.mark.parametrize("name", ["a/b", "/", "//a/../b", "a%2Fb", "stats/", "x/stats"])
def test_an_id_may_have_slashes(editor, name):
    name = f"{name}{os.getpid()}"
    made = editor.request("POST", "/api/labels", {"_id": name, "name": "x", "price": 1})
    path = "/api/labels/" + urllib.parse.quote(name, safe="")
    assert (made.status, made.headers["Location"]) == (201, path)
    assert editor.request("GET", path).json["data"]["_id"] == name
    assert editor.request("PATCH", path, {"price": 2}).json["data"]["price"] == 2
    assert editor.request("GET", path).json["data"]["price"] == 2
    assert editor.request("DELETE", path).status == 200
    assert editor.request("GET", path).status == 404


def test_an_encoded_slash_is_no_separator(editor):
    assert editor.request("GET", "/api%2Flabels").status == 400
    assert editor.request("GET", f"/api/recipes/{'0' * 24}%2F").status == 400


def count(editor, number):
    return editor.request("POST", "/api/counters", body=f'{{"_id": {number}, "count": 1}}',
                          headers={"Content-Type": "application/json"})


def test_an_id_may_be_a_whole_number_with_a_point(editor):
    name = 1000000 * os.getpid() + next(counter)
    made = count(editor, f"{name}.0")
    assert made.status == 201, made
    assert made.headers["Location"] == f"/api/counters/{name}"
    for wrong in ("1.5", "1e300", "9007199254740993.0"):
        assert count(editor, wrong).status == 400


# --- Documents of others ---

def test_a_walk_passes_text_that_is_no_utf8(shop, editor):
    group = f"walk{next(counter)}"
    for data in (b"a", b"\xff\xfe", b"b\xe4c", b"z"):
        shop.mongo.shelf_labels.insert_one(document(
            element(7, b"_id", bson.ObjectId().binary), element(2, b"name", text(data)),
            element(2, b"category", text(group.encode()))))
    seen, after = [], ""
    while after is not None:
        page = editor.request(
            "GET", f"/api/labels?category={group}&sort=name&limit=1{after and '&after=' + after}")
        assert page.status == 200, page
        seen += [item["name"] for item in page.json["data"]]
        after = page.json["next"]
    assert seen == ["a", "b\ufffdc", "z", "\ufffd\ufffd"]


def test_a_field_that_is_undefined_can_be_written_over(shop, editor):
    oid = bson.ObjectId()
    shop.mongo.recipes.insert_one(document(
        element(7, b"_id", oid.binary), element(6, b"title", b""), element(6, b"cuisine", b"")))
    changed = editor.request("PATCH", f"/api/recipes/{oid}", {"title": "Dal"})
    assert (changed.status, changed.json["data"]["title"]) == (200, "Dal"), changed
    assert editor.request("DELETE", f"/api/recipes/{oid}").status == 200


@pytest.mark.parametrize("sort", ["chef.name", "-chef.name"])
def test_a_walk_along_a_path_passes_arrays_of_anything(shop, editor, sort):
    """To a sort, what is below an item that is no document is missing; a question for null does not
    find it."""
    group = f"mixed{next(counter)}"
    chefs = [{"name": "b"}, {"name": "d"}, ["x", {"name": "e"}], {"name": "f"}, [[1], {"name": "c"}],
             [None, {"name": "e"}], "text", [], ["x"], None, [{"name": "c"}, {}], {"name": []},
             [{"name": ["d", {"x": 1}]}, 3]]
    made = shop.mongo.recipes.insert_many([{"chef": chef, "tags": [group]} for chef in chefs])
    for limit in (1, 2, 3, 50):
        seen, after = [], ""
        while after is not None and len(seen) <= len(chefs):
            page = editor.request("GET", f"/api/recipes?tag={group}&sort={sort}&limit={limit}"
                                  f"{after and '&after=' + after}")
            assert page.status == 200, page
            seen += [item["_id"] for item in page.json["data"]]
            after = page.json["next"]
        assert sorted(seen) == sorted(map(str, made.inserted_ids)), limit


@pytest.mark.parametrize("count, status", [(90000, 200), (150000, 413)])
def test_a_large_document_is_shown_or_told_as_too_large(shop, editor, count, status):
    name = f"large{next(counter)}"
    shop.mongo.shelf_labels.insert_one({"_id": name, "list": [{"text": "y" * 20}] * count})
    for encoding in ("identity", "gzip"):
        answer = editor.request("GET", f"/api/labels/{name}", headers={"Accept-Encoding": encoding})
        assert answer.status == status, answer.status
    assert editor.request("GET", f"/api/labels?ids={name}").status in (status, 400)


def test_a_list_of_owners_is_nobodys(shop):
    """In the list as for the item: an owner is one id."""
    person = Person(shop)
    mine = person.request("POST", "/api/notes", {"name": "x", "price": 1}).json["data"]["_id"]
    oid = bson.ObjectId()
    shop.mongo.notes.insert_one({"_id": oid, "name": "y", "ownerId": [bson.ObjectId(person.id)]})
    page = person.request("GET", "/api/notes")
    assert [item["_id"] for item in page.json["data"]] == [mine] and page.json["total"] == 1
    assert person.request("GET", f"/api/notes/{oid}").status == 404
