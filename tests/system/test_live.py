# SPDX-License-Identifier: BSD-2-Clause
"""Live answers: streams that tell when an answer changes."""
import concurrent.futures
import time
import urllib.parse

import pytest

import fcgi
from events import STREAM, Stream
from people import Person
from stack import eventually, running


def live(stack, target, **more):
    return Stream(stack.url, target, **more)


def watch(*paths):
    return "/api/live?" + "&".join("watch=" + urllib.parse.quote(path, safe="") for path in paths)


# --- One answer ---

def test_a_stream_begins_with_what_is_answered(stack, http, product, category):
    product()
    target = f"/api/products?category={category}"
    with live(stack, target) as stream:
        first = stream.wait(1)
        answer = http.get(target)
        assert first.etag == first.id == answer.etag
        assert first.data == {"etag": answer.etag}
    assert stream.status == 200
    assert stream.headers["Content-Type"] == STREAM
    assert stream.headers["Cache-Control"] == "no-store, no-transform"
    assert stream.headers["X-Accel-Buffering"] == "no"
    assert stream.headers["Vary"] == "Accept, Accept-Encoding"
    assert stream.headers["Content-Encoding"] is None
    assert len(stream.retries) == 1 and 1000 <= stream.retries[0] <= 5000


def test_each_change_is_told_and_no_other(stack, http, product, category):
    made = product()
    target, item = f"/api/products?category={category}", f"/api/products/{made['_id']}"
    with live(stack, target) as of_list, live(stack, item) as of_item:
        of_list.wait(1)
        of_item.wait(1)
        for price in (2, 3):
            assert http.patch(item, {"price": price}).status == 200
            of_item.wait(price)
            of_list.wait(price)
            assert of_item.last() == http.get(item).etag
            assert of_list.last() == http.get(target).etag
        other = product(category=category + "-other")
        assert http.patch(f"/api/products/{other['_id']}", {"price": 9}).status == 200
        time.sleep(0.5)
        assert len(of_list.changes) == len(of_item.changes) == 3


def test_a_change_comes_soon_after_the_write(stack, http, product, category):
    made = product()
    with live(stack, f"/api/products?category={category}") as stream:
        stream.wait(1)
        took = []
        for price in range(2, 8):
            assert http.patch(f"/api/products/{made['_id']}", {"price": price}).status == 200
            acknowledged = time.monotonic()
            took.append(stream.wait(price).at - acknowledged)
        assert sorted(took)[len(took) // 2] < 0.25, took


def test_what_leaves_the_answer_as_it_was_is_not_told(stack, http, product, category):
    made = product()
    target = f"/api/products?category={category}&fields=name"
    with live(stack, target) as stream:
        stream.wait(1)
        assert http.patch(f"/api/products/{made['_id']}", {"price": 5}).status == 200
        assert http.patch(f"/api/products/{made['_id']}", {"name": "other"}).status == 200
        stream.wait(2)
        time.sleep(0.3)
        assert len(stream.changes) == 2


def test_changes_that_follow_each_other_are_one(stack, product, category):
    items = [product() for _ in range(12)]
    with live(stack, f"/api/products?category={category}") as stream:
        stream.wait(1)
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda one: stack.client.patch(
                f"/api/products/{one['_id']}", {"price": 7}), items))
        assert all(answer.status == 200 for answer in answers)
        stream.shows(stack.client, f"/api/products?category={category}")
        assert len(stream.changes) < 8


@pytest.mark.parametrize("field", ["Last-Event-ID", "If-None-Match"])
def test_who_knows_the_answer_is_not_told_again(stack, http, product, category, field):
    made = product()
    target = f"/api/products/{made['_id']}"
    etag = http.get(target).etag
    with live(stack, target, headers={field: etag}) as known, \
            live(stack, target, headers={field: '"0123456789abcdef"'}) as not_known:
        assert not_known.wait(1).etag == etag
        assert http.patch(target, {"price": 4}).status == 200
        not_known.wait(2)
        assert known.wait(1).etag == not_known.last() != etag


def test_last_event_id_comes_before_if_none_match(stack, http, product):
    target = f"/api/products/{product()['_id']}"
    etag = http.get(target).etag
    with live(stack, target, headers={"Last-Event-ID": '"other"', "If-None-Match": etag}) as stream:
        assert stream.wait(1).etag == etag


