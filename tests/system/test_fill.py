# SPDX-License-Identifier: BSD-2-Clause
"""Many misses, one question to MongoDB."""
import os
import struct
import threading
import time

import pytest

from client import Client
from stack import eventually, tag_slot


def at_once(stacks, path, count):
    """`count` requests for one path at the same moment, spread over connections and hosts."""
    barrier = threading.Barrier(count)
    answers = [None] * count

    def ask(i):
        client = Client(stacks[i % len(stacks)].url)
        client.connection().connect()
        barrier.wait()
        answers[i] = client.get(path)
        client.close()
    threads = [threading.Thread(target=ask, args=(i,), daemon=True) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def counted(stacks):
    """Questions to MongoDB that fill an entry, all operations, and when they were counted."""
    metrics = [stack.metrics() for stack in stacks]
    return (sum(m["larder_cache_fills_total"] for m in metrics),
            sum(m["larder_mongo_operations_total"] for m in metrics), time.monotonic())


def assert_asked(stacks, before, entries, jobs=None):
    """Entries that were filled, and by how many jobs in MongoDB.  Each worker also looks at what is
    pending, and at the installation, every two seconds."""
    after = counted(stacks)
    others = (4 + 4 * (after[2] - before[2])) * len(stacks)
    jobs = entries if jobs is None else jobs
    assert after[0] - before[0] == entries
    assert jobs <= after[1] - before[1] <= jobs + others


@pytest.mark.parametrize("round", range(3))
def test_200_misses_are_one_question(stack, product, round):
    stack.settle()
    made = product()
    before = counted([stack])
    answers = at_once([stack], f"/api/products/{made['_id']}", 200)
    assert all(a.status == 200 and a.json["data"] == made for a in answers)
    assert_asked([stack], before, 1)
    assert sum(a.cache_status == "larder; fwd=uri-miss; stored" for a in answers) == 1
    assert all("collapsed" in a.cache_status or "hit" in a.cache_status or
               "stored" in a.cache_status for a in answers)


@pytest.mark.parametrize("limit", [2, 3])
def test_200_misses_on_a_list_are_one_job_for_page_and_count(stack, product, category, limit):
    stack.settle()
    for _ in range(3):
        product()
    before = counted([stack])
    answers = at_once([stack], f"/api/products?category={category}&limit={limit}", 200)
    assert all(a.status == 200 and a.json["total"] == 3 for a in answers)
    assert_asked([stack], before, 2, 1)


def test_misses_over_hosts_are_one_question(stack, bare, product):
    stack.settle()
    bare.settle()
    made = product()
    before = counted([stack, bare])
    answers = at_once([stack, bare], f"/api/products/{made['_id']}", 100)
    assert all(a.status == 200 and a.json["data"] == made for a in answers)
    assert_asked([stack, bare], before, 1)


def test_misses_on_an_absent_item_are_one_question(stack):
    stack.settle()
    before = counted([stack])
    answers = at_once([stack], "/api/products/65d0000000000000000000aa", 100)
    assert all(a.status == 404 for a in answers)
    assert_asked([stack], before, 1)


def test_a_lock_whose_holder_is_gone_delays_and_stops_nobody(stack, http, product):
    """Somebody else holds the lock and never answers: after 300 ms we ask ourselves."""
    stack.settle()
    made = product()
    stack.redis.set(stack.key(f"lock:fill:product:{made['_id']}"), "somebody", px=3000)
    begun = time.monotonic()
    answer = http.get(f"/api/products/{made['_id']}")
    took = time.monotonic() - begun
    assert answer.status == 200 and answer.json["data"] == made
    assert 0.2 < took < 1.0
    assert stack.redis.get(stack.key(f"lock:fill:product:{made['_id']}")) == b"somebody"


def test_who_waits_takes_the_lock_when_it_is_free(stack, http, product):
    """Its holder went away, or what he stored was overtaken by a write."""
    stack.settle()
    made = product()
    stack.redis.set(stack.key(f"lock:fill:product:{made['_id']}"), "somebody", px=60)
    begun = time.monotonic()
    answer = http.get(f"/api/products/{made['_id']}")
    assert answer.json["data"] == made and 0.04 < time.monotonic() - begun < 0.25


def test_nobody_waits_for_a_fill_that_began_before_a_write(stack, http, product):
    """Reads that begin after an acknowledged write may not join a fill that is under way."""
    stack.settle()
    made = product(price=0)
    path = f"/api/products/{made['_id']}"
    stop, wrong = threading.Event(), []
    acked = [0]

    def read():
        client = Client(stack.url)
        while not stop.is_set():
            least = acked[0]
            price = client.get(path).json["data"]["price"]
            if price < least:
                wrong.append((price, least))
        client.close()
    threads = [threading.Thread(target=read, daemon=True) for _ in range(6)]
    for thread in threads:
        thread.start()
    for price in range(1, 150):
        assert http.put(path, {"price": price}).status == 200
        acked[0] = price
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


class Fence:
    """What a write of this host puts into its table (src/memory/segment_layout.h); it ends by its time."""

    def __init__(self, stack, tag):
        slot = tag_slot(tag)
        self.table = open(stack.segment(), "r+b")
        self.at = 4096 + 64 * slot

    def stand(self, seconds):
        until = int((time.monotonic() + seconds) * 1000)
        os.pwrite(self.table.fileno(), struct.pack("<Q", until << 24 | 1), self.at + 8)
        (seq,) = struct.unpack("<Q", os.pread(self.table.fileno(), 8, self.at))
        os.pwrite(self.table.fileno(), struct.pack("<Q", seq + 1), self.at)


def test_a_short_write_is_waited_for(stack, http, product):
    """And what is asked afterwards is kept."""
    made = product()
    path = f"/api/products/{made['_id']}"
    fence = Fence(stack, f"product:{made['_id']}")

    def waited():
        before = stack.metrics()["larder_cache_waits_total"]
        fence.stand(0.02)
        answer = http.get(path)
        assert answer.json["data"] == made
        return stack.metrics()["larder_cache_waits_total"] > before and \
            (answer.hit or "stored" in answer.cache_status)
    stack.settle()
    eventually(waited, 10)
    assert eventually(lambda: http.get(path).hit, 2)


def test_a_long_write_is_not_waited_for(stack, http, product):
    made = product()
    fence = Fence(stack, f"product:{made['_id']}")
    fence.stand(9)
    for _ in range(3):
        answer = http.get(f"/api/products/{made['_id']}")
        assert answer.cache_status == "larder; fwd=bypass; detail=WRITE-FENCE", answer
        assert answer.json["data"] == made
    fence.stand(0)
    eventually(lambda: http.get(f"/api/products/{made['_id']}").hit, 2)


def test_a_fill_leaves_in_memory_what_has_the_same_tags(stack, product):
    """A tag that many answers have is not touched by each of them: memory would hear of it."""
    stack.settle()
    first, *others = (product(category="kept-in-memory") for _ in range(20))
    paths = [f"/api/products/{first['_id']}", "/api/products?category=kept-in-memory&limit=2"]

    def in_memory():
        return all("detail=memory" in stack.client.get(path).cache_status for path in paths)
    eventually(in_memory, what="both in memory")
    for i, other in enumerate(others):
        stack.client.get(f"/api/products/{other['_id']}")
        stack.client.get(f"/api/products?category=kept-in-memory&limit=3&page={i + 1}")
        assert in_memory(), i
