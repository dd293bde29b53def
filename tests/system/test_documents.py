# SPDX-License-Identifier: BSD-2-Clause
"""What the documents name is there, and does what they say it does."""
import json
import os
import pathlib
import re
import shlex
import subprocess

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


# --- Links, names and commands of all papers ---

PAPERS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")]
PAPERS += sorted((ROOT / "docs").glob("*.md"))
IDS = [str(paper.relative_to(ROOT)) for paper in PAPERS]
FENCED = re.compile(r"^ *```(.*)\n((?:(?! *```).*\n)*) *```$", re.M)


def prose(paper):
    """Its text without the blocks of code."""
    return FENCED.sub("", paper.read_text())


def anchors(paper):
    """The ids of its headings, as GitHub and GitLab make them."""
    found = []
    for title in re.findall(r"^#+ (.+)$", prose(paper), re.M):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return found


def links(paper):
    text = re.sub(r"`[^`\n]*`", "", prose(paper))
    return re.findall(r"!?\[[^]]*\]\(([^)\s]+)\)", text)


@pytest.mark.parametrize("paper", PAPERS, ids=IDS)
def test_links_lead_somewhere(paper):
    for link in links(paper):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (paper.parent / path).resolve() if path else paper
        assert target.exists() and target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target), link


def test_links_are_found():
    """Or none of them would be looked at."""
    assert "architecture.svg" in links(ROOT / "docs" / "architecture.md")
    assert "the-log" in anchors(ROOT / "docs" / "configuration.md")
    assert "docs/architecture.md" in links(ROOT / "README.md")


SOURCE = re.compile(r"`((?:src|tests|scripts|docs|nginx|resources|debian)/[\w./-]+)`")


def parts(text):
    """Rows of tables, items of lists and paragraphs, each with the files that it names, or that the
    line before a list names, which ends with a colon."""
    above = []
    for part in re.split(r"\n\n|\n(?=\||\d+\. |[-*] )", text):
        files = SOURCE.findall(part)
        if part.startswith("#"):
            above = []
        elif part.endswith(":"):
            above = files
        yield part, files + above


@pytest.mark.parametrize("name", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_files_and_functions_are_where_it_says(name):
    everywhere = [path.read_text() for path in sorted((ROOT / "src").rglob("*.[ch]"))]
    functions = 0
    for part, files in parts(prose(ROOT / name)):
        assert all((ROOT / file).exists() for file in files), part
        texts = [path.read_text() for file in files for path in
                 ((ROOT / file).glob("*.c") if file.endswith("/") else [ROOT / file])]
        for function in re.findall(r"`(\w+)\(\)`", part):
            functions += 1
            assert any(re.search(rf"^[a-z#][^;\n]*\b{function}\(", text, re.M)
                       for text in texts or everywhere), (function, part)
    assert functions > 2


def test_the_drawing_of_the_layers_is_that_of_check_layers():
    drawn = re.findall(r'class="layer"[^>]*>([a-z]+)<', (ROOT / "docs" / "layers.svg").read_text())
    layers = re.search(r"^LAYERS = \[(.*?)\]", (ROOT / "scripts" / "check-layers").read_text(),
                       re.M | re.S).group(1)
    assert drawn == re.findall(r'"(\w+)"', layers)[::-1]


def commands(paper):
    """The commands that it shows: of blocks of sh all lines, of blocks of console those behind $ and
    #, with the lines that they go on in."""
    for kind, text in FENCED.findall(paper.read_text()):
        text = text.replace("\\\n", " ")
        if re.match(r"(ba)?sh\b", kind):
            yield from (line.strip() for line in text.splitlines())
        elif kind == "console":
            yield from re.findall(r"^[$#] (.*)$", text, re.M)


def calls(name):
    """(paper, arguments) of each call of a program of ours: its words up to a comment or a pipe."""
    for paper in PAPERS:
        for command in commands(paper):
            call = re.search(rf"(?:^|[\s/]){name}((?: [^#|<>;&]*)?)", " " + command)
            if call and not command.startswith("#"):
                yield str(paper.relative_to(ROOT)), shlex.split(call.group(1).replace("…", "x"))


def test_larderctl_has_what_is_called():
    seen = set()
    for paper, words in calls("larderctl"):
        if words[:1] == ["--config"]:
            words = words[2:]
        names = [word for word in words if re.fullmatch(r"[a-z]+", word)][:2]
        for count in (2, 1):
            help_text = run("larderctl", *names[:count], "--help")
            if len(names) >= count and help_text.returncode == 0:
                break
        assert help_text.returncode == 0, (paper, words, help_text.stderr)
        for option in words:
            if option.startswith("--"):
                assert option in help_text.stdout, (paper, words)
        seen.add(names[0])
    assert {"load", "resource", "cache", "reindex"} <= seen


def test_larderd_and_scripts_have_what_is_called():
    known = run("larderd", "--help").stdout
    for paper, words in calls("larderd"):
        assert all(word in known for word in words if word.startswith("--")), (paper, words)
    seen = set()
    for paper in PAPERS:
        for script, words in re.findall(r"\b(scripts/[\w-]+)((?: --?[\w-]+)*)", paper.read_text()):
            assert os.access(ROOT / script, os.X_OK) or (ROOT / script).is_dir(), (paper, script)
            code = (ROOT / script).read_text() if (ROOT / script).is_file() else ""
            assert all(word in code + "--help" for word in words.split()), (paper, script, words)
            seen.add(script)
    assert {"scripts/up", "scripts/down", "scripts/test"} <= seen


def test_make_and_configure_have_what_is_called():
    made = (ROOT / "Makefile.am").read_text() + (ROOT / "tests" / "sources.mk").read_text()
    made += "".join(f"\n{target}:" for target in ("check", "install", "distcheck", "all", "clean"))
    for paper in PAPERS:
        for option in re.findall(r"--enable-([a-z]+)", paper.read_text()):
            assert f"--enable-{option}]" in (ROOT / "configure.ac").read_text(), (paper, option)
        for target in re.findall(r"`make ([a-z][\w/-]*)`", paper.read_text()):
            assert re.search(rf"^{target}:|\b{target}\b", made, re.M), (paper, target)


def run(program, *words):
    folder = pathlib.Path(os.environ.get("LARDER_BUILD", ROOT / "var" / "build"))
    return subprocess.run([folder / program, *words], capture_output=True, text=True, timeout=30)


def test_the_first_session(stack, tmp_path):
    """What README.md shows is done as it stands there, with this stack's address; each answer has
    what is shown of it, in that order."""
    text = FENCED.search((ROOT / "README.md").read_text().split("## A first session")[1]).group(2)
    text = text.replace("localhost:8080", stack.url).replace("var/env", f"{stack.var}/env")
    steps = [step.partition("\n") for step in text.replace("\\\n", " ")[2:].split("\n$ ")]
    stack.client.post("/api/products", {"name": "Instant", "price": 7.3, "category": "coffee"})
    script = "".join(f"{command}\nprintf '\\1'\n" for command, _, _ in steps)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True,
                          timeout=60)
    answers, shown = done.stdout.split("\1"), 0
    for (command, _, expected), answer in zip(steps, answers):
        if not expected.strip():
            continue
        got, shown = json.loads(answer), shown + 1
        names = re.findall(r'"(\w+)":', re.sub(r"\[?\{(?!\"success).*", "", expected))
        assert [name for name in got if name in names] == names, (command, answer)
        assert str(got["success"]).lower() in expected.partition(",")[0], (command, answer)
        for field in re.findall(r'"message":"[^"]*"', expected):
            assert field in answer, (command, answer)
    assert shown >= 4 and done.stderr == ""
