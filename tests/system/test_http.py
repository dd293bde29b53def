# SPDX-License-Identifier: BSD-2-Clause
import gzip
import re
import socket

import pytest

ABSENT = "65a000000000000000000000"


def raw(stack, text):
    """Sends bytes to nginx and reads until it closes."""
    with socket.create_connection((stack.client.host, stack.client.port), timeout=15) as peer:
        peer.sendall(text if isinstance(text, bytes) else text.encode())
        data = b""
        try:
            while chunk := peer.recv(65536):
                data += chunk
        except ConnectionResetError:
            pass  # after an answer to what was not read to its end
        return data


def assert_envelope(answer):
    assert answer.header("Content-Type").startswith("application/json"), answer
    body = answer.json
    assert body["success"] is False and isinstance(body["message"], str)
    assert body["requestId"] == answer.header("X-Request-Id")


# --- Methods ---

@pytest.mark.parametrize("path, allowed", [
    ("/api/products", {"GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"}),
    ("/api/posts", {"GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"}),
    ("/api/products/featured", {"GET", "HEAD", "OPTIONS"}),
    (f"/api/products/{ABSENT}", {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}),
    (f"/api/posts/{ABSENT}", {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}),
    ("/healthz", {"GET", "HEAD", "OPTIONS"}), ("/readyz", {"GET", "HEAD", "OPTIONS"}),
])
def test_methods(http, path, allowed):
    answer = http.request("OPTIONS", path)
    assert answer.status in (200, 204), answer
    assert set(re.split(r",\s*", answer.header("Allow"))) == allowed
    for method in {"POST", "PUT", "PATCH", "DELETE", "PROPFIND"} - allowed:
        answer = http.request(method, path, body="{}", headers={"Content-Type": "application/json"})
        assert answer.status == 405, (method, answer)
        assert set(re.split(r",\s*", answer.header("Allow"))) == allowed
        assert_envelope(answer)


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/products/", "/index.html",
                                  f"/api/products/{ABSENT}/x", "/api//products", "/API/products",
                                  "/api/product", "/api/products/featured/x", "/healthz/x"])
def test_unknown_path(http, path):
    answer = http.get(path)
    assert answer.status in (404, 400), answer
    if path != "/api/products/":
        assert answer.status == 404, answer
    assert_envelope(answer)


def test_head_is_get_without_a_body(stack, http, product, category):
    made = product()
    for path in (f"/api/products/{made['_id']}", f"/api/products?category={category}",
                 f"/api/products/{ABSENT}", "/healthz"):
        http.get(path)
        get, head = http.get(path), http.request("HEAD", path)
        assert head.status == get.status and head.body == b""
        assert head.header("Content-Length") == str(len(get.body))
        for name in ("Content-Type", "ETag", "Cache-Control", "Vary"):
            assert head.header(name) == get.header(name), name


def test_head_of_a_miss(stack, http, product):
    stack.settle()
    path = f"/api/products/{product()['_id']}"
    head = http.request("HEAD", path)
    get = http.get(path)
    assert head.status == 200 and get.hit
    assert abs(int(head.header("Content-Length")) - len(get.body)) <= 3  # "database" or "cache"


# --- Bodies ---

def test_body_of_64_kib_is_taken_and_more_is_not(http, category):
    def sized(size):
        start = b'{"name":"x","price":1,"category":"%s"' % category.encode()
        return start + b" " * (size - len(start) - 1) + b"}"
    answer = http.request("POST", "/api/products", body=sized(65536),
                          headers={"Content-Type": "application/json"})
    assert answer.status == 201, answer
    for size in (65537, 100_000):
        answer = http.request("POST", "/api/products", body=sized(size),
                              headers={"Content-Type": "application/json"})
        assert answer.status == 413, answer
        assert_envelope(answer)
        http.close()


def test_chunked_body(stack, category):
    body = '{"name":"x","price":1,"category":"%s"}' % category
    chunks = "".join(f"{len(part):x}\r\n{part}\r\n" for part in (body[:10], body[10:]))
    data = raw(stack, "POST /api/products HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
               f"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{chunks}0\r\n\r\n")
    assert data.startswith(b"HTTP/1.1 201"), data