def test_an_item_that_is_deleted_is_gone(stack, http, product):
    target = f"/api/products/{product()['_id']}"
    with live(stack, target) as stream:
        stream.wait(1)
        assert http.delete(target).status == 200
        assert stream.wait(1, "gone").data == {}
        stream.wait_end()
    assert stream.names() == ["change", "gone"]


def test_ids_and_projections_take_part(stack, http, product):
    made = [product() for _ in range(3)]
    target = "/api/products?ids=" + ",".join(one["_id"] for one in made)
    with live(stack, target) as stream:
        assert stream.wait(1).etag == http.get(target).etag
        assert http.patch(f"/api/products/{made[2]['_id']}", {"price": 8}).status == 200
        stream.wait(2)
        assert stream.last() == http.get(target).etag


def test_a_write_of_another_host_is_told(stack, other, product, category):
    made = product()
    target = f"/api/products?category={category}"
    with live(other, target) as there, live(stack, target) as here:
        there.wait(1)
        here.wait(1)
        assert stack.client.patch(f"/api/products/{made['_id']}", {"price": 3}).status == 200
        there.shows(other.client, target)
        assert other.client.patch(f"/api/products/{made['_id']}", {"price": 4}).status == 200
        here.shows(stack.client, target)


def test_a_host_without_memory_has_streams_too(bare, stack, product):
    made = product()
    target = f"/api/products/{made['_id']}"
    with live(bare, target) as stream:
        stream.wait(1)
        assert stack.client.patch(target, {"price": 3}).status == 200
        stream.shows(bare.client, target)


# --- What is asked for ---

@pytest.mark.parametrize("target, status", [
    ("/api/products/nonsense", 400), ("/api/products?nonsense=1", 400),
    ("/api/products/ffffffffffffffffffffff00", 404), ("/api/nonsense", 404),
    ("/api/me/dashboard", 401), ("/api/live?watch=%2Fapi%2Fproducts&x=1", 400),
    ("/api/live", 400), ("/api/live?watch=%2Fapi%2Fproducts&watch=%2Fapi%2Fproducts", 400)])
def test_what_lasts_is_an_error_before_any_stream(stack, target, status):
    with live(stack, target) as stream:
        assert stream.status == status
        assert stream.headers["Content-Type"].startswith("application/json")
        assert stream.json["success"] is False


@pytest.mark.parametrize("accept", [
    "*/*", "application/json", "text/event-stream;q=0", "text/event-stream;q=0.0, */*",
    "application/json, text/event-stream;q=0.5", "text/html", "text/*"])
def test_others_get_json(http, product, accept):
    target = f"/api/products/{product()['_id']}"
    answer = http.get(target, headers={"Accept": accept})
    assert answer.status == 200
    assert answer.header("Content-Type").startswith("application/json")
    assert answer.header("Vary") == "Accept-Encoding"


@pytest.mark.parametrize("accept", [
    "text/event-stream, application/json;q=0.9", "Text/Event-Stream", "text/event-stream;q=0.1"])
def test_it_may_be_asked_for_in_several_ways(stack, product, accept):
    target = f"/api/products/{product()['_id']}"
    with live(stack, target, headers={"Accept": accept}) as stream:
        stream.wait(1)


def test_head_answers_the_headers(http, product):
    target = f"/api/products/{product()['_id']}"
    answer = http.request("HEAD", target, headers={"Accept": STREAM})
    assert answer.status == 200 and answer.body == b""
    assert answer.header("Content-Type") == STREAM
    assert answer.header("X-Accel-Buffering") == "no"
    assert http.request("HEAD", "/api/products/nonsense", headers={"Accept": STREAM}).status == 400


# --- Several answers ---

def test_one_stream_for_many_answers(stack, http, product, category):
    made = [product() for _ in range(3)]
    paths = [f"/api/products/{one['_id']}" for one in made]
    paths += [f"/api/products?category={category}&limit={limit}" for limit in range(1, 46)]
    paths += ["/api/products/ffffffffffffffffffffff00", "/healthz"]
    with live(stack, watch(*paths), headers={"Last-Event-ID": http.get(paths[0]).etag}) as stream:
        stream.wait(48)
        for path in paths[:48]:
            assert stream.last(path) == http.get(path).etag
        assert all(event.id is None for event in stream.events)
        assert stream.of("refused", paths[48])[0].data["status"] == 404
        assert stream.of("refused", "/healthz")[0].data["status"] == 406
        assert http.patch(paths[0], {"price": 5}).status == 200
        for path in (paths[0], paths[10]):
            stream.shows(http, path, path)
        assert len(stream.of("change", paths[1])) == 1
        assert http.delete(paths[1]).status == 200
        assert stream.wait(1, "gone").data == {"path": paths[1]}
        assert http.patch(paths[2], {"price": 6}).status == 200
        stream.shows(http, paths[2], paths[2])


