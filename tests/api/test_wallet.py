"""Sign-in with Ethereum, sessions of wallets, and session tokens, as an application's front end uses them."""

import concurrent.futures
import datetime
import hashlib
import json
import re
import time

import pytest

from site_lib import Site
from wallet_key import WalletKey

STRANGER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


@pytest.fixture(scope="module")
def site(server):
    with Site(server, workers=2, settings={"WALLET_CHAINS": "1,8453"}, database=True) as running:
        yield running


@pytest.fixture(scope="module")
def key():
    return WalletKey()


def moment(seconds=0):
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return then.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def ask_nonce(site):
    answer = site.get("/api/wallet/nonce", key=None)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json()["nonce"]


def message(site, address, nonce, **changes):
    parts = {"domain": f"127.0.0.1:{site.port}", "uri": site.url, "chain": 1, "issued": moment(), "more": "",
             "statement": "\nSign in to Hearth.\n", "version": 1, **changes}
    return (f"{parts['domain']} wants you to sign in with your Ethereum account:\n{address}\n{parts['statement']}\n"
            f"URI: {parts['uri']}\nVersion: {parts['version']}\nChain ID: {parts['chain']}\nNonce: {nonce}\n"
            f"Issued At: {parts['issued']}{parts['more']}")


def verify(site, key, text, caller=None, signature=None, **more):
    body = {"message": text, "signature": signature or key.sign(text), **more}
    return site.post("/api/wallet/verify", body, key=None, headers=caller)


def sign_in(site, key, caller=None, **more):
    answer = verify(site, key, message(site, key.address, ask_nonce(site)), caller, **more)
    assert answer.status == 200, answer
    return answer.json()


def bearer(body):
    return {"Authorization": f"Bearer {body['token']}"}


def user_id(address):
    return hashlib.sha256(address.lower().encode()).hexdigest()[:16]


@pytest.fixture(scope="module")
def owner(site, key):
    return sign_in(site, key)


@pytest.fixture(scope="module")
def other(site):
    return sign_in(site, WalletKey())


def test_signs_in_and_finds_the_same_account_again(site, key, owner):
    assert owner["valid"] is True and owner["status"] == "success"
    assert owner["wallet_address"] == key.address.lower()
    assert owner["user_id"] == user_id(key.address)
    again = sign_in(site, key)
    assert again["account_id"] == owner["account_id"]
    assert again["session_id"] != owner["session_id"]
    assert again["token"] == again["access_token"] and again["refresh_token"]


def test_people_behind_one_address_do_not_keep_each_other_from_signing_in(server):
    with Site(server, settings={"WALLET_CHAINS": "1", "RATE_LIMITING_ENABLED": "true"}, database=True) as limited:
        for _ in range(12):
            sign_in(limited, WalletKey())
        codes = [limited.get("/api/wallet/nonce", key=None).status for _ in range(60)]
        assert codes[0] == 200 and codes[-1] == 429  # though not for ever


def test_begins_a_session_by_cookie_where_asked(site, key, owner):
    text = message(site, key.address, ask_nonce(site))
    answer = verify(site, key, text, cookie=True, caller={"Origin": site.url})
    assert answer.status == 200
    assert "token" not in answer.json() and answer.json()["csrf_token"]
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    assert site.get("/api/wallet/connected", key=None, headers={"Cookie": cookie}).status == 200
    assert site.post("/api/wallet/disconnect", {"address": key.address}, key=None,
                     headers={"Cookie": cookie}).status == 403


def test_a_nonce_serves_once(site, key):
    text = message(site, key.address, ask_nonce(site))
    assert verify(site, key, text).status == 200
    again = verify(site, key, text)
    assert again.status == 401
    assert "nonce" in again.json()["error"]


def test_of_many_at_once_with_one_nonce_one_passes(site, key):
    text = message(site, key.address, ask_nonce(site))
    signature = key.sign(text)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = [done.result().status for done in
                    [pool.submit(verify, site, key, text, signature=signature) for _ in range(8)]]
    assert sorted(statuses) == [200] + [401] * 7


