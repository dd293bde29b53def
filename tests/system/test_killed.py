# SPDX-License-Identifier: BSD-2-Clause
"""Workers are killed while they write: what becomes of their fences."""
import os
import signal
import threading

import bson
import pytest

from client import Client
from stack import eventually


def post(host, body):
    client = Client(host.url)
    client.post("/api/products", body)
    client.close()


@pytest.fixture
def fence(late, category):
    return late.key(f"fence:products:{category}")


def stands(host, fence):
    """It does, and ends five seconds from now: however slow this machine is."""
    return host.redis.pexpire(fence, 5000)


@pytest.fixture
def killed(late, category, fence):
    """The path of a list on which the host's workers were writing when they were killed: MongoDB
    had the write, and they had not heard so, nor will they: the answer is late until they are."""
    late.proxy.delay = lambda command: 20 if command.get("insert") == "products" else 0
    body = {"name": "first", "price": 1, "category": category}
    threading.Thread(target=post, args=(late, body), daemon=True).start()
    eventually(lambda: late.mongo.products.find_one({"category": category}), 10)
    assert stands(late, fence)
    for pid in late.workers():
        os.kill(pid, signal.SIGKILL)
    late.proxy.reset()
    return f"/api/products?category={category}"


def test_the_fence_of_a_killed_writer_stops_no_hits(late, killed, category, fence):
    """What is kept meanwhile is the answer until the fence ends, and no longer: another part of the
    write could still be under way."""
    def hit_under_fence():
        answer = late.client.get(killed)
        assert stands(late, fence)
        return "; hit;" in answer.cache_status and answer
    answer = eventually(hit_under_fence, 30)
    assert "memory" not in answer.cache_status
    assert [item["name"] for item in answer.json["data"]] == ["first"]
    found = late.mongo.products.find_one({"category": category})
    late.mongo.products.insert_one({**found, "_id": bson.ObjectId(), "name": "late"})
    eventually(lambda: not late.redis.exists(fence), 10, what="the fence ends")
    answer = late.client.get(killed)
    assert sorted(item["name"] for item in answer.json["data"]) == ["first", "late"]
    eventually(lambda: "memory" in late.client.get(killed).cache_status, 10)
