# SPDX-License-Identifier: BSD-2-Clause
"""What lies in Redis and in memory, what a write moves, and what happens to bad entries."""
import random
import re
import time

import pytest

from stack import eventually


@pytest.fixture(autouse=True)
def settled(stack):
    stack.settle()


def lives(stack, name):
    """Milliseconds that the entry lives yet, or None."""
    left = stack.redis.pttl(stack.key(name))
    return left if left >= 0 else None


def stored(stack, name):
    return eventually(lambda: stack.redis.get(stack.key(name)), 2, what=name + " in Redis")


# --- From where ---

def test_database_then_cache(http, product, category):
    product()
    path = f"/api/products?category={category}"
    first, second = http.get(path), http.get(path)
    assert first.json["source"] == "database"
    assert first.cache_status == "larder; fwd=uri-miss; stored"
    assert second.json["source"] == "cache"
    assert re.fullmatch(r"larder; hit; ttl=\d+; detail=(memory|redis)", second.cache_status)
    assert {**first.json, "source": 0} == {**second.json, "source": 0}


def test_memory_answers_on_this_host_and_redis_elsewhere(stack, http, bare, other, product):
    path = f"/api/products/{product()['_id']}"
    eventually(lambda: "detail=memory" in http.get(path).cache_status)
    assert "detail=redis" in bare.client.get(path).cache_status
    assert "detail=redis" in bare.client.get(path).cache_status
    assert "detail=redis" in other.client.get(path).cache_status
    eventually(lambda: "detail=memory" in other.client.get(path).cache_status, 5)


def test_metrics_tell_how_full_the_memory_is(stack, http, product):
    path = f"/api/products/{product()['_id']}"
    eventually(lambda: "detail=memory" in http.get(path).cache_status)
    told = stack.metrics()
    assert told["larder_memory_records"] >= 1 and told["larder_memory_evictions_total"] >= 0
    assert 0 < told["larder_memory_used_bytes"] < told["larder_memory_bytes"] == 64 << 20


def test_the_same_bytes_from_everywhere(http, bare, other, product, category):
    made = product(description="x" * 2000)
    for path in (f"/api/products/{made['_id']}", f"/api/products?category={category}"):
        bodies = set()
        for client in (http, bare.client, other.client):
            for headers in ({}, {"Accept-Encoding": "gzip"}):
                for _ in range(2):
                    answer = client.get(path, headers=headers)
                    body = answer.body
                    if answer.header("Content-Encoding") == "gzip":
                        import gzip
                        body = gzip.decompress(body)
                    bodies.add(body.replace(b'"source":"database"', b'"source":"cache"'))
        assert len(bodies) == 1


# --- Names and times ---

def test_names_and_lives_of_entries(stack, http, product, post, category):
    made, blog = product(), post()
    http.get(f"/api/products/{made['_id']}")
    http.get(f"/api/posts/{blog['_id']}")
    http.get(f"/api/products?limit=5&category={category}&sort=price&utm_source=x")
    http.get(f"/api/posts?category={category}")
    for name, seconds in ((f"product:{made['_id']}", 600), (f"post:{blog['_id']}", 600),
                          (f"products:category={category}&limit=5&sort=price", 300),
                          (f"posts:category={category}", 300),
                          (f"count:products:category={category}", 300)):
        stored(stack, name)
        assert seconds * 890 <= lives(stack, name) <= seconds * 1100, name


def test_lives_differ(stack, http, product):
    ids = [product()["_id"] for _ in range(12)]

    def life(id):
        """Nothing is stored by a read that Redis was too slow for, so it is read again."""
        http.get(f"/api/products/{id}")
        return lives(stack, f"product:{id}")

    lengths = [eventually(lambda: life(id), what=f"product:{id} in Redis") for id in ids]
    assert max(lengths) - min(lengths) > 5000, lengths


def test_every_key_has_a_life_and_our_prefix(stack, http, product, category):
    made = product()
    http.get(f"/api/products/{made['_id']}")
    http.get(f"/api/products?category={category}")
    http.put(f"/api/products/{made['_id']}", {"price": 4})
    for key in stack.redis.scan_iter(count=500):
        assert key.startswith(b"larder:"), key
        if not key.startswith((b"larder:views:", b"larder:warm:")):  # for good
            assert stack.redis.pttl(key) != -1, key


