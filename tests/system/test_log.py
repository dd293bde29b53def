# SPDX-License-Identifier: BSD-2-Clause
"""The log of requests, traces, and what editors see of the costs."""
import json
import re
import time

import pytest

import fcgi
import mongo_proxy
from client import Client
from people import PASSWORD, Person
from stack import Stack, of_database

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
FIELDS = ["requestId", "method", "route", "path", "query", "status", "durationMs", "bytes", "cache",
          "redisMs", "mongoMs", "queueMs"]


@pytest.fixture(scope="module")
def told(stack):
    """A host that logs all requests, and nothing else below an error, with a MongoDB that tells
    what it is asked."""
    uri, proxy = mongo_proxy.in_front(of_database(stack.env["MONGODB_URI"], "logged"))
    host = Stack(MONGODB_URI=uri, LARDER_ACCESS_LOG="all", LARDER_LOG_LEVEL="error",
                 LARDER_WRITES="closed", LARDER_SIGNUP="open")
    host.proxy = proxy
    try:
        yield host.up()
    finally:
        host.down()
        proxy.cut()


@pytest.fixture(scope="module")
def editor(told):
    return Person(told, "editor")


@pytest.fixture(scope="module")
def reader(told):
    return Person(told)


def line_of(host, answer, eventually, event="request"):
    """The line about the request that was answered so."""
    wanted = answer.header("X-Request-Id")

    def found():
        return [line for line in host.told()
                if line.get("requestId") == wanted and line["event"] == event]
    [line] = eventually(found, what=f"a line about {wanted}")
    return line


def test_all_lines_begin_alike(told, stack, eventually):
    told.client.get("/api/products")
    for host in (told, stack):
        for line in eventually(host.told):
            assert list(line)[:4] == ["time", "level", "event", "message"], line
            assert re.fullmatch(r"[a-z0-9-]+", line["event"]), line


def test_a_request_is_one_line(told, eventually):
    answer = told.client.get("/api/products?limit=1&page=2", headers={"Cookie": "theme=dark"})
    line = line_of(told, answer, eventually)
    assert [name for name in line if name in FIELDS] == FIELDS
    assert set(line) - set(FIELDS) == {"time", "level", "event", "message", "pid", "component"}
    assert (line["level"], line["event"]) == ("info", "request")
    assert (line["method"], line["route"], line["path"], line["query"], line["status"]) == (
        "GET", "/api/products", "/api/products", "limit=1&page=2", 200)
    assert line["bytes"] == len(answer.body) and 0 < line["durationMs"] < 20000
    assert "theme" not in json.dumps(line)


def test_head_and_304_have_no_bytes(told, eventually):
    answer = told.client.get("/api/posts?limit=1")
    again = told.client.request("GET", "/api/posts?limit=1",
                                headers={"If-None-Match": answer.etag})
    head = told.client.request("HEAD", "/api/posts?limit=1")
    assert (again.status, head.status) == (304, 200)
    for one in (again, head):
        assert line_of(told, one, eventually)["bytes"] == 0


@pytest.mark.parametrize("query, shown", [
    ("q=sofa&limit=1", "q=&limit=1"), ("limit=1&q=so%66a", "limit=1&q="),
    ("%71=sofa", "%71="), ("Q=sofa&q=sofa&limit=2", "Q=&q=&limit=2"),
    ("password=sofa", "password="), ("token=sofa&page=1", "token=&page=1"),
    ("limit=1&q", "limit=1&q"), ("category=q%3Dx", "category=q%3Dx"), ("%zz=sofa", "%zz=")])
def test_a_query_is_shown_without_secrets(told, eventually, query, shown):
    line = line_of(told, told.client.get(f"/api/products?{query}"), eventually)
    assert line["query"] == shown and line["path"] == "/api/products"


def test_no_password_and_no_token_is_logged(told, reader, eventually):
    answer = reader.sign_in()
    line_of(told, answer, eventually)
    line_of(told, reader.get("/api/me/dashboard"), eventually)
    text = told.log("larderd") + told.log("access")
    assert PASSWORD not in text and reader.token not in text and reader.email not in text


def test_the_cache_is_named(told, editor, eventually):
    told.settle()
    path = f"/api/products?category=c{time.monotonic_ns()}"
    first = line_of(told, told.client.get(path), eventually)
    assert first["cache"] == "miss" and first["redisMs"] > 0 and first["mongoMs"] > 0
    waits = [first[name] for name in ("redisMs", "mongoMs", "queueMs")]
    assert sum(waits) <= first["durationMs"] + 0.01

    def from_memory():
        line = line_of(told, told.client.get(path), eventually)
        return line if line["cache"] == "memory" else None
    line = eventually(from_memory, what="a hit in memory")
    assert (line["redisMs"], line["mongoMs"], line["queueMs"]) == (0, 0, 0)
    assert line_of(told, told.client.get("/api/nothing"), eventually)["cache"] is None


