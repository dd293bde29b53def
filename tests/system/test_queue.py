# SPDX-License-Identifier: BSD-2-Clause
"""Passwords cost a core's time: who floods them does not keep others from signing in."""
import concurrent.futures
import itertools
import threading
import time

import pytest

import fcgi
from people import PASSWORD, Person
from stack import running

SIGN_UPS = 30


@pytest.fixture(scope="module")
def shop():
    with running(LARDER_WRITES="", LARDER_SIGNUP="open") as stack:
        yield stack


def flood(shop, stop, counter, statuses, address):
    """As many as one can, without looking at what becomes of them."""
    with fcgi.Client(shop.socket_path, timeout=60) as client:
        while not stop.is_set():
            body = ('{"name":"x","email":"flood%d@example.org","password":"%s"}'
                    % (next(counter), PASSWORD)).encode()
            statuses.append(client.request("POST", "/api/users", body, REMOTE_ADDR=address).status)


def timed(person):
    begun = time.monotonic()
    person.sign_in()  # is 201
    return time.monotonic() - begun


@pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.9"], ids=["the same", "another"])
def test_sign_ins_during_a_flood_of_sign_ups(shop, address):
    people = [Person(shop) for _ in range(4)]
    alone = sorted(timed(person) for person in people)[2]  # this machine has other work, too
    stop, counter, ups = threading.Event(), itertools.count(hash(address) & 0xffff), []
    with concurrent.futures.ThreadPoolExecutor(SIGN_UPS) as pool:
        floods = [pool.submit(flood, shop, stop, counter, ups, address) for _ in range(SIGN_UPS)]
        try:
            took = [timed(person) for person in itertools.islice(itertools.cycle(people), 24)]
        finally:
            stop.set()
            for running in floods:
                running.result()
    assert sorted(took)[12] < max(1.5, 8 * alone), (alone, took)
    assert 201 in ups  # they have their turns as well
