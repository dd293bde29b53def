# SPDX-License-Identifier: BSD-2-Clause
"""container.py CONTAINERFILE CONTEXT BASE OUT: the steps of a Containerfile, done in folders instead
of images, where there is no engine.

Each FROM is a copy of the folder BASE, and the last one becomes OUT; RUN happens in a chroot. How the
container is to be started and asked for its health is printed as JSON.
"""
import glob
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def instructions(text):
    """(word, rest) of each, with continued lines joined."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for line in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines():
        if line.strip():
            word, _, rest = line.partition(" ")
            yield word, rest.strip()


class Container:
    def __init__(self, context, base, out):
        self.context, self.base, self.out = context, base, out
        self.stages, self.folder, self.workdir = {}, None, "/"
        self.env, self.args = {}, {}
        self.config = {"user": "root"}

    def take(self, word, rest):
        getattr(self, "take_" + word.lower())(rest)

    def take_arg(self, rest):
        name, _, value = rest.partition("=")
        self.args[name] = value

    def take_from(self, rest):
        name = rest.split(" AS ")[1] if " AS " in rest else "last"
        self.folder = pathlib.Path(f"{self.out}-{name}" if " AS " in rest else self.out)
        self.stages[name], self.workdir, self.env = self.folder, "/", {}
        subprocess.run(["cp", "-a", "--reflink=auto", f"{self.base}/.", f"{self.folder}/"], check=True)

    def take_workdir(self, rest):
        self.workdir = rest
        self.inside(rest).mkdir(parents=True, exist_ok=True)

    def inside(self, path):
        return self.folder / os.path.join(self.workdir, path).lstrip("/")

    def take_copy(self, rest):
        source, words = self.context, rest.split()
        if words[0].startswith("--from="):
            source = self.stages[words.pop(0)[len("--from="):]]
        *names, to = words
        target = self.inside(to)
        for name in names:
            found = glob.glob(str(source / name.lstrip("/")))
            assert found, f"nothing to copy: {name}"
            for file in found:
                if os.path.isdir(file):
                    shutil.copytree(file, target, dirs_exist_ok=True, symlinks=True)
                else:
                    shutil.copy2(file, target / os.path.basename(file) if to.endswith("/") else target)

    def take_run(self, rest):
        print("RUN", rest, file=sys.stderr, flush=True)
        env = {"PATH": PATH, "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive", **self.args, **self.env}
        subprocess.run(["chroot", str(self.folder), "/usr/bin/env", "-i",
                        *(f"{name}={value}" for name, value in env.items()),
                        "/bin/sh", "-ec", f"cd {self.workdir} && {rest}"], stdout=sys.stderr, check=True)

    def take_env(self, rest):
        name, _, value = rest.partition("=")
        self.env[name] = value

    def take_user(self, rest):
        self.config["user"] = rest

    def take_healthcheck(self, rest):
        self.config["health"] = json.loads(rest.partition(" CMD ")[2])

    def take_entrypoint(self, rest):
        self.config["entrypoint"] = json.loads(rest)

    def take_nothing(self, rest):
        pass

    take_volume = take_expose = take_stopsignal = take_nothing


def main():
    file, context, base, out = map(pathlib.Path, sys.argv[1:])
    container = Container(context, base, out)
    for word, rest in instructions(file.read_text()):
        container.take(word, rest)
    print(json.dumps({**container.config, "env": container.env}))


main()
