"""Sign-in with an OpenID Connect provider, by ID token and by a browser that goes there and comes back."""

import base64
import concurrent.futures
import hashlib
import hmac
import itertools
import json
import time
import urllib.parse

import jwt
import pytest

from identity_provider import CLIENT, SECRET, IdentityProvider, Key
from site_lib import Site

PATH = "/api/v1/auth/google"
people = itertools.count(1000)


class Place:
    """A site and its provider."""

    def __init__(self, site, provider):
        self.site = site
        self.provider = provider

    def sign_in(self, token, **options):
        return self.site.post(PATH, {"token": token}, key=None, **options)

    def new(self, **changes):
        """A person that nobody has seen yet, and what the site answers them."""
        subject = str(next(people))
        return subject, self.sign_in(self.provider.token(subject, **changes))


@pytest.fixture(scope="module")
def shared(server):
    with IdentityProvider() as provider:
        settings = {**provider.settings(), "ALLOWED_ORIGINS": "https://app.example", "REQUEST_LOGGING_ENABLED": "true"}
        with Site(server, workers=2, settings=settings, database=True) as site:
            yield Place(site, provider)


@pytest.fixture
def place(shared):
    yield shared
    shared.provider.mode = "ok"
    shared.provider.refuse_client = False


@pytest.fixture
def fresh():
    """A site of one worker that has asked its provider nothing yet."""
    with IdentityProvider() as provider:
        with Site( workers=1, settings=provider.settings(), database=True) as site:
            yield Place(site, provider)


def bearer(answer):
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def test_makes_an_account_at_the_first_sign_in_and_finds_it_again(place):
    subject, first = place.new()
    body = first.json()
    assert first.status == 200 and first.headers["Cache-Control"] == "no-store"
    assert body["email"] == f"{subject}@gmail.com" and body["display_name"] == f"Person {subject}"
    assert body["token"] == body["access_token"] and body["refresh_token"]
    again = place.sign_in(place.provider.token(subject, email="other@gmail.com", name=None)).json()
    assert again["user_id"] == body["user_id"]
    assert place.site.get("/api/v1/auth/session", key=None, headers=bearer(first)).json()["account_id"] == \
        body["user_id"]


def test_first_sign_ins_at_once_make_one_account(place):
    token = place.provider.token(str(next(people)))
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: place.sign_in(token), range(6)))
    assert [answer.status for answer in answers] == [200] * 6
    assert len({answer.json()["user_id"] for answer in answers}) == 1


def test_takes_keys_on_p256(fresh):
    key = Key("curve", curve=True)
    fresh.provider.keys.append(key)
    assert fresh.sign_in(fresh.provider.token(str(next(people)), key=key)).status == 200


@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": None}])
def test_says_when_the_token_is_missing(place, body):
    answer = place.site.post(PATH, body, key=None)
    assert (answer.status, answer.json()["error"]) == (400, "Missing token")


def now(seconds=0):
    return int(time.time()) + seconds


@pytest.mark.parametrize("changes", [
    {"iss": "https://evil.example"}, {"iss": None}, {"aud": "another-client"}, {"aud": [CLIENT, "another-client"]},
    {"aud": None}, {"azp": "another-client"}, {"exp": now(-1)}, {"exp": None}, {"iat": now(600)}, {"iat": None},
    {"nbf": now(600)}, {"sub": ""}])
def test_refuses_wrong_claims(place, changes):
    answer = place.sign_in(place.provider.token("1", **changes))
    assert (answer.status, answer.json()["error"]) == (401, "Invalid token")
    assert answer.json()["code"] == "token_not_valid"


@pytest.mark.parametrize("changes", [
    {"azp": "our-app.apps.example"}, {"azp": None}, {"aud": "our-app.apps.example", "azp": None}, {"aud": [CLIENT]},
    {"hd": "example.org"}, {"nonce": "unasked"}, {"iat": now(30)}])
def test_takes_what_the_provider_writes_otherwise(place, changes):
    assert place.new(**changes)[1].status == 200


