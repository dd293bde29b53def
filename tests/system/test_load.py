# SPDX-License-Identifier: BSD-2-Clause
"""larderctl load: NDJSON and CSV, rejects by line, again, interrupted."""
import csv
import json
import re
import signal
import subprocess

import pytest

from stack import eventually


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


@pytest.mark.parametrize("header", ["name,price,colour", "name,price,_id", "name,name,price", ""])
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
             json.dumps({"name": "x", "price": 1, "category": category, "_id": "a" * 24}),
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