def test_tags_are_random_versions(stack, http, product, category):
    made = product()
    names = [f"tag:products:{category}", f"tag:product:{made['_id']}", "tag:products"]
    path = f"/api/products/{made['_id']}"
    http.get(path)
    seen = {name: set() for name in names}
    for price in range(5):
        http.put(path, {"price": price})
        for name in names:
            version = stack.redis.get(stack.key(name))
            assert re.fullmatch(rb"[0-9a-f]{16}", version), (name, version)
            seen[name].add(version)
    assert all(len(versions) == 5 for versions in seen.values()), seen


def test_no_fence_is_left(stack, http, product, category):
    made = product()
    http.put(f"/api/products/{made['_id']}", {"price": 4})
    http.delete(f"/api/products/{made['_id']}")
    assert not list(stack.redis.scan_iter(f"{stack.base()}fence:*{category}*"))
    assert not list(stack.redis.scan_iter(f"{stack.base()}fence:*{made['_id']}*"))


def test_while_a_fence_stands_nothing_is_kept(stack, http, bare, other, product):
    """Somebody fences an item and is killed before he writes."""
    made = product()
    name, path = f"product:{made['_id']}", f"/api/products/{made['_id']}"
    bare.client.get(path), other.client.get(path)
    assert "detail=redis" in bare.client.get(path).cache_status
    stack.redis.set(stack.base() + "fence:" + name, "00000000000000ff@9999999999999 ", px=1000)
    stack.redis.set(stack.base() + "tag:" + name, "00000000000000ff", px=60000)
    before = stored(stack, name)
    eventually(lambda: not other.client.get(path).hit, 1)
    for host in (stack, bare, other):
        for _ in range(3):
            answer = host.client.get(path)
            assert answer.cache_status == "larder; fwd=bypass; detail=WRITE-FENCE", answer
            assert answer.json["data"] == made
    assert stored(stack, name) == before
    eventually(lambda: "stored" in bare.client.get(path).cache_status, 2)


def test_a_long_question_has_a_short_name(stack, http, category):
    words = "ü" * 90
    path = f"/api/products?category={category}&q={'%C3%BC' * 90}"
    assert http.get(path).status == 200, words
    assert http.get(path).hit
    for key in stack.redis.scan_iter(count=500):
        assert len(key) < 300, key


def test_keys_are_never_listed(stack, http, product, category):
    before = stack.redis.info("commandstats").get("cmdstat_keys", {}).get("calls", 0)
    made = product()
    http.get(f"/api/products?category={category}")
    http.delete(f"/api/products/{made['_id']}")
    stack.ctl("cache", "list")
    stack.ctl("cache", "purge", "product:*")
    assert stack.redis.info("commandstats").get("cmdstat_keys", {}).get("calls", 0) == before


# --- What a write moves ---

def views(client, category, id):
    """Everything that shows a product."""
    lists = [client.get(f"/api/products?category={category}{more}").json
             for more in ("", "&limit=1", "&sort=price", "&page=1&limit=50", "&inStock=true",
                          "&fields=name,price", "&minPrice=0&maxPrice=1000")]
    item = client.get(f"/api/products/{id}")
    ids = client.get(f"/api/products?ids={id}").json
    return item, lists, ids


@pytest.mark.parametrize("where", ["stack", "bare"])
def test_a_write_is_visible_at_once_everywhere(stack, request, http, product, category, where):
    client = request.getfixturevalue(where).client
    made = product(price=1)
    for price in range(2, 12):
        views(client, category, made["_id"])
        assert http.put(f"/api/products/{made['_id']}", {"price": price}).status == 200
        item, lists, ids = views(client, category, made["_id"])
        assert item.json["data"]["price"] == price
        assert [page["data"][0]["price"] for page in lists] == [price] * len(lists)
        assert ids["data"][0]["price"] == price
    new = product(price=500)
    _, lists, _ = views(client, category, made["_id"])
    assert [page["total"] for page in lists] == [2] * len(lists)
    assert http.delete(f"/api/products/{made['_id']}").status == 200
    item, lists, ids = views(client, category, made["_id"])
    assert item.status == 404 and ids["data"] == []
    assert [page["total"] for page in lists] == [1] * len(lists)
    assert {page["data"][0]["_id"] for page in lists} == {new["_id"]}


def test_another_hosts_memory_hears_of_writes(http, other, product, category):
    made = product(price=1)
    path = f"/api/products/{made['_id']}"
    for price in range(2, 8):
        for _ in range(3):
            other.client.get(path)
        http.put(path, {"price": price})
        eventually(lambda: other.client.get(path).json["data"]["price"] == price, 1, every=0.005)
        assert other.client.get(path).json["data"]["price"] == price