def forged(provider, kind):
    key = provider.keys[0]
    claims = provider.person("1")
    if kind == "other key":
        return provider.token("1", signer=Key("x").private)
    if kind == "none":
        return jwt.encode(claims, "", algorithm="none", headers={"kid": key.name})
    if kind == "public key as secret":
        # by hand, as PyJWT refuses to help with it
        head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": key.name}).encode()).rstrip(b"=")
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
        mac = hmac.new(key.public_pem(), head + b"." + body, hashlib.sha256).digest()
        return (head + b"." + body + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()
    if kind == "another algorithm":
        return provider.token("1", algorithm="RS512")
    if kind == "key in the head":
        return jwt.encode(claims, Key("x").private, algorithm="RS256", headers={"kid": key.name, "jwk": Key("x").jwk()})
    if kind == "bent":
        token = provider.token("1")
        return token[:-8] + ("A" if token[-8] != "A" else "B") + token[-7:]
    return kind


@pytest.mark.parametrize("kind", ["other key", "none", "public key as secret", "another algorithm", "key in the head",
                                  "bent", "x", "a.b.c", "a.b", "e30.e30.e30", "....", "\u00e9.\u00e9.\u00e9",
                                  "A" * 5 + ".A.A"])
def test_refuses_forged_tokens(place, kind):
    answer = place.sign_in(forged(place.provider, kind))
    assert (answer.status, answer.json()["error"]) == (401, "Invalid token")


def test_refuses_what_is_no_text(place):
    assert place.site.post(PATH, {"token": 7}, key=None).status == 422
    assert place.site.post(PATH, {"token": "a" * 9000}, key=None).status == 422


def test_a_new_person_needs_a_verified_address(place):
    for changes in ({"email_verified": False}, {"email_verified": None}, {"email": None}):
        subject, answer = place.new(**changes)
        assert answer.status == 403
        assert place.site.sql(f"SELECT count(*) FROM hearth.identity WHERE subject = '{subject}'") == [["0"]]


def account(place, email, verified):
    place.site.sql("INSERT INTO hearth.account (id, email, email_verified_at) VALUES (gen_random_uuid(), "
                   f"'{email}', {'now()' if verified else 'NULL'})")
    return place.site.sql(f"SELECT id FROM hearth.account WHERE email = '{email}'")[0][0]


def test_joins_an_account_only_where_nobody_else_can_have_the_address(place):
    known = account(place, "Joins@gmail.com", True)
    _, answer = place.new(email="joins@gmail.com")
    assert answer.json()["user_id"] == known
    known = account(place, "joins@company.example", True)
    _, answer = place.new(email="joins@company.example", hd="company.example")
    assert answer.json()["user_id"] == known


@pytest.mark.parametrize("email, verified, changes", [
    ("squatter@gmail.com", False, {}),
    ("third@party.example", True, {}),
    ("other@party.example", True, {"hd": "company.example"})])
def test_takes_no_account_over(place, email, verified, changes):
    known = account(place, email, verified)
    subject, answer = place.new(email=email, **changes)
    assert answer.status == 409
    assert place.site.sql(f"SELECT count(*) FROM hearth.identity WHERE account_id = '{known}'") == [["0"]]


def test_an_owner_links_google_by_hand(place):
    _, owner = place.new()
    another = place.provider.token(str(next(people)), email="third@party.example")
    assert place.site.post(PATH + "/link", {"token": another}, key=None).status == 401
    assert place.site.post(PATH + "/link", {"token": another}, key=None, headers=bearer(owner)).status == 204
    assert place.sign_in(another).json()["user_id"] == owner.json()["user_id"]
    _, other = place.new()
    assert place.site.post(PATH + "/link", {"token": another}, key=None, headers=bearer(other)).status == 409


def test_linking_takes_the_person(place):
    _, owner = place.new()
    account = owner.json()["user_id"]
    made = place.site.post("/internal/keys", {"name": "program", "scopes": ["text"], "account_id": account})
    assert made.status == 201
    another = place.provider.token(str(next(people)), email="fourth@party.example")
    program = {"Authorization": f"Bearer {made.json()['key']}"}
    refused = place.site.post(PATH + "/link", {"token": another}, key=None, headers=program)
    assert refused.status == 403 and "key" in refused.json()["error"]
    place.site.sql(f"UPDATE hearth.sign_in SET created_at = now() - interval '1 hour' WHERE account_id = '{account}'")
    refused = place.site.post(PATH + "/link", {"token": another}, key=None, headers=bearer(owner))
    assert refused.status == 403 and "sign in again" in refused.json()["error"]
    assert place.site.sql(f"SELECT count(*) FROM hearth.identity WHERE account_id = '{account}'") == [["1"]]


def test_a_closed_account_does_not_sign_in(place):
    subject, answer = place.new()
    place.site.sql(f"UPDATE hearth.account SET is_active = false WHERE id = '{answer.json()['user_id']}'")
    assert place.sign_in(place.provider.token(subject)).status == 403


def test_keys_are_kept_and_new_ones_are_asked_for_at_most_once_a_minute(fresh):
    provider = fresh.provider
    assert fresh.new()[1].status == 200 and fresh.new()[1].status == 200
    assert provider.asked["/keys"] == 1 and provider.asked["/.well-known/openid-configuration"] == 1
    for _ in range(5):
        assert fresh.sign_in(provider.token("1", kid="unknown")).status == 401
    assert provider.asked["/keys"] == 1  # the last reading is not a minute old


def test_goes_on_with_known_keys_while_the_provider_is_away(fresh):
    assert fresh.new()[1].status == 200
    for mode in ("down", "garbage", "other-issuer"):
        fresh.provider.mode = mode
        assert fresh.new()[1].status == 200
    fresh.provider.close()
    assert fresh.new()[1].status == 200


def test_says_that_it_cannot_tell_while_it_has_no_keys(fresh):
    for mode in ("other-issuer", "down", "garbage"):
        fresh.provider.mode = mode
        answer = fresh.new()[1]
        assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
        assert answer.json()["code"] == "auth_backend_unavailable"
        # asked at once again the provider is left alone
        asked = sum(fresh.provider.asked.values())
        assert fresh.new()[1].status == 503
        assert sum(fresh.provider.asked.values()) == asked
        time.sleep(2.1)
    fresh.provider.mode = "ok"
    assert fresh.new()[1].status == 200


def test_bounds_how_long_it_waits_for_a_slow_provider(fresh):
    fresh.provider.mode = "slow"
    start = time.monotonic()
    assert fresh.new()[1].status == 503
    assert time.monotonic() - start < 6


def test_says_that_it_is_not_set_up(local_site):
    answer = local_site.post(PATH, {"token": "a.b.c"}, key=None)
    assert answer.status == 503 and "Retry-After" not in answer.headers
    # Everybody may ask: not an error each time.
    lines = [line for line in local_site.log().splitlines() if answer.headers["X-Request-Id"] in line]
    assert not [line for line in lines if '"level":"error"' in line or '"level":"warning"' in line]


def begin(place, return_to="/"):
    query = urllib.parse.urlencode({"return_to": return_to})
    return place.site.get(f"{PATH}/start?{query}", key=None)


def cookie_of(answer):
    return answer.headers["Set-Cookie"].split(";")[0]


def come_back(place, url, cookie=None):
    parts = urllib.parse.urlsplit(url)
    headers = {"Sec-Fetch-Site": "cross-site", **({"Cookie": cookie} if cookie else {})}
    return place.site.get(f"{parts.path}?{parts.query}", key=None, headers=headers)


def test_a_browser_goes_to_the_provider_and_comes_back_signed_in(place):
    left = begin(place, "/notes?page=2#top")
    assert left.status == 302 and left.headers["Cache-Control"] == "no-store"
    assert left.headers["Location"].startswith(place.provider.url + "/authorize?hl=en&client_id=")
    for attribute in ("HttpOnly", "SameSite=Lax", "Max-Age=600", "Path=/;"):
        assert attribute in left.headers["Set-Cookie"]
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(left.headers["Location"]).query))
    assert query["client_id"] == CLIENT and query["response_type"] == "code"
    assert query["code_challenge_method"] == "S256" and len(query["code_challenge"]) == 43
    assert query["redirect_uri"] == f"{place.site.url}{PATH}/callback"
    assert {"openid", "email", "profile"} == set(query["scope"].split())
    subject = str(next(people))
    back = come_back(place, place.provider.allow(left.headers["Location"], subject), cookie_of(left))
    assert (back.status, back.headers["Location"]) == (302, "/notes?page=2#top")
    session = place.site.get("/api/v1/auth/session", key=None, headers={"Cookie": cookie_of(back)}).json()
    assert session["authenticated"] is True and session["csrf_token"]
    assert place.site.sql(f"SELECT count(*) FROM hearth.identity WHERE subject = '{subject}'") == [["1"]]


