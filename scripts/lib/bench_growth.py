# SPDX-License-Identifier: BSD-2-Clause
"""What must not grow with what is stored: hits with the documents, writes with Redis' keys."""
import json
import random
import statistics
import subprocess
import sys
import time

from bench_costs import Worker, measure, redis_cli, wait_for_hits

DOCUMENTS = [1_000, 10_000, 100_000]
KEYS = [0, 1_000_000]
READS, WRITES = 2_000, 200


def load(bench, start, end):
    path = bench.var / f"growth-{end}.ndjson"  # larderctl would go on in the same file
    with open(path, "w") as out:
        for i in range(start, end):
            out.write(json.dumps({"name": f"grown {i}", "price": 1 + i % 400, "category": "grown",
                                  "description": "one of many", "inStock": True}) + "\n")
    subprocess.run([bench.program("larderctl"), "--config", bench.var / "larderd.conf", "load",
                    "products", path], check=True, stdout=sys.stderr)


def populate(bench, count):
    """Keys that have nothing to do with Larder; SET in one pipeline."""
    lines = (f"SET unrelated:{i} x EX 3600\r\n" for i in range(count))
    told = redis_cli(bench, "--pipe", input="".join(lines))
    if "errors: 0" not in told:
        sys.exit(f"redis-cli --pipe: {told}")


def hits(bench, ids):
    """CPU of a hit in memory, over the same ids each time."""
    paths = [f"/api/products/{i}" for i in ids[:200]]
    with Worker(bench, "growth") as worker, worker.connect() as client:
        for path in paths:
            wait_for_hits(client, path, "detail=memory")
        reads = [("GET", random.choice(paths)) for _ in range(READS)]
        return min(measure(bench, worker, client, reads)["us"] for _ in range(3))


def writes(bench, ids):
    """Milliseconds of a write with its invalidation: the middle one of many."""
    taken = []
    with Worker(bench, "growth") as worker, worker.connect() as client:
        wait_for_hits(client, f"/api/products/{ids[0]}", "detail=memory")
        for i in range(WRITES):
            begun = time.monotonic()
            answer = client.request("PUT", f"/api/products/{ids[i % 50]}",
                                    json.dumps({"price": i + 1}).encode())
            taken.append((time.monotonic() - begun) * 1e3)
            if answer.status != 200:
                sys.exit(f"PUT: {answer.status} {answer.body[:200]}")
    return statistics.median(taken)


def run(bench, ids):
    lines = ["\n### Growth\n", "| documents | memory hit, CPU µs |", "|---|---|"]
    have = 1_000
    for count in DOCUMENTS:
        if count > have:
            load(bench, have, count)
            have = count
        lines.append(f"| {count:,} | {hits(bench, ids):.1f} |")
    lines += ["\n| unrelated keys in Redis | a write, ms |", "|---|---|"]
    for count in KEYS:
        if count > 0:
            populate(bench, count)
        lines.append(f"| {count:,} | {writes(bench, ids):.2f} |")
    redis_cli(bench, "FLUSHDB")  # with --keep the stack goes on
    return "\n".join(lines) + "\n"
