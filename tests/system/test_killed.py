# SPDX-License-Identifier: BSD-2-Clause
"""Workers are killed while they write: what becomes of their fences."""
import os
import re
import signal
import threading
import time

import bson
import pytest

from client import Client
from stack import eventually


def post(host, body):
    client = Client(host.url)
    client.post("/api/products", body)
    client.close()


def stand(host, fences):
    """They do, and they and the writes in them end five seconds from now: however slow this machine
    is."""
    ends = b"@%d " % (time.time() * 1000 + 5000)
    there = [(fence, text) for fence in fences if (text := host.redis.get(fence))]
    for fence, text in there:
        host.redis.set(fence, re.sub(rb"@\d+ ", ends, text), px=5000)
    return there


@pytest.fixture
def fences(late, category):
    """Of the collection too: workers that have just started go by it."""
    return [late.key(f"fence:products{tag}") for tag in ("", f":{category}")]


@pytest.fixture
def killed(late, category, fences):
    """The path of a list on which the host's workers were writing when they were killed: MongoDB
    had the write, and they had not heard so, nor will they: the answer is late until they are."""
    late.proxy.delay = lambda command: 20 if command.get("insert") == "products" else 0
    body = {"name": "first", "price": 1, "category": category}
    threading.Thread(target=post, args=(late, body), daemon=True).start()
    eventually(lambda: late.mongo.products.find_one({"category": category}), 10)
    assert stand(late, fences)
    for pid in late.workers():
        os.kill(pid, signal.SIGKILL)
    late.proxy.reset()
    return f"/api/products?category={category}"


def test_the_fence_of_a_killed_writer_stops_no_hits(late, killed, category, fences):
    """What is kept meanwhile is the answer until the fence ends, and no longer: another part of the
    write could still be under way."""
    def hit_under_fence():
        answer = late.client.get(killed)
        assert stand(late, fences)
        return "; hit;" in answer.cache_status and answer
    answer = eventually(hit_under_fence, 30)
    assert "memory" not in answer.cache_status
    assert [item["name"] for item in answer.json["data"]] == ["first"]
    found = late.mongo.products.find_one({"category": category})
    late.mongo.products.insert_one({**found, "_id": bson.ObjectId(), "name": "late"})
    eventually(lambda: not late.redis.exists(*fences), 10, what="the fences end")
    answer = late.client.get(killed)
    assert sorted(item["name"] for item in answer.json["data"]) == ["first", "late"]
    eventually(lambda: "memory" in late.client.get(killed).cache_status, 10)
