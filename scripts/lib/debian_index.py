# SPDX-License-Identifier: BSD-2-Clause
"""This machine's Debian package index, as scripts/debian-posts and scripts/debian-packages read it."""
import subprocess
import sys

RECORDS_MIN = 60_000


def stanzas(lines):
    """Yields each block of `Field: value` lines as a dict; continuation lines stay in the value."""
    fields, name = {}, None
    for line in lines:
        line = line.rstrip("\n")
        if not line:
            if fields:
                yield fields
            fields, name = {}, None
        elif line[0] in " \t":
            if name:
                fields[name] += "\n" + line
        else:
            name, _, value = line.partition(":")
            fields[name] = value.strip()
    if fields:
        yield fields


def output_of(*command):
    """Yields the lines that a command prints; ends the program if it fails."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8",
                          errors="replace") as process:
        yield from process.stdout
    if process.returncode != 0:
        sys.exit(f"{command[0]} failed with status {process.returncode}")


def packages():
    """Yields the newest stanza of each package that has a section and a version."""
    seen = set()
    for package in stanzas(output_of("apt-cache", "dumpavail")):
        name = package.get("Package")
        if name and name not in seen and {"Section", "Version"} <= package.keys():
            seen.add(name)
            yield package


def output_from_arguments(program, what):
    """Opens what the program's one argument names, or standard output; answers --help."""
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(what.strip())
        sys.exit(0)
    if len(sys.argv) > 2 or sys.argv[1:2] and sys.argv[1].startswith("-"):
        print(f"usage: scripts/{program} [OUT]", file=sys.stderr)
        sys.exit(2)
    try:
        return open(sys.argv[1], "w", encoding="utf-8") if len(sys.argv) == 2 else sys.stdout
    except OSError as error:
        sys.exit(f"{program}: {error.filename}: {error.strerror}")


def require_enough(program, count):
    if count < RECORDS_MIN:
        sys.exit(f"{program}: only {count} packages are known here: is "
                 "/var/lib/apt/lists empty? apt-get update fills it.")
