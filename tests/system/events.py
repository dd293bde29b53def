# SPDX-License-Identifier: BSD-2-Clause
"""A client of live answers: reads text/event-stream as browsers do, in a thread of its own."""
import http.client
import json
import socket
import threading
import time
import urllib.parse

from stack import eventually

STREAM = "text/event-stream"


class Event:
    def __init__(self, name, id, data, at):
        self.name, self.id, self.data, self.at = name, id, data, at

    @property
    def etag(self):
        return self.data["etag"]

    @property
    def path(self):
        return self.data.get("path")

    def __repr__(self):
        return f"<{self.name} {self.data}>"


class Stream:
    """One stream. `events` are those so far, without signs of life; `ended` when it has."""

    def __init__(self, url, target, headers=None, method="GET", timeout=40):
        parts = urllib.parse.urlsplit(url)
        self.events, self.alive, self.retries, self.ended = [], 0, [], False
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        self.connection.request(method, target, headers={"Accept": STREAM, **(headers or {})})
        self.socket = self.connection.sock
        self.response = self.connection.getresponse()
        self.status, self.headers = self.response.status, self.response.headers
        self.body = None
        if not self.headers["Content-Type"].startswith(STREAM):
            self.body = self.response.read()
            self.connection.close()
            self.ended = True
            return
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        block = []
        try:
            while line := self.response.readline():
                line = line.decode().rstrip("\n")
                if line:
                    block.append(line)
                elif block:
                    self.take(block)
                    block = []
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass
        self.ended = True

    def take(self, block):
        fields = dict(line.split(": ", 1) for line in block)
        if "retry" in fields:
            self.retries.append(int(fields["retry"]))
        if fields.get("event") == "alive":
            assert json.loads(fields["data"]) == {}
            self.alive += 1
        elif "event" in fields:
            self.events.append(Event(fields["event"], fields.get("id"),
                                     json.loads(fields["data"]), time.monotonic()))

    @property
    def json(self):
        return json.loads(self.body)

    def of(self, name, path=None):
        return [event for event in list(self.events)
                if event.name == name and (path is None or event.path == path)]

    @property
    def changes(self):
        return self.of("change")

    def last(self, path=None):
        """The entity tag that the client knows."""
        changes = self.of("change", path)
        return changes[-1].etag if changes else None

    def names(self):
        return [event.name for event in list(self.events)]

    def wait(self, count, name="change", seconds=15):
        eventually(lambda: len(self.of(name)) >= count, seconds,
                   what=f"{count} × {name}, but {self.events[-5:]}")
        return self.of(name)[count - 1]

    def wait_end(self, seconds=15):
        eventually(lambda: self.ended, seconds, what="the stream's end")

    def shows(self, client, target, path=None, headers=None, seconds=15):
        """Waits until the client knows what is answered now."""
        def equal():
            return self.last(path) == client.get(target, headers=headers).etag
        eventually(equal, seconds, every=0.1, what=f"{target} is shown")

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)  # the reader has the response's lock
        except OSError:
            pass
        if self.body is None:
            self.thread.join(10)
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
