# SPDX-License-Identifier: BSD-2-Clause
"""What a read takes while Redis is away, beside the same read as the database answers it.

All at the same modest pace, in turn, several rounds:

    database   the same questions from the same number of threads, without nginx and workers
    bypassed   Redis is there, but too young to be believed: nginx, worker, one MGET, database
    stopped    Redis has been stopped: from the moment on, so reconnecting and giving up are in it
    paused     Redis hangs (SIGSTOP): from the moment on, so the commands in flight are in it
    cached     all is well
"""
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import threading
import time

from bench_costs import ROOT, redis_cli

PHASES = ["database", "bypassed", "stopped", "paused", "cached"]


class Degraded:
    def __init__(self, bench, port, environment, options):
        self.bench, self.port, self.environment, self.options = bench, port, environment, options
        self.file = bench.var / "degraded.reads"
        build = bench.program("larderd").parent
        subprocess.run(["make", "-s", "tests/bench/reader"], cwd=build, check=True,
                       stdout=sys.stderr)
        self.reader = build / "tests" / "bench" / "reader"

    def reads(self, ids, categories):
        """Three of four are items."""
        rng = random.Random(3)
        self.file.write_text("".join(
            f"list {rng.choice(categories)}\n" if i % 4 == 0 else f"item {rng.choice(ids)}\n"
            for i in range(8000)))

    def stack(self, action):
        subprocess.run([ROOT / "scripts" / "stack", action, "redis"], env=self.environment,
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def signal_redis(self, number):
        os.kill(int((self.bench.var / "run" / "redis.pid").read_text()), number)

    def read(self, kind, seconds=None):
        options = self.options
        out = subprocess.run(
            [self.reader, kind, str(self.port), self.file, str(options.readers), str(options.rate),
             str(seconds or options.secs)], check=True, capture_output=True, text=True,
            env={**os.environ, "MONGODB_URI": self.bench.env["MONGODB_URI"]}).stdout
        return json.loads(out)

    def wait_for_hits(self):
        end = time.monotonic() + 30
        while True:
            cell = self.read("http", 0.5)
            if cell["bypassed"] * 20 < cell["reads"]:
                return
            if time.monotonic() > end:
                sys.exit(f"no hits within 30 s: {cell}")

    # --- The phases ---

    def database(self):
        return self.read("database")

    def bypassed(self):
        """A cache whose mark says that it was born just now."""
        run_id = re.search(r"run_id:(\w+)", redis_cli(self.bench, "INFO", "server"))[1]
        over = threading.Event()

        def keep_young():
            while not over.is_set():
                now = int(time.time() * 1000)
                redis_cli(self.bench, "SET", f"larder:{run_id}:born", str(now), "PX", "86400000")
                over.wait(1)

        # Memory holds what was read before, and only a new epoch makes it void.
        thread = threading.Thread(target=keep_young)
        thread.start()
        try:
            return self.read("http")
        finally:
            over.set()
            thread.join()

    def stopped(self):
        self.stack("stop")
        return self.read("http")

    def paused(self):
        self.stack("start")
        self.wait_for_hits()
        self.signal_redis(signal.SIGSTOP)
        try:
            return self.read("http")
        finally:
            self.signal_redis(signal.SIGCONT)

    def cached(self):
        self.wait_for_hits()
        return self.read("http")

    def round(self):
        """Database and bypassed right before and after the one that is compared with them."""
        cells = {"database": self.database(), "stopped": self.stopped(), "paused": self.paused(),
                 "cached": self.cached()}
        self.stack("restart")
        cells["bypassed"] = self.bypassed()
        return cells


def median_of(cells):
    middle = {key: statistics.median(cell[key] for cell in cells) for key in cells[0]}
    return {**middle, "errors": sum(cell["errors"] for cell in cells)}


def table(cells, options):
    base = cells["database"]["p99"]
    lines = [f"\n### Reads while Redis is away, {options.rate} a second from {options.readers} "
             "connections\n",
             "| state | reads | not from the cache | p50 ms | p99 ms | p99 above the database's | "
             "p99.9 ms | held up by 45 ms or more | errors |", "|---|---|---|---|---|---|---|---|---|"]
    for name in PHASES:
        c = cells[name]
        lines.append(f"| {name} | {c['reads']:.0f} | {c['bypassed']:.0f} | {c['p50']:.2f} | "
                     f"{c['p99']:.2f} | {c['p99'] - base:+.2f} | {c['p999']:.2f} | "
                     f"{c['held_up']:.0f} | {c['errors']} |")
    return "\n".join(lines) + "\n"


def run(bench, port, environment, ids, categories, options):
    degraded = Degraded(bench, port, environment, options)
    degraded.reads(ids, categories)
    rounds = []
    for _ in range(options.rounds):
        rounds.append(degraded.round())
        print(json.dumps(rounds[-1]), file=sys.stderr, flush=True)
    return table({name: median_of([r[name] for r in rounds]) for name in PHASES}, options)
