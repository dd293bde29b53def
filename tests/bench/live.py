#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""How live answers do beside hits: tests/bench/live.py [STREAMS [SECONDS]]

Starts a stack of its own with two workers, opens STREAMS (10,000) streams of a thousand items through
nginx, and changes items for SECONDS (20): first alone, then while wrk (where it is installed) asks
for hits. Prints what a stream costs a worker in memory, how long after the write was acknowledged
its change arrives, and hits a second without streams, beside streams that sleep, and beside streams
that are woken.
"""
import json
import multiprocessing
import pathlib
import re
import selectors
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

from client import Client  # noqa: E402
from stack import Stack  # noqa: E402

ITEMS, EACH_S = 1000, 0.05


def resident(stack):
    """Bytes of all workers that are theirs alone."""
    total = 0
    for pid in stack.workers():
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(("Private_Clean:", "Private_Dirty:")):
                total += int(line.split()[1]) * 1024
    return total


def open_stream(address, path):
    connection = socket.create_connection(address)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n"
                       .encode())
    connection.setblocking(False)
    return connection


def write(url, paths, seconds, acknowledged):
    """Changes one item after the other; tells when each was acknowledged."""
    client, end, i = Client(url), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        answer = client.patch(paths[i % ITEMS], {"price": round(1 + time.monotonic() % 9999, 6)})
        acknowledged.put((i % ITEMS, time.monotonic(), answer.status))
        i += 1
        time.sleep(EACH_S)
    acknowledged.put(None)


def listen(selector, seconds, arrived):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for key, _ in selector.select(0.1):
            try:
                data = key.fileobj.recv(65536)
            except BlockingIOError:
                continue
            now = time.monotonic()
            if not data:
                selector.unregister(key.fileobj)
            elif b"event: change" in data:
                arrived.append((key.data, now))


def measure(stack, paths, selector, streams, seconds, what):
    acknowledged, arrived = multiprocessing.Queue(), []
    writer = multiprocessing.Process(target=write, args=(stack.url, paths, seconds, acknowledged))
    writer.start()
    listen(selector, seconds + 3, arrived)
    delays, writes, by_stream = [], 0, {}
    for stream, now in arrived:
        by_stream.setdefault(stream, []).append(now)
    while (entry := acknowledged.get()) is not None:
        item, then, status = entry
        assert status == 200
        writes += 1
        for stream in range(item, streams, ITEMS):
            # The change may come a little before who wrote has read its answer.
            delays.append(min((max(now - then, 0) for now in by_stream.get(stream, [])
                               if now > then - 0.2), default=float("inf")))
    writer.join()
    delays.sort()
    print(f"{what}: {writes} writes to {len(delays)} streams, median "
          f"{delays[len(delays) // 2] * 1000:.0f} ms, p99 {delays[len(delays) * 99 // 100] * 1000:.0f}"
          f" ms, last {delays[-1] * 1000:.0f} ms", flush=True)


def hits(url, seconds):
    return subprocess.Popen(["wrk", "-t1", "-c64", f"-d{seconds}s", url],
                            stdout=subprocess.PIPE, text=True)


def rate(load):
    """Requests/s that wrk has told."""
    return float(re.search(r"Requests/sec:\s*([\d.]+)", load.communicate()[0])[1])


def tell_hits(rates):
    alone = rates["without streams"]
    print("hits/s:", ", ".join(f"{value:,.0f} {name} ({value / alone:.2f})"
                               for name, value in rates.items()), flush=True)


def main():
    streams = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    stack = Stack(LARDER_WORKERS="2", LARDER_STREAMS_PER_CLIENT="30000")
    try:
        stack.up()
        made = []
        for i in range(0, ITEMS, 100):
            answer = stack.client.post("/api/products", [
                {"name": f"n{i + j}", "price": 1, "category": "bench"} for j in range(100)])
            made += [one["data"]["_id"] for one in json.loads(answer.body)["results"]]
        paths = [f"/api/products/{id}" for id in made]
        url, rates = stack.url + paths[0], {}
        with_hits = shutil.which("wrk") is not None
        if with_hits:
            rates["without streams"] = rate(hits(url, seconds))
        before, began = resident(stack), time.monotonic()
        selector, address = selectors.DefaultSelector(), (stack.client.host, stack.client.port)
        for i in range(streams):
            selector.register(open_stream(address, paths[i % ITEMS]), selectors.EVENT_READ, i)
            if i % 100 == 0:
                listen(selector, 0.01, [])
        listen(selector, 3, [])
        opened = stack.metrics()["larder_streams"]
        print(f"{opened:.0f} streams in {time.monotonic() - began:.1f} s, "
              f"{(resident(stack) - before) / opened:.0f} bytes each of the workers' memory", flush=True)
        measure(stack, paths, selector, streams, seconds, "alone")
        if with_hits:
            rates["beside streams that sleep"] = rate(hits(url, seconds))
            load = hits(url, seconds + 2)
            measure(stack, paths, selector, streams, seconds, "beside hits")
            rates["beside streams that are woken"] = rate(load)
            tell_hits(rates)
    finally:
        stack.down()


main()
