# SPDX-License-Identifier: BSD-2-Clause
"""A guest in an existing database: what other programs, backups and operators do beside Larder."""
import datetime
import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time

import bson
import pymongo
import pytest

from mongo_proxy import host_behind
from second import second_mongo
from stack import ROOT, Stack, eventually as eventually_, of_database, running

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def slow(stack):
    """A host whose MongoDB can be made slow: (host, proxy)."""
    return host_behind(stack)


# --- What is being read while an operator purges ---

@pytest.mark.parametrize("of", ["item", "list", "any"])
def test_a_purge_leaves_out_what_is_being_read(slow, category, eventually, of):
    host, proxy = slow
    host.settle()
    id = bson.ObjectId()
    now = datetime.datetime.now(datetime.timezone.utc)
    host.mongo.products.insert_one({"_id": id, "name": "first", "price": 1.0, "category": category,
                                    "createdAt": now})
    path = f"/api/products?category={category}" if of == "list" else f"/api/products/{id}"
    pattern = {"item": f"product:{id}", "list": f"products:*{category}*", "any": "*"}[of]
    name = lambda answer: (answer.json["data"][0] if of == "list" else answer.json["data"])["name"]
    asked = len(proxy.commands)
    what = category if of == "list" else str(id)
    asks = lambda command: command.get("find") == "products" and what in str(command)
    proxy.delay = lambda command: 1.5 if asks(command) else 0
    seen = []
    reader = threading.Thread(target=lambda: seen.append(name(host.client.get(path))), daemon=True)
    reader.start()
    try:
        eventually(lambda: any(asks(command) for command in proxy.commands[asked:]))
        time.sleep(0.3)  # MongoDB has answered; its answer is on the way
        host.mongo.products.update_one({"_id": id}, {"$set": {"name": "second"}})
        host.ctl("cache", "purge", pattern)
        assert not seen, "it was read too soon"
    finally:
        proxy.reset()
        reader.join()
    assert seen == ["first"]
    assert {name(host.client.get(path)) for _ in range(3)} == {"second"}


# --- mongoose's counter ---

def test_mongoose_notices_a_change(stack, http, category):
    posts = stack.mongo.posts
    id = posts.insert_one({"title": "t", "body": "b", "category": category, "author": "a",
                           "tags": ["draft", "blue", "red"], "__v": 0}).inserted_id
    assert http.put(f"/api/posts/{id}", {"tags": ["blue", "red"]}).status == 200
    # As mongoose saves element 1 of what it has read.
    saved = posts.update_one({"_id": id, "__v": 0}, {"$set": {"tags.1": "navy"}, "$inc": {"__v": 1}})
    assert saved.matched_count == 0
    assert http.patch(f"/api/posts/{id}", {"tags": ["blue"]}).status == 200
    stored = posts.find_one({"_id": id})
    assert stored["__v"] == 2 and stored["tags"] == ["blue"]


def test_documents_without_mongooses_counter_get_none(stack, http, product):
    made = product()
    assert http.put(f"/api/products/{made['_id']}", {"price": 2}).status == 200
    assert "__v" not in stack.mongo.products.find_one({"_id": bson.ObjectId(made["_id"])})


# --- What a backup brings back ---

def test_who_has_signed_out_stays_out_after_a_restore(stack, http):
    email = f"restored-{time.monotonic_ns()}@guest.example"
    assert http.post("/api/users", {"name": "r", "email": email, "password": PASSWORD}).status == 201
    token = http.post("/api/sessions", {"email": email, "password": PASSWORD}).json["token"]
    me = {"Authorization": f"Bearer {token}"}
    assert http.get("/api/sessions/current", headers=me).status == 200
    sessions = stack.mongo.larder_sessions
    backup = list(sessions.find())
    assert http.delete("/api/sessions/current", headers=me).status == 200
    there = {session["_id"] for session in sessions.find({}, {"_id": 1})}
    sessions.insert_many([session for session in backup if session["_id"] not in there])
    assert http.get("/api/sessions/current", headers=me).status == 401


