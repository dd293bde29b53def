# SPDX-License-Identifier: BSD-2-Clause
"""Bodies are strict JSON (RFC 8259): what others read differently is refused."""
import json

import pytest

BAD = {
    "empty": b"",
    "blank": b"  \n",
    "word": b"hello",
    "number": b"1",
    "string": b'"x"',
    "null": b"null",
    "array": b'[{"name":"x"}]',
    "cut": b'{"name":"x"',
    "cut string": b'{"name":"x',
    "comma at the end": b'{"name":"x",}',
    "no colon": b'{"name" "x"}',
    "single quotes": b"{'name':'x'}",
    "bare key": b'{name:"x"}',
    "comment": b'{"name":"x"/* */}',
    "two documents": b'{"name":"x"}{"name":"y"}',
    "trailing word": b'{"name":"x"} x',
    "trailing NUL": b'{"name":"x"}\0',
    "NaN": b'{"name":"x","price":NaN}',
    "Infinity": b'{"name":"x","price":Infinity}',
    "minus infinity": b'{"name":"x","price":-Infinity}',
    "too large a number": b'{"name":"x","price":1e999}',
    "leading zero": b'{"name":"x","price":01}',
    "plus": b'{"name":"x","price":+1}',
    "bare point": b'{"name":"x","price":.5}',
    "point at the end": b'{"name":"x","price":5.}',
    "hexadecimal": b'{"name":"x","price":0x10}',
    "key twice": b'{"name":"x","name":"y","price":1,"category":"c"}',
    "key twice, escaped": b'{"name":"x","\\u006eame":"y","price":1,"category":"c"}',
    "byte order mark": b'\xef\xbb\xbf{"name":"x","price":1,"category":"c"}',
    "UTF-16": '{"name":"x"}'.encode("utf-16"),
    "invalid UTF-8": b'{"name":"\xff"}',
    "overlong UTF-8": b'{"name":"\xc0\xaf"}',
    "surrogate in UTF-8": b'{"name":"\xed\xa0\x80"}',
    "beyond Unicode": b'{"name":"\xf4\x90\x80\x80"}',
    "lone high surrogate": b'{"name":"\\ud800"}',
    "lone low surrogate": b'{"name":"\\udc00"}',
    "surrogates swapped": b'{"name":"\\udc00\\ud800"}',
    "NUL escaped": b'{"name":"a\\u0000b","price":1,"category":"c"}',
    "NUL in a key": b'{"na\\u0000me":"a","price":1,"category":"c"}',
    "NUL": b'{"name":"a\0b"}',
    "control character": b'{"name":"a\x01b"}',
    "line feed in a string": b'{"name":"a\nb"}',
    "bad escape": b'{"name":"\\x41"}',
    "short escape": b'{"name":"\\u12"}',
    "33 levels": b'{"name":' + b"[" * 32 + b"]" * 32 + b"}",
    "10000 levels": b'{"name":' + b"[" * 10000 + b"]" * 10000 + b"}",
    "10000 open": b"[" * 10000,
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_refused(http, product, name, method):
    path = "/api/products" if method == "POST" else f"/api/products/{product()['_id']}"
    answer = http.request(method, path, body=BAD[name],
                          headers={"Content-Type": "application/json"})
    assert answer.status == 400, answer
    assert answer.json["success"] is False and answer.json["message"]
    for foreign in ("jansson", "bson", "libmongoc", "token near"):
        assert foreign not in answer.text


@pytest.mark.parametrize("name, text", [
    ("blanks", ' \t\r\n{ "name" : "NAME" ,\n "price" : 1e0, "category":"CAT"} \n'),
    ("escapes", '{"name":"\\u004eAME","price":1.0,"category":"CAT"}'),
    ("pairs", '{"name":"NAME","price":1,"category":"CAT","description":"\\ud83e\\uded6"}'),
    ("minus zero", '{"name":"NAME","price":-0.0,"category":"CAT"}'),
])
def test_taken(http, category, name, text):
    answer = http.request("POST", "/api/products", body=text.replace("CAT", category),
                          headers={"Content-Type": "application/json"})
    assert answer.status == 201, answer
    data = answer.json["data"]
    assert data["name"] == "NAME" and data["price"] in (0, 1)
    assert http.get(f"/api/products/{data['_id']}").json["data"] == data


@pytest.mark.parametrize("kind, status", [
    ("application/json", 201), ("application/json; charset=utf-8", 201),
    ("application/json;charset=UTF-8", 201), ("APPLICATION/JSON", 201), ("text/json", 415),
    ("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("application/jsonx", 415),
    ("application/json; charset=latin1", 415), ("multipart/form-data; boundary=x", 415),
    ("application/merge-patch+json", 415), ("", 415)])
def test_content_type(http, category, kind, status):
    body = json.dumps({"name": "x", "price": 1, "category": category})
    answer = http.request("POST", "/api/products", body=body,
                          headers={"Content-Type": kind} if kind else {})
    assert answer.status == status, answer
    if status == 415:
        assert answer.json["success"] is False


@pytest.mark.parametrize("coding, status", [("identity", 201), ("Identity", 201), ("gzip", 415),
                                            ("gzip, br", 415)])
def test_content_coding(http, category, coding, status):
    body = json.dumps({"name": "x", "price": 1, "category": category})
    answer = http.request("POST", "/api/products", body=body,
                          headers={"Content-Type": "application/json", "Content-Encoding": coding})
    assert answer.status == status, answer
    assert status == 201 or answer.json["success"] is False


@pytest.mark.parametrize("kind, status", [("application/merge-patch+json", 200),
                                          ("application/json", None), ("text/plain", 415)])
def test_content_type_of_patch(http, product, kind, status):
    answer = http.request("PATCH", f"/api/products/{product()['_id']}", body='{"price":5}',
                          headers={"Content-Type": kind})
    assert answer.status in ((status,) if status else (200, 415)), answer
