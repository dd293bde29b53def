# SPDX-License-Identifier: BSD-2-Clause
"""Files and collections of one's own, by the commands of README.md as they stand there, with other
addresses and folders (test_documents.py has its first session)."""
import re
import subprocess

import pytest

from stack import ROOT


def commands(heading):
    """What is typed under a heading, continuation lines included."""
    section = re.search(rf"\n## {heading}\n(.*?)(?=\n## )", (ROOT / "README.md").read_text(), re.S)[1]
    lines = "\n".join(re.findall(r"```console\n(.*?)```", section, re.S)).splitlines()
    typed, goes_on = [], False
    for line in lines:
        if line.startswith("$ ") or goes_on:
            typed.append(line.removeprefix("$ "))
            goes_on = line.endswith("\\")
    return typed


@pytest.fixture
def run(stack, tmp_path):
    def run(lines, resources="resources"):
        text = "\n".join(["set -euo pipefail", *lines])
        for old, new in (("localhost:8080", stack.url.removeprefix("http://")),
                         ("var/larderd.conf", str(stack.var / "larderd.conf")),
                         ("var/build/", f"{stack.build}/"), ("resources/", f"{resources}/")):
            text = text.replace(old, new)
        done = subprocess.run(["bash", "-c", text], cwd=tmp_path, capture_output=True, text=True,
                              timeout=120)
        assert done.returncode == 0, (text, done.stdout, done.stderr)
        return done.stdout
    return run


def test_a_file_is_loaded(stack, run):
    lines = commands("A first session")
    run(lines[[line.startswith("printf") for line in lines].index(True):])
    kettle = stack.client.get("/api/products", category="kitchenware").json["data"][0]
    assert (kettle["name"], kettle["price"]) == ("Kettle", 29.5)


def test_a_collection_that_is_there_is_served(stack, run, tmp_path):
    stack.mongo.books.insert_many([{"title": f"Book {i}", "pages": 100 + i} for i in range(5)])
    folder = tmp_path / "folder"
    folder.mkdir()
    lines = commands("A collection that is there already")
    assert [line for line in lines if line == "scripts/up"]
    run([line for line in lines if line.startswith("var/build")], folder)
    host = stack.sibling(LARDER_RESOURCES=str(folder))
    path = re.search(r"localhost:8080(/\S+)", lines[-1])[1]
    assert host.client.get(path).json["total"] == 5