def test_a_receipt_of_what_is_gone_is_not_repeated(stack, http, category):
    head = {"Idempotency-Key": category}
    body = {"name": "made once", "price": 1, "category": category}
    first = http.post("/api/products", body, headers=head)
    again = http.post("/api/products", body, headers=head)
    assert (first.status, again.status) == (201, 201)
    assert again.header("Idempotent-Replayed") == "true"
    stack.mongo.products.delete_one({"_id": bson.ObjectId(first.json["data"]["_id"])})
    gone = http.post("/api/products", body, headers=head)
    assert gone.status == 410 and "not there any more" in gone.json["message"], gone
    assert stack.mongo.products.count_documents({"category": category}) == 0


# --- One cache for one database ---

def readyz(host):
    return host.client.get("/readyz").json


def all_say(host, check, seconds=30):
    """Every worker does: several requests reach several of them."""
    eventually_(lambda: all(check(readyz(host)) for _ in range(6)), seconds, every=0.2)


@pytest.fixture(scope="module")
def alone():
    """A stack whose installation others disturb."""
    with tempfile.TemporaryDirectory() as folder:
        host = Stack()
        try:
            yield host.up(), pathlib.Path(folder)
        finally:
            host.down()


def refused(host, folder, **settings):
    """What a worker with these settings says, and that it ends."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("LARDER_")}
    env |= {"LARDER_RESOURCES": str(ROOT / "resources"), "MONGODB_URI": host.env["MONGODB_URI"],
            "REDIS_URL": host.env["REDIS_URL"], "LARDER_MEMORY": "0", **settings}
    done = subprocess.run([host.build / "larderd", "--listen", f"unix:{folder}/refused.sock"],
                          env=env, capture_output=True, text=True, timeout=60)
    for file in pathlib.Path("/dev/shm").glob(f"larder-{os.getuid()}-refused-*"):
        file.unlink()
    assert done.returncode != 0
    return done.stderr


def workers_of(host):
    """The workers' documents, once both have told that they use Redis: who starts before sees none."""
    def found():
        ours = host.mongo.larder_installation.find({"prefix": "larder", "connected": True})
        workers = [worker for worker in ours if worker["_id"].startswith("worker:")]
        return workers if len(workers) == 2 else None
    return eventually_(found)


def test_an_installation_is_kept_in_mongodb(alone):
    host, _ = alone
    found = eventually_(lambda: host.mongo.larder_installation.find_one(
        {"_id": "installation", "prefix": "larder"}))
    assert re.fullmatch("[0-9a-f]{16}", found["id"])
    assert {worker["redis"] for worker in workers_of(host)} == {found["redis"]}
    shown = host.ctl("installation").stdout
    assert found["id"] in shown and shown.count("\nworker ") == 2


def test_another_cache_of_the_database_refuses_to_start(alone):
    host, folder = alone
    all_say(host, lambda told: told["status"] == "ready")
    workers_of(host)
    said = refused(host, folder, LARDER_PREFIX="refused")
    assert "has another cache" in said and "prefix larder;" in said and "prefix refused" in said
    all_say(host, lambda told: told["status"] == "ready", 1)


def test_a_redis_of_another_database_is_refused(alone):
    host, folder = alone
    workers_of(host)
    uri = of_database(host.env["MONGODB_URI"], "guest_other")
    said = refused(host, folder, MONGODB_URI=uri)
    assert "belongs to another database" in said and "guest_other" in said and "/larder;" in said
    all_say(host, lambda told: told["status"] == "ready", 1)
    host.mongo.client.drop_database("guest_other")


def test_another_cache_that_is_found_later_keeps_nothing(alone, category):
    """As when MongoDB was away at its start: here it is another worker's heartbeat."""
    host, _ = alone
    made = host.client.post("/api/products", {"name": "n", "price": 1, "category": category}).json
    path = f"/api/products/{made['data']['_id']}"
    host.settle()
    eventually_(lambda: host.client.get(path).hit)
    stop = threading.Event()

    def beat():
        while not stop.is_set():
            host.mongo.larder_installation.update_one(
                {"_id": "worker:00000000000000ff"}, {"$currentDate": {"beat": True}, "$set": {
                    "host": "elsewhere", "prefix": "two", "redis": "10.0.0.1:6379/0",
                    "connected": True}}, upsert=True)
            stop.wait(0.5)
    other = threading.Thread(target=beat, daemon=True)
    other.start()
    try:
        all_say(host, lambda told: "10.0.0.1:6379/0" in told.get("reasons", {}).get(
            "installation", "") and told["status"] == "degraded")
        for _ in range(6):
            assert host.client.get(path).cache_status == "larder; fwd=bypass; detail=NOT-ALONE"
        host.mongo.products.update_one({"_id": bson.ObjectId(made["data"]["_id"])},
                                       {"$set": {"name": "of the other"}})
    finally:
        stop.set()
        other.join()
        host.mongo.larder_installation.delete_one({"_id": "worker:00000000000000ff"})
    all_say(host, lambda told: told["status"] == "ready")
    host.settle()
    assert host.client.get(path).json["data"]["name"] == "of the other"
    eventually_(lambda: host.client.get(path).hit)


