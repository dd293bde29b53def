# SPDX-License-Identifier: BSD-2-Clause
"""What a host says of itself while MongoDB is slow, refuses, or is away."""
import threading
import time

import bson
import pytest

from client import Client
from mongo_proxy import host_behind
from stack import eventually


@pytest.fixture(scope="module")
def away(stack):
    """(host, proxy): another host on the same servers, whose MongoDB can be made to fail."""
    return host_behind(stack)


@pytest.fixture
def host(away):
    host, proxy = away
    host.settle()
    host.proxy = proxy
    yield host
    proxy.reset()
    if proxy.listener.fileno() < 0:
        proxy.restore()
    host.settle(30)


def ask(host, count, make):
    """The answers to requests at the same time."""
    answers = []

    def one(i):
        client = Client(host.url)
        answers.append(make(client, i))
        client.close()
    threads = [threading.Thread(target=one, args=(i,), daemon=True) for i in range(count)]
    for thread in threads:
        thread.start()
    return threads, answers


def absent():
    return f"/api/products/{bson.ObjectId()}"


def known_away(host):
    """Whether all workers have opened their breakers."""
    for _ in range(8):
        begun = time.monotonic()
        assert host.client.get(absent()).status == 503
        if time.monotonic() - begun > 0.2:
            return False
    return True


def told_away(host):
    """How often workers have found MongoDB away: each once in an outage."""
    return host.log("larderd").count('"mongo-not-reachable"')


def test_a_probe_does_not_wait_behind_requests(host):
    kept = f"/api/products?limit=2&category={bson.ObjectId()}"
    eventually(lambda: host.client.get(kept).hit)
    host.proxy.delay = lambda command: 1.2 if command.get("filter", {}).get("_id") not in (None, 0) \
        else 0
    threads, answers = ask(host, 12, lambda client, _: client.get(absent()).status)
    time.sleep(0.1)  # they are on their way
    for _ in range(4):
        begun = time.monotonic()
        ready = host.client.get("/readyz?strict=1")
        assert time.monotonic() - begun < 0.5
        assert ready.status == 200 and ready.json["mongo"] == "up", ready
        assert host.client.get(kept).hit
    assert not answers
    for thread in threads:
        thread.join()


def test_slow_reads_are_no_outage(host):
    """Each takes longer than a client waits: others are answered all the same."""
    before = told_away(host)
    slow = [f"/api/products?category={bson.ObjectId()}" for _ in range(8)]
    host.proxy.delay = lambda command: 2.5 if "category" in str(command.get("filter", "")) else 0
    threads, answers = ask(host, 6, lambda client, i: client.get(slow[i]).status)
    for thread in threads:
        thread.join()
    assert set(answers) <= {503, 504}
    host.proxy.reset()
    for _ in range(8):
        eventually(lambda: host.client.get(absent()).status == 404, 1)
    assert told_away(host) == before


def test_writes_that_no_majority_acknowledges_stop_no_reads(host):
    """Their outcome is unknown, and the server is there."""
    before = told_away(host)

    def refuse(command, reply):
        if "insert" in command:
            return {**reply, "writeConcernError": {
                "code": 64, "errmsg": "waiting for replication timed out"}}
        return reply
    host.proxy.change = refuse
    new = {"name": "w", "price": 1, "category": "majority"}
    for _ in range(3):
        threads, answers = ask(host, 12, lambda client, _: client.post("/api/products", new).status)
        for thread in threads:
            thread.join()
        assert set(answers) == {503}
        for _ in range(8):
            assert host.client.get(absent()).status == 404
        assert host.client.get("/readyz?strict=1").status == 200
    assert told_away(host) == before


def ready(host, path="/readyz"):
    answer = host.client.get(path)
    return answer.status, answer.json["mongo"], answer.json["redis"], answer.json["status"]


def test_what_is_kept_keeps_a_host_in_the_rotation(host):
    kept = f"/api/products?limit=2&category={bson.ObjectId()}"
    eventually(lambda: host.client.get(kept).hit)
    for path in ("/readyz", "/readyz?strict=1"):
        assert ready(host, path) == (200, "up", "up", "ready")
    host.proxy.cut()
    for _ in range(8):  # at once, and when the breakers are open
        assert ready(host) == (200, "down", "up", "degraded")
        assert ready(host, "/readyz?strict=1") == (503, "down", "up", "down")
        assert host.client.get("/healthz").status == 200
    eventually(lambda: known_away(host), 10)
    for _ in range(8):
        assert ready(host) == (200, "down", "up", "degraded")
        assert host.client.get("/readyz?strict=1").header("Retry-After")
        assert host.client.get(kept).hit
    host.proxy.restore()
    eventually(lambda: all(ready(host, "/readyz?strict=1") == (200, "up", "up", "ready")
                           for _ in range(8)), 2)


def test_a_hiccup_of_redis_while_mongo_is_away(host, stack):
    """Hits go on: pings know by themselves that nobody can have written since."""
    # Of no partition: those lists are asked for anew when all workers are known to agree on it.
    kept = "/api/products?limit=2&minPrice=7654321"
    eventually(lambda: host.client.get(kept).hit)
    before = told_away(host)
    host.proxy.cut()
    eventually(lambda: told_away(host) >= before + len(host.workers()), 10)
    for _ in range(3):
        connects = host.metrics()["larder_redis_connects_total"]
        stack.redis.client_kill_filter(_type="normal", skipme=True)
        stack.redis.client_kill_filter(_type="pubsub", skipme=True)
        eventually(lambda: host.metrics()["larder_redis_connects_total"] >=
                   connects + len(host.workers()), 5)
        eventually(lambda: all(host.client.get(kept).hit for _ in range(8)), 2)
        assert ready(host) == (200, "down", "up", "degraded")


def test_with_nothing_kept_a_host_leaves_the_rotation(host, stack):
    """A worker that has not seen the debts may give nothing, and there is nothing after a flush."""
    host.proxy.cut()
    eventually(lambda: known_away(host), 10)
    eventually(lambda: ready(host) == (200, "down", "up", "degraded"))
    stack.redis.flushall()
    eventually(lambda: all(ready(host) == (503, "down", "up", "down") for _ in range(8)), 5)
    host.control("restart", "larderd")
    eventually(lambda: all(ready(host) == (503, "down", "up", "down") for _ in range(8)), 5)
    assert host.client.get("/healthz").status == 200
