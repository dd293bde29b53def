# SPDX-License-Identifier: BSD-2-Clause
"""Each state of Redis has a name in Cache-Status, a metric, and one line in the log; and the queue
for MongoDB an end."""
import threading
import time

import pytest

from client import Client
from news import News
from redis_proxy import error_reply, host_behind
from stack import eventually


def no_tracking(command):
    if [word.upper() for word in command[:2]] == [b"CLIENT", b"TRACKING"]:
        return error_reply("ERR unknown subcommand 'TRACKING'")
    return command


def loading(command):
    return error_reply("LOADING Redis is loading the dataset in memory")


@pytest.fixture(scope="module")
def host(stack):
    """Its Redis is slow, loading, or well, as the tests want it; it always refuses tracking."""
    host, proxy = host_behind(stack, no_tracking, LARDER_QUEUE="8")
    host.proxy = proxy
    yield host
    proxy.change, proxy.delay = no_tracking, 0


def ready(host):
    """As well as it gets: no answers are kept in memory."""
    def only_tracking_is_refused():
        reason = host.client.get("/readyz").json["reasons"]["redis"]
        return reason.startswith("CLIENT TRACKING is refused")
    eventually(only_tracking_is_refused, 5)
    host.settle()


def test_a_redis_without_tracking_turns_memory_off(host, product):
    """As some proxies are: no message would come, so memory is never believed."""
    ready(host)
    path = f"/api/products/{product()['_id']}"
    host.client.get(path)
    for _ in range(20):
        assert "detail=redis" in host.client.get(path).cache_status
    refused = [line for line in host.log("larderd").splitlines()
               if "CLIENT TRACKING is refused" in line]
    assert 1 <= len(refused) <= len(host.workers()), refused


def test_redis_is_loading(host, product):
    ready(host)
    path = f"/api/products/{product()['_id']}"
    news = News(host)
    host.proxy.change = loading
    try:
        eventually(lambda: "REDIS-DOWN" in host.client.get(path).cache_status, 1)
        for _ in range(20):
            answer = host.client.get(path)
            assert answer.status == 200
            assert answer.cache_status == "larder; fwd=bypass; detail=REDIS-DOWN"
        assert host.client.get("/readyz").json["redis"] == "down"
    finally:
        host.proxy.change = no_tracking
    ready(host)
    assert news.counted('cache_lookups_total{result="redis-down"}') >= 20
    assert 1 <= len(news.lines("redis", "LOADING")) + len(news.lines("redis", "loading")) <= \
        2 * len(host.workers())
    assert 1 <= len(news.lines("redis", "ready")) <= len(host.workers())


def test_redis_answers_within_its_time_and_not(host, product):
    ready(host)
    path = f"/api/products/{product()['_id']}"
    host.client.get(path)
    news = News(host)
    host.proxy.delay = 0.025
    try:
        for _ in range(3):
            assert "detail=redis" in host.client.get(path).cache_status
        assert news.counted("redis_timeouts_total") == 0
        host.proxy.delay = 0.2
        statuses = [host.client.get(path).cache_status for _ in range(8)]
        assert statuses[2:] == ["larder; fwd=bypass; detail=REDIS-DOWN"] * 6, statuses
        assert news.counted("redis_timeouts_total") >= 1
    finally:
        host.proxy.delay = 0
    ready(host)
    assert 1 <= len(news.lines("redis", "no answer in time")) <= len(host.workers())


def test_more_wait_for_mongo_than_may(stack, host):
    """Four are at work and eight in the queue of each worker; the others are told at once."""
    ready(host)
    news, answers = News(host), []
    barrier = threading.Barrier(80)

    def ask(i):
        client = Client(host.url)
        client.connection().connect()
        barrier.wait()
        begun = time.monotonic()
        answer = client.get(f"/api/products?category=queue{i}&limit=5")
        answers.append((time.monotonic() - begun, answer))
        client.close()
    threads = [threading.Thread(target=ask, args=(i,), daemon=True) for i in range(80)]
    stack.pause("mongo")
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        stack.resume("mongo")
    assert {answer.status for _, answer in answers} == {503}
    assert all(answer.header("Retry-After") for _, answer in answers)
    at_once = sum(took < 1 for took, _ in answers)
    assert 40 <= at_once < 80 and max(took for took, _ in answers) < 3.5, at_once
    assert news.counted("mongo_refused_total") >= at_once
    eventually(lambda: host.client.get("/api/products?category=queue").status == 200, 5)
    stack.settle()