def test_a_database_that_went_back_is_noticed(alone, category):
    host, _ = alone
    host.client.post("/api/products", {"name": "n", "price": 1, "category": category})
    token = host.client.post("/api/sessions", {
        "email": host.env["LARDER_ADMIN_EMAIL"], "password": host.env["LARDER_ADMIN_PASSWORD"]}
    ).json["token"]
    me = {"Authorization": f"Bearer {token}"}
    path = f"/api/products?category={category}"
    eventually_(lambda: host.client.get(path).hit)
    backup = host.mongo.larder_installation.find_one({"_id": "installation"})
    eventually_(lambda: host.mongo.larder_installation.find_one(
        {"_id": "installation"})["beat"] > backup["beat"] + 3)
    epoch = host.epoch()
    host.mongo.products.update_many({"category": category}, {"$set": {"name": "before"}})
    host.mongo.larder_installation.replace_one({"_id": "installation"}, backup)
    eventually_(lambda: host.client.get("/api/sessions/current", headers=me).status == 401, 20)
    eventually_(lambda: host.epoch() != epoch, 20)
    all_say(host, lambda told: told["status"] == "ready")
    assert host.client.get(path).json["data"][0]["name"] == "before"
    assert "the database has gone back" in host.log("larderd")
    host.settle()


def test_restored_by_hand(alone):
    host, _ = alone
    login = {"email": host.env["LARDER_ADMIN_EMAIL"], "password": host.env["LARDER_ADMIN_PASSWORD"]}
    me = {"Authorization": f"Bearer {host.client.post('/api/sessions', login).json['token']}"}
    assert host.client.get("/api/sessions/current", headers=me).status == 200
    epoch = host.epoch()
    assert "ended" in host.ctl("restored").stdout
    eventually_(lambda: host.epoch() != epoch, 20)
    eventually_(lambda: host.client.get("/api/sessions/current", headers=me).status == 401, 20)
    all_say(host, lambda told: told["status"] == "ready")
    host.settle()


def test_mongodb_may_be_reached_by_other_names(alone, category):
    """As while the hosts of MONGODB_URI are changed: workers of both kinds run, and keep."""
    host, _ = alone
    names = host.env["MONGODB_URI"].replace("127.0.0.1", "localhost")
    assert names != host.env["MONGODB_URI"]
    path = host.client.post("/api/products", {"name": "n", "price": 1, "category": category}
                            ).header("Location")
    with running(MONGODB_URI=names, REDIS_URL=host.env["REDIS_URL"]) as other:
        host.settle()
        for price, (writer, reader) in enumerate([(host, other), (other, host)], start=2):
            eventually_(lambda: reader.client.get(path).hit)
            assert writer.client.put(path, {"price": price}).status == 200
            assert writer.client.get(path).json["data"]["price"] == price
            eventually_(lambda: reader.client.get(path).json["data"]["price"] == price)
        for told in readyz(host), readyz(other):
            assert told["status"] == "ready"


def test_redis_is_changed_without_an_interruption(alone, category):
    """The way that docs/existing.md writes down; the other Redis is another number of the same.
    This is the last test of these workers."""
    host, _ = alone
    path = host.client.post("/api/products", {"name": "n", "price": 1, "category": category}
                            ).header("Location")
    host.settle()
    host.ctl("installation", "change", "begin")
    all_say(host, lambda told: "change of" in told.get("reasons", {}).get("installation", ""))
    new = Stack(MONGODB_URI=host.env["MONGODB_URI"],
                REDIS_URL=host.env["REDIS_URL"].removesuffix("0") + "1")
    try:
        new.up()
        for price, (writer, reader) in enumerate([(host, new), (new, host)], start=2):
            assert writer.client.put(path, {"price": price}).status == 200
            answer = reader.client.get(path)
            assert answer.json["data"]["price"] == price and "NOT-ALONE" in answer.cache_status
        workers = lambda: host.ctl("installation").stdout.count("\nworker ")
        eventually_(lambda: workers() == 4, 20, every=0.2)
        host.control("stop", "larderd")
        eventually_(lambda: workers() == 2, 20, every=0.2)
        new.ctl("installation", "change", "end")
        all_say(new, lambda told: told["status"] == "ready")
        eventually_(lambda: new.client.get(path).hit, 20)
        assert new.client.get(path).json["data"]["price"] == 3
    finally:
        new.down()


