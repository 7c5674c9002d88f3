"""Access tokens, browser sessions and their owner's view of them, through both servers."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import secrets
import shutil
import tempfile
import time
import uuid

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from site_lib import Site

SECRET = "0123456789abcdef0123456789abcdef"
COOKIE = "hearth_session"
FAST = {"AUTH_SECRET": SECRET, "PASSWORD_MEMORY": "8", "PASSWORD_PASSES": "1", "RATE_LIMIT_AUTH": "100000/1"}


@pytest.fixture(scope="module")
def site(server):
    with Site(server, workers=2, database=True, settings=FAST) as running:
        yield running


def sql_text(value):
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


def make_account(site, **columns):
    account = str(uuid.uuid4())
    columns = {"id": account, "user_name": f"user-{account[:8]}", **columns}
    site.sql(f"INSERT INTO hearth.account ({', '.join(columns)}) VALUES ({', '.join(map(sql_text, columns.values()))})")
    return account


def make_sign_in(site, account, cookie=None, lasts_s=3600):
    sign_in = str(uuid.uuid4())
    hash_of = "NULL" if cookie is None else f"'\\x{hashlib.sha256(cookie.encode()).hexdigest()}'"
    site.sql(f"INSERT INTO hearth.sign_in (id, account_id, method, cookie, user_agent, address, expires_at) VALUES "
             f"('{sign_in}', '{account}', 'password', {hash_of}, 'a browser', '192.0.2.1', "
             f"now() + interval '{lasts_s} seconds')")
    return sign_in


def make_token(account, sign_in, secret=SECRET, algorithm="HS256", headers=None, **claims):
    now = int(time.time())
    body = {"iss": "hearth", "aud": "hearth", "sub": account, "user_id": account, "sid": sign_in, "jti": "t",
            "token_type": "access", "iat": now, "nbf": now, "exp": now + 600}
    body.update(claims)
    return jwt.encode(body, secret, algorithm=algorithm, headers={"typ": "at+jwt", **(headers or {})})


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


class Person:
    """An account with one sign-in by tokens and one by cookie."""

    def __init__(self, site):
        self.site = site
        self.account = make_account(site)
        self.sign_in = make_sign_in(site, self.account)
        self.token = make_token(self.account, self.sign_in)
        self.secret = secrets.token_urlsafe(32)
        self.session = make_sign_in(site, self.account, cookie=self.secret)
        self.cookie = {"Cookie": f"{COOKIE}={self.secret}"}

    def by_token(self, method, path, **more):
        return self.site.request(method, path, headers=bearer(self.token), key=None, **more)

    def by_cookie(self, method, path, csrf=None, headers=None, **more):
        all_headers = {**self.cookie, **(headers or {})}
        if csrf is not None:
            all_headers["X-CSRF-Token"] = csrf
        return self.site.request(method, path, headers=all_headers, key=None, **more)

    def csrf(self):
        return self.by_cookie("GET", "/api/v1/auth/session").json()["csrf_token"]


@pytest.fixture
def person(site):
    return Person(site)


def within_a_second(check):
    end = time.monotonic() + 1
    while not check():
        assert time.monotonic() < end, "not within a second"
        time.sleep(0.02)


def test_tells_who_calls_by_token(person):
    answer = person.by_token("GET", "/api/v1/auth/session")
    assert answer.status == 200
    told = answer.json()
    assert told["account_id"] == person.account
    assert told["session_id"] == person.sign_in
    assert told["method"] == "bearer_token"
    assert "csrf_token" not in told
    assert answer.headers["Cache-Control"] == "no-store"


def test_tells_who_calls_by_cookie_and_the_token_of_the_session(person):
    told = person.by_cookie("GET", "/api/v1/auth/session").json()
    assert told["account_id"] == person.account
    assert told["session_id"] == person.session
    assert told["method"] == "cookie"
    assert len(told["csrf_token"]) == 43


@pytest.mark.parametrize("path", ["/api/v1/auth/session", "/api/v1/auth/sessions"])
def test_nobody_is_401_and_a_key_without_an_account_403(site, path):
    nobody = site.get(path, key=None)
    assert nobody.status == 401
    assert nobody.headers["WWW-Authenticate"].startswith("Bearer")
    assert site.get(path).status == 403


def test_lists_ones_own_sign_ins_and_marks_the_one_that_asks(site, person):
    Person(site)
    answer = person.by_token("GET", "/api/v1/auth/sessions").json()["sessions"]
    assert {entry["id"] for entry in answer} == {person.sign_in, person.session}
    assert [entry["id"] for entry in answer if entry["current"]] == [person.sign_in]
    kinds = {entry["id"]: entry["kind"] for entry in answer}
    assert kinds == {person.sign_in: "tokens", person.session: "cookie"}
    assert answer[0]["user_agent"] == "a browser"
    assert answer[0]["address"] == "192.0.2.1"


def test_a_sign_in_that_was_ended_is_refused_within_a_second(site, person):
    assert person.by_cookie("GET", "/api/v1/auth/session").status == 200
    assert person.by_token("DELETE", f"/api/v1/auth/sessions/{person.session}").status == 204
    within_a_second(lambda: person.by_cookie("GET", "/api/v1/auth/session").status == 401)
    assert person.by_token("GET", "/api/v1/auth/session").status == 200
    assert person.by_token("DELETE", f"/api/v1/auth/sessions/{person.sign_in}").status == 204
    within_a_second(lambda: person.by_token("GET", "/api/v1/auth/session").status == 401)
    refused = person.by_token("GET", "/api/v1/auth/session")
    assert refused.json()["code"] == "token_not_valid"


def test_a_sign_in_of_another_is_not_found(site, person):
    other = Person(site)
    assert other.by_token("DELETE", f"/api/v1/auth/sessions/{person.sign_in}").status == 404
    assert other.by_token("DELETE", "/api/v1/auth/sessions/1'%20OR%20'1'='1").status == 404
    assert person.by_token("GET", "/api/v1/auth/session").status == 200


def test_signs_out_everywhere_else(site, person):
    other = Person(site)
    assert person.by_token("DELETE", "/api/v1/auth/sessions").status == 204
    within_a_second(lambda: person.by_cookie("GET", "/api/v1/auth/session").status == 401)
    assert person.by_token("GET", "/api/v1/auth/session").status == 200
    assert other.by_cookie("GET", "/api/v1/auth/session").status == 200


def test_ending_ones_own_session_drops_the_cookie(person):
    answer = person.by_cookie("DELETE", f"/api/v1/auth/sessions/{person.session}", csrf=person.csrf())
    assert answer.status == 204
    assert answer.headers["Set-Cookie"] == f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"


def test_a_closed_account_is_refused_at_once(site, person):
    assert person.by_token("GET", "/api/v1/auth/session").status == 200
    site.sql(f"UPDATE hearth.account SET is_active = false WHERE id = '{person.account}';"
             f"INSERT INTO hearth.revocation (subject) VALUES ('account:{person.account}')")
    within_a_second(lambda: person.by_token("GET", "/api/v1/auth/session").status == 401)


def test_a_change_by_cookie_needs_the_csrf_token(site, person):
    path = f"/api/v1/auth/sessions/{person.sign_in}"
    for wrong in (None, "", "x" * 43, Person(site).csrf()):
        refused = person.by_cookie("DELETE", path, csrf=wrong)
        assert refused.status == 403
        assert refused.json()["code"] == "csrf_failed"
    assert person.by_token("GET", "/api/v1/auth/session").status == 200
    assert person.by_cookie("DELETE", path, csrf=person.csrf()).status == 204


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
])
def test_a_change_by_cookie_from_another_page_is_refused(person, headers):
    refused = person.by_cookie("DELETE", "/api/v1/auth/sessions", csrf=person.csrf(), headers=headers)
    assert refused.status == 403
    assert refused.json()["code"] == "csrf_failed"


def test_a_change_by_cookie_from_our_page_is_done(site, person):
    ours = {"Origin": site.url, "Sec-Fetch-Site": "same-origin"}
    assert person.by_cookie("DELETE", "/api/v1/auth/sessions", csrf=person.csrf(), headers=ours).status == 204


def test_cookies_are_not_looked_at_beside_another_credential(site, person):
    answer = person.by_cookie("GET", "/api/v1/auth/session", headers={"X-API-Key": "wrong"})
    assert answer.status == 401
    answer = person.by_cookie("GET", "/api/v1/auth/session", headers={"Authorization": "Basic YTpi"})
    assert answer.status == 401
    answer = person.by_cookie("GET", "/api/v1/auth/session", headers=bearer(Person(site).token))
    assert answer.json()["account_id"] != person.account


def test_two_cookies_of_the_name_count_as_none(site, person):
    both = {"Cookie": f"{COOKIE}={Person(site).secret}; {COOKIE}={person.secret}"}
    assert site.get("/api/v1/auth/session", headers=both, key=None).status == 401


def test_a_session_that_is_over_counts_as_none(site, person):
    secret = secrets.token_urlsafe(32)
    make_sign_in(site, person.account, cookie=secret, lasts_s=-1)
    headers = {"Cookie": f"{COOKIE}={secret}"}
    assert site.get("/api/v1/auth/session", headers=headers, key=None).status == 401
    assert site.get("/v1/auth/status", headers={**headers}).status == 200


def unsigned(header, payload):
    def encode(part):
        return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
    return f"{encode(header)}.{encode(payload)}."


def attacks(person):
    """Every forged token by its name."""
    now = int(time.time())
    good = jwt.decode(person.token, options={"verify_signature": False})

    def make(**changed):
        return make_token(person.account, person.sign_in, **changed)
    yield "none", unsigned({"alg": "none", "typ": "at+jwt"}, good)
    yield "none with a signature", unsigned({"alg": "none", "typ": "at+jwt"}, good) + "AAAA"
    yield "another secret", make(secret="x" * 32)
    yield "no secret", make(secret="")
    yield "HS512", make(algorithm="HS512")
    yield "audience", make(aud="other")
    yield "issuer", make(iss="other")
    yield "expired", make(exp=now - 60)
    yield "not yet", make(nbf=now + 600)
    yield "refresh", make(token_type="refresh")
    yield "id token", make(headers={"typ": "JWT"})
    yield "crit", make(headers={"crit": ["exp"]})
    yield "jwk", make(headers={"jwk": {"kty": "oct", "k": "AAAA"}})
    yield "jku", make(headers={"jku": "http://evil.example/keys"})
    yield "kid", make(headers={"kid": "../../../dev/null"})
    yield "no sign-in", make(sid=str(uuid.uuid4()))
    yield "sid is SQL", make(sid="' OR 1=1 --")
    yield "oversized", make(padding="x" * 5000)
    yield "truncated", person.token[:-5]


def test_forged_tokens_are_refused(site, person):
    assert person.by_token("GET", "/api/v1/auth/session").status == 200
    for name, token in attacks(person):
        refused = site.get("/api/v1/auth/session", headers=bearer(token), key=None)
        assert (refused.status, refused.json()["code"]) == (401, "token_not_valid"), name


def test_a_token_of_another_accounts_sign_in_is_refused(site, person):
    other = Person(site)
    token = make_token(other.account, person.sign_in)
    assert site.get("/api/v1/auth/session", headers=bearer(token), key=None).status == 401


def test_a_warm_token_costs_no_query(site, person):
    for _ in range(20):
        assert person.by_token("GET", "/api/v1/auth/session").status == 200
    count = ("SELECT sum(xact_commit + xact_rollback) FROM pg_stat_database "
             f"WHERE datname = '{site.database}'")
    # Polls of the caretaker are few; each of 300 requests with a query of its own would show.
    site.sql("SELECT pg_stat_clear_snapshot()")
    time.sleep(1.1)
    before = int(site.sql(count)[0][0])
    connection = http.client.HTTPConnection("127.0.0.1", site.port)
    for _ in range(300):
        connection.request("GET", "/api/v1/auth/session", headers=bearer(person.token))
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    connection.close()
    time.sleep(1.1)
    assert int(site.sql(count)[0][0]) - before < 60


def test_a_session_goes_on_while_it_is_used(site, person):
    """Its end moves with its last use, but never past four times SESSION_TTL from its beginning."""
    site.sql(f"UPDATE hearth.sign_in SET last_seen_at = now() - interval '1 hour', expires_at = now() + interval '1 minute' "
             f"WHERE id = '{person.session}'")
    assert person.by_cookie("GET", "/api/v1/auth/session").status == 200
    end = time.monotonic() + 90
    left = "SELECT expires_at > now() + interval '13 days' FROM hearth.sign_in WHERE id = '{}'"
    while site.sql(left.format(person.session))[0][0] != "t":
        assert time.monotonic() < end, "the end was not moved"
        time.sleep(1)


def test_there_are_no_public_keys_of_a_secret(site):
    answer = site.get("/.well-known/jwks.json", key=None)
    assert answer.status == 200
    assert answer.json() == {"keys": []}
    assert SECRET not in answer.text


@pytest.fixture
def key_directory():
    """A place that the site's workers can reach: as root they run as www-data."""
    with tempfile.TemporaryDirectory(prefix="hearth-keys-", dir="/var/tmp") as directory:
        os.chmod(directory, 0o755)
        yield pathlib.Path(directory)


