#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a change and the reads around it cost: tests/bench/written.py [ROUNDS]

Starts a stack of its own with one worker. Each of ROUNDS (1,000) reads an item, changes it, and reads
it twice, one after the other. Prints the questions to MongoDB and the CPU of each server for a round,
and how many of the reads right after a change were hits.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

from stack import Stack, cpu_seconds  # noqa: E402

SERVERS = ("larderd-1", "redis", "mongo", "postgres")
ITEMS = 20


def processes(pid):
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in processes(child))]


def cpu_us(stack, server):
    """Of the server and its children that run: those that have ended meanwhile are missing."""
    if not (stack.var / "run" / f"{server}.pid").exists():
        return 0
    return cpu_seconds(processes(stack.pid(server))) * 1e6


def figures(stack):
    return {"questions": stack.metrics()["larder_mongo_operations_total"],
            **{f"{server} us": cpu_us(stack, server) for server in SERVERS}}


def rounds_of(stack, count):
    http = stack.client
    paths = [f"/api/products/{http.post('/api/products', body).json['data']['_id']}"
             for body in [{"name": "Kettle", "price": 1, "category": "bench"}] * ITEMS]
    for path in paths * 3:
        http.get(path)
    before, hits = figures(stack), 0
    for number in range(count):
        path = paths[number % ITEMS]
        http.get(path)
        http.put(path, {"price": number})
        hits += http.get(path).cache_status.startswith("larder; hit")
        http.get(path)
    after = figures(stack)
    return {name: (after[name] - before[name]) / count for name in after}, hits


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    stack = Stack(LARDER_WORKERS="1", LARDER_EDGE="off")
    try:
        stack.up()
        stack.settle(30)
        costs, hits = rounds_of(stack, count)
    finally:
        stack.down()
    for name, cost in costs.items():
        print(f"{name} a round: {cost:.2f}")
    print(f"{hits} of {count} reads after a change were hits")


if __name__ == "__main__":
    main()
