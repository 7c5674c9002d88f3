"""Who may call what: the internal surface in production, and a walk over every operation of both documents."""

import json
import re
import socket
import subprocess
import time

import jwt
import pytest

from site_lib import KEY, ROOT, Site

SECRET = "a secret of the tests that has more than 32 bytes"
OTHERS_ID = "018f0000-0000-7000-8000-00000000dead"
ADAS_SIGN_IN = "018f0000-0000-7000-8000-00000000ada0"
PRODUCTION = {"ENVIRONMENT": "production", "AUTH_SECRET": SECRET}


@pytest.fixture(scope="module")
def production(server):
    with Site(server, settings=PRODUCTION) as site:
        yield site


@pytest.fixture(scope="module")
def house(server):
    with Site(server, database=True, settings={"AUTH_SECRET": SECRET}) as site:
        yield site


def test_production_shows_the_internal_surface_to_its_own_server_alone(production):
    for path in ("/internal", "/internal/cache/status", "/internal/keys", "/internal/resilience/config"):
        assert production.send("GET", path).status == 404, path
    assert production.send_internal("GET", "/internal/cache/status").status == 200
    assert production.send_internal("GET", "/internal/cache/status", key=None).status == 401
    assert production.send_internal("GET", "/v1/auth/status").status == 200
    assert production.send("GET", "/metrics").status == 200


@pytest.mark.parametrize("name", ["HEARTH_SURFACE", "Hearth-Surface", "HTTP_HEARTH_SURFACE", "X-Hearth-Surface"])
def test_no_header_makes_the_public_surface_an_internal_one(production, name):
    assert production.send("GET", "/internal/cache/status", headers={name: "internal"}).status == 404


def test_the_operator_may_show_it_to_all(server):
    with Site(server, settings=dict(PRODUCTION, INTERNAL_PUBLIC="true")) as site:
        assert site.send("GET", "/internal/cache/status").status == 200
        assert site.send("GET", "/internal/cache/status", key=None).status == 401


@pytest.mark.parametrize("settings, complaint", [
    ({"ENVIRONMENT": "production"}, "API_KEY"),
    ({"ENVIRONMENT": "production", "DATABASE_URL": "host=/nowhere dbname=x"}, "AUTH_SECRET"),
    ({"ENFORCE_AUTH": "true", "DATABASE_URL": "host=/nowhere dbname=x", "AUTH_SECRET": "short"}, "AUTH_SECRET"),
])
def test_production_starts_with_nothing_that_would_let_everybody_in(settings, complaint):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        done = subprocess.run([ROOT / "build" / "hearth-worker"], env=settings, stdin=listening, timeout=30,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 78 and done.stdout.startswith(complaint), done.stdout


def make(site, scopes, **wish):
    answer = site.post("/internal/keys", {"name": "walk", "scopes": scopes, **wish})
    assert answer.status == 201, answer.text
    return answer.json()["key"], answer.json()["details"]["id"]


def protected(site):
    """Every operation that needs a credential: path with its parameters filled in, method, scopes, operation."""
    for _, path, method, operation in site.operations():
        ways = operation.get("security", [])
        if ways and {} not in ways:
            scopes = next(way["bearer"] for way in ways if "bearer" in way)
            yield re.sub(r"\{[^}]+\}", OTHERS_ID, path), method, scopes, operation


def ask(site, method, path, key, headers=None):
    """The body is good JSON and nothing more: who may not call does not learn what else is wrong with it."""
    body = None if method in ("GET", "DELETE") else json.dumps({"x": 1})
    headers = dict(headers or {}, **({"Content-Type": "application/json"} if body else {}))
    return site.send(method, path, body, headers, key=key)


def test_each_protected_operation_refuses_each_kind_of_stranger(house):
    operations = list(protected(house))
    assert len(operations) > 40
    names = ["text", "gateway", "budget", "persona", "study", "explain", "admin"]
    without = {name: make(house, [other for other in names if other != name])[0] for name in names}
    expired, _ = make(house, names, expires_in=1)
    revoked, revoked_id = make(house, names)
    assert house.post(f"/internal/keys/{revoked_id}/revoke").status == 200
    wrong = "a-key-that-nobody-has"
    path, method, _, _ = operations[0]
    over = time.monotonic() + 5
    while ask(house, method, path, expired).status != 401:
        assert time.monotonic() < over
    for path, method, scopes, _ in operations:
        place = f"{method} {path}"
        for stranger in (None, wrong, expired, revoked):
            answer = ask(house, method, path, stranger)
            assert answer.status == 401, f"{place}: {answer.status} {answer.text}"
            challenge = answer.headers["WWW-Authenticate"]
            assert ("invalid_token" in challenge) == (stranger is not None), place
        for scope in scopes:
            answer = ask(house, method, path, without[scope])
            assert answer.status == 403, f"{place}: {answer.status} {answer.text}"
            assert f'scope="{scope}"' in answer.headers["WWW-Authenticate"], place


def test_operations_of_people_refuse_keys_that_are_nobodys(house):
    key, _ = make(house, ["text", "gateway", "budget", "persona", "study", "explain", "admin"])
    for path, method, _, operation in protected(house):
        if not operation.get("x-needs-account"):
            continue
        for stranger in (KEY, key):
            answer = ask(house, method, path, stranger)
            assert answer.status == 403, f"{method} {path}: {answer.status} {answer.text}"


def test_what_has_an_id_of_another_is_not_found(house):
    """An account's routes answer of its own things alone: for all others they are not there."""
    house.sql("INSERT INTO hearth.account (id, user_name) VALUES "
              "('018f0000-0000-7000-8000-0000000000a1', 'ada'), ('018f0000-0000-7000-8000-0000000000b2', 'bob');"
              "INSERT INTO hearth.sign_in (id, account_id, method, expires_at) VALUES "
              f"('{OTHERS_ID}', '018f0000-0000-7000-8000-0000000000b2', 'password', now() + interval '1 day'),"
              f"('{ADAS_SIGN_IN}', '018f0000-0000-7000-8000-0000000000a1', 'password', now() + interval '1 day')")
    now = int(time.time())
    token = jwt.encode({"iss": "hearth", "aud": "hearth", "sub": "018f0000-0000-7000-8000-0000000000a1",
                        "user_id": "018f0000-0000-7000-8000-0000000000a1", "sid": ADAS_SIGN_IN, "jti": ADAS_SIGN_IN,
                        "iat": now, "nbf": now, "exp": now + 600, "token_type": "access"}, SECRET, "HS256",
                       {"typ": "at+jwt"})
    assert house.send("GET", "/v1/auth/status", key=None, headers={"Authorization": f"Bearer {token}"}).status == 200
    walked = 0
    for path, method, _, operation in protected(house):
        if not operation.get("x-needs-account") or OTHERS_ID not in path:
            continue
        answer = ask(house, method, path, None, {"Authorization": f"Bearer {token}"})
        walked += 1
        assert answer.status == 404, f"{method} {path}: {answer.status} {answer.text}"
    assert walked > 0
    assert house.sql(f"SELECT ended_at IS NULL FROM hearth.sign_in WHERE id = '{OTHERS_ID}'") == [["t"]]