def test_first_sign_ins_at_once_make_one_account(site):
    key = WalletKey()
    texts = [message(site, key.address, ask_nonce(site)) for _ in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda text: verify(site, key, text), texts))
    assert [answer.status for answer in answers] == [200] * 6
    assert len({answer.json()["account_id"] for answer in answers}) == 1


def test_refuses_nonces_that_it_did_not_give(site, key):
    assert verify(site, key, message(site, key.address, "abcdef0123456789")).status == 401


def test_refuses_a_nonce_past_its_time(site, key):
    nonce = ask_nonce(site)
    site.sql(f"UPDATE hearth.wallet_nonce SET expires_at = now() WHERE nonce = '{nonce}'")
    assert verify(site, key, message(site, key.address, nonce)).status == 401


@pytest.mark.parametrize("changes, word", [
    ({"domain": "evil.example"}, "domain"), ({"uri": "https://evil.example/"}, "URI"), ({"uri": "urn:a:b"}, "URI"),
    ({"chain": 137}, "chain"), ({"issued": lambda: moment(400)}, "future"), ({"issued": lambda: moment(-1000)}, "too long ago"),
    ({"more": lambda: f"\nExpiration Time: {moment(-1)}"}, "expired"),
    ({"more": lambda: f"\nNot Before: {moment(60)}"}, "not hold yet")])
def test_refuses_messages_for_another_place_or_time(site, key, changes, word):
    nonce = ask_nonce(site)
    # Moments are told now: tests were collected long ago.
    told = {name: value() if callable(value) else value for name, value in changes.items()}
    answer = verify(site, key, message(site, key.address, nonce, **told))
    assert answer.status == 401
    assert word in answer.json()["error"]
    # and what was refused did not use the nonce up
    assert verify(site, key, message(site, key.address, nonce)).status == 200


def test_takes_a_message_with_all_that_may_be_in_it(site, key):
    more = (f"\nExpiration Time: {moment(300)}\nNot Before: {moment(-60)}\nRequest ID: r-1\nResources:\n"
            "- https://example.com/terms")
    text = message(site, key.address, ask_nonce(site), chain=8453, uri=site.url + "/login?x=1", more=more)
    assert verify(site, key, text, wallet_address=key.address).status == 200


def test_refuses_another_signer(site, key):
    text = message(site, STRANGER, ask_nonce(site))
    answer = verify(site, key, text)
    assert answer.status == 401
    assert "not by the key of the address" in answer.json()["error"]
    text = message(site, key.address, ask_nonce(site))
    assert verify(site, key, text, signature=key.sign(text + " ")).status in (401, 422)


@pytest.mark.parametrize("bend, word", [
    (lambda s: s[:-2] + "1d", "last byte"), (lambda s: s + "00" * 31, "EIP-1271"), (lambda s: "0x", "EIP-1271"),
    (lambda s: "hello", "hexadecimal")])
def test_refuses_signatures_of_another_form(site, key, bend, word):
    text = message(site, key.address, ask_nonce(site))
    answer = verify(site, key, text, signature=bend(key.sign(text)))
    assert answer.status == 422
    assert answer.json()["errors"][0]["path"] == "signature"
    assert word in answer.json()["error"]


def test_refuses_the_second_form_of_a_signature(site, key):
    text = message(site, key.address, ask_nonce(site))
    answer = verify(site, key, text, signature=key.sign(text, high=True))
    assert answer.status == 422
    assert verify(site, key, text).status == 200


def test_refuses_what_is_no_sign_in_message(site, key):
    nonce = ask_nonce(site)
    for text in ("hello", message(site, key.address, nonce, version=2),
                 message(site, key.address.lower(), nonce), message(site, key.address, nonce) + "\n"):
        answer = verify(site, key, text)
        assert answer.status == 422
        assert answer.json()["errors"][0]["path"] == "message"


def test_refuses_another_wallet_address_than_the_message(site, key):
    text = message(site, key.address, ask_nonce(site))
    assert verify(site, key, text, wallet_address=STRANGER).status == 422
    assert verify(site, key, text, wallet_address="0x1").status == 422


def test_tells_what_is_wrong_with_message_and_signature_at_once(site, key):
    answer = verify(site, key, "hello", signature="hello")
    assert answer.status == 422
    assert [error["path"] for error in answer.json()["errors"]] == ["message", "signature"]


