# SPDX-License-Identifier: BSD-2-Clause
"""A guest in an existing database: what other programs, backups and operators do beside Larder."""
import datetime
import threading
import time

import bson
import pytest

from mongo_proxy import host_behind

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def slow(stack):
    """A host whose MongoDB can be made slow: (host, proxy)."""
    return host_behind(stack)


# --- What is being read while an operator purges ---

@pytest.mark.parametrize("of", ["item", "list", "any"])
def test_a_purge_leaves_out_what_is_being_read(slow, category, eventually, of):
    host, proxy = slow
    id = bson.ObjectId()
    now = datetime.datetime.now(datetime.timezone.utc)
    host.mongo.products.insert_one({"_id": id, "name": "first", "price": 1.0, "category": category,
                                    "createdAt": now})
    path = f"/api/products?category={category}" if of == "list" else f"/api/products/{id}"
    pattern = {"item": f"product:{id}", "list": f"products:*{category}*", "any": "*"}[of]
    name = lambda answer: (answer.json["data"][0] if of == "list" else answer.json["data"])["name"]
    host.settle()
    asked = len(proxy.commands)
    what = category if of == "list" else str(id)
    asks = lambda command: command.get("find") == "products" and what in str(command)
    proxy.delay = lambda command: 1.5 if asks(command) else 0
    seen = []
    reader = threading.Thread(target=lambda: seen.append(name(host.client.get(path))))
    reader.start()
    try:
        eventually(lambda: any(asks(command) for command in proxy.commands[asked:]))
        time.sleep(0.3)  # MongoDB has answered; its answer is on the way
        host.mongo.products.update_one({"_id": id}, {"$set": {"name": "second"}})
        host.ctl("cache", "purge", pattern)
        assert not seen, "it was read too soon"
    finally:
        proxy.reset()
        reader.join()
    assert seen == ["first"]
    assert {name(host.client.get(path)) for _ in range(3)} == {"second"}


# --- mongoose's counter ---

def test_mongoose_notices_a_change(stack, http, category):
    posts = stack.mongo.posts
    id = posts.insert_one({"title": "t", "body": "b", "category": category, "author": "a",
                           "tags": ["draft", "blue", "red"], "__v": 0}).inserted_id
    assert http.put(f"/api/posts/{id}", {"tags": ["blue", "red"]}).status == 200
    # As mongoose saves element 1 of what it has read.
    saved = posts.update_one({"_id": id, "__v": 0}, {"$set": {"tags.1": "navy"}, "$inc": {"__v": 1}})
    assert saved.matched_count == 0
    assert http.patch(f"/api/posts/{id}", {"tags": ["blue"]}).status == 200
    stored = posts.find_one({"_id": id})
    assert stored["__v"] == 2 and stored["tags"] == ["blue"]


def test_documents_without_mongooses_counter_get_none(stack, http, product):
    made = product()
    assert http.put(f"/api/products/{made['_id']}", {"price": 2}).status == 200
    assert "__v" not in stack.mongo.products.find_one({"_id": bson.ObjectId(made["_id"])})


# --- What a backup brings back ---

def test_who_has_signed_out_stays_out_after_a_restore(stack, http):
    email = f"restored-{time.monotonic_ns()}@guest.example"
    assert http.post("/api/users", {"name": "r", "email": email, "password": PASSWORD}).status == 201
    token = http.post("/api/sessions", {"email": email, "password": PASSWORD}).json["token"]
    me = {"Authorization": f"Bearer {token}"}
    assert http.get("/api/sessions/current", headers=me).status == 200
    sessions = stack.mongo.larder_sessions
    backup = list(sessions.find())
    assert http.delete("/api/sessions/current", headers=me).status == 200
    there = {session["_id"] for session in sessions.find({}, {"_id": 1})}
    sessions.insert_many([session for session in backup if session["_id"] not in there])
    assert http.get("/api/sessions/current", headers=me).status == 401


def test_a_receipt_of_what_is_gone_is_not_repeated(stack, http, category):
    head = {"Idempotency-Key": category}
    body = {"name": "made once", "price": 1, "category": category}
    first = http.post("/api/products", body, headers=head)
    again = http.post("/api/products", body, headers=head)
    assert (first.status, again.status) == (201, 201)
    assert again.header("Idempotent-Replayed") == "true"
    stack.mongo.products.delete_one({"_id": bson.ObjectId(first.json["data"]["_id"])})
    gone = http.post("/api/products", body, headers=head)
    assert gone.status == 410 and "not there any more" in gone.json["message"], gone
    assert stack.mongo.products.count_documents({"category": category}) == 0
