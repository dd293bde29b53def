# SPDX-License-Identifier: BSD-2-Clause
"""Resources that somebody else declares: nested documents, ids of four kinds, all operators,
documents of other programs, and who may see what (tests/system/resources)."""
import datetime
import itertools
import json
import pathlib
import random
import threading
import urllib.parse
import uuid

import bson
import pytest

import checker
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


@pytest.fixture
def recipe(editor):
    def make(**fields):
        answer = editor.request("POST", "/api/recipes", {"title": "Dal", "minutes": 30, **fields})
        assert answer.status == 201, answer
        return answer.json["data"]
    return make


def errors_of(answer):
    assert answer.status == 400, answer
    return {error["field"]: error["message"] for error in answer.json["errors"]}


def ids_of(answer):
    assert answer.status == 200, answer
    return [item["_id"] for item in answer.json["data"]]


# --- Documents ---

FULL = {"title": "Dal", "minutes": 30, "cuisine": "indian", "price": "19.990",
        "published": "2026-01-02T03:04:05.678Z", "season": "2026-11-30",
        "source": "https://example.org/dal?a=b", "code": "AB-12",
        "batch": "01234567-89ab-cdef-0123-456789abcdef", "parent": "65a0c0ffee0123456789abcd",
        "servings": None, "weight": 1.25, "big": 9007199254740993, "kind": "food",
        "chef": {"name": "Ada", "stars": 3, "address": {"city": "Graz"}},
        "steps": [{"text": "Wash", "minutes": 5}, {}], "tags": ["quick", "vegan"]}


def test_all_types_come_back_as_they_were(shop, recipe):
    made = recipe(**FULL)
    shown = shop.client.get(f"/api/recipes/{made['_id']}").json["data"]
    assert shown == made
    assert {name: made[name] for name in FULL} == FULL
    stored = shop.mongo.recipes.find_one({"_id": bson.ObjectId(made["_id"])})
    assert stored["price"] == bson.Decimal128("19.990")
    assert isinstance(stored["published"], datetime.datetime)
    assert stored["batch"] == bson.Binary(uuid.UUID(FULL["batch"]).bytes, 4)
    assert stored["parent"] == bson.ObjectId(FULL["parent"])
    assert stored["big"] == 9007199254740993 and stored["servings"] is None
    assert list(stored)[:3] == ["_id", "title", "minutes"]


def test_defaults_are_for_creation(recipe, editor):
    made = recipe()
    assert made["cuisine"] == "other" and "published" in made and "chef" not in made
    item = f"/api/recipes/{made['_id']}"
    for method in ("PUT", "PATCH"):
        answer = editor.request(method, item, {"cuisine": None})
        assert answer.status == 200 and "cuisine" not in answer.json["data"], answer


@pytest.mark.parametrize("fields, wrong", [
    ({"minutes": "long"}, {"minutes"}),
    ({"minutes": 1.5}, {"minutes"}),
    ({"minutes": 0}, {"minutes"}),
    ({"minutes": 9223372036854775807}, {"minutes"}),
    ({"title": ""}, {"title"}),
    ({"title": None}, {"title"}),
    ({"cuisine": "Thai"}, {"cuisine"}),
    ({"price": "1e3"}, {"price"}),
    ({"price": 19.99}, {"price"}),
    ({"published": "soon"}, {"published"}),
    ({"season": "2026-02-30"}, {"season"}),
    ({"source": "not a uri"}, {"source"}),
    ({"code": "ab-12"}, {"code"}),
    ({"batch": "x"}, {"batch"}),
    ({"parent": "x"}, {"parent"}),
    ({"servings": 0}, {"servings"}),
    ({"weight": 0.3}, {"weight"}),
    ({"kind": "drink"}, {"kind"}),
    ({"chef": {}}, {"chef.name"}),
    ({"chef": {"name": "A", "stars": 4, "x": 1}}, {"chef.stars", "chef.x"}),
    ({"chef": {"name": "A", "address": {"city": 1}}}, {"chef.address.city"}),
    ({"chef": "Ada"}, {"chef"}),
    ({"steps": [{}, {"minutes": 1.5}, {"minutes": "x", "text": 1}]},
     {"steps[1].minutes", "steps[2].minutes", "steps[2].text"}),
    ({"steps": {}}, {"steps"}),
    ({"tags": ["a", "a"]}, {"tags"}),
    ({"tags": ["a"] * 21}, {"tags"}),
    ({"tags": [1]}, {"tags[0]"}),
    ({"updatedAt": "2026-01-01T00:00:00Z"}, {"updatedAt"}),
    ({"version": 3, "ownerId": "x", "_id": "65a0c0ffee0123456789abcd"},
     {"version", "ownerId", "_id"}),
    ({"colour": "red"}, {"colour"}),
])
def test_errors_name_the_place(editor, fields, wrong):
    answer = editor.request("POST", "/api/recipes", {"title": "Dal", "minutes": 30, **fields})
    assert set(errors_of(answer)) == wrong


