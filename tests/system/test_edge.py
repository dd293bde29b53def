# SPDX-License-Identifier: BSD-2-Clause
"""nginx' module: what it answers is what a worker would, and what it must not answer it leaves."""
import contextlib
import grp
import gzip
import http.client
import json
import os
import pathlib
import pwd
import random
import re
import shutil
import socket
import subprocess
import tempfile
import textwrap
import threading
import time
import urllib.parse

import pytest

import checker
import fcgi
import hostile
from client import Client
from figures import Figures
from stack import ROOT, Stack, eventually

RELOADS = int(os.environ.get("LARDER_EDGE_RELOADS", "6"))
QUERIES = int(os.environ.get("LARDER_EDGE_QUERIES", "150"))
HOSTILE = int(os.environ.get("LARDER_EDGE_HOSTILE", "600"))
OWN = {"server", "date", "connection", "transfer-encoding", "keep-alive", "status"}


@pytest.fixture(scope="module")
def edge():
    stack = Stack(LARDER_EDGE="on")
    try:
        stack.up()
        products = [{"name": f"Product {i}", "price": i + 0.5, "category": f"edge-{i % 4}",
                     "inStock": i % 3 > 0, "description": "long enough to be packed " * 20}
                    for i in range(40)]
        posts = [{"title": f"Post {i}", "body": "Some words of it", "category": f"edge-{i % 3}",
                  "author": f"author {i % 5}"} for i in range(20)]
        stack.ids = [r["data"]["_id"] for r in
                     stack.client.post("/api/products", json=products).json["results"]]
        stack.client.post("/api/posts", json=posts)
        yield stack.settle()
    finally:
        stack.down()


def counted(edge):
    """Hits at the edge."""
    return Figures(edge.client).sum("larder_cache_lookups_total", result="edge")


def is_from_edge(answer):
    return "detail=edge" in (answer.headers.get("Cache-Status") or "")


def warm(stack, path, headers=None, seconds=20):
    """Asks until nginx answers by itself."""
    def answered():
        answer = stack.client.get(path, headers=headers)
        return answer if is_from_edge(answer) else None
    return eventually(answered, seconds, every=0.02, what=f"a hit of {path} in nginx")


def alerts_of_nginx(stack):
    return [line for line in stack.log("nginx").splitlines() if "[alert]" in line]


def the_segment(stack):
    """None while workers leave that have another one."""
    try:
        return stack.segment()
    except (AssertionError, FileNotFoundError):
        return None


# --- The same answer ---

def of_worker(stack, method, target, headers):
    with fcgi.Client(stack.socket_path) as client:
        more = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}
        answer = client.request(method, target, **more)
    return answer.status, answer.headers, answer.body


def of_nginx(stack, method, target, headers):
    answer = stack.client.request(method, target, headers=headers)
    return answer.status, {n.lower(): v for n, v in answer.headers.items()}, answer.body


def plain(headers):
    """What both must say alike; the time that is left may have fallen by a second in between."""
    kept = {name: value for name, value in headers.items() if name not in OWN}
    status = kept.pop("cache-status")
    id = kept.pop("x-request-id")
    assert re.fullmatch(r"[0-9a-f]{16}", id)
    kind, ttl, detail = re.fullmatch(r"larder; (hit); ttl=(\d+); detail=(\w+)", status).groups()
    return kept, kind, int(ttl), detail, id


def assert_alike(stack, target, headers, method="GET"):
    warm(stack, target, headers)
    for _ in range(10):  # the lease may lapse for a moment on a busy machine
        ours, theirs = (ask(stack, method, target, headers) for ask in (of_nginx, of_worker))
        if "detail=edge" in ours[1]["cache-status"] and "detail=memory" in theirs[1]["cache-status"]:
            break
    (kept, kind, ttl, detail, id), (other, other_kind, other_ttl, other_detail, other_id) = (
        plain(ours[1]), plain(theirs[1]))
    assert (ours[0], kept, kind, ours[2]) == (theirs[0], other, other_kind, theirs[2])
    assert (detail, other_detail) == ("edge", "memory")
    assert abs(ttl - other_ttl) <= 2
    assert int(id[0], 16) >= 8 > int(other_id[0], 16), "no worker gives such an id"
    return ours


HEADERS = [{}, {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "gzip;q=0, identity"},
           {"Accept": "text/html, application/json"}, {"Range": "bytes=0-9"},
           {"If-Modified-Since": "Thu, 01 Jan 2037 00:00:00 GMT"}, {"If-Match": '"nothing"'}]


