# SPDX-License-Identifier: BSD-2-Clause
"""Export: everything that matches as one file, in bounded memory."""
import csv
import gzip
import http.client
import io
import itertools
import json
import socket
import urllib.parse

import bson
import pytest

from people import Person
from stack import eventually

counter = itertools.count(3000)
COLUMNS = ["_id", "title", "minutes", "cuisine", "price", "published", "season", "source", "code",
           "batch", "parent", "servings", "weight", "big", "kind", "chef.name", "chef.stars",
           "chef.address.city", "steps", "tags", "updatedAt"]


def export(market, query, **more):
    """What is found; an export that is just over may still count as one under way."""
    def ask():
        answer = market.client.get(f"/api/recipes/export?{query}", **more)
        return answer if answer.status != 503 else None
    return eventually(ask, 20)


def lines(answer):
    assert answer.status == 200, answer
    return [json.loads(line) for line in answer.text.splitlines()]


def table(answer):
    assert answer.status == 200, answer
    assert answer.text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


# --- Lines ---

def test_lines_are_the_lists_documents(market, minutes, recipe):
    for i in range(3):
        recipe(title=f"t{i}", chef={"name": "ann"}, steps=[{"text": "stir"}], tags=["a", "b"])
    answer = export(market, f"minutes={minutes}&sort=title")
    assert answer.header("Content-Type") == "application/x-ndjson"
    assert answer.header("Content-Disposition") == 'attachment; filename="recipes.ndjson"'
    assert answer.header("Cache-Control") == "no-store" and answer.header("ETag") is None
    assert answer.header("X-Total-Count") == "3" and answer.text.endswith("\n")
    listed = market.client.get(f"/api/recipes?minutes={minutes}&sort=title").json["data"]
    assert lines(answer) == listed
    part = export(market, f"minutes={minutes}&sort=title&fields=title,chef.name&format=ndjson")
    assert lines(part) == [{"_id": item["_id"], "title": item["title"],
                            "chef": {"name": "ann"}} for item in listed]
    none = export(market, f"minutes={minutes}&cuisine=thai")
    assert none.body == b"" and none.header("X-Total-Count") == "0"


def test_head_and_gzip(market, minutes, recipe):
    for i in range(3):
        recipe(title="long " * 30)
    path = f"minutes={minutes}"
    plain = export(market, path)
    packed = export(market, path, headers={"Accept-Encoding": "gzip"})
    assert packed.header("Content-Encoding") == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    head = eventually(lambda: (answer := market.client.request(
        "HEAD", f"/api/recipes/export?{path}")).status == 200 and answer, 20)
    assert head.body == b"" and head.header("X-Total-Count") == "3"
    assert head.header("Content-Type") == "application/x-ndjson"


# --- Tables ---

def test_a_table(market, minutes, recipe):
    made = recipe(title='a "b", c\nd', price="1.50", chef={"name": "", "stars": 2}, tags=["x", "y"],
                  steps=[{"text": "s", "minutes": 1}], weight=1.5, big=9007199254740993)
    answer = export(market, f"format=csv&minutes={minutes}")
    assert answer.header("Content-Type") == "text/csv; charset=utf-8; header=present"
    assert answer.header("Content-Disposition") == 'attachment; filename="recipes.csv"'
    assert answer.text.split("\r\n")[0] == ",".join(COLUMNS)
    row, = table(answer)
    assert row["_id"] == made["_id"] and row["title"] == 'a "b", c\nd'
    assert row["price"] == "1.50" and row["big"] == "9007199254740993" and row["weight"] == "1.5"
    assert row["chef.stars"] == "2" and row["tags"] == "x|y" and row["code"] == ""
    assert json.loads(row["steps"]) == [{"text": "s", "minutes": 1}]
    assert ',"",2,' in answer.text, "an empty string is not what is missing"
    empty = export(market, f"format=csv&minutes={minutes}&cuisine=thai")
    assert empty.text == ",".join(COLUMNS) + "\r\n" and empty.header("X-Total-Count") == "0"
    part = export(market, f"format=csv&minutes={minutes}&fields=chef,tags")
    assert part.text.split("\r\n")[0] == "_id,chef.name,chef.stars,chef.address.city,tags"


