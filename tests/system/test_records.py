# SPDX-License-Identifier: BSD-2-Clause
"""Raw records on the worker's socket: each rule of a FastCGI responder, on the running program."""
import json
import time

import pytest

import fcgi
from fcgi import (ABORT, BEGIN, DATA, END, GET_VALUES, PARAMS, STDERR, STDIN, STDOUT, UNKNOWN,
                  VALUES, begin, pair, pairs, params, record, request, stdin, variables)


@pytest.fixture
def client(stack):
    with fcgi.Client(str(stack.socket_path)) as client:
        yield client


def alive(client, id=1):
    """The connection still serves."""
    assert client.request(uri="/healthz", id=id).status == 200
    return True


def test_answer_begins_with_status_and_ends_with_end_request(client):
    answer = client.request(uri="/healthz")
    assert answer.status == 200 and answer.first == "Status"
    assert answer.end == fcgi.COMPLETE
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert len(answer.headers["x-request-id"]) == 16
    assert client.is_quiet()


def test_request_split_at_every_byte(client):
    data = request(uri="/healthz")
    for at in range(1, len(data)):
        client.send(data[:at])
        client.send(data[at:])
        assert client.answer().status == 200


def test_request_byte_by_byte(client):
    for byte in request(uri="/healthz"):
        client.send(bytes([byte]))
    assert client.answer().status == 200


@pytest.mark.parametrize("padding", [0, 1, 7, 8, 255])
def test_padding_on_every_record(client, padding):
    content = pairs(variables(uri="/healthz").items())
    client.send(record(BEGIN, 1, b"\0\1\1\0\0\0\0\0", padding) + record(PARAMS, 1, content, padding)
                + record(PARAMS, 1, b"", padding) + record(STDIN, 1, b"", padding))
    assert client.answer().status == 200
    assert alive(client)


def test_reserved_byte_is_ignored(client):
    data = b"".join(record(BEGIN, 1, b"\0\1\1\xff\xff\xff\xff\xff", reserved=255)
                    for _ in range(1))
    client.send(data + params(1, variables()) + stdin(1))
    assert client.answer().status == 200


@pytest.mark.parametrize("data", [
    record(BEGIN, 1, b"\0\1\1\0\0\0\0\0", version=2),
    record(BEGIN, 1, b"\0\1\1\0\0\0\0\0", version=0),
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    record(BEGIN, 1, b"\0\1\1\0\0\0\0"),
    record(BEGIN, 1, b"\0\1\1\0\0\0\0\0\0"),
    record(BEGIN, 0, b"\0\1\1\0\0\0\0\0"),
    begin() + begin(),
    begin() + stdin(1),
    begin() + params(1, variables()) + record(PARAMS, 1, b"x"),
    begin() + params(0, variables()),
    record(ABORT, 0),
    record(DATA, 0),
    record(STDIN, 0),
    record(END, 1, b"\0" * 8),
    record(STDOUT, 1),
    record(STDERR, 1),
    record(VALUES, 0),
    record(UNKNOWN, 0),
    record(GET_VALUES, 1),
    record(GET_VALUES, 0, b"x" * 300),
    record(GET_VALUES, 0, b"\x05"),
], ids=["version-2", "version-0", "http", "begin-7", "begin-9", "begin-id-0", "begin-twice",
        "stdin-before-params", "params-after-end", "params-id-0", "abort-id-0", "data-id-0",
        "stdin-id-0", "end-request", "stdout", "stderr", "values-result", "unknown-type",
        "get-values-id-1", "get-values-long", "get-values-cut"])
def test_protocol_error_closes(stack, client, data):
    client.send(data)
    assert client.is_closed()
    with fcgi.Client(str(stack.socket_path)) as other:
        assert alive(other)


@pytest.mark.parametrize("role", [0, 2, 3, 0xffff])
def test_unknown_role(client, role):
    client.send(begin(5, role) + params(5, variables()) + stdin(5, b"body"))
    assert client.answer(5).end == fcgi.UNKNOWN_ROLE
    assert alive(client, 5)


