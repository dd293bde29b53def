# SPDX-License-Identifier: BSD-2-Clause
"""The configurations of nginx for production: taken as they are but for names, ports and paths,
looked at by nginx -t, and run."""
import concurrent.futures
import gzip
import http.client
import json
import os
import re
import signal
import socket
import socketserver
import ssl
import subprocess
import threading

import pytest

from client import Client
from stack import ROOT, eventually, free_ports

NAME = "shop.example"
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-site",
}
# The realip module lets a test come from any address.
WRAPPER = """
{user}
worker_processes 1;
pid "{folder}/nginx.pid";
error_log "{folder}/error.log" notice;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path "{folder}/body";
    fastcgi_temp_path "{folder}/fastcgi";
    proxy_temp_path "{folder}/proxy";
    scgi_temp_path "{folder}/scgi";
    uwsgi_temp_path "{folder}/uwsgi";
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Test-Address;
    include {name};
}}
"""


def as_documented(file):
    """The text of an example, its TLS uncommented by the command that it names, and HTTP/2 turned on
    as this nginx wants it."""
    version = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr
    number = tuple(int(part) for part in re.search(r"nginx/([\d.]+)", version)[1].split("."))
    text = file.read_text()
    if "\n#server {" in text:
        command = re.search(r"sed -i '([^']*)'", text)[1].replace("YOUR.NAME", NAME)
        text = subprocess.run(["sed", command], input=text, capture_output=True, text=True,
                              check=True).stdout
    if number >= (1, 25, 1):
        text = subprocess.run(["sed", "-E", "-f", ROOT / "nginx" / "http2.sed"], input=text,
                              capture_output=True, text=True, check=True).stdout
    return text


class Front:
    """An nginx with one of the examples, changed by exact replacements."""

    def __init__(self, folder, name, replace):
        self.folder, self.name = folder, name
        self.plain = free_ports()
        self.port, self.operators = self.plain + 1, self.plain + 2
        for file in (ROOT / "nginx").glob("*.conf"):
            (folder / file.name).write_text(as_documented(file))
        self.certificate()
        self.edit(name, {
            "listen [::]:443": "# listen [::]:443", "listen [::]:80;": "",
            "listen 443": f"listen 127.0.0.1:{self.port}",
            "listen 80;": f"listen 127.0.0.1:{self.plain};",
            "127.0.0.1:8080": f"127.0.0.1:{self.operators}",
            "/etc/letsencrypt/live/shop.example": str(folder), **replace})
        self.edit("public_larder.conf", {"/var/log/nginx/larder.log": f"{folder}/access.log",
                                         "buffer=64k flush=5s": ""})
        self.edit("pages_larder.conf", {"/usr/share/larder/pages": str(ROOT / "pages")})
        (folder / "nginx.conf").write_text(WRAPPER.format(
            folder=folder, name=name, user="user root root;" if os.geteuid() == 0 else ""))

    def edit(self, name, replace):
        text = (self.folder / name).read_text()
        for old, new in replace.items():
            assert old in text, (name, old)
            text = text.replace(old, new)
        (self.folder / name).write_text(text)

    def certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj",
                        f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout",
                        self.folder / "privkey.pem", "-out", self.folder / "fullchain.pem"],
                       check=True, capture_output=True)

    def command(self, *arguments):
        return subprocess.run(["nginx", "-p", f"{self.folder}/", "-c", "nginx.conf", *arguments],
                              capture_output=True, text=True)

    def __enter__(self):
        checked = self.command("-t")
        assert checked.returncode == 0 and "warn" not in checked.stderr, checked.stderr
        started = self.command()
        assert started.returncode == 0, started.stderr
        eventually((self.folder / "nginx.pid").exists)
        return self

    def __exit__(self, *_):
        pid = int((self.folder / "nginx.pid").read_text())
        os.kill(pid, signal.SIGTERM)
        eventually(lambda: not (self.folder / "nginx.pid").exists(), what="nginx' end")

    def client(self, address=None):
        context = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        return TlsClient(self.port, context, address)

    def curl(self, path, *arguments):
        done = subprocess.run(
            ["curl", "-sS", "--cacert", self.folder / "fullchain.pem", "--resolve",
             f"{NAME}:{self.port}:127.0.0.1", *arguments, f"https://{NAME}:{self.port}{path}"],
            capture_output=True, text=True)
        return done


