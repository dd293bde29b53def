# SPDX-License-Identifier: BSD-2-Clause
"""Totals that outlive writes: counted once, then carried over by those who write alone."""
import concurrent.futures
import datetime
import random

import bson
import pytest

from stack import eventually


@pytest.fixture(autouse=True)
def settled(stack):
    stack.settle()


def total(http, category=None):
    """By a page that cannot tell it by itself; counted from the database where it is not known."""
    query = "" if category is None else f"category={category}&"
    answer = http.get(f"/api/products?{query}limit=1&after={cursor(http, query)}")
    assert answer.status == 200, answer
    return answer.json["total"]


def cursor(http, query):
    return http.get(f"/api/products?{query}limit=1").json["next"]


def fills(stack):
    return stack.metrics()["larder_cache_fills_total"]


def read_first_page(stack, http, category):
    """The total that the first of several pages tells, and how many questions that took."""
    before = fills(stack)
    answer = http.get(f"/api/products?category={category}&limit=1")
    assert answer.status == 200 and answer.json["next"], answer
    return answer.json["total"], fills(stack) - before


def assert_carried(stack, http, category, expected):
    """One question: for the page, not for the total."""
    assert read_first_page(stack, http, category) == (expected, 1)


@pytest.fixture
def counted(stack, http, product, category):
    """Three products of a category whose total is known."""
    made = [product(price=i) for i in range(3)]
    name = stack.key(f"count:products:category={category}")

    def known():
        http.get(f"/api/products?category={category}&limit=1")
        return stack.redis.get(name)
    eventually(known, what="the total in Redis")
    return made


def test_a_new_one_is_added(stack, http, product, category, counted):
    for expected in (4, 5, 6):
        product()
        assert_carried(stack, http, category, expected)


def test_a_deleted_one_is_taken_off(stack, http, category, counted):
    assert http.delete(f"/api/products/{counted[0]['_id']}").status == 200
    assert_carried(stack, http, category, 2)


def test_a_change_leaves_it(stack, http, category, counted):
    for change in ({"price": 9}, {"category": category, "name": "same"}):
        assert http.put(f"/api/products/{counted[0]['_id']}", change).status == 200
        assert_carried(stack, http, category, 3)


def test_a_move_changes_both(stack, http, product, category, counted):
    other = category + " & more/ü"
    for _ in range(2):
        product(category=other)
    quoted = other.replace(" ", "%20").replace("&", "%26").replace("/", "%2F").replace(
        "ü", "%C3%BC")
    read_first_page(stack, http, quoted)
    assert http.put(f"/api/products/{counted[0]['_id']}", {"category": other}).status == 200
    assert_carried(stack, http, category, 2)
    assert_carried(stack, http, quoted, 3)


def test_many_at_once(stack, http, category, counted):
    good = {"name": "n", "price": 1, "category": category}
    answer = http.post("/api/products", [good, {**good, "price": -1}, {**good, "category": "x"},
                                         good])
    assert answer.status == 207
    assert_carried(stack, http, category, 5)


def test_as_many_as_there_can_be(stack, http, category):
    """A hundred categories by one request, all of whose totals are known."""
    names = [f"{category}-{i}" for i in range(100)]
    batch = [{"name": "n", "price": 1, "category": name} for name in names]
    for _ in range(2):
        assert http.post("/api/products", batch).status == 201

    def known():
        for name in names:
            http.get(f"/api/products?category={name}&limit=1")
        keys = [stack.key(f"count:products:category={name}") for name in names]
        return None not in stack.redis.mget(keys)
    eventually(known, 20, what="all totals in Redis")
    workers = stack.workers()
    assert http.post("/api/products", batch).status == 201
    assert stack.workers() == workers
    for name in names[::33]:
        assert_carried(stack, http, name, 3)


def test_what_was_made_before_is_not_added_again(stack, http, category, counted):
    body = {"name": "n", "price": 1, "category": category}
    headers = {"Idempotency-Key": f"totals-{random.getrandbits(64):x}"}
    made = http.post("/api/products", body, headers=headers)
    assert made.status == 201
    assert_carried(stack, http, category, 4)
    assert http.post("/api/products", body, headers=headers).header("Idempotent-Replayed")
    assert read_first_page(stack, http, category)[0] == 4
    # As when the worker was killed before its answer was kept, and others have changed it since.
    item = f"/api/products/{made.json['data']['_id']}"
    assert http.put(item, {"price": 2}).status == 200
    lost = stack.mongo.larder_receipts.update_one(
        {"document": bson.ObjectId(made.json["data"]["_id"])},
        {"$set": {"state": "busy", "leaseUntil": datetime.datetime(2000, 1, 1)},
         "$unset": {"status": "", "head": "", "body": ""}})
    assert lost.modified_count == 1
    again = http.post("/api/products", body, headers=headers)
    assert (again.status, again.json["data"]) == (201, http.get(item).json["data"])
    assert again.etag == http.get(item).etag != made.etag
    assert read_first_page(stack, http, category)[0] == 4