def write_key(directory, algorithm):
    """A new private key; its PEM, that of its public half, and where it lies."""
    private = (ed25519.Ed25519PrivateKey.generate() if algorithm == "EdDSA"
               else rsa.generate_private_key(public_exponent=65537, key_size=2048))
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
    public = private.public_key().public_bytes(serialization.Encoding.PEM,
                                               serialization.PublicFormat.SubjectPublicKeyInfo)
    path = directory / "key.pem"
    path.write_bytes(pem)
    path.chmod(0o600)
    if os.getuid() == 0:
        shutil.chown(path, "www-data")
    return pem, public, path


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256"])
def test_others_can_verify_by_the_public_keys(server, algorithm, key_directory):
    pem, public, path = write_key(key_directory, algorithm)
    settings = {**FAST, "JWT_ALGORITHM": algorithm, "JWT_KEY_FILES": str(path)}
    with Site(server, workers=1, database=True, settings=settings) as running:
        keys = running.get("/.well-known/jwks.json", key=None).json()["keys"]
        assert [key["alg"] for key in keys] == [algorithm]
        account = make_account(running)
        sign_in = make_sign_in(running, account)
        token = make_token(account, sign_in, secret=pem, algorithm=algorithm, headers={"kid": keys[0]["kid"]})
        jwt.decode(token, jwt.PyJWK(keys[0]).key, algorithms=[algorithm], audience="hearth")
        assert running.get("/api/v1/auth/session", headers=bearer(token), key=None).status == 200
        # The public key as a secret: the oldest confusion of all.
        confused = make_confused(account, sign_in, public, keys[0]["kid"])
        assert running.get("/api/v1/auth/session", headers=bearer(confused), key=None).status == 401


def make_confused(account, sign_in, secret, kid):
    """Signed as HS256 by hand: PyJWT refuses to use a public key as a secret."""
    now = int(time.time())
    head = {"alg": "HS256", "typ": "at+jwt", "kid": kid}
    body = {"iss": "hearth", "aud": "hearth", "sub": account, "user_id": account, "sid": sign_in, "jti": "t",
            "token_type": "access", "iat": now, "nbf": now, "exp": now + 600}
    covered = unsigned(head, body)[:-1]
    mac = hmac.new(secret, covered.encode(), hashlib.sha256).digest()
    return covered + "." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