def test_wants_message_and_signature(site):
    answer = site.post("/api/wallet/verify", {"wallet_address": STRANGER}, key=None)
    assert answer.status == 422
    assert {error["path"] for error in answer.json()["errors"]} == {"message", "signature"}


def test_an_address_alone_is_not_verified(site):
    answer = site.post("/api/wallet/connect", {"address": STRANGER}, key=None)
    body = answer.json()
    assert answer.status == 200
    assert (body["status"], body["verified"]) == ("verification_required", False)
    assert body["wallet_address"] == STRANGER.lower() and body["user_id"] == user_id(STRANGER)
    assert site.get(f"/api/wallet/session/{body['session_id']}", key=None).status == 401


def test_a_waiting_session_becomes_its_owners(site):
    key = WalletKey()
    waiting = site.post("/api/wallet/connect", {"address": key.address, "type": "metamask"}, key=None).json()
    text = message(site, key.address, waiting["nonce"])
    body = verify(site, key, text, session_id=waiting["session_id"]).json()
    assert body["session_id"] == waiting["session_id"]
    session = site.get(f"/api/wallet/session/{body['session_id']}", key=None, headers=bearer(body)).json()["session"]
    assert session["verified"] is True and session["wallet_type"] == "metamask"


def test_a_waiting_session_goes_to_nobody_else(site, key):
    waiting = site.post("/api/wallet/connect", {"address": STRANGER}, key=None).json()
    body = sign_in(site, key, session_id=waiting["session_id"])
    assert body["session_id"] != waiting["session_id"]
    assert site.get(f"/api/wallet/session/{waiting['session_id']}", key=None, headers=bearer(body)).status == 404


def test_a_known_owner_connects_at_once(site, key, owner):
    answer = site.post("/api/wallet/connect", {"address": key.address}, key=None, headers=bearer(owner))
    body = answer.json()
    assert (body["status"], body["verified"]) == ("connected", True)
    assert "nonce" not in body
    strange = site.post("/api/wallet/connect", {"address": STRANGER}, key=None, headers=bearer(owner)).json()
    assert strange["verified"] is False


def test_shows_only_ones_own(site, key, owner, other):
    session = owner["session_id"]
    paths = [f"/api/wallet/session/{session}", f"/api/wallet/stats/{session}", f"/api/wallet/user/{key.address}"]
    for path in paths:
        assert site.get(path, key=None).status == 401
        assert site.get(path, key=None, headers=bearer(other)).status == 404
        assert site.get(path).status == 403  # a key of the settings belongs to no person
        assert site.get(path, key=None, headers=bearer(owner)).status == 200
    for path, body in ((f"/api/wallet/preferences/{session}", {}), ("/api/wallet/auth/token", {"session_id": session}),
                       ("/api/wallet/disconnect", {"address": key.address})):
        assert site.post(path, body, key=None).status == 401
        assert site.post(path, body, key=None, headers=bearer(other)).status == 404


def test_finds_no_sessions_by_odd_names(site, owner):
    for name in ("x", "%27%3B--", "0" * 32, "0" * 4000):
        assert site.get(f"/api/wallet/session/{name}", key=None, headers=bearer(owner)).status == 404
        assert site.get(f"/api/wallet/user/{name}", key=None, headers=bearer(owner)).status == 404


def test_tells_what_is_true_of_a_wallet(site, key, owner):
    user = site.get(f"/api/wallet/user/{key.address.lower()}", key=None, headers=bearer(owner)).json()["user"]
    assert user["account_id"] == owner["account_id"] and user["user_id"] == user_id(key.address)
    assert user["sessions"] >= 1
    stats = site.get(f"/api/wallet/stats/{owner['session_id']}", key=None, headers=bearer(owner)).json()["stats"]
    assert stats["wallet_address"] == key.address.lower() and stats["connected_seconds"] >= 0
    wallets = site.get("/api/wallet/connected", key=None, headers=bearer(owner)).json()["wallets"]
    assert [wallet["wallet_address"] for wallet in wallets] == [key.address.lower()]