@pytest.mark.parametrize("headers", HEADERS, ids=[" ".join(h) or "none" for h in HEADERS])
def test_items_and_lists_are_a_workers(edge, headers):
    for path in (f"/api/products/{edge.ids[0]}", "/api/products?limit=20", "/api/posts",
                 "/api/products/featured", "/api/products?page=2&limit=5&sort=price",
                 f"/api/products/{edge.ids[1].upper()}?utm_source=x"):
        status, got, body = assert_alike(edge, path, headers)
        assert status == 200
        if headers.get("Accept-Encoding") == "gzip" and "limit=20" in path:
            assert got["content-encoding"] == "gzip"
        if "content-encoding" in got:
            body = gzip.decompress(body)
        assert json.loads(body)["source"] == "cache"


def test_head_and_not_modified(edge):
    path = f"/api/products/{edge.ids[2]}"
    etag = warm(edge, path).etag
    head = assert_alike(edge, path, {}, "HEAD")
    assert head[2] == b"" and int(head[1]["content-length"]) > 100
    for known in (etag, "W/" + etag, f'"other", {etag}', "*", etag[:-1] + '-gzip"'):
        status, headers, body = assert_alike(edge, path, {"If-None-Match": known})
        assert (status, body) == (304, b"") and headers["etag"] == etag
    assert assert_alike(edge, path, {"If-None-Match": '"other"'})[0] == 200


def generated(edge, rng):
    """A query of products or posts that is a good one, written in one of many ways."""
    category = rng.choice(["edge-0", "edge-1", "edge-2", "none", "ä b"])
    resource = rng.choice(["products", "posts"])
    time = "createdAt" if resource == "products" else "date"
    pairs = {"category": category, "limit": rng.choice(["1", "7", "20", "100"]),
             "page": rng.choice(["1", "2", "3"]), "sort": rng.choice(["-" + time, time])}
    if resource == "products":
        pairs.update(minPrice=rng.choice(["1", "1.0", "1e0", "10"]), inStock=rng.choice(["true", "false"]),
                     fields=rng.choice(["name", "price,name", "name,price"]))
    names = rng.sample(sorted(pairs), rng.randint(0, len(pairs)))
    text = "&".join(f"{name}={urllib.parse.quote(pairs[name], safe='')}" for name in names)
    if rng.random() < 0.2:
        text = text.replace("=e", "=%65").replace("true", "tru%65")
    return f"/api/{resource}" + ("?" + text if text or rng.random() < 0.1 else "")


def test_generated_queries_are_a_workers(edge):
    rng = random.Random(int(os.environ.get("LARDER_TEST_SEED", "0")) or None)
    for _ in range(QUERIES):
        assert_alike(edge, generated(edge, rng), rng.choice(HEADERS[:3]))


def test_the_clients_own_id_is_kept(edge):
    path = f"/api/products/{edge.ids[0]}"
    warm(edge, path)
    answer = edge.client.get(path, headers={"X-Request-Id": "mine-1"})
    assert answer.header("X-Request-Id") == "mine-1"
    answer = edge.client.get(path, headers={"X-Request-Id": "not {mine}"})
    assert re.fullmatch("[0-9a-f]{16}", answer.header("X-Request-Id"))


# --- What is left to the workers ---

LEFT = {
    "cookie": {"Cookie": "a=b"},
    "authorization": {"Authorization": "Bearer nothing"},
    "origin": {"Origin": "https://shop.example"},
    "stream": {"Accept": "text/event-stream"},
    "expect": {"Expect": "100-continue"},
    "two": None,
    "body": None,
    "1.0": None,
}


@pytest.mark.parametrize("kind", LEFT)
def test_it_leaves_what_only_a_worker_knows(edge, kind):
    path = f"/api/products/{edge.ids[3]}"
    warm(edge, path)
    more = "".join(f"{n}: {v}\r\n" for n, v in (LEFT[kind] or {}).items())
    more += {"two": "Accept-Encoding: gzip\r\nAccept-Encoding: br\r\n",
             "body": "Content-Length: 2\r\n"}.get(kind, "")
    version = "1.0" if kind == "1.0" else "1.1"
    with socket.create_connection((edge.client.host, edge.client.port), 10) as raw:
        raw.sendall(f"GET {path} HTTP/{version}\r\nHost: a\r\nConnection: close\r\n{more}\r\n".encode()
                    + (b"{}" if kind == "body" else b""))
        answer = raw.recv(65536).decode()
    assert re.match(r"HTTP/1.1 (100|200|401)", answer), answer
    assert "detail=edge" not in answer


