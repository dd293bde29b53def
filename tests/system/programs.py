# SPDX-License-Identifier: BSD-2-Clause
"""The programs in C that tests run beside the stack."""
import os
import pathlib
import shlex
import subprocess

from stack import ROOT

FOLDER = pathlib.Path(__file__).parent


def build(name, *sources, packages=(), options=()):
    """Compiles it unless that has been done; returns its path."""
    folder = pathlib.Path(os.environ.get("LARDER_BUILD", ROOT / "var" / "build"))
    folder.mkdir(parents=True, exist_ok=True)
    program, files = folder / name, [FOLDER / source for source in sources]
    newest = max(file.stat().st_mtime for file in [*files, *FOLDER.glob("*.h")])
    if program.exists() and program.stat().st_mtime >= newest:
        return program
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", *packages], check=True, text=True,
                           stdout=subprocess.PIPE).stdout if packages else ""
    new = program.with_suffix(f".{os.getpid()}")
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall",
                    "-Wextra", "-Werror", "-pthread", *options, "-o", new, *files,
                    *shlex.split(flags)], check=True)
    new.rename(program)
    return program
