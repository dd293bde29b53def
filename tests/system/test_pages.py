# SPDX-License-Identifier: BSD-2-Clause
"""The pages in Chromium, by what they call their controls: reading, finding, signing in, making,
changing, deleting; and what nginx says with them."""
import json
import pathlib
import re

import pytest
from playwright.sync_api import expect

from pages import browser, editor, look, sign_in  # noqa: F401 (two are fixtures)
from people import Person
from stack import ROOT, eventually

RESOURCES = pathlib.Path(__file__).parent / "resources"
BIG = "9007199254740993"
CSP = ("default-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; "
       "frame-ancestors 'none'")
PAGES = ["/", "/r/recipes", "/r/recipes/x", "/new/recipes", "/signin", "/status", "/api/docs"]


@pytest.fixture(scope="module")
def shop(stack):
    """A host that serves the tests' resources, where only editors write."""
    shop = stack.sibling(LARDER_WRITES="closed", LARDER_SIGNUP="open",
                         LARDER_RESOURCES=str(RESOURCES))
    return shop.settle()


@pytest.fixture(scope="module")
def admin(shop):
    return Person(shop, "admin", name="Ada")


@pytest.fixture
def recipe(editor):
    """Makes recipes: recipe(title="x")."""
    def make(**fields):
        made = editor.request("POST", "/api/recipes", {"title": "Dal", "minutes": 25, **fields})
        assert made.status == 201, made
        return made.json["data"]
    return make


def read(shop, item):
    return shop.client.get(f"/api/recipes/{item['_id']}").json["data"]


def address(item):
    return f"/r/recipes/{item['_id']}"


# --- What nginx says ---

