# SPDX-License-Identifier: BSD-2-Clause
"""Who makes accounts, changes what they may do, and ends them; keys for programs."""
import datetime

import bson
import pytest

from people import PASSWORD, Person, counter, sign_in
from seal import moved
from stack import running

PRODUCT = {"name": "x", "price": 1, "category": "accounts"}


@pytest.fixture(scope="module")
def shop():
    with running(LARDER_WRITES="", LARDER_SIGNUP="open") as stack:
        yield stack


@pytest.fixture(scope="module")
def closed(shop):
    """Another host of it, as it comes: nobody signs up."""
    return shop.sibling(LARDER_WRITES="", LARDER_SIGNUP="auto")


@pytest.fixture(scope="module")
def admin(shop):
    return Person(shop, role="admin")


@pytest.fixture
def ann(shop):
    return Person(shop, role="editor")


def email():
    return f"account{next(counter)}@example.org"


def writes(shop, token):
    return shop.client.post("/api/products", PRODUCT,
                            headers={"Authorization": f"Bearer {token}"}).status


# --- Signing up ---

def test_signing_up_is_closed_where_writes_are(closed, admin, ann):
    body = {"name": "New", "email": email(), "password": PASSWORD}
    assert closed.client.post("/api/users", body).status == 403
    assert closed.client.post("/api/users", body, headers=ann.headers).status == 403
    made = closed.client.post("/api/users", body, headers=admin.headers)
    assert made.status == 201 and made.json["data"]["role"] == "reader"
    assert sign_in(closed, body["email"]).status == 201


def test_signing_up_is_open_where_writes_are(stack):
    body = {"name": "New", "email": email(), "password": PASSWORD}
    assert stack.client.post("/api/users", body).status == 201


# --- By administrators ---

def test_administrators_list(shop, admin, ann):
    answer = admin.get("/api/users?limit=1")
    assert answer.status == 200 and answer.header("Cache-Control") == "private, no-store"
    body = answer.json
    assert body["count"] == 1 and body["limit"] == 1 and body["page"] == 1
    assert body["total"] == body["pages"] == shop.mongo.larder_users.count_documents({})
    assert body["data"][0]["_id"] == ann.id  # the newest first
    assert "passwordHash" not in answer.text and "madeBy" not in answer.text
    second = admin.get("/api/users?limit=1&page=2").json["data"]
    assert len(second) == 1 and second[0]["_id"] != ann.id
    found = admin.get(f"/api/users?email={ann.email.upper()}").json
    assert found["total"] == 1 and found["data"][0]["_id"] == ann.id
    assert admin.get("/api/users?email=nobody@example.org").json["data"] == []
    for bad in ("?limit=0", "?limit=101", "?page=0", "?page=1000&limit=100", "?x=1", "?role[$ne]=1"):
        assert admin.get(f"/api/users{bad}").status == 400, bad


def test_others_do_not_list(shop, ann):
    assert ann.get("/api/users").status == 403
    assert shop.client.get("/api/users").status == 401


def test_administrators_change_roles(shop, admin):
    bob = Person(shop)
    assert writes(shop, bob.token) == 403
    answer = admin.request("PATCH", f"/api/users/{bob.id}", {"role": "editor"})
    assert answer.status == 200 and answer.json["data"]["role"] == "editor"
    for _ in range(4):
        assert writes(shop, bob.token) == 201
    assert admin.request("PATCH", f"/api/users/{bob.id}", {"role": "reader"}).status == 200
    for _ in range(4):
        assert writes(shop, bob.token) == 403


def test_administrators_disable(shop, admin, ann):
    answer = admin.request("PATCH", f"/api/users/{ann.id}", {"disabled": True})
    assert answer.status == 200 and answer.json["data"]["disabled"] is True
    for _ in range(4):
        assert not ann.inside
    assert sign_in(shop, ann.email).status == 401
    assert admin.get(f"/api/users/{ann.id}").json["data"]["disabled"] is True
    answer = admin.request("PATCH", f"/api/users/{ann.id}", {"disabled": False})
    assert answer.status == 200 and "disabled" not in answer.json["data"]
    assert sign_in(shop, ann.email).status == 201


