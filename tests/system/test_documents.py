# SPDX-License-Identifier: BSD-2-Clause
"""What the documents name is there, and does what they say it does."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Each has a use: DEL and UNLINK, TTL and PTTL are two.
OPERATIONS = {"GET", "SET PX", "SET EX", "SET NX PX", "DEL", "UNLINK", "EXISTS", "TTL", "PTTL",
              "EXPIRE", "PEXPIRE", "EXPIREAT", "PERSIST", "INCR", "INCRBY", "DECR", "MSET", "MGET",
              "HSET", "HGET", "HGETALL", "HINCRBY", "SCAN"}


def rows():
    """The rows of the table in docs/redis.md: operations, files, tests."""
    text = (ROOT / "docs/redis.md").read_text().split("## Operations")[1].split("\n## ")[0]
    for line in text.splitlines():
        cells = line.strip("| ").split(" | ")
        if len(cells) == 4 and cells[0].startswith("`"):
            yield tuple(re.findall(r"`([^`]+)`", cells[i]) for i in (0, 2, 3))


def sends(code, operation):
    """Whether all words of the operation are arguments somewhere, of a command or in a script."""
    return all(re.search(rf"[\"']{word}[\"']", code) for word in operation.split())


def test_every_operation_has_its_row():
    named = {operation for operations, _, _ in rows() for operation in operations}
    assert OPERATIONS <= named, OPERATIONS - named


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row[0][0])
def test_operations_are_where_the_table_says(row):
    operations, files, tests = row
    texts = [(ROOT / file).read_text() for file in files]
    for operation in operations:
        assert any(sends(text, operation) for text in texts), operation
    for file, text in zip(files, texts):
        assert any(sends(text, operation) for operation in operations), file
    assert tests
    for test in tests:
        file, _, name = test.partition("::")
        text = (ROOT / file).read_text()
        assert re.search(rf"^(def|static void) {name}\(" if name else "def test_", text, re.M), test


def test_no_operation_is_left_out():
    """What the sources send stands in the table, or is of the connection's own."""
    own = {"AUTH", "HELLO", "SELECT", "PING", "SUBSCRIBE", "PUBLISH", "SETNAME", "QUIT", "EVAL",
           "SCRIPT", "TIME"}
    named = {word for operations, _, _ in rows() for operation in operations
             for word in operation.split()}
    sent = set()
    for path in (ROOT / "src").rglob("*.c"):
        text = path.read_text()
        sent |= set(re.findall(r"redis\.p?call\('([A-Z]+)'", text))
        sent |= set(re.findall(r"\(const struct str\[\]\)\{\s*STR\(\"([A-Z]+)\"\)", text))
    assert "INCR" in sent and "HGETALL" in sent
    assert sent <= named | own, sent - named - own
