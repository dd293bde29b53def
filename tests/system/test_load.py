# SPDX-License-Identifier: BSD-2-Clause
"""larderctl load: NDJSON and CSV, rejects by line, again, interrupted."""
import csv
import gzip
import json
import pathlib
import re
import signal
import subprocess

import pytest

from stack import Stack, eventually

RESOURCES = pathlib.Path(__file__).parent / "resources"


def ndjson(path, records):
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records))
    return path


def items(http, kind, category):
    return http.get(f"/api/{kind}?category={category}&limit=100&sort="
                    + ("name" if kind == "products" else "date")).json


def test_products(stack, http, category, tmp_path):
    records = [{"name": f"n{i:02}", "price": i + 0.5, "category": category,
                "inStock": i % 2 == 0, "description": "ü"} for i in range(30)]
    assert items(http, "products", category)["total"] == 0  # cached before
    done = stack.ctl("load", "products", ndjson(tmp_path / "p.ndjson", records))
    assert done.stdout.startswith("30 products loaded"), done
    page = items(http, "products", category)
    assert page["total"] == 30
    assert [{k: p[k] for k in records[0]} for p in page["data"]] == records
    assert page["data"][1]["featured"] is False


def test_twice_adds_nothing(stack, http, category, tmp_path):
    file = ndjson(tmp_path / "p.ndjson", [{"title": f"t{i}", "body": "b", "category": category,
                                           "author": "a", "tags": ["x"]} for i in range(5)])
    stack.ctl("load", "posts", file)
    first = items(http, "posts", category)
    again = stack.ctl("load", "posts", file)
    assert again.stdout.startswith("0 posts loaded") and "5 already there" in again.stdout
    assert {**items(http, "posts", category), "source": 0} == {**first, "source": 0}


def test_what_was_changed_since_stays(stack, http, category, tmp_path):
    file = ndjson(tmp_path / "p.ndjson", [{"name": "x", "price": 1, "category": category}])
    stack.ctl("load", "products", file)
    id = items(http, "products", category)["data"][0]["_id"]
    http.put(f"/api/products/{id}", {"price": 99})
    stack.ctl("load", "products", file)
    assert http.get(f"/api/products/{id}").json["data"]["price"] == 99


def test_csv(stack, http, category, tmp_path):
    file = tmp_path / "p.csv"
    with file.open("w", newline="", encoding="utf-8-sig") as out:
        table = csv.writer(out)
        table.writerow(["title", "body", "category", "author", "tags", "date"])
        table.writerow(["a", 'with "quotes", commas\nand lines', category, "ann", "x| y",
                        "2026-01-02T00:00:00Z"])
        table.writerow(["b", "plain", category, "", "", "2026-01-03T00:00:00Z"])
    done = stack.ctl("load", "posts", file)
    assert done.stdout.startswith("2 posts loaded"), done
    data = items(http, "posts", category)["data"]
    assert data[0]["body"] == 'with "quotes", commas\nand lines' and data[0]["tags"] == ["x", "y"]
    assert "author" not in data[1] and data[1].get("tags", []) == []


def test_csv_numbers_and_words(stack, http, category, tmp_path):
    file = tmp_path / "p.csv"
    file.write_text("price,name,category,inStock\r\n"
                    f"12.50,x,{category},false\r\nabc,y,{category},\r\n1,z,{category},maybe\r\n")
    done = stack.ctl("load", "products", file, check=False)
    assert done.returncode == 1 and done.stdout.startswith("1 product loaded")
    assert f"{file}:3: " in done.stderr and "price" in done.stderr
    assert f"{file}:4: " in done.stderr and "inStock" in done.stderr
    data = items(http, "products", category)["data"]
    assert [(p["name"], p["price"], p["inStock"]) for p in data] == [("x", 12.5, False)]


@pytest.mark.parametrize("header", ["name,price,colour", "name,price,version", "name,name,price", ""])
def test_csv_with_a_bad_header_loads_nothing(stack, header, tmp_path):
    file = tmp_path / "p.csv"
    file.write_text(header + "\nx,1,2\n")
    done = stack.ctl("load", "products", file, check=False)
    assert done.returncode == 1 and done.stderr.strip(), done