def test_pages_of_other_categories_stay(http, product, category):
    a, b = category + "-a", category + "-b"
    made = product(category=a)
    product(category=b)
    paths = {name: f"/api/products?category={name}" for name in (a, b)}
    for path in (*paths.values(), "/api/products?limit=2"):
        http.get(path)
    http.put(f"/api/products/{made['_id']}", {"price": 7})
    assert http.get(paths[b]).hit
    assert not http.get(paths[a]).hit
    assert not http.get("/api/products?limit=2").hit


def test_a_move_moves_both_categories(http, product, category):
    a, b, c = (category + x for x in "abc")
    made = product(category=a)
    for name in (b, c):
        product(category=name)
    paths = [f"/api/products?category={name}" for name in (a, b, c)]
    assert [http.get(path).json["total"] for path in paths] == [1, 1, 1]
    assert http.put(f"/api/products/{made['_id']}", {"category": b}).status == 200
    assert [http.get(path).json["total"] for path in paths] == [0, 2, 1]
    assert http.get(paths[2]).hit
    assert http.patch(f"/api/products/{made['_id']}", {"category": a}).status == 200
    assert [http.get(path).json["total"] for path in paths] == [1, 1, 1]


def test_posts_and_products_are_apart(http, product, post, category):
    product()
    post()
    http.get(f"/api/posts?category={category}")
    product()
    assert http.get(f"/api/posts?category={category}").hit


def test_a_write_that_fails_hurts_no_answer(http, product, category):
    made = product(price=3)
    path = f"/api/products/{made['_id']}"
    http.get(path)
    assert http.put(path, {"price": -1}).status == 400
    assert http.put(path, {"price": 4}, headers={"If-Match": '"x"'}).status == 412
    answer = http.get(path)
    assert answer.json["data"]["price"] == 3


def test_totals_are_asked_once_for_all_pages(stack, http, product, category):
    for _ in range(5):
        product()
    http.get(f"/api/products?category={category}&limit=1")
    before = stack.metrics()["larder_cache_fills_total"]
    for page in (2, 3, 4, 5):
        assert http.get(f"/api/products?category={category}&limit=1&page={page}").json["total"] == 5
    assert stack.metrics()["larder_cache_fills_total"] - before == 4


# --- Absent items ---

def test_an_absent_item_is_remembered_for_a_while(stack, http):
    id = f"65b{random.getrandbits(84):021x}"
    first, second = http.get(f"/api/products/{id}"), http.get(f"/api/products/{id}")
    assert first.status == second.status == 404
    assert "hit" in second.cache_status and "NEGATIVE" in second.cache_status
    assert 0 < lives(stack, f"product:{id}") <= 33000


def test_an_absent_item_that_comes_to_exist_is_found_at_once(stack, http, post, tmp_path, category):
    """larderctl makes ids of the content: loaded, deleted, asked for, loaded again."""
    file = tmp_path / "one.ndjson"
    file.write_text('{"title":"t","body":"b","category":"%s","author":"a"}\n' % category)
    stack.ctl("load", "posts", file)
    id = http.get(f"/api/posts?category={category}").json["data"][0]["_id"]
    path = f"/api/posts/{id}"
    assert http.get(path).status == 200
    assert http.delete(path).status == 200
    for _ in range(3):
        assert http.get(path).status == 404
    assert http.get(f"/api/posts?category={category}").json["total"] == 0
    stack.ctl("load", "posts", file)
    assert http.get(path).status == 200
    assert http.get(f"/api/posts?category={category}").json["total"] == 1


def test_what_goes_round_the_api_is_seen_after_a_purge(stack, http, category):
    """An insert straight into MongoDB moves no tag; the operator says so."""
    import bson
    id = bson.ObjectId()
    path = f"/api/products/{id}"
    assert http.get(path).status == 404 and http.get(path).status == 404
    stack.mongo.products.insert_one({"_id": id, "name": "direct", "price": 1.0,
                                     "category": category, "inStock": True, "featured": False})
    stack.ctl("cache", "purge", f"product:{id}")
    assert http.get(path).json["data"]["name"] == "direct"


def test_a_flood_of_absent_ids_does_not_fill_redis(stack, http):
    for _ in range(2500):
        http.get(f"/api/products/65c{random.getrandbits(84):021x}")
    absent = sum(1 for _ in stack.redis.scan_iter(f"{stack.base()}product:65c*", 1000))
    assert absent <= 2 * 1000, absent


# --- Damaged entries ---