def test_unknown_flags_are_ignored(client):
    assert client.request(flags=0xff).status == 200
    assert alive(client)


def test_without_keep_the_connection_is_closed(client):
    assert client.request(flags=0).status == 200
    assert client.is_closed()


def test_second_request_meanwhile_cannot_be_multiplexed(client):
    client.send(begin(1) + request(id=2))
    assert client.answer(2).end == fcgi.CANT_MPX
    client.send(params(1, variables()) + stdin(1))
    assert client.answer(1).status == 200
    assert alive(client, 2)


def test_late_records_of_a_finished_request_are_skipped(client):
    assert client.request().status == 200
    client.send(stdin(1, b"late") + params(1, b"late") + record(ABORT, 1))
    assert alive(client)


def test_late_records_are_bounded(client):
    assert client.request().status == 200
    try:
        for _ in range(64):
            client.send(stdin(1, b"x" * 65535, end=False))
    except ConnectionError:
        pass
    assert client.is_closed()


def test_data_is_skipped(client):
    client.send(begin() + record(DATA, 1, b"x") + params(1, variables()) + record(DATA, 1)
                + stdin(1))
    assert client.answer().status == 200


@pytest.mark.parametrize("kind", [0, 12, 255])
def test_unknown_management_type_is_told(client, kind):
    client.send(record(kind, 0, b"content"))
    assert client.record() == (UNKNOWN, 0, bytes([kind]) + b"\0" * 7)
    assert alive(client)


def test_unknown_type_of_a_request_is_skipped(client):
    client.send(record(99, 1, b"content"))
    assert alive(client)


def test_get_values_tells_known_names_once(client):
    names = ["FCGI_MAX_CONNS", "FCGI_MPXS_CONNS", "FCGI_MAX_CONNS", "FCGI_OTHER"]
    client.send(record(GET_VALUES, 0, pairs((name, "") for name in names)))
    kind, id, content = client.record()
    assert (kind, id) == (VALUES, 0)
    assert content.count(b"FCGI_MAX_CONNS") == 1
    assert content.count(pair("FCGI_MPXS_CONNS", "0")) == 1
    assert b"OTHER" not in content
    assert alive(client)


def test_get_values_is_bounded(client):
    try:
        for _ in range(1000):
            client.send(record(GET_VALUES, 0))
    except ConnectionError:
        pass
    assert client.is_closed()


def test_abort_ends_the_request_not_the_connection(client):
    client.send(begin() + record(ABORT, 1))
    assert client.answer().end == fcgi.COMPLETE
    client.send(begin() + params(1, variables("POST", CONTENT_LENGTH="9")) + record(ABORT, 1))
    assert client.answer().end == fcgi.COMPLETE
    assert alive(client)


def refused(client, status):
    answer = client.answer()
    assert answer.status == status
    told = json.loads(answer.body)
    assert told["success"] is False and told["message"]
    assert told["requestId"] == answer.headers["x-request-id"]
    return True


@pytest.mark.parametrize("extra", [
    [("REQUEST_METHOD", "GET")], [("CONTENT_LENGTH", "0"), ("CONTENT_LENGTH", "1")],
    [("REMOTE_ADDR", "10.0.0.1")], [("HTTP_HOST", "other")],
    [("HTTP_AUTHORIZATION", "a"), ("HTTP_AUTHORIZATION", "b")],
    [("A=B", "x")], [("", "x")], [("HTTP_X", "a\0b")], [("HTTP_X", "a\nb")], [("HTTP_X", "\x7f")],
    [("HTTP_X\r", "a")], [("HTTP_X\0", "a")],
], ids=["method-twice", "length-twice", "address-twice", "host-twice", "authorization-twice",
        "equals-sign", "no-name", "nul", "newline", "delete", "return-in-name", "nul-in-name"])
def test_bad_parameters_are_400(client, extra):
    content = pairs(list(variables().items()) + extra)
    client.send(begin() + params(1, content) + stdin(1))
    assert refused(client, 400)
    assert alive(client)


