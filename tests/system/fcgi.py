# SPDX-License-Identifier: BSD-2-Clause
"""A FastCGI client that sends records as they should be and as they should not.

    with Client(path) as client:
        answer = client.request("GET", "/api/products")
        client.send(begin(1) + params(1, {...}))
"""
import socket
import struct
import time

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES, VALUES, UNKNOWN = range(1, 12)
KEEP = 1
COMPLETE, CANT_MPX, OVERLOADED, UNKNOWN_ROLE = range(4)


def record(kind, id, content=b"", padding=0, version=1, reserved=0):
    header = struct.pack(">BBHHBB", version, kind, id, len(content), padding, reserved)
    return header + content + b"\xa5" * padding


def begin(id=1, role=1, flags=KEEP):
    return record(BEGIN, id, struct.pack(">HB5x", role, flags))


def length(n, long=False):
    return struct.pack(">I", n | 1 << 31) if n > 127 or long else bytes([n])


def pair(name, value, long=False):
    name, value = (x.encode("latin-1") if isinstance(x, str) else x for x in (name, value))
    return length(len(name), long) + length(len(value), long) + name + value


def pairs(items):
    return b"".join(pair(name, value) for name, value in items)


def params(id, content, end=True):
    """content: a dict, a list of pairs, or bytes."""
    if isinstance(content, dict):
        content = content.items()
    if not isinstance(content, bytes):
        content = pairs(content)
    out = b"".join(record(PARAMS, id, content[at:at + 65535])
                   for at in range(0, len(content), 65535))
    return out + (record(PARAMS, id) if end else b"")


def stdin(id, body=b"", end=True):
    out = b"".join(record(STDIN, id, body[at:at + 65535]) for at in range(0, len(body), 65535))
    return out + (record(STDIN, id) if end else b"")


def variables(method="GET", uri="/healthz", body=b"", **more):
    found = {
        "REQUEST_METHOD": method,
        "REQUEST_URI": uri,
        "QUERY_STRING": uri.partition("?")[2],
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "CONTENT_TYPE": "application/json" if body else "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
    }
    found.update(more)
    return {name: value for name, value in found.items() if value is not None}


def request(method="GET", uri="/healthz", body=b"", id=1, flags=KEEP, **more):
    return (begin(id, flags=flags) + params(id, variables(method, uri, body, **more))
            + stdin(id, body))


class Answer:
    """What came for one request: its STDOUT taken apart, and the status of END_REQUEST."""

    def __init__(self, out, end):
        self.end = end
        head, _, self.body = out.partition(b"\r\n\r\n")
        lines = [line.partition(b":") for line in head.split(b"\r\n") if line]
        self.headers = {name.decode().lower(): value.strip().decode() for name, _, value in lines}
        self.first = lines[0][0].decode() if lines else ""
        self.status = int(self.headers["status"].split()[0]) if "status" in self.headers else None

    @property
    def text(self):
        return self.body.decode()


class Client:
    def __init__(self, path, timeout=10):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _need(self, n):
        while len(self.buffer) < n:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError(f"closed with {len(self.buffer)} of {n} bytes")
            self.buffer += more

    def record(self):
        """The next record: type, id, content."""
        self._need(8)
        version, kind, id, size, padding, reserved = struct.unpack(">BBHHBB", self.buffer[:8])
        assert (version, reserved) == (1, 0)
        self._need(8 + size + padding)
        content, rest = self.buffer[8:8 + size], self.buffer[8 + size:8 + size + padding]
        assert rest == b"\0" * padding, "padding is zero"
        self.buffer = self.buffer[8 + size + padding:]
        return kind, id, content

    def answer(self, id=1):
        out, ended = b"", False
        while True:
            kind, of, content = self.record()
            assert of == id
            if kind == STDOUT:
                assert not ended, "nothing follows the empty record"
                ended = not content
                out += content
            else:
                assert kind == END
                return Answer(out, content[4])

    def request(self, *args, **kwargs):
        self.send(request(*args, **kwargs))
        return self.answer(kwargs.get("id", 1))

    def is_closed(self, within=10):
        """Reads until the end of the connection; what came before it is dropped."""
        deadline = time.monotonic() + within
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                if not self.socket.recv(65536):
                    return True
            except ConnectionError:
                return True
            except TimeoutError:
                break
        return False

    def is_quiet(self, seconds=0.2):
        """Nothing comes, and the connection stays."""
        self.socket.settimeout(seconds)
        try:
            return not self.buffer and self.socket.recv(1) is None
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(10)
