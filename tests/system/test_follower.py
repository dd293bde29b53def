# SPDX-License-Identifier: BSD-2-Clause
"""The life of who follows what other programs write: it is killed, stopped and woken, refused, loses
its position; and what operators are told of it."""
import collections
import contextlib
import json
import os
import signal
import time

import bson
import pymongo
import pytest

import others
from client import Client
from people import Person
from second import second_mongo
from stack import Stack, eventually

LAG = 20  # seconds at most, on a machine that does much else


@pytest.fixture(params=["streams", "times"])
def host(request):
    return others.ready(request.getfixturevalue(request.param))


@pytest.fixture
def calm(streams):
    """A host whose MongoDB fails as a test lets it, and no longer than that."""
    yield others.ready(streams)
    streams.mongo.client.admin.command("configureFailPoint", "failCommand", mode="off")
    os.kill(others.follower(streams), signal.SIGKILL)  # another one tries at once, not in a minute


def fail(host, *commands, times=1, **data):
    mode = "alwaysOn" if times is None else {"times": times}
    host.mongo.client.admin.command("configureFailPoint", "failCommand", mode=mode,
                                    data={"failCommands": commands, **data})


def piece(host, *clients):
    """The path of one that these clients have in their caches."""
    answer = host.client.post("/api/stock", {"name": "before", "price": 1, "category": "life"})
    assert answer.status == 201, answer
    path = f"/api/stock/{answer.json['data']['_id']}"
    for client in clients or [host.client]:
        eventually(lambda: client.get(path).hit, LAG, what=f"{path} is kept")
    return path


def change(host, path, name):
    now = bson.datetime.datetime.now(bson.datetime.timezone.utc)
    host.mongo.stock.update_one({"_id": bson.ObjectId(path.rsplit("/", 1)[1])},
                                {"$set": {"name": name, "updatedAt": now}})


def shows(client, path, name):
    eventually(lambda: client.get(path).json.get("data", {}).get("name") == name, LAG, every=0.01,
               what=name)


def begun(host):
    return sum(len(others.followed(each)) for each in (host, *host.siblings))


def metric(host, name):
    return host.metrics().get(name, 0)


def lines(host, message):
    return [line for line in host.told() if message in json.dumps(line)]


# --- Hand-over ---

def test_another_one_takes_over_within_two_seconds(host):
    """Of three kills one may be late: the machine does other things."""
    took = []
    while len(took) < 3 and min(took, default=9) > 2:
        before, path = begun(host), piece(host)
        os.kill(others.follower(host), signal.SIGKILL)
        then = time.monotonic()
        change(host, path, "after")
        eventually(lambda: begun(host) > before, LAG)
        took.append(time.monotonic() - then)
        shows(host.siblings[0].client, path, "after")
        others.ready(host)
    assert min(took) <= 2, took


def test_what_is_written_while_nobody_follows(host):
    path, all_of_them = piece(host), (host, *host.siblings)
    for each in all_of_them:
        each.control("kill", "larderd")
    change(host, path, "after")
    for each in all_of_them:
        each.control("start", "larderd")
    for each in all_of_them:
        shows(each.client, path, "after")


def test_a_follower_that_was_stopped_and_believes_that_it_follows(host):
    """Another one follows meanwhile. The one that wakes up moves what it had read once more, and
    leaves the lock alone."""
    pid, before = others.follower(host), begun(host)
    other = host.siblings[0] if pid in host.workers() else host
    path = piece(host, other.client)
    os.kill(pid, signal.SIGSTOP)
    try:
        change(host, path, "asleep")
        eventually(lambda: begun(host) > before, LAG)
        shows(other.client, path, "asleep")
        lock = host.redis.get("larder:follow:lock")
    finally:
        os.kill(pid, signal.SIGCONT)
    for n in range(20):
        change(host, path, f"awake {n}")
        shows(other.client, path, f"awake {n}")
    for each in (host, *host.siblings):
        shows(each.client, path, "awake 19")
    assert host.redis.get("larder:follow:lock") == lock
    assert any(line["pid"] == pid for each in (host, *host.siblings)
               for line in lines(each, "does not follow any more"))


# --- Positions ---

