# SPDX-License-Identifier: BSD-2-Clause
"""Redis over TLS, by a Redis that has no other port; or, built with a hiredis that has no TLS, what is
said about such an address. Certificates that are wrong: tests/unit/redis/test_redis_tls.c."""
import contextlib
import subprocess

import pytest

from stack import Stack, eventually, free_ports, port_is_free, running

PASSWORD = "a-password"
TLS = "rediss://"
NO_TLS = "needs a build with hiredis_ssl"


def tls_expected():
    """Whether larderd's hiredis is one that speaks TLS."""
    version = subprocess.run(["pkg-config", "--modversion", "hiredis"], capture_output=True, text=True,
                             check=True).stdout
    return not version.startswith("0.")


def certificate_make(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=test",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key",
                    "-out", folder / "certificate"], check=True, capture_output=True, timeout=30)


@contextlib.contextmanager
def tls_redis(folder):
    """Yields the address of a Redis with TLS only."""
    port = free_ports()
    server = subprocess.Popen(
        ["redis-server", "--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no",
         "--tls-cert-file", folder / "certificate", "--tls-key-file", folder / "key",
         "--tls-ca-cert-file", folder / "certificate", "--requirepass", PASSWORD, "--save", "",
         "--dir", folder], stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: not port_is_free(port), what="a Redis that listens")
        yield f"{TLS}:{PASSWORD}@127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def address(tmp_path, monkeypatch):
    certificate_make(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate"))
    with tls_redis(tmp_path) as address:
        yield address


def hosts_agree(one, two):
    """What one host has kept in Redis the other one finds there, and a write ends it for both."""
    body = {"name": "x", "price": 1, "category": "tls"}
    path = "/api/products/" + one.client.post("/api/products", body).json["data"]["_id"]
    for host in (one, two):
        eventually(lambda host=host: "detail=redis" in
                   host.client.get(path).cache_status, what="a hit of Redis")
    for price in range(2, 12):
        writer, reader = (one, two) if price % 2 else (two, one)
        assert writer.client.put(path, {**body, "price": price}).status == 200
        assert reader.client.get(path).json["data"]["price"] == price
    assert one.metrics()['larder_up{server="redis"}'] == 1


def test_hosts_share_a_redis_over_tls(address):
    if tls_expected():
        with running(REDIS_URL=address, LARDER_MEMORY="0") as one, \
                running(REDIS_URL=address, LARDER_MEMORY="0", MONGODB_URI=one.env["MONGODB_URI"]) as two:
            hosts_agree(one, two)
    else:
        stack = Stack(REDIS_URL=address)
        done = stack.script("up", "--no-sample", check=False)
        stack.down()
        assert done.returncode != 0 and NO_TLS in done.stderr and PASSWORD not in done.stderr