class TlsClient(Client):
    def __init__(self, port, context, address):
        super().__init__(f"http://{NAME}:{port}")
        self.context = context
        self.more = {"X-Test-Address": address} if address else {}

    def connection(self):
        if getattr(self.local, "connection", None) is None:
            self.local.connection = Tls(self.host, self.port, self.context)
        return self.local.connection

    def exchange(self, method, target, body, headers):
        return super().exchange(method, target, body, {**self.more, **headers})


class Tls(http.client.HTTPConnection):
    """To 127.0.0.1, whatever the name."""

    def __init__(self, host, port, context):
        super().__init__(host, port, timeout=20)
        self.context = context

    def connect(self):
        raw = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock = self.context.wrap_socket(raw, server_hostname=self.host)


def is_problem(answer, status):
    assert answer.status == status, answer
    assert answer.header("Content-Type").startswith("application/json")
    assert answer.json["success"] is False and answer.json["message"]
    assert answer.json["requestId"] == answer.header("X-Request-Id")
    return True


@pytest.fixture(scope="module")
def front(stack, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nginx")
    stack.settle()
    with Front(folder, "production.conf",
               {"unix:/run/larder/larder.sock": f"unix:{stack.socket_path}"}) as front:
        yield front


# --- production.conf ---

@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_http_2_and_modern_tls_only(front):
    done = front.curl("/api/products?limit=1", "--http2", "-o", os.devnull, "-w",
                      "%{http_version} %{http_code}")
    assert done.stdout == "2 200", done
    context = ssl.create_default_context(cafile=str(front.folder / "fullchain.pem"))
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        Tls(NAME, front.port, context).connect()


def test_other_names_get_no_certificate(front):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME|unrecognized name"):
        Tls("other.example", front.port, context).connect()


def test_plain_http_leads_to_tls(front):
    answer = Client(f"http://127.0.0.1:{front.plain}").get("/api/products?limit=1",
                                                           headers={"Host": NAME})
    assert answer.status == 308
    assert answer.header("Location") == f"https://{NAME}/api/products?limit=1"
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize("method, target, status", [
    ("GET", "/api/products?limit=1", 200), ("GET", "/api/products/1", 400),
    ("GET", "/nothing", 404), ("POST", "/api/products", 413), ("TRACE", "/api/products", 405),
    ("GET", "/" + "x" * 9000, 414)])
def test_browsers_are_told_the_same_everywhere(front, method, target, status):
    body = "x" * 70000 if status == 413 else None
    answer = front.client().request(method, target, body=body,
                                    headers={"Content-Type": "application/json"})
    assert answer.status == status
    for name, value in SECURITY.items():
        assert answer.headers.get_all(name) == [value], name
    assert "Strict-Transport-Security" not in answer.headers  # nobody has asked for it
    assert answer.header("Server") == "nginx"
    assert len(answer.headers.get_all("X-Request-Id")) == 1
    if status >= 400:
        assert is_problem(answer, status)
    if status == 405:
        assert "DELETE" in answer.header("Allow")


def test_hsts_where_it_is_asked_for(stack, tmp_path):
    with Front(tmp_path, "production.conf", {
            "unix:/run/larder/larder.sock": f"unix:{stack.socket_path}",
            '# on    "max-age=63072000"': 'on      "max-age=63072000"'}) as front:
        for target in ("/api/products?limit=1", "/" + "x" * 9000):
            answer = front.client().get(target)
            assert answer.header("Strict-Transport-Security") == "max-age=63072000"
        plain = Client(f"http://127.0.0.1:{front.plain}").get("/", headers={"Host": NAME})
        assert "Strict-Transport-Security" not in plain.headers


def test_a_page_has_a_policy_of_its_own(front):
    answer = front.client().get("/api/docs", headers={"Accept": "text/html"})
    assert answer.status == 200 and "<!doctype html>" in answer.text
    policies = answer.headers.get_all("Content-Security-Policy")
    assert len(policies) == 1 and policies[0].startswith("default-src 'self'; ")
    for name, value in SECURITY.items():
        if name != "Content-Security-Policy":
            assert answer.headers.get_all(name) == [value], name


def test_answers_are_compressed_once(front, product):
    for i in range(20):
        product(name=f"compress {i}")
    client = front.client()
    for _ in range(3):
        answer = client.get("/api/products?limit=20", headers={"Accept-Encoding": "gzip"})
    assert answer.header("Content-Encoding") == "gzip"
    assert json.loads(gzip.decompress(answer.body))["count"] == 20
    again = client.get("/api/products?limit=20", headers={"If-None-Match": answer.etag})
    assert again.status == 304


def test_cookies_are_for_tls_only(front, stack):
    answer = front.client("198.51.100.1").post("/api/sessions", {
        "email": stack.env["LARDER_ADMIN_EMAIL"], "password": stack.env["LARDER_ADMIN_PASSWORD"]})
    assert answer.status == 201
    cookie = answer.header("Set-Cookie")
    assert cookie.startswith("__Host-larder_session=") and re.search(r"; Secure\b", cookie)
    assert "Domain" not in cookie and "; Path=/;" in cookie


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_operations_are_for_this_host(front, path):
    assert front.client().get(path).status == 200
    assert Client(f"http://127.0.0.1:{front.operators}").get(path).status == 200
    assert is_problem(front.client("198.51.100.2").get(path), 403)


def burst(client, count, ask):
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        return list(pool.map(lambda _: ask(client), range(count)))


def test_one_address_cannot_have_all(front):
    answers = burst(front.client("198.51.100.3"), 600,
                    lambda client: client.get("/api/products?limit=1"))
    refused = [answer for answer in answers if answer.status == 429]
    assert {answer.status for answer in answers} == {200, 429} and len(refused) < 400
    assert is_problem(refused[0], 429) and refused[0].header("Retry-After") == "1"
    assert logged(front, refused[0])["uri"] == "/api/products"
    assert front.client("198.51.100.4").get("/api/products?limit=1").status == 200


def refused_by_nginx(answers):
    return sum(answer.status == 429 and answer.json["message"] == "Too many requests"
               for answer in answers)


ACCOUNT = {"email": "nobody@larder.example", "password": "not the right one"}


@pytest.mark.parametrize("address, target, headers", [
    ("198.51.100.5", "/api/sessions", {}), ("198.51.100.6", "/api/sessions", {"If-Match": '"1"'}),
    ("198.51.100.7", "/api/users", {}), ("198.51.100.8", "/api/users", {"If-Match": "*"}),
    ("198.51.100.9", "/api//%73essions?x", {"If-Match": "x"})])
def test_passwords_cannot_be_tried_in_bulk(front, address, target, headers):
    answers = burst(front.client(address), 20,
                    lambda client: client.post(target, ACCOUNT, headers=headers))
    assert 8 <= refused_by_nginx(answers) <= 10
    # Everything else goes on for that address.
    assert front.client(address).get("/api/products?limit=1").status == 200


@pytest.mark.parametrize("headers", [{}, {"If-Match": '"1"'}])
def test_accounts_cannot_be_changed_in_bulk(front, headers):
    """Each change may cost two passwords; a few in a row are anybody's right."""
    client = front.client(f"198.51.100.{70 + len(headers)}")

    def put(client):
        return client.put("/api/users/" + "0" * 24, {"name": "x"}, headers=headers)
    assert refused_by_nginx(burst(client, 20, put)) == 0
    assert 16 <= refused_by_nginx(burst(client, 20, put)) <= 20


def test_an_ipv6_client_is_its_network(front):
    """Whoever has one address has 2**64: they share what one may ask, however they are written."""
    def ask(addresses):
        return refused_by_nginx([front.client(address).post("/api/sessions", ACCOUNT)
                                 for address in addresses])
    assert ask(f"2001:db8:0:7::{i:x}" for i in range(10)) == 0
    assert 8 <= ask(f"2001:db8:0:7:{i:x}:b:c:d" for i in range(10)) <= 10
    assert ask(["2001:db8:0:8::1", "2001:db8::1", "::1"]) == 0


def test_an_ipv4_client_of_an_ipv6_socket_is_one(front):
    def ask(addresses):
        return refused_by_nginx([front.client(address).post("/api/sessions", ACCOUNT)
                                 for address in addresses])
    assert ask(f"::ffff:203.0.113.{i}" for i in range(20)) == 0
    assert 5 <= ask(["::ffff:203.0.113.200"] * 10 + ["203.0.113.200"] * 10) <= 10


def logged(front, answer):
    wanted = answer.header("X-Request-Id")
    lines = eventually(lambda: [line for line in (front.folder / "access.log").read_text().splitlines()
                                if wanted in line])
    entry = json.loads(lines[0])
    assert (entry["status"], entry["id"]) == (answer.status, wanted)
    return entry


def test_the_log_is_json_and_knows_the_request(front):
    answer = front.client().get("/api/products?limit=1&utm_source=%22x%0A")
    entry = logged(front, answer)
    assert (entry["method"], entry["uri"], entry["query"], entry["cache"]) == (
        "GET", "/api/products", "limit=1&utm_source=%22x%0A", answer.cache_status)


@pytest.mark.parametrize("method, target, headers, body, status", [
    ("POST", "/api/products?a=b?c", {}, "x" * 70000, 413),
    ("TRACE", "/api/products", {}, None, 405),
    ("PUT", f"/api/products/{'0' * 24}?x=1", {"If-Match": '"1"'}, '{"price":1}', 400),
    ("GET", "/.larder/once", {}, None, 404), ("GET", "//a%2Fb?", {}, None, 400)])
def test_the_log_has_what_was_asked_and_not_what_became_of_it(front, method, target, headers, body,
                                                              status):
    answer = front.client().request(method, target, body=body, headers={
        "Content-Type": "application/json", **headers})
    assert answer.status == status, answer
    entry = logged(front, answer)
    path, _, query = target.partition("?")
    assert (entry["method"], entry["uri"], entry["query"]) == (method, path, query)


def test_the_log_knows_http_2(front):
    done = front.curl("/api/products?http2", "--http2", "-X", "PUT", "-o", os.devnull)
    assert done.returncode == 0, done
    entry = eventually(lambda: [line for line in map(json.loads, (
        front.folder / "access.log").read_text().splitlines()) if line["query"] == "http2"])[0]
    assert (entry["protocol"], entry["method"], entry["uri"]) == ("HTTP/2.0", "PUT", "/api/products")


# --- multihost.conf ---

class Worker:
    """larderd on TCP, as the only one of its host."""

    def __init__(self, stack, port):
        self.process = subprocess.Popen(
            [stack.build / "larderd", "--config", stack.var / "larderd.conf", "--listen",
             f"127.0.0.1:{port}"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: self.takes(port), what="a worker on TCP")

    @staticmethod
    def takes(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(15)


def hosts(first, second):
    return {"10.0.0.11:9000": f"127.0.0.1:{first}", "10.0.0.12:9000": f"127.0.0.1:{second}"}


def test_a_host_that_is_killed_fails_no_read(stack, tmp_path):
    ports = free_ports()
    workers = [Worker(stack, ports + 2), Worker(stack, ports + 3)]
    front = Front(tmp_path, "multihost.conf", hosts(ports + 2, ports + 3))
    front.edit("limits_larder.conf", {"rate=100r/s": "rate=100000r/s"})
    over, statuses = threading.Event(), []

    def read():
        client = front.client()
        while not over.is_set():
            statuses.append(client.get("/api/products?limit=1").status)

    try:
        with front, concurrent.futures.ThreadPoolExecutor(4) as pool:
            readers = [pool.submit(read) for _ in range(4)]
            try:
                for number in (signal.SIGKILL, signal.SIGTERM):
                    seen = len(statuses)
                    eventually(lambda seen=seen: len(statuses) > seen + 500, 20)
                    workers[0].end(number)
                    seen = len(statuses)
                    eventually(lambda seen=seen: len(statuses) > seen + 500, 20)
                    workers[0] = Worker(stack, ports + 2)
                over.set()
            finally:
                over.set()
            for reader in readers:
                reader.result()
        assert set(statuses) == {200}
    finally:
        for worker in workers:
            worker.end()


def test_each_host_can_be_looked_at(stack, tmp_path):
    """By what docs/deployment.md adds."""
    ports = free_ports()
    workers = [Worker(stack, ports + 2), Worker(stack, ports + 3)]
    front = Front(tmp_path, "multihost.conf", {})
    added = re.search(r"```nginx\n(.*?)```", (ROOT / "docs/deployment.md").read_text(), re.S).group(1)
    with open(tmp_path / "multihost.conf", "a") as file:
        file.write(added)
    front.edit("multihost.conf", {**hosts(ports + 2, ports + 3),
                                  "127.0.0.1:8081": f"127.0.0.1:{front.plain + 3}"})
    try:
        with front:
            first = Client(f"http://127.0.0.1:{front.plain + 3}")
            for path in ("/healthz", "/readyz", "/metrics"):
                assert first.get(path).status == 200
            assert first.get("/api/products").status == 404
            workers[0].end()
            assert first.get("/metrics").status == 502
            assert Client(f"http://127.0.0.1:{front.operators}").get("/metrics").status == 200
    finally:
        for worker in workers:
            worker.end()


class Silent(socketserver.ThreadingTCPServer):
    """A host that takes a request and dies of it: every time."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, port):
        self.methods = []
        super().__init__(("127.0.0.1", port), SilentRequest)


class SilentRequest(socketserver.BaseRequestHandler):
    def handle(self):
        data = b""
        while b"REQUEST_URI" not in data:
            more = self.request.recv(65536)
            if not more:
                return
            data += more
        self.server.methods.append(re.search(rb"REQUEST_METHOD([A-Z]+?)(?=.REQUEST_URI|..REQUEST_URI)",
                                             data, re.S).group(1).decode())


@pytest.mark.parametrize("method, match, repeated", [
    ("GET", None, True), ("PUT", None, True), ("DELETE", None, True), ("POST", None, False),
    ("PATCH", None, False), ("PUT", '"1"', False), ("DELETE", '"1"', False)])
def test_only_what_may_be_repeated_is(stack, tmp_path, product, category, method, match, repeated):
    ports = free_ports()
    made = product(name="before")
    silent = Silent(ports + 2)
    threading.Thread(target=silent.serve_forever, daemon=True).start()
    worker = Worker(stack, ports + 3)
    # One host that dies, and one to go on to only then.
    front = Front(tmp_path, "multihost.conf", {
        **hosts(ports + 2, ports + 3),
        f"127.0.0.1:{ports + 3} max_fails=2 fail_timeout=5s": f"127.0.0.1:{ports + 3} backup",
        "least_conn;": ""})
    try:
        with front:
            target = "/api/products" + ("" if method == "POST" else f"/{made['_id']}")
            body = {"name": "after", "price": 1, "category": category}
            answer = front.client().request(method, target,
                                            json=body if method in ("POST", "PUT", "PATCH") else None,
                                            headers={"If-Match": match} if match else {})
            if not repeated:
                assert is_problem(answer, 502) and answer.header("Retry-After") == "1"
                names = [item["name"] for item in
                         stack.client.get(f"/api/products?category={category}").json["data"]]
                assert names == ["before"]
            else:
                assert answer.status == 200
            assert silent.methods == [method]
    finally:
        worker.end()
        silent.shutdown()
        silent.server_close()