def test_a_position_that_is_no_position(streams):
    host = others.ready(streams)
    path, resets = piece(host), metric(host, "larder_follow_resets_total")
    for each in (host, *host.siblings):
        each.control("kill", "larderd")
    host.mongo.larder_follow.update_one(
        {"_id": "streams"}, {"$set": {"token": bson.encode({"_data": "lost"})}})
    change(host, path, "after")
    for each in (host, *host.siblings):
        each.control("start", "larderd")
    shows(host.client, path, "after")
    eventually(lambda: metric(host, "larder_follow_resets_total") == resets + 1, LAG, every=0.1)


def test_a_history_that_is_lost_makes_all_void(calm):
    path, resets = piece(calm), metric(calm, "larder_follow_resets_total")
    fail(calm, "getMore", errorCode=286)
    eventually(lambda: metric(calm, "larder_follow_resets_total") == resets + 1, LAG, every=0.1)
    eventually(lambda: not calm.client.get(path).hit or lines(calm, "has lost the position"), LAG)
    change(calm, path, "after")
    shows(calm.client, path, "after")


@pytest.mark.parametrize("code", [91, 43])
def test_an_election_loses_nothing(calm, code):
    """As a member answers that ends, and one that does not know the cursor: the position is the old
    one."""
    path, resets = piece(calm), metric(calm, "larder_follow_resets_total")
    fail(calm, "getMore", times=2, errorCode=code, closeConnection=code == 91)
    for n in range(5):
        change(calm, path, f"n {n}")
        shows(calm.client, path, f"n {n}")
    assert metric(calm, "larder_follow_resets_total") == resets


# --- Who may not, and what cannot be ---

def test_a_user_who_may_not_watch(calm):
    """Stock goes by its times meanwhile; what is wrong is told."""
    fail(calm, "aggregate", "getMore", times=None, errorCode=13)
    eventually(lambda: calm.client.get("/readyz").json["follow"] == "behind", LAG, every=0.1)
    assert calm.client.get("/readyz").json["status"] == "degraded"
    checked = calm.ctl("resource", "check").stdout
    assert "stock: what other programs write shows by times" in checked, checked
    assert "may not watch the database" in checked, checked
    path = piece(calm)
    change(calm, path, "after")
    shows(calm.client, path, "after")
    eventually(lambda: [line for each in (calm, *calm.siblings)
                        for line in lines(each, "is refused") if line["why"]], LAG)
    eventually(lambda: [line for line in lines(calm, '"other programs"')
                        if line["resource"] == "stock" and line["way"] == "times"
                        and "may not watch" in line["why"]], LAG)


def test_who_cannot_follow_is_behind_after_five_seconds(calm):
    fail(calm, "aggregate", "getMore", times=None, errorCode=8000)
    eventually(lambda: calm.client.get("/readyz").json["follow"] == "behind", LAG, every=0.1)
    assert calm.client.get("/readyz").json["status"] == "degraded"
    assert metric(calm, 'larder_follow_lag_seconds{resource="stock"}') >= 5
    assert [line for each in (calm, *calm.siblings) for line in lines(each, "cannot follow")
            if line["why"]]


def test_each_reason_is_told_once_a_minute(calm):
    """The stream is refused, and going by times fails, four times a second."""
    pid = others.follower(calm)

    def told():
        return collections.Counter(line["message"] for each in (calm, *calm.siblings)
                                   for line in lines(each, '"component":"follow"')
                                   if line["pid"] == pid and line["level"] == "warn")
    before = told()
    fail(calm, "aggregate", "getMore", "update", times=None, errorCode=13)
    eventually(lambda: calm.client.get("/readyz").json["follow"] == "behind", LAG, every=0.1)
    end = time.monotonic() + 2
    while time.monotonic() < end:
        assert max((told() - before).values(), default=0) <= 1, told() - before


def test_a_server_without_an_oplog():
    with second_mongo("--standalone") as server, contextlib.ExitStack() as stack:
        host = Stack(MONGODB_URI=server.uri)
        stack.callback(host.down)
        host.up()
        eventually(lambda: [line for line in lines(host, '"other programs"')
                            if line["way"] == "off" and "no change stream" in line["why"]], LAG)
        eventually(lambda: [line for line in lines(host, "nothing follows")
                            if "replica set" in line["why"]], LAG)
        ready = host.client.get("/readyz").json
        assert (ready["follow"], ready["status"]) == ("off", "ready"), ready