@pytest.mark.parametrize("tags, cell", [
    (["a"], "a"), (["a", "b c"], "a|b c"), ([], "[]"), (["a|b"], '["a|b"]'), ([""], '[""]'),
    (["[a"], '["[a"]'), (["a", "["], "a|["), (["a", ""], "a|"), (["", "a"], "|a"),
    (["-1"], "-1"), (['q"'], 'q"')])
def test_lists_of_scalars(market, minutes, recipe, tags, cell):
    recipe(tags=tags)
    row, = table(export(market, f"format=csv&minutes={minutes}&fields=tags"))
    assert row["tags"] == cell


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "x=1", "'=1"])
def test_formulas(market, minutes, recipe, title):
    recipe(title=title)
    query = f"format=csv&minutes={minutes}&fields=title"
    assert table(export(market, query))[0]["title"] == title
    assert table(export(market, query + "&safe=0"))[0]["title"] == title
    marked = table(export(market, query + "&safe=1"))[0]["title"]
    assert marked == ("'" + title if title[0] in "=+-@\t\r" else title)


def test_what_others_wrote(market, minutes):
    market.mongo.recipes.insert_many([
        {"minutes": minutes, "title": 7, "tags": "scalar", "chef": "nobody", "code": None},
        {"minutes": minutes, "title": ["a", {"b": 1}], "tags": [1, None],
         "price": bson.Decimal128("NaN"), "chef": [{"name": "x"}]}])
    found = lines(export(market, f"minutes={minutes}"))
    assert {len(found), len(table(export(market, f"minutes={minutes}&format=csv")))} == {2}
    rows = {row["title"]: row for row in table(export(market, f"minutes={minutes}&format=csv"))}
    assert rows["7"]["tags"] == "scalar" and rows["7"]["code"] == ""
    assert rows['["a",{"b":1}]']["tags"] == "[1,null]"


# --- And back ---

TEXTS = ["", " a", "b ", "\t", "=1", "'=1", "[1]", "null", "true", "1", 'q"', "a,b", "c|d", "\r\n",
         "e\nf", "{}", "ü"]
TAGS = [["a", "b c"], [], ["a|b"], [""], ["[a"], ["a", "["], ["a", ""], ["", "a"], [" x", "y "],
        ["\t"], ["1"], ["null"], ["a,b", 'c"d'], ["l\nm"]]


def fill_recipes(market, people, mark):
    """Some of them by the API, with all fields, and some without what a default gives."""
    for i, text in enumerate(TEXTS):
        answer = market.client.post("/api/recipes", {
            "title": f"{i:02}", "minutes": mark, "price": "-1.50", "season": "2026-01-02",
            "batch": "65a0c0ff-ee01-4234-8678-9abcdef01234", "parent": f"{i:024x}", "weight": 1.5,
            "big": 9007199254740993, "servings": 2, "code": f"AB-{mark}{i:03}", "kind": "food",
            "chef": {"name": text, "stars": 2, "address": {"city": text}},
            "steps": [{"text": text, "minutes": -1}, {"text": text}], "tags": ["x"]})
        assert answer.status == 201, answer
    assert market.client.put(f"/api/recipes/{answer.json['data']['_id']}",
                             {"cuisine": None, "steps": []}).status == 200
    for i, tags in enumerate(TAGS):
        assert market.client.post("/api/recipes", {"title": f" {i:02}", "minutes": mark,
                                                   "tags": tags}).status == 201
    market.mongo.recipes.insert_one({"title": "theirs", "minutes": mark})
    return market.client, f"minutes={mark}&sort=title", {"minutes": mark}


def fill_labels(market, people, mark):
    for i, text in enumerate(TEXTS):
        assert market.client.post("/api/labels", {
            "_id": f"{mark}/{i} ,|", "name": f"{text}x", "price": i / 4,
            "category": [f"m{mark}", *([text] if text else [])]}).status == 201
    market.mongo.shelf_labels.insert_one({"_id": f"{mark}", "name": "long", "price": 1.0,
                                          "category": [f"m{mark}"], "theirs": ["x" * 60000] * 10})
    return market.client, f"category=m{mark}&sort=name", {"category": f"m{mark}"}


def fill_counters(market, people, mark):
    market.mongo.counters.delete_many({})
    for id in mark, -mark:
        assert market.client.post("/api/counters", {"_id": id, "count": -id}).status == 201
    return market.client, "sort=_id", {}


