# SPDX-License-Identifier: BSD-2-Clause
"""A MongoDB that is slow, away, answers as a failing member of a set does, or tells what it is asked:
the real one behind a proxy."""
import contextlib
import socket
import struct
import threading
import time
import urllib.parse

import bson

from stack import Stack

OP_MSG = 2013


def receive(connection):
    """One message: (request id, opcode, the rest); None at the end."""
    head = b""
    while len(head) < 16:
        piece = connection.recv(16 - len(head))
        if not piece:
            return None
        head += piece
    length, number, to, opcode = struct.unpack("<iiii", head)
    body = b""
    while len(body) < length - 16:
        piece = connection.recv(length - 16 - len(body))
        if not piece:
            return None
        body += piece
    return number, to, opcode, body


def command_of(body):
    """The document of an OP_MSG, which is its first section here."""
    length, = struct.unpack_from("<i", body, 5)
    return bson.decode(body[5:5 + length])


class Proxy:
    """`delay(command)` are seconds before a command's reply; `change(command, reply)` gives the
    reply to send. `commands` are those that were sent so far, without the documents of their second
    part."""

    def __init__(self, target):
        self.target = target
        self.reset()
        self.commands, self.connections, self.lock = [], set(), threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def reset(self):
        self.delay = lambda command: 0
        self.change = lambda command, reply: reply

    def seen(self, name, comment):
        """Commands of this name with this comment."""
        return [command for command in list(self.commands)
                if next(iter(command), None) == name and command.get("comment") == comment]

    def cut(self):
        """As if the server had been killed."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            connections = list(self.connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def restore(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        listener = self.listener
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        """A connection has one command under way at a time."""
        with contextlib.suppress(OSError, TypeError), client, \
                socket.create_connection(self.target) as server:
            with self.lock:
                self.connections |= {client, server}
            while True:
                number, to, opcode, body = receive(client)
                command = command_of(body) if opcode == OP_MSG else {}
                self.commands.append(command)
                self.send(server, number, to, opcode, body)
                number, to, opcode, body = receive(server)
                time.sleep(self.delay(command))
                if opcode == OP_MSG:
                    reply = command_of(body)
                    body = body[:5] + bson.encode(self.change(command, reply))
                self.send(client, number, to, opcode, body)

    @staticmethod
    def send(connection, number, to, opcode, body):
        connection.sendall(struct.pack("<iiii", len(body) + 16, number, to, opcode) + body)


def in_front(uri):
    """A proxy of the MongoDB of this URI: (the URI by which it is reached, proxy)."""
    parts = urllib.parse.urlsplit(uri)
    proxy = Proxy((parts.hostname, parts.port))
    secrets = parts.netloc.rpartition("@")[0]
    return parts._replace(netloc=f"{secrets}@127.0.0.1:{proxy.port}").geturl(), proxy


def host_behind(stack, prepare=lambda proxy: None, **settings):
    """Another host of the stack whose MongoDB is behind a proxy, which is prepared before the host
    starts: (host, proxy)."""
    uri, proxy = in_front(stack.env["MONGODB_URI"])
    prepare(proxy)
    password = urllib.parse.urlsplit(stack.env["REDIS_URL"]).password
    host = Stack(MONGODB_URI=uri, **settings)
    (host.var / "redis.sock").symlink_to(stack.var / "run" / "redis.sock")
    host.settings["REDIS_URL"] = f"unix://:{password}@{host.var}/redis.sock"
    stack.siblings.append(host)
    return host.up(), proxy
