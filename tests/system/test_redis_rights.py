# SPDX-License-Identifier: BSD-2-Clause
"""A Redis that refuses a part of what is needed: who is told, and when it is used again."""
import itertools
import pathlib
import re
import subprocess
import tempfile
import time

import pytest
import redis

from client import Client
from people import PASSWORD, Person, sign_in
from stack import ROOT, Stack, eventually, free_ports

USER = "worker"
RULE = re.search(r"^ACL SETUSER larder reset (on .*)$", (ROOT / "docs" / "redis.md").read_text(),
                 re.MULTILINE)[1].replace(">SECRET", ">pw").split()


def set_rights(stack, *more):
    stack.redis.execute_command("ACL", "SETUSER", USER, "reset", *RULE, *more)


def reconnect(stack):
    stack.redis.execute_command("CLIENT", "KILL", "USER", USER)


@pytest.fixture(scope="module")
def host(stack):
    """Another host of the stack, whose user in Redis has the rights of docs/redis.md."""
    host = Stack(MONGODB_URI=stack.env["MONGODB_URI"], LARDER_RATE="1000")
    path = pathlib.Path(host.var) / "redis.sock"
    path.symlink_to(stack.var / "run" / "redis.sock")
    host.settings["REDIS_URL"] = f"unix://{USER}:pw@{path}"
    set_rights(stack)
    stack.redis.execute_command("ACL", "LOG", "RESET")
    stack.siblings.append(host)
    yield host.up()
    stack.redis.execute_command("ACL", "DELUSER", USER)


@pytest.fixture
def rights(stack, host):
    """As they should be, before and after."""
    set_rights(stack)
    host.settle()
    is_well(host, 5)
    yield
    set_rights(stack)
    is_well(host, 5)


def ready(host):
    """What all workers say: several requests at once reach several of them."""
    clients = [Client(host.url) for _ in range(4)]
    answers = [client.get("/readyz").json for client in clients for _ in range(2)]
    for client in clients:
        client.close()
    return answers


def is_well(host, seconds):
    eventually(lambda: all(a["redis"] == "up" and a["status"] == "ready" and "reasons" not in a
                           for a in ready(host)), seconds, every=0.1)


def is_refused(host, word, seconds=5):
    def told():
        return all(a["redis"] == "down" and a["status"] == "degraded" and
                   f"{word} is refused" in a["reasons"]["redis"] for a in ready(host))
    eventually(told, seconds, every=0.1, what=f"{word} named: {ready(host)}")


def test_all_is_done_with_the_rights_of_the_documents(stack, host, rights, product, category):
    item = product(name="kettle")
    path = f"/api/products/{item['_id']}"
    host.client.get(path)
    eventually(lambda: "detail=memory" in host.client.get(path).cache_status, 5)
    for price in (2, 3):
        assert host.client.put(path, {"price": price}).status == 200
        assert host.client.get(path).json["data"]["price"] == price
    person = Person(host, "editor")
    assert person.get("/api/me/dashboard").status == 200
    assert person.get(f"/api/users/{person.id}").json["data"]["loginCount"] == 1
    assert sign_in(host, person.email, "wrong").status == 401
    assert sign_in(host, person.email, PASSWORD).status == 201
    made = host.client.post("/api/products", {"name": "n", "price": 1, "category": category},
                            headers={"Idempotency-Key": "k-" + category})
    assert made.status == 201
    eventually(lambda: host.client.get(f"{path}/stats").json["data"]["views"] > 0, 5)
    assert host.client.get("/api/products/popular").status == 200
    assert host.client.delete(made.header("Location")).status == 200
    assert person.request("DELETE", "/api/sessions/current").status in (200, 204)
    host.ctl("redis", "ping")
    host.ctl("cache", "warm", "20")
    host.ctl("cache", "list")
    host.ctl("cache", "stats")
    host.ctl("user", "list")
    name = stack.key(f"product:{item['_id']}").removeprefix(stack.base())
    host.client.get(path)
    eventually(lambda: host.ctl("cache", "ttl", name, check=False).returncode == 0, 5, every=0.1)
    for words in (("show", name), ("expire", name, "60"), ("persist", name), ("purge", name)):
        host.ctl("cache", *words)
    assert stack.redis.execute_command("ACL", "LOG") == []
    assert not [line for line in host.told() if line["message"] == "error reply"]


