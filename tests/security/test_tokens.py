"""Forged, altered, borrowed and stale access tokens, at every route that needs a credential."""

import base64
import hashlib
import hmac
import json
import time
import uuid

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from conftest import SECRET, example_of, fill


def part(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(header, claims, secret=SECRET):
    signed = f"{part(header)}.{part(claims)}"
    return f"{signed}.{part(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def attacks(sweep):
    """name: token; none of them may open anything."""
    account = sweep.account(admin=True)
    sign_in = sweep.sign_in(account)
    claims = sweep.claims(account, sign_in)
    good = sweep.token(account, sign_in)
    head, body, signature = good.split(".")
    now = int(time.time())
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = rsa_key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    ended = sweep.sign_in(account)
    sweep.site.sql(f"UPDATE hearth.sign_in SET ended_at = now(), end_reason = 'test' WHERE id = '{ended}'")
    gone = sweep.account(admin=True)
    gone_sign_in = sweep.sign_in(gone)
    sweep.site.sql(f"DELETE FROM hearth.account WHERE id = '{gone}'")
    off = sweep.account(admin=True)
    off_sign_in = sweep.sign_in(off)
    sweep.site.sql(f"UPDATE hearth.account SET is_active = false WHERE id = '{off}'")
    yield "alg none", f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{part(claims)}."
    yield "alg None with the old signature", f"{part({'alg': 'None'})}.{part(claims)}.{signature}"
    yield "alg nOnE", f"{part({'alg': 'nOnE'})}.{part(claims)}."
    yield "no signature", f"{head}.{body}."
    yield "two parts", f"{head}.{body}"
    yield "other signature", f"{head}.{body}.{part(b'0' * 32)}"
    yield "signature cut short", f"{head}.{body}.{signature[:20]}"
    yield "other secret", forged({"alg": "HS256", "typ": "at+jwt"}, claims, "another secret of at least 32 bytes!")
    yield "empty secret", forged({"alg": "HS256", "typ": "at+jwt"}, claims, "")
    yield "HS256 with a public key", forged({"alg": "HS256", "typ": "at+jwt"}, claims, public)
    yield "RS256 of a key of ours", jwt.encode(claims, rsa_key, algorithm="RS256", headers={"typ": "at+jwt"})
    yield "jwk in the header", jwt.encode(claims, rsa_key, algorithm="RS256", headers={"typ": "at+jwt", "jwk": json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key.public_key()))})
    yield "jku in the header", forged({"alg": "HS256", "typ": "at+jwt", "jku": "http://127.0.0.1:1/keys"}, claims, "x" * 32)
    yield "kid of a path", forged({"alg": "HS256", "typ": "at+jwt", "kid": "../../../../dev/null"}, claims, "")
    yield "kid of SQL", forged({"alg": "HS256", "typ": "at+jwt", "kid": "' UNION SELECT 'x"}, claims, "x")
    yield "crit that nobody knows", forged({"alg": "HS256", "typ": "at+jwt", "crit": ["x"], "x": 1}, claims)
    yield "HS384", jwt.encode(claims, SECRET, algorithm="HS384", headers={"typ": "at+jwt"})
    yield "changed claims", f"{head}.{part(dict(claims, sub=str(uuid.uuid4())))}.{signature}"
    yield "expired", sweep.token(account, sign_in, exp=now - 60, iat=now - 600, nbf=now - 600)
    yield "not yet", sweep.token(account, sign_in, nbf=now + 3600)
    yield "other issuer", sweep.token(account, sign_in, iss="elsewhere")
    yield "other audience", sweep.token(account, sign_in, aud="elsewhere")
    yield "refresh as access", sweep.token(account, sign_in, token_type="refresh")
    yield "no exp", forged({"alg": "HS256", "typ": "at+jwt"}, {k: v for k, v in claims.items() if k != "exp"})
    yield "exp as text", forged({"alg": "HS256", "typ": "at+jwt"}, dict(claims, exp="never"))
    yield "exp of 400 digits", forged({"alg": "HS256", "typ": "at+jwt"}, json.loads(json.dumps(dict(claims, exp=10**400))))
    yield "no sign-in", forged({"alg": "HS256", "typ": "at+jwt"}, {k: v for k, v in claims.items() if k != "sid"})
    yield "sign-in that is not there", sweep.token(account, str(uuid.uuid4()))
    yield "sign-in of SQL", sweep.token(account, "' OR true --")
    yield "sign-in that ended", sweep.token(account, ended)
    yield "sign-in of another account", sweep.token(sweep.account(admin=True), sign_in)
    yield "account that is gone", sweep.token(gone, gone_sign_in)
    yield "account that is switched off", sweep.token(off, off_sign_in)
    yield "claims that are no object", forged({"alg": "HS256", "typ": "at+jwt"}, [claims])
    twice = part(b'{"alg":"none","alg":"HS256","typ":"at+jwt"}')
    yield "members twice", f"{twice}.{body}.{signature}"
    yield "bytes that are no text", f"{part(bytes([255, 254]))}.{part(bytes([0, 1]))}.{signature}"
    yield "a megabyte of dots", "." * 6000
    yield "standard base64", f"{head}=.{body}=.{signature}="


def test_the_token_that_the_attacks_are_made_of_is_good(sweep):
    account = sweep.account()
    token = sweep.token(account, sweep.sign_in(account))
    assert sweep.site.send("GET", "/api/v1/auth/session", None, {"Authorization": f"Bearer {token}"}, key=None).status == 200


def test_no_attack_opens_any_protected_route(sweep):
    tokens = list(attacks(sweep))
    tried = 0
    for method, path, operation in sweep.protected():
        body = example_of(operation)
        for name, token in tokens:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            answer = sweep.site.send(method, fill(path), json.dumps(body).encode() if body is not None else None, headers, key=None)
            assert answer.status in (400, 401, 431), f"{name}: {method} {path}: {answer!r}"
            tried += 1
    print(f"{len(tokens)} attacks at {tried // len(tokens)} routes: {tried} requests, none passed")


@pytest.mark.parametrize("credential", [None, "wrong", "", "Bearer", "hearth_" + "A" * 50])
def test_protected_routes_need_a_credential_that_is_right(sweep, credential):
    for method, path, operation in sweep.protected():
        body = example_of(operation)
        headers = {"Content-Type": "application/json"}
        if credential is not None:
            headers["Authorization"] = f"Bearer {credential}" if credential != "Bearer" else credential
        answer = sweep.site.send(method, fill(path), json.dumps(body).encode() if body is not None else None, headers, key=None)
        assert answer.status in (401, 400), f"{credential!r}: {method} {path}: {answer!r}"
        if answer.status == 401:
            assert answer.headers["WWW-Authenticate"]


def test_internal_routes_refuse_who_is_no_administrator(sweep):
    headers = dict(sweep.bearer(admin=False), **{"Content-Type": "application/json"})
    for method, path, operation in sweep.protected():
        if not path.startswith("/internal"):
            continue
        body = example_of(operation)
        answer = sweep.site.send(method, fill(path), json.dumps(body).encode() if body is not None else None, headers, key=None)
        assert answer.status == 403, f"{method} {path}: {answer!r}"
