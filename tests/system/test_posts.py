# SPDX-License-Identifier: BSD-2-Clause
import re

import pytest

ABSENT = "65a000000000000000000000"


def fields_of(answer):
    return {error["field"] for error in answer.json["errors"]}


def test_made_and_read(http, category):
    answer = http.post("/api/posts", {
        "title": "Hello", "body": "World", "category": category, "author": "ann",
        "tags": ["one", "two"], "date": "2026-01-02T03:04:05.678Z"})
    assert answer.status == 201, answer
    data = answer.json["data"]
    assert data["tags"] == ["one", "two"] and data["date"] == "2026-01-02T03:04:05.678Z"
    assert answer.header("Location") == f"/api/posts/{data['_id']}"
    assert http.get(f"/api/posts/{data['_id']}").json["data"] == data


def test_date_is_now_by_default(http, post):
    data = post()
    assert re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", data["date"])
    assert data["date"] == data["createdAt"]


@pytest.mark.parametrize("given, told", [
    ("2026-11-23T17:00:00Z", "2026-11-23T17:00:00.000Z"),
    ("2026-11-23T17:00:00.5Z", "2026-11-23T17:00:00.500Z"),
    ("2026-11-23T18:30:00+01:30", "2026-11-23T17:00:00.000Z"),
    ("2026-11-23", "2026-11-23T00:00:00.000Z"),
])
def test_dates_are_told_in_one_form(http, post, given, told):
    assert post(date=given)["date"] == told


@pytest.mark.parametrize("change, field", [
    ({"title": ""}, "title"), ({"title": "x" * 201}, "title"), ({"body": ""}, "body"),
    ({"body": 1}, "body"), ({"body": "x" * 20001}, "body"), ({"category": ""}, "category"),
    ({"author": ""}, "author"), ({"author": "x" * 101}, "author"), ({"tags": "one"}, "tags"),
    ({"tags": [1]}, "tags"), ({"tags": ["x"] * 21}, "tags"), ({"tags": ["x" * 51]}, "tags"),
    ({"tags": [""]}, "tags"), ({"tags": {"0": "x"}}, "tags"), ({"date": "yesterday"}, "date"),
    ({"date": "2026-02-30T00:00:00Z"}, "date"), ({"date": 5}, "date"),
    ({"date": "23.11.2026"}, "date"), ({"likes": 5}, "likes"), ({"version": 1}, "version")])
def test_bad_field_is_named(http, category, change, field):
    answer = http.post("/api/posts", {"title": "t", "body": "b", "category": category,
                                      "author": "a", **change})
    assert answer.status == 400, answer
    assert len(answer.json["errors"]) == 1
    assert answer.json["errors"][0]["field"].startswith(field)


def test_required_fields(http):
    answer = http.post("/api/posts", {})
    assert answer.status == 400
    assert {"title", "body", "category"} <= fields_of(answer)


def test_changed_and_deleted(http, post):
    made = post(tags=["a"])
    path = f"/api/posts/{made['_id']}"
    assert http.put(path, {"title": "New"}).json["data"]["title"] == "New"
    assert http.patch(path, {"tags": None}).json["data"].get("tags", []) == []
    answer = http.delete(path)
    assert answer.json == {"success": True, "message": "Post deleted"}
    assert http.get(path).json["message"] == "Post not found"
    assert http.put(path, {"title": "x"}).status == 404


def test_newest_date_first(http, post, category):
    for day in (3, 1, 2):
        post(title=f"d{day}", date=f"2026-01-0{day}T00:00:00.000Z")
    titles = [p["title"] for p in http.get("/api/posts", category=category).json["data"]]
    assert titles == ["d3", "d2", "d1"]
    titles = [p["title"] for p in http.get("/api/posts", category=category,
                                           sort="date").json["data"]]
    assert titles == ["d1", "d2", "d3"]


def test_filters(http, post, category):
    post(title="a", author="ann", tags=["x", "y"])
    post(title="b", author="bob", tags=["y"])
    post(title="c", author="ann")

    def titles(**query):
        answer = http.get("/api/posts", category=category, sort="date", **query)
        assert answer.status == 200, answer
        return "".join(p["title"] for p in answer.json["data"])
    assert titles(author="ann") == "ac" and titles(author="Ann") == ""
    assert titles(tag="y") == "ab" and titles(tag="x", author="ann") == "a"


# --- Walking ---

def walk(http, after_first, **query):
    seen, answer = [], http.get("/api/posts", **query)
    while True:
        assert answer.status == 200, answer
        seen += [p["title"] for p in answer.json["data"]]
        if not answer.json["next"]:
            return seen
        after_first()
        answer = http.get("/api/posts", **query, after=answer.json["next"])


