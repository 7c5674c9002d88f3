"""SQL in every text of every route, and line ends in whatever may reach a header, a log or a terminal."""

import collections
import copy
import json
import socket
import time
import urllib.parse

import pytest

from conftest import example_of, fill, is_calm
from site_lib import KEY

SQL = [
    "'", "''", "\\'", "\\", "' OR '1'='1", "' OR 1=1 --", "1; SELECT pg_sleep(5)", "'; SELECT pg_sleep(5); --",
    "' || (SELECT pg_sleep(5)) || '", "'||pg_sleep(5)--", "1 OR pg_sleep(5) IS NULL", "$1", "$$; SELECT pg_sleep(5); $$",
    "' UNION SELECT password FROM hearth.account --", "'; DROP TABLE hearth.account; --", "%' --", "\u02bc OR 1=1", "\u2019; --",
    "{\"a\",\"b\"}", "{,}", "E'\\x27'", "00000000-0000-0000-0000-000000000000' OR true --", "*/ OR 1=1 /*",
]
LINES = ["\r\nX-Injected: yes", "\nX-Injected: yes", "\r\n\r\n<html>", "%0d%0aX-Injected: yes", "\x1b[2J\x1b]0;owned\x07",
         "\u2028{\"level\":\"error\",\"message\":\"forged\"}", "\n{\"level\":\"error\",\"message\":\"forged\"}", "\u202egnp.exe", "\x85forged", "${jndi:ldap://x}"]
SLOW_S = 4
COMPLAINTS = ("syntax error", "unterminated", "does not exist at character", "invalid input syntax")


def texts_of(value, path=()):
    """Where the texts of a body are."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from texts_of(member, (*path, name))
    elif isinstance(value, list) and value:
        yield from texts_of(value[0], (*path, 0))


def with_text(body, path, text):
    changed = copy.deepcopy(body)
    at = changed
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = text
    return changed


def wishes(operation, pattern, payload, kinds):
    """Every request of an operation with the payload in one place: body, path, query, a name of a member."""
    body = example_of(operation)
    for path in texts_of(body) if "body" in kinds else ():
        yield ".".join(map(str, path)), fill(pattern), with_text(body, path, payload)
    if isinstance(body, dict) and "name" in kinds:
        yield "a member's name", fill(pattern), {**body, payload: payload}
    if "{" in pattern and "path" in kinds and "\n" not in payload and "\r" not in payload:
        yield "path", fill(pattern, payload), body
    for parameter in operation.get("parameters", []) if "query" in kinds else ():
        if parameter["in"] == "query":
            yield parameter["name"], f"{fill(pattern)}?{parameter['name']}={urllib.parse.quote(payload, safe='')}", body


def bearer_of(sweep, cache={}):  # pylint: disable=dangerous-default-value
    """An administrator's token that is still good; some routes end it."""
    if "header" not in cache or sweep.site.send("GET", "/api/v1/auth/session", None, cache["header"], key=None).status != 200:
        cache["header"] = sweep.bearer()
    return cache["header"]


def credential_of(sweep, operation):
    """What opens an operation: a key for text and the gateway, which people's accounts may not use, else a token."""
    scopes = {scope for way in operation.get("security", []) for of_way in way.values() for scope in of_way}
    return {"X-API-Key": KEY} if scopes & {"text", "gateway"} else bearer_of(sweep)


def send(sweep, method, path, body, headers):
    data = json.dumps(body).encode() if body is not None else None
    started = time.monotonic()
    answer = sweep.site.send(method, path, data, {"Content-Type": "application/json", **headers}, key=None, timeout=30)
    return answer, time.monotonic() - started


SKIPPED = {"/internal/resilience/performance/benchmark"}  # takes seconds by itself, and no text