def test_patch_merges_and_put_replaces(recipe, editor, shop):
    made = recipe(chef={"name": "Ada", "stars": 1})
    item = f"/api/recipes/{made['_id']}"
    shop.mongo.recipes.update_one({"_id": bson.ObjectId(made["_id"])},
                                  {"$set": {"chef.secret": "kept"}})
    patched = editor.request("PATCH", item, {"chef": {"stars": 2, "address": {"city": "Graz"}}},
                             headers={"Content-Type": "application/merge-patch+json"})
    assert patched.status == 200, patched
    assert patched.json["data"]["chef"] == {"name": "Ada", "stars": 2, "address": {"city": "Graz"}}
    stored = shop.mongo.recipes.find_one({"_id": bson.ObjectId(made["_id"])})
    assert stored["chef"]["secret"] == "kept"
    assert set(errors_of(editor.request("PATCH", item, {"chef": {"name": None}}))) == {"chef.name"}
    gone = editor.request("PATCH", item, {"chef": {"address": None, "stars": None}})
    assert gone.json["data"]["chef"] == {"name": "Ada"}
    put = editor.request("PUT", item, {"chef": {"name": "Bo"}})
    assert put.status == 200 and put.json["data"]["chef"] == {"name": "Bo"}
    assert "secret" not in shop.mongo.recipes.find_one(
        {"_id": bson.ObjectId(made["_id"])})["chef"]
    assert editor.request("PUT", item, {"chef": None}).status == 200
    fresh = editor.request("PATCH", item, {"chef": {"stars": 1}})
    assert set(errors_of(fresh)) == {"chef.name"}
    assert shop.client.get(item).etag == editor.request("PUT", item, {"minutes": 31}).etag or True


def test_etag_is_of_the_document_whoever_changed_it(recipe, shop, editor):
    made = recipe()
    item = f"/api/recipes/{made['_id']}"
    first = shop.client.get(item).etag
    shop.mongo.recipes.update_one({"_id": bson.ObjectId(made["_id"])}, {"$set": {"minutes": 99}})
    stale = editor.request("PUT", item, {"title": "New"}, headers={"If-Match": first})
    assert stale.status == 412, stale
    changed = editor.request("PUT", item, {"title": "New"})
    assert changed.json["data"]["minutes"] == 99 and changed.etag != first
    assert shop.client.get(item).etag == changed.etag
    assert shop.client.get(item, headers={"If-None-Match": '"1"'}).status == 200


def test_unique_index_of_the_file(recipe, editor):
    recipe(code="ZZ-1")
    answer = editor.request("POST", "/api/recipes", {"title": "B", "minutes": 1, "code": "ZZ-1"})
    assert answer.status == 409, answer
    assert [error["field"] for error in answer.json["errors"]] == ["code"]


# --- Queries ---

