# SPDX-License-Identifier: BSD-2-Clause
"""What operators do with larderctl: people, single entries, warming, indexes, under locks."""
import fcntl
import itertools
import os
import pty
import signal
import subprocess
import termios

import pytest

from stack import ROOT

counter = itertools.count()
PASSWORD = "correct horse"


@pytest.fixture
def email(stack):
    return f"op{os.getpid()}-{next(counter)}@example.org"


def sign_in(stack, email, password=PASSWORD):
    answer = stack.client.post("/api/sessions", {"email": email, "password": password})
    return answer.json["token"] if answer.status == 201 else answer.status


def role_of(stack, token):
    answer = stack.client.get("/api/sessions/current", headers={"Authorization": f"Bearer {token}"})
    return answer.json["user"]["role"] if answer.status == 200 else answer.status


@pytest.mark.parametrize("words, told", [
    (("user",), "user takes one of: add, list, passwd, role"),
    (("cache", "purgee"), "cache takes one of: list,"),
    (("nothing",), 'there is no command "nothing"'),
    (("nothing", "--help"), 'there is no command "nothing"'),
    (("admin", "add", "--email"), "larderctl: option '--email' requires an argument"),
])
def test_what_is_no_command_is_told(stack, words, told):
    done = stack.ctl_bare(*words)
    assert done.returncode == 2 and told in done.stderr, done.stderr


@pytest.mark.parametrize("program, words", [
    ("larderd", ["--help"]), ("larderd", ["--version"]), ("larderd", ["--check-config"]),
    ("larderctl", ["--help"]), ("larderctl", ["--version"]), ("larderctl", ["load", "--help"]),
    ("larderctl", ["help"]),
    ("larderctl", ["--config", "FILE", "user", "list"])])
def test_output_that_is_lost_is_told(stack, program, words):
    words = [stack.var / "larderd.conf" if word == "FILE" else word for word in words]
    with open("/dev/full", "w") as full:
        done = subprocess.run([stack.build / program, *words], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=60,
                              env={**os.environ, "LARDER_RESOURCES": str(ROOT / "resources")})
    assert done.returncode == 1 and f"{program}: cannot write" in done.stderr, done.stderr


@pytest.mark.parametrize("word, first", [
    ("cache", "cache list [PATTERN]"), ("user", "user add --email EMAIL"),
    ("admin", "admin add --email EMAIL"), ("redis", "redis ping")])
def test_help_of_a_word_has_its_commands(stack, word, first):
    done = stack.ctl_bare(word, "--help")
    assert done.returncode == 0 and done.stderr == "" and f"  {first}" in done.stdout
    told = [line.split()[0] for line in done.stdout.splitlines()[2:] if line[2] != " "]
    assert set(told) == {word}


@pytest.mark.parametrize("program, words, same", [
    ("larderd", ["-h"], ["--help"]), ("larderd", ["help"], ["--help"]),
    ("larderd", ["-V"], ["--version"]), ("larderctl", ["-V"], ["--version"]),
    ("larderctl", ["-h"], ["--help"]), ("larderctl", ["help"], ["--help"]),
    ("larderctl", ["help", "load"], ["load", "--help"]),
    ("larderctl", ["load", "-h"], ["load", "--help"]),
    ("larderctl", ["help", "cache", "list"], ["cache", "list", "--help"]),
    ("larderctl", ["help", "cache"], ["cache", "--help"]),
    ("larderctl", ["cache", "-h"], ["cache", "--help"])])
def test_help_and_version_have_short_names(stack, program, words, same):
    done, long = (subprocess.run([stack.build / program, *these], capture_output=True, text=True,
                                 timeout=60) for these in (words, same))
    assert done.returncode == 0 and done.stderr == "" and done.stdout == long.stdout != ""


def test_help_of_what_is_no_command_is_told(stack):
    done = stack.ctl_bare("help", "nothing")
    assert done.returncode == 2 and 'there is no command "nothing"' in done.stderr


COMPLETE = '''
source "$1"
COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
_larder "$2" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
'''


@pytest.mark.parametrize("words, offered", [
    (["larderctl", "c"], {"cache"}),
    (["larderctl", "cache", "e"], {"expire"}),
    (["larderctl", "--config", "x", "redis", ""], {"ping"}),
    (["larderctl", "user", "role", "x", "--"], {"--config"}),
    (["larderctl", "admin", "add", "--e"], {"--email"}),
    (["larderctl", "user", "add", "--role", "e"], {"editor"}),
    (["larderd", "--ch"], {"--check-config"}),
    (["larderd", "h"], {"help"})])
