# SPDX-License-Identifier: BSD-2-Clause
"""What other programs write shows by itself: by change streams on a server that has them, by times
on one that has none."""
import tempfile
import threading
import time

import bson
import pymongo
import pytest

import others
from client import Client
from people import Person
from stack import Stack, eventually

LAG = 10  # seconds at most, on a machine that does much else; what is usual is measured elsewhere


@pytest.fixture(params=["streams", "times"])
def host(request):
    return others.ready(request.getfixturevalue(request.param))


def now():
    return bson.datetime.datetime.now(bson.datetime.timezone.utc)


def make(host, category, **fields):
    answer = host.client.post("/api/products", {"name": "before", "price": 1,
                                                "category": category, **fields})
    assert answer.status == 201, answer
    return answer.json["data"]["_id"]


def keep(host, *paths):
    for path in paths:
        eventually(lambda: host.client.get(path).hit, LAG, every=0.02, what=f"{path} is kept")


def shows(client, path, check, seconds=LAG):
    return eventually(lambda: check(client.get(path)), seconds, every=0.01, what=path)


def item(id_):
    return f"/api/products/{id_}"


def listed(category):
    return f"/api/products?category={category}"


def metric(host, name):
    for line in host.client.get("/metrics").text.splitlines():
        if line.startswith(name + " "):
            return float(line.split()[-1])
    return None


def test_an_update_that_moves_it_between_partitions(host, category):
    id_ = make(host, category)
    other = category + "-2"
    keep(host, item(id_), listed(category), listed(other), "/api/products")
    host.mongo.products.update_one({"_id": bson.ObjectId(id_)}, {"$set": {
        "name": "after", "category": other, "updatedAt": now()}})
    shows(host.client, item(id_), lambda a: a.json["data"]["name"] == "after")
    shows(host.client, listed(category), lambda a: a.json["total"] == 0)
    shows(host.client, listed(other), lambda a: a.json["total"] == 1)
    keep(host, item(id_), listed(category), listed(other))


def test_an_insert_and_what_was_absent(host, category):
    id_ = bson.ObjectId()
    keep(host, listed(category))
    assert host.client.get(item(id_)).status == 404
    host.mongo.products.insert_one({"_id": id_, "name": "made", "price": 1, "category": category,
                                    "updatedAt": now()})
    shows(host.client, item(id_), lambda a: a.status == 200)
    shows(host.client, listed(category), lambda a: a.json["total"] == 1)


def test_replace_and_bulk(host, category):
    one, two = make(host, category), make(host, category)
    keep(host, item(one), item(two), listed(category))
    host.mongo.products.bulk_write([
        pymongo.ReplaceOne({"_id": bson.ObjectId(one)}, {"name": "replaced", "price": 2,
                                                         "category": category,
                                                         "updatedAt": now()}),
        pymongo.UpdateOne({"_id": bson.ObjectId(two)}, {"$set": {"name": "bulk",
                                                                 "updatedAt": now()}}),
        *(pymongo.InsertOne({"name": "n", "price": i, "category": category, "updatedAt": now()})
          for i in range(500))])
    shows(host.client, item(one), lambda a: a.json["data"]["name"] == "replaced")
    shows(host.client, item(two), lambda a: a.json["data"]["name"] == "bulk")
    shows(host.client, listed(category), lambda a: a.json["total"] == 502)


def test_a_delete(streams, category):
    id_ = make(streams, category)
    keep(streams, item(id_), listed(category))
    streams.mongo.products.delete_one({"_id": bson.ObjectId(id_)})
    shows(streams.client, item(id_), lambda a: a.status == 404)
    shows(streams.client, listed(category), lambda a: a.json["total"] == 0)


def test_another_partition_stays_kept(streams, category):
    id_, other = make(streams, category), category + "-other"
    make(streams, other)
    keep(streams, item(id_), listed(category), listed(other))
    streams.mongo.products.update_one({"_id": bson.ObjectId(id_)}, {"$set": {"name": "after"}})
    shows(streams.client, item(id_), lambda a: a.json["data"]["name"] == "after")
    assert streams.client.get(listed(other)).hit


def post(host, category):
    """The paths of one and of its list; of posts, MongoDB keeps nothing of before a change."""
    made = host.client.post("/api/posts", {"title": "before", "body": "b", "category": category,
                                           "author": "a"})
    return f"/api/posts/{made.json['data']['_id']}", f"/api/posts?category={category}"


