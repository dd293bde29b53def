# SPDX-License-Identifier: BSD-2-Clause
"""An answer from the cache and one from the database differ in `source` and Cache-Status only:
bodies, statuses and all headers are compared, of every route that is cached, in every form."""
import gzip
import json

import pytest

from people import Person

ABSENT = "65a000000000000000000000"
# Of the answer's own; and the length, by the difference of two words.
OWN = {"date", "x-request-id", "cache-status", "server-timing"}
WORDS = {b'"source":"database"': b'"source":"cache"'}
FORMS = {
    "plain": ("GET", {}),
    "gzip": ("GET", {"Accept-Encoding": "gzip"}),
    "head": ("HEAD", {}),
    "gzip, head": ("HEAD", {"Accept-Encoding": "gzip"}),
    "304": ("GET", {"If-None-Match": "ETAG"}),
    "304 of a list of tags": ("GET", {"If-None-Match": '"x", ETAG'}),
    "304 of anything": ("GET", {"If-None-Match": "*", "Accept-Encoding": "gzip"}),
    "304, head": ("HEAD", {"If-None-Match": "ETAG"}),
    "another tag": ("GET", {"If-None-Match": '"x"', "Accept-Encoding": "gzip"}),
}


@pytest.fixture(scope="module")
def made(stack):
    """Products and posts, small ones and large ones that are worth compressing."""
    category, http = "sources", stack.client
    products = [{"name": f"product {i}", "price": i // 2, "category": category, "featured": True,
                 "description": "words and words " * (i * 40)} for i in range(6)]
    posts = [{"title": f"post {i}", "body": "more words " * (1 + i * 100), "category": category,
              "author": "ann", "tags": ["x"], "date": f"2026-01-0{1 + i // 2}"} for i in range(6)]
    answers = [http.post("/api/products", products), http.post("/api/posts", posts)]
    assert [answer.status for answer in answers] == [201, 201]
    return [[result["data"]["_id"] for result in answer.json["results"]] for answer in answers]


def targets(stack, made):
    products, posts = made
    first = stack.client.get("/api/products?category=sources&limit=2&sort=price").json["next"]
    lists = ["", "&limit=2", "&limit=2&page=2", "&page=9", f"&limit=2&sort=price&after={first}",
             "&fields=name", "&fields=description,price&sort=-price", "&inStock=false", "&q=product",
             "&minPrice=1&maxPrice=2", "&utm_source=x&sort=name"]
    return [*(f"/api/products?category=sources{more}" for more in lists),
            *(f"/api/posts?category=sources{more}"
              for more in ("", "&limit=4", "&tag=x&author=ann&sort=date", "&tag=y")),
            "/api/products/featured?category=sources&limit=3",
            f"/api/products?ids={products[5]},{ABSENT},{products[0]},{products[5]}",
            f"/api/products?ids={products[4]},{products[3]}&fields=description",
            f"/api/products?ids={ABSENT}",
            *(f"/api/products/{products[i]}" for i in (0, 5)),
            *(f"/api/posts/{posts[i]}" for i in (0, 5)),
            f"/api/products/{ABSENT}", f"/api/posts/{ABSENT}"]


def forget(stack):
    """What Redis holds of both: the next answer of a host without memory is the database's."""
    names = [name for kind in ("product", "post", "count", "dashboard")
             for name in stack.redis.scan_iter(f"{stack.base()}{kind}*", count=1000)]
    if names:
        stack.redis.delete(*names)


def essence(answer):
    """What has to be the same: status, headers but the own ones, and the body's bytes, without
    its word for the source."""
    headers = {name.lower(): value for name, value in answer.headers.items()
               if name.lower() not in OWN}
    assert len(headers) == len([name for name in answer.headers if name.lower() not in OWN])
    body = answer.body
    if body:
        assert int(headers.pop("content-length")) == len(body)
    if headers.get("content-encoding") == "gzip" and body:
        body = gzip.decompress(body)
    for word, other in WORDS.items():
        body = body.replace(word, other)
    if answer.status >= 400 and body:
        body = {**json.loads(body), "requestId": ""}
    return answer.status, headers, body


def without_length(what):
    status, headers, body = what
    return status, {name: value for name, value in headers.items() if name != "content-length"}, body


@pytest.mark.parametrize("form", FORMS)
def test_cache_and_database_give_the_same_answer(stack, bare, made, form):
    stack.settle()
    bare.settle()
    method, headers = FORMS[form]
    paths = targets(stack, made)
    etags = {path: stack.client.get(path).header("ETag") or '"none"' for path in paths}
    for path in paths:
        forget(stack)
        asked = {name: value.replace("ETAG", etags[path]) for name, value in headers.items()}
        answers = [client.request(method, path, headers=asked)
                   for client in (bare.client, bare.client, stack.client, stack.client)]
        said = [answer.cache_status for answer in answers]
        assert "; fwd=" in said[0], (path, said)
        assert "; hit" in said[1] and "; hit" in said[3], (path, said)
        assert "detail=memory" in said[3] or "NEGATIVE" in said[3], (path, said)
        found = [essence(answer) for answer in answers]
        if method == "HEAD":
            lengths = {what[1].get("content-length") for what in found}
            assert len(lengths) <= 2, (path, found)
            found = [without_length(what) for what in found]
        for other in found[1:]:
            assert other == found[0], path
        if "If-None-Match" in headers and headers["If-None-Match"] != '"x"':
            assert found[0][0] == (304 if ABSENT + "/" not in path + "/" or "ids=" in path else 404)
            if found[0][0] == 304:
                assert {"etag", "cache-control", "vary"} <= found[0][1].keys()


def test_personal_answers_are_the_same_too(stack, bare):
    bare.settle()
    headers = {**Person(bare, "editor").headers, "Accept-Encoding": "gzip"}
    forget(stack)
    answers = [bare.client.get("/api/me/dashboard", headers=headers) for _ in range(3)]
    assert [answer.hit for answer in answers] == [False, True, True], answers
    found = [essence(answer) for answer in answers]
    assert found[0][0] == 200 and found[0] == found[1] == found[2]


def test_compressed_by_the_database_too(stack, bare, made):
    """The first answer is as small as the later ones."""
    bare.settle()
    forget(stack)
    for path in (f"/api/products/{made[0][5]}", "/api/posts?category=sources"):
        first, again = (bare.client.get(path, headers={"Accept-Encoding": "gzip"})
                        for _ in range(2))
        assert [answer.header("Content-Encoding") for answer in (first, again)] == ["gzip"] * 2
        assert json.loads(gzip.decompress(first.body))["source"] == "database"
        assert json.loads(gzip.decompress(again.body))["source"] == "cache"
        assert len(first.body) == len(again.body) + 3
