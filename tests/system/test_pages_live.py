# SPDX-License-Identifier: BSD-2-Clause
"""Pages that are told of changes: two windows of one list, an item, a form; and the page of
docs/browser.md, from another origin."""
import functools
import http.server
import pathlib
import re
import threading

import pytest
from playwright.sync_api import expect

from pages import browser, editor, look  # noqa: F401 (two are fixtures)
from stack import ROOT, eventually

RESOURCES = pathlib.Path(__file__).parent / "resources"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A server of files at an origin of its own: its folder and its address."""
    folder = tmp_path_factory.mktemp("elsewhere")
    handler = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def shop(stack, elsewhere):
    shop = stack.sibling(LARDER_WRITES="closed", LARDER_SIGNUP="open", LARDER_ORIGINS=elsewhere[1],
                         LARDER_RESOURCES=str(RESOURCES))
    return shop.settle()


@pytest.fixture
def make(editor):
    def make(path="/api/recipes", **fields):
        made = editor.request("POST", path, {"title": "Dal", "minutes": 25, **fields})
        assert made.status == 201, made
        return made.json["data"]
    return make


def test_a_record_is_made_found_changed_and_watched_in_two_windows(shop, browser, editor):
    with browser.window(shop, editor) as one, browser.window(shop) as two:
        two.goto("/r/recipes?chef=Watched")
        expect(two.get_by_text("0 recipes", exact=True)).to_be_visible()
        one.goto("/r/recipes")
        one.get_by_role("link", name="New").click()
        for name, text in (("title", "Watched dish"), ("minutes", "5"), ("chef.name", "Watched")):
            one.get_by_label(name, exact=True).fill(text)
        one.get_by_role("button", name="Save").click()
        expect(two.get_by_role("link", name="Watched dish")).to_be_visible()
        expect(two.get_by_role("status")).to_contain_text("changed")
        two.get_by_role("link", name="Watched dish").click()
        expect(two.get_by_role("heading", name="Watched dish")).to_be_visible()
        one.get_by_role("button", name="Edit").click()
        one.get_by_label("title", exact=True).fill("Changed dish")
        one.get_by_role("button", name="Save").click()
        expect(two.get_by_role("heading", name="Changed dish")).to_be_visible()
        one.get_by_role("button", name="Delete").click()
        one.get_by_role("link", name="Larder").click()
        expect(two.get_by_text("has been deleted")).to_be_visible()


def test_typed_text_outlives_a_change_that_arrives(shop, browser, editor, make):
    item = make(title="Typed over")
    with browser.window(shop, editor) as page:
        page.goto(f"/r/recipes/{item['_id']}")
        page.get_by_role("button", name="Edit").click()
        page.get_by_label("title", exact=True).fill("Still here")
        editor.request("PATCH", f"/api/recipes/{item['_id']}", {"minutes": 99})
        expect(page.get_by_role("status")).to_contain_text("changed this meanwhile")
        expect(page.get_by_label("title", exact=True)).to_have_value("Still here")


def test_a_page_has_one_stream(shop, browser):
    with browser.window(shop) as page:
        streams = []
        page.on("request", lambda request: "/api/live" in request.url and streams.append(request.url))
        page.goto("/r/recipes")
        page.get_by_label("cuisine", exact=True).select_option("thai")
        expect(page).to_have_url(re.compile("cuisine=thai"))
        expect(page.get_by_role("searchbox", name="Search")).to_be_visible()
        page.wait_for_timeout(500)
        assert 1 <= len(streams) <= 2 and "cuisine" in streams[-1]


HIDE = """hidden => {
    Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_hidden_page_has_no_stream_and_catches_up(shop, browser, editor, make):
    item = make(title="Seen")
    with browser.window(shop) as page:
        page.goto(f"/r/recipes/{item['_id']}")
        expect(page.get_by_role("heading", name="Seen")).to_be_visible()
        eventually(lambda: shop.metrics()["larder_streams"] == 1, what="the page's stream")
        page.evaluate(HIDE, True)
        eventually(lambda: shop.metrics()["larder_streams"] == 0, what="no stream")
        editor.request("PATCH", f"/api/recipes/{item['_id']}", {"title": "Changed while hidden"})
        page.evaluate(HIDE, False)
        expect(page.get_by_role("heading", name="Changed while hidden")).to_be_visible()


def test_uncertainty_is_told(stack, shop, browser, make):
    item = make(title="Uncertain")
    with browser.window(shop) as page:
        page.goto(f"/r/recipes/{item['_id']}")
        expect(page.get_by_role("heading", name="Uncertain")).to_be_visible()
        stack.control("stop", "redis")
        try:
            expect(page.get_by_role("status")).to_contain_text("may be old")
        finally:
            stack.control("start")
            shop.settle(30)
        expect(page.get_by_role("status")).not_to_contain_text("may be old")


def test_pages_work_without_streams(stack, browser, make):
    host = stack.sibling(LARDER_STREAMS="0", LARDER_RESOURCES=str(RESOURCES))
    make(title="Without streams")
    with browser.window(host) as page:
        page.goto("/r/recipes")
        page.get_by_role("link", name="Without streams").click()
        expect(page.get_by_role("heading", name="Without streams")).to_be_visible()
        page.wait_for_timeout(300)


def test_the_page_of_the_documentation_is_live(shop, browser, editor, elsewhere):
    text = (ROOT / "docs" / "browser.md").read_text()
    page_text = re.search(r"```html\n(.*?)```", text, re.S)[1]
    assert page_text.count("\n") <= 60
    folder, origin = elsewhere
    (folder / "favicon.ico").write_bytes(b"")
    (folder / "live.html").write_text(page_text.replace("http://localhost:8080", shop.url))
    with browser.window(shop) as page:
        page.goto(f"{origin}/live.html")
        expect(page.get_by_role("heading", name="Newest products")).to_be_visible()
        for i in range(2):
            made = editor.request("POST", "/api/products", {"name": f"Live kettle {i}", "price": 3,
                                                            "category": "live"})
            assert made.status == 201, made
            expect(page.get_by_text(f"Live kettle {i}: 3")).to_be_visible()


def test_facets_stand_beside_the_list(shop, browser, make):
    for cuisine in ("thai", "thai", "indian"):
        make(title="Facet", cuisine=cuisine, chef={"name": "Facets"})
    with browser.window(shop) as page:
        page.goto("/r/recipes?chef=Facets")
        thai = page.get_by_role("list", name="Values of cuisine").get_by_role("button", name="thai 2")
        expect(thai).to_be_visible()
        look(page, "facets")
        thai.click()
        expect(page.get_by_text("2 recipes", exact=True)).to_be_visible()
        expect(page).to_have_url(re.compile("cuisine=thai"))
        expect(thai).to_have_attribute("aria-pressed", "true")
        thai.click()
        expect(page.get_by_text("3 recipes", exact=True)).to_be_visible()
