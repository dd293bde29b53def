# SPDX-License-Identifier: BSD-2-Clause
"""What clients are told when MongoDB refuses, on two servers; fail points of the second one."""
import time

import pymongo
import pytest

from stack import eventually

ABSENT = "/api/products/ffffffffffffffffffffff%02x"


def fail(host, command, times=1, **data):
    """Lets the next commands of this name fail, or with times=None all of them."""
    mode = "alwaysOn" if times is None else {"times": times}
    host.mongo.client.admin.command("configureFailPoint", "failCommand", mode=mode,
                                    data={"failCommands": [command], **data})


@pytest.fixture
def calm(second):
    """No fail point, and no failure that would be added to the next one's."""
    def mend():
        second.mongo.client.admin.command("configureFailPoint", "failCommand", mode="off")
        eventually(lambda: second.client.get("/readyz").json["mongo"] == "up", 10, every=0.1)
        # A ping has connections of its own: requests may not find the server again as soon.
        eventually(lambda: all(second.client.get(ABSENT % (time.monotonic_ns() % 256)).status == 404
                               for _ in range(8)), 30, every=0.1)
    mend()
    yield second
    mend()


def product(**fields):
    return {"name": "n", "price": 1, "category": "refused", **fields}


def errors_logged(host):
    return [line for line in host.log("larderd").splitlines() if '"level":"error"' in line]


# --- Rules of the database ---

RULE = {"$jsonSchema": {"properties": {
    "price": {"maximum": 1000000}, "name": {"pattern": "^[^!]*$"},
    "description": {"bsonType": "string", "maxLength": 10}}}}


@pytest.fixture(params=["first", "second"])
def ruled(request):
    """A host whose products have a validator, and whether its server tells what was broken."""
    host = request.getfixturevalue("stack" if request.param == "first" else "second")
    try:
        host.mongo.command("collMod", "products", validator=RULE, validationLevel="moderate")
    except pymongo.errors.OperationFailure:
        host.mongo.create_collection("products")
        host.mongo.command("collMod", "products", validator=RULE, validationLevel="moderate")
    yield host, request.param == "second"
    host.mongo.command("collMod", "products", validator={})


def test_a_rule_that_is_broken_is_the_clients_to_mend(ruled):
    host, tells = ruled
    before = len(errors_logged(host))
    good = host.client.post("/api/products", product())
    assert good.status == 201
    path = good.header("Location")
    many = host.client.post("/api/products", [product(price=2000000)] * 2)
    mixed = host.client.post("/api/products", [product(), product(price=2000000)])
    singles = [host.client.post("/api/products", product(price=2000000)),
               host.client.put(path, {"price": 2000000}),
               host.client.patch(path, {"price": 2000000})]
    for answer in singles:
        assert answer.status == 400 and "rule of the database" in answer.json["message"], answer
        assert answer.header("Retry-After") is None
        if tells:
            assert answer.json["errors"] == [{"field": "price",
                                              "message": "must be at most 1000000"}], answer
    assert many.status == 400 and mixed.status == 207
    for result in (*many.json["results"], mixed.json["results"][1]):
        assert "rule of the database" in result["message"], result
        if tells:
            assert result["errors"] == [{"field": "price",
                                         "message": "must be at most 1000000"}], result
    assert host.client.get(path).json["data"]["price"] == 1
    assert len(errors_logged(host)) == before


@pytest.mark.parametrize("keys", [[], ["--key", "name"]], ids=["insert", "key"])
def test_load_tells_what_was_broken(ruled, keys, tmp_path):
    host, tells = ruled
    file = tmp_path / "prices.csv"
    names = [f"load-{time.monotonic_ns()}-{i}" for i in range(3)]
    file.write_text("name,price,category\n" + "".join(f"{name},1,refused\n" for name in names[1:]))
    if keys:
        assert host.ctl("load", "products", *keys, file).returncode == 0
    prices = zip(names, (1, 2000000, 1))
    file.write_text("name,price,category\n" + "".join(f"{n},{p},refused\n" for n, p in prices))
    done = host.ctl("load", "products", *keys, file, check=False)
    assert done.returncode == 1
    said = "price: must be at most 1000000" if tells else "body: is refused by the database"
    assert [line for line in (done.stdout + done.stderr).splitlines() if "prices.csv" in line] == [
        f"{file}:3: {said}"], done


def test_all_fields_are_named(second):
    second.mongo.command("collMod", "products", validator=RULE)
    try:
        answer = second.client.post("/api/products", product(price=2e6, name="a!",
                                                             description="x" * 11))
        assert answer.status == 400
        assert {error["field"] for error in answer.json["errors"]} == {"price", "name", "description"}
        assert "2000000" not in answer.text and "a!" not in answer.text
        second.mongo.command("collMod", "products",
                             validator={"$jsonSchema": {"required": ["sku", "weight"]}})
        answer = second.client.post("/api/products", product())
        assert {error["field"]: error["message"] for error in answer.json["errors"]} == dict.fromkeys(
            ("sku", "weight"), "is required by the database")
        second.mongo.command("collMod", "products", validator={"price": {"$lt": 10}})
        answer = second.client.post("/api/products", product(price=11))
        assert answer.status == 400
        assert [error["field"] for error in answer.json["errors"]] == ["price"]
    finally:
        second.mongo.command("collMod", "products", validator={})


