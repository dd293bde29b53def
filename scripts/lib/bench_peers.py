# SPDX-License-Identifier: BSD-2-Clause
"""Larder in the run of another benchmark: the peers' own, on their servers and their data. Twice:
answered by the worker, and with hits answered inside nginx."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench_costs import Worker
from bench_load import nginx_server, pass_to, segment_of, start_nginx

RESOURCES = Path(__file__).resolve().parent.parent.parent / "resources"
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
            edge = (bench.program("larderd").parent / "ngx_http_larder_module.so",
                    segment_of(worker.process.pid), RESOURCES)
            targets = {"larder": port, "larder-edge": port + 1}
            servers = (nginx_server(port, pass_to("larder")) +
                       nginx_server(port + 1, "        larder_edge on;\n" + pass_to("larder")))
            # Scheduled as the peers' own.
            nginx = start_nginx(bench.var, "peers-nginx", {"larder": worker.socket}, servers,
                                targets.values(), batch=False, edge=edge)
            # The limits are ours to measure: the same, beside the same nginx.
            command = ["python3", "bench.py", "run", "--no-limits", "--out", str(ours)]
            for name, at in targets.items():
                command += ["--url", f"{name}=http://127.0.0.1:{at}",
                            "--proc", f"{name}=larderd.*/peers[.]sock"]
            subprocess.run(command + (["--peers", only] if only else []), cwd=place, check=True,
                           stdout=sys.stderr)
    finally:
        if nginx is not None:
            nginx.terminate()
            nginx.wait(15)
        subprocess.run(["python3", "bench.py", "services", "stop"], cwd=place, check=False,
                       stdout=sys.stderr)
    return "\n### Peers, in their own benchmark\n\n" + ours.read_text()