def damaged(value, rng):
    kind = rng.randrange(6)
    value = bytearray(value)
    if kind == 0:
        at = rng.randrange(len(value))
        value[at] ^= 1 << rng.randrange(8)
    elif kind == 1:
        del value[rng.randrange(len(value)):]
    elif kind == 2:
        value += bytes(rng.randrange(1, 50))
    elif kind == 3:
        value = bytearray(rng.randbytes(rng.randrange(300)))
    elif kind == 4:
        for _ in range(20):
            value[rng.randrange(min(len(value), 160))] = rng.randrange(256)
    else:
        at = rng.randrange(len(value))
        value[at:at + 8] = b"\xff" * 8
    return bytes(value)


def test_damaged_entries_are_misses(stack, bare, product, category):
    made = product(name="whole", price=12.5)
    names = {f"product:{made['_id']}": f"/api/products/{made['_id']}",
             f"products:category={category}": f"/api/products?category={category}"}
    rng = random.Random(5)
    for name, path in names.items():
        expected = bare.client.get(path).json
        whole = stored(stack, name)
        for _ in range(200):
            stack.redis.set(stack.key(name), damaged(whole, rng), px=60000)
            answer = bare.client.get(path)
            assert answer.status == 200, answer
            assert {**answer.json, "source": 0} == {**expected, "source": 0}


