#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""No answer is older than the newest write acknowledged before the read began.

    tests/system/checker.py [--disturb NAME|all] [--reads N] [--seconds S] [--calm S] [--seed N]

Starts a private stack, lets checker.c write and read on it, and disturbs it meanwhile. Exit status
1 when anything was stale.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from stack import ROOT, Stack, eventually

SOURCE = pathlib.Path(__file__).with_suffix(".c")


def build():
    """Compiles the checker unless that has been done; returns its path."""
    folder = pathlib.Path(os.environ.get("LARDER_BUILD", ROOT / "var" / "build"))
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "larder-checker"
    if not program.exists() or program.stat().st_mtime < SOURCE.stat().st_mtime:
        new = program.with_suffix(f".{os.getpid()}")
        subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall",
                        "-Wextra", "-Werror", "-pthread", "-o", new, SOURCE], check=True)
        new.rename(program)
    return program


# --- Disturbances: each is called again and again until the checker ends ---

class Disturber:
    def __init__(self, stack, rng, over):
        self.stack, self.rng, self.over = stack, rng, over

    def nap(self, least, most):
        """Waits for that long, or until the run is over."""
        self.over.wait(self.rng.uniform(least, most))

    def prepare(self):
        pass

    def step(self):
        self.over.wait(1)

    def repair(self):
        pass


class Nothing(Disturber):
    pass


class KillWorkers(Disturber):
    """No worker twice within a second: the supervisor would think that it cannot start."""
    def step(self):
        self.nap(1.1, 2)
        try:
            os.kill(self.rng.choice(self.stack.workers()), 9)
        except (ProcessLookupError, IndexError):
            pass

    def repair(self):
        eventually(lambda: len(self.stack.workers()) == 2, what="workers again")


class FlushRedis(Disturber):
    """For five seconds after it everything is read from MongoDB, so it comes rarely, and sometimes
    twice in a row."""
    def step(self):
        self.nap(0.5, 9)
        self.stack.redis.flushall()


class PauseRedis(Disturber):
    """Shorter and longer than the 50 ms after which a command is given up."""
    def step(self):
        self.nap(0.1, 1)
        self.stack.pause("redis")
        self.nap(0.01, self.rng.choice([0.06, 0.3, 1]))
        self.stack.resume("redis")

    def repair(self):
        self.stack.resume("redis")


class RestartFromSnapshot(Disturber):
    """Saves, lets time pass, kills Redis and starts it with what was saved then."""
    def prepare(self):
        self.folder = self.stack.var / "redis"
        self.snapshot = self.folder / "older.rdb"
        self.save()

    def save(self):
        self.stack.redis.save()
        shutil.copy(self.folder / "dump.rdb", self.snapshot)

    def step(self):
        self.nap(0.5, 3)
        self.stack.control("kill", "redis")
        shutil.copy(self.snapshot, self.folder / "dump.rdb")
        self.nap(0, 0.3)
        self.stack.control("start", "redis")
        self.nap(0.5, 8)
        if self.rng.random() < 0.5 and not self.over.is_set():
            self.save()

    def repair(self):
        self.stack.control("start", "redis")
        self.snapshot.unlink(missing_ok=True)
        (self.folder / "dump.rdb").unlink(missing_ok=True)


class RedisDown(Disturber):
    def step(self):
        self.nap(0.5, 2)
        self.stack.control(self.rng.choice(["stop", "kill"]), "redis")
        self.nap(0.2, 3)
        self.stack.control("start", "redis")

    def repair(self):
        self.stack.control("start", "redis")


class EvictTags(Disturber):
    """Redis forgets some names: versions, fences, entries, its age."""
    def step(self):
        self.nap(0.1, 0.6)
        kind = self.rng.choice(["tag:", "fence:", "product", "lock:", "born"])
        names = list(self.stack.redis.scan_iter(self.stack.base() + kind + "*", 500))
        if names:
            self.stack.redis.delete(*self.rng.sample(names, min(len(names), 5)))