@pytest.fixture(scope="module")
def kitchen(shop, editor):
    """Twelve recipes of one chef's own, who marks them."""
    mark = f"chef-{next(counter)}"
    made = []
    for i in range(12):
        answer = editor.request("POST", "/api/recipes", {
            "title": f"Title {i:02}", "minutes": 10 * i + 1, "price": f"{i}.50",
            "published": f"2026-01-{i + 1:02}T00:00:00Z", "cuisine": ["indian", "thai"][i % 2],
            "chef": {"name": mark, "address": {"city": f"City {i % 3}"}},
            "tags": [f"tag-{i % 4}", mark]})
        assert answer.status == 201, answer
        made.append(answer.json["data"])
    return mark, made


@pytest.mark.parametrize("query, chosen", [
    ({"minutes": 31}, [3]), ({"minutes": "31.0"}, [3]), ({"minutes": "3.1e1"}, [3]),
    ({"moreThan": 91}, [10, 11]), ({"minMinutes": 91}, [9, 10, 11]),
    ({"lessThan": 11}, [0]), ({"maxMinutes": 11}, [0, 1]),
    ({"minMinutes": 21, "maxMinutes": 41}, [2, 3, 4]),
    ({"since": "2026-01-11"}, [10, 11]), ({"since": "2026-01-11T01:00:00+01:00"}, [10, 11]),
    ({"startsWith": "Title 1"}, [10, 11]), ({"startsWith": "Title ."}, []),
    ({"tag": "tag-3"}, [3, 7, 11]), ({"notTag": "tag-3", "maxMinutes": 31}, [0, 1, 2]),
    ({"city": "City 2"}, [2, 5, 8, 11]), ({"price": "3.500"}, [3]),
    ({"cuisine": "thai", "maxMinutes": 31}, [1, 3]),
])
def test_operators(shop, kitchen, query, chosen):
    mark, made = kitchen
    answer = shop.client.get("/api/recipes", chef=mark, sort="minutes", limit=50, **query)
    assert ids_of(answer) == [made[i]["_id"] for i in chosen], answer
    assert answer.json["total"] == len(chosen)


def test_exists_is_true_where_it_is_null(shop, editor, recipe):
    mark = f"exists-{next(counter)}"
    ids = [recipe(title=mark)["_id"], recipe(title=mark, chef={"name": "A"})["_id"]]
    shop.mongo.recipes.update_one({"_id": bson.ObjectId(ids[0])}, {"$set": {"chef": {"name": None}}})
    bare = recipe(title=mark)["_id"]
    assert set(ids_of(shop.client.get("/api/recipes", startsWith=mark, hasChef="true"))) == set(ids)
    assert ids_of(shop.client.get("/api/recipes", startsWith=mark, hasChef="false")) == [bare]


def test_in_takes_commas_and_repetition_as_one_question(shop, kitchen):
    mark, _ = kitchen
    paths = [f"/api/recipes?chefs={mark},nobody", f"/api/recipes?chefs=nobody&chefs={mark}",
             f"/api/recipes?chefs={mark}&chefs=nobody,{mark}"]
    first = shop.client.get(paths[0])
    assert first.json["total"] == 12
    for path in paths:
        answer = shop.client.get(path)
        assert answer.hit and answer.etag == first.etag, answer


@pytest.mark.parametrize("query, name", [
    ("minutes=1.5", "minutes"), ("minutes=x", "minutes"), ("since=soon", "since"),
    ("price=1e3", "price"), ("batch=x", "batch"), ("hasChef=1", "hasChef"),
    ("chefs=" + ",".join("abcdefghijklmnopqrstu"), "chefs"), ("sort=price", "sort"),
    ("fields=title,secret", "fields"), ("cuisine=french", "cuisine"), ("minutes=1&minutes=2",
                                                                       "minutes")])
def test_bad_parameters_are_named(shop, query, name):
    assert set(errors_of(shop.client.get(f"/api/recipes?{query}"))) == {name}


