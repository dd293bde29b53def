# SPDX-License-Identifier: BSD-2-Clause
"""Live answers while servers and workers come and go: whatever is lost, no change is."""
import os
import random
import signal
import threading
import time

import pytest

import fcgi
from client import Client
from events import STREAM, Stream
from stack import eventually, running


@pytest.fixture(scope="module")
def host():
    with running() as stack:
        yield stack


@pytest.fixture
def well(host):
    yield host
    host.resume("redis")
    host.control("start")
    host.settle(30)


def make(host, category, **fields):
    answer = host.client.post("/api/products", {"name": "a", "price": 1, "category": category,
                                                **fields})
    assert answer.status == 201, answer
    return f"/api/products/{answer.json['data']['_id']}"


def test_a_lost_redis_is_told_and_what_is_missed_comes_afterwards(well, category):
    item = make(well, category)
    target = f"/api/products?category={category}"
    with Stream(well.url, target) as stream, \
            Stream(well.url, f"/api/live?watch={item}&watch=%2Fapi%2Fposts") as several:
        stream.wait(1)
        several.wait(2)
        well.control("stop", "redis")
        assert stream.wait(1, "uncertain").data == {"reason": "redis"}
        several.wait(2, "uncertain")
        assert several.of("uncertain", item)[0].data == {"path": item, "reason": "redis"}
        assert well.client.patch(item, {"price": 2}).status == 200
        # Longer than a lost connection is tried again without being asked for.
        time.sleep(7)
        well.control("start", "redis")
        stream.shows(well.client, target, seconds=30)
        several.shows(well.client, item, path=item, seconds=30)
        several.shows(well.client, "/api/posts", path="/api/posts", seconds=30)
        assert len(several.of("change", "/api/posts")) == 2, "told, whether it has moved or not"


def test_a_redis_that_hangs_is_told(well, category):
    with Stream(well.url, make(well, category)) as stream:
        stream.wait(1)
        well.pause("redis")
        assert stream.wait(1, "uncertain").data["reason"] in ("memory", "redis")
        well.resume("redis")
        stream.wait(2, seconds=30)


def test_a_lost_mongo_is_told_and_who_comes_is_refused(well, category):
    item = make(well, category)
    with Stream(well.url, item) as stream:
        stream.wait(1)
        well.control("stop", "mongo")
        assert stream.wait(1, "uncertain", 20).data == {"reason": "mongo"}
        with Stream(well.url, f"/api/products?category={category}&limit=3") as cold:
            assert cold.status == 200 and cold.wait(1, "refused").data == {"status": 503}
            cold.wait_end()
            assert len(cold.retries) == 1
        well.control("start", "mongo")
        stream.wait(2, seconds=30)
        assert well.client.patch(item, {"price": 2}).status == 200
        stream.shows(well.client, item)


def test_a_worker_that_leaves_tells_its_streams(well, category):
    item = make(well, category)
    streams = [Stream(well.url, item) for _ in range(12)]
    for stream in streams:
        stream.wait(1)
    well.control("restart", "larderd")
    for stream in streams:
        stream.wait_end()
        assert len(stream.retries) == 2 and stream.names() == ["change"]
        assert 1000 <= stream.retries[1] <= 5000
        stream.close()
    assert len({stream.retries[1] for stream in streams}) > 6, "not all at the same time"
    eventually(lambda: well.metrics()["larder_streams"] == 0, what="no stream is left")


def test_without_workers_nginx_refuses_as_they_do(well, category):
    item = make(well, category)
    well.control("stop", "larderd")
    for accept in (STREAM, "text/event-stream, */*;q=0.1"):
        with Stream(well.url, item, headers={"Accept": accept}) as stream:
            assert stream.status == 200
            assert stream.headers["Cache-Control"] == "no-store, no-transform"
            assert stream.wait(1, "refused").data == {"status": 503}
            stream.wait_end()
            assert 1000 <= stream.retries[0] <= 5000
    for accept in ("*/*", "application/json, text/event-stream;q=0.5", "text/event-stream;q=0"):
        answer = well.client.get(item, headers={"Accept": accept})
        assert answer.status == 502 and answer.json["success"] is False