def test_a_flow_serves_once_and_only_its_browser(place):
    left, other = begin(place), begin(place)
    url = place.provider.allow(left.headers["Location"])
    for cookie in (None, cookie_of(other), cookie_of(left)[:-1] + "_"):
        answer = come_back(place, url, cookie)
        assert answer.status == 400 and "text/html" in answer.headers["Content-Type"]
        assert "Set-Cookie" not in answer.headers and "begin again" in answer.text
    assert come_back(place, url, cookie_of(left)).headers["Location"] == "/"
    assert come_back(place, url, cookie_of(left)).status == 400


def test_a_flow_past_its_time_is_over(place):
    left = begin(place)
    place.site.sql("UPDATE hearth.google_flow SET expires_at = now()")
    assert come_back(place, place.provider.allow(left.headers["Location"]), cookie_of(left)).status == 400


@pytest.mark.parametrize("target", [
    "//evil.example", "https://evil.example/", "/\\evil.example", "\\evil", "http:evil", "javascript:alert(1)",
    "https://app.example.evil.example/", "https://app.example@evil.example/", "https://evil.example#https://app.example",
    "/a\tb", "/a\r\nSet-Cookie: x=1", "", "notes", "http://app.example/", "/\u00e9", "/" + "a" * 3000])
def test_sends_browsers_nowhere_else(place, target):
    answer = place.site.send("GET", f"{PATH}/start?" + urllib.parse.urlencode({"return_to": target}), key=None)
    # lighttpd answers control characters itself
    assert answer.status in (400, 422) and "Location" not in answer.headers and "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("target", ["/", "/a/b?c=d&e=//f#g", "https://app.example", "https://app.example/x?y#z"])
