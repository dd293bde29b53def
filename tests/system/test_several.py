# SPDX-License-Identifier: BSD-2-Clause
"""Several at once: PATCH of an array and DELETE of ids, each item judged by itself."""
import collections
import concurrent.futures
import itertools

import bson
import pytest

from people import Person
from stack import eventually

counter = itertools.count(1000)
ABSENT = "f" * 24


def patch(market, patches, **more):
    return market.client.patch("/api/recipes", patches, **more)


def delete(market, ids, path="/api/recipes", **more):
    return market.client.delete(f"{path}?ids={','.join(map(str, ids))}", **more)


def results(answer, status, count):
    body = answer.json
    assert answer.status == status, answer
    assert set(body) == {"success", "count", "results", "requestId"}
    assert body["success"] is (status == 200) and body["count"] == count
    assert answer.header("Cache-Control") == "no-store"
    return body["results"]


def titles(market, minutes):
    answer = market.client.get(f"/api/recipes?minutes={minutes}&sort=title")
    assert answer.status == 200
    return [item["title"] for item in answer.json["data"]]


def etag(market, made):
    return market.client.get(f"/api/recipes/{made['_id']}").etag


# --- PATCH ---

def test_all_go_well(market, minutes, recipe):
    made = [recipe(chef={"name": "ann", "stars": 1}) for _ in range(3)]
    assert titles(market, minutes) == ["Dal"] * 3
    asked = [{"_id": item["_id"], "title": f"t{i}", "chef": {"stars": None}}
             for i, item in enumerate(reversed(made))]
    for item, one in zip(results(patch(market, asked), 200, 3), asked):
        assert set(item) == {"success", "status", "_id", "_etag", "data"}
        assert (item["success"], item["status"], item["_id"]) == (True, 200, one["_id"])
        assert item["data"]["title"] == one["title"] and item["data"]["chef"] == {"name": "ann"}
        got = market.client.get(f"/api/recipes/{one['_id']}")
        assert got.json["data"] == item["data"] and got.etag == item["_etag"]
    assert titles(market, minutes) == ["t0", "t1", "t2"]
    again = market.client.request("PATCH", "/api/recipes", json=[{"_id": made[0]["_id"]}])
    results(again, 200, 1)


def test_each_is_judged_by_itself(market, minutes, recipe):
    good, moved, same = recipe(), recipe(), recipe()
    old = etag(market, moved)
    assert market.client.patch(f"/api/recipes/{moved['_id']}", {"title": "moved"}).status == 200
    asked = [
        {"_id": good["_id"], "title": "good", "cuisine": "thai"},
        {"_id": ABSENT, "title": "absent"},
        {"_id": moved["_id"], "_etag": old, "title": "no"},
        {"_id": same["_id"], "_etag": etag(market, same), "minutes": "x", "colour": 1},
        7, None, [], {}, {"title": "no id"}, {"_id": "nonsense"}, {"_id": 7}, {"_id": None}]
    found = results(patch(market, asked), 207, 1)
    assert [item["status"] for item in found] == [200, 404, 412, 400] + [400] * 8
    assert [item["_id"] for item in found[:4]] == [item["_id"] for item in asked[:4]]
    assert [item["_id"] for item in found[4:]] == [None] * 5 + ["nonsense", 7, None]
    for item in found[1:]:
        assert item["success"] is False and item["message"]
        assert set(item) <= {"success", "status", "_id", "message", "errors"}
    assert found[1]["message"] == "Recipe not found"
    assert {error["field"] for error in found[3]["errors"]} == {"minutes", "colour"}
    assert titles(market, minutes) == ["Dal", "good", "moved"]
    assert [item["title"] for item in market.client.get(
        f"/api/recipes?minutes={minutes}&cuisine=thai").json["data"]] == ["good"]


def test_the_etag_of_each(market, recipe):
    made, now = recipe(), {}

    def status(text):
        answer = patch(market, [{"_id": made["_id"], "_etag": text, "title": "x"}])
        return answer.json["results"][0]["status"]
    now = etag(market, made)
    for wrong in ("*", "", '"other"', now.strip('"'), f'{now}, "other"'):
        assert status(wrong) == 412, wrong
    for wrong in (None, 7, [now]):
        assert status(wrong) == 400, wrong
    assert status(now) == 200
    assert status(now) == 412


def test_none_goes_well(market):
    found = results(patch(market, [{"_id": ABSENT, "title": "x"}]), 400, 0)
    assert found[0]["status"] == 404
    assert results(patch(market, ["x"]), 400, 0)[0]["status"] == 400


@pytest.mark.parametrize("body", [{}, {"_id": ABSENT}, [], "x", None,
                                  [{"_id": f"{i:024x}"} for i in range(101)],
                                  [{"_id": ABSENT}, {"_id": ABSENT.upper()}]])
def test_what_is_wrong_with_the_whole(market, body):
    answer = patch(market, body)
    assert answer.status == 400 and "results" not in answer.json, answer