@pytest.mark.parametrize("right, named", [
    ("-mget", "MGET"), ("-eval", "EVAL"), ("-evalsha", "EVALSHA"), ("-info", "INFO"),
    ("-unlink", "UNLINK"), ("-time", "TIME"), ("-get", "MGET"), ("-set", "SET"),
    ("-subscribe", "SUBSCRIBE"), ("-publish", "PUBLISH"), ("-client|id", "CLIENT ID"),
    ("-client|tracking", "CLIENT TRACKING"), ("resetchannels", "SUBSCRIBE"), ("resetkeys", "MGET")])
def test_the_refused_command_is_named(stack, host, rights, right, named):
    if "|" in right and stack.redis.info("server")["redis_version"] < "7":
        pytest.skip("Redis 6 takes away whole commands only")
    named = "GET" if right == "-get" else named
    seen = len(host.told())
    set_rights(stack, right)
    reconnect(stack)
    is_refused(host, named)
    assert host.client.get("/api/products?limit=1").status == 200
    lines = [line for line in host.told()[seen:] if f"{named} is refused" in line.get("reason", "")]
    assert 1 <= len(lines) <= len(host.workers()), lines
    done = host.ctl("redis", "ping", check=False)
    assert done.returncode == 1 and f"{named} is refused" in done.stderr, done
    set_rights(stack)
    is_well(host, 5)
    host.settle()


@pytest.mark.parametrize("right, named", [("-mget", "MGET"), ("-unlink", "UNLINK")])
def test_a_right_that_goes_is_noticed_by_those_who_use_it(stack, host, rights, product, right, named):
    path = f"/api/products/{product()['_id']}"
    set_rights(stack, right)

    def noticed():
        """A fence that another test's write has left is not taken away, but changed, for 5 s."""
        assert host.client.put(path, {"price": round(time.monotonic() % 100, 2)}).status == 200
        assert host.client.get(f"/api/products?category={time.monotonic_ns()}").status == 200
        return any(f"{named} is refused" in a.get("reasons", {}).get("redis", "")
                   for a in ready(host))
    eventually(noticed, 10)


def test_without_memory_nobody_needs_to_listen(stack, rights):
    host = Stack(MONGODB_URI=stack.env["MONGODB_URI"], LARDER_MEMORY="0")
    host.settings["REDIS_URL"] = f"unix://{USER}:pw@{stack.var}/run/redis.sock"
    set_rights(stack, "-subscribe", "-publish")
    try:
        is_well(host.up(), 5)
        host.ctl("redis", "ping")
    finally:
        host.down()


@pytest.fixture(scope="module")
def cluster():
    """Redis Cluster of one node that has all slots."""
    port = free_ports() + 3
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(["redis-server", "--port", str(port), "--cluster-enabled", "yes",
                                   "--dir", folder, "--save", "", "--daemonize", "no"],
                                  stdout=subprocess.DEVNULL)
        client = redis.Redis(port=port)
        try:
            def started():
                try:
                    return client.ping()
                except redis.exceptions.ConnectionError:
                    return False
            eventually(started, 10)
            client.execute_command("CLUSTER", "ADDSLOTS", *range(16384))
            eventually(lambda: b"cluster_state:ok" in client.execute_command(
                "CLUSTER", "INFO", NEVER_DECODE=True), 10)
            yield port
        finally:
            client.close()
            server.terminate()
            server.wait()


def test_a_cluster_is_named_and_not_used(stack, cluster):
    host = Stack(MONGODB_URI=stack.env["MONGODB_URI"], REDIS_URL=f"redis://127.0.0.1:{cluster}/0")
    try:
        host.up()
        told = ready(host)
        assert all(a["redis"] == "down" and a["status"] == "degraded" and
                   "Redis Cluster" in a["reasons"]["redis"] for a in told), told
        path = host.client.post("/api/products", {"name": "n", "price": 1, "category": "cluster"}
                                ).header("Location")
        for _ in range(5):
            assert host.client.get(path).status == 200
        assert host.client.delete(path).status == 200
        eventually(lambda: any("dormant" == line["message"] for line in host.told()), 20)
        told = {}  # a worker tells it again only when something else was wrong meanwhile
        for line in host.told():
            if line["event"] == "redis-error":
                told.setdefault(line["pid"], []).append("Redis Cluster" in line["reason"])
        assert told and all(any(each) and not any(map(all, itertools.pairwise(each)))
                            for each in told.values()), told
        assert "CROSSSLOT" not in host.log("larderd")
        done = host.ctl("redis", "ping", check=False)
        assert done.returncode == 1 and "Redis Cluster" in done.stderr, done
    finally:
        host.down()