@pytest.mark.parametrize("server", ["stack", "second"])
def test_a_duplicate_names_the_fields_of_the_index(server, request):
    host = request.getfixturevalue(server)
    category = f"unique-{time.monotonic_ns()}"
    host.mongo.products.create_index([("slug", 1), ("name", 1)], unique=True, name="shop_slug",
                                     partialFilterExpression={"category": category})
    try:
        answers = [host.client.post("/api/products", product(category=category)) for _ in range(2)]
        assert [answer.status for answer in answers] == [201, 409]
        assert [error["field"] for error in answers[1].json["errors"]] == ["slug", "name"]
        other = host.client.post("/api/products", product(category=category, name="other"))
        changed = host.client.put(other.header("Location"), {"name": "n"})
        assert changed.status == 409, changed
        assert [error["field"] for error in changed.json["errors"]] == ["slug", "name"]
    finally:
        host.mongo.products.drop_index("shop_slug")


# --- Codes ---

LOST, CUT, AWAY = "outcome is unknown", "outcome is unknown", "not reachable"
CODES = {  # code: (status of an order, words, Retry-After; status of a question)
    91: (503, LOST, True, 503), 189: (503, LOST, True, 503), 11600: (503, LOST, True, 503),
    11602: (503, LOST, True, 503), 6: (503, LOST, True, 503), 89: (503, LOST, True, 503),
    50: (503, CUT, True, 503), 262: (503, CUT, True, 503), 202: (503, CUT, True, 503),
    11601: (503, CUT, True, 503), 46841: (503, CUT, True, 503),
    10107: (503, AWAY, True, 503), 10058: (503, AWAY, True, 503), 13435: (503, AWAY, True, 503),
    13436: (503, AWAY, True, 503), 133: (503, AWAY, True, 503),
    24: (503, "busy", True, 503), 365: (503, "busy", True, 503), 117: (503, "busy", True, 503),
    433: (503, "busy", True, 503), 134: (503, "busy", True, 503),
    112: (409, "Changed by others", True, 503),
    14031: (503, "No changes are taken", True, 500), 371: (503, "No changes are taken", True, 500),
    13: (403, "does not allow", False, 503), 166: (403, "does not allow", False, 503),
    18: (503, AWAY, True, 503), 66: (400, "rule of the database", False, 500),
    10334: (413, "Too large", False, 500), 17419: (413, "Too large", False, 500),
    2: (500, "Internal error", False, 500), 9: (500, "Internal error", False, 500),
    1: (503, LOST, True, 500), 8: (503, LOST, True, 500), 4711: (503, LOST, True, 500),
}


@pytest.mark.parametrize("code", CODES)
def test_what_a_code_means(calm, code):
    status, words, retry, read = CODES[code]
    name = f"code-{code}-{time.monotonic_ns()}"
    fail(calm, "insert", errorCode=code)
    answer = calm.client.post("/api/products", product(name=name))
    assert answer.status == status and words in answer.json["message"], answer
    assert (answer.header("Retry-After") is not None) == retry
    if LOST not in answer.json["message"]:
        assert calm.mongo.products.count_documents({"name": name}) == 0
    fail(calm, "find", times=None, errorCode=code)
    answer = calm.client.get(f"/api/products?category={name}")
    assert answer.status == read, answer


def test_a_write_that_no_majority_confirms_turns_nothing_off(calm):
    made = calm.client.post("/api/products", product(name="unconfirmed"))
    fail(calm, "insert", times=6, writeConcernError={"code": 64, "errmsg": "waiting timed out"})
    for i in range(6):
        answer = calm.client.post("/api/products", product(name=f"unconfirmed-{i}"))
        assert answer.status == 503 and "outcome is unknown" in answer.json["message"]
        assert calm.client.get(f"/api/products?category=other-{time.monotonic_ns()}").status == 200
    assert calm.client.get("/readyz").json["mongo"] == "up"
    assert calm.client.get(made.header("Location")).status == 200
    seen = calm.client.get("/api/products?category=refused&limit=100").json["data"]
    assert {f"unconfirmed-{i}" for i in range(6)} <= {item["name"] for item in seen}


def test_servers_that_go_away_do_open_the_breaker(calm):
    fail(calm, "insert", times=40, errorCode=91)
    for _ in range(12):
        calm.client.post("/api/products", product())
    messages = {calm.client.post("/api/products", product()).json["message"] for _ in range(8)}
    assert any("not reachable" in message for message in messages), messages
