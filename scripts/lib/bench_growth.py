# SPDX-License-Identifier: BSD-2-Clause
"""What must not grow with what is stored: hits and indexed pages with the documents, writes with
Redis' keys.

The documents are posts in a database of their own, which `larderctl load` fills in steps. Pages are
asked first of a worker whose cache is new to them, so each answer comes from the database; a page
whose filter matches more than it shows asks for their number as well, unless that is known: from a
page of the same filter, also from before a write. So there are categories of a fixed size, and
topics that grow with all."""
import json
import os
import random
import statistics
import subprocess
import sys
import time
import urllib.parse

from bench_costs import Worker, measure, redis_cli, wait_for_hits

DOCUMENTS = [1_000, 10_000, 100_000, 1_000_000]
KEYS = [0, 1_000_000]
READS, TIMES, WRITES = 1_000, 12, 200  # the database still tidies up after a load
FIXED, FIXED_SIZE, TOPICS = 100, 40, 20  # the categories that do not grow, from 10,000 posts on
DAYS = 3650


def post(i):
    """The same for the same number: its time is as good as random."""
    rng = random.Random(i)
    fixed = 0 <= i - DOCUMENTS[0] < FIXED * FIXED_SIZE
    day = time.gmtime(1_400_000_000 + rng.randrange(DAYS * 86_400))
    return {"title": f"Post {i}", "body": f"One of many, with the number {rng.random():.12f}",
            "category": f"fixed-{i % FIXED}" if fixed else f"topic-{i % TOPICS}",
            "author": f"author {i % 997}", "date": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", day)}


def load(bench, settings, start, end):
    command = [bench.program("larderctl"), "--config", bench.var / "larderd.conf"]
    with subprocess.Popen([*command, "load", "posts", "-"], stdin=subprocess.PIPE,
                          stdout=sys.stderr, text=True, env={**os.environ, **settings}) as process:
        for i in range(start, end):
            process.stdin.write(json.dumps(post(i)) + "\n")
    if process.returncode != 0:
        sys.exit(f"larderctl load ended with {process.returncode}")


def populate(bench, count):
    """Keys that have nothing to do with Larder; SET in one pipeline."""
    lines = (f"SET unrelated:{i} x EX 3600\r\n" for i in range(count))
    told = redis_cli(bench, "--pipe", input="".join(lines))
    if "errors: 0" not in told:
        sys.exit(f"redis-cli --pipe: {told}")


def timed(client, method, path, *body):
    begun = time.monotonic()
    answer = client.request(method, path, *body)
    taken = (time.monotonic() - begun) * 1e3
    if answer.status != 200:
        sys.exit(f"{method} {path}: {answer.status} {answer.body[:200]}")
    return taken, answer


def from_database(client, paths):
    """Milliseconds of a read that nobody has asked for before: the middle one of many."""
    taken = []
    for path in paths:
        each, answer = timed(client, "GET", path)
        if "hit" in answer.headers["cache-status"]:
            sys.exit(f"GET {path} is not from the database: {answer.headers['cache-status']}")
        taken.append(each)
    return statistics.median(taken)


def after_writes(client, paths, posts):
    """The same for pages that a write has just made void."""
    taken = []
    for path, one in zip(paths, posts):
        timed(client, "PUT", one, json.dumps({"author": "changed"}).encode())
        taken.append(from_database(client, [path]))
    return statistics.median(taken)


def category(name, limit):
    return f"/api/posts?category={name}&limit={limit}"


def post_paths(client):
    found = [one for i in range(TOPICS) for one in
             json.loads(client.request("GET", category(f"topic-{i}", 10)).body)["data"]]
    return [f"/api/posts/{one['_id']}" for one in found]


def reads(bench, settings, count):
    """A hit in memory over as many documents each time, and first pages of each kind."""
    fixed, topics = [f"fixed-{i}" for i in range(FIXED)], [f"topic-{i}" for i in range(TOPICS)]
    cell = {}
    with Worker(bench, f"growth-{count}", **settings) as worker, worker.connect() as client:
        paths = post_paths(client)
        wait_for_hits(client, paths[0], "detail=memory")
        if count > DOCUMENTS[0]:
            cell["fixed"] = from_database(client, [category(name, 20) for name in fixed])
            cell["counted"] = from_database(client, [category(name, 20) for name in topics])
            cell["page"] = from_database(client, [category(name, 19) for name in topics])
            cell["written"] = after_writes(client, [category(name, 20) for name in topics],
                                           paths[::10])
        for path in paths:
            wait_for_hits(client, path, "detail=memory")
        hits = [("GET", random.choice(paths)) for _ in range(READS)]
        cell["hit"] = min(measure(bench, worker, client, hits)["us"] for _ in range(TIMES))
    return cell


def writes(bench, ids):
    """Milliseconds of a write with its invalidation: the middle one of many."""
    taken = []
    with Worker(bench, "growth") as worker, worker.connect() as client:
        wait_for_hits(client, f"/api/products/{ids[0]}", "detail=memory")
        for i in range(WRITES):
            body = json.dumps({"price": i + 1}).encode()
            taken.append(timed(client, "PUT", f"/api/products/{ids[i % 50]}", body)[0])
    return statistics.median(taken)


def row(count, cell):
    pages = "".join(f" {cell[name]:.2f} |" if name in cell else " – |"
                    for name in ("fixed", "page", "written", "counted"))
    return f"| {count:,} | {cell['hit']:.1f} |{pages}"


def run(bench, ids, most):
    uri = urllib.parse.urlsplit(bench.env["MONGODB_URI"])._replace(path="/growth").geturl()
    # Another database has a cache of its own.
    settings = {"MONGODB_URI": uri, "LARDER_PREFIX": f"growth-{DOCUMENTS[0]}"}
    lines = ["\n### Growth\n", "| posts | hit in memory, CPU µs | from the database: first page of a "
             f"category of {FIXED_SIZE}, ms | of a twentieth of all, its total known, ms | "
             "right after a write to it, ms | never counted before, ms |",
             "|---|---|---|---|---|---|"]
    have = 0
    for count in [n for n in DOCUMENTS if n <= most]:
        print(f"Loading posts {have:,} to {count:,}", file=sys.stderr, flush=True)
        load(bench, settings, have, count)
        have = count
        lines.append(row(count, reads(bench, settings, count)))
        print(lines[-1], file=sys.stderr, flush=True)
    lines += ["\n| unrelated keys in Redis | a write, ms |", "|---|---|"]
    for count in KEYS:
        if count > 0:
            populate(bench, count)
        lines.append(f"| {count:,} | {writes(bench, ids):.2f} |")
    redis_cli(bench, "FLUSHDB")  # with --keep the stack goes on
    return "\n".join(lines) + "\n"