def test_a_hundred(market, minutes):
    fields = {"title": "a", "minutes": minutes}
    made = market.client.post("/api/recipes", [fields] * 100).json["results"]
    asked = [{"_id": item["data"]["_id"], "title": f"b{i}", "cuisine": ["thai", "indian"][i % 2]}
             for i, item in enumerate(made)]
    assert len(results(patch(market, asked), 200, 100)) == 100
    assert market.client.get(f"/api/recipes?minutes={minutes}&cuisine=thai").json["total"] == 50
    results(delete(market, [item["_id"] for item in asked]), 200, 100)
    assert market.client.get(f"/api/recipes?minutes={minutes}").json["total"] == 0


def test_headers(market, recipe):
    made = recipe()
    body = [{"_id": made["_id"], "title": "x"}]
    assert patch(market, body, headers={"If-Match": "*"}).status == 400
    assert delete(market, [made["_id"]], headers={"If-Match": "*"}).status == 400
    assert patch(market, body, headers={"Content-Type": "text/plain"}).status == 415
    assert market.client.get(f"/api/recipes/{made['_id']}").json["data"]["title"] == "Dal"
    assert market.client.patch("/api/recipes?x=1", body).status == 400
    allow = market.client.request("OPTIONS", "/api/recipes").header("Allow")
    assert allow == "GET, HEAD, POST, PATCH, DELETE, OPTIONS"


def test_duplicates_are_told_each(market, recipe):
    code = next(counter)
    taken, other, third = recipe(code=f"AB-{code}"), recipe(), recipe()
    found = results(patch(market, [{"_id": other["_id"], "code": f"AB-{code}"},
                                   {"_id": third["_id"], "title": "third"}]), 207, 1)
    assert [item["status"] for item in found] == [409, 200]
    assert found[0]["errors"][0]["field"] == "code" and taken["code"] == f"AB-{code}"


def test_others_change_the_same(market, minutes, recipe):
    made = [recipe(servings=1) for _ in range(5)]

    def change(i):
        return patch(market, [{"_id": item["_id"], "title": f"t{i}", "chef": {"name": f"n{i}"}}
                              for item in made])
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for answer in pool.map(change, range(8)):
            assert all(item["status"] in (200, 409) for item in answer.json["results"]), answer
    shown = market.client.get(f"/api/recipes?minutes={minutes}").json["data"]
    stored = {str(item["_id"]): item for item in market.mongo.recipes.find({"minutes": minutes})}
    for item in shown:
        assert item["title"][1:] == item["chef"]["name"][1:]
        assert stored[item["_id"]]["title"] == item["title"]


# --- DELETE ---

def test_delete(market, minutes, recipe):
    made = [recipe() for _ in range(3)]
    assert titles(market, minutes) == ["Dal"] * 3
    found = results(delete(market, [made[1]["_id"], ABSENT, made[0]["_id"], "nonsense"]), 207, 2)
    assert found[0] == {"success": True, "status": 200, "_id": made[1]["_id"]}
    assert [item["status"] for item in found] == [200, 404, 200, 400]
    assert found[3]["_id"] == "nonsense"
    assert titles(market, minutes) == ["Dal"]
    results(delete(market, [made[2]["_id"]]), 200, 1)
    assert titles(market, minutes) == []
    again = delete(market, [made[2]["_id"]])
    assert results(again, 400, 0)[0]["status"] == 404


@pytest.mark.parametrize("query", ["", "?", "?ids", "?ids=", f"?ids={ABSENT},{ABSENT}",
                                   f"?ids={ABSENT}&ids={ABSENT.upper()}",
                                   f"?ids={ABSENT}&cuisine=thai", f"?ids={ABSENT}&fields=title",
                                   f"?ids={ABSENT}&limit=20", f"?ids={ABSENT}&page=1",
                                   "?cuisine=thai", "?ids[]=x",
                                   "?ids=" + ",".join(f"{i:024x}" for i in range(101))])
def test_nothing_deletes_a_collection(market, minutes, recipe, query):
    recipe()
    answer = market.client.delete(f"/api/recipes{query}")
    assert answer.status == 400 and "results" not in answer.json, answer
    assert titles(market, minutes) == ["Dal"]


def test_ids_of_other_kinds(market):
    one, other = f"a b/{next(counter)}", f"ä{next(counter)}"
    made = [market.client.post("/api/labels", {"_id": name, "name": "n", "price": 1})
            for name in (one, other)]
    assert [answer.status for answer in made] == [201, 201], made
    found = market.client.patch("/api/labels", [{"_id": one}, {"_id": other}, {"_id": "none"}])
    assert [item["status"] for item in results(found, 207, 2)] == [200, 200, 404]
    found = market.client.request("DELETE", "/api/labels", query={"ids": f"{one},{other}"})
    assert [item["_id"] for item in results(found, 200, 2)] == [one, other]
    number = next(counter)
    assert market.client.post("/api/counters", {"_id": number, "count": 1}).status == 201
    found = market.client.patch("/api/counters", [{"_id": number, "count": 2}, {"_id": "x"},
                                                  {"_id": number + 0.5}])
    assert [item["status"] for item in results(found, 207, 1)] == [200, 400, 400]
    assert found.json["results"][0]["_id"] == number
    assert delete(market, [number], "/api/counters").json["results"][0]["_id"] == number


