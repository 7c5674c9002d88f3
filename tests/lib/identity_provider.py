"""An OpenID Connect provider for the tests, with real RSA and P-256 keys, that can misbehave. It signs ID tokens, keeps
codes with their PKCE challenge, and counts what it was asked."""

import base64
import collections
import hashlib
import http.server
import json
import threading
import time
import urllib.parse

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

CLIENT = "our-client.apps.example"
SECRET = "our-client-secret-5f1d"


def _encode(number, size):
    return base64.urlsafe_b64encode(number.to_bytes(size, "big")).rstrip(b"=").decode()


class Key:
    """A signing key; its algorithm follows from its kind."""

    def __init__(self, name, curve=False):
        self.name = name
        self.algorithm = "ES256" if curve else "RS256"
        self.private = ec.generate_private_key(ec.SECP256R1()) if curve else rsa.generate_private_key(65537, 2048)

    def public_pem(self):
        return self.private.public_key().public_bytes(serialization.Encoding.PEM,
                                                      serialization.PublicFormat.SubjectPublicKeyInfo)

    def jwk(self):
        numbers = self.private.public_key().public_numbers()
        shared = {"kid": self.name, "use": "sig", "alg": self.algorithm}
        if self.algorithm == "ES256":
            return {"kty": "EC", "crv": "P-256", "x": _encode(numbers.x, 32), "y": _encode(numbers.y, 32), **shared}
        return {"kty": "RSA", "n": _encode(numbers.n, 256), "e": "AQAB", **shared}


class IdentityProvider:
    """mode: "ok"; "down" (503 to all), "slow" (answers after 6 s), "garbage" (no JSON where keys are asked for),
    "other-issuer" (the configuration of somebody else). max_age goes with configuration and keys."""

    def __init__(self):
        self.keys = [Key("first")]
        self.mode = "ok"
        self.max_age = 3600
        self.asked = collections.Counter()
        self.codes = {}
        self.forms = []
        self.refuse_client = False
        self.claims = {}
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def settings(self):
        """Those of a site that signs people in here."""
        return {"GOOGLE_CLIENT_ID": CLIENT + ",our-app.apps.example", "GOOGLE_CLIENT_SECRET": SECRET,
                "GOOGLE_ISSUER": self.url}

    def person(self, subject, **changes):
        """The claims of an ID token; None takes one out."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "azp": CLIENT, "sub": subject, "email": f"{subject}@gmail.com",
                  "email_verified": True, "name": f"Person {subject}", "iat": now, "exp": now + 3600}
        claims.update(changes)
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, subject, *, key=None, algorithm=None, kid=None, signer=None, **changes):
        """An ID token. signer: what to sign with instead of the key ("" with the algorithm none)."""
        key = key or self.keys[0]
        return jwt.encode(self.person(subject, **changes), key.private if signer is None else signer,
                          algorithm=algorithm or key.algorithm, headers={"kid": kid or key.name})

    def allow(self, location, subject="1000", **changes):
        """What a person's consent does with the URL that the site sent the browser to: the URL to go back to."""
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))
        code = f"code-{len(self.codes)}/+ ?"
        self.codes[code] = {"query": query, "claims": {"nonce": query.get("nonce"), **changes}, "subject": subject}
        return query["redirect_uri"] + "?" + urllib.parse.urlencode({"state": query["state"], "code": code})

    def _exchange(self, form):
        self.forms.append(form)
        if self.refuse_client or form.get("client_id") != CLIENT or form.get("client_secret") != SECRET:
            return 401, {"error": "invalid_client"}
        known = self.codes.pop(form.get("code"), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (known is None or form.get("grant_type") != "authorization_code"
                or known["query"]["redirect_uri"] != form.get("redirect_uri")
                or known["query"]["code_challenge_method"] != "S256"
                or known["query"]["code_challenge"] != challenge.rstrip(b"=").decode()):
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "unused", "token_type": "Bearer",
                     "id_token": self.token(known["subject"], **known["claims"])}

    def _answer(self, path):
        if path == "/.well-known/openid-configuration":
            issuer = "https://other.example" if self.mode == "other-issuer" else self.url
            return {"issuer": issuer, "authorization_endpoint": f"{self.url}/authorize?hl=en",
                    "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys"}
        return {"keys": [key.jwk() for key in self.keys]} if path == "/keys" else None

    def _handler(provider):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def send(self, status, body):
                self.send_response(status)
                self.send_header("Cache-Control", f"public, max-age={provider.max_age}")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def answer(self, make):
                provider.asked[self.path] += 1
                if provider.mode == "slow":
                    time.sleep(6)
                    self.close_connection = True
                    return None
                if provider.mode == "down":
                    return self.send(503, b"{}")
                if provider.mode == "garbage" and self.path == "/keys":
                    return self.send(200, b"<html>\xff not now")
                status, body = make()
                return self.send(status, json.dumps(body).encode())

            def do_GET(self):
                known = provider._answer(self.path)
                self.answer(lambda: (404, {}) if known is None else (200, known))

            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
                self.answer(lambda: provider._exchange(form))

        return Handler
