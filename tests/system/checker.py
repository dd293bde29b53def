#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""No answer is older than the newest write acknowledged before the read began.

    tests/system/checker.py [--disturb NAME|all] [--reads N] [--seconds S] [--calm S] [--seed N]

Starts a private stack, lets checker.c write and read on it, and disturbs it meanwhile. Exit status
1 when anything was stale.
"""
import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import programs
from stack import Stack, eventually


def build():
    return programs.build("larder-checker", "checker.c", "peer.c")


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
    kinds = (KillWorkers, FlushRedis, PauseRedis, RestartFromSnapshot, CutConnections)

    def prepare(self):
        self.all = [kind(self.stack, self.rng, self.over) for kind in self.kinds]
        for one in self.all:
            one.prepare()

    def step(self):
        self.rng.choice(self.all).step()

    def repair(self):
        for one in self.all:
            one.repair()


class ReloadNginx(Disturber):
    """New processes take over, and the old ones end what they have begun."""
    def step(self):
        self.nap(0.2, 0.8)
        self.stack.nginx_reload()


class StopWorkers(Disturber):
    """Nobody renews the lease any more: nginx has nobody to believe."""
    def step(self):
        self.nap(0.5, 2)
        pids = self.stack.workers()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        self.nap(0.05, 0.5)
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


class RemoveSegment(Disturber):
    """The workers leave and come back with another one."""
    def step(self):
        self.nap(2, 4)
        for path in pathlib.Path("/dev/shm").glob(f"{self.name}*"):
            path.unlink(missing_ok=True)

    def prepare(self):
        self.name = pathlib.Path(self.stack.segment()).name

    def repair(self):
        eventually(lambda: len(self.stack.workers()) == 2, what="workers again")


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

# Of nginx' module, which answers from the same memory.
EDGE_DISTURBANCES = {
    "reload": ReloadNginx,
    "stop": StopWorkers,
    "removed": RemoveSegment,
}


def run(stack, disturb="none", reads=20000, seconds=5, seed=None, read_url=None, readers=12,
        pause=200, calm=0, path="/api/products", as_list=False, as_number=False, token="",
        other=""):
    """Returns what the checker reports, with the texts of what it complained about. The resource at
    path has the fields of products that the checker uses; disturb is a name or a Disturber; other
    is the token of somebody who must see nothing of what the holder of token has made."""
    seed = seed if seed is not None else random.SystemRandom().getrandbits(32)
    port = urllib.parse.urlsplit(stack.url).port
    read_port = urllib.parse.urlsplit(read_url or stack.url).port
    command = [build(), "--port", port, "--read-port", read_port, "--seed", seed, "--reads", reads,
               "--seconds", seconds, "--readers", readers, "--pause", pause, "--path", path,
               "--list", int(as_list), "--number", int(as_number), "--token", token, "--other", other]
    out, text = watched(command, {**DISTURBANCES, **EDGE_DISTURBANCES}.get(disturb, disturb), stack,
                        seed, calm, threading.Event(), good=(0, 1))
    return {"disturbance": str(disturb), **out, "text": text}


def watched(command, kind, stack, seed, calm, over, good=(0,), beside=None):
    """What a checker reports at its end, while the stack is disturbed, and the texts of what it
    complained about; over is set then. beside is a thread that runs until over is set."""
    with tempfile.TemporaryFile("w+") as errors:
        with disturbed(kind, stack, random.Random(seed), over, errors, calm):
            if beside:
                beside.start()
            program = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE,
                                       stderr=errors, text=True)
            try:
                out, _ = program.communicate()
            finally:
                program.kill()
        if beside:
            beside.join()
        errors.seek(0)
        text = errors.read()
    if program.returncode not in good:
        raise RuntimeError(f"{command[0]} ended with {program.returncode}: {text}")
    return json.loads(out), text


@contextlib.contextmanager
def disturbed(kind, stack, rng, over, errors, calm=0):
    """Disturbs the stack meanwhile, and sets over in the end."""
    disturber = kind(stack, rng, over)
    disturber.prepare()
    thread = threading.Thread(target=disturb_until, args=(disturber, over, errors, calm), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        disturber.repair()


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
    parser.add_argument("--disturb", default="all", choices=["all", *DISTURBANCES,
                                                               *EDGE_DISTURBANCES])
    parser.add_argument("--edge", action="store_true", help="hits are answered by nginx")
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
    if options.edge and options.disturb == "all":
        names += EDGE_DISTURBANCES
    stack = Stack(LARDER_EDGE="on" if options.edge else "off")
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