def test_merges_preferences_within_bounds(site, owner):
    path = f"/api/wallet/preferences/{owner['session_id']}"
    first = site.post(path, {"theme": "light", "x": {"y": "' OR 1=1"}}, key=None, headers=bearer(owner))
    assert first.json()["preferences"] == {"notifications": True, "theme": "light", "language": "en",
                                           "x": {"y": "' OR 1=1"}}
    assert site.post(path, {"big": "a" * 9000}, key=None, headers=bearer(owner)).status == 422
    assert site.post(path, {"big": "a" * 20000}, key=None, headers=bearer(owner)).status == 413
    assert site.request("POST", path, body=b"[1]", key=None,
                        headers={**bearer(owner), "Content-Type": "application/json"}).status == 422
    session = site.get(f"/api/wallet/session/{owner['session_id']}", key=None, headers=bearer(owner)).json()["session"]
    assert "big" not in session["preferences"]


def test_an_account_may_have_two_wallets(site, owner):
    second = WalletKey()
    body = sign_in(site, second, caller=bearer(owner))
    assert body["account_id"] == owner["account_id"]
    wallets = site.get("/api/wallet/connected", key=None, headers=bearer(owner)).json()["wallets"]
    assert second.address.lower() in [wallet["wallet_address"] for wallet in wallets]


def key_of(site, account_id):
    """A key of the database that belongs to an account, as headers."""
    made = site.post("/internal/keys", {"name": "program", "scopes": ["text"], "account_id": account_id})
    assert made.status == 201, made
    return {"Authorization": f"Bearer {made.json()['key']}"}


def age(site, body):
    """Lets the sign-ins of an account have begun an hour ago."""
    site.sql(f"UPDATE hearth.sign_in SET created_at = created_at - interval '1 hour' "
             f"WHERE account_id = '{body['account_id']}'")


def identities(site, body):
    return site.sql(f"SELECT subject FROM hearth.identity WHERE account_id = '{body['account_id']}' ORDER BY created_at")


def test_a_key_of_an_account_ties_nothing_and_gets_no_tokens(site, key, owner):
    program = key_of(site, owner["account_id"])
    before = identities(site, owner)
    for wallet in (WalletKey(), key):
        answer = verify(site, wallet, message(site, wallet.address, ask_nonce(site)), program)
        assert answer.status == 403 and "key" in answer.json()["error"]
        assert "token" not in answer.json()
    assert identities(site, owner) == before
    for path, body in (("/api/session/create", {}), ("/api/wallet/auth/token", {"session_id": owner["session_id"]})):
        assert site.post(path, body, key=None, headers=program).status == 403
    opened = site.post("/api/wallet/connect", {"address": key.address}, key=None, headers=program).json()
    assert opened["status"] == "verification_required"


def test_tying_takes_the_person(site):
    body = sign_in(site, WalletKey())
    age(site, body)
    second = WalletKey()
    answer = verify(site, second, message(site, second.address, ask_nonce(site)), bearer(body))
    assert answer.status == 403 and "sign in again" in answer.json()["error"]
    assert len(identities(site, body)) == 1


def test_tying_makes_no_fresh_sign_in(site):
    body = sign_in(site, WalletKey())
    tied = sign_in(site, WalletKey(), caller=bearer(body))
    assert tied["account_id"] == body["account_id"]
    began = site.sql(f"SELECT count(DISTINCT created_at), count(*) FROM hearth.sign_in "
                     f"WHERE account_id = '{body['account_id']}'")
    assert began == [["1", "2"]]
    age(site, body)
    third = WalletKey()
    answer = verify(site, third, message(site, third.address, ask_nonce(site)), bearer(tied))
    assert answer.status == 403


