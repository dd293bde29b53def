# SPDX-License-Identifier: BSD-2-Clause
"""Somebody can write to Redis: they can take answers away, and make none."""
import struct

import pytest

import people
from seal import CREATED, SEAL, moved, seal
from stack import eventually


@pytest.fixture(autouse=True)
def settled(stack):
    stack.settle()


@pytest.fixture
def item(stack, bare, product):
    """An item whose entry is in Redis: what it says, its name and path, and the entry."""
    bare.settle()
    made = product(price=1)
    name = stack.key(f"product:{made['_id']}").removeprefix(stack.base())
    path = f"/api/products/{made['_id']}"
    kept(bare, path)
    value = stack.redis.get(stack.base() + name)
    return made, name, path, value


def kept(host, path):
    """Is answered from Redis: where that was late once, nothing was kept."""
    eventually(lambda: host.client.get(path).hit, what=path + " in Redis")


def put(stack, name, value):
    stack.redis.set(stack.base() + name, value, px=60000)


def forged(value):
    return bytes(value[:-SEAL]).replace(b'"price":1', b'"price":7')


@pytest.mark.parametrize("secret", ["", "a secret of theirs"])
def test_an_entry_under_another_secret_is_a_miss(stack, bare, item, secret):
    made, name, path, value = item
    refused = bare.metrics()["larder_cache_refused_total"]
    answers = []

    def looked_at():
        put(stack, name, seal(stack, name, forged(value), secret=secret))
        answers.append(bare.client.get(path))
        return bare.metrics()["larder_cache_refused_total"] > refused
    eventually(looked_at)
    assert all(not answer.hit and answer.json["data"] == made for answer in answers)


def test_an_entry_under_our_secret_is_a_hit(stack, bare, item):
    """Else the others would prove nothing."""
    made, name, path, value = item

    def looked_at():
        put(stack, name, seal(stack, name, forged(value)))
        answer = bare.client.get(path)
        return answer.hit and answer.json["data"]["price"] == 7
    eventually(looked_at)


def test_an_entry_of_another_name_is_a_miss(stack, bare, product):
    """With the tags' versions of the other, too."""
    mine, others = product(name="mine"), product(name="other's")
    for made in (mine, others):
        kept(bare, f"/api/products/{made['_id']}")
    ids = mine["_id"], others["_id"]
    for kind in ("product:", "tag:product:"):
        value = stack.redis.get(stack.key(kind + ids[0]))
        stack.redis.set(stack.key(kind + ids[1]), value, px=60000)
    answer = bare.client.get(f"/api/products/{ids[1]}")
    assert not answer.hit and answer.json["data"]["name"] == "other's"


def test_a_session_is_not_given_to_another_token(stack, bare):
    """Who has a token of their own, and Redis, does not become whom they like."""
    person, thief = people.Person(stack), people.Person(stack)
    for who in (person, thief):
        assert who.inside
    base = stack.base()

    def name_of(who):
        assert bare.client.get("/api/sessions/current", headers=who.headers).status == 200
        return [key.decode() for key in stack.redis.scan_iter(base + "session:*")
                if who.id.encode() in (stack.redis.get(key) or b"")]
    names = {who.id: eventually(lambda who=who: name_of(who))[0] for who in (person, thief)}
    for kind in ("", "tag:"):
        source, to = (base + kind + names[who.id][len(base):] for who in (person, thief))
        stack.redis.copy(source, to, replace=True)
    other = bare.client.get("/api/sessions/current", headers=thief.headers)
    assert other.status == 200 and other.json["user"]["_id"] == thief.id


@pytest.mark.parametrize("ahead", [120, 86400, 10 * 365 * 86400])
def test_an_entry_of_the_future_is_a_miss(stack, bare, item, ahead):
    made, name, path, value = item
    put(stack, name, moved(stack, name, value, ahead))
    answer = bare.client.get(path)
    assert not answer.hit and answer.json["data"] == made
    kept(bare, path)  # and is replaced


@pytest.mark.parametrize("created", [2 ** 63 - 1, 2 ** 63 - 1000, 2 ** 63, 2 ** 64 - 1, 2 ** 53])
def test_times_that_overflow_are_a_miss(stack, bare, item, created):
    made, name, path, value = item
    text = bytearray(value[:-SEAL])
    struct.pack_into("<Q", text, CREATED, created)
    put(stack, name, seal(stack, name, bytes(text)))
    answer = bare.client.get(path)
    assert not answer.hit and answer.json["data"] == made


def test_stacks_on_the_same_servers_read_each_others_entries(stack, bare, other, product):
    bare.settle(), other.settle()
    made = product(price=3)
    path = f"/api/products/{made['_id']}"
    kept(bare, path)
    assert "detail=redis" in other.client.get(path).cache_status


def test_the_secret_is_for_its_owner_alone(stack):
    secret = stack.env["LARDER_SECRET"]
    assert len(secret) >= 32 and (stack.var / "env").stat().st_mode & 0o777 == 0o600
    assert secret not in stack.log("larderd")
