"""A hostile-input sweep over every route of the OpenAPI documents: wrong types, nulls, huge numbers,
deep nesting, bad UTF-8, duplicate keys, header injection, path tricks. Never a 5xx, a hang or a
crash; and the pool is the same processes afterwards."""

import copy
import json
import pathlib
import socket
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from site_lib import Site  # noqa: E402

PATIENCE_S = 20

WRONG_VALUES = [
    None, True, False, 0, -1, 3.5, 10**18, -10**18, "", " ", "\t\n", "x", "x" * 100_000,
    "\u202e\u0007\u200b\ufeff", "𝔘𝔫𝔦\U0001f600" * 50, "é" * 10, "%s%n%x", "'; DROP TABLE users; --",
    "<script>alert(1)</script>", "../../etc/passwd", [], {}, [[]], [None], [1, "a", {}], {"": ""},
    {"$ref": "#"}, ["x"] * 3000, {str(i): i for i in range(3000)},
]

RAW_BODIES = {
    "empty": b"",
    "not json": b"hello",
    "only white space": b" \n\t ",
    "half an object": b'{"text": "abc',
    "trailing text": b'{} {}',
    "deep array": b"[" * 5000 + b"]" * 5000,
    "deep object": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "129 levels": b"[" * 129 + b"]" * 129,
    "duplicate keys": b'{"text": "a", "text": "b"}',
    "bad utf-8": b'{"text": "\xff\xfe\xfd abcdefghij"}',
    "overlong utf-8": b'{"text": "\xc0\xaf abcdefghij"}',
    "surrogate": b'{"text": "\\ud800 abcdefghij"}',
    "nul escape": b'{"text": "abc\\u0000defghij"}',
    "nul byte": b'{"text": "abc\x00defghij"}',
    "huge integer": b'{"text": ' + b"9" * 400 + b"}",
    "huge exponent": b'{"text": 1e999999}',
    "negative zero": b"-0",
    "NaN": b'{"text": NaN}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "utf-16": '{"text": "abc"}'.encode("utf-16"),
    "top-level string": b'"abc"',
    "top-level number": b"17",
    "top-level null": b"null",
    "many members": json.dumps({f"k{i}": i for i in range(20_000)}).encode(),
}

PATHS = [
    "//", "/../", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/%00", "/v1/%00", "/%ff%fe",
    "/v1//text_processing//process", "/v1/text_processing/process/..", "/v1/text_processing/%70rocess",
    "/%", "/%zz", "/" + "a" * 6000, "/" + "a/" * 1500, "/v999/text_processing/operations",
    "/v1/text_processing/batch_status/%0d%0aX-Injected:%20yes", "/internal/../metrics", "/internal/%2e%2e/",
    "/v1/text_processing/batch_status/" + "%F0%9F%98%80" * 100, "/?" + "a=b&" * 1500, "/?%00=%ff", "/docs/assets/../../../etc/passwd",
    "/docs/assets/%2e%2e/%2e%2e/etc/passwd", "/*", "/;a=b", "/v1/auth/status?version=%ff",
]

HEADER_SETS = [
    {"Content-Type": "application/json; charset=utf-16"}, {"Content-Type": "text/plain"},
    {"Content-Type": "\x7f"}, {"Content-Type": "application/json;" + "a" * 2000},
    {"X-Request-Id": "a" * 5000}, {"X-Request-Id": "<script>"}, {"X-Request-Id": "x\ty"},
    {"traceparent": "00-" + "0" * 32 + "-" + "0" * 16 + "-00"}, {"traceparent": "é" * 20},
    {"api-version": "99.0"}, {"api-version": "-1"}, {"api-version": "1" * 500}, {"version": "1.0.0.0.0"},
    {"Accept": "application/vnd.x+json;version=" + "9" * 400}, {"Accept": ",;=q"},
    {"Origin": "null"}, {"Origin": "http://" + "a" * 3000}, {"If-None-Match": '"' * 400},
    {"Cache-Control": ",,,=;no-store" * 50}, {"Authorization": "Bearer"}, {"Authorization": "Bearer " + "k" * 5000},
    {"Authorization": "Basic !!!!"}, {"X-API-Key": ""}, {"X-Forwarded-For": "999.1.1.1, ::::"},
    {"Range": "bytes=0-"}, {"Expect": "200-maybe"}, {"Accept-Encoding": "gzip;q=-1"},
]