# --- A collation, by which values that differ are equal ---

@pytest.fixture(scope="module")
def collated():
    """A host on the second MongoDB, whose products ignore case."""
    with second_mongo() as server:
        with pymongo.MongoClient(server.uri) as client:
            client.larder.create_collection("products", collation={"locale": "en", "strength": 2})
        host = Stack(MONGODB_URI=server.uri)
        try:
            yield host.up()
        finally:
            host.down()


def test_a_collation_switches_partitions_off(collated, category):
    """The start says so, and a write makes the lists of all partitions void."""
    http, other = collated.client, f"other-{category}"
    eventually_(lambda: "compares by a collation" in collated.log("larderd"), 20)
    for name in (category, other):
        made = http.post("/api/products", {"name": "n", "price": 1, "category": name}).json["data"]
    path = f"/api/products?category={category}"
    collated.settle()
    eventually_(lambda: http.get(path).hit)
    assert http.put(f"/api/products/{made['_id']}", {"price": 2}).status == 200
    assert not http.get(path).hit


# --- The first start on a large collection ---

def test_words_are_asked_for_while_their_index_is_made(stack):
    """The server makes it for longer than a connection waits."""
    def unmade(command, reply):
        if command.get("listIndexes") == "posts" and "cursor" in reply:
            found = reply["cursor"]["firstBatch"]
            reply["cursor"]["firstBatch"] = [one for one in found if "weights" not in one]
        return reply

    def prepare(proxy):
        proxy.delay = lambda command: 7 if command.get("createIndexes") == "posts" else 0
        proxy.change = unmade
    host, proxy = host_behind(stack, prepare, LARDER_INDEXES="all")
    answer = eventually_(lambda: next(
        (a for a in (host.client.get("/api/posts?q=word"),) if "being made" in a.text), None), 20)
    assert answer.status == 503 and int(answer.header("Retry-After")) > 0
    assert readyz(host)["indexes"] == "missing"
    proxy.reset()
    all_say(host, lambda told: "indexes" not in told)
    eventually_(lambda: all(host.client.get("/api/posts?q=word").status == 200 for _ in range(4)),
                20)


# --- Rules that are indexes ---

@pytest.fixture(params=["stack", "second"])
def unruled(request):
    """A host whose people have lost the index by which an email is one's, and cannot get it."""
    host = request.getfixturevalue(request.param)
    people = host.mongo.larder_users
    people.drop_index("email")
    people.insert_many([{"login": "till-1"}, {"login": "till-2"}])
    yield host
    people.delete_many({"login": {"$exists": True}})


def test_no_email_is_taken_where_two_could_have_it(unruled):
    http, people = unruled.client, unruled.mongo.larder_users
    email = f"rule-{time.monotonic_ns()}@guest.example"
    account = {"name": "n", "email": email, "password": PASSWORD}
    refused = http.post("/api/users", account)
    assert refused.status == 503 and "email" in refused.json["message"], refused
    added = unruled.ctl("user", "add", "--email", email, stdin=f"{PASSWORD}\n", check=False)
    assert added.returncode == 1 and "two documents of larder_users" in added.stderr
    assert people.count_documents({"email": email}) == 0
    people.delete_one({"login": "till-2"})
    assert [http.post("/api/users", account).status for _ in range(2)] == [201, 409]
    assert people.index_information()["email"]["unique"]


def test_an_index_that_is_refused_is_told_once(second):
    """The second server knows no text index."""
    answer = eventually_(lambda: next(
        (a for a in (second.client.get("/api/posts?q=word"),) if a.status == 501), None), 20)
    assert "larderctl reindex posts" in answer.json["message"]
    told = [json.loads(line)["pid"] for line in second.log("larderd").splitlines()
            if "index-refused" in line and '"collection":"posts"' in line]
    assert told and len(told) == len(set(told))