def test_where_the_server_keeps_no_documents_of_before(streams, category):
    (path, list_path), other = post(streams, category), f"/api/posts?category={category}-2"
    keep(streams, path, list_path, other)
    found = {"_id": bson.ObjectId(path.rsplit("/", 1)[1])}
    streams.mongo.posts.update_one(found, {"$set": {"title": "after", "category": category + "-2"}})
    shows(streams.client, path, lambda a: a.json["data"]["title"] == "after")
    shows(streams.client, list_path, lambda a: a.json["total"] == 0)
    shows(streams.client, other, lambda a: a.json["total"] == 1)
    keep(streams, path, list_path, other)
    streams.mongo.posts.delete_one(found)
    shows(streams.client, path, lambda a: a.status == 404)
    shows(streams.client, other, lambda a: a.json["total"] == 0)


def test_a_collection_that_is_dropped(streams, category):
    streams.mongo.drop_collection("posts")
    path, list_path = post(streams, category)
    keep(streams, path, list_path)
    streams.mongo.drop_collection("posts")
    shows(streams.client, path, lambda a: a.status == 404)
    shows(streams.client, list_path, lambda a: a.json["total"] == 0)


def test_a_collection_that_is_renamed(streams, category):
    """Away, and back over another one."""
    path, list_path = post(streams, category)
    keep(streams, path, list_path)
    streams.mongo.posts.rename("elsewhere", dropTarget=True)
    shows(streams.client, path, lambda a: a.status == 404)
    shows(streams.client, list_path, lambda a: a.json["total"] == 0)
    keep(streams, list_path)
    streams.mongo.elsewhere.rename("posts", dropTarget=True)
    shows(streams.client, path, lambda a: a.status == 200)
    shows(streams.client, list_path, lambda a: a.json["total"] == 1)


def test_many_of_one_millisecond(times, category):
    """The newest time alone would not tell them apart."""
    ids = [make(times, category) for _ in range(3)]
    keep(times, *(item(id_) for id_ in ids))
    at = now()
    for n, id_ in enumerate(ids):
        times.mongo.products.update_one({"_id": bson.ObjectId(id_)},
                                        {"$set": {"name": "after", "updatedAt": at}})
        shows(times.client, item(id_), lambda a: a.json["data"]["name"] == "after")


def test_a_clock_that_is_behind(times, category):
    ahead, behind = make(times, category), make(times, category)
    keep(times, item(ahead), item(behind))
    hour = bson.datetime.timedelta(hours=1)
    times.mongo.products.update_one({"_id": bson.ObjectId(ahead)},
                                    {"$set": {"name": "after", "updatedAt": now() + hour}})
    shows(times.client, item(ahead), lambda a: a.json["data"]["name"] == "after")
    second = bson.datetime.timedelta(seconds=1)
    times.mongo.products.update_one({"_id": bson.ObjectId(behind)},
                                    {"$set": {"name": "after", "updatedAt": now() - second}})
    shows(times.client, item(behind), lambda a: a.json["data"]["name"] == "after")
    times.mongo.products.delete_one({"_id": bson.ObjectId(ahead)})


def test_own_writes_cost_one_miss(host, category):
    """The event of a write of ours makes nothing void that was filled since."""
    id_ = make(host, category)
    own = f'larder_follow_changes_total{{resource="products",kind="{"update" if host.way == "streams" else "time"}"}}'
    keep(host, item(id_))
    for n in range(10):
        before = metric(host, own) or 0
        assert host.client.put(item(id_), {"name": f"own {n}"}).status == 200
        keep(host, item(id_), listed(category))
        eventually(lambda: (metric(host, own) or 0) > before, LAG, every=0.05)
        assert host.client.get(item(id_)).hit
        assert host.client.get(listed(category)).hit


def administers(person):
    return person.get("/api/admin/status").status == 200


@pytest.mark.parametrize("change", ["disabled", "demoted", "removed", "signed out"])
def test_people_changed_by_others_lose_their_rights(streams, change):
    person, users = Person(streams, role="admin"), streams.mongo.larder_users
    eventually(lambda: administers(person) and person.inside, LAG)
    if change == "disabled":
        users.update_one({"email": person.email}, {"$set": {"disabled": True}})
    elif change == "demoted":
        users.update_one({"email": person.email}, {"$set": {"role": "reader"}})
    elif change == "removed":
        users.delete_one({"email": person.email})
    else:
        streams.mongo.larder_sessions.delete_many({"userId": bson.ObjectId(person.id)})
    eventually(lambda: not administers(person), LAG)
    assert person.inside == (change == "demoted")


def test_what_is_told_of_it(host, category):
    ready = host.client.get("/readyz").json
    assert ready["follow"] == host.way and ready["status"] == "ready"
    assert metric(host, 'larder_follow_lag_seconds{resource="products"}') < LAG
    assert metric(host, "larder_follow_resets_total") is not None
    assert any(line.get("resource") == "products" and line.get("way") == host.way and line["why"]
               for line in host.told() if line["message"] == "other programs")


