# SPDX-License-Identifier: BSD-2-Clause
"""Parts of the stack stop, hang, fill up and come back."""
import json
import os
import pathlib
import signal
import statistics
import subprocess
import threading
import time
import urllib.parse

import pytest

import fcgi
from client import Client
from news import News
from stack import ROOT, eventually
from test_fill import at_once

pytestmark = pytest.mark.usefixtures("healthy")


class Traffic:
    """Readers in the background: Traffic(url, paths) ... .answers is [(status, seconds, detail)]."""

    def __init__(self, url, paths, threads=4):
        self.url, self.paths = url, paths
        self.answers, self.errors = [], []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(i,), daemon=True)
                        for i in range(threads)]

    def run(self, i):
        client = Client(self.url)
        while not self.over.is_set():
            i += 1
            begun = time.monotonic()
            try:
                answer = client.get(self.paths[i % len(self.paths)])
                self.answers.append((answer.status, time.monotonic() - begun, answer.cache_status))
            except Exception as error:
                self.errors.append(error)
        client.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def statuses(self):
        return {status for status, _, _ in self.answers}

    def quantile(self, part):
        times = sorted(seconds for _, seconds, _ in self.answers)
        return times[min(len(times) - 1, int(part * len(times)))]


@pytest.fixture
def shop(product, category):
    """Three products of one category, and what shows them."""
    made = [product(name=f"s{i}", price=i) for i in range(3)]

    class Shop:
        items = made
        paths = [f"/api/products/{item['_id']}" for item in made] + \
            [f"/api/products?category={category}", "/api/products?limit=5"]
        page = f"/api/products?category={category}&sort=price"
        new = staticmethod(product)
    return Shop


def write_and_see(client, shop, price, hosts=()):
    """A write is acknowledged and visible at once in the item, a list, and at other hosts."""
    path = shop.paths[0]
    answer = client.put(path, {"price": price})
    assert answer.status == 200, answer
    for one in (client, *hosts):
        seen = one.get(path)
        assert seen.status == 200 and seen.json["data"]["price"] == price, seen
        page = one.get(shop.page).json["data"]
        assert price in [item["price"] for item in page], page


def log_lines(stack, word):
    return [line for line in stack.log("larderd").splitlines() if word in line]


# --- Redis ---

def test_redis_stopped_changes_nothing_but_speed(stack, http, shop, capsys):
    with Traffic(stack.url, shop.paths) as before:
        eventually(lambda: len(before.answers) >= 400, 20, what="400 answers")
    logged, news = len(log_lines(stack, '"redis"')), News(stack)
    with Traffic(stack.url, shop.paths) as traffic:
        stack.control("stop", "redis")
        # Memory may be believed for the rest of its lease, 50 ms.
        eventually(lambda: "REDIS-DOWN" in http.get(shop.paths[0]).cache_status, 1)
        for price in range(10, 15):
            write_and_see(http, shop, price)
        new = http.post("/api/products", {"name": "n", "price": 77, "category": "down"})
        assert new.status == 201
        assert http.get(new.header("Location")).status == 200
        assert http.delete(new.header("Location")).status == 200
        assert http.get(new.header("Location")).status == 404
        ready = http.get("/readyz")
        assert ready.status == 200
        assert (ready.json["redis"], ready.json["status"]) == ("down", "degraded")
        # Past the ten tries (5.5 s): dormant, woken by requests.
        end = time.monotonic() + 7
        while time.monotonic() < end:
            write_and_see(http, shop, round(time.monotonic() % 1000, 3))
        down = list(traffic.answers)
        stack.control("start", "redis")
        eventually(lambda: http.get("/readyz").json["redis"] == "up", 8, every=0.1)
        write_and_see(http, shop, 31)
    assert traffic.statuses() == {200} and not traffic.errors
    lines = log_lines(stack, '"redis"')[logged:]
    assert 2 <= len(lines) <= 60, lines
    for change in ("reconnecting", "dormant", "ready"):
        assert 1 <= len(news.lines("redis", change)) <= 2, change
    assert news.counted('cache_lookups_total{result="redis-down"}') > 100
    assert news.counted('writes_total{cache="debt"}') >= 5
    stack.settle()
    assert http.get(shop.paths[0]).json["data"]["price"] == 31
    with capsys.disabled():
        times = sorted(seconds for _, seconds, _ in down)
        print(f"\n  Redis stopped: {len(down)} reads, median {1000 * statistics.median(times):.1f} "
              f"ms, p99 {1000 * times[int(0.99 * len(times))]:.1f} ms (before: p99 "
              f"{1000 * before.quantile(0.99):.1f} ms)", end="")


