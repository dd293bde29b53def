#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Programs that write past the API, and how much older answers are than what they wrote (others.c).

    tests/system/others.py streams|times [--disturb NAME|all] [--seconds S] [--deletes] [--transactions]
                                         [--drops S] [--seed N]

Two hosts on a MongoDB with change streams (the second one of the tests) or on one without, disturbed
meanwhile. Exit status 1 when an answer was older than the lag that was told, or is in the end.
"""
import argparse
import contextlib
import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import threading
import urllib.parse

import pymongo

import checker
import programs
from client import Client
from second import second_mongo
from stack import ROOT, eventually, running

# A collection of few indexes, so that other programs may write to it at some speed.
STOCK = {
    "name": "stock",
    "singular": "piece",
    "schema": {
        "type": "object",
        "required": ["name", "price"],
        "properties": {
            "name": {"type": "string", "maxLength": 100},
            "price": {"type": "integer", "minimum": 0},
            "category": {"type": "string", "maxLength": 100},
        },
    },
    "filters": {"category": "category"},
    "sorts": ["_id"],
    "cache": {"item": 600, "list": 300, "partition": "category"},
    "access": {"read": "anyone", "write": "anyone"},
}
SLACK_MS = 500  # for answers on their way, on a machine that does much else
FOLLOW = {"field": "updatedAt", "every": 200, "overlap": 2000}


def resources(folder, **cache):
    """Those of the checkout and stock; stock and products name the time to follow."""
    all_of_them = [STOCK]
    for file in (ROOT / "resources").glob("*.json"):
        if file.name != "resource.schema.json":
            all_of_them.append(json.loads(file.read_text()))
    for resource in all_of_them:
        if resource["name"] in ("stock", "products"):
            resource = {**resource, "follow": FOLLOW, "cache": {**resource.get("cache", {}), **cache}}
        (pathlib.Path(folder) / f"{resource['name']}.json").write_text(json.dumps(resource))
    return folder


class FirstMongo:
    """The one of the scripts, as it is stopped and started."""
    def __init__(self, stack):
        self.stack = stack

    def stop(self):
        self.stack.control("stop", "mongo")

    def start(self):
        self.stack.control("start", "mongo")


@contextlib.contextmanager
def hosts(way, beside=True, **settings):
    """A host, and one beside it, on a MongoDB with change streams or on one without."""
    with contextlib.ExitStack() as stack:
        settings["LARDER_RESOURCES"] = resources(stack.enter_context(tempfile.TemporaryDirectory()))
        if way == "streams":
            database = stack.enter_context(second_mongo())
            settings["MONGODB_URI"] = database.uri
            with pymongo.MongoClient(database.uri) as client:
                for name in ("stock", "products"):
                    client.larder.create_collection(
                        name, changeStreamPreAndPostImages={"enabled": True})
        host = stack.enter_context(running(**settings))
        host.way, host.database = way, database if way == "streams" else FirstMongo(host)
        if beside:
            host.sibling(LARDER_RESOURCES=settings["LARDER_RESOURCES"])
        yield host


def ready(host):
    """When all is well again."""
    for each in (host, *host.siblings):
        each.settle(30)
        eventually(lambda: each.client.get("/readyz").json["follow"] == host.way, 30, every=0.1)
    return host


def build():
    return programs.build("larder-others", "others.c", "others_slots.c", "others_write.c",
                          "others_read.c", "peer.c", packages=["libmongoc-1.0"])


# --- The follower, and what is done to it ---

def followed(host):
    """The pids of the workers of this host that have begun to follow, in order."""
    return [(line["time"], line["pid"]) for line in host.told()
            if line["message"] == "this worker follows the database"]


def follower(host):
    """The pid of the worker that follows, on this host or one beside it."""
    return max(entry for each in (host, *host.siblings) for entry in followed(each))[1]


class KillFollower(checker.KillWorkers):
    def step(self):
        self.nap(2, 4)
        with contextlib.suppress(ProcessLookupError):
            os.kill(follower(self.stack), signal.SIGKILL)


class StopFollower(checker.Disturber):
    """It wakes up when another one follows, and believes that it still does."""
    stopped = None

    def step(self):
        self.nap(1, 3)
        self.stopped = follower(self.stack)
        os.kill(self.stopped, signal.SIGSTOP)
        self.nap(1, 3)
        self.repair()

    def repair(self):
        if self.stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.stopped, signal.SIGCONT)


class RestartDatabase(checker.Disturber):
    def step(self):
        self.nap(2, 4)
        self.stack.database.stop()
        self.nap(0, 1)
        self.stack.database.start()


class Everything(checker.Everything):
    kinds = (KillFollower, StopFollower, checker.KillWorkers, checker.PauseRedis, checker.RedisDown,
             checker.CutConnections, RestartDatabase)


DISTURBANCES = {
    "none": checker.Nothing,
    "kill": KillFollower,
    "stop": StopFollower,
    "redis": checker.RedisDown,
    "cut": checker.CutConnections,
    "database": RestartDatabase,
    "everything": Everything,
}


# --- A run ---

class Told(threading.Thread):
    """What the cluster tells of its lag meanwhile."""
    def __init__(self, stack, over):
        super().__init__(daemon=True)
        self.stack, self.over, self.lag, self.ways = stack, over, 0, set()

    def run(self):
        client = Client(self.stack.url)
        while not self.over.wait(0.1):
            try:
                self.look(client)
            except (OSError, ValueError):  # a worker that is killed takes its answer with it
                client = Client(self.stack.url)

    def look(self, client):
        for line in client.get("/metrics").text.splitlines():
            if line.startswith('larder_follow_lag_seconds{resource="stock"}'):
                self.lag = max(self.lag, float(line.rsplit(" ", 1)[1]))
        self.ways.add(client.get("/readyz").json["follow"])


def port(url):
    return urllib.parse.urlsplit(url).port


def run(stack, other=None, disturb="none", seed=None, calm=0, **options):
    """What others.c reports, with the largest lag that was told meanwhile, and what it complained
    about."""
    seed = seed or random.SystemRandom().getrandbits(32) + 1
    options = {"mongo": stack.env["MONGODB_URI"], "collection": "stock", "path": "/api/stock",
               "port": port(stack.url), "other-port": port(other.url) if other else 0,
               "seed": seed, **{name.replace("_", "-"): value for name, value in options.items()}}
    command = [build()]
    for name, value in options.items():
        command += [f"--{name}", str(int(value) if isinstance(value, bool) else value)]
    over = threading.Event()
    told = Told(other or stack, over)
    out, text = checker.watched(command, DISTURBANCES[disturb], stack, seed, calm, over, beside=told)
    return {**out, "told_ms": round(told.lag * 1000), "ways": sorted(told.ways), "text": text}


def check(host, result):
    """No answer was older than the lag that was told, and none is older when that has passed."""
    assert result["ahead"] == 0, result
    assert result["age_max_ms"] <= result["told_ms"] + SLACK_MS, result
    eventually(lambda: is_current(host, result["seed"]), 20, every=0.2,
               what="answers as MongoDB has it")


def is_current(host, seed):
    """Whether every answer is what MongoDB holds: items, and lists with their totals."""
    documents, lists = list(host.mongo.stock.find({"name": {"$regex": f"^others-{seed}-"}})), {}
    for document in documents:
        lists.setdefault(document["category"], []).append(document["price"])
    for each in (host, *host.siblings):
        client = Client(each.url)
        for document in documents:
            answer = client.get(f"/api/stock/{document['_id']}")
            assert answer.status == 200, answer
            assert answer.json["data"]["price"] == document["price"], (answer, document)
        for category, prices in lists.items():
            answer = client.get(f"/api/stock?category={category}&limit=100").json
            assert answer["total"] == len(prices), (answer, prices)
            assert sorted(piece["price"] for piece in answer["data"]) == sorted(prices)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=["streams", "times"])
    parser.add_argument("--disturb", default="none", choices=["all", *DISTURBANCES])
    parser.add_argument("--seconds", type=int, default=60, help="of each run")
    parser.add_argument("--deletes", action="store_true")
    parser.add_argument("--transactions", action="store_true")
    parser.add_argument("--drops", type=int, default=0, help="seconds between two")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    wrong = 0
    with hosts(options.way) as host:
        for name in DISTURBANCES if options.disturb == "all" else [options.disturb]:
            result = run(ready(host), host.siblings[0], name, options.seed, seconds=options.seconds,
                         deletes=options.deletes, transactions=options.transactions,
                         drops=options.drops)
            print(result.pop("text").replace("ready\n", ""), end="", file=sys.stderr)
            print(json.dumps({"disturbance": name, **result}), flush=True)
            try:
                check(host, result)
            except AssertionError as error:
                print(error, file=sys.stderr)
                wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
