# SPDX-License-Identifier: BSD-2-Clause
"""What schemathesis cannot read from the document: loaded by test_openapi.py.

Rules between parameters are kept in requests that are meant to be good, and whoever signs out does
so with a session of his own.
"""
import itertools
import os

import requests
import schemathesis

URL = os.environ["LARDER_URL"]
SIGN_OUT = {"method": "DELETE", "path_regex": "^/api/sessions"}
SIGN_IN = {"method": "POST", "path": "/api/sessions"}
count = itertools.count()


def is_meant_good(case):
    return case.meta is None or case.meta.generation.mode.is_positive


def keep_rules(query):
    # Only the `next` of a page before is a cursor: see test_properties.py for walks.
    query.pop("after", None)
    if query.get("format") != "csv":
        query.pop("safe", None)
    if query.get("ids"):
        for name in set(query) - {"ids", "fields"}:
            del query[name]
    try:
        if int(query.get("page", 1)) * int(query.get("limit", 20)) > 10000:
            query["page"] = 1
    except (TypeError, ValueError):
        pass


class Bearer:
    def set(self, case, token, context):
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.auth().skip_for(**SIGN_OUT).skip_for(**SIGN_IN)
class Administrator(Bearer):
    def get(self, case, context):
        return os.environ["LARDER_TEST_TOKEN"]


@schemathesis.auth(refresh_interval=None).apply_to(**SIGN_OUT)
class Leaver(Bearer):
    def get(self, case, context):
        account = {"email": fresh_email(), "password": "correct horse battery"}
        requests.post(f"{URL}/api/users", json={"name": "Somebody", **account}, timeout=20)
        return requests.post(f"{URL}/api/sessions", json=account, timeout=20).json()["token"]


def fresh_email():
    return f"st-{os.getpid()}-{next(count)}@larder.example"


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.query and is_meant_good(case):
        keep_rules(case.query)
    # An email that is taken is a 409, which is right, but nothing would ever be made.
    if case.path == "/api/users" and isinstance(case.body, dict) and is_meant_good(case) \
            and isinstance(case.body.get("email"), str):
        case.body["email"] = fresh_email()
