# SPDX-License-Identifier: BSD-2-Clause
"""A Redis that is slow, loading, or refuses some commands: the real one behind a proxy."""
import pathlib
import socket
import threading
import time
import urllib.parse

from stack import Stack


def error_reply(text):
    """A command that the real Redis answers with this error, in its turn."""
    return [b"EVAL", b"return redis.error_reply(ARGV[1])", b"0", text.encode()]


class Proxy:
    """Listens on a Unix socket. `change` is called with each command and gives the one to send;
    `delay` are seconds before each piece of the answers."""

    def __init__(self, path, target):
        self.target, self.delay, self.change = str(target), 0, lambda command: command
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.target)
            except OSError:
                client.close()
                continue
            for run in (self.requests, self.replies):
                threading.Thread(target=self.carry, args=(run, client, server),
                                 daemon=True).start()

    def carry(self, run, client, server):
        try:
            run(client, server)
        except (OSError, ValueError):
            pass
        for side in (client, server):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def requests(self, client, server):
        stream = client.makefile("rb")
        while line := stream.readline():
            count = int(line[1:])
            command = []
            for _ in range(count):
                size = int(stream.readline()[1:])
                command.append(stream.read(size + 2)[:-2])
            command = self.change(command)
            server.sendall(b"*%d\r\n" % len(command) +
                           b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in command))

    def replies(self, client, server):
        while data := server.recv(65536):
            if self.delay:
                time.sleep(self.delay)
            client.sendall(data)


def host_behind(stack, change=None, **settings):
    """Another host of the stack whose Redis is behind a proxy: (host, proxy)."""
    password = urllib.parse.urlsplit(stack.env["REDIS_URL"]).password
    host = Stack(MONGODB_URI=stack.env["MONGODB_URI"], **settings)
    path = pathlib.Path(host.var) / "redis.sock"
    host.settings["REDIS_URL"] = f"unix://:{password}@{path}"
    stack.siblings.append(host)
    proxy = Proxy(path, stack.var / "run" / "redis.sock")
    if change is not None:
        proxy.change = change
    return host.up(), proxy
