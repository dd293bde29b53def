# SPDX-License-Identifier: BSD-2-Clause
"""What has been told since some moment."""
import json


class News:
    """What the log and the metrics of a host say since then."""

    def __init__(self, host):
        self.host, self.before = host, host.metrics()
        self.seen = len(host.told())

    def lines(self, part, word):
        return [line for line in self.host.told()[self.seen:]
                if line["component"] == part and word in json.dumps(line)]

    def counted(self, name):
        return self.host.metrics()[f"larder_{name}"] - self.before[f"larder_{name}"]