def test_redis_killed_and_restarted_has_a_new_epoch(stack, http, shop):
    old = stack.epoch()
    for path in shop.paths:
        http.get(path)
    stack.control("kill", "redis")
    write_and_see(http, shop, 41)
    stack.control("start", "redis")
    assert stack.epoch() != old
    write_and_see(http, shop, 42)
    stack.settle()
    # What an earlier snapshot has brought back is removed in the background.
    eventually(lambda: {name.split(b":")[1] for name in stack.redis.scan_iter("larder:*", 1000)
                        if name.count(b":") > 2 and len(name.split(b":")[1]) == len(old)} ==
               {stack.epoch().encode()}, 30, what="entries of this epoch only")


def test_redis_slow(stack, http, bare, shop):
    """SIGSTOP: connections stay, nothing answers."""
    bare.settle()
    for path in shop.paths:
        http.get(path), bare.client.get(path)
    news = News(bare)
    stack.pause("redis")
    try:
        for client in (http, bare.client):
            begun = time.monotonic()
            answers = [client.get(path) for path in shop.paths * 4]
            took = time.monotonic() - begun
            assert {a.status for a in answers} == {200}
            assert took < 3, took  # at most 50 ms and a connection's 200 ms for a few of them
        assert "detail=REDIS-DOWN" in answers[-1].cache_status, answers[-1]
        assert news.counted("redis_timeouts_total") >= 1
        assert 1 <= len(news.lines("redis", "no answer in time")) <= 2
        write_and_see(http, shop, 51)
        write_and_see(bare.client, shop, 52)
    finally:
        stack.resume("redis")
    write_and_see(http, shop, 53)
    stack.settle()
    bare.settle()
    write_and_see(http, shop, 54, [bare.client])


def test_a_write_during_a_stall_is_not_forgotten(stack, http, bare, shop):
    """Redis hangs while a write is made, and comes back with the entries and tags of before."""
    bare.settle()
    for price in (61, 62, 63):
        for path in (*shop.paths, shop.page):
            http.get(path), bare.client.get(path)
        stack.pause("redis")
        try:
            assert http.put(shop.paths[0], {"price": price}).status == 200
        finally:
            stack.resume("redis")
        answer = http.get(shop.paths[0])
        assert answer.json["data"]["price"] == price, answer
        assert price in [p["price"] for p in http.get(shop.page).json["data"]]
        # The other host hears of it by Redis or by the debt: two seconds at most.
        eventually(lambda: bare.client.get(shop.paths[0]).json["data"]["price"] == price, 2.5)
        stack.settle()
        bare.settle()


def test_a_worker_whose_connection_outlives_a_stall(stack, bare, product):
    """Only the worker that writes notices it; the host's table tells the other what is owed."""
    bare.settle()
    path, other = (f"/api/products/{product()['_id']}" for _ in range(2))
    for price in (64, 65, 66):
        eventually(lambda: all(answer.hit for answer in at_once([bare], path, 16)), 8)
        stack.pause("redis")
        try:
            # The first is sent to Redis, which carries it out later; the second no longer is.
            for target in (other, path):
                assert bare.client.put(target, {"price": price}).status == 200
        finally:
            stack.resume("redis")
        answers = at_once([bare], path, 16)
        assert {answer.json["data"]["price"] for answer in answers} == {price}, answers


