# SPDX-License-Identifier: BSD-2-Clause
"""The session's cookie: behind a proxy that ends TLS, and beside others of the same name."""
import bson
import pytest

import fcgi
from people import PASSWORD, Person
from stack import eventually, running

HOST = "shop.example"
PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7", "Host": HOST}
DEAD = "larder_session=" + "A" * 43
BODY = {"name": "x", "price": 1, "category": "cookies"}


@pytest.fixture(scope="module")
def shop():
    with running(LARDER_WRITES="", LARDER_SIGNUP="open") as stack:
        yield stack


@pytest.fixture(scope="module")
def ann(shop):
    return Person(shop, role="editor")


def signed_in(shop, person, headers):
    answer = shop.client.post("/api/sessions", {"email": person.email, "password": PASSWORD},
                              headers=headers)
    assert answer.status == 201
    return answer.header("Set-Cookie")


def current(shop, cookies, **headers):
    return shop.client.get("/api/sessions/current", headers={"Cookie": cookies, **headers})


def test_behind_a_proxy_that_ends_tls(shop, ann):
    cookie = signed_in(shop, ann, PROXY)
    assert cookie.startswith("__Host-larder_session=") and "; Secure" in cookie
    assert "; Path=/;" in cookie and "Domain" not in cookie
    mine = cookie.split(";")[0]
    assert current(shop, mine, **PROXY).status == 200

    def change(origin):
        return shop.client.post("/api/products", BODY, headers={
            **PROXY, "Cookie": mine, "Origin": origin}).status
    assert change(f"https://{HOST}") == 201
    assert change(f"http://{HOST}") == 403
    assert change("https://evil.example") == 403
    out = shop.client.delete("/api/sessions/current", headers={
        **PROXY, "Cookie": mine, "Origin": f"https://{HOST}"})
    assert out.status == 200 and out.header("Set-Cookie").startswith("__Host-larder_session=;")
    assert current(shop, mine, **PROXY).status == 401


def test_without_tls_it_is_as_before(shop, ann):
    cookie = signed_in(shop, ann, {})
    assert cookie.startswith("larder_session=") and "Secure" not in cookie


def test_each_cookie_is_tried(shop, ann):
    mine = signed_in(shop, ann, {}).split(";")[0]
    assert current(shop, mine).status == 200
    for cookies in (f"{DEAD}; {mine}", f"{mine}; {DEAD}", f"larder_session=; a=b; {DEAD}; {mine}",
                    "; ".join([DEAD] * 3 + [mine])):
        answer = current(shop, cookies)
        assert answer.status == 200 and answer.json["user"]["_id"] == ann.id, cookies
    assert current(shop, "; ".join([DEAD] * 4 + [mine])).status == 401  # not without a bound
    assert current(shop, DEAD).status == 401


def test_a_sibling_domain_plants_nothing(shop, ann):
    """It can set the plain name only, and over TLS that is nobody's."""
    planted = signed_in(shop, ann, {}).split(";")[0]
    assert current(shop, planted).status == 200
    assert current(shop, planted, **PROXY).status == 401
    victim = Person(shop)
    own = signed_in(shop, victim, PROXY).split(";")[0]
    for cookies in (f"{planted}; {own}", f"{own}; {planted}"):
        assert current(shop, cookies, **PROXY).json["user"]["_id"] == victim.id


def test_whom_we_do_not_trust_is_not_believed(shop, ann):
    with fcgi.Client(shop.socket_path) as client:
        body = ('{"email":"%s","password":"%s"}' % (ann.email, PASSWORD)).encode()
        for address, secure in (("127.0.0.1", True), ("::1", True), ("203.0.113.9", False)):
            answer = client.request("POST", "/api/sessions", body, REMOTE_ADDR=address,
                                    HTTP_X_FORWARDED_PROTO="https")
            assert answer.status == 201
            assert ("Secure" in answer.headers["set-cookie"]) == secure, address


def test_failures_are_counted_for_the_client_of_the_proxy(shop, ann):
    def address_of(**more):
        def keys():
            return list(shop.redis.scan_iter("larder:throttle:address:*"))
        for key in keys():
            shop.redis.delete(key)
        body = b'{"email":"%s@example.org","password":"wrong one"}' % str(bson.ObjectId()).encode()
        with fcgi.Client(shop.socket_path) as client:
            assert client.request("POST", "/api/sessions", body, **more).status == 401
        return [key.decode().rpartition(":")[2] for key in eventually(keys)]
    assert address_of(HTTP_X_FORWARDED_FOR="198.51.100.7") == ["198.51.100.7"]
    assert address_of(HTTP_X_FORWARDED_FOR="10.9.9.9, 198.51.100.8") == ["198.51.100.8"]
    assert address_of(REMOTE_ADDR="203.0.113.9",
                      HTTP_X_FORWARDED_FOR="198.51.100.9") == ["203.0.113.9"]
