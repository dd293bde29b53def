# SPDX-License-Identifier: BSD-2-Clause
"""The second MongoDB of the tests: a server of another make, with fail points and change streams."""
import contextlib
import pathlib
import subprocess
import sys
import tempfile

import pymongo

from stack import eventually, free_ports


class SecondMongo:
    def __init__(self, folder, *options):
        self.folder, self.port, self.process = folder, free_ports() + 3, None
        self.options = options
        self.uri = f"mongodb://127.0.0.1:{self.port}/larder"

    def start(self):
        self.process = subprocess.Popen(
            [pathlib.Path(sys.executable).parent / "secantusd-py", "--host", "127.0.0.1", "--port",
             str(self.port), "--storage-path", self.folder, "--enable-test-commands", *self.options],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with pymongo.MongoClient(self.uri, serverSelectionTimeoutMS=1000) as client:
            def started():
                try:
                    return client.admin.command("ping")
                except pymongo.errors.ConnectionFailure:
                    return False
            eventually(started, 30, every=0.2)

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextlib.contextmanager
def second_mongo(*options):
    """Yields it, started."""
    with tempfile.TemporaryDirectory() as folder:
        server = SecondMongo(folder, *options)
        try:
            server.start()
            yield server
        finally:
            server.stop()
