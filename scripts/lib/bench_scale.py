# SPDX-License-Identifier: BSD-2-Clause
"""Two workers beside one, with nothing else that they would have to share a core with.

A lane is a load generator, an nginx of one process and a worker, all on one core: hits in memory.
Two lanes have the shared memory and Redis in common. Each is asked alone, then both at once, in
turn, several rounds: what a second worker brings is the ratio, and what the load generator takes of
its core is told apart. Workers that share no memory, and the constant responder, whose lanes have
nothing in common at all, say what these cores allow.
"""
import os
import resource
import statistics
import subprocess
from contextlib import ExitStack, contextmanager

from bench_costs import Worker, wait_for_hits
from bench_load import BATCH, children, cpu_seconds, end_wrk, nginx_server, pass_to, start_nginx, start_wrk

CONNECTIONS, WARM_SECONDS = 32, 2
KINDS = {"larder": "larder", "apart": "larder, memory not shared",
         "constant": "constant, SCHED_BATCH"}
PARTS = ["worker", "nginx", "load"]


@contextmanager
def on_core(core):
    """What is started meanwhile stays on it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def end_with(stack, process):
    stack.callback(process.wait, 15)
    stack.callback(process.terminate)


class Lane:
    def __init__(self, bench, kind, core, port, stack):
        name = f"{kind}-{core}"
        self.bench, self.core, self.port = bench, core, port
        with on_core(core):
            pid, socket = getattr(self, kind)(name, stack)
            nginx = start_nginx(bench.var, f"{name}-nginx", {"larder": socket},
                                nginx_server(port, pass_to("larder")), [port], workers=1)
        end_with(stack, nginx)
        self.pids = {"worker": [pid], "nginx": children(nginx.pid)}

    def larder(self, name, stack):
        return self.lane(name, stack, MONGODB_URI=self.bench.env["MONGODB_URI"])

    def lane(self, name, stack, **settings):
        worker = stack.enter_context(Worker(self.bench, name, counted=False, **settings))
        with worker.connect() as client:
            wait_for_hits(client, "/api/products?limit=1", "detail=memory")
        return worker.process.pid, worker.socket

    def apart(self, name, stack):
        return self.lane(name, stack)

    def constant(self, name, stack):
        socket = self.bench.var / "run" / f"{name}.sock"
        socket.unlink(missing_ok=True)
        process = subprocess.Popen([*BATCH, self.bench.var / "constant", socket,
                                    self.bench.var / "item.answer"], stdin=subprocess.DEVNULL)
        end_with(stack, process)
        return process.pid, socket

    def start(self, seconds):
        with on_core(self.core):
            return start_wrk(self.bench.var, self.port, "item", CONNECTIONS, seconds)


def load_seconds():
    """CPU of the load generators that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(lanes, seconds):
    """All of these lanes at once; CPU in microseconds a request."""
    def taken():
        return {"load": load_seconds(),
                **{part: cpu_seconds([pid for lane in lanes for pid in lane.pids[part]])
                   for part in ("worker", "nginx")}}

    before = taken()
    told = [end_wrk(process) for process in [lane.start(seconds) for lane in lanes]]
    after = taken()
    count = sum(one["requests"] for one in told)
    return {"rps": sum(one["rps"] for one in told), "errors": sum(one["errors"] for one in told),
            **{part: (after[part] - before[part]) / count * 1e6 for part in PARTS}}


def table(cells, options):
    lines = ["\n### Two workers beside one: each core alone, and both at once\n",
             "| target | cores | requests/s | of one | worker µs | nginx µs | load generator µs | "
             "its share | errors |", "|---|---|---|---|---|---|---|---|---|"]
    for (kind, cores), c in cells.items():
        one = statistics.mean(cells[kind, f"core {core}"]["rps"] for core in (0, 1))
        share = c["load"] / sum(c[part] for part in PARTS)
        lines.append(f"| {KINDS[kind]} | {cores} | {c['rps']:,.0f} | {c['rps'] / one:.2f} | "
                     f"{c['worker']:.1f} | {c['nginx']:.1f} | {c['load']:.1f} | {share:.0%} | "
                     f"{c['errors']:.0f} |")
    return "\n".join(lines) + "\n"


def run(bench, port, options):
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        return "\n### Two workers beside one\n\nNot measured: there is one core.\n"
    with ExitStack() as stack:
        targets = {}
        for kind in KINDS:
            lanes = [Lane(bench, kind, core, port + len(targets) + i, stack)
                     for i, core in enumerate(cores)]
            targets |= {(kind, "core 0"): lanes[:1], (kind, "core 1"): lanes[1:],
                        (kind, "both"): lanes}
            measure(lanes, WARM_SECONDS)
        rounds = {name: [] for name in targets}
        for _ in range(options.rounds):
            for name, lanes in targets.items():
                rounds[name].append(measure(lanes, options.secs))
    cells = {name: {key: statistics.median(one[key] for one in found) for key in found[0]}
             for name, found in rounds.items()}
    return table(cells, options)