def test_rejects_are_told_by_line_and_reason(stack, http, category, tmp_path):
    file = tmp_path / "p.ndjson"
    good = json.dumps({"name": "good", "price": 1, "category": category})
    good2 = json.dumps({"name": "good2", "price": 1, "category": category})
    lines = [good, "not json", json.dumps({"name": "x", "price": -1, "category": category}), "",
             json.dumps({"name": "x", "price": 1, "category": category, "colour": "red"}),
             '{"name":"x","price":1,"price":2,"category":"%s"}' % category, "[1]",
             json.dumps({"name": "x", "price": 1, "category": category, "_id": "a" * 23}),
             '{"name":"\\u0000"}', good2]
    file.write_text("\n".join(lines))
    done = stack.ctl("load", "products", file, check=False)
    assert done.returncode == 1
    assert "2 products loaded" in done.stdout and "7 rejected" in done.stdout
    told = {line: reason for line, reason in
            (text.removeprefix(f"{file}:").split(": ", 1) for text in done.stderr.splitlines()
             if text.startswith(f"{file}:"))}
    assert set(told) == {"2", "3", "5", "6", "7", "8", "9"}
    assert re.fullmatch(r"body: is not valid JSON \(column \d+\)", told["2"])
    assert "price" in told["3"] and "colour" in told["5"] and "_id" in told["8"]
    assert items(http, "products", category)["total"] == 2


def test_from_standard_input(stack, http, category):
    text = json.dumps({"name": "piped", "price": 1, "category": category}) + "\n"
    assert stack.ctl("load", "products", "-", stdin=text).stdout.startswith("1 product loaded")
    assert items(http, "products", category)["data"][0]["name"] == "piped"


@pytest.mark.parametrize("arguments, status", [
    (["load"], 2), (["load", "users", "x"], 2), (["load", "posts"], 2),
    (["load", "posts", "/nowhere/at/all"], 1), (["nothing"], 2), (["cache"], 2)])
def test_bad_arguments(stack, arguments, status):
    done = stack.ctl(*arguments, check=False)
    assert done.returncode == status and done.stderr.strip(), done


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_and_repeated(stack, http, category, tmp_path, number):
    count = 12000
    file = ndjson(tmp_path / "many.ndjson", [
        {"title": f"t{i}", "body": "word " * 100, "category": category, "author": "a",
         "date": f"2026-01-01T00:{i // 60 % 60:02}:{i % 60:02}.{i % 1000:03}Z"}
        for i in range(count)])
    load = subprocess.Popen(stack.ctl_command("load", "posts", file), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)
    eventually(lambda: stack.mongo.posts.count_documents({"category": category}) > 0
               or load.poll() is not None, 20, what="the load under way")
    load.send_signal(number)
    _, err = load.communicate(timeout=30)
    if load.returncode == 0:
        pytest.fail("the load was over before it could be interrupted")
    if number == signal.SIGINT:
        assert load.returncode == 1 and "run the same command again" in err
    half = stack.mongo.posts.count_documents({"category": category})
    assert 0 < half < count
    done = stack.ctl("load", "posts", file)
    # A batch that was on its way when the signal came may have arrived after it was counted.
    new, there = (int(n) for n in re.match(r"(\d+) posts loaded in .* s, (\d+) already there",
                                           done.stdout).groups())
    assert there >= half and new + there == count
    answer = http.get(f"/api/posts?category={category}&limit=1").json
    assert answer["total"] == count
    stack.mongo.posts.delete_many({"category": category})


