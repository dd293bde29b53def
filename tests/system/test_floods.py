# SPDX-License-Identifier: BSD-2-Clause
"""What nobody needs rights to ask for grows Redis by a bounded amount, and pushes nothing out."""
import concurrent.futures
import secrets

import pytest

import fcgi
from people import Person, sign_in
from stack import eventually, running

POLICIES = ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"]
ROOM = 4 << 20  # bytes that Redis may grow by


@pytest.fixture(scope="module")
def shop():
    with running() as stack:
        yield stack


@pytest.fixture
def unlimited(shop):
    yield
    shop.redis.config_set("maxmemory", 0)
    shop.redis.config_set("maxmemory-policy", "noeviction")


def fresh_id():
    return secrets.token_hex(12)


def ask_ids(client):
    ids = ",".join(fresh_id() for _ in range(100))
    answer = client.request("GET", f"/api/products?ids={ids}")
    assert answer.status == 200 and b'"count":0' in answer.body


def ask_tokens(client):
    for _ in range(10):
        token = secrets.token_urlsafe(32)
        answer = client.request("GET", "/api/sessions/current",
                                HTTP_AUTHORIZATION=f"Bearer {token}")
        assert answer.status == 401


def ask_categories(client):
    for _ in range(10):
        answer = client.request("GET", f"/api/products?category={fresh_id()}")
        assert answer.status == 200


FLOODS = {"ids": (ask_ids, 300), "tokens": (ask_tokens, 600), "categories": (ask_categories, 600)}


def flood(shop, kind):
    ask, times = FLOODS[kind]

    def run(_):
        with fcgi.Client(shop.socket_path, timeout=30) as client:
            for _ in range(times // 6):
                ask(client)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(run, range(6)))


def test_tags_of_what_is_absent_live_as_long_as_its_entry(shop):
    """Before any flood, which uses up the budget of such entries."""
    shop.settle()
    id, there = fresh_id(), shop.client.post(
        "/api/products", {"name": "there", "price": 1, "category": "floods"}).json["data"]["_id"]
    for one in (id, there):
        shop.client.get(f"/api/products/{one}")
    token = secrets.token_urlsafe(32)
    shop.client.get("/api/sessions/current", headers={"Authorization": f"Bearer {token}"})
    base = shop.base()
    key = shop.key(f"product:{id}")
    entry = eventually(lambda: shop.redis.pttl(key) > 0 and shop.redis.pttl(key))
    assert entry <= shop.redis.pttl(base + f"tag:product:{id}") <= 41000
    assert shop.redis.ttl(base + f"tag:product:{there}") > 3600
    for key in shop.redis.scan_iter(base + "tag:session:*"):
        assert shop.redis.pttl(key) <= 41000


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_leaves_a_bounded_amount(shop, kind):
    before = shop.redis.dbsize()
    flood(shop, kind)
    # Of each of two workers 1,000 answers, and what was being asked for then.
    keys_of_one = {"ids": 2, "tokens": 1, "categories": 4}[kind]
    assert shop.redis.dbsize() - before < 2 * 1000 * keys_of_one + 1500


def test_what_is_there_is_kept_after_a_flood(shop):
    """At the second question at the latest: the first shows that it is there."""
    shop.settle()
    made = [shop.client.post("/api/products", {"name": "late", "price": 1, "category": "floods"})
            .json["data"]["_id"] for _ in range(3)]
    flood(shop, "ids")
    for id in made:
        path = f"/api/products/{id}"
        assert shop.client.get(path).status == 200
        eventually(lambda path=path: shop.client.get(path).hit)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("kind", ["ids", "tokens"])
def test_a_flood_pushes_nothing_out(shop, unlimited, kind, policy):
    """Lock counters, fences and hot entries stay where they are."""
    shop.settle()
    victim, base = Person(shop), shop.base()
    for _ in range(5):
        assert sign_in(shop, victim.email, "wrong one").status == 401
    made = shop.client.post("/api/products", {"name": "hot", "price": 1, "category": "floods"})
    id = made.json["data"]["_id"]
    eventually(lambda: shop.client.get(f"/api/products/{id}").hit)
    shop.redis.set(base + "fence:product:x", "0" * 16 + "@1 ", px=60000)  # of a write elsewhere
    kept = [base + "fence:product:x", shop.key(f"product:{id}"), base + f"tag:product:{id}",
            *shop.redis.scan_iter("larder:throttle:account:*")]
    eventually(lambda: shop.redis.exists(*kept) == len(kept))
    shop.redis.config_set("maxmemory-policy", policy)
    shop.redis.config_set("maxmemory", shop.redis.info("memory")["used_memory"] + ROOM)
    evicted = shop.redis.info("stats")["evicted_keys"]
    flood(shop, kind)
    assert shop.redis.info("stats")["evicted_keys"] == evicted
    assert shop.redis.exists(*kept) == len(kept)
    assert sign_in(shop, victim.email).status == 429
