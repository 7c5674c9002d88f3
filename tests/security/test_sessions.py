"""Browser sessions: fixation, theft by other pages (CSRF), cookies."""

import json
import secrets
import time
import uuid

from conftest import COOKIE, example_of, fill

PASSWORD = "nine lanterns at dusk"
LOGIN, REGISTER = "/api/v1/auth/login", "/api/v1/auth/register"


def register(sweep):
    email = f"{uuid.uuid4()}@example.org"
    answer = sweep.site.post(REGISTER, {"email": email, "password": PASSWORD}, key=None)
    assert answer.status in (200, 201), answer
    return email


def cookie_of(answer):
    values = [value for name, value in answer.headers.items() if name == "Set-Cookie" and value.startswith(COOKIE)]
    return values[0] if values else None


def login(sweep, email, headers=None):
    return sweep.site.send("POST", LOGIN, json.dumps({"email": email, "password": PASSWORD, "cookie": True}).encode(),
                           {"Content-Type": "application/json", **(headers or {})}, key=None)


def test_a_sign_in_never_takes_a_session_that_was_planted(sweep):
    email = register(sweep)
    planted = secrets.token_urlsafe(32)
    answer = login(sweep, email, {"Cookie": f"{COOKIE}={planted}"})
    assert answer.status == 200
    given = cookie_of(answer).split(";")[0].split("=", 1)[1]
    assert given != planted and len(given) >= 43
    assert sweep.site.send("GET", "/api/v1/auth/session", None, {"Cookie": f"{COOKIE}={planted}"}, key=None).status == 401


def test_a_second_sign_in_has_another_session_and_keeps_none_of_the_first(sweep):
    email = register(sweep)
    first = cookie_of(login(sweep, email)).split(";")[0]
    second = cookie_of(login(sweep, email, {"Cookie": first})).split(";")[0]
    assert first != second


def test_the_cookie_is_not_for_scripts_nor_other_sites(sweep):
    said = cookie_of(login(sweep, register(sweep)))
    assert "HttpOnly" in said and "SameSite=Lax" in said and "Path=/" in said and "Domain" not in said


def test_a_session_that_ended_is_over(sweep):
    header, csrf = sweep.cookie()
    assert sweep.site.send("POST", "/api/v1/auth/logout", None, {**header, "X-CSRF-Token": csrf}, key=None).status in (200, 204)
    # Other workers know within a second.
    end = time.monotonic() + 1
    while sweep.site.send("GET", "/api/v1/auth/session", None, header, key=None).status != 401:
        assert time.monotonic() < end


def forgeries(sweep, csrf):
    """What a page elsewhere could send along with the cookie."""
    _, other = sweep.cookie()
    yield "nothing", {}
    yield "an empty token", {"X-CSRF-Token": ""}
    yield "a made-up token", {"X-CSRF-Token": "A" * 43}
    yield "another session's token", {"X-CSRF-Token": other}
    yield "the token cut short", {"X-CSRF-Token": csrf[:-1]}
    yield "the right token from another origin", {"X-CSRF-Token": csrf, "Origin": "https://evil.example"}
    yield "the right token from a sandboxed page", {"X-CSRF-Token": csrf, "Origin": "null"}
    yield "a form", {"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://evil.example"}
    yield "text", {"Content-Type": "text/plain", "Origin": "https://evil.example"}


def test_no_change_is_made_for_another_page(sweep):
    tried = 0
    header, csrf = sweep.cookie()
    kinds = list(forgeries(sweep, csrf))
    for method, path, operation in sweep.protected():
        if method == "GET":
            continue
        body = example_of(operation)
        for name, headers in kinds:
            answer = sweep.site.send(method, fill(path), json.dumps(body).encode() if body is not None else None,
                                     {"Content-Type": "application/json", **header, **headers}, key=None)
            assert answer.status in (400, 403, 415), f"{name}: {method} {path}: {answer!r}"
            tried += 1
    assert sweep.site.send("GET", "/api/v1/auth/session", None, header, key=None).status == 200
    print(f"{tried} forged changes, none was made")


def test_nobody_can_be_signed_in_by_another_page(sweep):
    email = register(sweep)
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = login(sweep, email, headers)
        assert answer.status == 403 and cookie_of(answer) is None, f"{headers}: {answer!r}"


def test_answers_name_no_foreign_origin_for_credentials(sweep):
    header, _ = sweep.cookie()
    for origin in ("https://evil.example", "null", "http://127.0.0.1.evil.example"):
        answer = sweep.site.send("GET", "/api/v1/auth/session", None, {**header, "Origin": origin}, key=None)
        assert answer.headers.get("Access-Control-Allow-Origin") not in (origin, "*")
