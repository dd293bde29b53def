# SPDX-License-Identifier: BSD-2-Clause
"""One private stack for the whole session; each test uses categories of its own in it."""
import contextlib
import itertools
import os
import pathlib
import sys
import time

import pytest
import redis

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import others  # noqa: E402
from mongo_proxy import host_behind  # noqa: E402
from second import second_mongo  # noqa: E402
from stack import Stack, eventually as wait_for, running  # noqa: E402

counter = itertools.count()
minutes_counter = itertools.count(5000)


@pytest.fixture(scope="session")
def stack():
    stack = Stack()
    try:
        yield agreed(stack.up())
    finally:
        keep_logs(stack)
        stack.down()


def agreed(stack):
    """Workers that start together go by their partitions 4 s later: lists have other names then."""
    def since():
        begun = stack.redis.hget("larder:layouts", "since")
        return begun and time.time() * 1000 - int(begun) > 5000
    wait_for(since, 15, every=0.1, what="partitions agreed on")
    return stack


@pytest.fixture(scope="session")
def bare(stack):
    """Another host on the same servers that keeps nothing in memory: its hits are Redis's."""
    return stack.sibling(LARDER_MEMORY="0")


@pytest.fixture(scope="session")
def other(stack):
    """Another host on the same servers, with a memory of its own."""
    return stack.sibling()


@pytest.fixture(scope="module")
def late(stack):
    """Another host on the same servers, whose MongoDB answers as late.proxy is told to."""
    host, proxy = host_behind(stack)
    host.settle(30)
    host.proxy = proxy
    return host


@pytest.fixture(scope="session")
def second():
    """A host on the second MongoDB, which has fail points."""
    with second_mongo() as server:
        host = Stack(MONGODB_URI=server.uri)
        try:
            yield host.up()
        finally:
            host.down()


@pytest.fixture(scope="session")
def streams():
    """A host and one beside it, which follow what other programs write by change streams."""
    with others.hosts("streams") as host:
        yield host


@pytest.fixture(scope="session")
def times():
    """The same by times, where the server has no change streams."""
    with others.hosts("times") as host:
        yield host


@pytest.fixture(scope="session", params=["first", "second"])
def market(request):
    """A host of the resources that tests declare, on one MongoDB and on another."""
    settings = {"LARDER_RESOURCES": str(pathlib.Path(__file__).parent / "resources")}
    with contextlib.ExitStack() as stack:
        if request.param == "second":
            settings["MONGODB_URI"] = stack.enter_context(second_mongo()).uri
        yield stack.enter_context(running(settle=30, **settings))


@pytest.fixture
def minutes():
    """Of recipes that nobody else makes."""
    return next(minutes_counter)


@pytest.fixture
def recipe(market, minutes):
    """Makes recipes on the market: recipe(title="x")."""
    def make(**fields):
        answer = market.client.post("/api/recipes", {"title": "Dal", "minutes": minutes, **fields})
        assert answer.status == 201, answer
        return answer.json["data"]
    return make


@pytest.fixture
def http(stack):
    return stack.client


@pytest.fixture(scope="session")
def eventually():
    return wait_for


@pytest.fixture
def category():
    """A category that nobody else uses, so that no test has to clean up before another."""
    return f"cat-{os.getpid()}-{next(counter)}-{time.monotonic_ns() % 1000000}"


def make_cold(stack, path, singular, fields):
    """Makes an item, and takes away what its POST has stored, so that the first read is a miss;
    without Redis, nothing is stored."""
    answer = stack.client.post(path, fields)
    assert answer.status == 201, answer
    made = answer.json["data"]
    with contextlib.suppress(redis.RedisError):
        for key in stack.redis.scan_iter(f"{stack.base()}{singular}:{made['_id']}@*", count=10000):
            stack.redis.delete(key)
    return made


@pytest.fixture
def product(stack, category):
    """Makes products, of which nothing is cached: product(name="x", price=1)."""
    def make(**fields):
        fields = {"name": "thing", "price": 1, "category": category, **fields}
        return make_cold(stack, "/api/products", "product", fields)
    return make


@pytest.fixture
def post(stack, category):
    def make(**fields):
        fields = {"title": "A title", "body": "Some words.", "category": category,
                  "author": "ann", **fields}
        return make_cold(stack, "/api/posts", "post", fields)
    return make


@pytest.fixture
def clean(stack):
    """Empty collections and an empty cache that trusts itself, for tests of whole collections."""
    def wipe():
        for name in ("products", "posts"):
            stack.mongo[name].delete_many({})
            # Whoever goes round the API has to say so: a write moves the collection's tag.
            fields = {"category": "wipe", "name": "wipe", "price": 0} if name == "products" else \
                {"category": "wipe", "title": "wipe", "body": "wipe", "author": "wipe"}
            made = stack.client.post(f"/api/{name}", fields)
            assert made.status == 201, made
            gone = stack.client.delete(f"/api/{name}/{made.json['data']['_id']}")
            assert gone.status == 200, gone
    wipe()
    yield wipe
    wipe()


@pytest.fixture
def healthy(stack):
    """For tests that break things: afterwards everything is started again and answers from the
    cache."""
    stack.settle()
    yield
    stack.resume("redis")
    stack.control("start")
    stack.settle(30)


class Progress:
    """Says on a descriptor when a process is done with a file: how many tests, how many failed, how
    long."""
    def __init__(self, descriptor):
        self.descriptor, self.files = descriptor, {}

    def pytest_runtest_logreport(self, report):
        process = getattr(report, "worker_id", "")
        if self.files.get(process, {}).get("name") != report.location[0]:
            self.say(process)
            self.files[process] = {"name": report.location[0], "begun": time.monotonic(),
                                   "tests": 0, "failed": 0}
        self.files[process]["tests"] += report.when == "call"
        self.files[process]["failed"] += report.failed

    def pytest_sessionfinish(self):
        for process in list(self.files):
            self.say(process)

    def say(self, process):
        file = self.files.pop(process, None)
        if file:
            failed = f", {file['failed']} failed" if file["failed"] else ""
            text = (f"\n    {file['name']:24}{file['tests']:4}{failed}"
                    f" in {time.monotonic() - file['begun']:.0f} s")
            os.write(self.descriptor, text.encode())


def pytest_configure(config):
    descriptor = os.environ.pop("LARDER_TEST_PROGRESS", None)  # no setting of what is started
    if descriptor and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Progress(int(descriptor)))


def keep_logs(stack):
    folder = os.environ.get("LARDER_TEST_LOGS")
    if folder:
        for name in ("larderd", "nginx", "redis", "mongo", "postgres", "steps"):
            target = pathlib.Path(folder)
            target.mkdir(parents=True, exist_ok=True)
            (target / f"{name}.log").write_text(stack.log(name))


def pytest_collection_modifyitems(items):
    """What breaks things comes last, so that a crash there hides nothing of the rest."""
    last = ("test_degradation", "test_checker", "test_scripts")
    items.sort(key=lambda item: last.index(item.module.__name__) + 1
               if item.module.__name__ in last else 0)
