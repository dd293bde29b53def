# SPDX-License-Identifier: BSD-2-Clause
"""Accounts for tests, and those who use them."""
import itertools
import os

import bson

counter = itertools.count()
PASSWORD = "correct horse"


class Person:
    """Somebody with an account, who asks with a token of theirs."""

    def __init__(self, shop, role="reader", name="A person"):
        self.shop = shop
        self.email = f"p{os.getpid()}-{next(counter)}@example.org"
        made = shop.client.post("/api/users", {"name": name, "email": self.email,
                                               "password": PASSWORD})
        assert made.status == 201, made
        self.id = made.json["data"]["_id"]
        if role != "reader":
            shop.mongo.larder_users.update_one({"_id": bson.ObjectId(self.id)}, {"$set": {"role": role}})
        self.sign_in()

    def sign_in(self, **more):
        answer = sign_in(self.shop, self.email, **more)
        assert answer.status == 201, answer
        self.token = answer.json["token"]
        return answer

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self.token}"}

    def request(self, method, target, json=None, **more):
        headers = {**self.headers, **more.pop("headers", {})}
        return self.shop.client.request(method, target, json=json, headers=headers, **more)

    def get(self, target):
        return self.request("GET", target)

    @property
    def inside(self):
        """Whether the token is still good."""
        answer = self.get("/api/sessions/current")
        assert answer.status in (200, 401), answer
        return answer.status == 200


def sign_in(shop, email, password=PASSWORD, headers=None, **more):
    return shop.client.post("/api/sessions", {"email": email, "password": password, **more},
                            headers=headers)