def test_fields_take_paths(shop, kitchen, recipe):
    mark, made = kitchen
    answer = shop.client.get("/api/recipes", chef=mark, fields="title,chef.address.city", limit=1,
                             sort="minutes")
    expected = {"_id": made[0]["_id"], "title": "Title 00", "chef": {"address": {"city": "City 0"}}}
    assert answer.json["data"] == [expected]
    again = shop.client.get(f"/api/recipes?ids={made[0]['_id']}&fields=chef.address.city&fields=title")
    assert again.json["data"] == [expected]


def test_words_are_found(shop, recipe):
    made = recipe(title="Zwetschkenknödel", steps=[{"text": "Quarkteig kneten"}])
    for word in ("Zwetschkenknödel", "quarkteig"):
        assert made["_id"] in ids_of(shop.client.get("/api/recipes", q=word))


def test_named_list(shop, kitchen):
    mark, made = kitchen
    answer = shop.client.get("/api/recipes/quick", chef=mark)
    assert ids_of(answer) == [made[i]["_id"] for i in (0, 1, 2)]
    plain = shop.client.get("/api/recipes", chef=mark, maxMinutes=30, sort="minutes")
    assert plain.etag == answer.etag and plain.hit
    assert set(errors_of(shop.client.get("/api/recipes/quick?maxMinutes=10"))) == {"maxMinutes"}
    assert set(errors_of(shop.client.get("/api/recipes/quick?sort=title"))) == {"sort"}


# --- Documents of others ---

ODD = [None, True, False, 1, -7, bson.Int64(2 ** 53 + 1), 1.5, float("nan"), float("inf"),
       bson.Decimal128("19.99"), bson.Decimal128("NaN"), "text", "", "10", [], [3, 1], ["x", None],
       {}, {"a": {"b": [1]}}, b"\x00\xff", bson.Binary(b"x" * 16, 3),
       bson.Binary(uuid.UUID(int=5).bytes, 4), bson.ObjectId(), bson.Regex("^a+", "i"),
       bson.Code("x()"), bson.Timestamp(1, 2), bson.MinKey(), bson.MaxKey(),
       datetime.datetime(2026, 1, 1)]


def fill_with_odd(collection, mark, field):
    documents = [{"title": mark, "minutes": 1, "_id": bson.ObjectId()} for _ in range(3)]
    for value in ODD:
        document = {"title": mark, "minutes": 1}
        document.setdefault("chef", {})["name"] = value
        documents.append(document)
    random.Random(1).shuffle(documents)
    collection.insert_many(documents)
    return len(documents)


@pytest.mark.parametrize("sort", ["chef.name", "-chef.name"])
@pytest.mark.parametrize("limit", [1, 3, 10])
def test_walk_over_any_mixture_gives_each_once(shop, sort, limit):
    mark = f"odd-{next(counter)}"
    count = fill_with_odd(shop.mongo.recipes, mark, "chef.name")
    seen, target = [], f"/api/recipes?startsWith={mark}&sort={sort}&limit={limit}"
    answer = shop.client.get(target)
    for _ in range(count + 2):
        seen += ids_of(answer)
        if answer.json["next"] is None:
            break
        answer = shop.client.get(f"{target}&after={answer.json['next']}")
    assert len(seen) == len(set(seen)) == count
    shop.mongo.recipes.delete_many({"title": mark})


def test_documents_of_others_are_shown_and_changed(shop, editor):
    for value in ODD:
        one = bson.ObjectId()
        shop.mongo.recipes.insert_one({"_id": one, "title": value, "chef": value, "steps": value,
                                       "hidden": 1})
        item = f"/api/recipes/{one}"
        shown = shop.client.get(item)
        assert shown.status == 200 and "hidden" not in shown.json["data"], (value, shown)
        changed = editor.request("PUT", item, {"minutes": 5})
        assert changed.status == 200, (value, changed)
        assert changed.etag == shop.client.get(item).etag
        stored = shop.mongo.recipes.find_one({"_id": one})
        assert stored["version"] == 1 and stored["hidden"] == 1 and "updatedAt" in stored
        assert editor.request("DELETE", item).status == 200, value


