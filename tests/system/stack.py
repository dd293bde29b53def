# SPDX-License-Identifier: BSD-2-Clause
"""A private stack: nginx, workers, Redis and MongoDB, started and stopped by the scripts."""
import concurrent.futures
import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

import pymongo
import redis

from client import Client

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
SETTINGS_OF_SCRIPTS = ("LARDER_CACHE", "LARDER_BUILD")

xxhash = ctypes.CDLL("libxxhash.so.0")  # what tags and entries are hashed with
xxhash.XXH3_64bits.restype = ctypes.c_uint64


def tag_slot(tag):
    """The tag's line in a host's table, which other tags share."""
    return xxhash.XXH3_64bits(tag.encode(), ctypes.c_size_t(len(tag))) % 32768


def of_database(uri, name):
    """The URI of a MongoDB, of another database: a host with a Redis of its own needs one."""
    return urllib.parse.urlsplit(uri)._replace(path=f"/{name}").geturl()


def eventually(check, seconds=10, every=0.02, what=""):
    """Calls check() until it returns something true, and returns that; raises after a deadline.

    AssertionErrors inside check count as "not yet"; the last one is shown.
    """
    end = time.monotonic() + seconds
    while True:
        problem = None
        try:
            value = check()
        except AssertionError as error:
            problem, value = error, None
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"not within {seconds} s: {what or check.__name__}"
                                 f" (last: {value!r})") from problem
        time.sleep(every)


def cpu_seconds(pids):
    """What the kernel has booked for these processes."""
    texts = (pathlib.Path(f"/proc/{pid}/stat").read_text() for pid in pids)
    ticks = sum(sum(map(int, text.rpartition(")")[2].split()[11:13])) for text in texts)
    return ticks / os.sysconf("SC_CLK_TCK")


def free_ports():
    """The first of four free ports.  They lie below the range that the kernel gives to outgoing
    connections, and no two processes look at the same ones first."""
    for attempt in range(200):
        base = 10000 + ((os.getpid() * 7 + attempt * 13) % 5000) * 4
        if all(port_is_free(base + i) for i in range(4)):
            return base
    raise RuntimeError("no four free ports")


