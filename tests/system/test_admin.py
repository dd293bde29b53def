# SPDX-License-Identifier: BSD-2-Clause
"""What a front-end is driven by: / tells who may what; administrators see the status and purge."""
import pytest

from people import Person
from stack import eventually

ALL = ["read", "create", "update", "delete"]


@pytest.fixture(scope="module")
def shop(stack):
    """Another host on the same servers, where only editors write."""
    shop = stack.sibling(LARDER_WRITES="closed", LARDER_SIGNUP="open")
    return shop.settle()


@pytest.fixture(scope="module")
def admin(shop):
    return Person(shop, "admin")


def rights(home):
    return {resource["name"]: resource["can"] for resource in home["resources"]}


def test_home_tells_nobody_what_everybody_may(shop):
    answer = shop.client.get("/")
    home = answer.json
    assert answer.status == 200 and "Accept" in answer.headers.get_all("Vary")
    assert list(home) == ["success", "name", "version", "user", "resources", "docs"]
    assert (home["success"], home["name"], home["user"], home["docs"]) == (
        True, "larder", None, "/api/docs")
    assert rights(home)["products"] == ["read"]
    products = [one for one in home["resources"] if one["name"] == "products"][0]
    assert products["path"] == "/api/products" and isinstance(products["description"], str)
    assert shop.client.get("/?x=1").status == 400
    assert shop.client.post("/", {}).status == 405


@pytest.mark.parametrize("role, can", [("reader", ["read"]), ("editor", ALL), ("admin", ALL)])
def test_home_tells_who_is_signed_in(shop, role, can):
    person = Person(shop, role, name="Somebody")
    for headers in (person.headers, {"Cookie": f"larder_session={person.token}"}):
        answer = shop.client.get("/", headers=headers)
        assert answer.header("Cache-Control") == "private, no-store"
        assert answer.json["user"] == {"_id": person.id, "name": "Somebody", "role": role}
        assert rights(answer.json)["products"] == can


def test_home_is_nobodys_with_a_session_that_has_ended(shop):
    answer = shop.client.get("/", headers={"Cookie": "larder_session=" + "x" * 43})
    assert (answer.status, answer.json["user"]) == (200, None)
    assert answer.header("Cache-Control") == "private, no-store"


def test_home_tells_that_everybody_may_write(stack):
    assert rights(stack.client.get("/").json)["products"] == ALL


def test_status_is_for_administrators(shop, admin):
    assert shop.client.get("/api/admin/status").status == 401
    assert Person(shop, "editor").get("/api/admin/status").status == 403
    answer = admin.get("/api/admin/status")
    assert answer.status == 200 and answer.header("Cache-Control").endswith("no-store")
    status = answer.json
    assert status["success"] and status["workers"] == 2
    assert status["connections"] == {"mongo": "up", "redis": "up", "memory": "valid"}
    assert status["pendingInvalidations"]["open"] == 0
    assert status["requests"]["total"] > 0 and status["requests"]["perSecond"] >= 0
    assert sum(layer["count"] for layer in status["cache"]["layers"]) == status["cache"]["lookups"]
    assert 0 < status["cache"]["hitRatio"] <= 1
    assert status["memory"]["usedBytes"] > 0 and status["memory"]["workersBytes"] > 0
    assert status["memory"]["redisBytes"] > 0


def test_status_names_what_is_read_most(shop, admin, product):
    item = product()
    for _ in range(200):
        shop.client.get(f"/api/products/{item['_id']}")

    def listed():
        popular = admin.get("/api/admin/status").json["popular"]
        views = [one["views"] for one in popular]
        assert views == sorted(views, reverse=True)
        return {"resource": "products", "_id": item["_id"], "views": 200} in popular
    eventually(listed)


def test_status_says_why_redis_is_away(shop, stack, admin):
    stack.control("stop", "redis")
    try:
        def down():
            connections = admin.get("/api/admin/status").json["connections"]
            return connections["redis"] == "down" and connections["reasons"]["redis"]
        eventually(down)
    finally:
        stack.control("start")
        shop.settle(30)


def test_purge_makes_everything_a_miss(shop, stack, admin, product):
    item = product()
    paths = ["/api/products?limit=3", f"/api/products?category={item['category']}",
             f"/api/products/{item['_id']}"]
    for host in (shop, stack):
        for path in paths:
            eventually(lambda: host.client.get(path).hit)
    answer = admin.request("POST", "/api/admin/purge", {"tag": "products"})
    assert (answer.status, answer.json["tag"]) == (200, "products"), answer
    for path in paths:
        assert not shop.client.get(path).hit
    assert {name: answer.json[name] for name in ("success", "message")} == {
        "success": True, "message": "Purged"}


@pytest.mark.parametrize("kind", ["partition", "item"])
def test_purge_leaves_the_others_alone(shop, admin, product, kind):
    item, other = product(), product(category="purge-others")
    path, theirs, tag = {
        "partition": (f"/api/products?category={item['category']}",
                      "/api/products?category=purge-others", f"products:{item['category']}"),
        "item": (f"/api/products/{item['_id']}", f"/api/products/{other['_id']}",
                 f"product:{item['_id']}")}[kind]
    for one in (path, theirs):
        eventually(lambda: shop.client.get(one).hit)
    assert admin.request("POST", "/api/admin/purge", {"tag": tag}).status == 200
    assert not shop.client.get(path).hit
    assert shop.client.get(theirs).hit


def test_purge_refuses(shop, admin):
    def ask(body):
        return admin.request("POST", "/api/admin/purge", body)
    for tag in ("nothing", "products", "user:1"):
        assert shop.client.post("/api/admin/purge", {"tag": tag}).status == 401
    assert Person(shop, "editor").request("POST", "/api/admin/purge",
                                          {"tag": "products"}).status == 403
    for status, body in ((404, {"tag": "nothing"}), (404, {"tag": "user:1"}), (404, {"tag": "product:"}),
                         (400, {"tag": ""}), (400, {}), (400, {"tag": 1})):
        answer = ask(body)
        assert answer.status == status and answer.json["errors"][0]["field"] == "tag", answer
    assert ask({"tag": "products", "x": 1}).status == 400