def from_redis(host, path, eventually):
    """The line about an answer of path once Redis has it: a fill answers before it stores."""
    line = line_of(host, host.client.get(path), eventually)
    return line if line["cache"] == "redis" else None


def test_hits_of_redis_and_what_goes_past_the_cache_are_named(stack, told, eventually):
    """The other host fills, this one takes it from Redis; then there is none."""
    told.settle()
    beside = told.sibling(LARDER_ACCESS_LOG="all", LARDER_MEMORY="0")
    beside.settle()
    path = f"/api/products?category=r{time.monotonic_ns()}"
    assert line_of(told, told.client.get(path), eventually)["cache"] == "miss"
    line = eventually(lambda: from_redis(beside, path, eventually))
    assert line["redisMs"] > 0 and line["mongoMs"] == 0
    told.control("stop", "redis")
    try:
        eventually(lambda: beside.client.get("/readyz").json["redis"] == "down")
        answer = beside.client.get(path + "-other")
        assert line_of(beside, answer, eventually)["cache"] == "bypass"
    finally:
        told.control("start", "redis")
        told.settle(30)


def test_who_is_signed_in_is_named(told, reader, eventually):
    for target in ("/api/me/dashboard", "/api/products?limit=1", "/api/nothing"):
        line = line_of(told, reader.get(target), eventually)
        assert line.get("userId") == (None if target == "/api/nothing" else reader.id)
    line = line_of(told, told.client.get("/api/products?limit=1"), eventually)
    assert "userId" not in line


# --- Slow requests, and some of all ---

def slow_request(host, eventually, seconds):
    begun = time.monotonic()
    with fcgi.Client(host.socket_path) as client:
        client.send(fcgi.begin())
        eventually(lambda: time.monotonic() > begun + seconds)
        client.send(fcgi.params(1, fcgi.variables("GET", "/healthz")) + fcgi.stdin(1))
        return client.answer().headers["x-request-id"]


def test_a_slow_request_is_logged_by_default(stack, eventually):
    wanted = slow_request(stack, eventually, 0.6)
    [line] = eventually(lambda: [line for line in stack.told() if line.get("requestId") == wanted])
    assert (line["level"], line["event"], line["route"]) == ("warn", "slow-request", "/healthz")
    assert 600 <= line["durationMs"] < 5000
    assert [name for name in line if name in FIELDS] == FIELDS
    quick = stack.client.get("/api/products?limit=1").header("X-Request-Id")
    assert quick not in stack.log("larderd")


def test_a_share_is_logged(told, stack, eventually):
    """And slow ones never, when that is off."""
    with_share = Stack(REDIS_URL=stack.env["REDIS_URL"], MONGODB_URI=stack.env["MONGODB_URI"],
                       LARDER_ACCESS_LOG="0.25", LARDER_SLOW_MS="0")
    try:
        with_share.up()
        for _ in range(400):
            with_share.client.get("/healthz")
        wanted = slow_request(with_share, eventually, 0.6)
        found = [line for line in with_share.told() if line["event"] == "request"]
        assert 50 <= len(found) <= 160
        assert not [line for line in with_share.told() if line["event"] == "slow-request"], wanted
    finally:
        with_share.down()


# --- Traces ---

def test_a_trace_reaches_mongodb(told, editor, eventually):
    """Each operation of the request: look-ups, counts, and all that a write does."""
    proxy, headers = told.proxy, {"traceparent": PARENT}
    comment = f"traceparent={PARENT}"
    category = f"t{time.monotonic_ns()}"
    told.settle()
    made = editor.request("POST", "/api/products", {"name": "a", "price": 1, "category": category},
                          headers=headers)
    assert made.status == 201 and proxy.seen("insert", comment)
    target = f"/api/products/{made.json['data']['_id']}"
    assert editor.request("PUT", target, {"price": 2}, headers=headers).status == 200
    assert proxy.seen("update", comment)
    assert editor.request("DELETE", target, headers=headers).status == 200
    assert proxy.seen("delete", comment)
    many = editor.request("POST", "/api/products", [
        {"name": "b", "price": 1, "category": category}] * 3, headers=headers)
    assert many.status == 201 and len(proxy.seen("insert", comment)) >= 2
    answer = told.client.get(f"/api/products?category={category}&minPrice=0&limit=1",
                             headers=headers)
    assert answer.status == 200 and answer.json["total"] == 3
    assert proxy.seen("find", comment) and proxy.seen("aggregate", comment)
    assert line_of(told, answer, eventually)["traceId"] == TRACE