@pytest.mark.parametrize("content", [
    b"", b"\x05", b"\x85\0\0", b"\x0e\x03REQUEST_METHODGE", b"\xff\xff\xff\xff\xff\xff\xff\xffA",
], ids=["none", "one-length", "cut-length", "cut-value", "huge"])
def test_cut_parameters_are_400(client, content):
    client.send(begin() + params(1, content) + stdin(1))
    assert refused(client, 400)
    assert alive(client)


@pytest.mark.parametrize("extra", [
    [(f"X{i}", "") for i in range(257)], [("N" * 257, "")], [("HTTP_X", "v" * 32769)],
    [("HTTP_X", "v" * 32768), ("HTTP_Y", "v" * 32768)],
], ids=["257-pairs", "long-name", "long-value", "more-than-64-KiB"])
def test_too_many_parameters_are_431(client, extra):
    client.send(begin() + params(1, pairs(list(variables().items()) + extra)) + stdin(1))
    assert refused(client, 431)
    assert alive(client)


def test_long_form_of_short_lengths(client):
    content = b"".join(pair(name, value, long=True) for name, value in variables().items())
    client.send(begin() + params(1, content) + stdin(1))
    assert client.answer().status == 200


def test_pair_straddles_records(client):
    content = pairs(variables().items())
    client.send(begin() + b"".join(record(PARAMS, 1, content[i:i + 1])
                                   for i in range(len(content))) + record(PARAMS, 1) + stdin(1))
    assert client.answer().status == 200


def test_headers_may_come_twice(client):
    content = pairs(list(variables().items()) + [("HTTP_ACCEPT", "a"), ("HTTP_ACCEPT", "b")])
    client.send(begin() + params(1, content) + stdin(1))
    assert client.answer().status == 200


@pytest.mark.parametrize("text", ["-1", "+1", "1 ", "0x1", "1.0", "99999999999999999999999"])
def test_content_length_is_digits(client, text):
    client.send(begin() + params(1, variables("POST", CONTENT_LENGTH=text)) + stdin(1, b"x"))
    assert refused(client, 400)
    assert alive(client)


def test_body_shorter_than_its_length_is_400(client):
    client.send(begin() + params(1, variables("POST", CONTENT_LENGTH="5")) + stdin(1, b"four"))
    assert refused(client, 400)
    assert alive(client)


def test_body_longer_than_its_length_is_400_and_closes(client):
    client.send(begin() + params(1, variables("POST", CONTENT_LENGTH="3")) + stdin(1, b"four"))
    assert refused(client, 400)
    assert client.is_closed()


def test_large_body_is_413_and_drained(client):
    body = request(uri="/api/products") * 500
    assert len(body) > 65536
    answer = client.request("POST", "/api/products", body)
    assert answer.status == 413
    assert json.loads(answer.body)["success"] is False
    assert alive(client)


def test_unread_body_is_bounded(client):
    client.send(begin() + params(1, variables("POST", "/api/products",
                                              CONTENT_LENGTH=str(1 << 30))))
    assert client.answer().status == 413
    try:
        for _ in range(64):
            client.send(stdin(1, b"x" * 65535, end=False))
    except ConnectionError:
        pass
    assert client.is_closed()


def test_head_has_a_length_and_no_body(client):
    get, head = client.request("GET", "/healthz"), client.request("HEAD", "/healthz")
    assert head.status == 200 and head.body == b""
    assert head.headers["content-length"] == get.headers["content-length"]


def test_silent_peers_delay_nobody_and_are_closed(stack, client):
    silent = [fcgi.Client(str(stack.socket_path)) for _ in range(20)]
    for i, other in enumerate(silent):
        other.send(request()[:i])
    started = time.monotonic()
    assert alive(client)
    assert time.monotonic() - started < 1
    for other in silent:
        assert other.is_closed(within=8)
        other.socket.close()


def test_client_that_goes_away_leaves_the_worker_well(stack):
    for _ in range(50):
        with fcgi.Client(str(stack.socket_path)) as gone:
            gone.send(request(uri="/api/products?limit=100"))
    with fcgi.Client(str(stack.socket_path)) as client:
        assert alive(client)
