# SPDX-License-Identifier: BSD-2-Clause
"""Pages of other origins: what a real browser lets them do, and by which headers."""
import http.server
import json
import pathlib
import queue
import shutil
import subprocess
import tempfile
import threading

import pytest

from client import Client
from people import PASSWORD, Person
from stack import Stack, eventually, free_ports

NAMED, OTHER = "http://127.0.0.1:{}", "http://localhost:{}"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
EXPOSED = {"ETag", "Link", "X-Total-Count", "Location", "X-Request-Id", "Cache-Status",
           "RateLimit", "Retry-After", "Idempotent-Replayed"}


class Pages:
    """Serves one page under all names of this host, and takes what its script reports."""

    def __init__(self):
        pages = self
        self.script, self.reports = "", queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = f"<!doctype html><script>{pages.script}</script>".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(204)
                self.end_headers()
                pages.reports.put(json.loads(body))

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def run(self, origin, script):
        """What `script`, the body of an async function, returns in a browser's page of origin."""
        self.script = ("(async () => { let told; try { told = await (async () => {" + script +
                       "})(); } catch (error) { told = {thrown: String(error)}; }"
                       " await fetch('/', {method: 'POST', body: JSON.stringify(told)}); })();")
        # Its helpers may still write there when it has ended.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            browser = subprocess.Popen(
                [shutil.which("chromium"), "--headless=new", "--no-sandbox", "--disable-gpu",
                 "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
                 f"--user-data-dir={profile}", "--remote-debugging-port=0", origin + "/"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                return self.reports.get(timeout=60)
            finally:
                browser.terminate()
                browser.wait(20)


@pytest.fixture(scope="module")
def pages():
    pages = Pages()
    yield pages
    pages.close()


@pytest.fixture(scope="module")
def shop(stack, pages):
    """A host that names one origin of two; writes need somebody signed in."""
    shop = stack.sibling(LARDER_ORIGINS=f"https://shop.example, {NAMED.format(pages.port)}",
                         LARDER_WRITES="closed", LARDER_SIGNUP="open")
    shop.settle()
    return shop


@pytest.fixture(scope="module")
def open_shop(stack):
    host = stack.sibling(LARDER_ORIGINS="*")
    host.settle()
    return host


@pytest.fixture(scope="module")
def editor(shop):
    return Person(shop, "editor")


@pytest.fixture(scope="module")
def item(shop, editor):
    made = editor.request("POST", "/api/products", {"name": "kettle", "price": 1,
                                                    "category": "browser"})
    assert made.status == 201, made
    return made.header("Location")


def ask(client, method, target, origin, **headers):
    return client.request(method, target, headers={"Origin": origin, **{
        name.replace("_", "-"): value for name, value in headers.items()}})


def words(field):
    return {word.strip() for word in (field or "").split(",")} - {""}


# --- A real browser ---

SCRIPT = """
    const api = %(api)s, json = {"Content-Type": "application/json"}, seen = {};
    const ask = async (name, path, more) => {
        try {
            const answer = await fetch(api + path, more);
            seen[name] = {status: answer.status, headers: Object.fromEntries(answer.headers),
                          body: await answer.text()};
        } catch (error) { seen[name] = {status: 0, error: String(error)}; }
        return seen[name];
    };
    const item = %(item)s;
    const got = await ask("get", item);
    await ask("conditional", item, {cache: "no-store", headers: {
        "If-None-Match": (got.headers || {}).etag || "x"}});
    await ask("missing", "/api/products/ffffffffffffffffffffffff");
    await ask("nowhere", "/nowhere", {headers: {Authorization: "Bearer x"}});
    await ask("list", "/api/products?category=browser&limit=1");
    await ask("bearer", "/api/products", {method: "POST", headers: {...json,
        Authorization: "Bearer " + %(token)s, "Idempotency-Key": %(key)s},
        body: JSON.stringify({name: "by bearer", price: 1, category: "browser-writes"})});
    await ask("large", "/api/products", {method: "POST", headers: {...json,
        Authorization: "Bearer " + %(token)s}, body: "x".repeat(70000)});
    await ask("session", "/api/sessions", {method: "POST", credentials: "include", headers: json,
        body: JSON.stringify({email: %(email)s, password: %(password)s})});
    await ask("cookie", item, {method: "PUT", credentials: "include", headers: json,
        body: JSON.stringify({price: %(price)d})});
    await ask("patch", item, {method: "PATCH", credentials: "include",
        headers: {"Content-Type": "application/merge-patch+json"},
        body: JSON.stringify({description: "x"})});
    return seen;
"""


def run(pages, shop, editor, item, origin, price):
    values = {"api": shop.url, "item": item, "token": editor.token, "key": f"browser-{price}",
              "email": editor.email, "password": PASSWORD}
    script = SCRIPT % {**{name: json.dumps(value) for name, value in values.items()},
                       "price": price}
    return pages.run(origin, script)


def test_a_page_of_a_named_origin_works(pages, shop, editor, item):
    seen = run(pages, shop, editor, item, NAMED.format(pages.port), 7)
    assert {name: answer["status"] for name, answer in seen.items()} == {
        "get": 200, "conditional": 304, "missing": 404, "nowhere": 404, "list": 200, "bearer": 201,
        "large": 413, "session": 201, "cookie": 200, "patch": 200}, seen
    headers = seen["get"]["headers"]
    assert headers["etag"] and headers["x-request-id"] and headers["cache-status"]
    assert seen["bearer"]["headers"]["location"].startswith("/api/products/")
    assert "rel=" in seen["list"]["headers"]["link"]
    assert shop.client.get(item).json["data"]["price"] == 7


def test_a_page_of_another_origin_is_refused(pages, shop, editor, item):
    before = shop.client.get(item).json["data"]
    total = shop.client.get("/api/products?category=browser-writes").json["total"]
    seen = run(pages, shop, editor, item, OTHER.format(pages.port), 8)
    assert {answer["status"] for answer in seen.values()} == {0}, seen
    assert shop.client.get(item).json["data"] == before
    assert shop.client.get("/api/products?category=browser-writes").json["total"] == total


def test_any_page_may_read_where_all_may(pages, open_shop, item):
    script = """
        const told = {};
        const ask = async (name, path, more) => {
            try { told[name] = (await fetch(%(api)s + path, more)).status; }
            catch (error) { told[name] = 0; }
        };
        await ask("get", %(item)s);
        await ask("conditional", %(item)s, {cache: "no-store", headers: {"If-None-Match": '"x"'}});
        await ask("credentials", %(item)s, {credentials: "include"});
        await ask("bearer", %(item)s, {headers: {Authorization: "Bearer x"}});
        await ask("put", %(item)s, {method: "PUT", headers: {"Content-Type": "application/json"},
            body: '{"price":99}'});
        return told;
    """ % {"api": json.dumps(open_shop.url), "item": json.dumps(item)}
    assert pages.run(OTHER.format(pages.port), script) == {
        "get": 200, "conditional": 200, "credentials": 0, "bearer": 0, "put": 0}


# --- The headers ---

@pytest.mark.parametrize("path", ["/api/products", "/api/posts/ffffffffffffffffffffffff",
                                  "/api/sessions/current", "/api/nothing", "/"])
@pytest.mark.parametrize("method", sorted(METHODS))
def test_preflight(shop, path, method):
    answer = ask(shop.client, "OPTIONS", path, "https://shop.example",
                 Access_Control_Request_Method=method,
                 Access_Control_Request_Headers="authorization,content-type,if-match,idempotency-key")
    assert answer.status == 204 and answer.body == b""
    assert answer.header("Access-Control-Allow-Origin") == "https://shop.example"
    assert answer.header("Access-Control-Allow-Credentials") == "true"
    assert words(answer.header("Access-Control-Allow-Methods")) == METHODS
    assert {"Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key",
            "X-Request-Id"} <= words(answer.header("Access-Control-Allow-Headers"))
    assert int(answer.header("Access-Control-Max-Age")) >= 600
    assert "Origin" in words(answer.header("Vary"))


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "*", "https://shop.example.evil",
                                    "http://shop.example", "https://shop.example/", ""])
