# SPDX-License-Identifier: BSD-2-Clause
"""load.py keep|close SECONDS URL EMAIL PASSWORD: reads and writes, over kept connections or one for
each request, and ends with status 1 if an answer was none of 2xx or did not come."""
import collections
import http.client
import json
import sys
import threading
import time
import urllib.parse

CLIENTS = 16
WRITERS = 4


def ask(connection, method, path, body=None, token=None):
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


class Load:
    def __init__(self, connections, seconds, url, email, password):
        self.kept = connections == "keep"
        self.url = urllib.parse.urlsplit(url)
        self.end = time.monotonic() + float(seconds)
        self.counts = collections.Counter()
        self.lost = []
        status, data = ask(self.connect(), "POST", "/api/sessions",
                           {"email": email, "password": password})
        assert status == 201, (status, data)
        self.token = json.loads(data)["token"]

    def connect(self):
        return http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=30)

    def request(self, connection, client, number):
        if client < WRITERS:
            return ask(connection, "POST", "/api/products",
                       {"name": f"{client}-{number}", "price": 1, "category": "load"}, self.token)
        return ask(connection, "GET", f"/api/products?category=load&page={number % 7 + 1}")

    def client(self, client):
        connection, number = self.connect(), 0
        while time.monotonic() < self.end:
            number += 1
            try:
                status, data = self.request(connection, client, number)
                self.counts[status] += 1
                if not 200 <= status < 300:
                    self.lost.append((status, data[:200]))
                if not self.kept:
                    connection.close()
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(repr(error))
                connection.close()
                connection = self.connect()

    def run(self):
        threads = [threading.Thread(target=self.client, args=(i,)) for i in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(f"answers: {dict(self.counts)}; lost: {len(self.lost)} {self.lost[:5]}", flush=True)
        return 1 if self.lost or not self.counts else 0


if __name__ == "__main__":
    sys.exit(Load(*sys.argv[1:]).run())
