# SPDX-License-Identifier: BSD-2-Clause
"""Everybody against everything of somebody else's: no answer tells anything of him, and nothing of
his is changed.  The requests are those of /api/openapi.json, which is made from the routes that
serve: a route that nobody has thought of here makes these tests fail."""
import hashlib
import json

import bson
import pytest

from people import PASSWORD, Person
from stack import ROOT

METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
PRODUCT = {"name": "Taken", "price": 1, "category": "taken"}
POST = {"title": "Taken", "body": "Taken.", "category": "taken"}


# Everybody's who may edit.
SHARED = tuple(f"/api/{file.stem}" for file in (ROOT / "resources").glob("*.json")
               if not file.name.endswith(".schema.json"))


def bodies(path, actor, victim):
    """What an operation with a body is sent, to do harm; to a resource that is not among those of
    hers something that a body cannot be."""
    return {
        "/api/products": [PRODUCT, [PRODUCT], {**PRODUCT, "ownerId": victim.id}],
        "/api/products/{id}": [{"name": "Taken"}, {"ownerId": actor.id}],
        "/api/posts": [POST, [POST], {**POST, "ownerId": victim.id}],
        "/api/posts/{id}": [{"title": "Taken"}, {"ownerId": actor.id}],
        "/api/users": [{"name": "Taken", "email": victim.email, "password": PASSWORD}],
        "/api/users/{id}": [{"name": "Taken"}, {"role": "reader"},
                            {"password": "taken over", "currentPassword": PASSWORD},
                            {"email": "taken@example.org", "currentPassword": PASSWORD}],
        "/api/sessions": [{"email": victim.email, "password": "a guess"}],
    }.get(path, [{"ownerId": actor.id}])


@pytest.fixture(scope="module")
def closed(stack):
    """Another host on the same servers, where nobody writes without signing in."""
    return stack.sibling(LARDER_WRITES="", LARDER_SIGNUP="open")


class Victim(Person):
    """Somebody who owns a product and a post, and has looked at all of it: it is all cached."""

    def __init__(self, shop):
        super().__init__(shop, "editor", name="Victoria Vane")
        made = [self.request("POST", "/api/products", {**PRODUCT, "name": "hers"}),
                self.request("POST", "/api/posts", {**POST, "title": "hers"})]
        assert [answer.status for answer in made] == [201, 201]
        self.product, self.post = (answer.json["data"]["_id"] for answer in made)
        for _ in range(2):
            self.look()

    def look(self):
        """All that she sees of her own."""
        answers = [self.get(target) for target in (f"/api/users/{self.id}", "/api/me/dashboard",
                                                   "/api/sessions/current",
                                                   f"/api/products/{self.product}",
                                                   f"/api/posts/{self.post}")]
        assert [answer.status for answer in answers] == [200] * 5
        bodies = [answer.json for answer in answers]
        for body in bodies:
            body.pop("source", None)
            body.pop("expiresAt", None)
        return bodies

    def stored(self):
        """All that is kept of her; using a session moves its end."""
        mongo, owner = self.shop.mongo, bson.ObjectId(self.id)
        sessions = list(mongo.larder_sessions.find({"userId": owner}, {"expiresAt": 0}))
        return [mongo.larder_users.find_one({"_id": owner}), sessions,
                list(mongo.products.find({"ownerId": owner})),
                list(mongo.posts.find({"ownerId": owner})),
                mongo.products.find_one({"_id": bson.ObjectId(self.product)}),
                mongo.posts.find_one({"_id": bson.ObjectId(self.post)})]

    def secrets(self):
        user = self.stored()[0]
        return [self.id, self.email, user["name"], user["passwordHash"], self.token,
                hashlib.sha256(self.token.encode()).hexdigest()]


@pytest.fixture
def victim(closed):
    """Another one for each test: guesses at a password are counted for long, and not in Redis
    alone."""
    return Victim(closed)


@pytest.fixture(scope="module")
def operations(closed):
    document = closed.client.get("/api/openapi.json").json
    return [(method.upper(), path, operation)
            for path, item in sorted(document["paths"].items()) for method in METHODS
            if (operation := item.get(method))]