def test_walk_by_cursor_loses_and_repeats_nothing_while_others_write(http, post, category):
    # Half of the dates are equal: the id decides.
    expected = [post(title=f"w{i}", date=f"2026-01-{1 + i // 4:02d}T00:00:00.000Z")["title"]
                for i in range(14)]
    new = iter(range(100))

    def meanwhile():
        post(title="new", date=f"2026-06-{1 + next(new):02d}T00:00:00.000Z")
    seen = walk(http, meanwhile, category=category, limit=3)
    assert len(seen) == len(set(seen)) == 14 and set(seen) == set(expected)
    days = [int(title[1:]) // 4 for title in seen]
    assert days == sorted(days, reverse=True)
    up = walk(http, lambda: None, category=category, limit=5, sort="date")
    assert [title for title in up if title != "new"] == seen[::-1]


def test_walk_survives_the_loss_of_its_mark(http, post, category):
    made = [post(title=f"m{i}", date=f"2026-01-0{1 + i}T00:00:00.000Z") for i in range(6)]
    first = http.get("/api/posts", category=category, limit=2).json
    assert http.delete(f"/api/posts/{first['data'][-1]['_id']}").status == 200
    rest = http.get("/api/posts", category=category, limit=10, after=first["next"]).json
    assert [p["title"] for p in rest["data"]] == ["m3", "m2", "m1", "m0"]
    assert made


def test_cursor_of_another_query_is_refused(http, post, category):
    for i in range(4):
        post(title=f"c{i}")
    cursor = http.get("/api/posts", category=category, limit=2).json["next"]
    for query in ({"category": category, "sort": "date"}, {"category": "other"},
                  {"category": category, "author": "ann"}, {}):
        answer = http.get("/api/posts", limit=2, after=cursor, **query)
        assert answer.status == 400 and fields_of(answer) == {"after"}, (query, answer)
    answer = http.get("/api/products", category=category, after=cursor)
    assert answer.status == 400


@pytest.mark.parametrize("damage", [
    lambda c: c[:-1], lambda c: c + "A", lambda c: "!" + c[1:], lambda c: c[::-1], lambda c: "",
    lambda c: ("B" if c[0] == "A" else "A") + c[1:], lambda c: "A" * 3000,
    lambda c: c[:10] + ("B" if c[10] == "A" else "A") + c[11:]])
def test_damaged_cursor(http, post, category, damage):
    for i in range(3):
        post()
    cursor = http.get("/api/posts", category=category, limit=2).json["next"]
    answer = http.get("/api/posts", category=category, limit=2, after=damage(cursor))
    assert answer.status == 400 and fields_of(answer) == {"after"}, answer


def links_of(answer):
    return {rel: target for target, rel in
            re.findall(r'<([^>]+)>;\s*rel="?(\w+)"?', answer.header("Link"))}


def test_links_of_a_long_filter(http, post, category):
    category = category.ljust(100, "é")
    for i in range(3):
        post(title=f"é{i}", category=category)
    answer = http.get("/api/posts", category=category, limit=1, page=2)
    assert set(links_of(answer)) == {"first", "prev", "next", "last"}
    following = http.get(links_of(answer)["next"]).json
    assert (following["page"], following["data"][0]["title"]) == (3, "é0")


def test_the_next_link_is_left_out_last(http, post, category):
    category, author, tag = category.ljust(100, "\U0001f4d5"), "\U0001f4d6" * 60, "\U0001f4d7" * 20
    for i in range(4):
        post(category=category, author=author, tags=[tag])
    answer = http.get("/api/posts", category=category, author=author, tag=tag, limit=1, page=2)
    assert answer.json["pages"] == 4 and set(links_of(answer)) == {"next"}
    assert http.get(links_of(answer)["next"]).json["page"] == 3


def test_links_lead_through_the_pages(http, post, category):
    for i in range(5):
        post(title=f"l{i}")
    answer = http.get("/api/posts", category=category, limit=2, page=2)
    links = links_of(answer)
    assert set(links) == {"first", "prev", "next", "last"}
    assert all(target.startswith("/api/posts?") for target in links.values())
    pages = {rel: http.get(target).json for rel, target in links.items()}
    assert pages["first"]["page"] == 1 and pages["prev"]["page"] == 1
    assert [p["title"] for p in pages["next"]["data"]] == ["l0"]
    assert pages["last"]["data"] == pages["next"]["data"]
