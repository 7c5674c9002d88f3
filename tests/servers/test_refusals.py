"""What a web server refuses without asking a worker reads like every other failure of the API."""

import http.client
import json
import os
import signal
import socket
import time

import pytest
from site_lib import ROOT, Site

HEAD = b"Host: a\r\nConnection: close\r\n"
LONG = 70000
REFUSED = {
    "no request at all": (b"garbage\r\n\r\n", 400),
    "a header with a blank in its name": (b"GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
    "a length that is no number": (b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: abc\r\n\r\n", 400),
    "a missing asset": (b"GET /docs/assets/nope.js HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
    "the directory of assets": (b"GET /docs/assets/ HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
    "the place of these answers": (b"GET /hearth-problems/problem-503.html HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
    "a body over the limit": (b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 999999999\r\n\r\n{}", 413),
    "a path that is too long": (b"GET /" + b"a" * LONG + b" HTTP/1.1\r\n" + HEAD + b"\r\n", 414),
    "a range behind the end": (b"GET /docs/assets/docs.js HTTP/1.1\r\n" + HEAD + b"Range: bytes=99999999-\r\n\r\n", 416),
    "headers that are too large": (b"GET / HTTP/1.1\r\n" + HEAD + b"X-A: " + b"a" * LONG + b"\r\n\r\n", 431),
    "an unknown coding": (b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: gzip\r\n\r\n", 501),
}
# lighttpd counts the path as part of the head, and does not list a directory as a file that is not there.
LIGHTTPD = {"a path that is too long": 431, "the directory of assets": 403}


@pytest.fixture(scope="module", params=["nginx", "lighttpd"])
def site(request):
    with Site(request.param, workers=1) as running:
        yield running


def ask(site, request):
    """Status, headers and body of the answer to these bytes."""
    with socket.create_connection(("127.0.0.1", site.port), 10) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.headers, json.loads(answer.read())


def check(site, request, expected):
    status, headers, problem = ask(site, request)
    assert status == problem["status"] == expected
    assert headers["Content-Type"] == "application/problem+json"
    assert problem["success"] is False
    assert problem["type"] == f"/problems/{problem['code']}"
    assert {"title", "detail", "retryable", "error", "error_code"} <= problem.keys()
    return headers


@pytest.mark.parametrize("what", REFUSED)
def test_refuses_in_the_form_of_the_api(site, what):
    request, status = REFUSED[what]
    check(site, request, LIGHTTPD.get(what, status) if site.server == "lighttpd" else status)


def test_without_workers_says_that_it_may_be_asked_again(site):
    os.kill(site.pid("multiwatch"), signal.SIGTERM)
    deadline = time.monotonic() + 20
    while site.worker_pids() and time.monotonic() < deadline:
        time.sleep(0.05)
    headers = check(site, b"GET /livez HTTP/1.1\r\n" + HEAD + b"\r\n", 503)
    if site.server == "nginx":
        assert headers["Retry-After"] == "2"


def test_every_file_says_the_status_of_its_name():
    for path in (ROOT / "web/problems").iterdir():
        assert path.name == f"problem-{json.loads(path.read_text())['status']}.html"