def test_other_origins_are_told_nothing(shop, item, origin):
    for answer in (ask(shop.client, "OPTIONS", item, origin, Access_Control_Request_Method="PUT"),
                   ask(shop.client, "GET", item, origin), ask(shop.client, "POST", item, origin),
                   ask(shop.client, "GET", "/nowhere", origin)):
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        assert "Origin" in words(answer.header("Vary"))


def test_every_answer_has_them(shop, item):
    origin, client = "https://shop.example", shop.client
    etag = client.get(item).etag
    answers = [ask(client, "GET", item, origin), ask(client, "HEAD", item, origin),
               ask(client, "GET", item, origin, If_None_Match=etag),
               ask(client, "GET", "/api/products/x", origin),
               ask(client, "PUT", item, origin), ask(client, "TRACE", item, origin),
               ask(client, "DELETE", "/api/products", origin),
               client.request("POST", "/api/products", body=b"x" * 70000,
                              headers={"Origin": origin, "Content-Type": "application/json"})]
    assert {answer.status for answer in answers} >= {200, 304, 400, 401, 405, 413}
    for answer in answers:
        assert answer.headers.get_all("Access-Control-Allow-Origin") == [origin], answer
        assert answer.headers.get_all("Access-Control-Allow-Credentials") == ["true"]
        assert "X-Request-Id" in words(answer.header("Access-Control-Expose-Headers"))
        assert "Origin" in words(",".join(answer.headers.get_all("Vary")))
    for answer in answers[:2]:
        assert EXPOSED <= words(answer.header("Access-Control-Expose-Headers"))
        assert words(answer.header("Vary")) == {"Accept-Encoding", "Origin"}