def test_an_owner_sees_and_unlinks_wallets_but_not_the_last_way_in(site):
    body = sign_in(site, WalletKey())
    path = "/api/v1/auth/identities"
    listed = site.get(path, key=None, headers=bearer(body)).json()["identities"]
    assert [(row["provider"], row["subject"]) for row in listed] == [("wallet", body["wallet_address"])]
    def unlink(provider):
        return site.request("DELETE", f"{path}/{provider}", key=None, headers=bearer(body)).status
    assert unlink("google") == unlink("%27") == 404
    assert unlink("wallet") == 409
    site.sql(f"INSERT INTO hearth.identity (provider, subject, account_id) "
             f"VALUES ('google', 'of-{body['account_id']}', '{body['account_id']}')")
    token = site.post("/api/session/create", {}, key=None, headers=bearer(body)).json()["session_token"]
    program = key_of(site, body["account_id"])
    assert site.get(path, key=None, headers=program).status == 403
    age(site, body)
    assert unlink("wallet") == 403
    site.sql(f"UPDATE hearth.sign_in SET created_at = now() WHERE account_id = '{body['account_id']}'")
    assert unlink("wallet") == 204
    assert identities(site, body) == [[f"of-{body['account_id']}"]]
    assert site.post("/api/session/validate", {"session_token": token}, key=None).status == 401
    assert site.get("/api/wallet/connected", key=None, headers=bearer(body)).json()["wallets"] == []


def test_nobody_gets_anothers_wallet(site, key, other, owner):
    text = message(site, key.address, ask_nonce(site))
    assert verify(site, key, text, caller=bearer(other)).status == 409


def test_disconnecting_ends_sessions_sign_ins_and_tokens(site):
    key = WalletKey()
    body = sign_in(site, key)
    token = site.post("/api/wallet/auth/token", {"session_id": body["session_id"]}, key=None,
                      headers=bearer(body)).json()["token"]
    assert site.post("/api/session/validate", {"session_token": token}, key=None).json()["user_id"] == \
        user_id(key.address)
    assert site.post("/api/wallet/disconnect", {"address": key.address}, key=None, headers=bearer(body)).status == 200
    assert site.post("/api/session/validate", {"session_token": token}, key=None).status == 401
    end = time.monotonic() + 1
    while site.get("/api/wallet/connected", key=None, headers=bearer(body)).status != 401:
        assert time.monotonic() < end


def test_session_tokens_live_while_they_are_used(site, owner):
    made = site.post("/api/session/create", {}, key=None, headers=bearer(owner))
    token = made.json()["session_token"]
    assert made.json()["expires_in"] == 86400 and len(token) == 43
    site.sql("UPDATE hearth.session_token SET expires_at = now() + interval '1 minute'")
    body = site.post("/api/session/validate", {"session_token": token}, key=None).json()
    assert body["valid"] is True and body["user_id"] == body["account_id"] == owner["account_id"]
    assert site.sql("SELECT count(*) FROM hearth.session_token WHERE expires_at > now() + interval '23 hours'") == \
        [["1"]]
    assert not site.sql(f"SELECT 1 FROM hearth.session_token WHERE hash::text LIKE '%{token}%'")
    assert site.post("/api/session/end", {"session_token": token}, key=None).json() == {"success": True}
    assert site.post("/api/session/end", {"session_token": token}, key=None).json() == {"success": False}
    assert site.post("/api/session/validate", {"session_token": token}, key=None).status == 401


def test_a_session_past_its_time_is_over(site, owner):
    token = site.post("/api/session/create", {}, key=None, headers=bearer(owner)).json()["session_token"]
    site.sql("UPDATE hearth.session_token SET expires_at = now() - interval '1 second'")
    assert site.post("/api/session/validate", {"session_token": token}, key=None).status == 401


def test_sessions_without_a_credential_are_nobodys(site, key, owner):
    token = site.post("/api/session/create", key=None).json()["session_token"]
    body = site.post("/api/session/validate", {"session_token": token}, key=None).json()
    assert body["user_id"] == "anonymous" and body["account_id"] is None
    for wish in ({"user_id": owner["account_id"]}, {"user_id": "ada"}, {"wallet_address": key.address}):
        assert site.post("/api/session/create", wish, key=None).status == 401


def test_sessions_are_only_in_ones_own_name(site, key, owner, other):
    for wish in ({"user_id": owner["account_id"]}, {"user_id": owner["user_id"]}, {"wallet_address": key.address}):
        assert site.post("/api/session/create", wish, key=None, headers=bearer(other)).status == 403
        assert site.post("/api/session/create", wish, key=None, headers=bearer(owner)).status == 200


