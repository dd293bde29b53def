#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""How much older answers are than what other programs write: tests/bench/follow.py

    tests/bench/follow.py streams|times [READS]    500 writes a second beside readers
    tests/bench/follow.py hits streams|times       requests/s of hits with and without the follower
    tests/bench/follow.py cost streams|times       CPU of workers and Redis with and without it
    tests/bench/follow.py misses streams|times     misses a write of ours with and without it

streams is the second MongoDB of the tests, times the first one, of which every 200 ms is asked. The
first: until READS (a million) answers have been compared with what the driver had acknowledged when
each was asked for; the others: rounds with and without, in turn, of which the medians are told.
"""
import json
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

import others  # noqa: E402
from stack import cpu_seconds, eventually  # noqa: E402

ROUNDS, SECONDS = 3, 6
WRITES = {"write_rate": 500, "bulk": 25, "writers": 2}


def ages(host, reads):
    result = others.run(host, slots=2000, lists=0, readers=8, reads=reads, seconds=10, **WRITES)
    print(result.pop("text").replace("ready\n", ""), end="")
    print(json.dumps(result))


def switch(host, follow):
    host.settings["LARDER_FOLLOW"] = follow
    host.up().settle(30)
    way = host.way if follow == "auto" else "off"
    eventually(lambda: host.client.get("/readyz").json["follow"] == way, 30, every=0.1)


def cpu(host):
    """Seconds of the workers, and of Redis."""
    return cpu_seconds(host.workers()), cpu_seconds([host.pid("redis")])


def hits(host):
    """Of items that nobody writes, while others are written."""
    rates = {"auto": [], "off": []}
    for n in range(ROUNDS):
        for follow in sorted(rates, reverse=n % 2 == 1):
            switch(host, follow)
            result = others.run(host, slots=2000, still=200, lists=0, readers=8, seconds=SECONDS,
                                **WRITES)
            rates[follow].append(result["reads_per_s"])
            print(f"{follow}: {result['reads_per_s']} reads/s, {result['writes_per_s']} writes/s, "
                  f"{result['memory'] / result['reads']:.3f} from memory", flush=True)
    auto, off = (statistics.median(rates[follow]) for follow in ("auto", "off"))
    print(f"hits with the follower: {auto / off:.3f} of those without")


def cost(host):
    """What following takes of the processors: it does not depend on what else the machine does."""
    for follow in ("auto", "off", "off", "auto"):
        switch(host, follow)
        before, began = cpu(host), time.monotonic()
        result = others.run(host, slots=2000, lists=0, readers=1, read_rate=20, seconds=SECONDS,
                            **WRITES)
        took = time.monotonic() - began
        workers, redis = ((now - then) / took for then, now in zip(before, cpu(host)))
        print(f"{follow}: {result['writes_per_s']} writes/s of others, {workers:.4f} of a core for "
              f"the workers, {redis:.4f} for Redis", flush=True)


def misses(host):
    """An item and its list are read for 0.4 s between a write of ours to it and the next."""
    counts = {"auto": [], "off": []}
    for n in range(ROUNDS):
        for follow in sorted(counts, reverse=n % 2 == 1):
            switch(host, follow)
            made = host.client.post("/api/stock", {"name": "n", "price": 1, "category": f"m{n}"})
            paths = f"/api/stock/{made.json['data']['_id']}", f"/api/stock?category=m{n}"
            missed = 0
            for price in range(100):
                assert host.client.put(paths[0], {"price": price}).status == 200
                for _ in range(20):
                    missed += sum(not host.client.get(path).hit for path in paths)
                    time.sleep(0.02)
            counts[follow].append(missed / 100)
            print(follow, counts[follow][-1], "misses a write", flush=True)
    auto, off = (statistics.median(counts[follow]) for follow in ("auto", "off"))
    print(f"misses a write with the follower: {auto / off:.3f} of those without")


COMPARED = {"hits": hits, "cost": cost, "misses": misses}


def main():
    what, *more = sys.argv[1:]
    if what in COMPARED:
        with others.hosts(more[0], beside=False, LARDER_RATE="0") as host:
            COMPARED[what](host)
    else:
        with others.hosts(what, beside=False, LARDER_RATE="0") as host:
            ages(others.ready(host), int(more[0]) if more else 1000000)


main()
