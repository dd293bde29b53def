# SPDX-License-Identifier: BSD-2-Clause
"""Bodies: each route has its bound, and none holds up the others."""
import json
import threading
import time

import pytest

import fcgi
from people import Person

PEOPLE = [("POST", "/api/users"), ("POST", "/api/sessions")]


def padded(size):
    """A body of so many bytes that is wrong in other ways too."""
    text = json.dumps({"name": "A", "email": "a@example.org", "password": ""})
    return text[:-2] + "x" * (size - len(text)) + '"}'


@pytest.mark.parametrize("method, path", PEOPLE)
def test_people_take_4_kib(stack, method, path):
    for size, status in ((4096, 400), (4097, 413), (60000, 413)):
        answer = stack.client.request(method, path, body=padded(size),
                                      headers={"Content-Type": "application/json"})
        assert answer.status == status, (size, answer)
        assert answer.json["success"] is False and answer.json["requestId"]


def test_changes_of_people_take_4_kib(stack):
    ann = Person(stack)
    answer = ann.request("PUT", f"/api/users/{ann.id}", {"name": "x" * 4200})
    assert answer.status == 413
    assert ann.request("PUT", f"/api/users/{ann.id}", {"name": "Ann"}).status == 200


def test_the_longest_account_fits(stack):
    """Whatever it is written in."""
    name, password = "\U0001f980" * 100, "\u00e9" * 200
    body = json.dumps({"name": name, "email": "x" * 240 + "@example.org", "password": password})
    answer = stack.client.request("POST", "/api/users", body=body,
                                  headers={"Content-Type": "application/json"})
    assert answer.status in (201, 409), answer


@pytest.mark.parametrize("body", [
    "[" + ",".join(["{}"] * 4200) + "]", '{"tags":[' + ",".join("1" * 8200) + "]}",
    "{" + ",".join(f'"k{i}":1' for i in range(4200)) + "}", "[" * 20 + "[]," * 9000],
    ids=["objects", "numbers", "names", "arrays"])
def test_names_and_values_are_bounded(stack, body):
    answer = stack.client.request("POST", "/api/products", body=body,
                                  headers={"Content-Type": "application/json"})
    assert answer.status == 400, answer
    assert "more than 8192 names and values" in answer.json["errors"][0]["message"]


def test_long_bodies_are_read_like_others(stack, category):
    """On a thread, where they hold up nobody."""
    products = [{"name": f"thing {i}", "price": i, "category": category,
                 "description": "words " * 80} for i in range(100)]
    answer = stack.client.post("/api/products", products)
    assert answer.status in (200, 201, 207), answer
    assert stack.client.get("/api/products", category=category, limit=1).json["total"] == 100
    one = stack.client.get("/api/products", category=category, limit=1).json["data"][0]
    assert stack.client.put(f"/api/products/{one['_id']}", {"description": "w" * 4999}).status == 200
    long = "x" * 5000
    for bad in ([], [1] * 3000, '{"name":"' + long, '{"a":"' + long + '","a":1}', "{}" + long):
        text = bad if isinstance(bad, str) else json.dumps(bad)
        answer = stack.client.request("PUT", f"/api/products/{one['_id']}", body=text,
                                      headers={"Content-Type": "application/json"})
        assert answer.status == 400, answer


def test_a_long_body_with_a_key_is_made_once(stack, category):
    body = {"name": "once", "price": 1, "category": category, "description": "w" * 4500}
    key = {"Idempotency-Key": category}
    first, again = (stack.client.post("/api/products", body, headers=key) for _ in range(2))
    assert first.status == again.status == 201 and first.body == again.body


def test_others_are_answered_meanwhile(stack, product):
    """Seven clients send the most that is taken as fast as they can; a hit takes its milliseconds,
    not theirs."""
    path = f"/api/products/{product()['_id']}"
    body = ("[" + ",".join('{"a":1}' for _ in range(2600)) + "]").encode()
    stop = threading.Event()

    def send():
        with fcgi.Client(stack.socket_path) as client:
            while not stop.is_set():
                assert client.request("POST", "/api/products", body).status == 400
    senders = [threading.Thread(target=send, daemon=True) for _ in range(7)]
    for sender in senders:
        sender.start()
    took = []
    try:
        with fcgi.Client(stack.socket_path) as client:
            for _ in range(200):
                begun = time.monotonic()
                assert client.request("GET", path).status == 200
                took.append(time.monotonic() - begun)
    finally:
        stop.set()
        for sender in senders:
            sender.join()
    assert sorted(took)[100] < 0.02, sorted(took)[100]