@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_for_who_asks_for_html(shop, path):
    answer = shop.client.get(path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (answer.status, answer.header("Content-Type")) == (200, "text/html; charset=utf-8")
    assert answer.header("Content-Security-Policy") == CSP
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Referrer-Policy") and answer.header("Set-Cookie") is None
    assert "Accept" in answer.header("Vary")
    assert not re.search(r"<style|\bstyle=|\bon\w+=|<script(?! type=\"module\" src=)", answer.text)
    for accept in ("*/*", "application/json", "text/html;q=0", "text/htmlx"):
        other = shop.client.get(path, headers={"Accept": accept})
        assert other.header("Content-Type").startswith("application/json"), (accept, other)
    assert shop.client.request("POST", path, headers={"Accept": "text/html"}).status in (404, 405)


def test_everything_fits_and_is_kept(shop):
    page = shop.client.get("/", headers={"Accept": "text/html"}).text
    folder = re.search(r"/assets/[0-9a-f]+/", page)[0]
    size = len(page)
    for file in (ROOT / "pages").iterdir():
        if file.suffix != ".html":
            answer = shop.client.get(folder + file.name)
            assert answer.status == 200 and "immutable" in answer.header("Cache-Control")
            assert answer.header("X-Content-Type-Options") == "nosniff"
            size += len(answer.body)
    assert size <= 150000
    assert shop.client.get("/assets/0/main.js").status == 404


# --- Looking ---

@pytest.mark.parametrize("size, scheme", [("desktop", "light"), ("phone", "dark")])
def test_every_page_looks_well(shop, browser, admin, recipe, size, scheme):
    long = recipe(title="Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamten" * 2,
                  big=int(BIG), chef={"name": "Ana", "stars": 2, "address": {"city": "Porto"}},
                  steps=[{"text": "Wash the lentils", "minutes": 5}, {"text": "Cook"}],
                  tags=["quick", "cheap", "x" * 50], source="https://example.org/" + "a" * 100)
    with browser.window(shop, admin, size, color_scheme=scheme) as page:
        for name, path in (("home", "/"), ("list", "/r/recipes"), ("item", address(long)),
                           ("new", "/new/recipes"), ("status", "/status"), ("docs", "/api/docs"),
                           ("none", "/r/recipes?q=zzzzz")):
            page.goto(path)
            expect(page.locator("main h1")).to_be_visible()
            if name == "docs":
                page.get_by_text("/api/recipes/{id}", exact=True).first.click()
            if name == "list":
                expect(page.get_by_role("link", name=long["title"]).first).to_be_visible()
            look(page, f"{name}-{scheme}", size)
    with browser.window(shop, None, size, color_scheme=scheme) as page:
        page.goto("/signin")
        expect(page.get_by_label("Email")).to_be_visible()
        look(page, f"signin-{scheme}", size)


def test_nobody_sees_no_control(shop, browser, recipe):
    with browser.window(shop) as page:
        page.goto("/")
        home = shop.client.get("/").json
        nav = page.get_by_role("navigation")
        for resource in home["resources"]:
            expect(nav.get_by_role("link", name=resource["name"], exact=True)).to_be_visible()
        page.goto(address(recipe(title="To be read")))
        expect(page.get_by_role("heading", name="To be read")).to_be_visible()
        for name in ("Edit", "Delete", "Sign out", "Status"):
            assert page.get_by_text(name, exact=True).count() == 0
        page.goto("/r/recipes")
        expect(page.get_by_role("searchbox", name="Search")).to_be_visible()
        assert page.get_by_role("link", name="New").count() == 0
        page.goto("/new/recipes")
        expect(page.get_by_role("main").get_by_role("link", name="Sign in")).to_be_visible()
        page.goto("/r/notes")
        expect(page.get_by_role("main").get_by_role("link", name="Sign in")).to_be_visible()
        page.goto("/status")
        expect(page.get_by_text("for administrators")).to_be_visible()
        assert page.context.cookies() == []


def test_what_is_not_there_says_so(shop, browser):
    with browser.window(shop, refused=(404, 400)) as page:
        for path in ("/r/nothing", "/new/nothing", "/r/nothing/1", "/r/recipes/" + "f" * 24,
                     "/r/recipes/no-id"):
            page.goto(path)
            expect(page.get_by_role("heading", name="Not found")).to_be_visible()


# --- Finding ---

def test_the_query_is_the_api_s(shop, browser, recipe):
    for i in range(3):
        recipe(title=f"Found {i}", minutes=100 + i, cuisine="thai", chef={"name": "Finder"})
    with browser.window(shop) as page:
        page.goto("/r/recipes?page=9")
        page.get_by_label("cuisine", exact=True).select_option("thai")
        expect(page).to_have_url(re.compile(r"/r/recipes\?cuisine=thai$"))
        page.get_by_label("chef", exact=True).fill("Finder")
        page.get_by_label("chef", exact=True).press("Enter")
        expect(page.get_by_text("3 recipes", exact=True)).to_be_visible()
        page.get_by_label("Sort").select_option("-minutes")
        expect(page.get_by_role("row").nth(1).get_by_role("link")).to_have_text("Found 2")
        page.get_by_role("searchbox", name="Search").fill("found")
        page.get_by_role("searchbox", name="Search").press("Enter")
        expect(page).to_have_url(re.compile("q=found"))
        page.reload()
        expect(page.get_by_role("searchbox", name="Search")).to_have_value("found")
        page.get_by_role("link", name="Found 1").click()
        expect(page.get_by_role("heading", name="Found 1")).to_be_visible()
        page.go_back()
        expect(page.get_by_text("3 recipes", exact=True)).to_be_visible()
        page.go_back()
        expect(page.get_by_role("searchbox", name="Search")).to_have_value("")
        expect(page.get_by_label("Sort")).to_have_value("-minutes")


def test_pages_lead_on_and_back(shop, browser, recipe):
    for i in range(3):
        recipe(title=f"Page {i}", chef={"name": "Pages"})
    with browser.window(shop) as page:
        page.goto("/r/recipes?chef=Pages&limit=2&sort=title")
        previous, following = (page.get_by_role("link", name=name) for name in ("Previous", "Next"))
        expect(previous).to_be_disabled()
        following.click()
        expect(page.get_by_role("link", name="Page 2")).to_be_visible()
        expect(following).to_be_disabled()
        previous.click()
        expect(page.get_by_role("link", name="Page 0")).to_be_visible()
        expect(page.get_by_text("3 recipes", exact=True)).to_be_visible()


def test_a_wrong_query_is_told(shop, browser):
    with browser.window(shop, refused=(400,)) as page:
        page.goto("/r/recipes?nothing=1")
        expect(page.get_by_role("alert")).to_contain_text("nothing")
        page.get_by_role("button", name="Clear filters").click()
        expect(page).to_have_url(re.compile("/r/recipes$"))


# --- People ---

def test_signing_in_returns_and_out_ends(shop, browser, editor):
    with browser.window(shop, refused=(401, 400)) as page:
        page.goto("/r/recipes?sort=title")
        page.get_by_role("link", name="Sign in").click()
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
        expect(page.get_by_label("Email")).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_label("Email")).to_be_focused()
        page.get_by_label("Email").fill(editor.email)
        page.get_by_label("Password").fill("wrong")
        page.get_by_label("Password").press("Enter")
        expect(page.get_by_label("Password")).to_be_focused()
        expect(page.get_by_text("Wrong email or password")).to_be_visible()
        sign_in(page, editor)
        expect(page).to_have_url(re.compile(r"/r/recipes\?sort=title$"))
        expect(page.get_by_role("link", name="New")).to_be_visible()
        assert page.evaluate("document.cookie + JSON.stringify({...localStorage, ...sessionStorage})") == "{}"
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("link", name="Sign in")).to_be_visible()
        assert page.get_by_role("link", name="New").count() == 0


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example/x", "/\\evil.example",
                                   "javascript:alert(1)", "\t//evil.example"])