class CutConnections(Disturber):
    """Redis closes some or all of its connections, subscriptions too."""
    def step(self):
        self.nap(0.3, 1.5)
        kind = self.rng.choice(["normal", "pubsub"])
        self.stack.redis.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")


class Everything(Disturber):
    def prepare(self):
        kinds = (KillWorkers, FlushRedis, PauseRedis, RestartFromSnapshot, CutConnections)
        self.all = [kind(self.stack, self.rng, self.over) for kind in kinds]
        for one in self.all:
            one.prepare()

    def step(self):
        self.rng.choice(self.all).step()

    def repair(self):
        for one in self.all:
            one.repair()


DISTURBANCES = {
    "none": Nothing,
    "kill": KillWorkers,
    "flush": FlushRedis,
    "pause": PauseRedis,
    "snapshot": RestartFromSnapshot,
    "down": RedisDown,
    "evict": EvictTags,
    "cut": CutConnections,
    "everything": Everything,
}


def run(stack, disturb="none", reads=20000, seconds=5, seed=None, read_url=None, readers=12,
        pause=200, calm=0, path="/api/products", as_list=False, token="", other=""):
    """Returns what the checker reports, with the texts of what it complained about. The resource at
    path has the fields of products that the checker uses; other is the token of somebody who must
    see nothing of what the holder of token has made."""
    seed = seed if seed is not None else random.SystemRandom().getrandbits(32)
    port = urllib.parse.urlsplit(stack.url).port
    read_port = urllib.parse.urlsplit(read_url or stack.url).port
    command = [build(), "--port", port, "--read-port", read_port, "--seed", seed, "--reads", reads,
               "--seconds", seconds, "--readers", readers, "--pause", pause, "--path", path,
               "--list", int(as_list), "--token", token, "--other", other]
    over = threading.Event()
    disturber = DISTURBANCES[disturb](stack, random.Random(seed), over)
    disturber.prepare()
    with tempfile.TemporaryFile("w+") as errors:
        checker = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=errors,
                                   text=True)
        thread = threading.Thread(target=disturb_until, args=(disturber, over, errors, calm))
        thread.start()
        try:
            out, _ = checker.communicate(timeout=3600)
        finally:
            checker.kill()
            over.set()
            thread.join()
            disturber.repair()
        errors.seek(0)
        text = errors.read()
    if checker.returncode not in (0, 1):
        raise RuntimeError(f"the checker ended with {checker.returncode}: {text}")
    return {"disturbance": disturb, **json.loads(out), "text": text}


def disturb_until(disturber, over, errors, calm):
    while not over.is_set():
        try:
            disturber.step()
            disturber.nap(0, calm)
        except Exception as error:  # a Redis that is away answers nobody, us neither
            print(f"disturber: {error!r}", file=errors, flush=True)
            over.wait(0.1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disturb", default="all", choices=["all", *DISTURBANCES])
    parser.add_argument("--reads", type=int, default=20000)
    parser.add_argument("--seconds", type=int, default=10, help="at least so long")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--calm", type=float, default=0, help="at most so many seconds more between"
                        " two disturbances: while Redis is away the database bounds the reads")
    parser.add_argument("--readers", type=int, default=12)
    parser.add_argument("--pause", type=int, default=200,
                        help="mean milliseconds between two writes of each of the four writers")
    options = parser.parse_args()
    names = list(DISTURBANCES) if options.disturb == "all" else [options.disturb]
    stack = Stack()
    worst = 0
    try:
        stack.up()
        for name in names:
            stack.settle(30)
            begun = time.monotonic()
            result = run(stack, name, options.reads, options.seconds, options.seed,
                         readers=options.readers, pause=options.pause, calm=options.calm)
            text = result.pop("text").replace("ready\n", "")
            print(text, end="", file=sys.stderr)
            print(json.dumps({**result, "took": round(time.monotonic() - begun, 1)}), flush=True)
            worst = max(worst, result["stale"] > 0)
    finally:
        stack.down()
    return worst


if __name__ == "__main__":
    sys.exit(main())
