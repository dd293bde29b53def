# SPDX-License-Identifier: BSD-2-Clause
"""scripts/up and nginx' module: used where it can be, left out where it is not wanted, and said."""
import os
import shutil
import subprocess

import pytest

from stack import ROOT, eventually

BY_NGINX = "hits are answered by nginx"
BY_WORKERS = "hits are answered by the workers: "


@pytest.fixture
def host(stack):
    """Another host of the session's stack, whose caller says nothing about the edge."""
    host = stack.sibling(LARDER_EDGE="")
    host.settings.pop("LARDER_EDGE")
    yield host
    host.down()
    stack.siblings.remove(host)


def ups(stack, *arguments, **settings):
    """What scripts/up and scripts/stack status say of hits."""
    said = stack.script("up", "--no-sample", *arguments, env=settings).stderr
    lines = [line for line in said.splitlines() if line.startswith("hits are answered by ")]
    assert len(lines) == 1 and lines[0].endswith(" (docs/edge.md)"), said
    line = lines[0].removesuffix(" (docs/edge.md)")
    assert line in stack.control("status", "nginx").stdout
    return line


def comes_to_hit(stack, place):
    """nginx' former processes may answer once more."""
    def hit():
        status = stack.client.get("/api/products?limit=2").cache_status or ""
        return "; hit" in status and status.endswith(f"detail={place}")
    eventually(lambda: hit() and hit(), 20, every=0.05, what=f"two hits in a row from {place}")


def test_it_is_used_until_it_is_left_out_and_that_is_remembered(host):
    assert ups(host) == BY_NGINX
    comes_to_hit(host, "edge")
    assert ups(host, "--no-edge") == BY_WORKERS + "LARDER_EDGE=off"
    comes_to_hit(host, "memory")
    assert ups(host) == BY_WORKERS + "LARDER_EDGE=off"
    assert ups(host, LARDER_EDGE="on") == BY_NGINX
    comes_to_hit(host, "edge")
    assert ups(host, LARDER_EDGE="off") == BY_WORKERS + "LARDER_EDGE=off"
    assert ups(host, LARDER_EDGE="") == BY_NGINX
    done = host.script("up", "--no-sample", check=False, env={"LARDER_EDGE": "maybe"})
    assert done.returncode == 3 and "LARDER_EDGE=maybe" in done.stderr


def test_it_is_said_why_the_workers_answer(host, tmp_path):
    assert ups(host, LARDER_RATE="100000") == BY_WORKERS + "LARDER_RATE is set"
    comes_to_hit(host, "memory")
    assert ups(host, LARDER_RATE="", LARDER_ACCESS_LOG="all") == \
        BY_WORKERS + "LARDER_ACCESS_LOG is set"
    assert ups(host, LARDER_ACCESS_LOG="off") == BY_NGINX
    for name in ("larderd", "larderctl"):
        shutil.copy(host.build / name, tmp_path / name)
    host.settings["LARDER_BUILD"] = str(tmp_path)
    assert ups(host) == BY_WORKERS + "its module is not built"
    (tmp_path / "ngx_http_larder_module.so").write_text("no module")
    assert ups(host) == BY_WORKERS + "its module is for another nginx"
    comes_to_hit(host, "memory")


def test_another_build_of_the_module_is_loaded_without_a_restart(host, tmp_path):
    assert ups(host) == BY_NGINX
    for name in ("larderd", "larderctl", "ngx_http_larder_module.so"):
        shutil.copy(host.build / name, tmp_path / name)
    subprocess.run(["strip", tmp_path / "ngx_http_larder_module.so"], check=True)
    nginx = host.pid("nginx")
    assert ups(host, LARDER_BUILD=str(tmp_path)) == BY_NGINX
    laid = list((host.var / "nginx").glob("larder-*.so"))
    assert len(laid) == 1 and laid[0].read_bytes() == (tmp_path / "ngx_http_larder_module.so").read_bytes()
    assert host.pid("nginx") == nginx
    eventually(lambda: all(str(laid[0]) in open(f"/proc/{pid}/maps").read()
                           for pid in host.nginx_processes()), 30, what="the new module alone")
    comes_to_hit(host, "edge")


