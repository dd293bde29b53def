# SPDX-License-Identifier: BSD-2-Clause
"""The lock after five failures holds, whatever becomes of Redis and of the workers."""
import concurrent.futures
import threading
import time

import pytest

from people import Person, sign_in
from stack import eventually, running


@pytest.fixture(scope="module")
def shop():
    with running(LARDER_WRITES="", LARDER_SIGNUP="open") as stack:
        yield stack


@pytest.fixture
def mended(shop):
    yield
    shop.resume("redis")
    shop.control("start")
    shop.settle(30)


@pytest.fixture
def locked(shop):
    """Somebody whose five tries are used up, counted everywhere."""
    person = Person(shop)
    for _ in range(5):
        assert sign_in(shop, person.email, "wrong one").status == 401
    eventually(lambda: attempts(shop)["failed"] == 5)
    assert sign_in(shop, person.email).status == 429
    return person


def attempts(shop):
    """What MongoDB knows of the account that was tried last."""
    return shop.mongo.larder_attempts.find_one(sort=[("until", -1)])


def counters(shop):
    return list(shop.redis.scan_iter("larder:throttle:account:*"))


def assert_locked(shop, person):
    answer = sign_in(shop, person.email)
    assert answer.status == 429 and 800 < int(answer.header("Retry-After")) <= 900, answer
    assert sign_in(shop, person.email, "wrong one").status == 429


def test_an_evicted_counter_lets_nobody_try_again(shop, locked):
    for key in shop.redis.scan_iter("larder:throttle:*"):
        shop.redis.delete(key)
    for _ in range(4):  # by each of the workers
        assert_locked(shop, locked)


def test_workers_that_saw_nothing_know(shop, locked):
    """Neither they nor Redis have counted it; and Redis is told."""
    shop.control("restart", "larderd")
    shop.redis.delete(*counters(shop))
    for _ in range(4):
        assert_locked(shop, locked)
    key = eventually(lambda: counters(shop))[0]
    assert shop.redis.get(key) == b"5" and 800 < shop.redis.ttl(key) <= 900


@pytest.mark.parametrize("away", ["pause", "kill"])
def test_a_lost_redis_lets_nobody_try_again(shop, locked, mended, away):
    shop.pause("redis") if away == "pause" else shop.control("kill", "redis")
    for _ in range(4):
        assert_locked(shop, locked)
    shop.control("restart", "larderd")
    for _ in range(4):
        assert_locked(shop, locked)


def test_failures_without_redis_are_carried_to_it(shop, mended):
    person = Person(shop)
    shop.control("kill", "redis")
    statuses = [sign_in(shop, person.email, "wrong one").status for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    shop.control("restart", "larderd")
    shop.control("start", "redis")
    shop.settle(30)
    assert_locked(shop, person)
    assert shop.redis.get(eventually(lambda: counters(shop))[0]) == b"5"


def flap(shop, stop):
    """Redis, away and back again, in one way after the other."""
    while not stop.is_set():
        shop.pause("redis")
        time.sleep(0.12)
        shop.resume("redis")
        time.sleep(0.08)
        for key in counters(shop):
            shop.redis.delete(key)
        shop.redis.client_kill_filter(_type="normal", skipme=True)


@pytest.mark.parametrize("_", range(3))
def test_guesses_while_redis_flaps(shop, mended, _):
    person, stop = Person(shop), threading.Event()
    flapping = threading.Thread(target=flap, args=(shop, stop), daemon=True)
    flapping.start()
    try:
        with concurrent.futures.ThreadPoolExecutor(30) as pool:
            statuses = list(pool.map(
                lambda i: sign_in(shop, person.email, f"guess {i}").status, range(30)))
            statuses += list(pool.map(
                lambda i: sign_in(shop, person.email, f"guess {i}").status, range(30)))
    finally:
        stop.set()
        flapping.join()
    assert statuses.count(401) <= 5 and set(statuses) <= {401, 429}, statuses
    assert sign_in(shop, person.email).status == 429


def test_who_is_right_is_not_locked_out(shop, mended):
    """However often, and while Redis flaps: a place that was taken is given back."""
    person, stop = Person(shop), threading.Event()
    flapping = threading.Thread(target=flap, args=(shop, stop), daemon=True)
    flapping.start()
    try:
        statuses = [sign_in(shop, person.email).status for _ in range(20)]
    finally:
        stop.set()
        flapping.join()
    assert statuses == [201] * 20
    eventually(lambda: attempts(shop)["taken"] == 0)


def test_the_window_ends(shop):
    """What is over counts no longer: let it be over."""
    person = Person(shop)
    for _ in range(5):
        assert sign_in(shop, person.email, "wrong one").status == 401
    eventually(lambda: attempts(shop)["failed"] == 5)
    last = attempts(shop)
    shop.redis.delete(*counters(shop))
    shop.mongo.larder_attempts.update_one(
        {"_id": last["_id"]}, {"$currentDate": {"until": True}})
    shop.control("restart", "larderd")
    assert sign_in(shop, person.email, "wrong one").status == 401
    again = eventually(lambda: attempts(shop) if attempts(shop)["failed"] == 1 else None)
    assert again["_id"] == last["_id"] and again["taken"] == 1
    assert sign_in(shop, person.email).status == 201
