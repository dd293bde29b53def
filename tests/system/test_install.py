# SPDX-License-Identifier: BSD-2-Clause
"""make install: what it lays under any prefix, and that it is valid as it lies there.

scripts/test-packages installs it, and the packages, on whole releases."""
import os
import pathlib
import re
import subprocess

import pytest

from stack import ROOT

BUILD = pathlib.Path(os.environ.get("LARDER_BUILD", ROOT / "var" / "build"))
NGINX = """
pid "{folder}/nginx.pid";
error_log "{folder}/error.log";
events {{ }}
http {{
    include {etc}/nginx/sites-available/larder;
}}
"""


def make(target, prefix, *more):
    subprocess.run(["make", "-s", "-C", BUILD, target, f"prefix={prefix}", *more],
                   check=True, capture_output=True, timeout=300)


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    make("install", prefix)
    return prefix


def test_everything_is_laid(prefix):
    for name in ("sbin/larderd", "sbin/larder-restart", "bin/larderctl", "share/man/man8/larderd.8",
                 "share/man/man8/larder-restart.8", "share/man/man1/larderctl.1",
                 "share/man/man5/larder.conf.5", "lib/systemd/system/larder.socket",
                 "lib/systemd/system/larder@.service", "lib/systemd/system/larder.target",
                 "lib/systemd/system-generators/larder-generator",
                 "share/bash-completion/completions/larderctl",
                 "share/bash-completion/completions/larderd", "share/zsh/site-functions/_larder",
                 "etc/nginx/sites-available/larder", "etc/nginx/server_larder.conf",
                 "etc/larder/larder.conf", "etc/larder/resources", "share/larder/resources",
                 "share/larder/multihost.conf"):
        assert (prefix / name).exists(), name
    assert (prefix / "etc/larder/larder.conf").stat().st_mode & 0o777 == 0o640
    for resource in (ROOT / "resources").glob("*.json"):
        for folder in ("etc/larder", "share/larder"):
            assert (prefix / folder / "resources" / resource.name).exists(), resource


def test_the_pages_lie_under_the_name_that_they_ask_for(prefix):
    pages = prefix / "share/larder/pages"
    assets = set(re.findall(r"/assets/([0-9a-f]+)/", (pages / "page.html").read_text()))
    assert len(assets) == 1
    laid = {file.name for file in (pages / "assets" / assets.pop()).iterdir()}
    assert laid == {file.name for file in (ROOT / "pages").iterdir() if file.suffix != ".html"}


def test_units_carry_the_folders(prefix):
    unit = (prefix / "lib/systemd/system/larder@.service").read_text()
    assert f"ExecStart={prefix}/sbin/larderd --config {prefix}/etc/larder/larder.conf\n" in unit
    for file in prefix.rglob("*larder*"):
        if file.is_file() and file.name not in ("larderd", "larderctl") and file.suffix != ".so":
            assert not re.search(r"@[a-z]+dir@", file.read_text()), file


def test_systemd_has_nothing_to_say(prefix):
    units = prefix / "lib/systemd/system"
    for words in (["verify", "--man=no", units / "larder.socket", units / "larder.target",
                   units / "larder@1.service"],
                  ["security", "--offline=true", "--threshold=15", units / "larder@.service"]):
        done = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True,
                              timeout=30)
        assert done.returncode == 0 and done.stderr == "", done


def test_the_settings_are_valid_as_they_come(prefix):
    done = subprocess.run([prefix / "sbin/larderd", "--config", prefix / "etc/larder/larder.conf",
                           "--check-config"], env={}, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


def test_settings_that_were_changed_stay(tmp_path):
    make("install", "/usr", f"DESTDIR={tmp_path}", "sysconfdir=/etc")
    file = tmp_path / "etc/larder/larder.conf"
    file.write_text("LARDER_WORKERS=3\n")
    make("install", "/usr", f"DESTDIR={tmp_path}", "sysconfdir=/etc")
    assert file.read_text() == "LARDER_WORKERS=3\n"
    make("uninstall", "/usr", f"DESTDIR={tmp_path}", "sysconfdir=/etc")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]


def test_the_site_is_valid_as_it_lies(prefix, tmp_path):
    (tmp_path / "nginx.conf").write_text(NGINX.format(folder=tmp_path, etc=prefix / "etc"))
    done = subprocess.run(["nginx", "-t", "-e", tmp_path / "error.log", "-c",
                           tmp_path / "nginx.conf"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and "warn" not in done.stderr, done.stderr


@pytest.mark.parametrize("line, count", [
    ("LARDER_WORKERS=3", 3), (" LARDER_WORKERS = '12'", 12), ("LARDER_WORKERS=0", None),
    ("#LARDER_WORKERS=3", None), ("LARDER_WORKERS=many", None), ("LARDER_WORKERS=257", None)])
def test_the_target_wants_as_many_workers_as_are_set(tmp_path, line, count):
    make("install", tmp_path)
    (tmp_path / "etc/larder/larder.conf").write_text(f"{line}\n")
    subprocess.run([tmp_path / "lib/systemd/system-generators/larder-generator", tmp_path / "out"],
                   check=True, timeout=30)
    wanted = {path.name for path in (tmp_path / "out/larder.target.wants").iterdir()}
    cores = len(os.sched_getaffinity(0))
    assert wanted == {f"larder@{i}.service" for i in range(1, (count or cores) + 1)}


def test_the_manual_has_every_setting(prefix):
    manual = (prefix / "share/man/man5/larder.conf.5").read_text()
    names = re.findall(r"^  ([A-Z_]+)=", subprocess.run(
        [prefix / "sbin/larderd", "--help"], capture_output=True, text=True, check=True).stdout, re.M)
    assert len(names) >= 10
    for name in names:
        assert f"\\fB{name}\\fR" in manual, name