def test_writes_and_other_paths_are_the_workers(edge):
    before = counted(edge)
    for path in ("/api/products/popular", "/api/products/facets?by=category", "/api/products/touch",
                 f"/api/products/{edge.ids[0]}/stats", "/api/products/nothing", "/api/unknown",
                 "/api/products?limit=x", f"/api/products?ids={edge.ids[0]}", "/api/products?q=long",
                 "/api/products/%00", "/api/openapi.json", f"/api/products/{edge.ids[0]}?x=1"):
        for _ in range(3):
            answer = edge.client.get(path)
            assert answer.status < 500 or answer.status == 501, answer
            assert not is_from_edge(answer), answer
    assert edge.client.request("OPTIONS", "/api/products").status == 204
    assert counted(edge) == before


def test_where_requests_are_limited_the_workers_answer(edge):
    other = edge.sibling(LARDER_EDGE="on", LARDER_RATE="100000")
    for _ in range(5):
        answer = other.client.get("/api/posts?limit=3")
        assert answer.header("RateLimit") and not is_from_edge(answer)


# --- Counted ---

def test_hits_and_views_are_counted(edge):
    path = f"/api/products/{edge.ids[5]}"
    warm(edge, path)
    eventually(lambda: edge.client.get(path + "/stats").json["data"]["views"] > 0, 10, what="views")
    views = edge.client.get(path + "/stats").json["data"]["views"]
    before = Figures(edge.client)
    hits = sum(is_from_edge(edge.client.get(path)) for _ in range(40))
    heads = sum(is_from_edge(edge.client.request("HEAD", path)) for _ in range(10))
    assert hits > 20 and heads > 5

    after = Figures(edge.client)  # at once: whoever asks for figures gets all of them

    def grown(name, **labels):
        return after.sum(name, **labels) - before.sum(name, **labels)
    assert grown("larder_cache_lookups_total", result="edge") == hits + heads
    for method, count in (("GET", 40), ("HEAD", 10)):
        assert after.requests("/api/products/{id}", method) \
            - before.requests("/api/products/{id}", method) == count
    eventually(lambda: edge.client.get(path + "/stats").json["data"]["views"] == views + 40, 10,
               what="the views")


def test_the_log_has_the_id_and_the_cache():
    """nginx' own variables, as log_larder.conf has them."""
    text = (ROOT / "nginx" / "log_larder.conf").read_text()
    assert "$sent_http_cache_status" in text and "$sent_http_x_request_id" in text


def test_who_reads_slowly_gets_what_was_answered(edge):
    """The bytes of an answer that waits are its own, whatever is answered meanwhile."""
    path, other, count = "/api/products?limit=40", f"/api/products/{edge.ids[2]}", 1200
    body = warm(edge, path).body
    warm(edge, other)
    with socket.create_connection((edge.client.host, edge.client.port), 30) as raw:
        asked = f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n" * count
        asker = threading.Thread(target=raw.sendall, args=(asked.encode(),))
        asker.start()
        hits = sum(is_from_edge(edge.client.get(other)) for _ in range(300))
        reader = raw.makefile("rb")
        for _ in range(count):
            assert reader.readline() == b"HTTP/1.1 200 OK\r\n"
            headers = http.client.parse_headers(reader)
            assert reader.read(int(headers["Content-Length"])) == body
            hits += "detail=edge" in headers["Cache-Status"]
        asker.join()
    assert hits > 300


# --- Never stale, and never down ---

def test_a_write_is_seen_by_the_next_read(edge):
    path, seen = f"/api/products/{edge.ids[7]}", 0
    lists = "/api/products?category=edge-3&fields=price&limit=50"
    for i in range(60):
        price = 1000 + i
        assert edge.client.put(path, json={"price": price}).status == 200
        for _ in range(3):
            answer = edge.client.get(path)
            assert answer.json["data"]["price"] == price
            found = edge.client.get(lists)
            assert price in [one["price"] for one in found.json["data"]]
            seen += is_from_edge(answer) + is_from_edge(found)
    assert seen > 0


@pytest.mark.parametrize("disturb", checker.EDGE_DISTURBANCES)
def test_no_answer_is_older_than_an_acknowledged_write(edge, disturb):
    result = checker.run(edge, disturb, reads=3000, seconds=3)
    assert result["stale"] == 0 and result["ahead"] == 0, result
    assert result["edge"] > 0 and result["writes"] > 20, result
    assert result["read_errors"] == 0, result
    edge.settle(30)


def test_without_workers_nothing_is_answered(edge):
    path = f"/api/products/{edge.ids[8]}"
    warm(edge, path)
    edge.control("stop", "larderd")
    try:
        assert edge.client.get(path).status == 502
    finally:
        edge.control("start", "larderd")
    edge.settle()
    warm(edge, path)