def fill_devices(market, people, mark):
    market.mongo.devices.delete_many({})
    assert people.request("POST", "/api/devices", {"model": "m"}).status == 201
    return people, "", {}


@pytest.mark.parametrize("form", ["ndjson", "csv"])
@pytest.mark.parametrize("name, collection, fill", [
    ("recipes", "recipes", fill_recipes), ("labels", "shelf_labels", fill_labels),
    ("counters", "counters", fill_counters), ("devices", "devices", fill_devices)])
def test_load_takes_it_back(market, tmp_path, form, name, collection, fill):
    mark = next(counter)
    client, query, which = fill(market, Person(market), mark)

    def take():
        answer = eventually(lambda: (found := client.request(
            "GET", f"/api/{name}/export?format={form}&{query}")).status == 200 and found, 20)
        return answer.body

    file = tmp_path / f"x.{form}"
    before = take()
    file.write_bytes(before)
    count = market.mongo[collection].delete_many(which).deleted_count
    assert count > 0
    done = market.ctl("load", name, file)
    assert done.stdout.split()[0] == str(count), done
    assert take() == before
    again = market.ctl("load", name, file, "--key", "_id")
    assert f" 0 new, 0 changed, {count} same, 0 rejected" in again.stdout
    assert take() == before


# --- By larderctl ---

def test_larderctl_writes_the_same(market, minutes, recipe, tmp_path):
    for i in range(3):
        recipe(title=f"=t{i} é&+", tags=["a"], chef={"name": "a+b &c"})
    for query, arguments in (
            ("sort=title", ["--sort", "title"]), ("format=csv", ["--format", "csv"]),
            ("format=csv&safe=1&fields=title", ["--format=csv", "--safe", "--fields", "title"]),
            ("chef=a%2Bb%20%26c", ["chef=a+b &c"]), ("cuisine=thai", ["cuisine=thai"])):
        answer = export(market, f"minutes={minutes}&{query}")
        done = market.ctl("export", "recipes", *arguments, f"minutes={minutes}")
        assert done.stdout.replace("\r\n", "\n") == answer.text.replace("\r\n", "\n")
        assert " exported in " in done.stderr
    file = tmp_path / "x.csv"
    done = market.ctl("export", "recipes", f"minutes={minutes}", "--out", file, "--format", "csv")
    assert done.stdout.startswith("3 recipes exported in ") and done.stderr == ""
    assert file.read_bytes() == export(market, f"minutes={minutes}&format=csv").body
    assert list(tmp_path.iterdir()) == [file]
    found = market.ctl("export", "recipes", "--q", "é", f"minutes={minutes}", check=False)
    if "MONGODB_URI" in market.settings:  # it knows no words
        assert found.returncode == 1 and "larderctl reindex recipes" in found.stderr
    else:
        assert found.returncode == 0 and len(found.stdout.splitlines()) == 3


def test_larderctl_exports_everybodys(market):
    name = f"n{next(counter)}"
    one = Person(market).request("POST", "/api/notes", {"name": name, "price": 1, "category": name})
    assert one.status == 201
    done = market.ctl("export", "notes", f"category={name}")
    assert json.loads(done.stdout)["_id"] == one.json["data"]["_id"]


@pytest.mark.parametrize("arguments, status, told", [
    ([], 2, "takes a resource"), (["colours"], 2, "no resource"), (["recipes", "x"], 2, "FILTER=VALUE"),
    (["recipes", "limit=5"], 2, "FILTER=VALUE"), (["recipes", "minutes=x"], 2, "minutes: "),
    (["recipes", "--sort", "colour"], 2, "sort: "), (["recipes", "--format", "xml"], 2, "format: "),
    (["recipes", "--safe"], 2, "safe: "), (["recipes", "--colour"], 2, "colour"),
    (["recipes", "--out", "/nowhere/x"], 1, "/nowhere/x"), (["recipes", "--out", "/dev/full"], 1,
                                                             "No space left")])
def test_larderctl_says_what_is_wrong(market, recipe, arguments, status, told):
    recipe()
    done = market.ctl("export", *arguments, check=False)
    assert done.returncode == status and told in done.stderr and done.stdout == "", done


# --- What is refused ---

