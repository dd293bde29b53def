# SPDX-License-Identifier: BSD-2-Clause
"""The load generator, nginx before what it asks, and the CPU that processes take meanwhile."""
import http.client
import itertools
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

SPELLINGS = (f"127.{'0' * n}1" for n in itertools.count())
TICK = os.sysconf("SC_CLK_TCK")
BATCH = ["chrt", "--batch", "0"]

WRK = """local requests, at = {}, 0
function init()
  for line in io.lines(os.getenv("REQUESTS")) do
    local method, path, body, name, value =
      line:match("^(%u+)\\t([^\\t]*)\\t([^\\t]*)\\t?([^\\t]*)\\t?(.*)$")
    local headers = {}
    if name ~= "" then headers[name] = value end
    if body == "" then body = nil else headers["Content-Type"] = "application/json" end
    requests[#requests + 1] = wrk.format(method, path, headers, body)
  end
end
function request() at = at % #requests + 1 return requests[at] end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("JSON [%d,%d,%d,%d,%d,%d]\\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.timeout + e.status, latency:percentile(50),
    latency:percentile(99), latency:percentile(99.9)))
end
"""

NGINX = """{user}{module}worker_processes {workers};
pid "{var}/run/{name}.pid";
error_log "{var}/log/{name}.log" warn;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    keepalive_requests 1000000;
    client_body_temp_path "{var}/nginx/{name}-body";
    fastcgi_temp_path "{var}/nginx/{name}-fastcgi";
    proxy_temp_path "{var}/nginx/{name}-proxy";
    scgi_temp_path "{var}/nginx/{name}-scgi";
    uwsgi_temp_path "{var}/nginx/{name}-uwsgi";
{upstreams}
{edge}{servers}
}}
"""


# --- Workers ---

def write_settings(var, config, **changes):
    """The stack's settings for another of its workers: one database has one cache. Another spelling
    of the database's address gives it shared memory of its own."""
    lines = (var / "larderd.conf").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    values["MONGODB_URI"] = values["MONGODB_URI"].replace("127.0.0.1", next(SPELLINGS))
    values |= changes
    config.touch(mode=0o600)
    config.write_text("".join(f"{key}={value}\n" for key, value in values.items()))


def segment_of(pid):
    """Where the worker keeps its hits."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    return next(line.split()[-1] for line in maps.splitlines()
                if "/dev/shm/larder-" in line and "metrics" not in line)


# --- nginx ---

def nginx_server(port, locations):
    return f"    server {{\n        listen 127.0.0.1:{port} backlog=4096;\n{locations}    }}\n"


def pass_to(upstream, place="/"):
    return (f"        location {place} {{ fastcgi_pass {upstream}; "
            "include fastcgi_larder.conf; }\n")


def start_nginx(var, name, sockets, servers, ports, workers=2, batch=True, edge=None):
    """sockets: of each upstream; ports: that are to take connections before it is ready;
    batch: scheduled as scripts/up and docs/deployment.md do it; edge: the module, the worker's
    segment and its resources, for servers with larder_edge."""
    module, segment, resources = edge or (None, None, None)
    upstreams = "".join(f'    upstream {upstream} {{ server "unix:{path}"; keepalive 64; '
                        "keepalive_requests 1000000; }\n" for upstream, path in sockets.items())
    user = "user root root;\n" if os.geteuid() == 0 else ""
    config = var / "nginx" / f"{name}.conf"
    config.write_text(NGINX.format(
        user=user, var=var, name=name, workers=workers, upstreams=upstreams, servers=servers,
        module=f'load_module "{module}";\n' if edge else "",
        edge=f'    larder_memory "{segment}";\n    larder_resources "{resources}";\n' if edge else ""))
    with open(var / "log" / f"{name}.log", "ab") as log:
        process = subprocess.Popen([*(BATCH if batch else []), "nginx", "-p", var / "nginx",
                                    "-c", config, "-g", "daemon off;"], stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log, start_new_session=True)
    end = time.monotonic() + 10
    for port in ports:
        while not answers(port):
            if time.monotonic() > end:
                sys.exit(f"nginx does not answer; see {var / 'log' / name}.log")
            time.sleep(0.02)
    return process


def answers(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        return True
    except OSError:
        return False
    finally:
        connection.close()


# --- CPU ---

def cpu_seconds(pids):
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return total / TICK


def machine_seconds():
    """What all cores have spent so far, and of that idle."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    return sum(map(int, fields)) / TICK, (int(fields[3]) + int(fields[4])) / TICK


def children(pid):
    found = [pid]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int((entry / "stat").read_text().rsplit(") ", 1)[1].split()[1]) == pid:
                    found.append(int(entry.name))
            except OSError:
                pass
    return found


# --- wrk ---

def start_wrk(var, port, workload, connections, seconds):
    """The workload's file has a line for each request: method, path, body, and perhaps a header's
    name and value, with tabs between."""
    script = var / "wrk.lua"
    if not script.exists() or script.read_text() != WRK:  # another may be reading it
        script.write_text(WRK)
    return subprocess.Popen(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script,
                             f"http://127.0.0.1:{port}"], stdout=subprocess.PIPE, text=True,
                            env={**os.environ, "REQUESTS": str(var / f"{workload}.requests")})


def end_wrk(process):
    """What it tells when it ends; times in milliseconds."""
    out = process.communicate()[0]
    if process.returncode != 0:
        sys.exit(f"wrk ended with {process.returncode}")
    count, micros, errors, *times = json.loads(re.search(r"JSON (.*)", out)[1])
    p50, p99, p999 = (time_us / 1e3 for time_us in times)
    return {"requests": count, "rps": count / (micros / 1e6), "errors": errors, "p50": p50,
            "p99": p99, "p999": p999}


def run_wrk(*what):
    return end_wrk(start_wrk(*what))


def measure(groups, *what):
    """What wrk tells, the CPU microseconds a request of each group of processes, and the share of
    the cores' time in which they were idle."""
    before = {name: cpu_seconds(pids) for name, pids in groups.items()}
    all_before, idle_before = machine_seconds()
    cell = run_wrk(*what)
    all_after, idle_after = machine_seconds()
    cell["idle"] = (idle_after - idle_before) / max(all_after - all_before, 1 / TICK)
    for name, pids in groups.items():
        cell[name] = (cpu_seconds(pids) - before[name]) / max(cell["requests"], 1) * 1e6
    return cell
