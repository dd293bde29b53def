# SPDX-License-Identifier: BSD-2-Clause
"""scripts/up, down, stack and larderd --check-config, as an operator meets them."""
import os
import pathlib
import re
import subprocess
import time

import pytest

from stack import SCRIPTS, Stack, eventually


def pids(stack):
    return {file.name: file.read_text() for file in (stack.var / "run").glob("*.pid")}


def test_a_second_up_is_quick_and_changes_nothing(stack, http):
    before = pids(stack), (stack.var / "env").read_text()
    begun = time.monotonic()
    done = stack.script("up", "--no-sample")
    took = time.monotonic() - begun
    assert took < 5, took
    assert (pids(stack), (stack.var / "env").read_text()) == before
    assert stack.url in done.stdout and "curl" in done.stdout


def test_env_tells_where_things_are_to_its_owner_only(stack):
    assert os.stat(stack.var / "env").st_mode & 0o777 == 0o600
    assert {"LARDER_URL", "LARDER_SOCKET", "REDIS_URL", "MONGODB_URI", "LARDER_ADMIN_EMAIL",
            "LARDER_ADMIN_PASSWORD"} <= stack.env.keys()
    assert {"redis.pid", "mongo.pid", "nginx.pid", "larderd-1.pid", "larderd-2.pid"} <= \
        pids(stack).keys()


def test_no_secret_on_a_command_line_or_in_a_log(stack):
    secrets = [stack.env["LARDER_ADMIN_PASSWORD"]]
    secrets += re.findall(r"://[^:]*:([^@]+)@", stack.env["REDIS_URL"] + stack.env["MONGODB_URI"])
    assert len(secrets) == 3
    texts = [file.read_bytes().decode(errors="replace")
             for file in pathlib.Path("/proc").glob("[0-9]*/cmdline") if readable(file)]
    texts += [file.read_text(errors="replace") for file in (stack.var / "log").iterdir()
              if file.is_file() and os.access(file, os.R_OK)]
    for text in texts:
        for secret in secrets:
            assert secret not in text, text[:300]


def readable(file):
    try:
        file.read_bytes()
        return True
    except OSError:
        return False


def test_status(stack, healthy):
    assert stack.control("status").returncode == 0
    stack.control("stop", "redis")
    done = stack.script("stack", "status", check=False)
    assert done.returncode == 1 and re.search(r"^redis +down", done.stdout, re.M), done.stdout
    stack.control("start", "redis")
    assert stack.control("status", "redis").returncode == 0


@pytest.mark.parametrize("arguments", [("stack",), ("stack", "dance"), ("stack", "stop", "postgres"),
                                       ("up", "--fast"), ("down", "--all")])
def test_bad_arguments(stack, arguments):
    done = stack.script(*arguments, check=False)
    assert done.returncode == 2 and "usage" in done.stderr


@pytest.mark.parametrize("name, value", [
    ("LARDER_MEMORY", "lots"), ("LARDER_WRITES", "maybe"), ("LARDER_THREADS", "0"),
    ("REDIS_URL", "http://127.0.0.1"), ("MONGODB_URI", "redis://x"), ("LARDER_QUEUE", "-1"),
    ("LARDER_LOG_LEVEL", "loud"), ("LARDER_ORIGINS", "example.org"), ("LARDER_LISTEN", "nowhere")])
def test_check_config_names_what_is_wrong(stack, name, value):
    done = check_config(stack, **{name: value})
    assert done.returncode == 1
    assert name in done.stderr and "allowed" in done.stderr


def test_check_config_names_everything_that_is_wrong(stack):
    done = check_config(stack, LARDER_MEMORY="x", LARDER_THREADS="x")
    assert "LARDER_MEMORY" in done.stderr and "LARDER_THREADS" in done.stderr


def test_check_config_hides_passwords(stack):
    done = check_config(stack, REDIS_URL="http://user:geheim@host")
    assert done.returncode == 1 and "geheim" not in done.stdout + done.stderr


def check_config(stack, **settings):
    env = {name: value for name, value in os.environ.items() if not name.startswith("LARDER_")}
    env = {**env, **settings}
    return subprocess.run([stack.build / "larderd", "--check-config"], env=env, text=True,
                          capture_output=True, timeout=30)


