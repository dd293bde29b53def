# SPDX-License-Identifier: BSD-2-Clause
"""Hits answered inside nginx beside what else nginx can do, in one run.

One nginx process answers all of them in turn, from one connection pool each: `return 200` with the
same body, a static file, its own `fastcgi_cache` (which may be stale), the workers, and the module.
CPU is what the kernel booked for nginx and for the worker.
"""
import http.client
import os
import signal
import statistics
import subprocess
import time
from pathlib import Path

from bench_load import BATCH, answers, children, run_wrk, segment_of

KINDS = ["item", "list", "posts", "list, gzip", "item, 304"]
TARGETS = ["return 200", "static file", "fastcgi_cache", "worker", "module"]
COUNT = 200  # items that are asked in turn

CONFIG = """{user}load_module "{module}";
worker_processes 1;
daemon off;
pid "{var}/run/edge-bench.pid";
error_log "{var}/log/edge-bench.log" warn;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    keepalive_requests 10000000;
    open_file_cache max=1000;
    client_body_temp_path "{var}/nginx/edge-body";
    fastcgi_temp_path "{var}/nginx/edge-fastcgi";
    proxy_temp_path "{var}/nginx/edge-proxy";
    scgi_temp_path "{var}/nginx/edge-scgi";
    uwsgi_temp_path "{var}/nginx/edge-uwsgi";
    fastcgi_cache_path "{var}/nginx/edge-cache" keys_zone=edge:10m;
    types {{ application/json json; }}
    larder_memory "{memory}";
    larder_resources "{resources}";
    upstream larder {{ server "unix:{socket}"; keepalive 64; keepalive_requests 10000000; }}
    server {{
        listen 127.0.0.1:{port};
        default_type application/json;
{constants}
        location /static/ {{ alias "{var}/edge-static/"; }}
    }}
    server {{
        listen 127.0.0.1:{cached};
        location / {{
            fastcgi_cache edge;
            fastcgi_cache_key "$request_uri $http_accept_encoding";
            fastcgi_cache_valid 200 10m;
            fastcgi_ignore_headers Cache-Control Vary;
            fastcgi_pass larder;
            include fastcgi_larder.conf;
        }}
    }}
    server {{
        listen 127.0.0.1:{worker};
        location / {{ fastcgi_pass larder; include fastcgi_larder.conf; }}
    }}
    server {{
        listen 127.0.0.1:{edge};
        larder_edge on;
        location / {{ fastcgi_pass larder; include fastcgi_larder.conf; }}
    }}
}}
"""