def requests(operations, actor, victim):
    """Each operation on each thing of the victim's: (method, target, headers, body)."""
    for method, path, operation in operations:
        targets = [path.replace("{id}", one) for one in (victim.id, victim.product, victim.post)] \
            if "{id}" in path else [path]
        sent = [({}, None)]
        if "requestBody" in operation:
            kinds = operation["requestBody"]["content"]
            sent = [({"Content-Type": kind}, json.dumps(body))
                    for kind in kinds for body in bodies(path, actor, victim)]
        for target in targets:
            for headers, body in sent:
                yield method, target, operation, headers, body


def sweep(closed, operations, actor, victim, headers):
    """Sends all of them, and gives (method, target, operation, answer) of each."""
    secrets = victim.secrets()
    for method, target, operation, more, body in requests(operations, actor, victim):
        answer = closed.client.request(method, target, body=body, headers={**more, **headers()})
        shown = answer.body.decode() + str(answer.headers)
        for secret in secrets:
            assert secret not in shown, (method, target, answer)
        yield method, target, operation, answer


@pytest.fixture
def unharmed(closed, victim):
    """Nothing of hers has changed, for the database nor for herself."""
    before = victim.stored(), victim.look()
    yield
    assert (victim.stored(), victim.look()) == before
    assert Person.sign_in(victim).status == 201  # by the password that she had


def signed_out(closed):
    person = Person(closed)
    assert person.request("DELETE", "/api/sessions/current").status == 200
    return person


@pytest.mark.parametrize("who", ["nobody", "forged", "signed out", "signed out, cookie"])
def test_nobody_in_particular(closed, operations, victim, unharmed, who):
    actor = signed_out(closed)
    headers = {"nobody": {}, "forged": {"Authorization": "Bearer " + "A" * 43},
               "signed out": actor.headers,
               "signed out, cookie": {"Cookie": f"larder_session={actor.token}",
                                      "Origin": closed.url}}[who]
    for method, target, operation, answer in sweep(closed, operations, actor, victim,
                                                   lambda: headers):
        if operation.get("security"):
            assert answer.status == 401, (method, target, answer)


def own(actor, origin=None):
    """A sweep signs itself out: whoever acts signs in again when that has happened."""
    def headers():
        if not actor.inside:
            actor.sign_in()
        return {"Cookie": f"larder_session={actor.token}", "Origin": origin} if origin else \
            actor.headers
    return headers


@pytest.mark.parametrize("by", ["token", "cookie", "cookie of another page"])
def test_another_reader(closed, operations, victim, unharmed, by):
    actor = Person(closed)
    origin = {"token": None, "cookie": closed.url}.get(by, "https://elsewhere.example")
    for method, target, operation, answer in sweep(closed, operations, actor, victim,
                                                   own(actor, origin)):
        changes = method not in ("GET", "HEAD", "OPTIONS")
        if by == "cookie of another page" and changes and operation.get("security"):
            assert answer.status == 403, (method, target, answer)
        elif target.startswith("/api/users/"):
            assert answer.status in (404, 204), (method, target, answer)
        elif operation.get("security") and changes and "/sessions" not in target:
            assert answer.status == 403, (method, target, answer)


def test_another_editor(closed, operations, victim, unharmed):
    """Documents are everybody's who may edit, so only what is not is asked for."""
    actor = Person(closed, "editor")
    others = [(method, path, operation) for method, path, operation in operations
              if method in ("GET", "HEAD", "OPTIONS") or
              not path.startswith(SHARED)]
    for method, target, _, answer in sweep(closed, others, actor, victim, own(actor)):
        if target.startswith("/api/users/"):
            assert answer.status in (404, 204), (method, target, answer)


def test_every_route_says_who_may(operations):
    """All changes but signing in and making an account need somebody, and all personal reads."""
    free = {(method, path) for method, path, operation in operations
            if not operation.get("security")}
    changes = {(method, path) for method, path in free
               if method not in ("GET", "HEAD", "OPTIONS")}
    assert changes == {("POST", "/api/users"), ("POST", "/api/sessions")}
    for method, path, operation in operations:
        if path.startswith(("/api/users", "/api/sessions", "/api/me")) and \
                method in ("GET", "HEAD"):
            assert operation.get("security"), (method, path)