def test_administrators_delete(shop, admin, ann):
    assert admin.request("DELETE", f"/api/users/{ann.id}").status == 200
    for _ in range(4):
        assert not ann.inside and writes(shop, ann.token) == 401
    assert sign_in(shop, ann.email).status == 401
    assert shop.mongo.larder_sessions.count_documents({"userId": bson.ObjectId(ann.id)}) == 0
    assert admin.request("DELETE", f"/api/users/{ann.id}").status == 404
    assert admin.request("PATCH", f"/api/users/{ann.id}", {"role": "admin"}).status == 404


@pytest.mark.parametrize("body", [
    {"role": "king"}, {"role": None}, {"role": 1}, {"disabled": "yes"}, {"name": "x"},
    {"sessionEpoch": 1}, {"passwordHash": "x"}, [], {"role": {"$ne": "x"}}])
def test_what_is_no_right_is_refused(admin, ann, body):
    assert admin.request("PATCH", f"/api/users/{ann.id}", body).status == 400


def test_nobody_else_changes_rights(shop, ann):
    other = Person(shop)
    for method, body in (("PATCH", {"role": "admin"}), ("DELETE", {"currentPassword": PASSWORD})):
        assert ann.request(method, f"/api/users/{other.id}", body).status == 404
    assert ann.request("PATCH", f"/api/users/{ann.id}", {"role": "admin"}).status == 403
    assert shop.client.patch(f"/api/users/{ann.id}", {"role": "admin"}).status == 401
    assert other.inside


def test_an_administrator_is_always_left(admin):
    for body in ({"role": "reader"}, {"disabled": True}):
        assert admin.request("PATCH", f"/api/users/{admin.id}", body).status == 409
    assert admin.inside


# --- One's own ---

def test_ones_own_account_goes_with_the_password(shop, ann):
    target = f"/api/users/{ann.id}"
    assert ann.request("DELETE", target).status == 403
    assert ann.request("DELETE", target, {}).status == 403
    assert ann.request("DELETE", target, {"currentPassword": ""}).status == 400
    assert ann.request("DELETE", target, {"currentPassword": "a wrong one"}).status == 403
    assert ann.inside
    gone = ann.request("DELETE", target, {"currentPassword": PASSWORD})
    assert gone.status == 200 and "Max-Age=0" in gone.header("Set-Cookie")
    for _ in range(4):
        assert not ann.inside
    assert sign_in(shop, ann.email).status == 401
    assert shop.mongo.larder_users.find_one({"_id": bson.ObjectId(ann.id)}) is None


# --- larderctl ---

def test_ctl_gives_no_right_by_an_email_alone(shop):
    """Somebody has signed up with a colleague's address before the colleague did."""
    thief = Person(shop, name="Boss")
    done = shop.ctl("user", "role", thief.email, "editor", check=False)
    assert done.returncode == 1 and "by its id" in done.stderr
    assert thief.id in done.stdout and "Boss" in done.stdout
    assert f"since {datetime.date.today().year}" in done.stdout
    assert writes(shop, thief.token) == 403
    shop.ctl("user", "role", thief.id, "editor")
    assert writes(shop, thief.token) == 201
    shop.ctl("user", "role", thief.email, "reader")  # less is given to anybody
    assert writes(shop, thief.token) == 403


def test_ctl_gives_rights_to_those_that_were_added(shop, admin):
    added = email()
    shop.ctl("user", "add", "--email", added, stdin=PASSWORD + "\n")
    shop.ctl("user", "role", added, "editor")
    assert writes(shop, sign_in(shop, added).json["token"]) == 201
    made = email()
    assert admin.request("POST", "/api/users", {"name": "Made", "email": made,
                                                "password": PASSWORD}).status == 201
    shop.ctl("user", "role", made, "editor")