def test_sql_in_every_text_is_text(sweep):
    before = sweep.postgres_log()
    tables = sweep.site.sql("SELECT count(*) FROM pg_class WHERE relnamespace = 'hearth'::regnamespace AND relkind IN ('r', 'p', 'i', 'S')")
    administrators = sweep.site.sql("SELECT count(*) FROM hearth.account WHERE is_admin")
    tried, places, statuses = 0, 0, collections.Counter()
    for method, pattern, operation in sweep.operations():
        if pattern in SKIPPED:
            continue
        for number, payload in enumerate(SQL):
            for place, path, body in wishes(operation, pattern, payload, ("body", "name", "path", "query")):
                answer, seconds = send(sweep, method, path, body, credential_of(sweep, operation))
                assert is_calm(answer), f"{payload!r} as {place}: {method} {path}: {answer!r}"
                assert seconds < SLOW_S, f"{payload!r} as {place}: {method} {path} took {seconds:.1f} s"
                for word in ("SQLSTATE", "at or near", "PostgreSQL", "libpq", "PGRES"):
                    assert word not in answer.text.replace(json.dumps(payload)[1:-1], ""), f"{payload!r} as {place}: {method} {path}: {answer!r}"
                tried += 1
                places += number == 0
                statuses[answer.status] += 1
    after = sweep.postgres_log()[len(before):]
    for complaint in COMPLAINTS:
        assert complaint not in after, after[max(0, after.find(complaint) - 500):][:1500]
    assert sweep.site.sql("SELECT count(*) FROM pg_class WHERE relnamespace = 'hearth'::regnamespace AND relkind IN ('r', 'p', 'i', 'S')") == tables
    assert len(sweep.site.sql("SELECT count(*) FROM hearth.account WHERE is_admin")) == len(administrators)
    # Most must get past the door, or nothing is shown.
    assert statuses[401] + statuses[403] < tried / 10, statuses
    print(f"{len(SQL)} texts of SQL in {places} places: {tried} requests, answered {dict(statuses)}; PostgreSQL complained of none")


def test_sql_in_headers_is_text(sweep):
    before = sweep.postgres_log()
    names = ["X-Request-Id", "Idempotency-Key", "User-Agent", "X-Forwarded-For", "Authorization", "X-API-Key", "Cookie", "Accept",
             "X-CSRF-Token", "Origin", "API-Version", "traceparent", "Accept-Language", "If-None-Match", "Cache-Control"]
    for payload in SQL:
        if not payload.isascii():
            continue
        for name in names:
            value = {"Authorization": f"Bearer {payload}", "Cookie": f"hearth_session={payload}"}.get(name, payload)
            answer, seconds = send(sweep, "GET", "/api/v1/auth/me", None, {**bearer_of(sweep), name: value})
            assert answer.status < 500 and seconds < SLOW_S, f"{name}: {payload!r}: {answer!r}"
    after = sweep.postgres_log()[len(before):]
    assert not any(complaint in after for complaint in COMPLAINTS), after[-2000:]


def test_line_ends_reach_no_header_and_no_log(sweep):
    log_before = len(sweep.site.log())
    tried = 0
    for method, pattern, operation in sweep.operations():
        if pattern in SKIPPED:
            continue
        for payload in LINES:
            for place, path, body in wishes(operation, pattern, payload, ("body", "path", "query")):
                answer, _ = send(sweep, method, path, body, credential_of(sweep, operation))
                assert "X-Injected" not in answer.headers, f"{payload!r} as {place}: {method} {path}: {answer.headers}"
                for name, value in answer.headers.items():
                    assert value.isprintable() or value.isascii() and "\t" in value, f"{name}: {value!r}"
                tried += 1
    lines = sweep.site.log()[log_before:].split("\n")
    for line in lines:
        if line:
            said = json.loads(line)
            assert said.get("message") != "forged", line
            assert "\x1b" not in line and "\x85" not in line, line
    print(f"{tried} requests, {len(lines)} lines of the log, each one object of ours")


@pytest.mark.parametrize("header", [b"X-Request-Id", b"traceparent", b"Idempotency-Key", b"Origin", b"API-Version", b"User-Agent"])
@pytest.mark.parametrize("value", [b"a\rX-Injected: yes", b"a\x1b[2J", b"a\xff\xfe", b"a\x00b", b"\xe2\x80\xaex", b"a" * 7000])
def test_headers_that_are_given_back_carry_nothing_along(sweep, header, value):
    with socket.create_connection(("127.0.0.1", sweep.site.port), timeout=20) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + header + b": " + value + b"\r\n\r\n")
        answer = b""
        while data := connection.recv(65536):
            answer += data
    head = answer.split(b"\r\n\r\n")[0]
    assert b"X-Injected" not in head and b"\x1b" not in head and b"\xff" not in head


def test_the_audit_trail_took_nothing_that_steers(sweep):
    time.sleep(1.5)
    rows = sweep.site.sql("""SELECT count(*) FROM hearth.audit WHERE event || actor || coalesce(subject, '') || coalesce(detail, '')
                             || coalesce(request_id, '') ~ '[\\u0001-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]'""")
    assert rows == [["0"]]
    shown = sweep.site.command("audit", "--since", "1h", "--limit", "10000")
    assert shown.count("\n") > 10
    assert all(line.isprintable() for line in shown.split("\n"))