def test_sends_browsers_back_to_paths_and_allowed_origins(place, target):
    left = begin(place, target)
    assert left.status == 302
    url = place.provider.allow(left.headers["Location"])
    assert come_back(place, url, cookie_of(left)).headers["Location"] == target


def returned_with(place, left, url, code):
    answer = come_back(place, url, cookie_of(left))
    assert (answer.status, answer.headers["Location"]) == (302, f"/in?a=b&sign_in_error={code}#c")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("changes", [{"nonce": "another"}, {"nonce": None}, {"aud": "another"}, {"exp": now(-5)}])
def test_comes_back_with_an_error_when_the_token_is_wrong(place, changes):
    left = begin(place, "/in?a=b#c")
    returned_with(place, left, place.provider.allow(left.headers["Location"], **changes), "token_not_valid")


def test_comes_back_with_an_error_when_the_person_says_no(place):
    for error, code in (("access_denied", "access_denied"), ("server_error", "provider_error"),
                        ("<script>", "provider_error")):
        left = begin(place, "/in?a=b#c")
        url = place.provider.allow(left.headers["Location"]).split("&code=")[0]
        returned_with(place, left, url + "&" + urllib.parse.urlencode({"error": error}), code)


def test_comes_back_with_an_error_when_the_code_is_not_taken(place):
    left = begin(place, "/in?a=b#c")
    url = place.provider.allow(left.headers["Location"])
    place.provider.codes.clear()
    returned_with(place, left, url, "token_not_valid")


def test_comes_back_with_an_error_when_the_provider_is_away(place):
    for change in ("down", "refuse"):
        left = begin(place, "/in?a=b#c")
        url = place.provider.allow(left.headers["Location"])
        place.provider.mode = change if change == "down" else "ok"
        place.provider.refuse_client = change == "refuse"
        returned_with(place, left, url, "auth_backend_unavailable")


def test_never_logs_secrets_codes_or_tokens(place):
    left = begin(place)
    come_back(place, place.provider.allow(left.headers["Location"]), cookie_of(left))
    _, answer = place.new()
    log = place.site.log()
    form = place.provider.forms[-1]
    for secret in (SECRET, form["code"], form["code_verifier"], cookie_of(left).split("=")[1], answer.json()["token"],
                   answer.json()["refresh_token"]):
        assert secret not in log
    rows = place.site.sql("SELECT state::text, cookie::text, return_to FROM hearth.google_flow")
    assert all(cookie_of(left).split("=")[1] not in "".join(row) for row in rows)


def test_production_needs_its_own_address_for_the_flow():
    with IdentityProvider() as provider:
        settings = {**provider.settings(), "ENVIRONMENT": "production", "AUTH_SECRET": "0123456789abcdef" * 3,
                    "PUBLIC_URL": "http://localhost"}
        with Site(workers=1, settings=settings, database=True) as site:
            assert site.send("GET", f"{PATH}/start", key=None).status == 503
        settings["PUBLIC_URL"] = "https://hearth.example"
        with Site(workers=1, settings=settings, database=True) as site:
            answer = site.send("GET", f"{PATH}/start", key=None)
            assert "redirect_uri=https%3A%2F%2Fhearth.example%2Fapi%2Fv1%2Fauth%2Fgoogle%2Fcallback" in \
                answer.headers["Location"]
            cookie = answer.headers["Set-Cookie"]
            assert cookie.startswith("__Host-hearth_google=") and "; Secure" in cookie and "; Path=/;" in cookie