def test_ctl_disables_and_deletes(shop, ann):
    for name in (ann.email, ann.id):
        shop.ctl("user", "disable", name)
        for _ in range(4):
            assert not ann.inside
        assert sign_in(shop, ann.email).status == 401
        shop.ctl("user", "enable", name)
        ann.sign_in()
    shop.ctl("user", "delete", ann.email)
    for _ in range(4):
        assert not ann.inside
    assert shop.ctl("user", "delete", ann.email, check=False).returncode == 1
    assert shop.ctl("user", "delete", "nobody", check=False).returncode == 2


# --- Keys ---

def key_add(shop, *more):
    done = shop.ctl("key", "add", "--role", "editor", "--expires", "90d", *more)
    return done.stdout.strip(), done.stderr.split()[1].rstrip(";")


def test_a_key_writes_until_it_is_revoked(shop):
    key, id = key_add(shop, "--name", "importer")
    for _ in range(4):
        assert writes(shop, key) == 201
    line = [line for line in shop.ctl("key", "list").stdout.splitlines() if line.startswith(id)][0]
    assert "editor" in line and "until" in line and line.endswith("importer") and key not in line
    assert shop.ctl("key", "revoke", id).returncode == 0
    for _ in range(4):
        assert writes(shop, key) == 401
    assert shop.ctl("key", "revoke", id, check=False).returncode == 1
    assert id not in shop.ctl("key", "list").stdout


def test_a_key_ends_by_itself(shop):
    key, id = key_add(shop)
    until = shop.mongo.larder_users.find_one({"_id": bson.ObjectId(id)})["keyUntil"]
    left = until - datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    assert datetime.timedelta(days=89) < left <= datetime.timedelta(days=90)
    session = shop.mongo.larder_sessions.find_one({"userId": bson.ObjectId(id)})
    assert session["expiresAt"] == session["absoluteAt"] == until
    shop.mongo.larder_sessions.update_one({"_id": session["_id"]}, {
        "$set": {"expiresAt": datetime.datetime(2020, 1, 1)}})
    assert writes(shop, key) == 401


def test_a_key_is_kept_nowhere(shop):
    key, id = key_add(shop)
    assert writes(shop, key) == 201
    assert not shop.mongo.larder_sessions.find_one({"_id": key})
    assert all(key.encode() not in name for name in shop.redis.scan_iter("*"))
    assert key not in shop.log("larderd")


@pytest.mark.parametrize("words", [
    (), ("--role", "editor"), ("--expires", "90d"), ("--role", "king", "--expires", "1d"),
    ("--role", "editor", "--expires", "90"), ("--role", "editor", "--expires", "0d"),
    ("--role", "editor", "--expires", "9999d"), ("--role", "editor", "--expires", "1d", "more")])
def test_what_is_no_key_is_refused(shop, words):
    assert shop.ctl("key", "add", *words, check=False).returncode == 2


def test_a_person_is_no_key(shop, ann):
    assert shop.ctl("key", "revoke", ann.id, check=False).returncode == 1
    assert ann.inside


# --- What others do to accounts in MongoDB ---

def test_what_others_do_to_an_account_holds_within_a_minute(shop):
    """None of the entries that say who asks lives longer."""
    bob = Person(shop, role="editor")
    assert writes(shop, bob.token) == 201
    base, keys = shop.base(), []
    value = shop.redis.get(base + f"user:{bob.id}")
    shop.redis.set(base + f"user:{bob.id}", moved(shop, f"user:{bob.id}", value, -60), px=60000)
    shop.ctl("cache", "purge", "nothing")  # memory forgets
    assert writes(shop, bob.token) == 201
    for pattern in (f"visitor:{bob.id}", "session:*"):
        keys += list(shop.redis.scan_iter(base + pattern))
    assert len(keys) >= 2 and all(0 < shop.redis.pttl(key) <= 60000 for key in keys)
    shop.mongo.larder_users.delete_one({"_id": bson.ObjectId(bob.id)})
    assert writes(shop, bob.token) == 201  # within the minute
    shop.redis.delete(*keys)  # as time would
    shop.ctl("cache", "purge", "nothing")
    assert writes(shop, bob.token) == 401