def test_a_segment_that_is_cut_ends_no_nginx(edge):
    """The workers die of that, and come back; nginx is the same."""
    path, before = f"/api/products/{edge.ids[9]}", edge.nginx_processes()
    for size in (1 << 22, 64, 0):
        warm(edge, path, seconds=40)
        segment = eventually(lambda: the_segment(edge), 20, what="one segment")
        over = threading.Event()

        def ask():
            with_own = Client(edge.url)
            while not over.is_set():
                try:
                    with_own.get(path)
                except (OSError, http.client.HTTPException):
                    pass
        askers = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
        for one in askers:
            one.start()
        os.truncate(segment, size)
        os.truncate(segment + "-edge", size)
        time.sleep(0.3)
        pathlib.Path(segment).unlink(missing_ok=True)
        over.set()
        for one in askers:
            one.join()
        edge.settle(40)
    warm(edge, path, seconds=40)
    assert edge.nginx_processes() == before
    assert not alerts_of_nginx(edge)


def test_reloads_leave_nothing_behind(edge):
    path = f"/api/products/{edge.ids[10]}"
    warm(edge, path)
    master = pathlib.Path(f"/proc/{edge.pid('nginx')}")
    failed, over, asked = [], threading.Event(), [0]

    def ask():
        with_own = Client(edge.url)
        while not over.is_set():
            answer = with_own.get(path)
            asked[0] += 1
            if answer.status != 200:
                failed.append(answer)

    def state():
        return len(list((master / "fd").iterdir())), (master / "maps").read_text().count("/dev/shm")

    def resident():
        return int(re.search(r"VmRSS:\s*(\d+)", (master / "status").read_text())[1])

    asker = threading.Thread(target=ask, daemon=True)
    asker.start()
    try:
        for _ in range(RELOADS // 2):
            edge.nginx_reload()
        before, kib = state(), resident()
        for _ in range(RELOADS):
            edge.nginx_reload()
        assert state() == before
        assert resident() < kib + 4096
    finally:
        over.set()
        asker.join()
    assert not failed and asked[0] > 20
    warm(edge, path)


def alike(front, data):
    """Whether nginx answers as it would without the module, and whether the module had a part in
    it; now and then one of the two finds the cache closed for a moment."""
    for _ in range(10):
        ours, theirs = front.ask(front.edge, data), front.ask(front.plain, data)
        if ours is None or theirs is None:
            if ours is theirs:
                return True, False
            continue
        from_edge = b"detail=edge" in ours
        assert b"detail=edge" not in theirs
        if hostile.comparable(ours) == hostile.comparable(theirs):
            return True, from_edge
    at = len(os.path.commonprefix([hostile.comparable(a or b"") for a in (ours, theirs)]))
    return [hostile.comparable(a or b"")[max(0, at - 200):at + 200] for a in (ours, theirs)], False


def test_hostile_requests_end_nothing(edge):
    """Requests of every size and byte: the same answers as without the module, byte for byte."""
    seed = int(os.environ.get("LARDER_TEST_SEED", "0")) or random.SystemRandom().getrandbits(32)
    rng, hits = random.Random(seed), 0
    paths = [f"/api/products/{id}".encode() for id in edge.ids[11:15]]
    paths += [b"/api/products?limit=5", b"/api/posts", b"/api/products?category=edge-1&sort=price",
              b"/api/products/featured", b"/api/posts?page=2&limit=3"]
    for path in paths:
        warm(edge, path.decode())
    with hostile.Front(edge) as front:
        before = front.processes()
        for i in range(HOSTILE):
            data = hostile.requests(rng, paths)
            if rng.random() < 0.1:
                front.leave(rng, data)
                continue
            same, from_edge = alike(front, data)
            assert same is True, (seed, i, data, same)
            hits += from_edge
        assert front.processes() == before and not front.complaints(), (seed, front.complaints())
    assert hits > HOSTILE / 10, (seed, hits)
    print(f"{HOSTILE} connections, {hits} with answers of the module, seed {seed}")


# --- Users and groups ---

@contextlib.contextmanager
def worker_of(stack, user, group):
    """A worker of that user, a host of its own on the stack's servers, which shows its segment to
    the group, and is a member of it: its socket and its segment."""
    folder = pathlib.Path(tempfile.mkdtemp(dir="/tmp"))
    program, config, sock = folder / "larderd", folder / "larder.conf", folder / "larder.sock"
    # As a package has it: what the user may not read here is copied.
    shutil.copy(stack.build / "larderd", program)
    shutil.copytree(ROOT / "resources", folder / "resources")
    settings = (stack.var / "larderd.conf").read_text()
    config.write_text(re.sub(r"(?m)^LARDER_(RESOURCES|EDGE_GROUP)=.*\n", "", settings)
                      + f"LARDER_RESOURCES={folder}/resources\nLARDER_EDGE_GROUP={group}\n")
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, user)
        path.chmod(0o755 if path.is_dir() or path == program else 0o600)
    with open(folder / "log", "wb") as log:
        worker = subprocess.Popen(["setpriv", f"--reuid={user}", f"--regid={user}", f"--groups={group}",
                                   program, "--config", config, "--listen", f"unix:{sock}"], stderr=log)
    try:
        eventually(sock.exists, 20, what=f"a worker: {(folder / 'log').read_text()}")
        sock.chmod(0o777)
        maps = pathlib.Path(f"/proc/{worker.pid}/maps")
        found = eventually(lambda: re.search(r"/dev/shm/larder-\d+-\w+-[0-9a-f]+(?=\n)", maps.read_text()), 20,
                           what="its segment")
        yield sock, pathlib.Path(found[0])
    finally:
        worker.terminate()
        worker.wait(20)
        for left in pathlib.Path("/dev/shm").glob(f"larder-{pwd.getpwnam(user).pw_uid}-*"):
            left.unlink()
        shutil.rmtree(folder)


