# SPDX-License-Identifier: BSD-2-Clause
"""The promise of the cache on the running stack, undisturbed and disturbed (see checker.py)."""
import os
import subprocess
import textwrap

import pytest

import checker
import importer
from stack import eventually, free_ports, port_is_free

# A killed worker takes the answers that it is sending with it; of a thousand reads:
READ_ERRORS_MAX = {"kill": 20, "everything": 20}


@pytest.mark.parametrize("disturb", list(checker.DISTURBANCES))
def test_no_answer_is_older_than_an_acknowledged_write(stack, healthy, disturb, capsys):
    seconds = 3 if disturb in ("none", "cut", "evict") else 8
    result = checker.run(stack, disturb, reads=20000, seconds=seconds)
    with capsys.disabled():
        print("\n  {disturbance}: {reads} reads ({reads_per_s}/s; {memory} from memory, {redis} "
              "from Redis, {not_modified} not modified), {writes} writes, {stale} stale, p99 "
              "{p99_ms} ms, seed {seed}".format(**result), end="")
    assert result["stale"] == 0, result
    assert result["ahead"] == 0, result
    assert result["writes"] > 20, result
    assert result["read_errors"] * 1000 <= READ_ERRORS_MAX.get(disturb, 0) * result["reads"], result


def test_another_host_without_memory_sees_every_write_at_once(stack, bare, healthy):
    result = checker.run(stack, reads=10000, seconds=2, read_url=bare.url)
    assert result["stale"] == 0, result
    assert result["redis"] > 0, result


def test_the_checker_finds_a_cache_that_only_waits(stack, healthy, tmp_path):
    """A cache in front that keeps answers for a second must be found out."""
    with naive_cache(stack, tmp_path) as url:
        result = checker.run(stack, reads=3000, seconds=2, read_url=url, pause=20)
    assert result["stale"] > 0, result
    assert "STALE" in result["text"]


class naive_cache:
    def __init__(self, stack, folder):
        self.stack, self.folder, self.port = stack, folder, free_ports()

    def __enter__(self):
        config = self.folder / "nginx.conf"
        config.write_text(textwrap.dedent(f"""
            {'user root;' if os.geteuid() == 0 else ''}
            pid {self.folder}/nginx.pid;
            error_log {self.folder}/error.log;
            daemon off;
            events {{ worker_connections 512; }}
            http {{
                access_log off;
                proxy_cache_path {self.folder}/cache keys_zone=naive:1m;
                client_body_temp_path {self.folder}/body;
                proxy_temp_path {self.folder}/proxy;
                fastcgi_temp_path {self.folder}/fastcgi;
                uwsgi_temp_path {self.folder}/uwsgi;
                scgi_temp_path {self.folder}/scgi;
                server {{
                    listen 127.0.0.1:{self.port};
                    location / {{
                        proxy_pass {self.stack.url};
                        proxy_cache naive;
                        proxy_cache_valid 200 404 1s;
                        proxy_ignore_headers Cache-Control Vary;
                    }}
                }}
            }}
            """))
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-c", config, "-p", self.folder,
                                         "-e", self.folder / "error.log"])
        eventually(lambda: not port_is_free(self.port), what="the naive cache")
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)


def test_partitions_that_an_importer_writes_otherwise(tmp_path, capsys):
    stack = importer.host(tmp_path)
    try:
        result = importer.run(stack.up(), reads=10000, seconds=3)
    finally:
        stack.down()
    with capsys.disabled():
        print("\n  importer: {reads} reads, {writes} writes, {stale} stale, seed {seed}".format(
            **result), end="")
    assert result["stale"] == result["ahead"] == result["read_errors"] == 0, result
    assert result["writes"] > 20 and result["memory"] > 0, result