# --- What is told ---

def test_the_check_asks_the_server(host):
    told = host.ctl("resource", "check").stdout.splitlines()
    stock = [line for line in told if line.startswith("stock: ")]
    if host.way == "streams":
        assert stock == ["stock: what other programs write shows by change streams: "
                         "the server has them"]
        command = ('db.runCommand({collMod: "posts", changeStreamPreAndPostImages: '
                   '{enabled: true}})')
        assert any(line.startswith("posts: ") and line.endswith(command) for line in told), told
    else:
        assert stock == ["stock: what other programs write shows by times (updatedAt, every 200 ms), "
                         "deletions when an answer's time is over: the server gives no change "
                         "stream, and the file names a time"]
        assert any(line.startswith("posts: what other programs write shows when an answer's time is "
                                   "over, or at a touch: ") for line in told), told


def test_the_start_tells_how_to_keep_documents_of_before(streams):
    told = [line for each in (streams, *streams.siblings)
            for line in lines(each, "keeps no documents of before")]
    commands = {line["resource"]: line["command"] for line in told}
    assert commands["posts"] == \
        'db.runCommand({collMod: "posts", changeStreamPreAndPostImages: {enabled: true}})'
    assert not {"stock", "products"} & commands.keys()


def test_the_check_tells_of_a_missing_index(times):
    times.mongo.stock.drop_index(next(
        name for name, index in times.mongo.stock.index_information().items()
        if index["key"] == [("updatedAt", pymongo.ASCENDING)]))
    try:
        told = times.ctl("resource", "check").stdout
        assert "stock: the index on updatedAt is missing: larderctl reindex stock makes it" in told
    finally:
        times.ctl("reindex", "stock")
    assert "is missing" not in times.ctl("resource", "check").stdout


def test_the_check_of_a_server_that_is_away(times):
    done = times.ctl("resource", "check", MONGODB_URI="mongodb://127.0.0.1:9/larder")
    assert "MongoDB was not reached" in done.stdout
    assert "stock: what other programs write shows by change streams where" in done.stdout


def test_the_start_tells_each_resource(host):
    for each in (host, *host.siblings):
        for name in ("stock", "products", "posts"):
            said = [line for line in lines(each, '"other programs"') if line["resource"] == name]
            way = host.way if host.way == "streams" or name != "posts" else "off"
            assert said and all(line["why"] for line in said), name
            assert way in [line["way"] for line in said], (name, said)


# --- Load ---

def scripts(host):
    stats = host.redis.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("eval", "evalsha"))


def test_a_burst_is_joined(host):
    """At most one script each 10 ms and resource; each worker's beats come on top, 4 a second."""
    now = bson.datetime.datetime.now(bson.datetime.timezone.utc)
    kind = "insert" if host.way == "streams" else "time"
    kind = f'larder_follow_changes_total{{resource="stock",kind="{kind}"}}'
    seen, before, then = metric(host, kind), scripts(host), time.monotonic()
    host.mongo.stock.insert_many([{"name": "burst", "price": n, "category": f"burst-{n % 50}",
                                   "updatedAt": now} for n in range(1000)])
    eventually(lambda: metric(host, kind) >= seen + 1000, LAG, every=0.1)
    took = time.monotonic() - then
    assert scripts(host) - before <= took * (100 + 4 * 5) + 20, took
    host.mongo.stock.delete_many({"name": "burst"})


# --- People ---

def test_people_changed_by_others_where_there_are_no_streams(times):
    """Who somebody is, is looked up again within a minute: no entry of it lives for longer."""
    person = Person(times)
    eventually(lambda: person.inside, LAG)
    times.mongo.larder_users.update_one({"email": person.email}, {"$set": {"disabled": True}})
    names = [name for kind in ("session:*", "visitor:*")
             for name in times.redis.scan_iter(times.base() + kind, 500)]
    assert names and all(times.redis.pttl(name) <= 60000 for name in names), names
    times.redis.flushall()
    eventually(lambda: not person.inside, LAG)