def test_redis_full(stack, http, bare, shop, product):
    bare.settle()
    bare.client.get(shop.paths[1])
    assert "detail=redis" in bare.client.get(shop.paths[1]).cache_status
    new, news = product(), News(bare)
    config = {name: stack.redis.config_get(name)[name] for name in ("maxmemory", "maxmemory-policy")}
    stack.redis.config_set("maxmemory-policy", "noeviction")
    stack.redis.config_set("maxmemory", "1")
    try:
        # What is there is still answered; what is new is not kept.
        assert "detail=redis" in bare.client.get(shop.paths[1]).cache_status
        for _ in range(2):
            answer = bare.client.get(f"/api/products/{new['_id']}")
            assert answer.status == 200, answer
            assert answer.cache_status == "larder; fwd=uri-miss; detail=REDIS-READ-ONLY"
        write_and_see(http, shop, 71)
        write_and_see(bare.client, shop, 72)
        assert stack.mongo.larder_pending.count_documents({}) > 0
    finally:
        for name, value in config.items():
            stack.redis.config_set(name, value)
    write_and_see(http, shop, 73, [bare.client])
    eventually(lambda: stack.mongo.larder_pending.count_documents({}) == 0, 20, every=0.1,
               what="debts paid")
    eventually(lambda: news.lines("redis", "writes accepted again"), 3)
    for change in ("writes refused", "writes accepted again"):
        assert 1 <= len(news.lines("redis", change)) <= 2, change
    stack.settle()
    bare.settle()
    write_and_see(http, shop, 74, [bare.client])


def test_redis_read_only(stack, http, bare, shop):
    bare.settle()
    new = shop.new()["_id"]
    for path in shop.paths:
        http.get(path), bare.client.get(path)
    stack.redis.execute_command("REPLICAOF", "127.0.0.1", "1")
    try:
        assert bare.client.get(shop.paths[1]).status == 200
        answer = bare.client.get(f"/api/products/{new}")
        assert answer.cache_status == "larder; fwd=uri-miss; detail=REDIS-READ-ONLY", answer
        write_and_see(http, shop, 81)
        write_and_see(http, shop, 82)
    finally:
        stack.redis.execute_command("REPLICAOF", "NO", "ONE")
    write_and_see(http, shop, 83, [])
    stack.settle()
    bare.settle()
    write_and_see(http, shop, 84, [bare.client])


def test_redis_refuses_the_password(stack, http, shop):
    password = stack.redis.config_get("requirepass")["requirepass"]
    admin = stack.redis.client()
    admin.config_set("requirepass", "not-that-one")
    try:
        admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        write_and_see(http, shop, 91)
        eventually(lambda: http.get("/readyz").json["redis"] == "down", 10)
    finally:
        admin.config_set("requirepass", password)
        admin.close()
    eventually(lambda: http.get("/readyz").json["redis"] == "up", 30, every=0.1)
    write_and_see(http, shop, 92)
    assert "not-that-one" not in stack.log("larderd") and password not in stack.log("larderd")


def test_cut_connections(stack, http, shop):
    with Traffic(stack.url, shop.paths) as traffic:
        for price in range(100, 110):
            for kind in ("normal", "pubsub"):
                stack.redis.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
            write_and_see(http, shop, price)
            eventually(lambda: http.get("/readyz").json["redis"] == "up", 5)
    assert traffic.statuses() == {200} and not traffic.errors


def test_scripts_that_redis_forgets(stack, http, shop):
    for price in (111, 112):
        stack.redis.script_flush()
        write_and_see(http, shop, price)


# --- MongoDB ---