def get(port, path, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def constant(name, text):
    """A location that returns the text, which nginx takes in pieces of some 4 KB."""
    pieces = [text[at:at + 1500] for at in range(0, len(text), 1500)]
    sets = ""
    for i, piece in enumerate(pieces):
        piece = piece.replace("\\", "\\\\").replace("'", "\\'").replace("$", "")
        sets += f"            set $piece_{name}_{i} '{piece}';\n"
    whole = "".join(f"$piece_{name}_{i}" for i in range(len(pieces)))
    return f"        location = /constant/{name} {{\n{sets}            return 200 '{whole}';\n        }}"


class Edge:
    def __init__(self, bench, port, ids, options):
        self.var, self.options, self.ids = bench.var, options, ids[:COUNT]
        self.env, self.module = bench.env, bench.program("larderd").parent / "ngx_http_larder_module.so"
        self.port, self.cached, self.worker, self.edge = (port + n for n in range(20, 24))
        self.paths = {"item": [f"/api/products/{i}" for i in self.ids],
                      "list": ["/api/products?limit=20"],
                      "posts": ["/api/posts?limit=10"]}
        self.worker_pid = int((self.var / "run" / "larderd-1.pid").read_text())

    def keep_bodies(self, port):
        """Answers of each kind, as files and as constants."""
        folder, lines = self.var / "edge-static", []
        folder.mkdir(exist_ok=True)
        for name, paths in self.paths.items():
            _, body = get(port, paths[0])
            (folder / f"{name}.json").write_bytes(body)
            lines.append(constant(name, body.decode()))
        return "\n".join(lines)

    def start(self, resources, port):
        config = self.var / "nginx" / "edge-bench.conf"
        config.write_text(CONFIG.format(
            user="user root root;\n" if os.geteuid() == 0 else "", module=self.module, var=self.var,
            memory=segment_of(self.worker_pid), resources=resources, socket=self.env["LARDER_SOCKET"],
            port=self.port, cached=self.cached, worker=self.worker, edge=self.edge,
            constants=self.keep_bodies(port)))
        self.process = subprocess.Popen([*BATCH, "nginx", "-p", self.var / "nginx", "-c", config],
                                        stdin=subprocess.DEVNULL, start_new_session=True)
        end = time.monotonic() + 10
        while not all(map(answers, (self.port, self.cached, self.worker, self.edge))):
            if time.monotonic() > end:
                raise SystemExit(f"nginx does not answer: {self.var}/log/edge-bench.log")
            time.sleep(0.05)
        return self

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(15)

    def cpu_ns(self):
        """Of nginx and of the worker: of all their threads."""
        return [sum(int((task / "schedstat").read_text().split()[0])
                    for pid in pids for task in Path(f"/proc/{pid}/task").iterdir())
                for pids in (children(self.process.pid), [self.worker_pid])]

    def requests(self, target, kind):
        """Port, and path and header of each request in turn."""
        name = kind.split(",")[0]
        header = ("", "")
        if "gzip" in kind:
            header = ("Accept-Encoding", "gzip")
        if target in ("return 200", "static file"):
            place = "constant/" + name if target == "return 200" else f"static/{name}.json"
            return self.port, [(f"/{place}", header)]
        port = {"fastcgi_cache": self.cached, "worker": self.worker, "module": self.edge}[target]
        lines = []
        for path in self.paths[name]:
            if "304" in kind:
                header = ("If-None-Match", get(self.worker, path)[0].headers["ETag"])
            lines.append((path, header))
        return port, lines

    def warm(self, target, kind):
        word = {"worker": "detail=memory", "module": "detail=edge"}.get(target)
        port, lines = self.requests(target, kind)
        end = time.monotonic() + 20
        for path, (name, value) in lines:
            while word:
                answer, _ = get(port, path, {name: value} if name else {})
                if word in (answer.headers["Cache-Status"] or ""):
                    break
                if time.monotonic() > end:
                    raise SystemExit(f"{target}: {path} is never answered with {word}")
        return port, lines

    def cell(self, target, kind, connections):
        port, lines = self.warm(target, kind)
        (self.var / "edge.requests").write_text("".join(
            f"GET\t{path}\t\t{name}\t{value}\n" for path, (name, value) in lines))
        before = self.cpu_ns()
        cell = run_wrk(self.var, port, "edge", connections, self.options.secs)
        spent = [(b - a) / 1e3 / cell["requests"] for a, b in zip(before, self.cpu_ns())]
        return {**cell, "nginx": spent[0], "worker": spent[1]}


def median_of(cells):
    return {key: statistics.median(cell[key] for cell in cells) for key in cells[0]}


def table(kind, connections, cells):
    base = cells["return 200"]
    cpu = {target: cell["nginx"] + cell["worker"] for target, cell in cells.items()}
    lines = [f"\n**{kind}, {connections} connections**\n",
             "| answered by | CPU µs a request | of that nginx | × `return 200` | requests/s | "
             "× `return 200` | p50 ms | p99 ms | p99.9 ms |", "|---|---|---|---|---|---|---|---|---|"]
    for target, cell in cells.items():
        lines.append(f"| {target} | {cpu[target]:.1f} | {cell['nginx']:.1f} | "
                     f"{cpu[target] / cpu['return 200']:.2f} | {cell['rps']:,.0f} | "
                     f"{cell['rps'] / base['rps']:.2f} | {cell['p50']:.2f} | {cell['p99']:.2f} | "
                     f"{cell['p999']:.2f} |")
    return "\n".join(lines) + "\n"


def run(bench, port, ids, resources, options):
    edge = Edge(bench, port, ids, options).start(resources, port)
    out = ""
    try:
        for connections in options.connections:
            for kind in KINDS:
                rounds = [{target: edge.cell(target, kind, connections) for target in TARGETS}
                          for _ in range(options.rounds)]
                out += table(kind, connections,
                             {target: median_of([r[target] for r in rounds]) for target in TARGETS})
    finally:
        edge.stop()
    return out