# --- Rights ---

def test_whose_they_are(market):
    one, other = Person(market), Person(market)
    body = {"name": "n", "price": 1, "category": f"c{next(counter)}"}
    mine = one.request("POST", "/api/notes", body).json["data"]["_id"]
    theirs = other.request("POST", "/api/notes", body).json["data"]["_id"]
    asked = [{"_id": mine, "price": 2}, {"_id": theirs, "price": 2}]
    found = one.request("PATCH", "/api/notes", asked)
    assert [item["status"] for item in results(found, 207, 1)] == [200, 404]
    assert other.request("GET", "/api/notes").json["data"][0]["price"] == 1
    found = one.request("DELETE", f"/api/notes?ids={theirs}")
    assert [item["status"] for item in results(found, 400, 0)] == [404]
    admin = Person(market, "admin").request("DELETE", f"/api/notes?ids={theirs},{mine}")
    results(admin, 200, 2)
    assert other.request("GET", "/api/notes").json["total"] == 0


# --- Idempotency-Key ---

def test_a_key(market, minutes, recipe):
    made = recipe()
    key = {"Idempotency-Key": f"several-{minutes}"}
    body = [{"_id": made["_id"], "title": "once"}]
    first = patch(market, body, headers=key)
    again = patch(market, body, headers=key)
    assert again.header("Idempotent-Replayed") == "true" and again.json == first.json
    assert patch(market, [{"_id": made["_id"], "title": "x"}], headers=key).status == 422
    assert market.client.post("/api/recipes", body, headers=key).status == 422
    key = {"Idempotency-Key": f"gone-{minutes}"}
    first = delete(market, [made["_id"]], headers=key)
    again = delete(market, [made["_id"]], headers=key)
    assert first.status == again.status == 200 and again.json == first.json
    assert delete(market, [ABSENT], headers=key).status == 422


# --- The cache ---

def test_lists_of_others_stay(market, minutes, recipe):
    made = [recipe(cuisine="thai"), recipe(cuisine="thai")]
    own, other = (f"/api/recipes?minutes={minutes}&cuisine={name}" for name in ("thai", "indian"))

    def stays():
        """Changes that are heard of late may void both."""
        for path in (own, other):
            eventually(lambda: market.client.get(path).hit, 30, what="a hit")
        results(patch(market, [{"_id": item["_id"], "title": "new"} for item in made]), 200, 2)
        kept = market.client.get(other).hit
        assert not market.client.get(own).hit
        return kept
    eventually(stays, 30)


# --- MongoDB away amid them ---

PARENT = f"00-{'5' * 32}-b7ad6b7169203331-01"


@pytest.fixture
def three(late, category):
    """The ids of three products."""
    made = late.client.post("/api/products", [
        {"name": "old", "price": 1, "category": category}] * 3).json["results"]
    yield [item["data"]["_id"] for item in made]
    late.proxy.reset()


def change_three(late, three, on_command):
    """The results when on_command(name, which of these it is) is called before MongoDB's answers to
    them; "look" reads all of them."""
    seen = collections.Counter()

    def delay(command):
        name = next(iter(command), None)
        if command.get("comment") != f"traceparent={PARENT}":
            return 0
        if "$in" in str(command.get("filter")):
            name = "look"
        seen[name] += 1
        return on_command(name, seen[name]) or 0
    late.proxy.delay = delay
    return results(late.client.patch(
        "/api/products", [{"_id": id, "name": "new"} for id in three],
        headers={"traceparent": PARENT}), 207, 1)


def test_what_was_written_is_told_when_the_rest_is_not_read_again(late, three):
    """Others change two of them, and the database is not in time when these are looked at again."""
    def on_command(name, which):
        if (name, which) == ("look", 1):
            late.mongo.products.update_many(
                {"_id": {"$in": [bson.ObjectId(id) for id in three[1:]]}},
                {"$inc": {"version": 1}, "$currentDate": {"updatedAt": True}})
        return 5 if name == "look" and which > 1 else 0
    found = change_three(late, three, on_command)
    assert [item["status"] for item in found] == [200, 503, 503]
    assert found[0]["data"]["name"] == "new"
    assert "did not answer in time" in found[1]["message"]
    late.proxy.reset()
    names = [late.client.get(f"/api/products/{id}").json["data"]["name"] for id in three]
    assert names == ["new", "old", "old"]


def test_what_was_written_is_told_when_a_connection_is_lost(late, three):
    """What became of the one that was being written is not known; the next one was not sent."""
    def on_command(name, which):
        if (name, which) == ("update", 2):
            raise OSError
    found = change_three(late, three, on_command)
    assert [item["status"] for item in found] == [200, 503, 503]
    assert "outcome is unknown" in found[1]["message"]
    assert "outcome" not in found[2]["message"]
    late.proxy.reset()
    assert late.client.get(f"/api/products/{three[0]}").json["data"]["name"] == "new"
    assert late.client.get(f"/api/products/{three[2]}").json["data"]["name"] == "old"