def test_mongo_stopped(stack, http, bare, shop):
    bare.settle()
    for client in (http, bare.client):
        for path in shop.paths[:4]:
            client.get(path), client.get(path)
    news = News(stack)
    stack.control("stop", "mongo")
    try:
        answers = []

        def kept(client, path, detail):  # a lease may lapse for a moment on a busy machine
            answers.append(client.get(path))
            return f"detail={detail}" in answers[-1].cache_status
        for client, detail in ((http, "memory"), (bare.client, "redis")):
            for path in shop.paths[:4]:
                eventually(lambda: kept(client, path, detail), 5)
        assert {answer.status for answer in answers} == {200}
        begun = time.monotonic()
        answer = http.get("/api/products/65e000000000000000000001")
        assert answer.status == 503 and time.monotonic() - begun < 3.5, answer
        assert int(answer.header("Retry-After")) >= 1
        assert answer.json["success"] is False and "mongo" not in answer.text.lower()

        def quick():  # each worker has a breaker of its own
            begun = time.monotonic()
            answers = [http.get(f"/api/products?category=none{i}") for i in range(8)]
            assert {a.status for a in answers} == {503}, answers
            return time.monotonic() - begun < 0.4
        eventually(quick, 12, what="503 without waiting")
        for answer in (http.put(shop.paths[0], {"price": 121}),
                       http.post("/api/products", {"name": "x", "price": 1,
                                                   "category": shop.items[0]["category"]}),
                       http.delete(shop.paths[0])):
            assert answer.status == 503 and answer.header("Retry-After"), answer
        for path in shop.paths[:4]:  # what was not written has made nothing void
            assert http.get(path).hit, path
        for path, status in (("/readyz", "degraded"), ("/readyz?strict=1", "down")):
            ready = http.get(path)
            assert ready.status == (200 if status == "degraded" else 503), ready
            assert (ready.json["mongo"], ready.json["status"]) == ("down", status)
        assert http.get("/healthz").status == 200
        assert http.get("/api/products?x=1").status == 400
    finally:
        stack.control("start", "mongo")
    eventually(lambda: http.get("/readyz?strict=1").status == 200, 10, every=0.1)
    eventually(lambda: http.get("/api/products/65e000000000000000000001").status == 404, 5)
    eventually(lambda: http.put(shop.paths[0], {"price": 122}).status == 200, 5)
    write_and_see(http, shop, 123, [])
    for change in ("not reachable", "ready"):
        assert 1 <= len(news.lines("mongo", change)) <= 2, change
    assert news.counted("mongo_refused_total") > 0


def test_mongo_slow(stack, http, shop):
    """MongoDB hangs: what is cached is answered at once, the rest gives 503 in time."""
    for path in shop.paths:
        http.get(path), http.get(path)
    stack.pause("mongo")
    try:
        begun = time.monotonic()
        assert all(http.get(path).status == 200 for path in shop.paths)
        assert time.monotonic() - begun < 0.5
        begun = time.monotonic()
        answer = http.get("/api/products/65e000000000000000000002")
        assert answer.status in (503, 504) and answer.header("Retry-After"), answer
        assert time.monotonic() - begun < 5
        with Traffic(stack.url, [f"/api/products?category=slow{i}" for i in range(50)],
                     threads=16) as traffic:
            begun = time.monotonic()
            assert all(http.get(path).status == 200 for path in shop.paths)
            assert time.monotonic() - begun < 0.5
        assert traffic.statuses() <= {503, 504}
    finally:
        stack.resume("mongo")
    eventually(lambda: http.get("/api/products/65e000000000000000000002").status == 404, 10)
    eventually(lambda: http.put(shop.paths[0], {"price": 131}).status == 200, 10)
    write_and_see(http, shop, 132)


def test_mongo_killed_under_writes(stack, http, shop):
    """Whatever was acknowledged is there afterwards, and nothing is a 200 without being true."""
    acked, over = [0], threading.Event()

    def write():
        client, price = Client(stack.url), 1000
        while not over.is_set():
            price += 1
            answer = client.put(shop.paths[1], {"price": price})
            assert answer.status in (200, 503, 504, 502), answer
            if answer.status == 200:
                acked[0] = price
            else:
                time.sleep(0.05)
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        eventually(lambda: acked[0] > 1010, 10)
        stack.control("kill", "mongo")
        stack.control("start", "mongo")
        eventually(lambda: http.get("/readyz?strict=1").status == 200, 20, every=0.1)
        before = acked[0]
        eventually(lambda: acked[0] > before, 20)
    finally:
        over.set()
        thread.join()
    # The other worker may find the server a moment later.
    eventually(lambda: http.get(shop.paths[1]).status == 200, 10, every=0.1)
    assert http.get(shop.paths[1]).json["data"]["price"] >= acked[0]


def test_both_gone(stack, http, shop):
    stack.control("stop", "redis", "mongo")
    try:
        def refused():
            begun = time.monotonic()
            answer = http.get(shop.paths[0])
            return answer.status == 503 and time.monotonic() - begun < 0.2
        assert http.get(shop.paths[0]).status == 503
        eventually(refused, 12)
        assert http.put(shop.paths[0], {"price": 5}).status == 503
        ready = http.get("/readyz")
        assert ready.status == 503
        assert (ready.json["mongo"], ready.json["redis"]) == ("down", "down")
    finally:
        stack.control("start", "redis", "mongo")
    eventually(lambda: http.get(shop.paths[0]).status == 200, 15, every=0.1)


