# SPDX-License-Identifier: BSD-2-Clause
"""Answers that only their time has overtaken: refilled behind the scenes, kept for when MongoDB is
away; and what is not kept at all."""
import struct
import time

import pytest

from seal import moved
from stack import eventually

LIFE, SPREAD = 600, 60  # seconds: an item's, and the ±10 % of it


def left(value):
    """Seconds until the entry is no longer fresh, no longer served while it is refilled, and no
    longer served while MongoDB is away."""
    created, *distances = struct.unpack_from("<qIII", value, 24)
    return [(created + distance) / 1000 - time.time() for distance in distances]


def make_older(stack, name, until):
    """Lets the entry's time run until so many seconds before the end of its life."""
    key = stack.key(name)
    value = eventually(lambda: stack.redis.get(key), 2, what=name + " in Redis")
    older = moved(stack, key.removeprefix(stack.base()), value, until - left(value)[1])
    stack.redis.set(key, older, px=60000)
    return older


@pytest.fixture(autouse=True)
def settled(stack):
    stack.settle()


@pytest.fixture
def entry(stack, bare, product):
    """An item whose entry is in Redis, its name and path."""
    bare.settle()
    made = product(price=1)
    path = f"/api/products/{made['_id']}"
    assert "stored" in bare.client.get(path).cache_status
    return f"product:{made['_id']}", path


def test_times_of_an_entry(stack, entry):
    name, _ = entry
    fresh, stale, error = left(eventually(lambda: stack.redis.get(stack.key(name)), 2))
    assert stale - fresh == pytest.approx(60, abs=0.1)
    assert error - stale == pytest.approx(3600, abs=0.1)
    assert LIFE - SPREAD - 5 < stale < LIFE + SPREAD


def test_the_last_minute_is_served_while_one_refill_runs(stack, bare, entry):
    name, path = entry
    make_older(stack, name, 30)
    fills = bare.metrics()["larder_cache_fills_total"]
    answer = bare.client.get(path)
    assert "hit" in answer.cache_status and "detail=STALE" in answer.cache_status, answer
    assert answer.json["data"]["price"] == 1
    eventually(lambda: "detail=redis" in bare.client.get(path).cache_status, 2)
    assert bare.metrics()["larder_cache_fills_total"] == fills + 1
    assert left(stack.redis.get(stack.key(name)))[0] > LIFE - SPREAD - 60 - 5


def test_a_write_overtakes_what_is_stale_too(stack, http, bare, entry):
    name, path = entry
    older = make_older(stack, name, 30)
    assert http.put(path, {"price": 2}).status == 200
    stack.redis.set(stack.key(name), older, px=60000)
    for _ in range(2):
        answer = bare.client.get(path)
        assert "STALE" not in answer.cache_status and answer.json["data"]["price"] == 2, answer


def test_a_redis_that_takes_no_writes_does_not_make_each_hit_a_refill(stack, bare, entry, healthy):
    """Without memory there is nowhere to keep the refill."""
    name, path = entry
    make_older(stack, name, 30)
    stack.redis.execute_command("REPLICAOF", "127.0.0.1", "1")
    try:
        fills = bare.metrics()["larder_cache_fills_total"]
        for _ in range(50):
            answer = bare.client.get(path)
            assert answer.status == 200 and "detail=STALE" in answer.cache_status, answer
        assert bare.metrics()["larder_cache_fills_total"] == fills
    finally:
        stack.redis.execute_command("REPLICAOF", "NO", "ONE")
    eventually(lambda: "detail=redis" in bare.client.get(path).cache_status, 5)  # refilled


def test_a_redis_that_takes_no_writes_tells_of_those_under_way(stack, http, product, healthy):
    """What is read under another host's fence goes into no memory."""
    made = product()
    name, path = f"product:{made['_id']}", f"/api/products/{made['_id']}"
    stack.redis.set(stack.base() + "fence:" + name, "00000000000000ff@9999999999999 ", px=3000)
    stack.redis.delete(stack.base() + "tag:" + name)  # what would make the script write first
    stack.redis.execute_command("REPLICAOF", "127.0.0.1", "1")
    try:
        for _ in range(4):
            answer = http.get(path)
            assert answer.cache_status == "larder; fwd=bypass; detail=WRITE-FENCE", answer
    finally:
        stack.redis.execute_command("REPLICAOF", "NO", "ONE")


def test_mongo_away_and_an_entry_past_its_time(stack, http, bare, entry, product, healthy):
    name, path = entry
    gone = product()
    bare.client.get(f"/api/products/{gone['_id']}")
    make_older(stack, name, -30)
    too_old = make_older(stack, f"product:{gone['_id']}", -3601)
    stack.control("stop", "mongo")
    try:
        served = bare.metrics()['larder_cache_lookups_total{result="stale-if-error"}']
        for client in (bare.client, http, bare.client):
            answer = client.get(path)
            assert answer.status == 200 and answer.json["data"]["price"] == 1, answer
            if client is bare.client:  # the other still has it in memory, as fresh as it was
                assert answer.cache_status.startswith("larder; hit; ttl=-"), answer
                assert answer.cache_status.endswith("; detail=STALE-IF-ERROR"), answer
        now = bare.metrics()['larder_cache_lookups_total{result="stale-if-error"}']
        assert now == served + 2
        # It is kept for as long as it may be served so, not as long as its life was.
        assert stack.redis.pttl(stack.key(name)) > 3_000_000
        assert left(too_old)[2] < 0
        answer = bare.client.get(f"/api/products/{gone['_id']}")
        assert answer.status == 503 and answer.header("Retry-After"), answer
    finally:
        stack.control("start", "mongo")
    eventually(lambda: bare.client.get(f"/api/products/{gone['_id']}").status == 200, 10)
    eventually(lambda: "detail=redis" in bare.client.get(path).cache_status, 5)


def test_what_is_too_large_is_sent_and_not_kept(stack, http, post, category):
    for _ in range(30):
        post(body="x" * 10000)
    path = f"/api/posts?category={category}&limit=30"
    for _ in range(2):
        answer = http.get(path)
        assert answer.json["count"] == 30 and len(answer.body) > 256 << 10
        assert answer.cache_status == "larder; fwd=uri-miss; detail=TOO-LARGE"
    assert stack.redis.exists(stack.key(f"posts:category={category}&limit=30")) == 0


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
@pytest.mark.parametrize("where", ["stack", "bare"])
def test_a_condition_that_fails_gets_the_whole_answer(request, where, product, category, encoding):
    client = request.getfixturevalue(where).client
    made = product(description="d" * 3000)
    for path in (f"/api/products/{made['_id']}", f"/api/products?category={category}"):
        headers = {"Accept-Encoding": encoding}
        for _ in range(2):
            whole = client.get(path, headers=headers)
        assert whole.hit and len(whole.body) > 100
        for etag in ('"other"', 'W/"other"', '"a", "b"', whole.etag[:-2] + '"'):
            answer = client.get(path, headers={**headers, "If-None-Match": etag})
            assert answer.status == 200 and answer.hit, answer
            assert answer.body == whole.body and answer.etag == whole.etag
            assert answer.header("Content-Encoding") == whole.header("Content-Encoding")