# --- What nginx says itself ---

@pytest.mark.parametrize("text, status", [
    ("GET /api/products?q=" + "x" * 9000 + " HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    ("GET / HTTP/1.1\r\nHost: x\r\nX: " + "x" * 9000 + "\r\n\r\n", 431),
    ("GET / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413),
])
def test_errors_of_nginx_have_the_envelope(stack, text, status):
    data = raw(stack, text.replace("Host: x\r\n", "Host: x\r\nConnection: close\r\n"))
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d" % status), data[:200]
    assert b"application/json" in head and body.startswith(b'{"success":false'), data
    assert b"nginx/" not in data


def test_request_ids_are_unique_or_the_clients(http):
    ids = {http.get("/healthz").header("X-Request-Id") for _ in range(20)}
    assert len(ids) == 20 and None not in ids


def test_request_id_cannot_inject(http):
    answer = http.get("/healthz", headers={"X-Request-Id": 'x" }{<script>'})
    assert '"' not in answer.header("X-Request-Id") and "<" not in answer.header("X-Request-Id")


# --- Headers ---

def test_headers_of_reads(http, product, category):
    made = product()
    item = http.get(f"/api/products/{made['_id']}")
    page = http.get(f"/api/products?category={category}")
    for answer in (item, page):
        assert answer.header("Content-Type") == "application/json; charset=utf-8" or \
            answer.header("Content-Type") == "application/json"
        assert answer.header("Cache-Control") == "public, no-cache"
        assert "Accept-Encoding" in answer.header("Vary")
        assert answer.header("X-Content-Type-Options") in (None, "nosniff")
        assert answer.cache_status.startswith("larder;")
    assert re.match(r'^"[^"]+"$', item.etag) and re.match(r'^W/"[^"]+"$', page.etag)


def test_errors_are_not_kept_by_others(http):
    for answer in (http.get("/api/products?x=1"), http.post("/api/products", {}),
                   http.get("/api/nothing")):
        assert answer.header("Cache-Control") in ("no-store", "private, no-store"), answer


def test_gzip(stack, http, category, post):
    made = [post(body="word " * 200) for _ in range(5)]
    path = f"/api/posts?category={category}"
    plain = http.get(path)
    for _ in range(2):
        packed = http.get(path, headers={"Accept-Encoding": "gzip"})
        assert packed.header("Content-Encoding") == "gzip"
        assert len(packed.body) < len(plain.body) / 3
        assert packed.header("Content-Length") == str(len(packed.body))
    import json
    body = json.loads(gzip.decompress(packed.body))
    assert body["data"] == plain.json["data"] and len(made) == 5
    assert http.get(path, headers={"Accept-Encoding": "gzip;q=0"}).header("Content-Encoding") is None
    assert http.get(path, headers={"Accept-Encoding": "identity"}).header("Content-Encoding") is None


# --- Conditions ---

def test_not_modified(http, product, category):
    made = product()
    for path in (f"/api/products/{made['_id']}", f"/api/products?category={category}"):
        first = http.get(path)
        for etag in (first.etag, f'"x", {first.etag}', "*", "W/" + first.etag.removeprefix("W/"),
                     first.etag.removeprefix("W/")):
            answer = http.get(path, headers={"If-None-Match": etag})
            assert answer.status == 304, (etag, answer)
            assert answer.body == b"" and answer.etag == first.etag
            assert answer.header("Cache-Control") == first.header("Cache-Control")
            assert answer.header("Vary") == first.header("Vary")
        assert http.get(path, headers={"If-None-Match": '"other"'}).status == 200
        assert http.request("HEAD", path, headers={"If-None-Match": first.etag}).status == 304
    http.put(f"/api/products/{made['_id']}", {"price": 50})
    for path in (f"/api/products/{made['_id']}", f"/api/products?category={category}"):
        answer = http.get(path, headers={"If-None-Match": first.etag})
        assert answer.status == 200, answer


def test_etag_is_the_same_from_cache_and_database(stack, http, bare, product, category):
    made = product()
    for path in (f"/api/products/{made['_id']}", f"/api/products?category={category}"):
        tags = {client.get(path).etag for client in (http, bare.client) for _ in range(3)}
        assert len(tags) == 1


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_if_match(http, product, method):
    made = product()
    path = f"/api/products/{made['_id']}"
    arguments = ({"price": 2},) if method != "delete" else ()
    call = getattr(http, method)
    etag = http.get(path).etag
    # An empty list names no version, and one that cannot be read none that is known.
    for other in ('"other"', "", ",", "other", f"{etag} and more", '"x", *'):
        answer = call(path, *arguments, headers={"If-Match": other})
        assert answer.status == 412, (other, answer)
        assert_envelope(answer)
    assert http.get(path).etag == etag
    assert call(path, *arguments, headers={"If-Match": "W/" + etag}).status == 200


def test_if_match_star_and_lost_update(http, product):
    path = f"/api/products/{product()['_id']}"
    etag = http.get(path).etag
    assert http.put(path, {"price": 5}, headers={"If-Match": etag}).status == 200
    assert http.put(path, {"price": 6}, headers={"If-Match": etag}).status == 412
    assert http.get(path).json["data"]["price"] == 5
    assert http.put(path, {"price": 7}, headers={"If-Match": "*"}).status == 200
    assert http.put(f"/api/products/{ABSENT}", {"price": 7},
                    headers={"If-Match": "*"}).status in (404, 412)


# --- What is not part of the question ---

CANARY = "canary7531"
UNKEYED = ["X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-For", "X-Forwarded-Port",
           "X-Forwarded-Prefix", "X-Original-URL", "X-Rewrite-URL", "X-Host", "X-HTTP-Method",
           "X-HTTP-Method-Override", "X-Method-Override", "Forwarded", "Accept-Language",
           "Accept-Charset", "Cookie", "Origin", "Referer", "User-Agent", "True-Client-IP",
           "X-Real-IP", "Via", "Range", "Content-Language", "X-Correlation-Id", "Proxy",
           "X-Forwarded-Scheme", "X-Wap-Profile", "If-Unmodified-Since", "TE", "Upgrade"]


def test_unkeyed_headers_change_nothing(http, product, category):
    product()
    path = f"/api/products?category={category}"
    for name in UNKEYED:
        http.get(path + f"&limit={2 + UNKEYED.index(name)}", headers={name: CANARY})
        clean = http.get(path + f"&limit={2 + UNKEYED.index(name)}")
        assert clean.status == 200, (name, clean)
        assert CANARY not in clean.text and CANARY not in str(clean.headers)


def test_get_with_a_body_is_refused_or_ignored(http, product, category):
    product()
    path = f"/api/products?category={category}"
    answer = http.request("GET", path, body='{"category":"x"}',
                          headers={"Content-Type": "application/json"})
    assert answer.status in (200, 400)
    assert http.get(path).json["count"] == 1


# --- Operations ---

def test_health(http):
    assert http.get("/healthz").status == 200
    ready = http.get("/readyz")
    assert ready.status == 200
    assert ready.json == {"mongo": "up", "redis": "up", "status": "ok"} or \
        (ready.json["mongo"], ready.json["redis"]) == ("up", "up")


def test_metrics_are_prometheus_text(http):
    answer = http.get("/metrics")
    assert answer.header("Content-Type").startswith("text/plain")
    names = set()
    for line in answer.text.splitlines():
        assert line.startswith("# ") or re.match(
            r'^(larder|process)_[a-z_]+(\{([a-z_]+="[^"]*",?)+\})? [0-9.e+-]+$', line), line
        if not line.startswith("#"):
            assert line.rsplit(" ", 1)[0] not in names
            names.add(line.rsplit(" ", 1)[0])
    assert "larder_cache_fills_total" in names


def test_metrics_are_summed_over_the_workers(stack, http):
    before = stack.metrics()['larder_requests_total{status="4xx"}']
    for _ in range(20):
        http.get("/api/nothing")
        http.close()
    assert stack.metrics()['larder_requests_total{status="4xx"}'] == before + 20