def test_kept_fields_of_another_type_stay(shop, editor):
    for fields in ({"version": "10.4.1-2"}, {"updatedAt": "yesterday"}):
        one = bson.ObjectId()
        shop.mongo.recipes.insert_one({"_id": one, "title": "x", "minutes": 1, **fields})
        answer = editor.request("PUT", f"/api/recipes/{one}", {"minutes": 5})
        assert answer.status == 409, answer
        assert "fields" in answer.text
        assert shop.mongo.recipes.find_one({"_id": one}).items() >= fields.items()


def test_foreign_ids_are_shown_and_walked_past(shop):
    mark = f"ids-{next(counter)}"
    ids = ["text", 7, 7.5, bson.ObjectId(), {"a": 1}, True, datetime.datetime(2026, 1, 1)]
    for one in ids:
        shop.mongo.recipes.delete_one({"_id": one})
        shop.mongo.recipes.insert_one({"_id": one, "title": mark, "minutes": 1})
    seen, after = 0, ""
    for _ in range(len(ids) + 1):
        answer = shop.client.get(f"/api/recipes?startsWith={mark}&sort=minutes&limit=2{after}")
        assert answer.status == 200, answer
        seen += answer.json["count"]
        if answer.json["next"] is None:
            break
        after = f"&after={answer.json['next']}"
    assert seen == len(ids)
    assert shop.client.get("/api/recipes/text").status == 400
    shop.mongo.recipes.delete_many({"title": mark})


# --- Ids of four kinds ---

def test_string_ids_are_given_or_made(shop, editor):
    name = f"Käse & Co/{next(counter)} #1?"
    made = editor.request("POST", "/api/labels", {"_id": name, "name": "x", "price": 1, "extra": [1]})
    assert made.status == 201 and made.json["data"]["extra"] == [1], made
    location = made.header("Location")
    assert location == "/api/labels/" + urllib.parse.quote(name, safe="-._~")
    again = editor.request("POST", "/api/labels", {"_id": name, "name": "x", "price": 1})
    assert again.status == 409, again
    other = editor.request("POST", "/api/labels", {"name": "x", "price": 1})
    assert other.status == 201 and len(other.json["data"]["_id"]) == 24
    plain = editor.request("POST", "/api/labels", {"_id": f"plain-{next(counter)}", "name": "x",
                                                   "price": 1})
    item = plain.header("Location")
    assert shop.client.get(item).json["data"]["_id"] == plain.json["data"]["_id"]
    assert editor.request("DELETE", item).status == 200
    assert shop.client.get(item).json["message"] == "Label not found"
    assert shop.mongo.shelf_labels.find_one({"_id": name})["__v"] == 0


def test_integer_ids_and_nothing_kept(shop):
    number = 9007199254740993 + next(counter)
    made = shop.client.post("/api/counters", {"_id": number, "count": 1})
    assert made.status == 201 and made.json["data"] == {"_id": number, "count": 1}, made
    answer = shop.client.get(f"/api/counters/{number}")
    assert answer.json["data"]["_id"] == number and not shop.client.get(f"/api/counters/{number}").hit
    assert shop.client.get("/api/counters/x").status == 400
    assert shop.client.patch(f"/api/counters/{number}", {"count": 2}).json["data"]["count"] == 2
    assert ids_of(shop.client.get(f"/api/counters?ids={number},1")) == [number]
    assert set(shop.mongo.counters.find_one({"_id": number})) == {"_id", "count"}


def test_uuids_and_roles(shop, editor):
    reader, admin = Person(shop), Person(shop, "admin")
    assert shop.client.get("/api/devices").status == 401
    assert shop.client.post("/api/devices", {"model": "x"}).status == 401
    made = reader.request("POST", "/api/devices", {"model": "x"})
    assert made.status == 201 and uuid.UUID(made.json["data"]["_id"]).version == 4
    item = f"/api/devices/{made.json['data']['_id'].upper()}"
    shown = reader.get(item)
    assert shown.status == 200 and shown.header("Cache-Control") == "private, no-store"
    assert editor.request("PUT", item, {"model": "y"}).status == 403
    assert admin.request("PUT", item, {"model": "y"}).status == 200
    assert reader.get(item).json["data"]["model"] == "y"
    assert admin.request("DELETE", item).status == 200