def test_sessions_end_with_the_sign_in_and_the_account(site):
    body = sign_in(site, WalletKey())
    tokens = [site.post("/api/session/create", {}, key=None, headers=bearer(body)).json()["session_token"]
              for _ in range(2)]
    site.sql(f"UPDATE hearth.account SET is_active = false WHERE id = '{body['account_id']}'")
    assert site.post("/api/session/validate", {"session_token": tokens[0]}, key=None).status == 401
    site.sql(f"UPDATE hearth.account SET is_active = true WHERE id = '{body['account_id']}'")
    assert site.post("/api/session/validate", {"session_token": tokens[0]}, key=None).status == 200
    site.sql(f"UPDATE hearth.sign_in SET ended_at = now() WHERE account_id = '{body['account_id']}'")
    assert site.post("/api/session/validate", {"session_token": tokens[1]}, key=None).status == 401


def test_a_closed_account_does_not_sign_in(site):
    key = WalletKey()
    body = sign_in(site, key)
    site.sql(f"UPDATE hearth.account SET is_active = false WHERE id = '{body['account_id']}'")
    assert verify(site, key, message(site, key.address, ask_nonce(site))).status == 403


def test_failed_sign_ins_are_in_the_audit_trail(site, key):
    stranger, detail = WalletKey(), "the nonce is not known here, was used, or is too old"
    site.sql("CREATE TABLE before AS SELECT id FROM hearth.audit")
    for wallet in (stranger, stranger, key):
        assert verify(site, wallet, message(site, wallet.address, "abcdef0123456789")).status == 401
    rows = site.sql("SELECT subject, detail FROM hearth.audit WHERE event = 'sign_in_failed' AND id NOT IN (TABLE before)"
                    " ORDER BY at, id")
    assert [row[1] for row in rows] == [detail] * 3
    names = [row[0] for row in rows]  # one for each wallet, that does not tell which
    assert names[0] == names[1] != names[2] and re.fullmatch("wallet:[0-9a-f]{16}", names[0])
    assert site.sql(f"SELECT count(*) FROM hearth.audit AS a WHERE a::text ILIKE '%{stranger.address[2:]}%'") == [["0"]]


def test_knows_only_the_domains_of_the_setting(server, key):
    settings = {"WALLET_DOMAINS": "app.example,other.example:8443", "REGISTRATION": "closed"}
    with Site(server, workers=1, settings=settings, database=True) as site:
        assert site.get("/api/wallet/nonce", key=None).json()["domains"] == ["app.example", "other.example:8443"]
        answer = verify(site, key, message(site, key.address, ask_nonce(site)))
        assert answer.status == 401 and "domain" in answer.json()["error"]
        text = message(site, key.address, ask_nonce(site), domain="app.example", uri="https://app.example/in")
        answer = verify(site, key, text)
        assert answer.status == 403 and "register" in answer.json()["error"]


def test_production_does_not_believe_the_host_of_a_request():
    settings = {"ENVIRONMENT": "production", "AUTH_SECRET": "0123456789abcdef" * 3, "PUBLIC_URL": "http://localhost"}
    wallet = WalletKey()
    with Site(workers=1, settings=settings, database=True) as site:
        text = message(site, wallet.address, "0123456789abcdef")
        sent = json.dumps({"message": text, "signature": wallet.sign(text)}).encode()
        for answer in (site.send("GET", "/api/wallet/nonce", key=None),
                       site.send("POST", "/api/wallet/verify", sent, {"Content-Type": "application/json"}, key=None)):
            assert answer.status == 503 and "WALLET_DOMAINS is not set" in answer.text
            assert "Retry-After" not in answer.headers
    settings["PUBLIC_URL"] = "https://hearth.example:8443/app"
    with Site(workers=1, settings=settings, database=True) as site:
        given = site.send("GET", "/api/wallet/nonce", key=None).json()
        assert given["domains"] == ["hearth.example:8443"]
        text = message(site, wallet.address, given["nonce"])
        refused = verify(site, wallet, text)
        assert refused.status == 401 and "domain" in refused.json()["error"]
        ours = message(site, wallet.address, given["nonce"], domain="hearth.example:8443",
                       uri="https://hearth.example:8443/in")
        assert verify(site, wallet, ours).status == 200


def test_says_that_it_needs_a_database(local_site):
    answer = local_site.get("/api/wallet/nonce", key=None)
    assert answer.status == 503 and "DATABASE_URL" in answer.json()["error"]
