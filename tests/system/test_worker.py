# SPDX-License-Identifier: BSD-2-Clause
"""One worker of its own, and what its surroundings do to it."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import time

import bson
import pytest

import fcgi
import mongo_proxy
from stack import ROOT, eventually, of_database


def own_database(stack):
    """For what has a cache of its own: no database has two."""
    return of_database(stack.env["MONGODB_URI"], "of-workers")


class Worker:
    """larderd on a socket of its own, with a memory and a database of its own, on the servers of the
    stack."""

    def __init__(self, stack, folder, prefix, stderr, **settings):
        self.socket, self.prefix = folder / "larder.sock", prefix
        config = folder / "larder.conf"
        config.write_text("".join(f"{name}={value}\n" for name, value in {
            "MONGODB_URI": own_database(stack), "REDIS_URL": stack.env["REDIS_URL"],
            "LARDER_PREFIX": prefix, "LARDER_MEMORY": "8M",
            "LARDER_RESOURCES": ROOT / "resources", **settings}.items()))
        self.process = subprocess.Popen([stack.build / "larderd", "--config", config, "--listen",
                                         f"unix:{self.socket}"], stderr=stderr)
        eventually(self.listens)

    def listens(self):
        """The socket is there a moment before it listens."""
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError), \
                fcgi.Client(str(self.socket)):
            return True
        return False

    def get(self, path):
        with fcgi.Client(str(self.socket)) as client:
            return client.request(uri=path)

    def shared(self, end=""):
        return [path for path in pathlib.Path("/dev/shm").glob(
            f"larder-{os.getuid()}-{self.prefix}-*") if end in path.name]

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(15)
        for path in self.shared():
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


@pytest.fixture
def worker(stack, tmp_path):
    """worker(stderr, beside, **settings): one that is gone after the test, and shares memory with
    the one beside it."""
    made = []

    def make(stderr=subprocess.DEVNULL, beside=None, **settings):
        folder = tmp_path / str(len(made))
        folder.mkdir()
        prefix = beside.prefix if beside else f"w{os.getpid()}-{len(made)}"
        made.append(Worker(stack, folder, prefix, stderr, **settings))
        return made[-1]
    yield make
    for one in made:
        one.close()


def full_pipe():
    """(reading end, writing end) of a pipe that takes nothing any more."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4095 + b"\n")
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"\n")
    os.set_blocking(writing, True)
    return reading, writing


def dropped(worker):
    text = worker.get("/metrics").body.decode()
    return int(text.split("\nlarder_log_dropped_total ")[1].split()[0])


@pytest.fixture
def failing(stack):
    """The URI of a MongoDB that refuses to read products, in so many words."""
    uri, proxy = mongo_proxy.in_front(own_database(stack))

    def refuse(command, reply):
        if command.get("find") == "products":
            return {"ok": 0.0, "code": 4711, "errmsg": "many words " * 90}
        return reply
    proxy.change = refuse
    yield uri
    proxy.cut()


def test_nobody_reads_the_log(worker, failing):
    """Each read is a line of a kilobyte."""
    reading, writing = full_pipe()
    one = worker(writing, MONGODB_URI=failing)
    os.close(writing)
    try:
        begun = time.monotonic()
        while dropped(one) == 0:
            for _ in range(50):
                assert one.get(f"/api/products/{bson.ObjectId()}").status == 500
            begun_one = time.monotonic()
            assert one.get("/healthz").status == 200
            assert time.monotonic() - begun_one < 2
            assert time.monotonic() - begun < 60
        one.process.send_signal(signal.SIGTERM)
        assert one.process.wait(10) == 0
    finally:
        os.close(reading)


def test_lines_that_were_dropped_are_counted_in_the_log(worker, failing):
    reading, writing = full_pipe()
    one = worker(writing, MONGODB_URI=failing)
    os.close(writing)
    while dropped(one) == 0:
        assert one.get(f"/api/products/{bson.ObjectId()}").status == 500
    os.set_blocking(reading, False)
    text = b""

    def told():
        nonlocal text
        with contextlib.suppress(BlockingIOError):
            text += os.read(reading, 1 << 20)
        return [line for line in text.split(b"\n") if b"lines were dropped" in line]
    line = eventually(told, 5)[0]
    assert json.loads(line)["count"] == dropped(one)
    os.close(reading)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2])
def test_signals_that_mean_nothing_end_nobody(worker, number):
    one = worker()
    for _ in range(3):
        one.process.send_signal(number)
        assert one.get("/healthz").status == 200
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(10) == 0


def overwrite(path, size):
    with open(path, "r+b") as file:
        file.write(b"\x5a" * size)


@pytest.mark.parametrize("size", [8, 16, 24, 4096])
def test_a_segment_that_was_overwritten_stops_nobody(worker, size):
    """It is put aside by those who have it, who are replaced, and made anew."""
    old = worker()
    segment, = [path for path in old.shared() if "metrics" not in path.name]
    overwrite(segment, size)
    assert old.process.wait(5) == 0
    begun = time.monotonic()
    new = worker(beside=old)
    assert new.get("/healthz").status == 200
    assert time.monotonic() - begun < 2
    assert segment.exists()
    other = worker(beside=old)
    assert other.get("/healthz").status == 200


def test_a_worker_starts_although_the_segment_was_just_overwritten(worker):
    """While those who have it have not noticed yet."""
    old = worker()
    segment, = [path for path in old.shared() if "metrics" not in path.name]
    overwrite(segment, 8)
    assert worker(beside=old).get("/healthz").status == 200
    assert old.process.wait(5) == 0


def test_counters_that_were_removed_are_noticed(worker):
    old = worker()
    counters, = old.shared("metrics")
    counters.unlink()
    assert old.process.wait(5) == 0
    assert worker(beside=old).get("/metrics").status == 200
