# SPDX-License-Identifier: BSD-2-Clause
"""Debts: what Redis was not told of a write, kept in MongoDB until it is."""
import datetime
import time

import bson
import pytest

from stack import eventually, tag_slot

OLD = 16  # seconds: a write that began so long ago is not under way any more


@pytest.fixture(autouse=True)
def settled(stack, healthy):
    yield
    stack.mongo.larder_pending.delete_many({})


def owe(stack, tags, state="open", age=0, prefix="larder"):
    opened = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)
    debt = {"_id": bson.ObjectId(), "prefix": prefix, "state": state, "tags": tags,
            "opened": opened}
    stack.mongo.larder_pending.insert_one(debt)
    return debt["_id"]


def open_debts(stack):
    return {debt["_id"] for debt in stack.mongo.larder_pending.find({})}


def version(stack, tag, prefix="larder"):
    return stack.redis.get(f"{prefix}:{stack.epoch()}:tag:{tag}")


def kept(host, product):
    """The path of an item that the host answers from Redis."""
    host.settle()
    path = f"/api/products/{product()['_id']}"
    eventually(lambda: "detail=redis" in host.client.get(path).cache_status)
    return path


def debts_paid(stack):
    """By any of the hosts: whoever looks first pays."""
    return sum(host.metrics()["larder_debts_paid_total"] for host in (stack, *stack.siblings))


def test_debts_are_paid_when_their_write_is_over(stack, bare, product):
    bare.settle()
    tags = [f"product:{product()['_id']}" for _ in range(3)]
    paths = ["/api/products/" + tag.split(":")[1] for tag in tags]
    for path in paths:
        assert "stored" in bare.client.get(path).cache_status
    before = [version(stack, tag) for tag in tags]
    paid = debts_paid(stack)
    closed = owe(stack, [tags[0]], "closed")
    old = owe(stack, [tags[1]], "open", OLD)
    under_way = owe(stack, [tags[2]], "open")
    eventually(lambda: not {closed, old} & open_debts(stack), 6, what="debts paid")
    assert open_debts(stack) == {under_way}
    assert version(stack, tags[0]) != before[0] and version(stack, tags[1]) != before[1]
    # Counted a moment after they are gone.
    eventually(lambda: debts_paid(stack) == paid + 2, 2, what="two debts counted")
    for path in paths[:2]:  # "owed" is settled with the debt
        eventually(lambda: "detail=redis" in bare.client.get(path).cache_status, 5)
    # Until the write is over, what it may change is read from MongoDB, and kept nowhere.
    for host in (bare, stack):
        def owed():
            statuses = {host.client.get(paths[2]).cache_status for _ in range(6)}
            return statuses == {"larder; fwd=bypass; detail=OWED"}
        eventually(owed, 5, what="both workers know")
    stack.mongo.larder_pending.update_one({"_id": under_way}, {"$set": {"state": "closed"}})
    eventually(lambda: under_way not in open_debts(stack), 6, what="the last debt paid")


def test_debts_of_another_prefix_are_not_paid(stack, product):
    tag = f"product:{product()['_id']}"
    foreign = owe(stack, [tag], "closed", OLD, prefix="third")
    own = owe(stack, [tag], "closed", OLD)
    eventually(lambda: own not in open_debts(stack), 6, what="own debt paid")
    assert foreign in open_debts(stack)
    stack.mongo.larder_pending.delete_one({"_id": foreign})


def test_more_debts_than_are_paid_in_one_go(stack, bare, product):
    """What nothing is owed to is answered meanwhile, and they are not paid by the clock."""
    path, owed = kept(bare, product), kept(bare, product)
    now = datetime.datetime.now(datetime.timezone.utc)
    free = tag_slot(f"product:{path[-24:]}")
    others = (f"product:{i:024x}" for i in range(4000))
    tags = [tag for tag in others if tag_slot(tag) != free][:2999] + [f"product:{owed[-24:]}"]
    stack.mongo.larder_pending.insert_many(
        {"_id": bson.ObjectId(), "prefix": "larder", "state": "open", "opened": now,
         "tags": [tag]} for tag in tags)

    def known():
        statuses = {bare.client.get(owed).cache_status for _ in range(6)}
        return statuses == {"larder; fwd=bypass; detail=OWED"}
    eventually(known, 5)
    for _ in range(6):
        assert "detail=redis" in bare.client.get(path).cache_status
    before = debts_paid(stack)
    stack.mongo.larder_pending.update_many({}, {"$set": {"state": "closed"}})
    eventually(lambda: not open_debts(stack), 8, every=0.1, what="3000 debts paid")
    eventually(lambda: debts_paid(stack) == before + 3000)
    eventually(lambda: "detail=redis" in bare.client.get(owed).cache_status, 5)