def test_a_client_that_does_not_read_is_dropped(well, category):
    paths = [make(well, category, name="n" * 190) for _ in range(3)]
    lists = [f"/api/products?category={category}&limit={limit}" for limit in range(1, 46)]
    query = "&".join("watch=" + path.replace("/", "%2F").replace("?", "%3F").replace("&", "%26")
                     for path in paths + lists)
    with fcgi.Client(well.socket_path) as client:
        client.send(fcgi.request("GET", f"/api/live?{query}", HTTP_ACCEPT=STREAM))
        eventually(lambda: well.metrics()["larder_streams"] == 1, what="a stream is open")

        def dropped():
            for path in paths:
                assert well.client.patch(path, {"price": random.randint(2, 10**6)}).status == 200
            return well.metrics()["larder_streams"] == 0
        eventually(dropped, 90, every=0.12, what="the stream is dropped")
        assert client.is_closed()


@pytest.mark.parametrize("streams, status", [("0", 406), ("2", 200)])
def test_a_worker_has_so_many_streams(host, category, streams, status):
    item = make(host, category)
    few = host.sibling(LARDER_STREAMS=streams, LARDER_WORKERS="1")
    opened = [Stream(few.url, item) for _ in range(int(streams))]
    for stream in opened:
        stream.wait(1)
    with Stream(few.url, item) as more:
        assert more.status == status
        if status == 200:
            assert more.wait(1, "refused").data == {"status": 503}
        else:
            assert more.json["success"] is False
            assert few.client.get("/api/live?watch=%2Fapi%2Fproducts",
                                  headers={"Accept": STREAM}).status == 406
            assert few.client.get(item).status == 200
    for stream in opened:
        stream.close()


class Follower:
    """As a page does: one stream, opened again whenever it ends."""

    def __init__(self, url, path):
        self.url, self.path, self.etag, self.stop = url, path, None, False
        self.stream = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stop:
            headers = {"Last-Event-ID": self.etag} if self.etag else {}
            try:
                self.stream = Stream(self.url, self.path, headers=headers)
            except (OSError, EOFError, ValueError):
                time.sleep(0.05)
                continue
            while not self.stream.ended and not self.stop:
                self.take()
                time.sleep(0.02)
            self.take()
            self.stream.close()
            time.sleep(0.1)

    def take(self):
        self.etag = self.stream.last() or self.etag

    def end(self):
        self.stop = True
        self.thread.join(20)


def test_whatever_is_lost_the_client_shows_what_is_there(well, category):
    other = well.sibling()
    items = [make(well, category, name=f"n{i}") for i in range(4)]
    page = f"/api/products?category={category}"
    followers = [Follower(host.url, path) for host in (well, other) for path in [page, *items]]
    stop = threading.Event()

    def write(host, seed):
        chance, client = random.Random(seed), Client(host.url)
        while not stop.is_set():
            try:
                client.patch(chance.choice(items), {"price": chance.randint(1, 10**6)})
            except OSError:
                pass
            time.sleep(chance.random() * 0.03)
    writers = [threading.Thread(target=write, args=(host, seed), daemon=True)
               for seed, host in enumerate([well, well, other])]
    for writer in writers:
        writer.start()
    chance = random.Random(1)
    for lost in ("worker", "redis", "worker", "hang", "worker"):
        time.sleep(1)
        if lost == "worker":
            os.kill(chance.choice(chance.choice([well, other]).workers()), signal.SIGKILL)
        elif lost == "redis":
            well.control("stop", "redis")
            time.sleep(1)
            well.control("start", "redis")
        else:
            well.pause("redis")
            time.sleep(0.5)
            well.resume("redis")
    time.sleep(1)
    stop.set()
    for writer in writers:
        writer.join(30)
    well.settle(30)

    def shown():
        for follower in followers:
            host = well if follower.url == well.url else other
            assert follower.etag == host.client.get(follower.path).etag, follower.path
        return True
    eventually(shown, 40, every=0.5, what="what is shown is what is there")
    for path in items:
        price = well.mongo.products.find_one({"_id": well.mongo.products.find_one(
            {"category": category, "name": f"n{items.index(path)}"})["_id"]})["price"]
        assert well.client.get(path).json["data"]["price"] == price
    for follower in followers:
        follower.end()