# --- The sources that it is built of ---

def library(tmp_path, command, **commands):
    """What a function of scripts/lib says, with programs that say and do what they are told."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    for name, text in commands.items():
        file = folder / name.replace("_", "-")
        file.write_text("#!/bin/sh\n" + text)
        file.chmod(0o755)
    env = {name: value for name, value in os.environ.items() if not name.startswith("LARDER_")}
    env.update(PATH=f"{folder}:{env['PATH']}", LARDER_VAR=str(tmp_path / "var"),
               LARDER_CACHE=str(tmp_path / "cache"))
    return subprocess.run(["bash", "-euc", f'. "{ROOT}/scripts/lib/stack.sh"; stack_make_folders; {command}'],
                          env=env, capture_output=True, text=True)


OFFERED = """echo 'nginx-dev | 1.26.3-3 | http://deb.example trixie/main amd64 Packages'
echo 'nginx-dev | 1.22.1-9+deb12u3 | http://deb.example bookworm/main amd64 Packages'
echo 'nginx-dev | 1.22.1-9 | http://deb.example bookworm/main amd64 Packages'
"""


@pytest.mark.parametrize("running, taken", [
    ("1.22.1-9", "1.22.1-9"), ("1.22.1-9+deb12u3", "1.22.1-9+deb12u3"),
    ("1.22.1-9+deb12u2", "1.22.1-9+deb12u3"), ("1.26.3-3", "1.26.3-3"),
    ("1.24.0-1~bookworm", ""), ("1.22.10-1", ""), ("1.2", ""),
])
def test_sources_are_those_of_the_nginx_that_runs(tmp_path, running, taken):
    done = library(tmp_path, f"edge_package {running}", apt_cache=OFFERED)
    assert (done.stdout.strip(), done.returncode) == (taken, 0), done.stderr


def test_sources_are_unpacked_once_and_missed_once(tmp_path):
    """The package comes as a file; where there is none, that is not tried again."""
    package = tmp_path / "package"
    header = package / "usr/share/nginx/src/src/core/nginx.h"
    (package / "DEBIAN").mkdir(parents=True)
    (package / "DEBIAN/control").write_text("Package: nginx-dev\nVersion: 1.22.1-9\nArchitecture: all\n"
                                            "Maintainer: a <a@b.example>\nDescription: a\n")
    header.parent.mkdir(parents=True)
    header.write_text("/* nginx */\n")
    subprocess.run(["dpkg-deb", "--build", package, tmp_path / "nginx-dev.deb"], check=True,
                   capture_output=True)
    calls = tmp_path / "calls"
    fakes = {"apt_cache": OFFERED,
             "apt_get": f'echo "$*" >>{calls}; [ "$2" = download ] && cp {tmp_path}/nginx-dev.deb .',
             "sudo": 'shift; exec "$@"'}
    ask = "edge_sources_need; edge_sources_need; edge_sources; echo; state_get EDGE_MISSING"

    def with_nginx(version):
        """Of the same machine, where nginx-dev is not installed."""
        return library(tmp_path, ask, **fakes,
                       dpkg_query=f'[ "$4" = nginx ] && echo "installed {version}"')
    done = with_nginx("1.24.0-1")
    assert done.returncode == 0 and done.stdout.endswith("nginx-dev 1.24.0-1\n"), done.stderr
    assert calls.read_text().splitlines() == ["-q update"]
    assert done.stderr.count("Fetching nginx-dev") == 1
    done = with_nginx("1.22.1-9")
    sources = tmp_path / "cache/nginx-dev-1.22.1-9/usr/share/nginx/src"
    assert done.stdout.startswith(str(sources)) and (sources / "src/core/nginx.h").exists(), done.stderr
    assert calls.read_text().splitlines() == ["-q update", "-q download nginx-dev=1.22.1-9"]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["nginx-dev-1.22.1-9"]
