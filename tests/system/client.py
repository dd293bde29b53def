# SPDX-License-Identifier: BSD-2-Clause
"""A small HTTP client: keeps its connections, follows nothing, hides nothing."""
import http.client
import json as json_module
import threading
import urllib.parse


class Response:
    def __init__(self, raw, body):
        self.status = raw.status
        self.headers = raw.headers
        self.body = body

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json_module.loads(self.body)

    @property
    def cache_status(self):
        return self.headers.get("Cache-Status", "")

    @property
    def hit(self):
        return "; hit" in self.cache_status

    @property
    def etag(self):
        return self.headers["ETag"]

    def header(self, name):
        return self.headers.get(name)

    def __repr__(self):
        return f"<{self.status} {self.cache_status!r} {self.body[:300]!r}>"


class Client:
    """Safe for threads: each has a connection of its own."""

    def __init__(self, url, timeout=20):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port, self.timeout = parts.hostname, parts.port, timeout
        self.local = threading.local()

    def connection(self):
        if getattr(self.local, "connection", None) is None:
            self.local.connection = http.client.HTTPConnection(self.host, self.port,
                                                               timeout=self.timeout)
        return self.local.connection

    def close(self):
        if getattr(self.local, "connection", None) is not None:
            self.local.connection.close()
            self.local.connection = None

    def request(self, method, target, json=None, body=None, headers=None, query=None):
        headers = dict(headers or {})
        if query is not None:
            target += "?" + urllib.parse.urlencode(query)
        if json is not None:
            body = json_module.dumps(json).encode()
            headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        reused = self.connection().sock is not None
        try:
            return self.exchange(method, target, body, headers)
        except (http.client.RemoteDisconnected, ConnectionError):
            self.close()
            if not reused:
                raise
            return self.exchange(method, target, body, headers)
        except Exception:
            self.close()
            raise

    def exchange(self, method, target, body, headers):
        connection = self.connection()
        connection.request(method, target, body=body, headers=headers)
        raw = connection.getresponse()
        return Response(raw, raw.read())

    def get(self, target, headers=None, **query):
        return self.request("GET", target, headers=headers, query=query or None)

    def post(self, target, json=None, **more):
        return self.request("POST", target, json=json, **more)

    def put(self, target, json=None, **more):
        return self.request("PUT", target, json=json, **more)

    def patch(self, target, json=None, **more):
        headers = {"Content-Type": "application/merge-patch+json", **(more.pop("headers", {}))}
        return self.request("PATCH", target, json=json, headers=headers, **more)

    def delete(self, target, **more):
        return self.request("DELETE", target, **more)
