# SPDX-License-Identifier: BSD-2-Clause
"""A MongoDB that tells what it is asked: the real one behind a proxy that reads OP_MSG."""
import socket
import struct
import threading
import urllib.parse

import bson

OP_MSG = 2013


class Proxy:
    """commands: what was sent by OP_MSG so far, without the documents of its second part."""

    def __init__(self, uri):
        parts = urllib.parse.urlsplit(uri)
        self.target, self.commands = (parts.hostname, parts.port), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        port = self.listener.getsockname()[1]
        user = parts.netloc.rpartition("@")[0]
        self.uri = parts._replace(netloc=f"{user}@127.0.0.1:{port}").geturl()
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.target)
            for source, to, see in ((client, server, self.see), (server, client, None)):
                threading.Thread(target=self.carry, args=(source, to, see), daemon=True).start()

    def carry(self, source, to, see):
        stream = source.makefile("rb")
        try:
            while head := stream.read(16):
                size, _, _, kind = struct.unpack("<iiii", head)
                body = stream.read(size - 16)
                if see is not None and kind == OP_MSG:
                    see(body)
                to.sendall(head + body)
        except (OSError, struct.error):
            pass
        for side in (source, to):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def see(self, body):
        """Sections: a 0 and the command, or a 1 and a sequence of documents."""
        at = 4
        while at < len(body):
            size = struct.unpack_from("<i", body, at + 1)[0]
            if body[at] == 0:
                self.commands.append(bson.decode(body[at + 1:at + 1 + size]))
            at += 1 + size
            if len(body) - at == 4 and struct.unpack_from("<I", body)[0] & 1:
                return  # a checksum

    def seen(self, name, comment):
        """Commands of this name with this comment."""
        return [command for command in list(self.commands)
                if next(iter(command)) == name and command.get("comment") == comment]