def test_a_stream_ends_with_its_last_path(stack, http, product):
    target = f"/api/products/{product()['_id']}"
    with live(stack, watch(target, "/api/nonsense")) as stream:
        stream.wait(1)
        assert http.delete(target).status == 200
        stream.wait_end()
    assert sorted(stream.names()) == ["change", "gone", "refused"]
    with live(stack, watch("nonsense", "/api/me/dashboard", "/api/%zz")) as stream:
        stream.wait_end()
    assert [event.data["status"] for event in stream.events] == [400, 401, 400]


def test_paths_are_told_as_they_were_given(stack, product, category):
    product()
    path = f"/api/products?limit=1&category={category}&sort=-price&name=%22a%C3%A9%22&utm_a=1"
    path = path.replace("&name=%22a%C3%A9%22", "")
    with live(stack, watch(path)) as stream:
        assert stream.wait(1).path == path


def test_fifty_one_paths_are_too_many(stack):
    with live(stack, watch(*(f"/api/products?limit={i}" for i in range(1, 52)))) as stream:
        assert stream.status == 400
        assert stream.json["errors"][0]["field"] == "watch"


def test_watching_needs_its_media_type(http):
    for accept in ("*/*", "application/json"):
        answer = http.get(watch("/api/products"), headers={"Accept": accept})
        assert answer.status == 406 and answer.json["success"] is False


# --- Who asks ---

@pytest.fixture(scope="module")
def shop():
    with running(LARDER_SIGNUP="open", LARDER_STREAMS_PER_CLIENT="12") as stack:
        yield stack


def test_a_dashboard_is_watched(shop):
    person = Person(shop, "editor")
    with live(shop, "/api/me/dashboard", headers=person.headers) as stream:
        stream.wait(1)
        made = person.request("POST", "/api/posts", {"title": "a", "body": "b", "category": "c",
                                                     "author": "d"})
        assert made.status == 201
        stream.shows(shop.client, "/api/me/dashboard", headers=person.headers)


def test_a_session_that_ends_ends_its_streams(shop):
    person = Person(shop)
    with live(shop, "/api/me/dashboard", headers=person.headers) as single, \
            live(shop, watch("/api/me/dashboard", "/api/products"), headers=person.headers) as both:
        single.wait(1)
        both.wait(2)
        assert person.request("DELETE", "/api/sessions/current").status == 200
        began = time.monotonic()
        assert single.wait(1, "signed-out").data == {}
        assert both.wait(1, "signed-out").data == {"path": "/api/me/dashboard"}
        assert both.of("signed-out")[0].at - began < 1
        single.wait_end()
        assert not both.ended


def test_who_is_disabled_is_signed_out(shop):
    person, admin = Person(shop), Person(shop, "admin")
    with live(shop, "/api/me/dashboard", headers=person.headers) as stream:
        stream.wait(1)
        assert admin.request("PATCH", f"/api/users/{person.id}", {"disabled": True}).status == 200
        stream.wait(1, "signed-out")
        stream.wait_end()


def test_a_client_has_so_many_streams(shop):
    def streams():
        return shop.metrics()["larder_streams"]
    eventually(lambda: streams() == 0, what="no stream is left of other tests")
    refused = shop.metrics()["larder_streams_refused_total"]
    opened = [live(shop, "/api/products") for _ in range(12)]
    try:
        for stream in opened:
            stream.wait(1)
        with live(shop, "/api/products") as more:
            assert more.status == 200
            assert more.wait(1, "refused").data == {"status": 429}
            more.wait_end()
            assert more.names() == ["refused"] and len(more.retries) == 1
        assert streams() == 12
        assert shop.metrics()["larder_streams_refused_total"] == refused + 1
        opened.pop().close()
        eventually(lambda: streams() == 11, what="a stream less")
        opened.append(live(shop, "/api/products"))
        opened[-1].wait(1)
    finally:
        for stream in opened:
            stream.close()
    eventually(lambda: streams() == 0, what="no stream is left")
    metrics = shop.metrics()
    assert metrics['larder_stream_events_total{event="change"}'] >= 13
    assert metrics['larder_stream_events_total{event="refused"}'] >= 1
