# SPDX-License-Identifier: BSD-2-Clause
"""Live answers of what a declared resource has besides items and lists, on both MongoDBs: named
lists, facets, several at once; and what other programs write."""
import json
import urllib.parse

import pytest

from events import Stream


@pytest.fixture
def city(minutes):
    """Of recipes that nobody else makes."""
    return f"city-{minutes}"


@pytest.fixture
def dish(recipe, city):
    def make(**fields):
        return recipe(chef={"name": "Ana", "address": {"city": city}}, **fields)
    return make


def patch(market, item, **fields):
    answer = market.client.patch(f"/api/recipes/{item['_id']}", fields)
    assert answer.status == 200, answer


def test_a_named_list_is_watched(market, dish, city):
    made = dish(title="Slow", minutes=200)
    target = f"/api/recipes/quick?city={city}"
    with Stream(market.url, target) as stream:
        assert stream.wait(1).etag == market.client.get(target).etag
        patch(market, made, minutes=20)
        stream.wait(2)
        stream.shows(market.client, target)
    assert market.client.get(target).json["total"] == 1


def test_facets_are_watched(market, dish, city):
    made = dish(cuisine="thai")
    target = f"/api/recipes/facets?by=cuisine&city={city}"
    with Stream(market.url, target) as stream:
        assert stream.wait(1).etag == market.client.get(target).etag
        patch(market, made, title="Another title")
        patch(market, made, cuisine="indian")
        stream.shows(market.client, target)
        assert len(stream.changes) == 2, "a title counts nothing"
    assert market.client.get(target).json["facets"] == {"cuisine": [{"value": "indian", "count": 1}]}


def test_one_stream_watches_all_that_a_page_shows(market, dish, city):
    made = [dish(title=f"Dish {i}", minutes=10 + i) for i in range(3)]
    paths = [f"/api/recipes?city={city}", f"/api/recipes/facets?by=cuisine&city={city}",
             f"/api/recipes/quick?city={city}", f"/api/recipes/{made[0]['_id']}",
             f"/api/recipes?ids={made[1]['_id']},{made[0]['_id']}"]
    query = "&".join("watch=" + urllib.parse.quote(path, safe="") for path in paths)
    with Stream(market.url, f"/api/live?{query}") as stream:
        stream.wait(len(paths))
        answer = market.client.request("PATCH", "/api/recipes", [
            {"_id": one["_id"], "cuisine": "thai"} for one in made])
        assert answer.status == 200, answer
        for path in paths:
            stream.shows(market.client, path, path)
        ids = ",".join(one["_id"] for one in made[:2])
        assert market.client.delete(f"/api/recipes?ids={ids}").status == 200
        assert stream.wait(1, "gone").path == paths[3]
        for path in paths[:3]:
            stream.shows(market.client, path, path)


def test_what_another_program_writes_is_told(market, dish, city):
    """By change streams where there are some, else after a touch."""
    made = dish(title="Written past the API")
    target = f"/api/recipes/{made['_id']}"
    with Stream(market.url, target) as stream:
        stream.wait(1)
        market.mongo.recipes.update_one({"title": made["title"]}, {"$set": {"title": "Changed"}})
        if market.client.get("/readyz").json["follow"] == "off":
            market.ctl("cache", "touch", "recipes", "--id", made["_id"])
        stream.wait(2)
        stream.shows(market.client, target)
    assert market.client.get(target).json["data"]["title"] == "Changed"


def test_a_head_tells_the_total(market, dish, city):
    for _ in range(3):
        dish()
    answer = market.client.request("HEAD", f"/api/recipes?city={city}&limit=1")
    assert (answer.status, answer.header("X-Total-Count"), answer.body) == (200, "3", b"")
    export = market.client.get(f"/api/recipes/export?city={city}")
    assert export.header("X-Total-Count") == "3"
    assert len([json.loads(line) for line in export.text.splitlines()]) == 3
