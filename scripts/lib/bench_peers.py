# SPDX-License-Identifier: BSD-2-Clause
"""Larder in the run of another benchmark: the peers' own, on their servers and their data."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench_costs import Worker

CACHE = Path(os.environ.get("LARDER_CACHE", Path.home() / ".cache" / "larder"))
REDIS = "redis://127.0.0.1:6390/0"
MONGO = "mongodb://127.0.0.1:27100/shop?directConnection=true"
NGINX = """{user}worker_processes 2;
pid "{var}/run/peers-nginx.pid";
error_log "{var}/log/peers-nginx.log" warn;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    keepalive_requests 1000000;
    client_body_temp_path "{var}/nginx/p-body";
    fastcgi_temp_path "{var}/nginx/p-fastcgi";
    proxy_temp_path "{var}/nginx/p-proxy";
    scgi_temp_path "{var}/nginx/p-scgi";
    uwsgi_temp_path "{var}/nginx/p-uwsgi";
    upstream larder {{ server "unix:{socket}"; keepalive 64; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ fastcgi_pass larder; include fastcgi_larder.conf; }}
    }}
}}
"""


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
    subprocess.run(["python3", "bench.py", "services", "start"], cwd=place, check=True,
                   stdout=sys.stderr)
    nginx = None
    try:
        with Worker(bench, "peers", counted=False, REDIS_URL=REDIS, MONGODB_URI=MONGO) as worker:
            worker.connect().request("GET", "/healthz")
            config = bench.var / "nginx" / "peers.conf"
            user = "user root root;\n" if os.geteuid() == 0 else ""
            config.write_text(NGINX.format(user=user, var=bench.var, port=port,
                                           socket=worker.socket))
            nginx = subprocess.Popen(["nginx", "-p", bench.var / "nginx", "-c", config, "-g",
                                      "daemon off;"], stdin=subprocess.DEVNULL)
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