def test_signing_in_leads_nowhere_else(shop, browser, editor, there):
    with browser.window(shop) as page:
        page.goto("/signin")
        page.evaluate("there => location.replace('/signin?next=' + encodeURIComponent(there))", there)
        expect(page).to_have_url(re.compile("next="))
        sign_in(page, editor)
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        assert page.url.startswith(shop.url + "/")


# --- Making ---

def test_a_form_makes_one(shop, browser, editor):
    with browser.window(shop, editor) as page:
        page.goto("/r/recipes")
        page.get_by_role("link", name="New").click()
        for name, text in (("title", "Made by hand"), ("minutes", "30"), ("big", BIG),
                           ("price", "12.50"), ("published", "2026-07-01T12:00"),
                           ("chef.name", "Ana"), ("chef.address.city", "Porto"),
                           ("tags", "one\ntwo\n"), ("season", "2026-06-21")):
            page.get_by_label(name, exact=True).fill(text)
        page.get_by_label("cuisine", exact=True).select_option("indian")
        page.get_by_role("button", name="Add steps").click()
        page.get_by_label("steps[0].text", exact=True).fill("Wash")
        page.get_by_role("button", name="Add steps").click()
        page.get_by_label("steps[1].text", exact=True).fill("Cook")
        page.get_by_role("button", name="Remove steps[0]").click()
        expect(page.get_by_label("steps[0].text", exact=True)).to_have_value("Cook")
        assert page.get_by_label("published", exact=True).get_attribute("title").startswith(
            "2026-07-01T10:00:00.000Z")
        expect(page.get_by_text("Europe/Berlin")).to_be_visible()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Made by hand")).to_be_visible()
        expect(page.get_by_text(BIG)).to_be_visible()
        item = read(shop, {"_id": page.url.rpartition("/")[2]})
    assert {name: item[name] for name in ("big", "price", "published", "chef", "tags", "steps",
                                          "cuisine", "season")} == {
        "big": int(BIG), "price": "12.50", "published": "2026-07-01T10:00:00.000Z",
        "chef": {"name": "Ana", "address": {"city": "Porto"}}, "tags": ["one", "two"],
        "steps": [{"text": "Cook"}], "cuisine": "indian", "season": "2026-06-21"}


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_errors_stand_beside_their_fields(shop, browser, editor, size):
    with browser.window(shop, editor, size, refused=(400,)) as page:
        page.goto("/new/recipes")
        page.get_by_label("minutes", exact=True).fill("soon")
        page.get_by_label("chef.stars", exact=True).fill("9")
        page.get_by_role("button", name="Save").click()
        title = page.get_by_label("title", exact=True)
        expect(title).to_be_focused()
        for name in ("title", "minutes", "chef.name", "chef.stars"):
            field = page.get_by_label(name, exact=True)
            expect(field).to_have_attribute("aria-invalid", "true")
            tied = field.get_attribute("aria-describedby").split()[-1]
            assert page.locator(f'[id="{tied}"]').inner_text().strip()
        expect(page.get_by_label("cuisine", exact=True)).not_to_have_attribute("aria-invalid", "true")
        look(page, "errors", size)
        title.fill("Mended")
        page.get_by_label("minutes", exact=True).fill("5,5")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Must have a point: 5.5")).to_be_visible()
        page.get_by_label("minutes", exact=True).fill("5")
        page.get_by_label("chef.stars", exact=True).fill("")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Mended")).to_be_visible()


