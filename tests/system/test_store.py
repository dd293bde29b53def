# SPDX-License-Identifier: BSD-2-Clause
"""The unit tests that need a server, on the stack's."""
import os
import subprocess


def test_queries_on_the_running_server(stack):
    program = stack.build / "tests/unit/mongo/test_collection"
    environment = {**os.environ, "MONGODB_URI": stack.env["MONGODB_URI"].replace("/larder?", "/unit?")}
    result = subprocess.run([program], env=environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "[  PASSED  ]" in result.stdout + result.stderr