@pytest.fixture(scope="module", params=["nginx", "lighttpd"])
def site(request):
    with Site(request.param, workers=2, database=True) as running:
        pids = sorted(running.worker_pids())
        yield running
        assert sorted(running.worker_pids()) == pids, "a worker died: " + running.log()[-2000:]


def operations(site):
    return [(path, method, operation, document) for document, path, method, operation in site.operations()]


def path_of(pattern, value="1"):
    parts = [value if part.startswith("{") else part for part in pattern.split("/")]
    return "/".join(parts)


def example_of(operation):
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if "example" in content:
        return content["example"]
    for example in content.get("examples", {}).values():
        return example["value"]
    return None


def calm(site, method, path, body=None, headers=None, document=True):
    """One request that may be refused but must not hurt."""
    all_headers = {"Content-Type": "application/json"} if body is not None else {}
    all_headers.update(headers or {})
    response = site.send(method, path, body, all_headers, timeout=PATIENCE_S)
    is_off = response.status == 503 and "is not set" in response.text
    assert response.status < 500 or is_off, f"{method} {path} {headers} {body and body[:200]!r}: {response!r}"
    if document:
        site.check(method, path, response)
    return response


def mutations(value, depth=0):
    """Copies of a good value with one place in it made wrong."""
    for wrong in WRONG_VALUES:
        yield wrong
    if depth > 2:
        return
    if isinstance(value, dict):
        for name in value:
            without = copy.deepcopy(value)
            del without[name]
            yield without
            for changed in mutations(value[name], depth + 1):
                yield dict(value, **{name: changed})
        yield dict(value, unexpected={"a": [1, 2, 3]})
    if isinstance(value, list) and value:
        for changed in mutations(value[0], depth + 1):
            yield [changed] + value[1:]


def test_every_body_field_made_wrong(site):
    tried = 0
    for path, method, operation, _ in operations(site):
        example = example_of(operation)
        if example is None:
            continue
        for body in mutations(example):
            calm(site, method, path_of(path), json.dumps(body).encode())
            tried += 1
    assert tried > 200


def test_raw_bodies_on_every_route(site):
    for path, method, _, _ in operations(site):
        for body in RAW_BODIES.values():
            calm(site, method, path_of(path), body, document=method not in ("GET", "DELETE"))


def test_odd_headers_on_every_route(site):
    for path, method, operation, _ in operations(site):
        example = example_of(operation)
        body = None if example is None else json.dumps(example).encode()
        for headers in HEADER_SETS:
            encoded = {name: value.encode("utf-8") for name, value in headers.items()}
            calm(site, method, path_of(path), body, encoded, document=False)


def test_odd_path_parameters_and_queries(site):
    values = ["%00", "%ff", "..", "%2e%2e%2f", "a" * 3000, "%F0%9F%98%80", "'", "%0d%0aX-Injected:1", "*"]
    for path, method, _, _ in operations(site):
        for value in values:
            response = calm(site, method, path_of(path, value), document=False)
            assert response.headers.get("X-Injected") is None
        for query in ("?a=%zz", "?" + "x=1&" * 1000, "?pattern=%ff", "?limit=1e999", "?=&=&&", "?" + "p" * 5000):
            calm(site, method, path_of(path) + query, document=False)


def test_path_tricks(site):
    for path in PATHS:
        response = calm(site, "GET", path, document=False)
        assert b"root:" not in response.body, path
        assert response.headers.get("X-Injected") is None


@pytest.mark.parametrize("raw", [
    b"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: abcdefgh\r\n X-Folded: yes\r\nConnection: close\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(150)) + b"Connection: close\r\n\r\n",
    b"POST /v1/text_processing/process HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\nConnection: close\r\n\r\n",
    b"POST /v1/text_processing/process HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
    b"Connection: close\r\n\r\n0\r\n\r\n",
    b"POST /v1/text_processing/process HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
    b"Content-Type: application/json\r\nConnection: close\r\n\r\nffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    b"BREW /v1/text_processing/process HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"GET http://evil.example/v1/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"GET /v1/health HTTP/1.0\r\n\r\n",
])
def test_raw_requests(site, raw):
    with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE_S) as connection:
        connection.sendall(raw)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
            if len(answer) > 1_000_000:
                break
    if answer:
        status = int(answer.split(b" ", 2)[1])
        # 501 and 505 are the web servers' own words for a method or a version they do not speak.
        assert status < 500 or status in (501, 505), answer[:500]


def test_still_answers_afterwards(site):
    response = site.post("/v1/text_processing/process", {"text": "A calm and happy day by the sea.", "operation": "sentiment"})
    assert response.status == 200