# --- Workers ---

def test_a_killed_worker_is_replaced_and_memory_stays_warm(stack, http, shop):
    http.get(shop.paths[0]), http.get(shop.paths[0])
    before = stack.workers()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(stack.workers()) == 2 and not set(stack.workers()) & set(before), 10)
    eventually(lambda: http.get("/healthz").status == 200, 5)
    eventually(lambda: "detail=memory" in http.get(shop.paths[0]).cache_status, 5)
    write_and_see(http, shop, 141)


def test_a_rolling_restart_loses_no_request(stack, http, shop):
    posted, over, before = [], threading.Event(), set(stack.workers())

    def post():
        client = Client(stack.url)
        while not over.is_set():
            answer = client.post("/api/products", {"name": "r", "price": 1, "category": "rolling"})
            posted.append(answer.status)
    writer = threading.Thread(target=post, daemon=True)
    writer.start()
    try:
        with Traffic(stack.url, shop.paths) as traffic:
            stack.control("restart", "larderd")
    finally:
        over.set()
        writer.join()
    assert traffic.statuses() == {200} and not traffic.errors
    assert set(posted) == {201}
    assert len(traffic.answers) > 100
    assert len(stack.workers()) == 2 and not before & set(stack.workers())


def test_a_worker_that_is_told_leaves_in_order(stack, http):
    before = stack.workers()
    os.kill(before[0], signal.SIGTERM)
    eventually(lambda: before[0] not in stack.workers(), 12)
    eventually(lambda: len(stack.workers()) == 2, 10)
    assert f"(pid {before[0]}) ended with status 0" in stack.log("larderd")


def test_a_stopped_worker_does_not_hold_the_others_up(stack, http, shop):
    """SIGSTOP to the worker that holds the lease: memory goes off by itself, answers go on."""
    victim = stack.workers()[0]
    os.kill(victim, signal.SIGSTOP)
    try:
        def others_answer():
            client = Client(stack.url, timeout=2)
            try:
                return client.get(shop.paths[0]).status == 200
            except OSError:
                return False
            finally:
                client.close()
        eventually(others_answer, 20)
    finally:
        os.kill(victim, signal.SIGCONT)
    write_and_see(http, shop, 151)


def test_the_cache_is_never_needed_to_start(stack, http, shop):
    """Workers that start while Redis is away answer, and find it later."""
    stack.control("stop", "redis")
    stack.control("restart", "larderd")
    assert http.get(shop.paths[0]).status == 200
    write_and_see(http, shop, 161)
    stack.control("start", "redis")
    eventually(lambda: http.get("/readyz").json["redis"] == "up", 8, every=0.1)
    write_and_see(http, shop, 162)


def test_a_database_that_refuses_us_is_down(stack, tmp_path):
    """It answers pings of everybody, but lets only those read who have signed in."""
    uri = urllib.parse.urlsplit(stack.env["MONGODB_URI"])
    nobody = uri._replace(netloc=uri.netloc.rpartition("@")[2]).geturl()
    socket, log = tmp_path / "larder.sock", tmp_path / "log"
    config = tmp_path / "larder.conf"
    config.write_text(f"MONGODB_URI={nobody}\nREDIS_URL={stack.env['REDIS_URL']}\n"
                      "LARDER_PREFIX=nobody\nLARDER_MEMORY=0\n"
                      f"LARDER_RESOURCES={ROOT}/resources\n")
    with open(log, "wb") as to:
        worker = subprocess.Popen([stack.build / "larderd", "--config", config, "--listen",
                                   f"unix:{socket}"], stderr=to)
    try:
        eventually(socket.exists)
        with fcgi.Client(str(socket)) as client:
            for path in ("/readyz", "/api/products", "/readyz"):
                answer = client.request(uri=path)
                assert answer.status == 503 and "retry-after" in answer.headers, (path, answer.body)
            assert json.loads(answer.body)["mongo"] == "down"
        assert b'"mongo","message":"ready"' not in log.read_bytes()
    finally:
        worker.terminate()
        worker.wait(15)
        for left in pathlib.Path("/dev/shm").glob(f"larder-{os.getuid()}-nobody-*"):
            left.unlink()
