# SPDX-License-Identifier: BSD-2-Clause
"""Requests that nobody should send, and an nginx that gets them twice: with its module and without."""
import os
import pathlib
import re
import socket
import subprocess
import tempfile

from stack import ROOT, eventually

# Another module than the build's, and what such a one needs to be loaded first: libasan.
MODULE = os.environ.get("LARDER_EDGE_MODULE", "")
PRELOAD = os.environ.get("LARDER_EDGE_PRELOAD", "")

OF_ONE_ANSWER = re.compile(
    rb"(?m)^(?:Date|Cache-Status): [^\r]*\r\n|(?<=^X-Request-Id: )[0-9a-f]{16,32}(?=\r)"
    rb'|(?<="requestId":")[0-9a-f]{16,32}')


def comparable(answer):
    """Without what no two answers have in common."""
    return OF_ONE_ANSWER.sub(b"", answer)


# --- Requests ---

METHODS = [b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"get", b"G\0T", b"X" * 300]
VERSIONS = [b"HTTP/1.0", b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b"HTTP/1.1 ", b""]
NAMES = [b"Accept", b"Accept-Encoding", b"If-None-Match", b"X-Request-Id", b"Range", b"If-Modified-Since",
         b"If-Match", b"Traceparent", b"User-Agent", b"Referer", b"X-Forwarded-For", b"X-Forwarded-Proto",
         b"Last-Event-Id", b"Idempotency-Key", b"Content-Type", b"Upgrade", b"TE", b"Origin", b"Cookie",
         b"Authorization", b"Expect", b"Accept_Encoding", b"accept-encoding"]
