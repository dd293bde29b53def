# SPDX-License-Identifier: BSD-2-Clause
"""Larder in the run of another benchmark: the peers' own, on their servers and their data."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench_costs import Worker
from bench_load import nginx_server, pass_to, start_nginx

CACHE = Path(os.environ.get("LARDER_CACHE", Path.home() / ".cache" / "larder"))
REDIS = "redis://127.0.0.1:6390/0"
MONGO = "mongodb://127.0.0.1:27100/shop?directConnection=true"


def prepare(source):
    """A copy outside of the checkout: it builds in place, once for this machine."""
    place = CACHE / "peers"
    shutil.copytree(source, place, dirs_exist_ok=True)
    if not (place / "built").exists():
        print("Building the peers (several minutes) ...", file=sys.stderr, flush=True)
        subprocess.run(["sh", "build.sh"], cwd=place, check=True, stdout=sys.stderr)
        (place / "built").touch()
    return place


def run(bench, source, port, only=None):
    """The table that the peers' benchmark makes, with Larder in it."""
    place = prepare(source)
    ours = bench.var / "peers.md"
    # Each run loads its data anew: documents that Larder has changed count their versions.
    shutil.rmtree(place / "run" / "mongo-data", ignore_errors=True)
    subprocess.run(["python3", "bench.py", "services", "start"], cwd=place, check=True,
                   stdout=sys.stderr)
    nginx = None
    try:
        with Worker(bench, "peers", counted=False, REDIS_URL=REDIS, MONGODB_URI=MONGO) as worker:
            worker.connect().request("GET", "/healthz")
            # Scheduled as the peers' own.
            nginx = start_nginx(bench.var, "peers-nginx", {"larder": worker.socket},
                                nginx_server(port, pass_to("larder")), [port], batch=False)
            # The limits are ours to measure: the same, beside the same nginx.
            command = ["python3", "bench.py", "run", "--no-limits", "--url", f"larder=http://127.0.0.1:{port}",
                       "--proc", "larder=larderd.*/peers[.]sock", "--out", str(ours)]
            subprocess.run(command + (["--peers", only] if only else []), cwd=place, check=True,
                           stdout=sys.stderr)
    finally:
        if nginx is not None:
            nginx.terminate()
            nginx.wait(15)
        subprocess.run(["python3", "bench.py", "services", "stop"], cwd=place, check=False,
                       stdout=sys.stderr)
    return "\n### Peers, in their own benchmark\n\n" + ours.read_text()