def test_redis_is_started_anew(host, category):
    id_ = make(host, category)
    keep(host, item(id_))
    host.control("stop", "redis")
    host.mongo.products.update_one({"_id": bson.ObjectId(id_)},
                                   {"$set": {"name": "after", "updatedAt": now()}})
    host.control("start", "redis")
    assert host.client.get(item(id_)).json["data"]["name"] == "after"
    host.settle(30)
    eventually(lambda: host.client.get("/readyz").json["follow"] == host.way, 30, every=0.1)
    host.mongo.products.update_one({"_id": bson.ObjectId(id_)},
                                   {"$set": {"name": "again", "updatedAt": now()}})
    shows(host.client, item(id_), lambda a: a.json["data"]["name"] == "again")


def test_redis_that_stood_still(host, category):
    """What others wrote meanwhile is moved before anything of before is an answer again."""
    id_ = make(host, category)
    keep(host, item(id_))
    host.pause("redis")
    time.sleep(3)
    host.mongo.products.update_one({"_id": bson.ObjectId(id_)},
                                   {"$set": {"name": "after", "updatedAt": now()}})
    time.sleep(1)
    host.resume("redis")
    shows(host.client, item(id_), lambda a: a.json["data"]["name"] == "after", LAG)
    end = time.monotonic() + 3
    while time.monotonic() < end:
        assert host.client.get(item(id_)).json["data"]["name"] == "after"
    host.settle(30)


def test_redis_that_stood_still_for_a_moment(host, category):
    """No answer that is stored is older than the moment when Redis goes on, not even at once."""
    id_ = make(host, category)
    for n in range(3):
        keep(host, item(id_))
        host.pause("redis")
        time.sleep(0.6)
        host.mongo.products.update_one({"_id": bson.ObjectId(id_)},
                                       {"$set": {"name": f"after {n}", "updatedAt": now()}})
        time.sleep(0.6)
        host.resume("redis")
        end = time.monotonic() + 2
        while time.monotonic() < end:
            answer = host.client.get(item(id_))
            assert answer.json["data"]["name"] == f"after {n}", answer
    host.settle(30)


def test_the_server_is_started_anew(streams, category):
    id_ = make(streams, category)
    keep(streams, item(id_))
    streams.database.stop()
    streams.database.start()
    streams.mongo.products.update_one({"_id": bson.ObjectId(id_)}, {"$set": {"name": "after"}})
    shows(streams.client, item(id_), lambda a: a.json["data"]["name"] == "after", 30)
    streams.settle(30)


def test_two_hosts(streams, category):
    other = streams.siblings[0]
    id_ = make(streams, category)
    keep(streams, item(id_))
    keep(other, item(id_))
    streams.mongo.products.update_one({"_id": bson.ObjectId(id_)}, {"$set": {"name": "after"}})
    for client in (streams.client, other.client):
        shows(client, item(id_), lambda a: a.json["data"]["name"] == "after")
    assert other.client.get("/readyz").json["follow"] == "streams"


def test_readers_beside_writers_of_both_kinds(host, category):
    """No reader sees what is older than an own write that was acknowledged, and none what is older
    than a foreign one by the lag."""
    id_, stop, failures = make(host, category), threading.Event(), []
    foreign, lock = {"value": 0}, threading.Lock()

    def read():
        client = Client(host.url)
        while not stop.is_set():
            with lock:
                least = foreign["value"]
            price = client.get(item(id_)).json["data"]["price"]
            if price < least:
                failures.append((least, price))
    readers = [threading.Thread(target=read, daemon=True) for _ in range(3)]
    for reader in readers:
        reader.start()
    for n in range(2, 60):
        if n % 2:
            assert host.client.put(item(id_), {"price": n}).status == 200
        else:
            host.mongo.products.update_one({"_id": bson.ObjectId(id_)},
                                           {"$set": {"price": n, "updatedAt": now()}})
            shows(host.client, item(id_), lambda a: a.json["data"]["price"] == n)
        with lock:
            foreign["value"] = n
    stop.set()
    for reader in readers:
        reader.join()
    assert not failures


def test_while_nobody_follows_nothing_is_kept_for_long(category):
    with tempfile.TemporaryDirectory() as folder:
        host = Stack(LARDER_RESOURCES=others.resources(folder, others=1), LARDER_FOLLOW="off")
        try:
            host.up().settle(30)
            assert host.client.get("/readyz").json["follow"] == "off"
            id_ = make(host, category)
            keep(host, item(id_), listed(category))
            host.mongo.products.update_one({"_id": bson.ObjectId(id_)},
                                           {"$set": {"name": "after", "updatedAt": now()}})
            shows(host.client, item(id_), lambda a: a.json["data"]["name"] == "after")
            shows(host.client, listed(category), lambda a: a.json["data"][0]["name"] == "after")
        finally:
            host.down()