def port_is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Stack:
    """One stack in a folder of its own, where anybody may write unless settings say otherwise."""

    def __init__(self, **settings):
        self.var = pathlib.Path(tempfile.mkdtemp(
            prefix="larder-", dir=os.environ.get("LARDER_TEST_STACKS")))
        # Hits are the workers' own unless a test is about nginx' module.
        self.settings = {"LARDER_WORKERS": "2", "LARDER_WRITES": "open", "LARDER_EDGE": "off",
                         **settings}
        self.ports = free_ports()
        self.siblings = []
        self.shapes = {}
        self._redis = self._mongo = None

    # --- its life ---

    def environment(self, **more):
        """What the scripts see: nothing of the caller's settings but where things are built."""
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("LARDER_") or name in SETTINGS_OF_SCRIPTS}
        for name in ("REDIS_URL", "MONGODB_URI"):
            kept.pop(name, None)
        return {**kept, "LARDER_VAR": str(self.var), "LARDER_PORT": str(self.ports),
                **self.settings, **more}

    def script(self, name, *arguments, check=True, timeout=200, env=None):
        done = subprocess.run([SCRIPTS / name, *arguments], env=self.environment(**(env or {})),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout)
        if check and done.returncode != 0:
            raise RuntimeError(f"scripts/{name} {' '.join(arguments)} ended with "
                               f"{done.returncode}:\n{done.stdout}{done.stderr}{self.log_tail()}")
        return done

    def up(self, *arguments):
        self.script("up", *(arguments or ["--no-sample"]))
        self.client = Client(self.url)
        return self

    def down(self):
        for sibling in self.siblings:
            sibling.down()
        self.resume()
        self.script("down", "--purge")
        if self._mongo is not None:
            self._mongo.client.close()
        shutil.rmtree(self.var, ignore_errors=True)

    def sibling(self, **settings):
        """Another host: nginx, workers and shared memory of its own, the same Redis and MongoDB.

        Calling Redis by a name of its own gives its workers a shared segment of their own.
        """
        password = urllib.parse.urlsplit(self.env["REDIS_URL"]).password
        other = Stack(MONGODB_URI=self.env["MONGODB_URI"], **settings)
        (other.var / "redis.sock").symlink_to(self.var / "run" / "redis.sock")
        other.settings["REDIS_URL"] = f"unix://:{password}@{other.var}/redis.sock"
        self.siblings.append(other)
        return other.up()

    # --- where things are ---

    @property
    def env(self):
        lines = (self.var / "env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if line)

    @property
    def url(self):
        return self.env["LARDER_URL"]

    @property
    def socket_path(self):
        return self.env["LARDER_SOCKET"]

    @property
    def build(self):
        return pathlib.Path(os.environ.get("LARDER_BUILD", ROOT / "var" / "build"))

    @property
    def redis(self):
        if self._redis is None:
            self._redis = redis.Redis.from_url(self.env["REDIS_URL"], socket_timeout=5)
        return self._redis

    @property
    def mongo(self):
        if self._mongo is None:
            client = pymongo.MongoClient(self.env["MONGODB_URI"], serverSelectionTimeoutMS=5000)
            self._mongo = client.get_default_database()
        return self._mongo

    def pid(self, name):
        return int((self.var / "run" / f"{name}.pid").read_text())

    def workers(self):
        """The pids of the workers that run."""
        pids = []
        for file in sorted((self.var / "run").glob("larderd-*.pid")):
            pid = int(file.read_text())
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                continue
            pids.append(pid)
        return pids

    def nginx_processes(self):
        """The pids that nginx' master has started."""
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.pid("nginx"))],
                               capture_output=True, text=True).stdout
        return set(map(int, found.split()))

    def nginx_reload(self):
        """New processes take over; until the old ones have ended what they had begun."""
        old = self.nginx_processes()
        self.signal("nginx", signal.SIGHUP)
        eventually(lambda: not old & self.nginx_processes(), 30, every=0.02, what="new processes")

    def log(self, name):
        file = self.var / "log" / f"{name}.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def told(self):
        """What the workers have logged so far, of lines that are written to their end."""
        whole = self.log("larderd").rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines() if line.startswith("{")]

    def log_tail(self, lines=15):
        return "".join(f"\n--- {name}.log\n" + "\n".join(self.log(name).splitlines()[-lines:])
                       for name in ("larderd", "nginx", "mongo", "redis") if self.log(name))

    # --- what is done to it ---

    def control(self, action, *parts, **settings):
        """scripts/stack, e.g. control("stop", "redis")."""
        return self.script("stack", action, *parts, env=settings)

    def ctl(self, *arguments, stdin=None, check=True, timeout=200, **settings):
        """larderctl with the workers' settings."""
        env = {name: value for name, value in os.environ.items()
               if not name.startswith("LARDER_")}
        env.update(settings)
        done = subprocess.run(self.ctl_command(*arguments), env=env, input=stdin,
                              capture_output=True, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise RuntimeError(f"larderctl {' '.join(map(str, arguments))} ended with "
                               f"{done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def ctl_bare(self, *arguments):
        """larderctl as it is called by hand, without settings."""
        return subprocess.run([self.build / "larderctl", *arguments], capture_output=True,
                              text=True, timeout=60)

    def ctl_command(self, *arguments):
        # Options come behind the command's words: the program's name, its words, then --config.
        return [str(self.build / "larderctl"), "--config", str(self.var / "larderd.conf"),
                *map(str, arguments)]

    def signal(self, name, number):
        os.kill(self.pid(name), number)

    def pause(self, name):
        self.signal(name, signal.SIGSTOP)

    def resume(self, name="redis"):
        try:
            self.signal(name, signal.SIGCONT)
        except (OSError, ValueError):
            pass

    def segment(self):
        """The path of the shared memory that all workers map."""
        paths = {line.split(maxsplit=5)[5].strip()
                 for pid in self.workers() for line in open(f"/proc/{pid}/maps")
                 if "/dev/shm/larder-" in line and "metrics" not in line}
        assert len(paths) == 1
        return paths.pop()

    # --- what is asked of it ---

    def epoch(self):
        run = self.redis.info("server")["run_id"]
        return run + (self.redis.hget("larder:installation", "suffix") or b"").decode()

    def base(self):
        """What the names in Redis begin with."""
        return f"larder:{self.epoch()}:"

    def key(self, name):
        """A name as Redis has it: entries, and locks of them, end with the hash of their resource's
        shape, which its entity tags end with too."""
        if name.startswith(("tag:", "fence:")) or name == "born":
            return self.base() + name
        words = name.removeprefix("lock:fill:").removeprefix("count:").split(":")
        resource = {"product": "products", "post": "posts"}.get(words[0], words[0])
        if resource not in self.shapes:
            self.shapes[resource] = self.client.get(f"/api/{resource}?limit=1").etag[-9:-1]
        return f"{self.base()}{name}@{self.shapes[resource]}"

    def metrics(self):
        values = {}
        for line in self.client.get("/metrics").text.splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values[name] = float(value)
        return values

    def settle(self, seconds=15):
        """Waits until answers come from the cache again: Redis connected, its cache no longer
        young, no debt open; and until all workers ask MongoDB again: each has a breaker."""
        def at_once(path):
            """Several requests together reach several workers; one after the other need not."""
            clients = [Client(self.url) for _ in range(8)]
            with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
                answers = list(pool.map(lambda client: client.get(path()), clients))
            for client in clients:
                client.close()
            return answers

        def hits():
            some = self.client.get("/api/products?limit=1").json.get("data") or [{}]
            category = urllib.parse.quote(some[0].get("category", "settle"), safe="")
            paths = [f"/api/products?category={category}"]
            # The first fill of an item makes the tag that all of them have: others hear of it.
            paths += [f"/api/products/{item['_id']}" for item in some if "_id" in item]
            for path in paths:
                self.client.get(path)
            return all(a.status == 200 and a.hit
                       for path in paths for a in at_once(lambda path=path: path))

        def asked():
            return all(a.status == 200 for a in
                       at_once(lambda: f"/api/products?category=settle-{time.monotonic_ns()}"))
        eventually(hits, seconds, every=0.1, what="hits again")
        eventually(asked, seconds, every=0.1, what="all workers ask MongoDB again")
        return self


@contextlib.contextmanager
def running(settle=15, **settings):
    """A stack of these settings, whose answers come from the cache, until the block ends."""
    stack = Stack(**settings)
    try:
        yield stack.up().settle(settle)
    finally:
        stack.down()