def test_check_config_is_content_with_the_stack(stack):
    done = subprocess.run([stack.build / "larderd", "--config", stack.var / "larderd.conf",
                           "--check-config"], text=True, capture_output=True, timeout=30)
    assert done.returncode == 0 and "configuration ok" in done.stdout + done.stderr


def test_up_with_a_bad_setting_says_so_and_leaves_what_runs(stack, http):
    before = pids(stack)
    config = (stack.var / "larderd.conf").read_text()
    done = stack.script("up", "--no-sample", check=False, env={"LARDER_THREADS": "many"})
    assert done.returncode != 0 and "LARDER_THREADS" in done.stderr
    assert pids(stack) == before and http.get("/healthz").status == 200
    if (stack.var / "larderd.conf").read_text() != config:
        stack.script("up", "--no-sample", env={"LARDER_THREADS": ""})


def test_without_settings_of_the_caller_there_is_nothing_to_hide_or_to_complain_of():
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("LARDER_")}
    done = subprocess.run(["bash", "-c", 'set -euo pipefail; . "$1"; settings_hidden', "bash",
                           SCRIPTS / "lib" / "stack.sh"], env=environment, capture_output=True,
                          text=True, check=True)
    assert done.stdout.split() == ["--unset=MONGODB_URI", "--unset=REDIS_URL"]
    assert done.stderr == ""


def test_down_and_up_keep_the_data(stack, product):
    made = product(name="kept")
    stack.script("down")
    for pid in (stack.var / "run").glob("*.pid"):
        assert not pathlib.Path(f"/proc/{pid.read_text().strip()}").exists(), pid
    stack.script("up", "--no-sample")
    assert stack.client.get(f"/api/products/{made['_id']}").json["data"] == made
    stack.settle(30)


def test_up_on_a_database_that_has_an_administrator(stack, other):
    assert other.client.get("/healthz").status == 200
    assert "LARDER_ADMIN_PASSWORD" not in other.env
    done = stack.ctl("admin", "add", "--email", stack.env["LARDER_ADMIN_EMAIL"],
                     stdin="another password\n", check=False)
    assert done.returncode == 3 and "exists" in done.stderr


def test_a_stack_with_the_sample_then_purged(stack):
    """Beside the other one, and as it comes: changes are the administrator's."""
    other = Stack(LARDER_WRITES="")
    try:
        out = other.script("up").stdout
        url = re.search(r"http://127\.0\.0\.1:\d+", out).group()
        other.up()
        assert url == other.url != stack.url
        products = other.client.get("/api/products?limit=1").json
        posts = other.client.get("/api/posts?limit=1").json
        assert products["total"] == 60 and posts["total"] == 30
        product = {"name": "x", "price": 1, "category": "x"}
        assert other.client.post("/api/products", product).status == 401
        session = other.client.post("/api/sessions", {
            "email": other.env["LARDER_ADMIN_EMAIL"],
            "password": other.env["LARDER_ADMIN_PASSWORD"]})
        assert session.status == 201, session
        token = {"Authorization": f"Bearer {session.json['token']}"}
        assert other.client.post("/api/products", product, headers=token).status == 201
        for pid in other.workers():
            os.kill(pid, 9)
        eventually(lambda: other.client.get("/api/products?limit=1").status == 200, 10)
        run = other.var / "run"
        gone = [int(file.read_text()) for file in run.glob("*.pid")]
        other.script("down", "--purge")
        assert not (other.var / "env").exists() and not (other.var / "mongo").exists()
        eventually(lambda: not any(pathlib.Path(f"/proc/{pid}/exe").exists() for pid in gone), 10)
        assert other.script("down", "--purge").returncode == 0
    finally:
        other.script("down", "--purge", check=False)
    assert stack.client.get("/healthz").status == 200


def test_workers_whose_shared_memory_was_removed_are_replaced(stack, healthy):
    """Else two segments on one host would know nothing of each other's writes."""
    before = set(stack.workers())
    os.unlink(stack.segment())
    eventually(lambda: len(set(stack.workers()) - before) == len(before), seconds=20)
    stack.settle()
    maps = {line.split()[4] for pid in stack.workers() for line in open(f"/proc/{pid}/maps")
            if "/dev/shm/larder-" in line and "metrics" not in line}
    assert len(maps) == 1
