# SPDX-License-Identifier: BSD-2-Clause
"""What one request costs a worker that does nothing else: time, allocations, round trips, memory."""
import json
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "system"))

from bench_load import write_settings  # noqa: E402
from fcgi import Client  # noqa: E402

REQUESTS = 200
KINDS = ["memory hit", "Redis hit", "miss", "write"]


class Worker:
    """A larderd of its own, with its allocations counted unless told otherwise."""

    segments = set()  # of all that have ended: the next one of the same name finds them

    @classmethod
    def remove_segments(cls):
        for path in cls.segments:
            Path(path).unlink(missing_ok=True)

    def __init__(self, bench, name, counted=True, **settings):
        self.socket = bench.var / "run" / f"{name}.sock"
        self.counts = bench.var / f"{name}.mallocs"
        config = bench.var / f"{name}.conf"
        for path in (self.socket, self.counts):
            path.unlink(missing_ok=True)
        write_settings(bench.var, config, **settings)
        env = dict(os.environ)
        if counted:
            env.update(LD_PRELOAD=str(preload(bench)), MALLOCS_FILE=str(self.counts))
        with open(bench.var / "log" / f"{name}.log", "ab") as log:
            self.started = time.monotonic()
            self.process = subprocess.Popen(
                [str(bench.program("larderd")), "--config", str(config), "--listen",
                 f"unix:{self.socket}"], env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        maps = Path(f"/proc/{self.process.pid}/maps").read_text()
        self.segments.update(re.findall(r"/dev/shm/larder-[\w.-]+", maps))
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(15)

    def connect(self, seconds=10):
        end = self.started + seconds
        while True:
            try:
                return Client(str(self.socket))
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.0005)

    def allocations(self):
        return int.from_bytes(self.counts.read_bytes(), sys.byteorder)

    def cpu_us(self):
        """Of all its threads."""
        return sum(int((task / "schedstat").read_text().split()[0])
                   for task in Path(f"/proc/{self.process.pid}/task").iterdir()) / 1e3

    def resident_kib(self):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s*(\d+)", text)[1])

    def private_kib(self):
        """Without the pages of libraries and shared memory, which all workers have in common."""
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"Private_Dirty:\s*(\d+)", text)[1])


def preload(bench):
    library = bench.var / "mallocs.so"
    if not library.exists():
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library,
                        ROOT / "tests" / "bench" / "mallocs.c"], check=True)
    return library


def redis_cli(bench, *arguments, **more):
    url = urllib.parse.urlsplit(bench.env["REDIS_URL"])
    return subprocess.run(["redis-cli", "-h", url.hostname, "-p", str(url.port), *arguments],
                          text=True, check=True, capture_output=True,
                          env={**os.environ, "REDISCLI_AUTH": url.password or ""}, **more).stdout


def counters(bench, client):
    """Questions to Redis, told by itself: without the listener's PINGs and what scripts do."""
    text = client.request("GET", "/metrics").body.decode()
    asked = re.findall(r"^cmdstat_(?:mget|evalsha|eval):calls=(\d+)",
                       redis_cli(bench, "INFO", "commandstats"), re.M)
    mongo = re.search(r"^larder_mongo_operations_total (\d+)", text, re.M)[1]
    return {"redis": sum(map(int, asked)), "mongo": int(mongo)}


def wait_for_hits(client, path, detail):
    """Until the cache is old enough to be trusted and this answer comes from where it should."""
    end = time.monotonic() + 20
    while True:
        answer = client.request("GET", path)
        if detail in answer.headers.get("cache-status", ""):
            return
        if time.monotonic() > end:
            sys.exit(f"{path} is never answered with {detail}: {answer.headers}")
        time.sleep(0.05)


def sample(bench, worker, client):
    told = counters(bench, client)
    return time.monotonic(), worker.allocations(), worker.cpu_us(), told


