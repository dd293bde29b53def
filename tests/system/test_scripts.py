# SPDX-License-Identifier: BSD-2-Clause
"""scripts/up, down, stack and larderd --check-config, as an operator meets them."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from stack import ROOT, SCRIPTS, Stack, eventually, of_database, port_is_free


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


def test_nginx_and_workers_do_not_push_each_other_off_a_core(stack):
    of_nginx = subprocess.run(["pgrep", "-P", str(stack.pid("nginx"))], check=True,
                              capture_output=True, text=True).stdout.split()
    assert of_nginx
    for pid in [stack.pid("larderd-1"), *map(int, of_nginx)]:
        assert os.sched_getscheduler(pid) == os.SCHED_BATCH


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
                                       ("stack", "start stop"), ("stack", "status", "redis mongo"),
                                       ("up", "--fast"), ("up", "--no-sample", "--bogus"),
                                       ("down", "--all"), ("down", "--purge", "now"),
                                       ("test", "nothing")])
def test_bad_arguments(stack, tmp_path, arguments):
    done = stack.script(*arguments, check=False, env={"LARDER_VAR": str(tmp_path / "none")})
    assert done.returncode == 2 and "usage" in done.stderr and done.stdout == ""
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", ["up", "down", "stack", "test"])
def test_help(stack, tmp_path, name):
    done = stack.script(name, "--help", env={"LARDER_VAR": str(tmp_path / "none")})
    assert "usage" in done.stdout and done.stderr == ""
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("odd", ["a|b", "a&b", 'a"b', "a\\b"])
def test_a_folder_whose_name_would_break_configurations_is_refused(stack, tmp_path, odd):
    done = stack.script("up", check=False, env={"LARDER_VAR": str(tmp_path / odd)})
    assert done.returncode == 3 and "LARDER_VAR" in done.stderr
    assert not (tmp_path / odd).exists()


def test_a_stack_that_was_never_up_is_not_started_in_part(stack, tmp_path):
    done = stack.script("stack", "start", check=False, env={"LARDER_VAR": str(tmp_path / "none")})
    assert done.returncode == 3 and "scripts/up" in done.stderr
    assert not (tmp_path / "none").exists()


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


def check_config(stack, *options, **settings):
    env = {name: value for name, value in os.environ.items() if not name.startswith("LARDER_")}
    env = {**env, "LARDER_RESOURCES": str(ROOT / "resources"), **settings}
    return subprocess.run([stack.build / "larderd", "--check-config", *options], env=env,
                          text=True, capture_output=True, timeout=30)


def test_wrong_settings_are_lines_of_the_log_for_a_worker_that_does_not_start(stack):
    env = {"LARDER_RATE": "x", "LARDER_THREADS": "x", "LARDER_RESOURCES": str(ROOT / "resources")}
    done = subprocess.run([stack.build / "larderd"], env=env, text=True, capture_output=True,
                          timeout=30)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.returncode == 1
    told = [line["why"] for line in lines if line["level"] == "error"]
    assert len(told) == 2 and "LARDER_RATE" in told[0] and "LARDER_THREADS" in told[1]


@pytest.mark.parametrize("line", ["export LARDER_RATE=5", "=5"])
def test_a_line_without_a_name_sets_nothing_and_is_wrong(stack, tmp_path, line):
    (tmp_path / "larder.conf").write_text(f"{line}\n")
    done = check_config(stack, "--config", tmp_path / "larder.conf")
    assert done.returncode == 1 and "larder.conf:1: " in done.stderr
    assert "NAME=VALUE" in done.stderr


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
@pytest.mark.parametrize("program", ["larderd", "larderctl"])
def test_closed_standard_descriptors_are_no_harm(stack, program, closed):
    words = [stack.build / program, "--config", stack.var / "larderd.conf"]
    words += ["--check-config"] if program == "larderd" else ["cache", "list"]
    ends = "".join(f" {fd}>&-" for fd in closed)
    done = subprocess.run(["sh", "-c", f'exec "$@"{ends}', "sh", *words], capture_output=True,
                          timeout=30, check=False)
    assert done.returncode == 0, done


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
    other = Stack(LARDER_WRITES="", LARDER_SIGNUP="open")
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


# --- A stack for itself, beside another whose servers it may be given ---


@pytest.fixture(scope="module")
def lone(stack):
    """A stack whose first start was refused."""
    lone = Stack()
    try:
        done = lone.script("up", "--no-sample", check=False, env={"LARDER_THREADS": "many"})
        assert done.returncode == 3 and "LARDER_THREADS" in done.stderr
        yield lone.up()
    finally:
        lone.down()


def servers_of(stack):
    return {name: stack.env[name] for name in ("REDIS_URL", "MONGODB_URI")}


def answers(stack):
    return stack.client.get("/api/products?limit=1").status == 200


def running(stack):
    """The parts of the stack, of postgres too, that have a living process."""
    return {name for name, pid in pids(stack).items()
            if pathlib.Path(f"/proc/{pid.strip()}/exe").exists()}


def test_a_setting_that_was_refused_at_first_does_not_stick(lone):
    assert "LARDER_THREADS" not in (lone.var / "larderd.conf").read_text()
    assert answers(lone)


def test_another_size_of_the_memory_takes_effect(lone):
    """Which no worker can take while its neighbours have the old one."""
    def size():
        return os.stat(lone.segment()).st_size
    before = size()
    lone.script("up", "--no-sample", env={"LARDER_MEMORY": "8MiB"})
    assert 8 << 20 <= size() < 16 << 20 and answers(lone)
    lone.script("up", "--no-sample", env={"LARDER_MEMORY": ""})
    assert size() == before and answers(lone)


def test_a_port_that_is_taken_is_noticed_before_anything_starts(stack):
    other = Stack()
    try:
        with socket.create_server(("127.0.0.1", other.ports)):
            done = other.script("up", "--no-sample", check=False)
        assert done.returncode == 3 and str(other.ports) in done.stderr
        assert not pids(other)
    finally:
        other.down()


def test_workers_that_a_killed_nginx_has_left_are_ended(lone):
    for action in ("start", "restart"):
        lone.signal("nginx", signal.SIGKILL)
        lone.control(action, "nginx")
        assert answers(lone)
    for action in ("stop", "kill"):
        lone.signal("nginx", signal.SIGKILL)
        assert not port_is_free(lone.ports)
        lone.control(action, "nginx")
        eventually(lambda: port_is_free(lone.ports), 5)
        lone.control("start", "nginx")


def test_the_number_of_workers_is_changed_and_checked_while_they_run(lone):
    for count in (3, 2):
        lone.script("up", "--no-sample", env={"LARDER_WORKERS": str(count)})
        assert len(lone.workers()) == count and answers(lone)
    before = pids(lone)
    for wrong in ("257", "many"):
        done = lone.script("up", "--no-sample", check=False, env={"LARDER_WORKERS": wrong})
        assert done.returncode == 3 and "LARDER_WORKERS" in done.stderr
    assert pids(lone) == before


@pytest.mark.parametrize("name, value", [
    ("REDIS_URL", "redis://h/16"), ("MONGODB_URI", "redis://h"), ("LARDER_LISTEN", "127.0.0.1:1"),
    ("MONGODB_URI", "mongodb://127.0.0.1:1/x")])
def test_an_address_that_is_refused_is_not_kept(lone, name, value):
    before = pids(lone), lone.env, (lone.var / "state").read_text()
    done = lone.script("up", "--no-sample", check=False, env={name: value})
    assert done.returncode == 3 and name in done.stderr
    assert (pids(lone), lone.env, (lone.var / "state").read_text()) == before
    assert not (lone.var / "larderd.conf.checked").exists()
    lone.script("up", "--no-sample")
    assert pids(lone) == before[0]


def test_stop_and_down_do_not_mind_the_callers_addresses(lone, stack):
    lone.control("stop", "redis", **servers_of(stack))
    assert "redis.pid" not in running(lone)
    lone.script("down", env=servers_of(stack))
    assert not running(lone)
    lone.up()


def test_a_stack_is_switched_to_other_servers_and_back(lone, stack):
    before = lone.env
    lone.script("up", "--no-sample", env=servers_of(stack))
    assert servers_of(lone) == servers_of(stack)
    assert not running(lone) & {"redis.pid", "mongo.pid", "postgres.pid"}
    assert "LARDER_ADMIN_PASSWORD" not in lone.env  # there was an administrator already
    assert "external" in lone.control("status").stdout
    lone.script("down")
    lone.up()
    assert lone.env == before and answers(lone)
    session = lone.client.post("/api/sessions", {"email": before["LARDER_ADMIN_EMAIL"],
                                                 "password": before["LARDER_ADMIN_PASSWORD"]})
    assert session.status == 201


def test_an_empty_address_gives_the_stack_its_own_server_again(lone, stack):
    """With a database and a Redis of its own there: one database has one cache."""
    before = lone.env
    there = {"REDIS_URL": stack.env["REDIS_URL"].removesuffix("/0") + "/7",
             "MONGODB_URI": of_database(stack.env["MONGODB_URI"], "lone")}
    lone.script("up", "--no-sample", env=there)
    lone.script("up", "--no-sample", env={"REDIS_URL": ""})
    assert servers_of(lone) == {**there, "REDIS_URL": before["REDIS_URL"]}
    assert "redis.pid" in running(lone) and "mongo.pid" not in running(lone)
    lone.script("up", "--no-sample", env={"MONGODB_URI": ""})
    assert lone.env == before and answers(lone)


def test_nginx_listens_where_it_is_told_to(lone):
    for bind, url in (("127.0.0.2", "127.0.0.2"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")):
        lone.script("up", "--no-sample", env={"LARDER_BIND": bind})
        assert lone.url == f"http://{url}:{lone.ports}"
        done = subprocess.run(["curl", "-sSg", "--noproxy", "*", f"{lone.url}/healthz"],
                              capture_output=True, text=True, check=True)
        assert "ok" in done.stdout or "alive" in done.stdout, done.stdout
        assert f"{url}:{lone.ports}" in lone.control("status", "nginx").stdout
    done = lone.script("up", "--no-sample", check=False, env={"LARDER_BIND": "nowhere;"})
    assert done.returncode == 3 and "LARDER_BIND" in done.stderr
    lone.script("up", "--no-sample", env={"LARDER_BIND": ""})
    assert lone.url == f"http://127.0.0.1:{lone.ports}" and answers(lone)


def test_a_checkout_that_is_configured_itself_is_built_in_place(tmp_path):
    """With automake, nothing could be built beside it."""
    shutil.copytree(SCRIPTS, tmp_path / "scripts")
    (tmp_path / "src").mkdir()
    for name in ("configure", "config.status"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    for name in ("configure.ac", "Makefile.am"):
        (tmp_path / name).touch()
    (tmp_path / "Makefile").write_text(
        "larderd larderctl:\n\techo '#!/bin/sh' >$@ && chmod 755 $@\n")
    environment = {name: value for name, value in os.environ.items() if name != "LARDER_BUILD"}
    done = subprocess.run(
        ["bash", "-c", 'set -euo pipefail; . "$1"; mkdir -p "$LOG"; build_programs; program larderd',
         "bash", tmp_path / "scripts" / "lib" / "stack.sh"],
        env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, str(tmp_path / "larderd")), done.stderr
    assert not (tmp_path / "var" / "build").exists()


def test_another_redis_that_is_away_is_told_of(lone):
    own = lone.env["REDIS_URL"]
    done = lone.script("up", "--no-sample", env={"REDIS_URL": "redis://127.0.0.1:1"})
    assert "warning" in done.stderr and "REDIS_URL" in done.stderr
    done = lone.script("stack", "status", check=False)
    assert done.returncode == 1 and re.search(r"^redis +down", done.stdout, re.M)
    lone.script("up", "--no-sample", env={"REDIS_URL": own})
    assert lone.control("status", "redis").stdout.count("up") == 1 and lone.env["REDIS_URL"] == own


def test_a_signal_ends_the_script_and_its_step(lone, tmp_path):
    """Held up by workers that never get ready."""
    (tmp_path / "larderctl").symlink_to(lone.build / "larderctl")
    (tmp_path / "larderd").write_text(
        "#!/bin/sh\ncase $* in *--check-config*) exit 0 ;; esac\nexec sleep 60\n")
    (tmp_path / "larderd").chmod(0o755)
    lone.control("stop", "larderd")
    script = subprocess.Popen([SCRIPTS / "up", "--no-sample"], stderr=subprocess.PIPE, text=True,
                              env=lone.environment(LARDER_BUILD=str(tmp_path)))
    with script:
        eventually(lambda: "larderd-2.pid" in running(lone))
        script.terminate()
        assert script.wait(5) == -signal.SIGTERM
        assert "interrupted" in script.stderr.read()
    eventually(lambda: not {"larderd.pid", "larderd-1.pid", "larderd-2.pid"} & running(lone))
    lone.up()
    assert answers(lone)
