# SPDX-License-Identifier: BSD-2-Clause
"""The second MongoDB of the tests: a server of another make, with fail points."""
import contextlib
import pathlib
import subprocess
import sys
import tempfile

import pymongo

from stack import eventually, free_ports


@contextlib.contextmanager
def second_mongo():
    """Yields its URI."""
    port = free_ports() + 3
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [pathlib.Path(sys.executable).parent / "secantusd-py", "--host", "127.0.0.1", "--port",
             str(port), "--storage-path", folder, "--enable-test-commands"],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        uri = f"mongodb://127.0.0.1:{port}/larder"
        try:
            client = pymongo.MongoClient(uri, serverSelectionTimeoutMS=1000)

            def started():
                try:
                    return client.admin.command("ping")
                except pymongo.errors.ConnectionFailure:
                    return False
            eventually(started, 30, every=0.2)
            client.close()
            yield uri
        finally:
            server.terminate()
            server.wait()
