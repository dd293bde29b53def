# SPDX-License-Identifier: BSD-2-Clause
"""The description of the API: complete, true, and readable."""
import json
import os
import pathlib
import random
import subprocess
import sys

import jsonschema_rs
import pytest

HERE = pathlib.Path(__file__).parent
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
UNKNOWN_ID = "65a0c0ffee0123456789abcd"


@pytest.fixture(scope="module")
def closed(stack):
    """A host where only editors write, as in production."""
    return stack.sibling(LARDER_WRITES="closed")


@pytest.fixture(scope="module")
def token(stack, closed):
    """The administrator's."""
    account = {"email": stack.env["LARDER_ADMIN_EMAIL"],
               "password": stack.env["LARDER_ADMIN_PASSWORD"]}
    answer = closed.client.post("/api/sessions", account)
    assert answer.status == 201, answer
    return answer.json["token"]


@pytest.fixture(scope="module")
def document(closed):
    answer = closed.client.get("/api/openapi.json")
    assert answer.status == 200
    return answer.json


def test_every_path_has_the_methods_that_it_tells_of(closed, document):
    for path, item in document["paths"].items():
        answer = closed.client.request("OPTIONS", path.replace("{id}", UNKNOWN_ID))
        assert answer.status == 204, path
        allowed = {method.lower() for method in answer.header("Allow").split(", ")}
        assert allowed == set(item), path


def test_paths_that_are_not_described_are_not_served(closed, document):
    for path in ("/api", "/api/", "/api/doc", "/api/product", "/docs", "/api/products/a/b"):
        assert path not in document["paths"]
        assert closed.client.get(path).status == 404


def test_operations_have_ids_of_their_own_and_words(document):
    operations = [item[method] for item in document["paths"].values() for method in METHODS
                  if method in item]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids)) > 40
    assert all(operation["summary"] for operation in operations)
    tags = {tag["name"] for tag in document["tags"]}
    assert {tag for operation in operations for tag in operation["tags"]} == tags
    for operation in operations:
        assert list(operation["responses"]) == sorted(operation["responses"])


def test_it_is_kept_by_clients(closed):
    for path in ("/api/openapi.json", "/api/docs"):
        first = closed.client.get(path)
        assert first.header("Cache-Control") == "public, no-cache"
        assert "Accept-Encoding" in first.headers.get_all("Vary")
        assert first.cache_status == "larder; hit; detail=memory"
        again = closed.client.get(path, headers={"If-None-Match": first.etag})
        assert (again.status, again.body) == (304, b"")
        assert closed.client.get(path).etag == first.etag  # of another worker, perhaps
        packed = closed.client.get(path, headers={"Accept-Encoding": "gzip"})
        assert packed.header("Content-Encoding") == "gzip"
        assert len(packed.body) < len(first.body) / 4
        assert closed.client.get(path + "?x=1").status == 400


def test_docs_is_the_document_for_programs(closed):
    answer = closed.client.get("/api/docs")
    assert answer.body == closed.client.get("/api/openapi.json").body
    assert "Accept" in answer.headers.get_all("Vary")


def validator(document, schema):
    """A schema with what it may refer to."""
    return jsonschema_rs.validator_for({**schema, "components": document["components"]},
                                       validate_formats=True)


def body_example(document, operation):
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    schema = schema.get("anyOf", [schema])[0]
    name = schema["$ref"].rpartition("/")[2]
    return document["components"]["schemas"][name]["examples"][0]


@pytest.mark.parametrize("path", ["/api/products", "/api/posts"])
def test_examples_run_along_the_links(closed, document, token, path):
    operations = {item[method]["operationId"]: (method, where, item[method])
                  for where, item in document["paths"].items() for method in METHODS
                  if method in item}
    headers = {"Authorization": f"Bearer {token}"}
    create = document["paths"][path]["post"]
    made = closed.client.post(path, body_example(document, create), headers=headers)
    assert made.status == 201, made
    assert validator(document, create["responses"]["201"]["content"]["application/json"]["schema"]
                     ).is_valid(made.json)
    links = create["responses"]["201"]["links"]
    followed = []
    for name, link in sorted(links.items(), key=lambda link: "delete" in link[0]):
        assert link["parameters"] == {"id": "$response.body#/data/_id"}
        method, where, operation = operations[link["operationId"]]
        body = body_example(document, operation) if "requestBody" in operation else None
        target = where.replace("{id}", made.json["data"]["_id"])
        answer = closed.client.request(method.upper(), target, json=body, headers=headers)
        assert answer.status == 200, (name, answer)
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert validator(document, schema).is_valid(answer.json), (name, answer)
        followed.append(method)
    assert set(followed) == {"delete", "get", "patch", "put"}


@pytest.mark.parametrize("path", ["/api/products", "/api/products/featured", "/api/posts"])
def test_examples_of_parameters_run(closed, document, path):
    given = {}
    operation = document["paths"][path]["get"]
    for parameter in operation["parameters"]:
        if parameter["in"] == "query":
            value = parameter.get("example", parameter["schema"].get("default"))
            if value is not None:
                given[parameter["name"]] = json.dumps(value).strip('"')
    answer = closed.client.get(path, **given)
    assert answer.status == 200, answer
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert validator(document, schema).is_valid(answer.json)


@pytest.mark.timeout(200)
@pytest.mark.parametrize("phases, seconds", [("examples,coverage,fuzzing", 30), ("stateful", 15)])
def test_schemathesis_finds_nothing(closed, token, tmp_path, phases, seconds):
    """All its checks on examples, bounds, random requests and walks along the links. HEAD is GET's
    route, and OPTIONS is compared above: neither is asked again."""
    seed = int(os.environ.get("LARDER_TEST_SEED", random.randrange(2 ** 31)))
    print(f"seed {seed}: repeat with LARDER_TEST_SEED={seed}")
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml",
         "run", f"{closed.url}/api/openapi.json", "--checks", "all",
         "--phases", phases, "--max-examples", "8", "--max-time", str(seconds),
         "--seed", str(seed), "--exclude-method", "HEAD", "--exclude-method", "OPTIONS",
         "--exclude-path", "/metrics", "--exclude-path", "/api/docs", "--generation-database", "none",
         "--continue-on-failure", "--no-color"],
        cwd=tmp_path, capture_output=True, text=True, timeout=180,
        env={**os.environ, "LARDER_URL": closed.url, "LARDER_TEST_TOKEN": token,
             "PYTHONPATH": str(HERE), "SCHEMATHESIS_HOOKS": "schemathesis_hooks"})
    print(done.stdout[-20000:], done.stderr[-5000:])
    assert done.returncode == 0
    # The administrator is still signed in: what was asked was asked as him.
    own = closed.client.get("/api/sessions/current", headers={"Authorization": f"Bearer {token}"})
    assert own.status == 200