VALUES = [b"gzip", b"*/*", b"application/json", b"text/event-stream", b'"x"', b"*", b"W/", b'"', b"bytes=0-1",
          b"bytes=-", b"bytes=" + b"0-1," * 200, b"gzip;q=0", b"gzip;q=1.", b"gzip;q=" + b"9" * 400, b", ,,",
          b"identity;q=0", b"Thu, 01 Jan 1970 00:00:00 GMT", b"chunked", b"websocket", b"mine-1",
          b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01", b"", b" ", b"\t"]
BODIES = [b"Content-Length: 2\r\n\r\n{}", b"Content-Length: 0\r\n\r\n", b"Content-Length: -1\r\n\r\n",
          b"Content-Length: 99999999999999999999\r\n\r\n", b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
          b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"Transfer-Encoding: x\r\nContent-Length: 0\r\n\r\n"]
WORDS = [b"%00", b"%", b"%zz", b"%2f", b"%2F..", b"/../", b"/./", b"//", b"?", b"&", b"=", b"#", b"%C3%A4", b"%ff",
         b"limit=", b"page=", b"sort=", b"fields=", b"category=", b"after=", b"ids=", b"q=", b"utm_source=x",
         b"limit=1&", b"limit=5&limit=5", b"0" * 50, b"-", b"1e9", b"\xe2\x82\xac", b"[]", b"name", b"price,name"]
MEANT = re.compile(rb"[\x21-\x22\x24-\x7e\x80-\xff]*")


def noise(rng, most):
    kind = rng.random()
    if kind < 0.4:
        return b"".join(rng.choice(WORDS) for _ in range(rng.randrange(6)))
    if kind < 0.9:
        return rng.randbytes(rng.randrange(24))
    return bytes(rng.choices(b"%&=+,;/?\"'\\.aA0\x7f\xc3\xff", k=rng.randrange(most)))


def text(rng, most):
    """For the middle of a line, which it does not end."""
    return noise(rng, most).translate(None, b"\r\n" if rng.random() < 0.98 else b"")


def target(rng, paths):
    """Mostly one that is answered, or would be but for a few bytes."""
    path, kind = rng.choice(paths), rng.random()
    if kind < 0.5:
        return path
    if kind < 0.6:
        return path + (b"&" if b"?" in path else b"?") + rng.choice(
            [b"utm_source=" + text(rng, 3000).translate(None, b" "), b"", b"=", b"x", b"utm_medium=%"])
    if kind < 0.7:
        at = rng.randrange(len(path))
        return path[:at] + b"%%%02x" % path[at] + path[at + 1:]
    if kind < 0.8:
        at = rng.randrange(len(path) + 1)
        return path[:at] + text(rng, 200) + path[at:]
    if kind < 0.85:
        return b"http://a" + path
    joined = b"/api/" + rng.choice([b"products", b"posts", b"packages"]) + rng.choice([b"?", b"/", b""])
    return joined + text(rng, 9000) * rng.choice([1, 1, 1, 40])


def header(rng):
    name = rng.choice(NAMES) if rng.random() < 0.9 else text(rng, 300)
    value = rng.choice(VALUES) if rng.random() < 0.6 else text(rng, 9000)
    return name + rng.choice([b": "] * 20 + [b":", b"", b" : ", b":\r\n "]) + value + b"\r\n"


def one_request(rng, paths, last):
    method = b"GET" if rng.random() < 0.85 else rng.choice(METHODS)
    version = b"HTTP/1.1" if rng.random() < 0.95 else rng.choice(VERSIONS)
    count = rng.choice([0, 0, 1, 1, 2, 3, 8]) if rng.random() < 0.99 else rng.randrange(400)
    lines = [header(rng) for _ in range(count)]
    lines.insert(0, b"Host: a\r\n" if rng.random() < 0.98 else b"Host: " + text(rng, 300) + b"\r\n")
    if last:
        lines.append(b"Connection: close\r\n")
    end = b"\r\n" if rng.random() < 0.93 else rng.choice(BODIES)
    return method + b" " + target(rng, paths) + b" " + version + b"\r\n" + b"".join(lines) + end


def requests(rng, paths):
    """What is sent on one connection."""
    count = rng.choice([1] * 8 + [2, 5])
    return b"".join(one_request(rng, paths, i == count - 1) for i in range(count))


# --- The nginx ---

class Front:
    """One process beside the stack's own nginx, with the same configuration; or as another user,
    before other workers and the segment of theirs."""

    def __init__(self, stack, user="", socket_path="", memory=""):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="front-", dir=stack.var))
        self.log = self.folder / "error.log"
        self.edge, self.plain = self.folder / "edge.sock", self.folder / "plain.sock"
        module = MODULE or f"{stack.build}/ngx_http_larder_module.so"
        config = (stack.var / "nginx" / "nginx.conf").read_text()
        config = re.sub(r"(?m)^load_module .*", f'load_module "{module}";', config)
        config = re.sub(r"(?m)^worker_processes .*", "worker_processes 1;\ndaemon off;", config)
        config = re.sub(r"(?m)^pid .*", f'pid "{self.folder}/nginx.pid";', config)
        config = re.sub(r"(?m)^error_log .*", f'error_log "{self.log}" warn;', config)
        config = re.sub(r"(?m)^( *)access_log .*", r"\1access_log off;", config)
        config = re.sub(r'(_temp_path) "[^"]*/(\w+)"', rf'\1 "{self.folder}/\2"', config)
        if user:
            config = re.sub(r"(?m)^user .*|(?=^worker_processes)", f"user {user};\n", config, count=1)
        if memory:
            config = config.replace(stack.socket_path, str(socket_path)).replace(
                "include http_edge.conf;",
                f'larder_memory "{memory}"; larder_resources "{ROOT}/resources"; larder_edge on;')
        head, server = re.split(r"(?m)^(?=    server \{)", config)
        plain = re.sub(r"listen [^;]*;", f"larder_edge off; listen unix:{self.plain};", server)
        edge = re.sub(r"listen [^;]*;", f"listen unix:{self.edge};", server)
        self.config = stack.var / "nginx" / "front.conf"
        self.config.write_text(head + plain.rstrip().removesuffix("}") + edge)

    def __enter__(self):
        options = "abort_on_error=1:detect_leaks=0:print_stacktrace=1"
        env = {**os.environ, "ASAN_OPTIONS": options, "UBSAN_OPTIONS": options}
        if PRELOAD:
            env["LD_PRELOAD"] = PRELOAD
        self.master = subprocess.Popen(["/usr/sbin/nginx", "-e", self.log, "-c", self.config], env=env)
        eventually(self.processes, 20, what="an nginx that starts")
        eventually(lambda: self.ask(self.edge, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
                   20, what="an nginx that answers")
        return self

    def __exit__(self, *_):
        self.master.terminate()
        self.master.wait(30)

    def processes(self):
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.master.pid)], capture_output=True,
                               text=True).stdout
        return set(map(int, found.split()))

    def complaints(self):
        """What no client may bring about."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return [line for line in lines if re.search(r"\[(alert|crit|emerg)\]|Sanitizer|runtime error", line)]

    def ask(self, where, data):
        """All that comes back until nginx closes; None where it waits for more."""
        with socket.socket(socket.AF_UNIX) as raw:
            raw.settimeout(10)
            try:
                raw.connect(str(where))
                raw.sendall(data)
            except OSError:
                pass  # closed before all was read: the answer is there
            return self.read(raw)

    @staticmethod
    def read(raw):
        answer = b""
        try:
            while piece := raw.recv(1 << 18):
                answer += piece
                raw.settimeout(0.5)  # what is to come does come; or it waits for a body
        except TimeoutError:
            return None
        except OSError:
            pass
        return answer

    def leave(self, rng, data):
        """Sends a part of it in pieces and goes away."""
        with socket.socket(socket.AF_UNIX) as raw:
            try:
                raw.connect(str(self.edge))
                for _ in range(rng.randrange(1, 4)):
                    piece, data = data[:(at := rng.randrange(len(data) + 1))], data[at:]
                    raw.sendall(piece)
            except OSError:
                pass