def measure(bench, worker, client, requests):
    """Means a request, less what the worker spends when it is left alone."""
    t0, a0, c0, n0 = sample(bench, worker, client)
    time.sleep(0.5)
    t1, a1, c1, n1 = sample(bench, worker, client)
    for request in requests:
        answer = client.request(*request)
        if answer.status != 200:
            sys.exit(f"{request}: {answer.status} {answer.body[:200]}")
    t2, a2, c2, n2 = sample(bench, worker, client)
    share, count = (t2 - t1) / (t1 - t0), len(requests)
    cost = {"allocations": (a2 - a1 - (a1 - a0) * share) / count,
            "us": (c2 - c1 - (c1 - c0) * share) / count}
    for name in n0:
        cost[name] = (n2[name] - n1[name] - (n1[name] - n0[name]) * share) / count
    return {name: max(value, 0.0) for name, value in cost.items()}


def measure_requests(bench, ids):
    paths = [f"/api/products/{i}" for i in ids[:REQUESTS]]
    reads = [("GET", path) for path in paths]
    writes = [("PUT", path, json.dumps({"price": 5}).encode()) for path in paths]
    costs = {}
    with Worker(bench, "costs", LARDER_MEMORY="0") as worker, worker.connect() as client:
        wait_for_hits(client, f"/api/products/{ids[-1]}", "detail=redis")
        subprocess.run([bench.program("larderctl"), "--config", bench.var / "costs.conf", "cache",
                        "purge", "*"], check=True, stdout=sys.stderr)
        costs["miss"] = measure(bench, worker, client, reads)
        for path in paths:
            wait_for_hits(client, path, "detail=redis")
        costs["Redis hit"] = measure(bench, worker, client, reads * 5)
        costs["write"] = measure(bench, worker, client, writes)
    with Worker(bench, "costsm") as worker, worker.connect() as client:
        for path in paths:
            wait_for_hits(client, path, "detail=memory")
        costs["memory hit"] = measure(bench, worker, client, reads * 5)
    return costs


def measure_memory(bench, connections=1000):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, connections + 200), hard))
    with Worker(bench, "idle", counted=False) as worker, worker.connect() as client:
        client.request("GET", "/healthz")
        time.sleep(5)  # what a worker does every few seconds has been done then
        idle, own = worker.resident_kib(), worker.private_kib()
        kept = [worker.connect() for _ in range(connections)]
        for one in kept:
            one.request("GET", "/healthz")
        each = (worker.resident_kib() - idle) / connections
        for one in kept:
            one.socket.close()
    return {"idle_mib": idle / 1024, "own_mib": own / 1024, "connection_kib": each}


def measure_cold_start(bench, path, times=5):
    found = []
    for i in range(times):
        with Worker(bench, "cold", counted=False) as worker, worker.connect() as client:
            client.request("GET", path)
            found.append((time.monotonic() - worker.started) * 1e3)
    return statistics.median(found)


def table(costs, memory, cold_ms, restart):
    lines = ["\n### What a request costs the worker, one at a time, through its socket\n",
             "| request | CPU µs | allocations | round trips to Redis | jobs for MongoDB |",
             "|---|---|---|---|---|"]
    for kind in KINDS:
        c = costs[kind]
        lines.append(f"| {kind} | {c['us']:.1f} | {c['allocations']:.1f} | "
                     f"{c['redis']:.2f} | {c['mongo']:.2f} |")
    lines += ["\n| figure | measured |", "|---|---|",
              f"| resident memory of an idle worker | {memory['idle_mib']:.1f} MiB |",
              f"| of that its own, not shared with other workers | {memory['own_mib']:.1f} MiB |",
              f"| of one kept connection | {memory['connection_kib']:.1f} KiB |",
              f"| first answer after exec | {cold_ms:.0f} ms |",
              f"| requests lost by restarting all workers under load | {restart['errors']} of "
              f"{restart['requests']:,} |",
              f"| requests/s in those seconds, of those before | {restart['share']:.2f} |"]
    return "\n".join(lines) + "\n"