def test_many_debts_are_paid_in_seconds(stack, bare, product):
    """As after half an hour without Redis."""
    path = kept(bare, product)
    opened = datetime.datetime.now(datetime.timezone.utc)
    before, count = debts_paid(stack), 30000
    for begin in range(0, count, 5000):
        stack.mongo.larder_pending.insert_many(
            [{"_id": bson.ObjectId(), "prefix": "larder", "state": "open", "opened": opened,
              "tags": [f"product:{i:024x}", "products", f"products:c{i % 40}"]}
             for i in range(begin, begin + 5000)], ordered=False)
    stack.mongo.larder_pending.update_many({}, {"$set": {"state": "closed"}})
    stack.redis.client_kill_filter(_type="normal", skipme=True)  # the workers connect again
    eventually(lambda: not open_debts(stack), 30, every=0.1, what="30000 debts paid")
    eventually(lambda: debts_paid(stack) == before + count)
    page = "/api/products?limit=1"
    eventually(lambda: all(host.client.get(target).hit
                           for host in (bare, stack) for target in (path, page)), 5)


def test_debts_that_cannot_be_paid_stop_nothing_else(stack, bare, product):
    """A Redis that takes no writes answers what it has, however many there are."""
    path = kept(bare, product)
    stack.redis.replicaof("127.0.0.1", 1)
    try:
        stack.mongo.larder_pending.insert_many(
            {"_id": bson.ObjectId(), "prefix": "larder", "state": "closed", "tags": ["x"],
             "opened": datetime.datetime.now(datetime.timezone.utc)} for _ in range(600))
        rounds = bare.metrics()["larder_mongo_operations_total"]
        eventually(lambda: bare.metrics()["larder_mongo_operations_total"] >=
                   rounds + 2 * len(bare.workers()))
        for _ in range(6):
            assert "detail=redis" in bare.client.get(path).cache_status
    finally:
        stack.redis.replicaof("NO", "ONE")
    eventually(lambda: not open_debts(stack), 8, every=0.1)
    eventually(lambda: "stored" in
               bare.client.get(f"/api/products/{product()['_id']}").cache_status, 15)


def away(host):
    """Whether all its workers know that MongoDB is."""
    def quick(i):
        begun = time.monotonic()
        assert host.client.get(f"/api/products?category=none{i}").status == 503
        return time.monotonic() - begun < 0.3
    return all([quick(i) for i in range(8)])


def test_a_connection_that_is_lost_while_mongo_is_away(stack, bare, product):
    """Nobody can have written since, with or without it."""
    path = kept(bare, product)
    stack.control("stop", "mongo")
    try:
        eventually(lambda: away(bare), 15)
        for _ in range(3):
            connects = bare.metrics()["larder_redis_connects_total"]
            stack.redis.client_kill_filter(_type="normal", skipme=True)
            eventually(lambda: bare.metrics()["larder_redis_connects_total"] >=
                       connects + len(bare.workers()))
            for _ in range(8):
                answer = bare.client.get(path)
                assert answer.status == 200 and "detail=redis" in answer.cache_status, answer
    finally:
        stack.control("start", "mongo")


def test_redis_lost_before_mongo(stack, bare, product):
    """Others may have written without Redis until MongoDB went away."""
    path = kept(bare, product)
    blind = bare.log("larderd").count("pending invalidations cannot be read")
    stack.pause("redis")
    try:
        eventually(lambda: "REDIS-DOWN" in bare.client.get(path).cache_status)
        stack.control("stop", "mongo")
        eventually(lambda: away(bare), 15)
        stack.resume("redis")

        def asked_in_vain():
            assert bare.client.get(path).status == 503
            return bare.log("larderd").count("pending invalidations cannot be read") > blind
        eventually(asked_in_vain, 15)
        for _ in range(8):
            assert bare.client.get(path).status == 503
    finally:
        stack.resume("redis")
        stack.control("start", "mongo")
    eventually(lambda: "detail=redis" in bare.client.get(path).cache_status, 15)


def test_a_worker_that_cannot_see_the_debts_trusts_nothing(stack, bare, product):
    """It may have missed a write that Redis was not told of."""
    path = kept(bare, product)
    stack.control("stop", "mongo")
    try:
        assert "detail=redis" in bare.client.get(path).cache_status
        bare.control("restart", "larderd")
        eventually(lambda: bare.log("larderd").count("pending invalidations cannot be read") >= 2, 5)
        for _ in range(2):
            assert bare.client.get(path).status == 503
    finally:
        stack.control("start", "mongo")
    eventually(lambda: "detail=redis" in bare.client.get(path).cache_status, 10)