@pytest.mark.parametrize("query, field", [
    ("format=xml", "format"), ("safe=2&format=csv", "safe"), ("safe=1", "safe"),
    ("safe=1&format=ndjson", "safe"), ("limit=5", "limit"), ("page=1", "page"),
    ("after=x", "after"), ("ids=" + "a" * 24, "ids"), ("by=tag", "by"), ("sort=colour", "sort"),
    ("fields=colour", "fields"), ("maxMinutes=x", "maxMinutes"), ("format=csv&format=csv", "format")])
def test_what_is_wrong_is_named(market, query, field):
    answer = market.client.get(f"/api/recipes/export?{query}")
    assert answer.status == 400, answer
    assert {error["field"] for error in answer.json["errors"]} == {field}


def test_rights(market):
    one, other = Person(market), Person(market)
    body = {"name": "n", "price": 1, "category": f"c{next(counter)}"}
    mine = one.request("POST", "/api/notes", body).json["data"]
    assert other.request("POST", "/api/notes", body).status == 201
    answer = eventually(lambda: (found := one.request("GET", "/api/notes/export")).status == 200
                        and found, 20)
    assert [item["_id"] for item in lines(answer)] == [mine["_id"]]
    assert market.client.get("/api/notes/export").status == 401
    assert market.client.post("/api/notes/export", {}).status == 405


# --- Many ---

COUNT = 3000


@pytest.fixture(scope="module")
def many(market):
    """More than all buffers on the way hold."""
    minutes = next(counter)
    text = "x" * 4000
    for start in range(0, COUNT, 1000):
        market.mongo.recipes.insert_many(
            [{"title": f"{start + i:06}", "minutes": minutes, "kind": text} for i in range(1000)])
    return minutes


def test_all_of_many(market, many):
    answer = export(market, f"minutes={many}&sort=title", headers={"Accept-Encoding": "gzip"})
    assert answer.header("X-Total-Count") == str(COUNT)
    found = [json.loads(line)["title"] for line in gzip.decompress(answer.body).splitlines()]
    assert found == [f"{i:06}" for i in range(COUNT)]


class Slow:
    """Somebody who asks and does not read on."""

    def __init__(self, market, query):
        parts = urllib.parse.urlsplit(market.url)
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self.socket.settimeout(20)
        self.socket.connect((parts.hostname, parts.port))
        self.socket.sendall(f"GET /api/recipes/export?{query} HTTP/1.1\r\nHost: x\r\n"
                            "Connection: close\r\n\r\n".encode())
        self.head = b""
        while b"\r\n\r\n" not in self.head:
            self.head += self.socket.recv(1)

    @property
    def status(self):
        return int(self.head.split()[1])

    def rest(self):
        response = http.client.HTTPResponse(self.socket)
        response.fp = io.BufferedReader(io.BytesIO(self.head + self.read()))
        response.begin()
        return response

    def read(self):
        parts = []
        while part := self.socket.recv(1 << 16):
            parts.append(part)
        return b"".join(parts)


def test_two_at_once_and_slow_ones(market, many):
    """Two a worker wait for their clients; others are told to come again, and all else goes on."""
    market.settle(30)
    slow = []
    try:
        def full():
            slow.append(Slow(market, f"minutes={many}"))
            return slow[-1].status == 503
        eventually(full, 30, what="a worker with two exports")
        assert b"Retry-After: " in slow[-1].head
        good = [one for one in slow if one.status == 200]
        assert 2 <= len(good) <= 4
        assert market.client.get(f"/api/recipes?minutes={many}&limit=1").json["total"] == COUNT
        body = good[0].rest().read()
        assert len(body.splitlines()) == COUNT
    finally:
        for one in slow:
            one.socket.close()
    assert len(lines(export(market, f"minutes={many}"))) == COUNT


def test_an_error_on_the_way_cuts_the_connection(market, many):
    if "MONGODB_URI" not in market.settings:
        return  # only the second one has fail points
    admin = market.mongo.client.admin
    export(market, f"minutes={many}&cuisine=thai")
    admin.command("configureFailPoint", "failCommand", mode="alwaysOn",
                  data={"failCommands": ["getMore"], "errorCode": 11600})
    try:
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            export(market, f"minutes={many}")
    finally:
        admin.command("configureFailPoint", "failCommand", mode="off")
    eventually(lambda: market.client.get("/readyz").json["mongo"] == "up", 30)
    assert len(lines(export(market, f"minutes={many}"))) == COUNT
