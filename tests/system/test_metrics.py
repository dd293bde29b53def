# SPDX-License-Identifier: BSD-2-Clause
"""/metrics: what is counted, under which names, and that it stays."""
import collections
import concurrent.futures
import os
import signal
import subprocess
import time

import pytest

import fcgi
from client import Client
from figures import Figures
from people import Person
from stack import running

BOUNDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
          5, 10, float("inf")]
GAUGES = ["pending_invalidations_oldest_seconds", "requests_in_flight", "queue_length",
          "threads_busy", "threads", "connections", "workers", "streams", "fences",
          "pending_invalidations", "up", "memory_valid", "build_info"]


def figures(stack):
    return Figures(stack.client)


def counted(stack, *labels, **more):
    return figures(stack).requests(*labels, **more)


# --- Names ---

def test_promtool_says_nothing(stack, http, product):
    http.get(f"/api/products/{product()['_id']}")
    done = subprocess.run(["promtool", "check", "metrics"], input=http.get("/metrics").text,
                          capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_names_are_there(stack, http, product):
    http.get(f"/api/products/{product()['_id']}")
    now = figures(stack)
    for name in GAUGES:
        assert now.types[f"larder_{name}"] == "gauge" and now.all(f"larder_{name}"), name
    for name in ("request_duration", "redis_duration", "mongo_duration", "queue_wait",
                 "loop_delay"):
        assert now.types[f"larder_{name}_seconds"] == "histogram"
        assert now.sum(f"larder_{name}_seconds_count") > 0, name
    assert {labels["server"] for labels, _ in now.all("larder_up")} == {"mongo", "redis"}
    [(labels, value)] = now.all("larder_build_info")
    assert set(labels) == {"version", "libmongoc", "hiredis"} and value == 1
    assert now.sum("larder_workers") == 2 and now.sum("larder_threads") == 8
    assert now.sum("larder_requests_in_flight") >= 1


def test_commands_and_operations_are_told_apart(stack, http, product):
    stack.settle()  # a young cache stores nothing
    made = product()
    product()
    http.get(f"/api/products/{made['_id']}")
    answer = http.get(f"/api/products?category={made['category']}&minPrice=0&limit=1")
    assert answer.json["total"] == 2
    http.put(f"/api/products/{made['_id']}", {"price": 3})
    http.delete(f"/api/products/{made['_id']}")
    now = figures(stack)
    commands = {labels["command"]
                for labels, _ in now.all("larder_redis_duration_seconds_count")}
    assert {"look-up", "fill", "store", "fence", "release"} <= commands
    operations = {labels["operation"]
                  for labels, _ in now.all("larder_mongo_duration_seconds_count")}
    assert {"find", "insert", "update", "delete", "count"} <= operations


def test_buckets_are_what_they_should_be(stack, http):
    http.get("/api/products?limit=1")
    buckets = collections.defaultdict(list)
    for labels, value in figures(stack).all("larder_request_duration_seconds_bucket"):
        bound = float(labels.pop("le").replace("+Inf", "inf"))
        buckets[tuple(sorted(labels.items()))].append((bound, value))
    assert buckets
    for series in buckets.values():
        assert [bound for bound, _ in series] == BOUNDS
        values = [value for _, value in series]
        assert values == sorted(values) and values[-1] > 0, "only what has occurred"


# --- What counts where ---

@pytest.fixture(scope="module")
def fresh():
    """A stack whose histograms were not taken by what other tests have asked."""
    with running() as stack:
        yield stack


@pytest.mark.parametrize("method, target, route, label, status", [
    ("GET", "/api/products?limit=1", "/api/products", "GET", "2xx"),
    ("HEAD", "/api/products?limit=1", "/api/products", "HEAD", "2xx"),
    ("GET", f"/api/products/{'0' * 24}", "/api/products/{id}", "GET", "4xx"),
    ("GET", "/api/products/featured", "/api/products/featured", "GET", "2xx"),
    ("GET", f"/api/products/{'0' * 24}/stats", "/api/products/{id}/stats", "GET", "4xx"),
    ("GET", "/api/products?limit=much", "/api/products", "GET", "4xx"),
    ("PATCH", "/api/products", "/api/products", "PATCH", "4xx"),
    ("BREW", "/api/posts", "/api/posts", "other", "4xx"),
    ("OPTIONS", "/api/posts", "/api/posts", "OPTIONS", "2xx"),
    ("GET", "/somewhere/else", "other", "GET", "4xx"),
    ("GET", "/healthz", "/healthz", "GET", "2xx")])
def test_a_request_counts_under_its_pattern(fresh, method, target, route, label, status):
    before = counted(fresh, route, label, status)
    with fcgi.Client(fresh.socket_path) as client:
        client.request(method, target)
    assert counted(fresh, route, label, status) == before + 1


def test_a_body_that_is_too_large_counts_under_its_pattern(stack):
    before = counted(stack, "/api/products", "POST", "4xx")
    with fcgi.Client(stack.socket_path) as client:
        client.send(fcgi.begin() + fcgi.params(1, fcgi.variables(
            "POST", "/api/products", CONTENT_LENGTH="70000", CONTENT_TYPE="application/json")))
        assert client.answer().status == 413
    assert counted(stack, "/api/products", "POST", "4xx") == before + 1


def test_workers_are_summed(stack):
    before = counted(stack, "/api/posts")

    def ask(_):
        client = Client(stack.url)
        assert client.get("/api/posts?limit=1").status == 200
        client.close()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(120)))
    assert {counted(stack, "/api/posts") for _ in range(8)} == {before + 120}


