# SPDX-License-Identifier: BSD-2-Clause
"""Reads /metrics as Prometheus does: names, labels and values."""
import re

LINE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="([^"]*)"')


class Figures:
    def __init__(self, client):
        self.text = client.get("/metrics").text
        self.series = []
        self.types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", self.text, re.M))
        for line in self.text.splitlines():
            if not line.startswith("#"):
                name, labels, value = LINE.match(line).groups()
                self.series.append((name, dict(LABEL.findall(labels or "")), float(value)))

    def all(self, name, **labels):
        """[(labels, value)] of the series that have these labels."""
        return [(own, value) for found, own, value in self.series
                if found == name and labels.items() <= own.items()]

    def sum(self, name, **labels):
        return sum(value for _, value in self.all(name, **labels))

    def requests(self, route, method="GET", status="2xx", le=None):
        name = "larder_request_duration_seconds_" + ("bucket" if le else "count")
        bound = {"le": le} if le else {}
        return self.sum(name, route=route, method=method, status=status, **bound)