def test_a_sign_in_is_traced_to_its_end(told, reader):
    """Also behind the comparison of the password, which is a thread's work."""
    parent = f"00-{'1' * 32}-b7ad6b7169203331-01"
    before = len(told.proxy.commands)
    answer = told.client.post("/api/sessions", {"email": reader.email, "password": PASSWORD},
                              headers={"traceparent": parent})
    assert answer.status == 201
    mine = told.proxy.seen("insert", f"traceparent={parent}")
    assert [command["insert"] for command in mine] == ["larder_sessions"], told.proxy.commands[before:]


def test_others_have_no_part_in_a_trace(told, eventually):
    parent = f"00-{'2' * 32}-b7ad6b7169203331-01"
    category = f"u{time.monotonic_ns()}"
    told.client.get(f"/api/products?category={category}", headers={"traceparent": parent})
    answer = told.client.get(f"/api/products?category={category}-2")
    assert "traceId" not in line_of(told, answer, eventually)
    for command in told.proxy.seen("find", f"traceparent={parent}"):
        assert f"{category}-2" not in repr(command)
    assert [command for command in told.proxy.commands if f"{category}-2" in repr(command)
            and "comment" not in command]


@pytest.mark.parametrize("header, trace", [
    (f"cc-{TRACE}-b7ad6b7169203331-01-later", f"cc-{TRACE}-b7ad6b7169203331-01"),
    (f"ff-{TRACE}-b7ad6b7169203331-01", None), (f"00-{'0' * 32}-b7ad6b7169203331-01", None),
    (PARENT + "-x", None), (PARENT.upper(), None), ("", None)])
def test_a_traceparent_is_taken_or_ignored(told, eventually, header, trace):
    before = len(told.proxy.commands)
    answer = told.client.get(f"/api/posts?category=v{time.monotonic_ns()}",
                             headers={"traceparent": header, "tracestate": "vendor=secret"})
    assert answer.status == 200
    assert line_of(told, answer, eventually).get("traceId") == (TRACE if trace else None)
    comments = [command["comment"] for command in told.proxy.commands[before:]
                if "comment" in command]
    assert set(comments) == ({f"traceparent={trace}"} if trace else set())
    assert "secret" not in told.log("larderd")


# --- What editors see ---

def test_editors_see_where_the_time_goes(told, editor):
    path = f"/api/products?category=w{time.monotonic_ns()}"
    for _ in range(2):
        answer = editor.get(path)
        timing = answer.header("Server-Timing")
        assert re.fullmatch(r"cache;dur=[0-9.]+, redis;dur=[0-9.]+, mongo;dur=[0-9.]+, "
                            r"queue;dur=[0-9.]+", timing), timing
        assert answer.header("Cache-Control") == "private, no-store"


def test_others_do_not(told, editor, reader):
    path = f"/api/products?category=x{time.monotonic_ns()}"
    assert editor.get(path).header("Server-Timing")
    for answer in (told.client.get(path), reader.get(path), reader.get("/api/me/dashboard"),
                   told.client.get(path, headers={"Authorization": "Bearer nobody"})):
        assert answer.status == 200 and answer.header("Server-Timing") is None
    assert told.client.get(path).header("Cache-Control") == "public, no-cache"


def test_it_is_in_no_answer_that_is_kept(told, editor):
    """An answer that is replayed has its own time or none, never that of the first."""
    headers = {"Idempotency-Key": f"key-{time.monotonic_ns()}"}
    body = {"name": "once", "price": 1, "category": "once"}
    first = editor.request("POST", "/api/products", body, headers=headers)
    again = editor.request("POST", "/api/products", body, headers=headers)
    assert again.header("Idempotent-Replayed") == "true" and again.body == first.body
    assert len(again.headers.get_all("Server-Timing", [])) <= 1
    assert again.header("Server-Timing") != first.header("Server-Timing")


# --- nginx ---

def test_the_id_of_an_error_leads_to_a_line(told, eventually):
    unknown = told.client.get("/api/nothing?q=sofa")
    refused = told.client.request("TRACE", "/api/products?token=sofa")
    assert (unknown.status, refused.status) == (404, 405)
    for answer in (unknown, refused):
        wanted = answer.json.get("requestId") or answer.header("X-Request-Id")
        [line] = eventually(lambda: [
            line for line in map(json.loads, told.log("access").splitlines())
            if line["id"] == wanted])
        assert list(line)[:4] == ["time", "level", "event", "message"]
        assert line["status"] == answer.status and line["query"] == "***"
    assert Client(told.url).get("/api/products?limit=1").header("X-Request-Id") not in \
        told.log("access")
