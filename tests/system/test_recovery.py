# SPDX-License-Identifier: BSD-2-Clause
"""MongoDB comes back: how soon everybody is answered again."""
import os
import threading
import time

import bson
import pymongo
import pytest

from client import Client
from stack import eventually

pytestmark = pytest.mark.usefixtures("healthy")

RECOVERY = 1  # seconds from the server's first answer


class Load:
    """Writers and readers in the background; .answers is [(begun, ended, status)] of new
    connections."""

    def __init__(self, url, writers=4, readers=6):
        self.url, self.over, self.answers = url, threading.Event(), []
        self.threads = [threading.Thread(target=self.run, args=(one,), daemon=True) for one in
                        [self.write] * writers + [self.read] * readers + [self.knock] * 4]

    def write(self, client):
        client.post("/api/products", {"name": "r", "price": 1, "category": "recovery"})

    def read(self, client):
        client.get(f"/api/products/{bson.ObjectId()}")

    def knock(self, client):
        client.close()
        begun = time.monotonic()
        status = client.get(f"/api/products/{bson.ObjectId()}").status
        self.answers.append((begun, time.monotonic(), status))

    def run(self, one):
        client = Client(self.url)
        while not self.over.is_set():
            one(client)
        client.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def first_answer(uri):
    """When the server answers others."""
    def answers():
        with pymongo.MongoClient(uri, serverSelectionTimeoutMS=100, connectTimeoutMS=100) as client:
            try:
                client.get_default_database().products.find_one({"_id": 0})
            except pymongo.errors.PyMongoError:
                return None
            return time.monotonic()
    return eventually(answers, 20)


@pytest.mark.parametrize("time_of", range(int(os.environ.get("ROUNDS", 3))))
def test_everybody_is_answered_again(stack, time_of):
    with Load(stack.url) as load:
        eventually(lambda: len(load.answers) > 50)
        stack.control("kill", "mongo")
        time.sleep(0.5)  # an outage of half a second, as by a restart
        stack.control("start", "mongo")
        back = first_answer(stack.env["MONGODB_URI"])
        eventually(lambda: time.monotonic() > back + 3, 5)
    assert any(status == 503 or ended - begun > 0.3 for begun, ended, status in load.answers)
    late = [(round(ended - back, 2), status) for _, ended, status in load.answers
            if ended - back > RECOVERY and status != 404]
    assert not late, late[:20]