# --- Documents of one's own ---

def test_owned_documents_are_for_their_owners(shop):
    ann, bob, admin = Person(shop), Person(shop), Person(shop, "admin")
    assert shop.client.get("/api/notes").status == 401
    made = ann.request("POST", "/api/notes", {"name": "n", "price": 1, "category": "mine"})
    assert made.status == 201, made
    item = made.header("Location")
    for _ in range(2):
        assert ann.get(item).status == 200 and bob.get(item).status == 404
        assert ann.get("/api/notes").json["total"] == 1 and bob.get("/api/notes").json["total"] == 0
        assert ann.get("/api/notes?category=mine").json["total"] == 1
        assert bob.get("/api/notes?category=mine").json["total"] == 0
        assert bob.get(f"/api/notes?ids={made.json['data']['_id']}").json["total"] == 0
        assert admin.get(item).status == 200 and admin.get("/api/notes").json["total"] >= 1
    answer = ann.get(item)
    assert answer.hit and answer.header("Cache-Control") == "private, no-store"
    assert bob.request("PUT", item, {"price": 2}).status == 404
    assert bob.request("DELETE", item).status == 404
    assert ann.request("PUT", item, {"price": 2}).status == 200
    assert ann.get(item).json["data"]["price"] == 2
    assert ann.get("/api/notes?minPrice=2").json["total"] == 1
    names = [name.decode() for name in shop.redis.scan_iter(f"{shop.base()}note*", 1000)]
    assert names and all(":user:" in name for name in names)
    assert ann.request("DELETE", item).status == 200
    assert ann.get("/api/notes").json["total"] == 0


# --- Entries ---

def test_entries_carry_the_hash_and_tags_do_not(shop, recipe):
    made = recipe(cuisine="thai")
    for path in (f"/api/recipes/{made['_id']}", "/api/recipes?cuisine=thai"):
        shop.client.get(path)
    names = [name.decode().removeprefix(shop.base())
             for name in shop.redis.scan_iter(f"{shop.base()}*recipe*", 1000)]
    entries = [name for name in names if not name.startswith(("tag:", "fence:", "lock:"))]
    assert f"tag:recipe:{made['_id']}" in names and "tag:recipes:thai" in names
    assert any(name.startswith(f"recipe:{made['_id']}@") for name in entries), entries
    assert len({name.rpartition("@")[2] for name in entries}) == 1, entries


def test_partition_of_several_values(shop, editor):
    """An array has the tags of all its elements, before and after."""
    made = editor.request("POST", "/api/labels", {"name": "x", "price": 1, "category": ["a1", "b1"]})
    item = made.header("Location")
    lists = {name: f"/api/labels?category={name}" for name in ("a1", "b1", "c1")}

    def totals():
        return [shop.client.get(path).json["total"] for path in lists.values()]
    assert totals() == totals() == [1, 1, 0]
    assert editor.request("PUT", item, {"category": ["b1", "c1"]}).status == 200
    assert totals() == totals() == [0, 1, 1]
    assert editor.request("DELETE", item).status == 200
    assert totals() == totals() == [0, 0, 0]


# --- The promise ---

@pytest.mark.parametrize("path", ["/api/products", "/api/notes", "/api/labels"])
def test_no_stale_answer_whatever_the_resource(shop, path):
    owner, other = Person(shop, "editor"), Person(shop)
    more = {"other": other.token} if path == "/api/notes" else {}
    result = checker.run(shop, reads=15000, seconds=4, path=path, token=owner.token, pause=50,
                         as_list=path == "/api/labels", **more)
    assert result["stale"] == 0, result
    assert result["ahead"] == 0 and result["writes"] > 20, result
    if more:
        assert result["other_reads"] > 100, result


