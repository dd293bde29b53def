# SPDX-License-Identifier: BSD-2-Clause
"""Larder's pages in Chromium, for tests."""
import contextlib
import os
import pathlib
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from people import PASSWORD, Person
from stack import ROOT

SCREENSHOTS = pathlib.Path(os.environ.get("LARDER_TEST_LOGS") or ROOT / "var" / "test") / "screenshots"
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
# What Chromium says itself of an answer that is an error, whoever handles it.
REFUSED = "Failed to load resource: the server responded with a status of"


expect.set_options(timeout=20000)


class Browser:
    def __init__(self):
        self.playwright = sync_playwright().start()
        self.chromium = self.playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--no-proxy-server", "--disable-dev-shm-usage"])

    def close(self):
        self.chromium.close()
        self.playwright.stop()

    @contextlib.contextmanager
    def window(self, shop, person=None, size="desktop", refused=(), **more):
        """A window of its own, of nobody or of somebody who is signed in.  Afterwards its console
        must be empty but for answers of these statuses."""
        context = self.chromium.new_context(
            base_url=shop.url, viewport=SIZES[size], timezone_id="Europe/Berlin", locale="en-GB", **more)
        if person is not None:
            context.add_cookies([{"name": "larder_session", "value": person.token, "url": shop.url}])
        context.set_default_timeout(20000)
        page = context.new_page()
        said = []
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"thrown: {error}"))
        try:
            yield page
            expected = tuple(f"error: {REFUSED} {status}" for status in refused)
            assert not [one for one in said if not expected or not one.startswith(expected)], said
        finally:
            context.close()


# --- Fixtures, of modules that have a shop ---

@pytest.fixture(scope="module")
def browser():
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def editor(shop):
    return Person(shop, "editor", name="Edith")


# --- What people do ---

def sign_in(page, person):
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


def look(page, name, size="desktop"):
    """Keeps a screenshot, and lets axe look for what keeps people out."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}-{size}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name} is {wide} pixels wider than a {size}"
    found = Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert not serious, [(one["id"], [node["html"] for node in one["nodes"]]) for one in serious]
