# SPDX-License-Identifier: BSD-2-Clause
"""Writers past the API and readers on two hosts, through what may happen to the follower and to what it
stands on: answers are older than what was written by no more than the lag that is told, and by
nothing once it has passed (see others.c). Longer runs: tests/system/others.py."""
import concurrent.futures

import pytest

import checker
import others
from stack import eventually

SHORT = {"seconds": 2, "reads": 2000, "read_rate": 1500, "write_rate": 100}


@pytest.mark.parametrize("way,disturb", [
    ("streams", "kill"), ("streams", "stop"), ("streams", "database"), ("times", "none"),
    ("times", "redis")])
def test_answers_are_no_older_than_the_lag(way, disturb, request, capsys):
    host = others.ready(request.getfixturevalue(way))
    result = others.run(host, host.siblings[0], disturb,
                        **{**SHORT, "seconds": 2 if disturb == "none" else 5})
    with capsys.disabled():
        print("\n  {reads} reads, {memory} from memory; {writes} writes of others; older by at most "
              "{age_max_ms} ms, told {told_ms} ms, seed {seed}".format(**result), end="")
    others.check(host, result)
    assert result["writes"] > 50 and result["memory"] > 100, result


def test_transactions(streams):
    result = others.run(others.ready(streams), streams.siblings[0], transactions=True, **SHORT)
    others.check(streams, result)
    assert result["unknown_writes"] == 0, result


def test_a_collection_that_is_dropped_again_and_again(streams):
    result = others.run(others.ready(streams), streams.siblings[0], drops=1, **SHORT)
    others.check(streams, result)
    assert result["drops"] > 0, result


def test_it_would_be_found_out(times):
    """Deletions do not show where documents carry times: ages that nobody tells."""
    result = others.run(others.ready(times), deletes=True, **SHORT)
    assert result["age_max_ms"] > result["told_ms"] + others.SLACK_MS, result
    times.ctl("cache", "touch", "stock", "--all")
    eventually(lambda: others.is_current(times, result["seed"]), 10)


@pytest.mark.parametrize("way", ["streams", "times"])
def test_our_own_promise_holds_beside_others(way, request):
    """The checker's writers go through the API to products; others write stock, and the follower of
    both is killed."""
    host = others.ready(request.getfixturevalue(way))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        beside = pool.submit(others.run, host, **SHORT)
        own = checker.run(host, "kill", reads=4000, seconds=3)
        others.check(host, beside.result())
    assert own["stale"] == 0 and own["ahead"] == 0, own
    assert own["writes"] > 10, own