def test_a_killed_worker_loses_nothing(stack, eventually):
    for _ in range(40):
        with fcgi.Client(stack.socket_path) as client:
            client.request("GET", "/api/posts?limit=2")
    before, pids = counted(stack, "/api/posts"), stack.workers()
    os.kill(pids[0], signal.SIGKILL)
    eventually(lambda: len(stack.workers()) == 2 and pids[0] not in stack.workers(),
               what="another worker")
    assert counted(stack, "/api/posts") == before
    eventually(lambda: figures(stack).sum("larder_workers") == 2, what="two workers again")
    stack.settle()


# --- How long ---

def test_the_time_begins_with_the_first_byte(stack, eventually):
    before = figures(stack)
    begun = time.monotonic()
    with fcgi.Client(stack.socket_path) as client:
        client.send(fcgi.begin())
        eventually(lambda: time.monotonic() > begun + 0.3)
        client.send(fcgi.params(1, fcgi.variables("GET", "/healthz")) + fcgi.stdin(1))
        client.answer()
    after = figures(stack)
    assert after.requests("/healthz", le="0.25") == before.requests("/healthz", le="0.25")
    assert after.requests("/healthz") == before.requests("/healthz") + 1


def test_the_time_ends_with_the_last_byte(stack, http, category, eventually):
    """A client that does not read: the answer is longer than what the kernel takes."""
    for _ in range(10):
        answer = http.post("/api/products", [
            {"name": f"p{i}", "price": 1, "category": category, "description": "x" * 4000}
            for i in range(10)])
        assert answer.status == 201, answer
    uri = f"/api/products?limit=100&category={category}"
    assert http.get(uri).status == 200
    before = figures(stack)
    with fcgi.Client(stack.socket_path) as client:
        client.send(fcgi.request("GET", uri))
        begun = time.monotonic()
        eventually(lambda: time.monotonic() > begun + 0.3)
        assert counted(stack, "/api/products") == before.requests("/api/products")
        assert client.answer().status == 200
    eventually(lambda: counted(stack, "/api/products") == before.requests("/api/products") + 1)
    assert counted(stack, "/api/products", le="0.25") == before.requests("/api/products", le="0.25")


# --- How many ---

def test_the_number_of_series_is_bounded(stack):
    """Whatever is asked, there are at most 2,000, and what is real still counts."""
    paths = ["/api/products", "/api/products/x", "/api/products/featured", "/api/products/popular",
             "/api/products/x/stats", "/api/posts", "/api/posts/x", "/api/users", "/api/users/x",
             "/api/sessions", "/api/sessions/current", "/api/me/dashboard", "/api/openapi.json",
             "/api/docs", "/healthz", "/readyz", "/metrics", "/nothing"]
    with fcgi.Client(stack.socket_path) as client:
        for path in paths:
            for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"):
                client.request(method, path)
    now = figures(stack)
    assert len(now.series) <= 2000, len(now.series)
    total = now.sum("larder_request_duration_seconds_count")
    assert total == now.sum("larder_requests_total") and total > len(paths) * 8
    before = counted(stack, "/api/users", "POST", "2xx") + counted(stack, "other", "other", "2xx")
    Person(stack)
    assert counted(stack, "/api/users", "POST", "2xx") + \
        counted(stack, "other", "other", "2xx") > before