def test_bash_completes_what_there_is(stack, words, offered):
    program = str(stack.build / words[0])
    done = subprocess.run(["bash", "-c", COMPLETE, "bash", ROOT / "completion" / "larder.bash",
                           program, *words[1:]], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stderr == ""
    assert set(done.stdout.split()) == offered


def test_bash_completes_every_command(stack):
    help = stack.ctl_bare("--help").stdout
    first = {line.split()[0] for line in help.splitlines() if line[:2] == "  " and line[2].isalpha()}
    done = subprocess.run(["bash", "-c", COMPLETE, "bash", ROOT / "completion" / "larder.bash",
                           str(stack.build / "larderctl"), ""], capture_output=True, text=True,
                          timeout=30)
    assert set(done.stdout.split()) == first | {"help"} and len(first) >= 5


def test_a_misspelt_setting_is_told(stack):
    done = stack.ctl("redis", "ping", LARDER_MEMROY="1GiB", LARDER_VAR="x")
    assert done.stderr == 'warning: "LARDER_MEMROY" in the environment is not a setting\n'


def test_a_refused_user_of_the_database_is_told(stack, email):
    uri = stack.env["MONGODB_URI"].replace("larder:", "larder:x", 1)
    done = stack.ctl("admin", "add", "--email", email, stdin=PASSWORD + "\n", check=False,
                     MONGODB_URI=uri)
    assert done.returncode == 1 and "MongoDB: " in done.stderr
    assert "not supported" not in done.stderr, done.stderr


def test_user_add_and_list(stack, email):
    done = stack.ctl("user", "add", "--email", email.upper(), "--name", "An editor",
                     "--role", "editor", stdin=PASSWORD + "\n")
    assert done.stdout == f"{email} added as editor\n"
    assert role_of(stack, sign_in(stack, email)) == "editor"
    again = stack.ctl("user", "add", "--email", email, stdin=PASSWORD + "\n", check=False)
    assert again.returncode == 3 and "exists already" in again.stderr
    line = next(li for li in stack.ctl("user", "list").stdout.splitlines() if email in li)
    assert " editor " in line and " 1 " in line and "never" not in line
    assert PASSWORD not in stack.ctl("user", "list").stdout


@pytest.mark.parametrize("arguments", [
    ("--email", "nobody"), ("--role", "king", "--email", "a@b"), (), ("--email", "a@b", "more")])
def test_user_add_refuses(stack, arguments):
    done = stack.ctl("user", "add", *arguments, stdin=PASSWORD + "\n", check=False)
    assert done.returncode == 2


def test_short_password(stack, email):
    done = stack.ctl("user", "add", "--email", email, stdin="short\n", check=False)
    assert done.returncode == 1 and "8 characters" in done.stderr
    assert stack.mongo.larder_users.find_one({"email": email}) is None


def test_role_holds_at_once(stack, email):
    stack.ctl("user", "add", "--email", email, stdin=PASSWORD + "\n")
    token = sign_in(stack, email)
    for role in ("editor", "admin", "reader"):
        assert role_of(stack, token) != role
        stack.ctl("user", "role", email, role)
        for _ in range(4):
            assert role_of(stack, token) == role
    assert stack.ctl("user", "role", "nobody@example.org", "admin", check=False).returncode == 1
    assert stack.ctl("user", "role", email, "king", check=False).returncode == 2


def test_passwd_ends_sessions(stack, email):
    stack.ctl("user", "add", "--email", email, stdin=PASSWORD + "\n")
    token = sign_in(stack, email)
    assert role_of(stack, token) == "reader"
    stack.ctl("user", "passwd", email, stdin="another one\n")
    for _ in range(4):
        assert role_of(stack, token) == 401
    assert sign_in(stack, email) == 401
    assert role_of(stack, sign_in(stack, email, "another one")) == "reader"


@pytest.fixture
def terminal():
    """Both ends; what is typed into the first, a program reads from the second."""
    ends = pty.openpty()
    yield ends
    for end in ends:
        os.close(end)


def echoes(end):
    return bool(termios.tcgetattr(end)[3] & termios.ECHO)


def on_terminal(stack, end, *arguments):
    """larderctl as a shell starts it: its terminal sends it signals, which it does not ignore
    though these tests may run in the background."""
    def begin():
        fcntl.ioctl(end, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(stack.ctl_command(*arguments), stdin=end, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, start_new_session=True,
                            preexec_fn=begin)


def test_password_on_a_terminal_is_not_echoed(stack, email, terminal, eventually):
    keyboard, end = terminal
    add = on_terminal(stack, end, "user", "add", "--email", email)
    for prompt in ("Password: ", "\nOnce more: "):
        assert add.stderr.read(len(prompt)) == prompt
        eventually(lambda: not echoes(end))
        os.write(keyboard, PASSWORD.encode() + b"\n")
    assert add.wait(timeout=30) == 0, add.stderr.read()
    assert add.stdout.read() == f"{email} added as reader\n" and echoes(end)
    assert sign_in(stack, email) != 401


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_terminal_echoes_after_an_interrupted_prompt(stack, email, terminal, eventually, number):
    keyboard, end = terminal
    add = on_terminal(stack, end, "user", "add", "--email", email)
    eventually(lambda: not echoes(end))
    os.write(keyboard, b"half\x03" if number == signal.SIGINT else b"half")
    if number == signal.SIGTERM:
        add.terminate()
    assert add.wait(timeout=10) == -number
    assert echoes(end)


def test_ttl_expire_persist(stack, product, eventually):
    stack.settle()
    item = product()["_id"]
    name = f"product:{item}"
    stack.client.get(f"/api/products/{item}")
    eventually(lambda: stack.redis.exists(stack.key(name)))
    ttl = float(stack.ctl("cache", "ttl", name).stdout.split()[0])
    assert 500 < ttl <= 660
    shown = stack.ctl("cache", "list", name).stdout.split()
    assert 500 < int(shown[0]) <= 660 and shown[1] == "s" and shown[-1].startswith(name)
    stack.ctl("cache", "expire", name, "1000")
    assert 990 < stack.redis.ttl(stack.key(name)) <= 1000
    stack.ctl("cache", "persist", name)
    stack.ctl("cache", "persist", name)
    assert stack.redis.ttl(stack.key(name)) == -1
    assert stack.ctl("cache", "ttl", name).stdout == "pinned\n"
    assert stack.ctl("cache", "list", name).stdout.startswith("  pinned")
    assert stack.client.put(f"/api/products/{item}", {"price": 5}).status == 200
    assert stack.client.get(f"/api/products/{item}").json["data"]["price"] == 5
    eventually(lambda: 0 < stack.redis.ttl(stack.key(name)) <= 660)
    for command in (("ttl", "product:0"), ("expire", "product:0", "9"), ("persist", "product:0")):
        done = stack.ctl("cache", *command, check=False)
        assert done.returncode == 1 and "no entry" in done.stderr
    assert stack.ctl("cache", "expire", name, "0", check=False).returncode == 2


@pytest.mark.parametrize("name", ["tag:product:x", "fence:product:x", "lock:fill:x", "born"])
def test_what_keeps_entries_right_is_left_alone(stack, name):
    """Also by who names it; a fence pinned by hand would keep its tag from the cache for good."""
    key = stack.base() + name
    stack.redis.set(key, "1", px=60000, nx=True)
    before = stack.redis.pttl(key)
    for command in (("ttl", name), ("expire", name, "1"), ("persist", name)):
        done = stack.ctl("cache", *command, check=False)
        assert done.returncode == 2 and "name of one entry" in done.stderr
    assert before - 30000 < stack.redis.pttl(key) <= before
    if name != "born":
        stack.redis.unlink(key)


def test_warm(stack, product, category):
    stack.settle()
    items = [product()["_id"] for _ in range(3)]
    stack.ctl("cache", "purge", "*")
    done = stack.ctl("cache", "warm", "50")
    assert "entries are cached" in done.stdout
    for item in items:
        assert stack.redis.exists(stack.key(f"product:{item}"))
        assert stack.client.get(f"/api/products/{item}").hit
    assert stack.client.get("/api/products").hit
    assert stack.client.get("/api/products", category=category).hit
    shown = stack.ctl("cache", "stats").stdout
    assert "product " in shown and "warmed" in shown and "keyspace_hits" in shown
    assert stack.redis.exists("larder:lock:warm") == 0


def test_one_at_a_time(stack):
    stack.redis.set("larder:lock:warm", "somebody else's", px=60000)
    try:
        done = stack.ctl("cache", "warm", "5", check=False)
        assert done.returncode == 1 and "another warm is under way" in done.stderr
        assert stack.redis.get("larder:lock:warm") == b"somebody else's"
    finally:
        stack.redis.unlink("larder:lock:warm")


def test_reindex(stack):
    before = stack.mongo.products.index_information()
    done = stack.ctl("reindex")
    assert [line.split()[0] for line in done.stdout.splitlines()] == \
        ["larder_users", "larder_sessions", "larder_receipts", "larder_attempts", "packages", "posts", "products"]
    assert stack.mongo.products.index_information() == before
    assert "expires" in stack.mongo.larder_sessions.index_information()
    assert stack.redis.exists("larder:lock:reindex") == 0
