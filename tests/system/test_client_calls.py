# SPDX-License-Identifier: BSD-2-Clause
"""Requests as generated clients and other tools send them."""
import pytest

from client import Client

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'""', b" {}\r\n", b"\n"])
@pytest.mark.parametrize("headers", [{}, JSON, {"Content-Type": "application/json; charset=latin1"},
                                     {"Content-Type": "text/plain"}, {"Content-Encoding": "gzip"}])
def test_a_read_with_a_body_that_says_nothing(http, product, body, headers):
    made = product()
    for path in (f"/api/products/{made['_id']}", "/api/products?limit=1", "/healthz"):
        answer = http.request("GET", path, body=body, headers=headers)
        assert answer.status == 200, (path, answer)


@pytest.mark.parametrize("body", [b'{"price":1}', b"[1]", b"0", b"false", b"x", b"{ }x"])
def test_a_read_with_a_body_that_says_something(http, body):
    answer = http.request("GET", "/api/products?limit=1", body=body, headers=JSON)
    assert answer.status == 400 and answer.json["message"] == "This request takes no body"


@pytest.mark.parametrize("charset", ["iso-8859-1", '"iso-8859-1"', "utf-16", "LATIN1", "utf8x"])
@pytest.mark.parametrize("method, type", [("POST", "application/json"), ("PUT", "application/json"),
                                          ("PATCH", "application/merge-patch+json")])
def test_another_charset_is_refused_for_its_sake(http, product, method, type, charset):
    path = "/api/products" if method == "POST" else f"/api/products/{product()['_id']}"
    answer = http.request(method, path, body=b'{"price":1}',
                          headers={"Content-Type": f"{type}; charset={charset}"})
    assert answer.status == 415 and "charset" in answer.json["message"], answer


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"'])
def test_utf_8_is_taken(http, category, charset):
    answer = http.request("POST", "/api/products",
                          body=b'{"name":"x","price":1,"category":"%s"}' % category.encode(),
                          headers={"Content-Type": f"application/json; charset={charset}"})
    assert answer.status == 201, answer


@pytest.mark.parametrize("path, word", [
    ("/api/products/a%2Fb", "%2F"), ("/api%2fproducts", "%2F"), 
    ("/api/products/a%0ab", "control character"),
    ("/api/products/%ff", "percent-encoded")])
def test_what_a_path_may_not_have_is_named(http, path, word):
    answer = http.get(path)
    assert answer.status == 400 and word in answer.json["message"], answer


@pytest.mark.parametrize("query, field, word", [
    ("q=a%00b", "q", "%00"), ("category=%00", "category", "%00"), ("a%00b=1", "a%00b", "%00"),
    ("q=%zz", "q", "percent-encoded"), ("q=%ff", "q", "percent-encoded")])
def test_what_a_query_may_not_have_is_named(http, query, field, word):
    answer = http.get("/api/products?" + query)
    assert answer.status == 400
    (error,) = answer.json["errors"]
    assert error["field"] == field and word in error["message"], answer


@pytest.mark.parametrize("id", ["a", "0123456789abcdef" * 4, "Root=1-67891233-abcdef012345678912345678",
                                "5f0c7c3e-2f4b-4f7e-9d5e-0a1b2c3d4e5f", "a.b_c:d=e+f/g@h~i"])
def test_a_clients_id_is_kept(http, id):
    headers = {"X-Request-Id": id}
    for path, status in (("/healthz", 200), ("/api/products?limit=1", 200), ("/api/nothing", 404)):
        answer = http.get(path, headers=headers)
        assert answer.status == status
        assert answer.headers.get_all("X-Request-Id") == [id]
    assert answer.json["requestId"] == id
    large = http.request("POST", "/api/products", body=b"x" * 70000, headers={**headers, **JSON})
    assert large.status == 413 and large.json["requestId"] == large.header("X-Request-Id") == id
    assert len(http.get("/healthz").header("X-Request-Id")) == 16


@pytest.mark.parametrize("id", ["", "a b", 'a"b', "a\\b", "<a>", "a,b", "a;b", "{a}", "%41", "\xe4",
                                "x" * 65])
def test_an_unsafe_id_is_not(http, id):
    answer = http.get("/api/nothing", headers={"X-Request-Id": id.encode("latin-1")})
    assert answer.header("X-Request-Id") == answer.json["requestId"]
    assert len(answer.header("X-Request-Id")) == 16
    large = http.request("POST", "/api/products", body=b"x" * 70000,
                         headers={"X-Request-Id": id.encode("latin-1"), **JSON})
    assert large.status == 413 and len(large.header("X-Request-Id")) == 32


def test_a_kept_answer_has_no_ones_id(stack, http, product, eventually):
    path = f"/api/products/{product()['_id']}"
    eventually(lambda: "detail=memory" in http.get(path, headers={"X-Request-Id": "mine"}).cache_status)
    for client in (http, Client(stack.url)):
        answer = client.get(path)
        assert "detail=memory" in answer.cache_status
        assert answer.header("X-Request-Id") != "mine" and b"mine" not in answer.body