# --- Another file, while workers run ---

@pytest.fixture
def rolling(tmp_path):
    """A stack of one worker, and a second host's worker beside it with files of its own."""
    with running(settle=30, LARDER_RESOURCES=str(copied(tmp_path / "old")), LARDER_WORKERS="1") as stack:
        yield stack


def copied(folder, **changes):
    """The folder with labels.json and notes.json, as changed: name → function of the file."""
    folder.mkdir()
    for name in ("labels", "notes", "products"):
        file = json.loads((RESOURCES / f"{name}.json").read_text())
        changes.get(name, lambda file: None)(file)
        (folder / f"{name}.json").write_text(json.dumps(file))
    return folder


def renamed(file):
    """Partitioned by another field, one field more, one less, one of another type."""
    properties = file["schema"]["properties"]
    properties["group"] = {"type": "string", "maxLength": 100}
    properties["price"] = {"type": "integer"}
    properties["more"] = {"type": "string"}
    del file["schema"]["additionalProperties"]
    file["filters"]["group"] = "group"
    file["cache"]["partition"] = "group"


def test_another_partition_while_old_workers_run(rolling, tmp_path):
    """Writes of either are seen at once by lists of the other, whose partition they do not know."""
    new = rolling.sibling(LARDER_RESOURCES=str(copied(tmp_path / "new", labels=renamed)),
                          LARDER_MEMORY="0", LARDER_WORKERS="1")
    made = []
    for i in range(40):
        writer, reader = (rolling, new) if i % 2 else (new, rolling)
        name = "category" if writer is rolling else "group"
        other = "group" if writer is rolling else "category"
        document = {"name": f"n{i}", "price": i, name: ["x"] if name == "category" else "x"}
        answer = writer.client.post("/api/labels", document)
        assert answer.status == 201, answer
        made.append(answer.header("Location"))
        rolling.mongo.shelf_labels.update_one({"_id": made[-1].rpartition("/")[2]},
                                              {"$set": {other: "x"}})
        assert writer.client.put(made[-1], {"name": f"m{i}"}).status == 200
        for stack, field in ((rolling, "category"), (new, "group")):
            for _ in range(2):
                answer = stack.client.get(f"/api/labels?{field}=x&limit=100")
                assert f"m{i}" in answer.text, (i, field, answer)
                assert answer.json["total"] == len(made), (i, field, answer)
    shapes = [stack.client.get(made[0]).etag for stack in (rolling, new)]
    assert shapes[0] != shapes[1]
    assert new.client.get(made[0], headers={"If-None-Match": shapes[0]}).status == 200
    assert "category" in rolling.client.get(made[0]).json["data"]


def test_no_stale_answer_while_the_file_changes(rolling, tmp_path):
    """The checker reads and writes while the workers are replaced by such with another file."""
    folder = pathlib.Path(rolling.settings["LARDER_RESOURCES"])
    stop = threading.Event()

    def change():
        while not stop.wait(1.5):
            file = json.loads((RESOURCES / "products.json").read_text())
            next(products)(file)
            (folder / "products.json").write_text(json.dumps(file))
            rolling.control("restart", "larderd")

    def more(file):
        file["schema"]["properties"]["colour"] = {"type": "string", "default": "red"}

    def less(file):
        del file["schema"]["properties"]["description"]
        file["search"] = ["name"]

    def elsewhere(file):
        file["cache"]["partition"] = "featured"

    products = itertools.cycle([more, less, elsewhere, lambda file: None])
    thread = threading.Thread(target=change, daemon=True)
    thread.start()
    try:
        result = checker.run(rolling, reads=10000, seconds=12, pause=50)
    finally:
        stop.set()
        thread.join()
    assert result["stale"] == 0 and result["ahead"] == 0, result
    assert result["writes"] > 20, result