def test_each_bit_of_a_head_is_checked(stack, bare, product):
    made = product(name="whole", price=12.5)
    name, path = f"product:{made['_id']}", f"/api/products/{made['_id']}"
    bare.client.get(path)
    whole = stored(stack, name)
    for at in range(0, len(whole) * 8, 3):
        bad = bytearray(whole)
        bad[at // 8] ^= 1 << at % 8
        stack.redis.set(stack.key(name), bytes(bad), px=60000)
        answer = bare.client.get(path)
        assert answer.status == 200 and answer.json["data"] == made, (at, answer)


def test_an_entry_under_another_name_is_refused_or_checked_by_its_tags(stack, bare, product):
    """Somebody copies one item's entry over another's: the versions of the tags differ."""
    a, b = product(name="a"), product(name="b")
    for made in (a, b):
        bare.client.get(f"/api/products/{made['_id']}")
    stack.redis.set(stack.key(f"product:{b['_id']}"), stored(stack, f"product:{a['_id']}"),
                    px=60000)
    assert bare.client.get(f"/api/products/{b['_id']}").json["data"]["name"] == "b"


@pytest.mark.parametrize("kind", ["list", "hash", "set"])
def test_a_value_of_another_type_is_a_miss(stack, bare, product, category, kind):
    made = product()
    path = f"/api/products/{made['_id']}"
    for name in (f"product:{made['_id']}", f"tag:product:{made['_id']}",
                 f"fence:product:{made['_id']}", f"lock:fill:product:{made['_id']}"):
        key = stack.key(name)
        stack.redis.delete(key)
        {"list": lambda: stack.redis.rpush(key, "x"), "hash": lambda: stack.redis.hset(key, "a", 1),
         "set": lambda: stack.redis.sadd(key, "x")}[kind]()
        stack.redis.expire(key, 60)
        answer = bare.client.get(path)
        assert answer.status == 200 and answer.json["data"] == made, (name, answer)
        stack.redis.delete(key)
    assert stack.client.put(path, {"price": 9}).status == 200
    assert bare.client.get(path).json["data"]["price"] == 9


# --- Lost names ---

def test_an_evicted_tag_makes_its_entries_unreachable(stack, http, bare, product, category):
    made = product(price=1)
    path = f"/api/products/{made['_id']}"
    bare.client.get(path)
    assert bare.client.get(path).hit
    old_tag = stack.redis.get(stack.key(f"tag:product:{made['_id']}"))
    old = stored(stack, f"product:{made['_id']}")
    stack.redis.delete(stack.key(f"tag:product:{made['_id']}"))
    assert not bare.client.get(path).hit
    assert stack.redis.get(stack.key(f"tag:product:{made['_id']}")) not in (None, old_tag)
    # The older entry, put back, carries the older version.
    stack.redis.set(stack.key(f"product:{made['_id']}"), old, px=60000)
    assert not bare.client.get(path).hit


def test_flushall_loses_nothing_but_time(stack, http, bare, product, category):
    made = product(price=1)
    path = f"/api/products/{made['_id']}"
    http.get(path)
    begun = time.monotonic()
    stack.redis.flushall()
    for client in (http, bare.client):
        answer = client.get(path)
        assert answer.status == 200 and answer.json["data"]["price"] == 1
    answer = bare.client.get(path)
    assert "YOUNG-CACHE" in answer.cache_status, answer
    assert http.put(path, {"price": 2}).status == 200
    for client in (http, bare.client):
        assert client.get(path).json["data"]["price"] == 2
    eventually(lambda: bare.client.get(path).hit, 8)
    assert time.monotonic() - begun > 4.9  # a fence that was lost as well has ended by then
    stack.settle()
    bare.settle()


def test_what_a_young_cache_holds_is_no_hit(stack, bare, product):
    """An entry that is as good as any, in a cache whose fences may be lost."""
    path = f"/api/products/{product()['_id']}"
    eventually(lambda: bare.client.get(path).hit)
    name, (seconds, micros) = stack.base() + "born", stack.redis.time()
    born = stack.redis.set(name, seconds * 1000 + micros // 1000, px=86400000, get=True)
    answer = bare.client.get(path)
    stack.redis.set(name, born, px=86400000)
    assert "YOUNG-CACHE" in answer.cache_status, answer
    assert bare.client.get(path).hit


@pytest.mark.parametrize("mark", ["garbage", "99999999999999", None])
def test_a_mark_of_birth_that_cannot_be_right_is_mended(stack, bare, product, mark):
    """Garbage, a time that has not come, or a list: the cache is young once more, and then on."""
    path = f"/api/products/{product()['_id']}"
    eventually(lambda: bare.client.get(path).hit)
    name = stack.base() + "born"
    if mark is None:
        stack.redis.delete(name)
        stack.redis.lpush(name, "1")
    else:
        stack.redis.set(name, mark, px=86400000)
    assert "YOUNG-CACHE" in bare.client.get(path).cache_status
    eventually(lambda: bare.client.get(path).hit, 15)
    stack.settle()


def test_entries_of_another_epoch_are_reclaimed(stack, http, product):
    """Keys of a server that is gone are out of reach, and removed without KEYS."""
    old = "larder:" + "0" * 40 + ":"
    pipe = stack.redis.pipeline()
    for i in range(1500):
        pipe.set(f"{old}product:{i:024x}", "x", ex=600)
    pipe.execute()
    made = product()
    assert http.get(f"/api/products/{made['_id']}").status == 200
    stack.control("restart", "larderd")  # an epoch that a worker has not seen
    stack.settle(30)
    eventually(lambda: not list(stack.redis.scan_iter(old + "*", 1000)), 30,
               what="old keys gone")


# --- larderctl cache ---

def test_cache_list_show_purge(stack, http, product, category):
    made = product(name="shown")
    name = f"product:{made['_id']}"
    http.get(f"/api/products/{made['_id']}")
    stored(stack, name)
    listed = stack.ctl("cache", "list", "product:*").stdout
    assert re.search(rf"\d s +\d+ B  {name}@[0-9a-f]{{8}}$", listed, re.M), listed
    assert "tag:" not in stack.ctl("cache", "list").stdout
    assert stack.ctl("cache", "list", name).stderr == "1 entry\n"
    shown = stack.ctl("cache", "show", name).stdout
    assert "shown" in shown
    purged = stack.ctl("cache", "purge", name).stdout
    assert re.fullmatch(r"1 entry removed from Redis, \d+ from this host's memory\n", purged), purged
    answer = http.get(f"/api/products/{made['_id']}")
    assert not answer.hit and answer.json["data"]["name"] == "shown"
    assert stack.ctl("redis", "ping").returncode == 0


def test_a_purge_that_finds_no_memory_tells_of_redis_only(stack):
    """As another user's would: the memory that goes with this name of Redis is nobody's."""
    password = stack.env["REDIS_URL"].split("@")[0].rpartition(":")[2]
    purged = stack.ctl("cache", "purge", "product:none",
                       REDIS_URL=f"unix://:{password}@{stack.var}/run/redis.sock").stdout
    assert purged == "0 entries removed from Redis\n"


def test_a_purge_reaches_the_memory_of_other_hosts(stack, http, other, category):
    stack.mongo.products.insert_one({"name": "before", "price": 1.0, "category": category})
    path = f"/api/products?category={category}"

    def in_memory():
        answer = other.client.get(path)
        return "detail=memory" in answer.cache_status and answer.json["data"][0]["name"] == "before"
    eventually(in_memory)
    stack.mongo.products.update_one({"category": category}, {"$set": {"name": "after"}})
    stack.ctl("cache", "purge", f"products:*{category}*")
    eventually(lambda: other.client.get(path).json["data"][0]["name"] == "after", seconds=2)
