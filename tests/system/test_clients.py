# SPDX-License-Identifier: BSD-2-Clause
"""Clients that two generators make of the document, built and used: openapi-typescript with
openapi-fetch, and openapi-python-client. What they are made with is kept under LARDER_CACHE."""
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import venv

import pytest

from people import PASSWORD, Person
from stack import Stack

HERE = pathlib.Path(__file__).parent
CLIENTS = HERE / "clients"
CACHE = pathlib.Path(os.environ.get("LARDER_CACHE", pathlib.Path.home() / ".cache" / "larder"))
GENERATOR = ("openapi-python-client==0.29.1", "ruff==0.14.6")


@pytest.fixture(scope="module")
def shop():
    stack = Stack(LARDER_RESOURCES=str(HERE / "resources"), LARDER_WRITES="closed")
    try:
        yield stack.up()
    finally:
        stack.down()


@pytest.fixture(scope="module")
def editor(shop):
    return Person(shop, "editor")


def says_what_a_catalogue_needs(told):
    """Facets, totals, several at once, export, touch and a stream, of the three that were made."""
    assert {(one["value"], one["count"]) for one in told["facets"]} == {
        ("indian", 1), ("thai", 1), ("other", 1)}
    assert (told["counted"], told["total"], told["touched"], told["gone"]) == (3, "3", 2, 2)
    assert told["several"] == [207, 200, 412]
    assert sorted(told["lines"]) == ["Dal", "Pad", "Pie"]
    assert told["table"] == "_id"
    assert told["events"][0] == "event: change" and "/api/recipes/" in told["events"][1]


@pytest.fixture(scope="module")
def document(shop, tmp_path_factory):
    answer = shop.client.get("/api/openapi.json")
    assert answer.status == 200
    file = tmp_path_factory.mktemp("clients") / "openapi.json"
    file.write_bytes(answer.body)
    return file


def run(*command, cwd, **more):
    done = subprocess.run([str(part) for part in command], cwd=cwd, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def kept(name, key, make):
    """A folder under LARDER_CACHE, made once for this key."""
    folder = CACHE / f"{name}-{hashlib.sha256(repr(key).encode()).hexdigest()[:12]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            (folder / "done").touch()
    return folder


# --- TypeScript ---

@pytest.fixture(scope="module")
def modules():
    if shutil.which("npm") is None:
        pytest.skip("there is no npm here")
    package = (CLIENTS / "package.json").read_text()

    def make(folder):
        (folder / "package.json").write_text(package)
        run("npm", "install", "--no-audit", "--no-fund", cwd=folder)
    return kept("node", package, make) / "node_modules"


def test_a_client_in_typescript(shop, editor, document, modules, tmp_path):
    for name in ("package.json", "tsconfig.json", "use.ts"):
        shutil.copy(CLIENTS / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(modules)
    tools = modules / ".bin"
    run(tools / "openapi-typescript", document, "-o", "api.d.ts", cwd=tmp_path)
    run(tools / "tsc", "-p", ".", cwd=tmp_path)
    told = json.loads(run("node", "use.js", shop.url, editor.email, PASSWORD, cwd=tmp_path))
    assert told["stocked"] is True
    assert sorted(told["repeated"]) == sorted(told["joined"]) == ["Dal", "Pie"]
    assert told["picked"] == told["pickedJoined"] == ["Pad", "Dal"]
    assert set(told["fields"]) == {"_id", "title", "chef"}
    assert set(told["fields"]["chef"]) == {"name"}
    assert told["quick"] == 2
    assert told["changed"] == {"name": "Ada", "stars": 3, "address": {"city": "ts"}}
    assert (told["tags"], told["chef"]) == (None, "Ada")
    assert told["refused"] == ["minutes"]
    assert told["statuses"] == [401, 404, 200]
    says_what_a_catalogue_needs(told)


# --- Python ---

@pytest.fixture(scope="module")
def python():
    def make(folder):
        venv.create(folder, with_pip=True, symlinks=True)
        run(folder / "bin" / "pip", "install", "--quiet", *GENERATOR, cwd=folder)
    return kept("generator", (GENERATOR, sys.version_info[:2]), make) / "bin"


def test_a_client_in_python(shop, editor, document, python, tmp_path):
    shutil.copy(CLIENTS / "use.py", tmp_path)
    env = {**os.environ, "PATH": f"{python}:{os.environ['PATH']}"}
    words = run(python / "openapi-python-client", "generate", "--path", document,
                "--output-path", "made", "--meta", "none", cwd=tmp_path, env=env)
    assert "Warning" not in words and "Unable" not in words, words
    told = json.loads(run(python / "python", "use.py", shop.url, editor.email, PASSWORD,
                          cwd=tmp_path, env=env))
    assert told["stocked"] is True
    assert sorted(told["named"]) == ["Dal", "Pie"]
    assert set(told["fields"]) == {"_id", "title", "chef"}
    assert told["picked"] == ["Pad", "Dal"]
    assert told["quick"] == 2
    assert told["changed"] == {"name": "Ada", "stars": 3, "address": {"city": "py"}}
    assert told["tags"] is None
    assert told["published"].startswith("2026-11-23T00:00:00")
    assert told["refused"] == ["minutes"]
    assert told["statuses"] == [401, 404, 200, 401, 200]
    says_what_a_catalogue_needs({**told, "facets": told["facets"]["cuisine"]})


# --- Both ---

def test_nothing_is_said_twice_and_all_of_it_is_there(document):
    described = json.loads(document.read_text())
    names = {file.stem for file in (HERE / "resources").glob("*.json")}
    assert names <= {tag["name"] for tag in described["tags"]}
    for name in names:
        assert {"get", "post"} <= set(described["paths"][f"/api/{name}"])
        assert {"get", "put", "patch", "delete"} <= set(described["paths"][f"/api/{name}/{{id}}"])


def test_access_is_told_where_it_holds(document):
    paths = json.loads(document.read_text())["paths"]

    def needs(path, method):
        operation = paths[path][method]
        assert ("401" in operation["responses"]) == bool(operation["security"])
        return bool(operation["security"])
    assert needs("/api/devices", "get") and needs("/api/notes", "get")
    assert not needs("/api/recipes", "get") and needs("/api/recipes", "post")
    assert not needs("/api/counters", "post")
    assert "403" in paths["/api/devices/{id}"]["delete"]["responses"]


def test_the_description_of_files_describes_them(shop):
    answer = shop.client.get("/api/resource.schema.json")
    assert answer.status == 200
    assert answer.header("Content-Type").startswith("application/schema+json")
    schema = answer.json
    assert schema["$schema"].endswith("2020-12/schema")
    for file in (HERE / "resources").glob("*.json"):
        assert set(json.loads(file.read_text())) <= set(schema["properties"])