def test_only_the_group_reads_the_segment(edge):
    """Workers of one user, nginx of another: a member of the group answers, anybody else does not."""
    assert os.geteuid() == 0, "only root may start programs of two users"
    path = f"GET /api/products/{edge.ids[16]} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    with worker_of(edge, "daemon", "www-data") as (sock, segment):
        for name, mode in ((segment, 0o640), (pathlib.Path(f"{segment}-edge"), 0o660)):
            wanted = (mode, grp.getgrnam("www-data").gr_gid)
            eventually(lambda name=name, wanted=wanted: name.exists() and wanted ==
                       (name.stat().st_mode & 0o777, name.stat().st_gid), 20, what=str(name))
        with hostile.Front(edge, "www-data", sock, segment) as front:
            eventually(lambda: b"detail=edge" in front.ask(front.edge, path), 30, every=0.1, what="a hit")
            assert not front.complaints()
        with hostile.Front(edge, "nobody nogroup", sock, segment) as front:
            answer = eventually(lambda: b"detail=memory" in (got := front.ask(front.edge, path)) and got, 30,
                                every=0.1, what="a hit of the worker")
            assert b"detail=edge" not in answer and b"200 OK" in answer
            assert f"larder: workers answer: {segment}" in front.log.read_text()


# --- Settings ---

@pytest.mark.parametrize("lines, said", [
    ('larder_edge on;', "larder_edge needs larder_memory and larder_resources"),
    ('larder_memory "/tmp/x";', '"/tmp/x" is no segment of shared memory'),
    ('larder_memory ../x;', '"../x" is no segment of shared memory'),
    ('larder_resources "{folder}/none";', "larder_resources: "),
    ('larder_resources "{folder}";', "wrong.json: /schema/properties/a/type: "),
    ('larder_memory larder-1; larder_memory larder-2;', '"larder_memory" directive is duplicate'),
    ('larder_memory larder-1; larder_resources "{root}/resources"; larder_edge on;', "is ok"),
])
def test_nginx_names_what_is_wrong(edge, tmp_path, lines, said):
    folder = tmp_path / "resources"
    folder.mkdir()
    (folder / "wrong.json").write_text(json.dumps(
        {"name": "wrong", "singular": "wron",
         "schema": {"type": "object", "properties": {"a": {"type": "nothing"}}}}))
    lines = lines.format(folder=folder, root=ROOT)
    config = tmp_path / "nginx.conf"
    config.write_text(textwrap.dedent(f"""
        load_module "{edge.build}/ngx_http_larder_module.so";
        pid "{tmp_path}/nginx.pid";
        events {{ }}
        http {{
            client_body_temp_path "{tmp_path}/body";
            fastcgi_temp_path "{tmp_path}/fastcgi";
            proxy_temp_path "{tmp_path}/proxy";
            scgi_temp_path "{tmp_path}/scgi";
            uwsgi_temp_path "{tmp_path}/uwsgi";
            {lines}
            server {{ listen 127.0.0.1:1; }}
        }}
        """))
    done = subprocess.run(["/usr/sbin/nginx", "-t", "-e", "stderr", "-c", config], text=True,
                          capture_output=True)
    assert said in done.stderr
    assert (done.returncode == 0) == (said == "is ok"), done.stderr