# --- How it is ---

def test_processes_are_numbered_not_named(stack, eventually):
    now = figures(stack)
    for name in ("process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
                 "process_max_fds", "process_start_time_seconds"):
        found = now.all(name)
        assert sorted(labels["worker"] for labels, _ in found) == ["1", "2"], name
        assert all(value > 0 for _, value in found)
    pid = stack.workers()[0]
    opened = len(os.listdir(f"/proc/{pid}/fd"))
    assert any(abs(value - opened) <= 10 for _, value in now.all("process_open_fds"))
    began = [value for _, value in now.all("process_start_time_seconds")]
    assert all(abs(value - time.time()) < 3600 for value in began)


def test_requests_in_flight_are_counted(stack, eventually):
    with fcgi.Client(stack.socket_path) as client:
        client.send(fcgi.begin())
        eventually(lambda: figures(stack).sum("larder_requests_in_flight") == 2)
    eventually(lambda: figures(stack).sum("larder_requests_in_flight") == 1)


def test_connections_that_are_open_are_counted(stack, eventually):
    before = figures(stack).sum("larder_connections")
    with fcgi.Client(stack.socket_path) as client:
        client.request()
        eventually(lambda: figures(stack).sum("larder_connections") >= before + 1)


def test_memory_is_valid_or_off(stack, bare, eventually):
    eventually(lambda: figures(stack).sum("larder_memory_valid") == 1)
    assert stack.client.get("/readyz").json["memory"] == "valid"
    assert figures(bare).sum("larder_memory_valid") == 0
    assert bare.client.get("/readyz").json["memory"] == "off"
    assert "reasons" not in stack.client.get("/readyz").json


def test_what_is_away_is_down_and_says_why(stack, eventually):
    stack.control("stop", "redis")
    try:
        eventually(lambda: figures(stack).all("larder_up", server="redis")[0][1] == 0)
        ready = stack.client.get("/readyz").json
        assert ready["redis"] == "down" and ready["reasons"]["redis"]
        eventually(lambda: figures(stack).sum("larder_memory_valid") == 0)
        assert stack.client.get("/readyz").json["memory"] == "invalid"
        assert figures(stack).all("larder_up", server="mongo")[0][1] == 1
    finally:
        stack.control("start", "redis")
        stack.settle(30)
    assert figures(stack).all("larder_up", server="redis")[0][1] == 1


def test_pending_invalidations_grow_old(stack, http, product, eventually):
    made = product()
    stack.control("stop", "redis")
    try:
        eventually(lambda: figures(stack).all("larder_up", server="redis")[0][1] == 0)
        assert http.put(f"/api/products/{made['_id']}", {"price": 9}).status == 200
        now = figures(stack)
        assert now.sum("larder_pending_invalidations") >= 1
        eventually(lambda: figures(stack).sum("larder_pending_invalidations_oldest_seconds") > 0.5)
    finally:
        stack.control("start", "redis")
    eventually(lambda: figures(stack).sum("larder_pending_invalidations") == 0, 30)
    assert figures(stack).sum("larder_pending_invalidations_oldest_seconds") == 0
    stack.settle(30)


def test_a_mongodb_that_stands_still_is_down(stack, eventually):
    """As /readyz means it: MongoDB is asked."""
    stack.pause("mongo")
    try:
        eventually(lambda: stack.client.get("/readyz").json["mongo"] == "down")
        assert figures(stack).all("larder_up", server="mongo")[0][1] == 0
    finally:
        stack.resume("mongo")
    eventually(lambda: figures(stack).all("larder_up", server="mongo")[0][1] == 1)
    stack.settle(30)


def test_reading_them_is_no_operation(stack):
    """Who counts operations is not to count those of the counting."""
    before, begun = figures(stack).sum("larder_queue_wait_seconds_count"), time.monotonic()
    for _ in range(20):
        after = figures(stack).sum("larder_queue_wait_seconds_count")
    seconds = time.monotonic() - begun
    assert after - before < 18 + seconds * 2, "pending invalidations are looked at every two seconds"
