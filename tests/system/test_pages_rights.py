# SPDX-License-Identifier: BSD-2-Clause
"""The pages on a second MongoDB, for resources whose documents belong to people: what is only for
who has made it, filters of several values, what the status tells of other programs and indexes."""
import json
import pathlib
import re
import shutil
import time

import pymongo
import pytest
from playwright.sync_api import expect

from pages import browser, look  # noqa: F401 (one is a fixture)
from people import Person
from second import second_mongo
from stack import eventually, running

RESOURCES = pathlib.Path(__file__).parent / "resources"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Notes are read by all and changed by who has made them; recipes are asked for by cuisines."""
    folder = tmp_path_factory.mktemp("resources")
    notes, recipes = (json.loads((RESOURCES / f"{name}.json").read_text())
                      for name in ("notes", "recipes"))
    notes["access"] = {"read": "anyone", "write": "owner"}
    recipes["filters"] = {"cuisines": {"in": "cuisine"}, "chefs": {"in": "chef.name"}}
    del recipes["lists"]
    for file in (notes, recipes):
        (folder / f"{file['name']}.json").write_text(json.dumps(file))
    shutil.copy(RESOURCES / "products.json", folder)
    with second_mongo() as server:
        with pymongo.MongoClient(server.uri) as client:
            # A collection of others, where indexes are only proposed.
            client.larder.recipes.insert_one({"title": "Imported", "minutes": 7})
        with running(MONGODB_URI=server.uri, LARDER_RESOURCES=str(folder), LARDER_WRITES="closed",
                     LARDER_SIGNUP="open") as stack:
            yield stack


@pytest.fixture(scope="module")
def people(shop):
    return {name: Person(shop, role, name=name)
            for name, role in (("Olga", "reader"), ("Ed", "editor"), ("Ada", "admin"))}


def allow(shop, path, person=None):
    answer = shop.client.request("OPTIONS", path, headers=person and person.headers)
    assert answer.status == 204, answer
    return set(answer.header("Allow").split(", "))


ALL = {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}
READ = {"GET", "HEAD", "OPTIONS"}


def test_only_who_has_made_it_sees_its_controls(shop, browser, people):
    note = people["Olga"].request("POST", "/api/notes", {"name": "Mine", "price": 1}).json["data"]
    path = f"/api/notes/{note['_id']}"
    assert allow(shop, path) == allow(shop, path, people["Ada"]) == ALL
    assert allow(shop, path, people["Olga"]) == ALL
    assert allow(shop, path, people["Ed"]) == READ
    assert allow(shop, "/api/notes/nothing", people["Ed"]) == ALL
    assert "POST" in allow(shop, "/api/notes", people["Ed"])
    for name, controls in (("Olga", 1), ("Ada", 1), ("Ed", 0)):
        with browser.window(shop, people[name]) as page:
            page.goto(f"/r/notes/{note['_id']}")
            expect(page.get_by_role("heading", name="Mine")).to_be_visible()
            assert page.get_by_role("button", name="Edit").count() == controls
            assert page.get_by_role("button", name="Delete").count() == controls
            page.get_by_role("link", name="All notes").click()
            expect(page.get_by_role("link", name="New")).to_be_visible()


def test_several_values_are_chosen(shop, browser, people):
    for title, cuisine in (("Dal", "indian"), ("Pad", "thai"), ("Pie", "other")):
        made = people["Ed"].request("POST", "/api/recipes", {
            "title": title, "minutes": 5, "cuisine": cuisine, "chef": {"name": title}})
        assert made.status == 201, made
    with browser.window(shop) as page:
        page.goto("/r/recipes?page=2&limit=1")
        cuisines = page.get_by_label("cuisines", exact=True)
        for name, count in (("thai", 1), ("indian", 2)):
            cuisines.get_by_role("option", name=name).click()
            expect(page.get_by_text(re.compile(f"^{count} recipes?$"))).to_be_visible()
        expect(page).to_have_url(re.compile(r"\?limit=1&cuisines=indian&cuisines=thai$"))
        look(page, "several")
        page.reload()
        expect(cuisines).to_have_values(["indian", "thai"])
        cuisines.get_by_role("option", name="indian").click()
        expect(page.get_by_text("1 recipe", exact=True)).to_be_visible()
        page.go_back()
        expect(cuisines).to_have_values(["indian", "thai"])
        cuisines.select_option([])
        expect(page).to_have_url(re.compile(r"\?limit=1$"))
        page.get_by_label("chefs", exact=True).fill("Dal, Pie")
        page.get_by_label("chefs", exact=True).press("Enter")
        expect(page.get_by_text("2 recipes", exact=True)).to_be_visible()
        expect(page).to_have_url(re.compile(r"chefs=Dal&chefs=Pie$"))
        expect(page.get_by_role("status")).to_be_empty()


def test_status_tells_of_other_programs_and_indexes(shop, browser, people):
    eventually(lambda: shop.client.get("/readyz").json["follow"] == "streams", 20)
    status = people["Ada"].get("/api/admin/status").json
    assert status["follow"]["way"] == "streams" and status["follow"]["seenSecondsAgo"] < 10
    assert {"resource": "recipes", "keys": "code"} in status["missingIndexes"]
    with browser.window(shop, people["Ada"]) as page:
        page.goto("/status")
        expect(page.get_by_role("row", name="Followed")).to_contain_text("by change streams")
        table = page.get_by_role("table", name=re.compile("^Missing indexes"))
        expect(table.get_by_role("row", name="recipes code", exact=True)).to_be_visible()
        look(page, "status-second")


def test_who_comes_back_comes_when_it_is_told(shop, browser):
    asked = []

    def refuse(route):
        asked.append(time.monotonic())
        route.fulfill(status=200, content_type="text/event-stream",
                      body='retry: 2500\n\nevent: refused\ndata: {"status":503}\n\n')
    with browser.window(shop) as page:
        page.route("**/api/live?*", refuse)
        page.goto("/r/recipes")
        expect(page.get_by_role("link", name="Imported")).to_be_visible()
        eventually(lambda: page.evaluate("1") and len(asked) > 1, every=0.1)
    assert asked[1] - asked[0] > 2.4