def load_from_a_pipe(stack):
    return subprocess.Popen(stack.ctl_command("load", "products", "-"), stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end_with(load, number):
    """The pipe stays open: only the signal can end the load."""
    load.send_signal(number)
    assert load.wait(timeout=10) == 1
    load.stdin.close()
    return load.stdout.read(), load.stderr.read()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_its_pipe_has_nothing_to_read(stack, category, number):
    load = load_from_a_pipe(stack)
    load.stdin.writelines(json.dumps({"name": f"n{i}", "price": 1, "category": category}) + "\n"
                          for i in range(300))
    load.stdin.flush()
    eventually(lambda: stack.mongo.products.count_documents({"category": category}) == 256, 20,
               what="a batch")
    out, err = end_with(load, number)
    assert out.startswith("256 products loaded in ") and "run the same command again" in err
    stack.mongo.products.delete_many({"category": category})


def test_interrupted_before_its_first_record(stack):
    def catches(number):
        caught = next(line for line in open(f"/proc/{load.pid}/status")
                      if line.startswith("SigCgt:"))
        return int(caught.split()[1], 16) & 1 << number - 1

    load = load_from_a_pipe(stack)
    eventually(lambda: catches(signal.SIGTERM))
    out, err = end_with(load, signal.SIGTERM)
    assert out == "" and "interrupted" in err


def test_visible_at_once_while_it_runs(stack, http, category):
    """What the load has written is never hidden by an older page for longer than its batch."""
    step, steps = 512, 6  # two batches each, which are written as soon as they are full
    load, totals = load_from_a_pipe(stack), []

    def shows(count):
        totals.append(http.get(f"/api/products?category={category}&limit=1").json["total"])
        return totals[-1] == count

    for at in range(0, step * steps, step):
        load.stdin.writelines(json.dumps({"name": f"n{i}", "price": i, "category": category})
                              + "\n" for i in range(at, at + step))
        load.stdin.flush()
        eventually(lambda: shows(at + step), 20, every=0.001)
    out, err = load.communicate(timeout=30)
    assert load.returncode == 0 and out.startswith(f"{step * steps} products loaded"), err
    assert totals == sorted(totals) and shows(step * steps)
    stack.mongo.products.delete_many({"category": category})


def test_load_without_redis(stack, http, category, tmp_path, healthy):
    file = ndjson(tmp_path / "p.ndjson", [{"name": "late", "price": 1, "category": category}])
    assert items(http, "products", category)["total"] == 0
    stack.control("stop", "redis")
    assert stack.ctl("load", "products", file).stdout.startswith("1 product loaded")
    assert items(http, "products", category)["total"] == 1
    stack.control("start", "redis")
    assert items(http, "products", category)["total"] == 1


# --- Any resource ---

@pytest.fixture(scope="module")
def shop():
    stack = Stack(LARDER_RESOURCES=str(RESOURCES))
    try:
        yield stack.up()
    finally:
        stack.down()


def recipes(shop):
    return sorted(shop.client.get("/api/recipes?limit=100").json["data"], key=lambda r: r["title"])


@pytest.fixture
def kitchen(shop):
    for item in recipes(shop):
        shop.client.delete(f"/api/recipes/{item['_id']}")
    return shop


def test_nested_records(kitchen, tmp_path):
    file = tmp_path / "r.csv"
    file.write_text("\n ,,\nchef.name,title,minutes,tags,published,\n"
                    + "Ada,Dal, 30 ,hot| quick,2026-01-01 10:00:00,\n,,,,,\n"
                    + ",Rice,2.0,,2026-01-01T10:00:00+0500,\n"
                    + "Bob,\u200b,5,,2026-01-01T10:00:00z,\n")
    assert recipes(kitchen) == []
    done = kitchen.ctl("load", "recipes", file, check=False)
    assert done.returncode == 1 and done.stdout.startswith("2 recipes loaded"), done
    assert f"{file}:7: title: must hold something that shows" in done.stderr
    dal, rice = recipes(kitchen)
    assert dal["chef"] == {"name": "Ada"} and dal["tags"] == ["hot", "quick"]
    assert dal["published"] == "2026-01-01T10:00:00.000Z" and dal["minutes"] == 30
    assert rice["published"] == "2026-01-01T05:00:00.000Z" and "chef" not in rice


def test_an_array_of_records(kitchen, tmp_path):
    file = tmp_path / "r.json"
    file.write_text(json.dumps([{"title": f"t{i}", "minutes": i, "chef": {"name": "A", "x": i}}
                                if i == 2 else {"title": f"t{i}", "minutes": i}
                                for i in range(1, 4)], indent=1))
    done = kitchen.ctl("load", "recipes", file, check=False)
    assert done.stdout.startswith("2 recipes loaded"), done
    assert re.search(rf"^{file}:\d+: chef.x: is not a known field$", done.stderr, re.M)
    assert [r["title"] for r in recipes(kitchen)] == ["t1", "t3"]


def test_by_key(kitchen, tmp_path):
    file = tmp_path / "r.csv"
    file.write_text("title,minutes,chef.name\nDal,30,Ada\nRice,20,\n")
    assert "2 new, 0 changed, 0 same, 0 rejected" in kitchen.ctl(
        "load", "recipes", file, "--key", "title").stdout
    kitchen.mongo.recipes.update_one({"title": "Dal"}, {"$set": {"chef.theirs": 1, "note": 1}})
    before = recipes(kitchen)
    file.write_text("title,minutes\nDal,31\nRice,20\nSoup,5\nSoup,6\nTea,\n,1\n")
    done = kitchen.ctl("load", "--key", "title", "recipes", file, check=False)
    assert "6 recipes" in done.stdout and "1 new, 2 changed, 1 same, 2 rejected" in done.stdout
    assert f"{file}:6: minutes: is required" in done.stderr
    assert f"{file}:7: title: is a key, and is missing" in done.stderr
    dal, rice, soup = recipes(kitchen)
    assert (dal["minutes"], dal["_id"]) == (31, before[0]["_id"]) and soup["minutes"] == 6
    assert rice == before[1] and dal["updatedAt"] > before[0]["updatedAt"]
    stored = kitchen.mongo.recipes.find_one({"title": "Dal"})
    assert stored["chef"] == {"name": "Ada", "theirs": 1} and stored["version"] == 2
    assert kitchen.ctl("load", "recipes", file, "--key", "chef", check=False).returncode == 2


def test_a_price_list_of_next_week(shop, category, tmp_path):
    file = tmp_path / "p.csv"
    shop.mongo.products.create_index(
        "name", unique=True, name="theirs", partialFilterExpression={"category": category})
    try:
        for price, outcome in (10, "1 new"), (12, "1 changed"), (12, "1 same"):
            file.write_text(f"name,price,category\nKettle,{price},{category}\n")
            assert outcome in shop.ctl("load", "products", file, "--key", "name,category").stdout
        file.write_text(f"name,price,category\nKettle,13,{category}\n")
        done = shop.ctl("load", "products", file, check=False)
        assert done.returncode == 1 and "1 rejected" in done.stdout
        assert f"{file}:2: name: exists already" in done.stderr
        assert [p["price"] for p in items(shop.client, "products", category)["data"]] == [12]
    finally:
        shop.mongo.products.drop_index("theirs")


def test_ids_of_all_kinds(shop, tmp_path):
    for name, record in (("labels", {"name": "x", "price": 1}), ("counters", {"count": 1}),
                         ("devices", {"model": "m"})):
        file = ndjson(tmp_path / f"{name}.ndjson", [record])
        assert shop.ctl("load", name, file).stdout.startswith(f"1 {name[:-1]} loaded")
        assert "1 already there" in shop.ctl("load", name, file).stdout
    file = ndjson(tmp_path / "l.ndjson", [{"_id": "a/b", "name": "y", "price": 1}])
    shop.ctl("load", "labels", file, "--key", "_id")
    ndjson(file, [{"_id": "a/b", "price": 2}])
    assert "1 changed" in shop.ctl("load", "labels", file, "--key", "_id").stdout
    assert shop.mongo.shelf_labels.find_one({"_id": "a/b"})["price"] == 2
    for outcome in "1 changed", "1 same":
        ndjson(file, [{"_id": "a/b", "theirs": {"a": [1]}}])
        assert outcome in shop.ctl("load", "labels", file, "--key", "_id").stdout


def test_loads_and_writes_at_once_lose_nothing(shop, category, tmp_path):
    file = ndjson(tmp_path / "p.ndjson", [{"name": f"n{i}", "price": 2, "category": category}
                                          for i in range(200)])
    shop.ctl("load", "products", file)
    ndjson(file, [{"name": f"n{i}", "price": 3, "category": category} for i in range(200)])
    load = subprocess.Popen(shop.ctl_command("load", "products", file, "--key", "name,category"),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for item in items(shop.client, "products", category)["data"]:
        assert shop.client.put(f"/api/products/{item['_id']}", {"featured": True}).status == 200
    out, err = load.communicate(timeout=60)
    assert load.returncode == 0 and "200 changed" in out, (out, err)
    stored = list(shop.mongo.products.find({"category": category}))
    assert {p["price"] for p in stored} == {3} and sum(p["featured"] for p in stored) == 100
    assert sorted({p["version"] for p in stored}) == [2, 3]


@pytest.mark.parametrize("encode, command", [
    (gzip.compress, "gzip -dc"), (lambda text: text.decode().encode("utf-16"), "iconv -f UTF-16"),
    (lambda text: text.decode().encode("utf-16-le"), "iconv -f UTF-16LE")])
def test_what_is_no_text_is_named(stack, tmp_path, encode, command):
    file = tmp_path / "p.csv"
    file.write_bytes(encode(b"name,price,category\nx,1,c\n"))
    done = stack.ctl("load", "products", file, check=False)
    assert done.returncode == 1 and command in done.stderr and done.stdout == "", done
