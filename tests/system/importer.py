#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""An importer beside the checker, which writes past the API what a partition is.

    tests/system/importer.py [--reads N] [--mongo URI]

It keeps by which number a document is found, and changes how that is written: as a double, a
decimal, among others in an array. Other documents have an object, null or a uuid there; their price
is changed through the API.
"""
import argparse
import json
import pathlib
import sys
import tempfile

from bson import Binary, Decimal128, Int64

import checker
from client import Client
from stack import Stack, eventually

RESOURCE = {
    "name": "stock", "singular": "piece",
    "schema": {"type": "object", "required": ["name"], "properties": {
        "name": {"type": "string", "maxLength": 100}, "price": {"type": "number"},
        "category": {"type": "number"}}},
    "filters": {"category": "category", "minPrice": {"gte": "price"}},
    "sorts": ["-createdAt", "price", "-price", "name"],
    "cache": {"partition": "category"}}

FORMS = [int, float, Int64, lambda n: Decimal128(str(n)), lambda n: Decimal128(f"{n}.00"),
         lambda n: [n], lambda n: [float(n), "x", None], lambda n: [{"n": 1}, Decimal128(str(n))],
         lambda n: [[0], Int64(n)]]


def number_of(value):
    """The number among these that documents are found by."""
    if isinstance(value, list):
        return number_of(value[-1] if isinstance(value[0], (dict, list)) else value[0])
    return int(value.to_decimal()) if isinstance(value, Decimal128) else int(value)


class Importer(checker.Disturber):
    def prepare(self):
        self.stock, self.client, self.rewritten = self.stack.mongo.stock, Client(self.stack.url), 0
        others = [{"n": 1}, {}, None, Binary(b"0123456789abcdef", 4), [], [{"n": 1}], "5"]
        self.others = self.stock.insert_many(
            [{"name": "other", "price": 0, "category": other} for other in others]).inserted_ids

    def step(self):
        self.nap(0, 0.05)
        if self.rng.random() < 0.1:
            answer = self.client.put(f"/api/stock/{self.rng.choice(self.others)}", {"price": 1})
            assert answer.status == 200, answer
            return
        mine = list(self.stock.aggregate([{"$match": {"name": {"$regex": "^chk-"}}},
                                          {"$sample": {"size": 1}}]))
        for document in mine:
            form = self.rng.choice(FORMS)(number_of(document["category"]))
            done = self.stock.update_one({"_id": document["_id"], "category": document["category"]},
                                         {"$set": {"category": form}})
            self.rewritten += done.modified_count


def host(folder, **settings):
    """A stack, not started, that serves such a resource."""
    pathlib.Path(folder, "stock.json").write_text(json.dumps(RESOURCE))
    return Stack(LARDER_RESOURCES=str(folder), **settings)


def settle(stack):
    def kept():
        stack.client.get("/api/stock?category=0")
        return all(stack.client.get("/api/stock?category=0").hit for _ in range(8))
    eventually(kept, 30, every=0.1)


def run(stack, **options):
    settle(stack)
    return checker.run(stack, Importer, path="/api/stock", as_number=True, **options)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reads", type=int, default=100000)
    parser.add_argument("--mongo", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stack = host(folder, **({"MONGODB_URI": options.mongo} if options.mongo else {}))
        try:
            result = run(stack.up(), reads=options.reads)
        finally:
            stack.down()
    print(result.pop("text"), end="", file=sys.stderr)
    print(json.dumps(result))
    return result["stale"] > 0


if __name__ == "__main__":
    sys.exit(main())
