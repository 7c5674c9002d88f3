"""A site for the security sweep: accounts, keys and cookies made at will, and every operation of its documents."""

import hashlib
import pathlib
import re
import secrets
import sys
import time
import urllib.parse
import uuid

import jwt
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from site_lib import Cluster, Site  # noqa: E402

SECRET = "0123456789abcdef0123456789abcdef"
COOKIE = "hearth_session"
SETTINGS = {"AUTH_SECRET": SECRET, "PASSWORD_MEMORY": "8", "PASSWORD_PASSES": "1", "RATE_LIMIT_AUTH": "1000000/1",
            "LOG_LEVEL": "info", "REQUEST_LOGGING_ENABLED": "true"}


class Sweep:
    """A running site and what an attacker, or a user, has in hand."""

    def __init__(self, site):
        self.site = site

    def account(self, admin=False):
        account = str(uuid.uuid4())
        self.site.sql(f"""INSERT INTO hearth.account (id, user_name, email, is_admin)
                          VALUES ('{account}', 'user-{account[:13]}', '{account}@example.org', {str(admin).lower()})""")
        return account

    def sign_in(self, account, cookie=None, lasts_s=3600):
        sign_in = str(uuid.uuid4())
        digest = f"'\\x{hashlib.sha256(cookie.encode()).hexdigest()}'" if cookie else "NULL"
        self.site.sql(f"""INSERT INTO hearth.sign_in (id, account_id, method, cookie, expires_at)
                          VALUES ('{sign_in}', '{account}', 'password', {digest}, now() + interval '{lasts_s} seconds')""")
        return sign_in

    def claims(self, account, sign_in, **more):
        now = int(time.time())
        return {"iss": "hearth", "aud": "hearth", "sub": account, "user_id": account, "sid": sign_in, "jti": "t",
                "token_type": "access", "iat": now, "nbf": now, "exp": now + 600, **more}

    def token(self, account, sign_in, secret=SECRET, algorithm="HS256", headers=None, **more):
        return jwt.encode(self.claims(account, sign_in, **more), secret, algorithm=algorithm,
                          headers={"typ": "at+jwt", **(headers or {})})

    def bearer(self, admin=True):
        account = self.account(admin)
        return {"Authorization": f"Bearer {self.token(account, self.sign_in(account))}"}

    def cookie(self, admin=True):
        """A session's header, and the token that goes with it."""
        account, secret = self.account(admin), secrets.token_urlsafe(32)
        self.sign_in(account, secret)
        header = {"Cookie": f"{COOKIE}={secret}"}
        told = self.site.send("GET", "/api/v1/auth/session", None, header, key=None)
        return header, told.json()["csrf_token"]

    def operations(self):
        for _, path, method, operation in self.site.operations():
            yield method, path, operation

    def protected(self):
        """The operations that need a credential."""
        for method, path, operation in self.operations():
            security = operation.get("security", [])
            if security and {} not in security:
                yield method, path, operation

    def postgres_log(self):
        return (self.site.cluster.directory / "postgres.log").read_text(errors="replace")


def example_of(operation):
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if "example" in content:
        return content["example"]
    for example in content.get("examples", {}).values():
        return example["value"]
    return None


def is_calm(answer):
    """An answer that shows no harm: the stand-in for a model may be away, and what is not configured says so."""
    return answer.status < 500 or answer.status == 502 or (answer.status == 503 and "is not set" in answer.text)


def fill(path, value=None):
    """The path with every parameter set."""
    text = urllib.parse.quote(str(uuid.uuid4()) if value is None else value, safe="")
    return re.sub(r"\{[^/]+?\}", lambda _: text, path)


@pytest.fixture(scope="session")
def sweep():
    cluster = Cluster()
    try:
        with Site("nginx", workers=2, settings=SETTINGS, database=cluster) as site:
            yield Sweep(site)
    finally:
        cluster.remove()