def test_a_lost_answer_makes_one(shop, browser, editor):
    with browser.window(shop, editor) as page:
        keys = []

        def lose(route):
            keys.append(route.request.headers["idempotency-key"])
            if len(keys) == 1:
                route.fetch()
                route.fulfill(status=200, content_type="application/json", body="")
            else:
                route.continue_()
        page.route("**/api/recipes", lambda route: lose(route)
                   if route.request.method == "POST" else route.continue_())
        page.goto("/new/recipes")
        page.get_by_label("title", exact=True).fill("Only once")
        page.get_by_label("minutes", exact=True).fill("5")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("did not answer")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Only once")).to_be_visible()
    assert len(keys) == 2 and keys[0] == keys[1]
    assert shop.mongo.recipes.count_documents({"title": "Only once"}) == 1


def test_typed_text_is_not_lost_without_a_question(shop, browser, editor, recipe):
    with browser.window(shop, editor) as page:
        asked = []

        def answer(dialog):
            asked.append(dialog.type)
            dialog.dismiss()
        page.on("dialog", answer)
        page.goto(address(recipe(title="Asked")))
        page.get_by_role("button", name="Edit").click()
        page.keyboard.press("Escape")
        expect(page.get_by_role("heading", name="Asked", exact=True)).to_be_visible()
        assert asked == []
        page.get_by_role("button", name="Edit").click()
        page.get_by_label("title", exact=True).press_sequentially(" again")
        page.keyboard.press("Escape")
        assert asked == ["confirm"]
        page.get_by_role("link", name="API").click(no_wait_after=True)
        eventually(lambda: page.evaluate("1") and asked == ["confirm", "beforeunload"])
        expect(page.get_by_label("title", exact=True)).to_have_value("Asked again")
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("heading", name="Asked", exact=True)).to_be_visible()


# --- Changing ---

def test_only_what_was_typed_is_sent(shop, browser, editor, recipe):
    item = recipe(title="Before", big=int(BIG), tags=["a"], chef={"name": "Ana", "stars": 1})
    with browser.window(shop, editor) as page:
        sent = []
        page.on("request", lambda request: request.method == "PATCH" and sent.append(request))
        page.goto(address(item))
        page.get_by_role("button", name="Edit").click()
        page.get_by_label("title", exact=True).fill("After")
        page.get_by_label("chef.stars", exact=True).fill("")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="After", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Edit")).to_be_focused()
        expect(page.get_by_role("status")).to_contain_text("Saved")
        assert json.loads(sent[0].post_data) == {"title": "After", "chef": {"stars": None}}
        assert sent[0].headers["if-match"]
    after = read(shop, item)
    assert (after["title"], after["big"], after["chef"]) == ("After", int(BIG), {"name": "Ana"})