def test_one_kept_answer_serves_all_origins(shop, item):
    eventually(lambda: "detail=memory" in shop.client.get(item).cache_status)
    etags = set()
    for origin in ("https://shop.example", "https://evil.example", "https://another.example", None):
        headers = {"Origin": origin} if origin else {}
        answer = shop.client.get(item, headers=headers)
        assert "detail=memory" in answer.cache_status
        expected = origin if origin == "https://shop.example" else None
        assert answer.header("Access-Control-Allow-Origin") == expected
        etags.add((answer.etag, answer.body))
    assert len(etags) == 1


def test_without_workers(stack):
    """nginx alone knows the origins too."""
    host = stack.sibling(LARDER_ORIGINS="https://shop.example")
    host.control("stop", "larderd")
    try:
        answer = ask(Client(host.url), "GET", "/api/products", "https://shop.example")
        assert answer.status == 502
        assert answer.header("Access-Control-Allow-Origin") == "https://shop.example"
        answer = ask(Client(host.url), "GET", "/api/products", "https://evil.example")
        assert answer.header("Access-Control-Allow-Origin") is None
    finally:
        host.control("start")


def test_all_may_read(open_shop, item):
    answer = ask(open_shop.client, "GET", item, "https://any.example")
    assert answer.header("Access-Control-Allow-Origin") == "*"
    assert answer.header("Access-Control-Allow-Credentials") is None
    assert answer.header("Vary") == "Accept-Encoding"
    assert EXPOSED <= words(answer.header("Access-Control-Expose-Headers"))
    read = ask(open_shop.client, "OPTIONS", item, "https://any.example",
               Access_Control_Request_Method="GET")
    assert words(read.header("Access-Control-Allow-Methods")) == {"GET", "HEAD"}
    assert "Authorization" not in words(read.header("Access-Control-Allow-Headers"))
    write = ask(open_shop.client, "OPTIONS", item, "https://any.example",
                Access_Control_Request_Method="PUT")
    assert write.header("Access-Control-Allow-Origin") is None
    problem = ask(open_shop.client, "GET", "/api/products?x=" + "y" * 9000, "https://any.example")
    assert problem.status == 414 and problem.header("Access-Control-Allow-Origin") == "*"


def test_without_origins_nothing_is_said(stack, http):
    for answer in (ask(http, "GET", "/api/products", "https://shop.example"),
                   ask(http, "OPTIONS", "/api/products", "https://shop.example",
                       Access_Control_Request_Method="PUT")):
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        assert "Origin" not in words(answer.header("Vary"))