def test_its_life_does_not_grow(stack, http, product, category, counted):
    name = stack.key(f"count:products:category={category}")
    assert stack.redis.pexpire(name, 1)
    eventually(lambda: stack.redis.get(name) is None)
    read_first_page(stack, http, category)
    product()
    read_first_page(stack, http, category)
    left = [eventually(lambda: max(stack.redis.pttl(name), 0))]
    for _ in range(5):
        product()
        left.append(stack.redis.pttl(name))
    assert left == sorted(left, reverse=True) and left[-1] > 0, left


def test_a_damaged_one_is_counted_anew(stack, http, product, category, counted):
    name = stack.key(f"count:products:category={category}")
    value = bytearray(stack.redis.get(name))
    value[-1] ^= 1  # another digit
    stack.redis.set(name, bytes(value), px=100000)
    product()
    assert read_first_page(stack, http, category) == (4, 2)


def test_one_that_is_void_is_counted_anew(stack, http, product, category, counted):
    """Its tag has had another version since."""
    stack.redis.set(stack.key(f"tag:products:{category}"), "00000000000000aa", px=100000)
    product()
    assert read_first_page(stack, http, category) == (4, 2)


@pytest.mark.parametrize("hosts", ["one", "two"])
def test_whatever_is_done_at_once_totals_are_right(stack, request, http, category, hosts):
    """Writers who get in each other's way; totals are looked at meanwhile, and when all is done."""
    clients = [http] if hosts == "one" else [http, request.getfixturevalue("other").client]
    categories = [f"{category}-{i}" for i in range(3)]
    for name in categories:
        for _ in range(3):
            assert http.post("/api/products", {"name": "keep", "price": 1,
                                               "category": name}).status == 201

    def work(seed):
        rng, client, mine = random.Random(seed), clients[seed % len(clients)], []
        for _ in range(25):
            kind = rng.choice(["make", "make", "move", "change", "delete", "look", "bulk"])
            place = rng.choice(categories)
            item = {"name": "x", "price": 1, "category": place}
            if kind == "look":
                client.get(f"/api/products?category={place}&limit=1")
            elif kind == "make" or not mine:
                mine.append(client.post("/api/products", item).json["data"]["_id"])
            elif kind == "bulk":
                answer = client.post("/api/products", [item] * 3).json
                mine += [one["data"]["_id"] for one in answer["results"]]
            elif kind == "delete":
                assert client.delete(f"/api/products/{mine.pop()}").status == 200
            else:
                change = {"category": place} if kind == "move" else {"price": 2}
                assert client.put(f"/api/products/{rng.choice(mine)}", change).status == 200

    for round_ in range(4):
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            list(pool.map(work, range(round_ * 6, round_ * 6 + 6)))
        for client in clients:
            for name in categories:
                expected = stack.mongo.products.count_documents({"category": name})
                told = client.get(f"/api/products?category={name}&limit=1").json["total"]
                assert told == expected, name
            assert total(client) == stack.mongo.products.count_documents({})


def test_posts_too(stack, http, post, category):
    for _ in range(3):
        post()
    path = f"/api/posts?category={category}&limit=1"
    assert http.get(path).json["total"] == 3
    eventually(lambda: stack.redis.get(stack.key(f"count:posts:category={category}")))
    before = fills(stack)
    post()
    assert http.get(path).json["total"] == 4
    assert fills(stack) - before == 1


def test_other_filters_are_counted_anew(stack, http, product, category, counted):
    path = f"/api/products?category={category}&inStock=true&limit=1"
    assert http.get(path).json["total"] == 3
    product(inStock=False)
    assert http.get(path).json["total"] == 3
    product()
    assert http.get(path).json["total"] == 4


# --- X-Total-Count ---

@pytest.mark.parametrize("coding", ["identity", "gzip"])
@pytest.mark.parametrize("query", ["limit=2", "limit=2&page=2", "limit=2&page=9", "fields=name", ""])
def test_a_header_tells_the_total(http, product, category, coding, query):
    for i in range(3):
        product(description="A long text, so that it is compressed. " * 60)
    path = f"/api/products?category={category}&{query}"
    for method in ("GET", "HEAD", "GET", "HEAD"):
        answer = http.request(method, path, headers={"Accept-Encoding": coding})
        assert (answer.status, answer.header("X-Total-Count")) == (200, "3"), answer
    assert answer.hit and answer.body == b""


def test_the_header_comes_from_redis_as_well(bare, http, product, category):
    product()
    path = f"/api/products?category={category}&sort=name"
    eventually(lambda: bare.client.get(path).hit, what="an entry in Redis")
    assert bare.client.get(path).header("X-Total-Count") == "1"
    product()
    assert bare.client.get(path).header("X-Total-Count") == "2"


def test_lists_by_ids_and_empty_ones_have_it(http, product, category):
    made = product()
    assert http.get(f"/api/products?ids={made['_id']},{'f' * 24}").header("X-Total-Count") == "1"
    assert http.get(f"/api/products?category={category}-none").header("X-Total-Count") == "0"
    assert http.get("/api/products/featured").header("X-Total-Count").isdigit()
    assert http.get("/api/products/popular").header("X-Total-Count").isdigit()
    assert http.get(f"/api/products/{made['_id']}").header("X-Total-Count") is None