@pytest.mark.parametrize("size, button", [("desktop", "Save"), ("phone", "Cancel")])
def test_both_versions_stand_side_by_side(shop, browser, editor, recipe, size, button):
    item = recipe(title="Once", tags=["first"])
    with browser.window(shop, editor, size, refused=(412,)) as page:
        page.goto(address(item))
        page.get_by_role("button", name="Edit").click()
        page.get_by_label("title", exact=True).fill("Mine")
        theirs = editor.request("PATCH", f"/api/recipes/{item['_id']}",
                                {"title": "Theirs", "minutes": 77})
        assert theirs.status == 200, theirs
        page.get_by_role("button", name="Save").click()
        table = page.get_by_role("region", name="Changed meanwhile")
        expect(table.get_by_role("row", name="title")).to_contain_text("Mine")
        expect(table.get_by_role("row", name="title")).to_contain_text("Theirs")
        expect(table.get_by_role("row", name="minutes")).to_contain_text("77")
        expect(page.get_by_label("title", exact=True)).to_have_value("Mine")
        expect(page.get_by_label("minutes", exact=True)).to_have_value("77")
        assert read(shop, item)["title"] == "Theirs"
        look(page, "conflict", size)
        page.get_by_role("button", name=button).click()
        title = "Mine" if button == "Save" else "Theirs"
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    after = read(shop, item)
    assert (after["title"], after["minutes"]) == (title, 77)


# --- Deleting ---

def test_deleting_waits_for_undo(shop, browser, editor, recipe):
    item = recipe(title="Spared")
    with browser.window(shop, editor) as page:
        page.goto(address(item))
        page.get_by_role("button", name="Delete").click()
        expect(page.get_by_text("is deleted")).to_be_visible()
        page.wait_for_timeout(4500)
        assert shop.client.get(f"/api/recipes/{item['_id']}").status == 200
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("button", name="Edit")).to_be_visible()
        page.get_by_role("button", name="Delete").click()
        look(page, "deleted")
        expect(page.get_by_role("heading", name="Deleted")).to_be_visible()
    assert shop.client.get(f"/api/recipes/{item['_id']}").status == 404


def test_leaving_the_page_deletes_at_once(shop, browser, editor, recipe):
    item = recipe(title="Left")
    with browser.window(shop, editor) as page:
        page.goto(address(item))
        page.get_by_role("button", name="Delete").click()
        page.get_by_role("link", name="Larder").click()
        expect(page.get_by_role("heading", name="Resources")).to_be_visible()
        eventually(lambda: shop.client.get(f"/api/recipes/{item['_id']}").status == 404, 4)


def test_what_others_have_changed_is_not_deleted(shop, browser, editor, recipe):
    item = recipe(title="Seen")
    with browser.window(shop, editor, refused=(412,)) as page:
        page.goto(address(item))
        page.get_by_role("button", name="Delete").click()
        editor.request("PATCH", f"/api/recipes/{item['_id']}", {"title": "Not seen"})
        expect(page.get_by_role("heading", name="Not seen")).to_be_visible()
        expect(page.get_by_role("status")).to_contain_text("Not deleted")
    assert read(shop, item)["title"] == "Not seen"


# --- Administrators, and the API ---

def test_status_is_live_and_purges(shop, browser, admin):
    with browser.window(shop, admin, refused=(404,)) as page:
        page.goto("/")
        page.get_by_role("link", name="Status").click()
        for words in ("Requests a second", "Hit ratio", "Pending invalidations", "MongoDB"):
            expect(page.get_by_text(words, exact=True)).to_be_visible()
        page.get_by_label("Tag", exact=True).fill("nothing")
        page.get_by_role("button", name="Purge").click()
        expect(page.get_by_label("Tag", exact=True)).to_have_attribute("aria-invalid", "true")
        page.get_by_label("Tag", exact=True).fill("recipes")
        page.get_by_role("button", name="Purge").click()
        expect(page.get_by_role("status")).to_contain_text("Purged recipes")


def test_docs_are_tried(shop, browser):
    with browser.window(shop) as page:
        page.goto("/api/docs")
        page.get_by_text("List recipes", exact=True).click()
        page.get_by_label("limit", exact=True).fill("1")
        expect(page.get_by_label("curl", exact=True)).to_contain_text("/api/recipes?limit=1")
        page.get_by_role("button", name="Try").click()
        expect(page.get_by_label("Body of the answer")).to_contain_text('"success": true')


def test_a_named_list_is_a_list(shop, browser, recipe):
    recipe(title="Quick one", minutes=3)
    with browser.window(shop) as page:
        page.goto("/r/recipes/quick")
        expect(page.get_by_role("link", name="Quick one")).to_be_visible()
