"""Accounts through real web servers: made, signed in to, written to, changed, exported, deleted."""

import concurrent.futures
import email
import email.policy
import itertools
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

import pytest

from site_lib import Site
from wallet_key import WalletKey

STUDY = "/api/v1/accounts"
AUTH = "/api/v1/auth"
PASSWORD = "nine lanterns at dusk"
OTHER = "eleven harbours in fog"
numbers = itertools.count(os.getpid() * 1000)
ATTACKS = ["' OR '1'='1", "'; DROP TABLE hearth.account; --", "%", "\\", "$1", "a\u0000b", "\u202eevil",
           "\r\nBcc: eve@example.com", "{{7*7}}", "x" * 5000, "\ud83d\ude00" * 300]


def bearer(tokens):
    return {"Authorization": f"Bearer {tokens['access']}"}


class Mailbox:
    """The folder that a site in development writes mails to."""

    def __init__(self, site):
        self.directory = pathlib.Path(site.directory) / "mailbox"

    def all(self, address):
        found = []
        for path in sorted(self.directory.glob("*.eml")):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if mail["To"] == f"<{address}>" or mail["To"] == address:
                found.append(mail)
        return found

    def wait(self, address, subject, count=1):
        """The newest of at least count mails with this subject."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = [mail for mail in self.all(address) if subject in mail["Subject"]]
            if len(found) >= count:
                return found[-1]
            time.sleep(0.05)
        raise AssertionError(f"no mail {subject!r} to {address}")


def link_of(mail):
    """The fragment of a mail's link, which holds all there is of a token: web servers log a query."""
    link = urllib.parse.urlsplit(re.search(r"https?://\S+", mail.get_content()).group())
    assert link.query == ""
    return dict(urllib.parse.parse_qsl(link.fragment))


class People:
    """Accounts of a site."""

    def __init__(self, site):
        self.site = site
        self.mailbox = Mailbox(site)

    def post(self, path, body, **options):
        return self.site.post(path, body, key=None, **options)

    def make(self, password=PASSWORD, **more):
        name = f"user{next(numbers)}"
        body = {"username": name, "email": f"{name}@example.com", "password": password, **more}
        answer = self.post(f"{AUTH}/register", body)
        assert answer.status == 201, answer
        return answer.json()

    def login(self, login, password=PASSWORD, **more):
        answer = self.post(f"{AUTH}/login", {"login": login, "password": password, **more})
        assert answer.status == 200, answer
        return answer.json()

    def person(self):
        """An account and its tokens."""
        account = self.make()
        return account, self.login(account["username"])


@pytest.fixture(scope="module")
def people(server):
    with Site(server, workers=2, database=True) as site:
        yield People(site)


def fields_of(answer):
    """The bad fields of a problem of ours."""
    return [error["path"] for error in answer.json()["errors"]]


# The study platform's routes.

def registration(**more):
    name = f"study{next(numbers)}"
    return {"username": name, "email": f"{name}@example.com", "password": PASSWORD,
            "password_confirm": PASSWORD, **more}


def test_registers_and_signs_in_by_name_or_address(people):
    body = registration(phone_number="+4712345678")
    made = people.post(f"{STUDY}/register/", body)
    assert made.status == 201, made
    assert made.json() == {key: body[key] for key in ("username", "email", "phone_number")}
    for login in (body["username"], body["username"].upper(), body["email"], body["email"].upper()):
        tokens = people.post(f"{STUDY}/login/", {"username": login, "password": PASSWORD})
        assert tokens.status == 200 and set(tokens.json()) == {"access", "refresh"}, tokens
    profile = people.site.get(f"{STUDY}/profile/", headers=bearer(tokens.json()), key=None).json()
    assert profile["username"] == body["username"] and profile["last_login"]


@pytest.mark.parametrize("change, field", [
    ({"username": "ab"}, "username"), ({"username": "x" * 31}, "username"), ({"username": "a b c"}, "username"),
    ({"email": "nobody"}, "email"), ({"email": "a@b"}, "email"), ({"phone_number": "12"}, "phone_number"),
    ({"password": "short", "password_confirm": "short"}, "password"),
    ({"password": "123456789012", "password_confirm": "123456789012"}, "password"),
    ({"password": "password123", "password_confirm": "password123"}, "password"),
    ({"password_confirm": "something else"}, "password"), ({"username": None}, "username"),
    ({"username": 7}, "username"), ({"email": "a@example.com\r\nBcc: b@example.com"}, "email"),
])
def test_names_bad_fields_as_the_front_end_reads_them(people, change, field):
    answer = people.post(f"{STUDY}/register/", registration(**change))
    assert answer.status == 400, answer
    body = answer.json()
    assert isinstance(body[field], list) and isinstance(body[field][0], str)
    assert body["code"] == "validation_failed" and body["detail"]


def test_names_all_bad_fields_at_once(people):
    answer = people.post(f"{STUDY}/register/", registration(username="ab", email="nobody", phone_number="12",
                                                            password="short", password_confirm="other"))
    assert answer.status == 400
    assert {"username", "email", "phone_number", "password"} <= set(answer.json())
    assert len(answer.json()["password"]) == 2


def test_tells_what_is_taken_whatever_its_case(people):
    body = registration()
    assert people.post(f"{STUDY}/register/", body).status == 201
    again = people.post(f"{STUDY}/register/", registration(username=body["username"].upper(),
                                                           email=body["email"].upper()))
    assert again.status == 400 and again.json()["username"] == ["is taken"] == again.json()["email"]
    wide = "".join(chr(ord(c) + 0xFEE0) for c in body["username"])
    again = people.post(f"{STUDY}/register", registration(username=wide))
    assert again.status == 400 and again.json()["username"] == ["is taken"]


def test_takes_names_of_any_script(people):
    body = registration(username=f"Æøå张伟{next(numbers)}")
    assert people.post(f"{STUDY}/register/", body).status == 201
    assert people.post(f"{STUDY}/login/", {"username": body["username"].lower(), "password": PASSWORD}).status == 200


def test_refuses_every_wrong_sign_in_alike(people):
    account = people.make()
    answers = [people.post(f"{STUDY}/login/", {"username": login, "password": password})
               for login, password in ((account["username"], OTHER), ("nobody-here", PASSWORD),
                                       (account["email"], "x"), ("nobody@example.com", OTHER))]
    bodies = []
    for answer in answers:
        assert answer.status == 401 and answer.headers["WWW-Authenticate"], answer
        body = answer.json()
        assert body["detail"] == "Invalid credentials"
        bodies.append({key: body[key] for key in body if key not in ("request_id", "timestamp")})
    assert all(body == bodies[0] for body in bodies)
    assert people.post(f"{STUDY}/login/", {"username": "a"}).json()["password"]
    assert people.post(f"{STUDY}/login/", {}).status == 400


def test_signs_out_with_the_refresh_token(people):
    account = people.make()
    tokens = people.post(f"{STUDY}/login/", {"username": account["username"], "password": PASSWORD}).json()
    url = f"{STUDY}/logout/"
    missing = people.post(url, {}, headers=bearer(tokens))
    assert missing.status == 400 and missing.json()["detail"] == "Refresh token is required."
    wrong = people.post(url, {"refresh": "garbage"}, headers=bearer(tokens))
    assert wrong.status == 400 and wrong.json()["detail"] == "Invalid token."
    done = people.post(url, {"refresh": tokens["refresh"]}, headers=bearer(tokens))
    assert done.status == 205 and done.body == b""
    wait_until(lambda: people.post(url, {"refresh": tokens["refresh"]}, headers=bearer(tokens)).status == 401)
    dead = people.post(f"{STUDY}/token-refresh/", {"refresh": tokens["refresh"]})
    assert dead.status == 401 and dead.json()["code"] == "token_not_valid"


def test_gives_new_tokens_for_old_ones(people):
    _, tokens = people.person()
    fresh = people.post(f"{STUDY}/token-refresh/", {"refresh": tokens["refresh"]})
    assert fresh.status == 200 and set(fresh.json()) == {"access", "refresh"}, fresh
    assert fresh.json()["refresh"] != tokens["refresh"]
    assert people.post(f"{STUDY}/token-refresh/", {"refresh": tokens["refresh"]}).status == 401
    # A token that was used ends the sign-in.
    assert people.post(f"{STUDY}/token-refresh/", {"refresh": fresh.json()["refresh"]}).status == 401
    for refresh in ("", "garbage", "x" * 4000):
        answer = people.post(f"{STUDY}/token-refresh/", {"refresh": refresh})
        assert answer.status == 401 and answer.json()["code"] == "token_not_valid"
    assert people.post(f"{STUDY}/token-refresh/", {}).json()["refresh"]


def test_looks_at_tokens(people):
    _, tokens = people.person()
    url = f"{STUDY}/token-validate/"
    good = people.post(url, {"access": tokens["access"]})
    assert good.status == 200 and good.json()["valid"] is True and good.json()["expires_in"] > 0
    dead = people.post(url, {"access": "garbage"})
    assert dead.status == 401 and dead.json()["valid"] is False and dead.json()["message"]
    replaced = people.post(url, {"access": "garbage", "refresh": tokens["refresh"]})
    assert replaced.status == 200 and replaced.json()["access"] and replaced.json()["refresh"], replaced
    assert people.post(url, {"access": "garbage", "refresh": tokens["refresh"]}).status == 401
    assert people.post(url, {}).status == 400


def test_tells_how_long_a_study_session_lasts(people):
    account, tokens = people.person()
    url = f"{STUDY}/study-session-token/"
    shown = people.site.get(url, headers=bearer(tokens), key=None)
    assert shown.status == 200, shown
    body = shown.json()
    assert body["user_id"] == account["id"] and body["needs_refresh"] is False
    assert body["expires_in_minutes"] == body["expires_in"] // 60
    renewed = people.post(url, {"refresh": tokens["refresh"]}, headers=bearer(tokens))
    assert renewed.status == 200 and renewed.json()["access"] and renewed.json()["expires_in"] > 0
    assert people.site.get(url, key=None).status == 401


def test_keeps_a_profile(people):
    account, tokens = people.person()
    url = f"{STUDY}/profile/"
    before = people.site.get(url, headers=bearer(tokens), key=None).json()
    assert before["id"] == account["id"] and before["language"] == "en" and before["is_verified"] is False
    assert before["daily_study_goal_minutes"] == 60 and before["profile"]["study_style"] == "mixed"
    change = {"university": "Oslo", "study_level": "master", "study_year": 3, "first_name": "Ada",
              "onboarding_completed": True, "id": "another", "is_verified": True, "email": "x@example.com"}
    changed = people.site.request("PATCH", url, json=change, headers=bearer(tokens), key=None)
    assert changed.status == 200, changed
    body = changed.json()
    assert (body["university"], body["study_year"], body["onboarding_completed"]) == ("Oslo", 3, True)
    assert (body["id"], body["email"], body["is_verified"]) == (account["id"], account["email"], False)
    put = people.site.request("PUT", url, json={"university": None, "timezone": "Europe/Oslo"},
                              headers=bearer(tokens), key=None).json()
    assert put["university"] is None and put["timezone"] == "Europe/Oslo" and put["first_name"] == "Ada"
    bad = people.site.request("PATCH", url, json={"study_level": "wizard", "study_year": 11},
                              headers=bearer(tokens), key=None)
    assert bad.status == 400 and bad.json()["study_level"] and bad.json()["study_year"]
    other, theirs = people.person()
    assert people.site.get(url, headers=bearer(theirs), key=None).json()["id"] == other["id"]
    assert people.site.get(url, key=None).status == 401


def test_keeps_the_details_of_a_profile(people):
    _, tokens = people.person()
    url = f"{STUDY}/profile-detail/"
    assert people.site.get(url, headers=bearer(tokens), key=None).json()["profile_public"] is False
    body = people.site.request("PATCH", url, json={"bio": "Reads.", "profile_public": True},
                               headers=bearer(tokens), key=None).json()
    assert body["bio"] == "Reads." and body["profile_public"] is True and body["show_progress"] is True
    nested = people.site.get(f"{STUDY}/profile", headers=bearer(tokens), key=None).json()["profile"]
    assert nested == body
    long = people.site.request("PUT", url, json={"bio": "x" * 501}, headers=bearer(tokens), key=None)
    assert long.status == 400 and long.json()["bio"]


def test_sets_a_password_by_mail(people):
    account, tokens = people.person()
    told = people.post(f"{STUDY}/password-reset/", {"email": account["email"].upper()})
    unknown = people.post(f"{STUDY}/password-reset/", {"email": "nobody-at-all@example.com"})
    assert told.status == unknown.status == 200 and told.json() == unknown.json()
    assert people.post(f"{STUDY}/password-reset/", {"email": "nobody"}).status == 400
    link = link_of(people.mailbox.wait(account["email"], "Set a new password"))
    assert link["uid"] == account["id"] and len(link["token"]) == 64
    stored = people.site.sql(f"SELECT count(*) FROM hearth.mail WHERE mail::text LIKE '%{link['token']}%'")
    assert stored == [["0"]]
    url = f"{STUDY}/password-reset-confirm/"
    good = {**link, "password": OTHER, "password_confirm": OTHER}
    for change, field in (({"password_confirm": "x"}, "password"), ({"token": "0" * 64}, "token"),
                          ({"uid": "nobody"}, "uid"), ({"password": "short", "password_confirm": "short"}, "password")):
        answer = people.post(url, {**good, **change})
        assert answer.status == 400 and answer.json()[field], answer
    assert people.post(url, good).status == 200
    assert people.post(url, good).json()["token"]
    assert people.post(f"{AUTH}/login", {"login": account["username"], "password": PASSWORD}).status == 401
    assert people.login(account["username"], OTHER)
    wait_until(lambda: people.site.get(f"{AUTH}/me", headers=bearer(tokens), key=None).status == 401)
    me = people.site.get(f"{AUTH}/me", headers=bearer(people.login(account["username"], OTHER)), key=None).json()
    assert me["email_verified"] is True
    people.mailbox.wait(account["email"], "Your password was changed")


def wallet_wish(people, key):
    """A signed message of a wallet."""
    site = people.site
    nonce = site.get("/api/wallet/nonce", key=None).json()
    text = (f"127.0.0.1:{site.port} wants you to sign in with your Ethereum account:\n{key.address}\n\n\n"
            f"URI: {site.url}\nVersion: 1\nChain ID: 1\nNonce: {nonce['nonce']}\nIssued At: {nonce['issued_at']}")
    return {"message": text, "signature": key.sign(text)}


def test_a_reset_leaves_nothing_to_who_registered_with_anothers_address(people):
    account, tokens = people.person()
    key = WalletKey()
    tied = people.post("/api/wallet/verify", wallet_wish(people, key), headers=bearer(tokens))
    assert tied.status == 200 and tied.json()["account_id"] == account["id"]
    session = people.post("/api/session/create", {}, headers=bearer(tokens)).json()["session_token"]
    people.post(f"{AUTH}/password/forgot", {"email": account["email"]})
    token = link_of(people.mailbox.wait(account["email"], "Set a new password"))["token"]
    assert people.post(f"{AUTH}/password/reset", {"token": token, "password": OTHER}).status == 200
    again = people.post("/api/wallet/verify", wallet_wish(people, key))
    assert again.status == 200 and again.json()["account_id"] != account["id"]
    assert people.post("/api/session/validate", {"session_token": session}).status == 401
    for held in (bearer(tokens), {"Authorization": f"Bearer {tied.json()['token']}"}):
        wait_until(lambda sent=held: people.site.get(f"{AUTH}/me", headers=sent, key=None).status == 401)
    left = [people.site.sql(f"SELECT count(*) FROM hearth.{table} WHERE account_id = '{account['id']}'{more}")[0][0]
            for table, more in (("identity", ""), ("wallet_session", ""), ("sign_in", " AND ended_at IS NULL"))]
    assert left == ["0", "0", "0"]
    rows = people.site.sql(f"SELECT detail FROM hearth.audit WHERE subject = 'account:{account['id']}'")
    assert ["identities removed, 1 of them"] in rows


def test_tying_a_wallet_takes_the_password_where_the_sign_in_is_old(people):
    account, tokens = people.person()
    people.site.sql(f"UPDATE hearth.sign_in SET created_at = now() - interval '1 hour' "
                    f"WHERE account_id = '{account['id']}'")
    key = WalletKey()
    def tie(**more):
        return people.post("/api/wallet/verify", {**wallet_wish(people, key), **more}, headers=bearer(tokens))
    assert tie().status == 403
    assert fields_of(tie(password="wrong")) == ["password"]
    assert tie(password=PASSWORD).json()["account_id"] == account["id"]


def test_another_password_ends_all_session_tokens(people):
    _, tokens = people.person()
    session = people.post("/api/session/create", {}, headers=bearer(tokens)).json()["session_token"]
    body = {"current_password": PASSWORD, "password": OTHER}
    assert people.post(f"{AUTH}/password", body, headers=bearer(tokens)).status == 204
    assert people.post("/api/session/validate", {"session_token": session}).status == 401


def test_takes_no_token_that_is_old_or_went_elsewhere(people):
    account = people.make()
    people.post(f"{AUTH}/password/forgot", {"email": account["email"]})
    link = link_of(people.mailbox.wait(account["email"], "Set a new password"))
    body = {"token": link["token"], "password": OTHER}
    verify = link_of(people.mailbox.wait(account["email"], "Confirm your e-mail"))
    assert people.post(f"{AUTH}/password/reset", {**body, "token": verify["token"]}).status == 422
    people.site.sql(f"UPDATE hearth.account SET email = 'moved{account['email']}' WHERE id = '{account['id']}'")
    assert fields_of(people.post(f"{AUTH}/password/reset", body)) == ["token"]
    people.site.sql(f"UPDATE hearth.account SET email = '{account['email']}' WHERE id = '{account['id']}';"
                    f"UPDATE hearth.mail SET expires_at = now() WHERE account_id = '{account['id']}'")
    assert fields_of(people.post(f"{AUTH}/password/reset", body)) == ["token"]


# Our own routes.

def wait_until(condition, seconds=2):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    assert condition()


def test_registers_without_a_user_name(people):
    body = {"email": f"mail{next(numbers)}@example.com", "password": PASSWORD, "display_name": " Ada "}
    made = people.post(f"{AUTH}/register", body)
    assert made.status == 201, made
    assert made.json()["username"] is None and made.json()["display_name"] == "Ada"
    assert made.json()["has_password"] is True and "password" not in made.json()
    assert people.login(body["email"])["token_type"] == "Bearer"
    again = people.post(f"{AUTH}/register", body)
    assert again.status == 422 and fields_of(again) == ["email"]


def test_takes_one_login_under_any_of_its_names(people):
    account = people.make()
    for body in ({"login": account["email"]}, {"email": account["email"]}, {"username": account["username"]}):
        assert people.post(f"{AUTH}/login", {**body, "password": PASSWORD}).status == 200
    for body in ({}, {"login": "a", "email": "b"}):
        answer = people.post(f"{AUTH}/login", {**body, "password": PASSWORD})
        assert answer.status == 422 and fields_of(answer) == ["login"]


def test_signs_a_browser_in_with_a_cookie(people):
    account = people.make()
    answer = people.post(f"{AUTH}/login", {"login": account["username"], "password": PASSWORD, "cookie": True})
    assert answer.status == 200 and "access" not in answer.json() and answer.json()["csrf_token"]
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    headers = {"Cookie": cookie.split(";")[0]}
    assert people.site.get(f"{AUTH}/me", headers=headers, key=None).json()["id"] == account["id"]
    refused = people.site.request("PATCH", f"{AUTH}/me", json={"display_name": "x"}, headers=headers, key=None)
    assert refused.status == 403, refused
    headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    changed = people.site.request("PATCH", f"{AUTH}/me", json={"display_name": "x"}, headers=headers, key=None)
    assert changed.status == 200 and changed.json()["display_name"] == "x"
    assert people.post(f"{AUTH}/logout", None, headers=headers).status == 204
    wait_until(lambda: people.site.get(f"{AUTH}/me", headers=headers, key=None).status == 401)


def test_changes_the_own_account(people):
    account, tokens = people.person()
    def patch(body):
        return people.site.request("PATCH", f"{AUTH}/me", json=body, headers=bearer(tokens), key=None)
    name = f"renamed{next(numbers)}"
    answer = patch({"username": name, "phone_number": "+4712345678", "picture_url": "https://example.com/a.png",
                    "is_admin": True, "id": "x"})
    assert answer.status == 200, answer
    assert (answer.json()["username"], answer.json()["is_admin"], answer.json()["id"]) == (name, False, account["id"])
    assert patch({"phone_number": "", "picture_url": ""}).json()["phone_number"] is None
    other = people.make()
    for body, field in (({"username": other["username"].upper()}, "username"), ({"username": ""}, "username"),
                        ({"picture_url": "javascript:alert(1)"}, "picture_url"), ({"phone_number": "1"}, "phone_number"),
                        ({"email": other["email"], "password": PASSWORD}, "email"),
                        ({"email": "new@example.com", "password": "wrong"}, "password")):
        refused = patch(body)
        assert refused.status == 422 and fields_of(refused) == [field], refused
    assert people.site.get(f"{AUTH}/me", key=None).status == 401


def test_names_all_bad_fields_of_a_change_at_once(people):
    account, tokens = people.person()
    other = people.make()
    def patch(body):
        return people.site.request("PATCH", f"{AUTH}/me", json=body, headers=bearer(tokens), key=None)
    bad = {"username": "a b", "email": "nobody", "phone_number": "1", "picture_url": "x"}
    assert sorted(fields_of(patch(bad))) == ["email", "phone_number", "picture_url", "username"]
    taken = {"username": other["username"], "email": other["email"]}
    assert sorted(fields_of(patch({**taken, "password": PASSWORD}))) == ["email", "username"]
    assert sorted(fields_of(patch({**taken, "password": "wrong"}))) == ["password", "username"]
    change = {"current_password": "wrong", "password": account["username"]}
    for body in (change, {"password": account["username"]}):
        answer = people.post(f"{AUTH}/password", body, headers=bearer(tokens))
        assert sorted(fields_of(answer)) == ["current_password", "password"], answer
    reset = people.post(f"{STUDY}/password-reset-confirm/", {"uid": "nobody", "token": "none", "password": "short",
                                                             "password_confirm": "other"})
    assert reset.status == 400 and {"uid", "token", "password"} <= set(reset.json()) and len(reset.json()["password"]) == 2


def test_changes_an_address_only_for_the_person(people):
    account, tokens = people.person()
    address = f"moved{next(numbers)}@example.com"
    people.site.sql(f"UPDATE hearth.sign_in SET created_at = now() - interval '1 hour' WHERE account_id = '{account['id']}'")
    def patch(body):
        return people.site.request("PATCH", f"{AUTH}/me", json=body, headers=bearer(tokens), key=None)
    assert patch({"email": address}).status == 403
    changed = patch({"email": address, "password": PASSWORD})
    assert changed.status == 200 and changed.json()["email"] == account["email"]
    assert changed.json()["pending_email"] == address
    people.mailbox.wait(account["email"], "Your e-mail address is to change")
    assert people.login(account["email"]) and people.post(f"{AUTH}/login", {"login": address, "password": PASSWORD}).status == 401
    token = link_of(people.mailbox.wait(address, "Confirm your e-mail"))["token"]
    assert people.post(f"{AUTH}/email/confirm", {"token": token}).status == 200
    assert fields_of(people.post(f"{AUTH}/email/confirm", {"token": token})) == ["token"]
    me = people.site.get(f"{AUTH}/me", headers=bearer(tokens), key=None).json()
    assert (me["email"], me["email_verified"], me["pending_email"]) == (address, True, None)
    assert people.login(address) and people.post(f"{AUTH}/login", {"login": account["email"], "password": PASSWORD}).status == 401


def test_the_former_address_takes_an_account_back(people):
    account, tokens = people.person()
    token = link_of(people.mailbox.wait(account["email"], "Confirm your e-mail"))["token"]
    assert people.post(f"{AUTH}/email/confirm", {"token": token}).status == 200
    thief = f"thief{next(numbers)}@example.com"
    changed = people.site.request("PATCH", f"{AUTH}/me", json={"email": thief}, headers=bearer(tokens), key=None)
    assert changed.status == 200 and changed.json()["pending_email"] == thief, changed
    undo = link_of(people.mailbox.wait(account["email"], "Your e-mail address changes"))["token"]
    token = link_of(people.mailbox.wait(thief, "Confirm your e-mail"))["token"]
    assert people.post(f"{AUTH}/email/confirm", {"token": token}).status == 200
    assert people.post(f"{AUTH}/email/undo", {"token": undo}).status == 200
    assert fields_of(people.post(f"{AUTH}/email/undo", {"token": undo})) == ["token"]
    wait_until(lambda: people.site.get(f"{AUTH}/me", headers=bearer(tokens), key=None).status == 401)
    assert people.post(f"{AUTH}/login", {"login": account["email"], "password": PASSWORD}).status == 401
    token = link_of(people.mailbox.wait(account["email"], "Set a new password"))["token"]
    assert people.post(f"{AUTH}/password/reset", {"token": token, "password": OTHER}).status == 200
    mine = people.login(account["email"], OTHER)
    assert people.site.get(f"{AUTH}/me", headers=bearer(mine), key=None).json()["email_verified"] is True


def test_changes_nothing_where_one_part_does_not_do(people):
    account, tokens = people.person()
    def patch(body):
        return people.site.request("PATCH", f"{AUTH}/me", json={**body, "password": PASSWORD}, headers=bearer(tokens), key=None)
    assert fields_of(patch({"username": f"other{next(numbers)}", "email": "nobody"})) == ["email"]
    assert fields_of(patch({"email": f"other{next(numbers)}@example.com", "username": "a b"})) == ["username"]
    me = people.site.get(f"{AUTH}/me", headers=bearer(tokens), key=None).json()
    assert (me["username"], me["email"]) == (account["username"], account["email"])


def test_sends_the_mail_to_verify_once_more(people):
    account, tokens = people.person()
    people.mailbox.wait(account["email"], "Confirm your e-mail")
    assert people.post(f"{AUTH}/email/verify", None, headers=bearer(tokens)).status == 200
    second = link_of(people.mailbox.wait(account["email"], "Confirm your e-mail", count=2))["token"]
    assert people.post(f"{AUTH}/email/confirm", {"token": second}).status == 200
    assert "nothing" in people.post(f"{AUTH}/email/verify", None, headers=bearer(tokens)).json()["detail"]


def test_changes_a_password_and_ends_all_other_sign_ins(people):
    account, here = people.person()
    elsewhere = people.login(account["username"])
    browser = people.post(f"{AUTH}/login", {"login": account["username"], "password": PASSWORD, "cookie": True})
    cookie = {"Cookie": browser.headers["Set-Cookie"].split(";")[0]}
    def change(body):
        return people.post(f"{AUTH}/password", body, headers=bearer(here))
    assert fields_of(change({"password": OTHER})) == ["current_password"]
    assert fields_of(change({"current_password": "wrong", "password": OTHER})) == ["current_password"]
    assert fields_of(change({"current_password": PASSWORD, "password": account["username"]})) == ["password"]
    assert change({"current_password": PASSWORD, "password": OTHER}).status == 204
    assert people.site.get(f"{AUTH}/me", headers=bearer(here), key=None).status == 200
    for headers in (bearer(elsewhere), cookie):
        wait_until(lambda sent=headers: people.site.get(f"{AUTH}/me", headers=sent, key=None).status == 401)
    assert people.post(f"{AUTH}/refresh", {"refresh": elsewhere["refresh"]}).status == 401
    assert people.post(f"{AUTH}/refresh", {"refresh": here["refresh"]}).status == 200
    people.mailbox.wait(account["email"], "Your password was changed")


def test_exports_all_that_is_kept(people):
    account, tokens = people.person()
    people.site.sql("INSERT INTO hearth.key (id, account_id, name, prefix, hash, scopes) VALUES"
                    f" (gen_random_uuid(), '{account['id']}', 'mine', 'hk_abc', sha256('{account['id']}'), '{{text}}')")
    answer = people.site.get(f"{AUTH}/export", headers=bearer(tokens), key=None)
    assert answer.status == 200 and "attachment" in answer.headers["Content-Disposition"], answer
    body = answer.json()
    assert body["account"]["email"] == account["email"]
    assert [key["name"] for key in body["keys"]] == ["mine"] and "hash" not in body["keys"][0]
    assert len(body["sign_ins"]) == 1 and body["identities"] == [] and body["usage"] == []
    assert "account_created" in [row["event"] for row in body["audit"]]
    assert "argon2" not in answer.text and tokens["refresh"] not in answer.text
    other, theirs = people.person()
    assert account["id"] not in people.site.get(f"{AUTH}/export", headers=bearer(theirs), key=None).text


def test_exports_what_hangs_on_an_account_and_its_keys(people):
    account, tokens = people.person()
    mine, wallet, key = account["id"], "0x" + "ab" * 20, "018f0000-0000-7000-8000-" + f"{next(numbers):012d}"
    people.site.sql(
        f"INSERT INTO hearth.key (id, account_id, name, prefix, hash, scopes) VALUES ('{key}', '{mine}', 'k', 'hk_', sha256('{key}'), '{{}}');"
        "INSERT INTO hearth.wallet_session (id, address, wallet_type, chain_id, account_id, preferences, expires_at)"
        f" VALUES (md5('{mine}'), '{wallet}', 'metamask', 1, '{mine}', '{{\"theme\": \"dark\"}}', now() + interval '1 day');"
        "INSERT INTO hearth.session_token (hash, account_id, address, expires_at)"
        f" VALUES (sha256('s{mine}'), '{mine}', '{wallet}', now() + interval '1 day');"
        f"SELECT hearth.budget_set('key:{key}', 'calls', 'day', 7);"
        "INSERT INTO hearth.usage_day (day, caller, model, operation, account_id, calls)"
        f" VALUES (now()::date, 'key:{key}', 'small', 'chat', '{mine}', 3);"
        "INSERT INTO hearth.trace (at, id, request_id, tenant, route, status, question, answer)"
        f" VALUES (now(), gen_random_uuid(), 'r1', 'account:{mine}', '/v1/x', 200, 'asked', 'told');")
    body = people.site.get(f"{AUTH}/export", headers=bearer(tokens), key=None).json()
    assert [row["preferences"] for row in body["wallet_sessions"]] == ['{"theme": "dark"}']
    assert [row["address"] for row in body["session_tokens"]] == [wallet]
    assert [(row["kind"], row["email"]) for row in body["mails"]] == [("verify", account["email"])]
    assert [(row["owner"], row["most"]) for row in body["budgets"]] == [(f"key:{key}", 7)]
    assert [(row["caller"], row["calls"]) for row in body["usage"]] == [(f"key:{key}", 3)]
    assert [(row["question"], row["answer"]) for row in body["traces"]] == [("asked", "told")]


def test_exports_nothing_of_others_from_the_audit_trail(people):
    account, tokens = people.person()
    other, rows = people.make(), []
    for event, actor, subject, address in (("sign_in_failed", "anonymous", account["id"], "203.0.113.66"),
                                           ("role_changed", f"account:{other['id']}", account["id"], "203.0.113.67"),
                                           ("account_changed", f"account:{account['id']}", other["id"], "203.0.113.68")):
        rows.append(f"(clock_timestamp(), gen_random_uuid(), '{address}', '{event}', '{actor}', 'account:{subject}', 'x {other['id']}')"
                    if subject == other["id"] else
                    f"(clock_timestamp(), gen_random_uuid(), '{address}', '{event}', '{actor}', 'account:{subject}', 'x')")
    people.site.sql(f"INSERT INTO hearth.audit (at, id, address, event, actor, subject, detail) VALUES {', '.join(rows)}")
    text = people.site.get(f"{AUTH}/export", headers=bearer(tokens), key=None).text
    assert other["id"] not in text and "203.0.113.66" not in text and "203.0.113.67" not in text
    trail = {row["event"]: row for row in json.loads(text)["audit"]}
    assert trail["role_changed"]["actor"] == "account" and trail["sign_in_failed"]["address"] is None
    assert trail["account_changed"]["address"] == "203.0.113.68" and trail["sign_in"]["address"]


def test_deletes_an_account_with_all_that_is_personal(people):
    account, tokens = people.person()
    site = people.site
    def delete(body):
        return site.request("DELETE", f"{AUTH}/account", json=body, headers=bearer(tokens), key=None)
    site.sql(f"UPDATE hearth.sign_in SET created_at = now() - interval '1 hour' WHERE account_id = '{account['id']}'")
    assert delete(None).status == 403
    assert fields_of(delete({"password": "wrong"})) == ["password"]
    assert delete({"password": PASSWORD}).status == 204
    wait_until(lambda: site.get(f"{AUTH}/me", headers=bearer(tokens), key=None).status == 401)
    assert people.post(f"{AUTH}/login", {"login": account["email"], "password": PASSWORD}).status == 401
    for table, column in (("account", "id"), ("sign_in", "account_id"), ("mail", "account_id"), ("key", "account_id")):
        assert site.sql(f"SELECT count(*) FROM hearth.{table} WHERE {column} = '{account['id']}'") == [["0"]]
    assert people.post(f"{AUTH}/register", {"email": account["email"], "password": PASSWORD}).status == 201


def test_deletes_for_who_has_just_signed_in(people):
    _, tokens = people.person()
    answer = people.site.request("DELETE", f"{AUTH}/account", headers=bearer(tokens), key=None)
    assert answer.status == 204, answer


@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_takes_texts_for_texts(people, text):
    """Nothing that is sent as a name, an address or a token does more than being refused."""
    count = people.site.sql("SELECT count(*) FROM hearth.account")
    bodies = [(f"{STUDY}/register/", registration(username=text)), (f"{STUDY}/register/", registration(email=text)),
              (f"{STUDY}/login/", {"username": text, "password": text}), (f"{AUTH}/login", {"login": text, "password": text}),
              (f"{STUDY}/token-refresh/", {"refresh": text}), (f"{STUDY}/token-validate/", {"access": text, "refresh": text}),
              (f"{STUDY}/password-reset/", {"email": text}), (f"{AUTH}/email/confirm", {"token": text}),
              (f"{STUDY}/password-reset-confirm/", {"uid": text, "token": text, "password": PASSWORD,
                                                    "password_confirm": PASSWORD})]
    for path, body in bodies:
        answer = people.post(path, body)
        assert answer.status in (400, 401, 422), (path, answer)
    assert people.site.sql("SELECT count(*) FROM hearth.account") == count
    _, tokens = people.person()
    for path in (f"{STUDY}/profile/", f"{STUDY}/profile-detail/", f"{AUTH}/me"):
        body = {"first_name": text, "bio": text, "display_name": text}
        answer = people.site.request("PATCH", path, json=body, headers=bearer(tokens), key=None)
        assert answer.status in (200, 400, 422), (path, answer)


def test_bounds_bodies_and_ignores_unknown_members(people):
    answer = people.post(f"{AUTH}/login", {"login": "a", "password": "b", "more": "x" * 40000})
    assert answer.status == 413
    assert people.post(f"{AUTH}/login", {"login": "a", "password": "b", "more": [1]}).status == 401


# Operators.

def test_lets_operators_see_and_close_accounts(people):
    account, tokens = people.person()
    site = people.site
    listed = site.get(f"/internal/accounts?search={account['username'].upper()}")
    assert listed.status == 200 and [row["id"] for row in listed.json()["accounts"]] == [account["id"]]
    page = site.get("/internal/accounts?limit=1").json()
    assert len(page["accounts"]) == 1 and page["next"] == page["accounts"][0]["id"]
    assert site.get(f"/internal/accounts?before={page['next']}&limit=1").json()["accounts"][0]["id"] != page["next"]
    shown = site.get(f"/internal/accounts/{account['id']}")
    assert shown.status == 200 and "password" not in shown.json()
    closed = site.post(f"/internal/accounts/{account['id']}/deactivate")
    assert closed.status == 200 and closed.json()["is_active"] is False
    wait_until(lambda: site.get(f"{AUTH}/me", headers=bearer(tokens), key=None).status == 401)
    refused = people.post(f"{STUDY}/login/", {"username": account["username"], "password": PASSWORD})
    assert refused.status == 401 and refused.json()["detail"] == "Invalid credentials"
    people.post(f"{AUTH}/password/forgot", {"email": account["email"]})
    assert site.post(f"/internal/accounts/{account['id']}/activate").json()["is_active"] is True
    assert people.login(account["username"])
    events = site.sql(f"SELECT event, detail FROM hearth.audit WHERE subject = 'account:{account['id']}' ORDER BY at")
    assert ["account_changed", "deactivated"] in events and ["account_changed", "activated"] in events
    assert site.get("/internal/accounts/nobody").status == 404
    assert site.post("/internal/accounts/018F0000-0000-7000-8000-00000000000A/deactivate").status == 404
    assert site.post("/internal/accounts/00000000-0000-7000-8000-000000000000/deactivate").status == 404


def test_lets_only_operators_make_operators(people):
    account, tokens = people.person()
    site = people.site
    url = f"/internal/accounts/{account['id']}/role"
    asked = site.request("PUT", url, json={"is_admin": True}, headers=bearer(tokens), key=None)
    assert asked.status == 403, asked
    assert site.get("/internal/accounts", key=None).status == 401
    assert site.request("PUT", url, json={"is_admin": True}).json()["is_admin"] is True
    wait_until(lambda: site.get("/internal/accounts", headers=bearer(tokens), key=None).status == 200)
    assert site.request("PUT", url, json={"is_admin": False}).json()["is_admin"] is False
    wait_until(lambda: site.get("/internal/accounts", headers=bearer(tokens), key=None).status == 403)


def test_logs_no_address_and_no_secret(people):
    account, tokens = people.person()
    people.mailbox.wait(account["email"], "Confirm your e-mail")
    log = people.site.log()
    for secret in (account["email"], PASSWORD, tokens["access"], tokens["refresh"]):
        assert secret not in log


def test_lets_the_operator_s_command_see_and_steer_accounts(people):
    account, tokens = people.person()
    site = people.site
    shown = json.loads(site.command("user", "show", account["email"].upper(), "--json"))
    assert shown["id"] == account["id"]
    assert json.loads(site.command("user", "admin", account["username"], "--json"))["is_admin"] is True
    wait_until(lambda: site.get("/internal/accounts", headers=bearer(tokens), key=None).status == 200)
    assert "admin" not in site.command("user", "no-admin", account["id"])
    assert "closed" in site.command("user", "deactivate", account["username"])
    wait_until(lambda: site.get(f"{AUTH}/me", headers=bearer(tokens), key=None).status == 401)
    assert "active" in site.command("user", "activate", account["username"])
    assert account["email"] in site.command("user", "list", account["username"][:-1])
    rows = site.sql("SELECT event, actor FROM hearth.audit WHERE actor LIKE 'operator:%'"
                    f" AND subject = 'account:{account['id']}' ORDER BY at")
    assert [row[0] for row in rows] == ["role_changed", "role_changed", "sign_out", "account_changed", "account_changed"]


def test_invites_people_where_nobody_may_register(server):
    with Site(server, workers=1, database=True, settings={"REGISTRATION": "closed"}) as site:
        people = People(site)
        refused = people.post(f"{AUTH}/register", {"email": "ada@example.com", "password": PASSWORD})
        assert refused.status == 403, refused
        assert people.post(f"{STUDY}/register/", registration()).status == 403
        mailbox = site.directory / "mailbox"
        site.environment["MAILBOX_DIRECTORY"] = str(mailbox)
        site.command("user", "create", "ada@example.com")
        link = link_of(people.mailbox.wait("ada@example.com", "Set a new password"))
        assert people.post(f"{AUTH}/password/reset", {"token": link["token"], "password": PASSWORD}).status == 200
        assert people.login("ada@example.com")


# What cannot be tried as often as one likes.

class Throttled(People):
    def try_login(self, login, password=OTHER, address="192.0.2.1"):
        return self.post(f"{AUTH}/login", {"login": login, "password": password},
                         headers={"X-Forwarded-For": address})

    def let_time_pass(self, seconds):
        self.site.sql(f"UPDATE hearth.throttle SET until = until - interval '{seconds} s',"
                      f" counts_until = counts_until - interval '{seconds} s'")

    def waits(self):
        """The longest wait there is, in seconds."""
        return float(self.site.sql("SELECT extract(epoch FROM max(until) - now()) FROM hearth.throttle")[0][0])


@pytest.fixture(scope="module")
def throttled_site(server):
    settings = {"RATE_LIMITING_ENABLED": "true", "RATE_LIMIT_DEFAULT": "100000/60", "TRUSTED_PROXIES": "127.0.0.1",
                "RATE_LIMIT_AUTH": "100000/60"}
    with Site(server, workers=2, database=True, settings=settings) as site:
        yield site


@pytest.fixture
def throttled(throttled_site):
    throttled_site.sql("DELETE FROM hearth.throttle")
    return Throttled(throttled_site)


def test_makes_exports_wait_for_whom_they_are_of(throttled):
    (account, tokens), (_, others) = throttled.person(), throttled.person()
    def export(whose):
        return throttled.site.get(f"{AUTH}/export", headers=bearer(whose), key=None)
    assert [export(tokens).status for _ in range(10)] == [200] * 10
    refused = export(tokens)
    assert refused.status == 429 and 1 <= int(refused.headers["Retry-After"]) <= 10, refused
    assert export(others).status == 200


@pytest.mark.parametrize("exists", [True, False])
def test_makes_guesses_wait_whether_there_is_an_account_or_not(throttled, exists):
    login = throttled.make()["username"] if exists else f"nobody{next(numbers)}"
    assert [throttled.try_login(login).status for _ in range(10)] == [401] * 10
    refused = throttled.try_login(login)
    assert refused.status == 429 and refused.headers["Retry-After"] == "1", refused
    assert throttled.try_login(login, PASSWORD).status == 429
    assert throttled.try_login(login.upper()).status == 429
    waits = []
    for _ in range(14):
        throttled.let_time_pass(901)
        assert throttled.try_login(login).status == 401
        waits.append(throttled.waits())
    assert all(abs(wait - min(2 ** (i + 1), 900)) < 5 for i, wait in enumerate(waits)), waits
    throttled.let_time_pass(3601)
    assert [throttled.try_login(login).status for _ in range(10)] == [401] * 10


def test_makes_who_asks_for_one_address_again_and_again_wait(throttled):
    taken = throttled.make()["email"]
    _, tokens = throttled.person()
    def patch():
        return throttled.site.request("PATCH", f"{AUTH}/me", json={"email": taken, "password": PASSWORD},
                                      headers=bearer(tokens), key=None)
    assert [fields_of(patch()) for _ in range(3)] == [["email"]] * 3
    assert patch().status == 429


def test_lets_the_owner_in_while_somebody_guesses_from_elsewhere(throttled):
    account = throttled.make()
    assert throttled.try_login(account["username"], PASSWORD, "198.51.100.7").status == 200
    statuses = [throttled.try_login(account["username"], address=f"203.0.113.{i}").status for i in range(31)]
    assert statuses == [401] * 30 + [429]
    assert throttled.try_login(account["username"], PASSWORD, "198.51.100.8").status == 429
    assert throttled.try_login(account["username"], PASSWORD, "198.51.100.7").status == 200
    # Nor under another name, nor where a token of the account was refreshed.
    [throttled.try_login(account["email"], address=f"203.0.113.{i}") for i in range(31)]
    assert throttled.try_login(account["email"], PASSWORD, "198.51.100.8").status == 429
    tokens = throttled.try_login(account["email"], PASSWORD, "198.51.100.7")
    assert tokens.status == 200, tokens
    assert throttled.post(f"{AUTH}/refresh", {"refresh": tokens.json()["refresh"]},
                          headers={"X-Forwarded-For": "198.51.100.9"}).status == 200
    assert throttled.try_login(account["email"], PASSWORD, "198.51.100.9").status == 200
    assert throttled.try_login(account["email"], PASSWORD, "198.51.100.8").status == 429
    throttled.let_time_pass(61)
    assert throttled.try_login(account["username"], PASSWORD, "198.51.100.8").status == 200


def test_lets_the_owner_s_browser_in_while_somebody_guesses_beside_it(throttled):
    account = throttled.make()
    address = {"X-Forwarded-For": "198.51.100.7"}
    wish = {"login": account["username"], "password": PASSWORD, "cookie": True}
    browser = throttled.post(f"{AUTH}/login", wish, headers=address)
    cookie = {"Cookie": browser.headers["Set-Cookie"].split(";")[0]}
    statuses = [throttled.try_login(account["username"], address="198.51.100.7").status for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert throttled.try_login(account["username"], PASSWORD, "198.51.100.7").status == 429
    again = throttled.post(f"{AUTH}/login", wish, headers={**address, **cookie})
    assert again.status == 200, again


def test_makes_an_address_wait_that_tries_many_names(throttled):
    names = [f"many{next(numbers)}" for _ in range(31)]
    statuses = [throttled.try_login(name, address=f"2001:db8:1:2::{i:x}").status for i, name in enumerate(names)]
    assert statuses == [401] * 30 + [429]
    assert throttled.try_login("another", address="2001:db8:1:3::1").status == 401


def test_counts_guesses_that_come_at_once(throttled):
    account = throttled.make()
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        statuses = list(pool.map(lambda _: throttled.try_login(account["username"]).status, range(24)))
    # One that gets no core in time (503) is not counted.
    assert set(statuses) <= {401, 429, 503} and statuses.count(401) <= 10
    assert statuses.count(401) + statuses.count(503) >= 10 and 429 in statuses


def test_forgets_failures_of_who_knew_the_password(throttled):
    account = throttled.make()
    for _ in range(3):
        assert [throttled.try_login(account["username"]).status for _ in range(9)] == [401] * 9
        assert throttled.try_login(account["username"], PASSWORD).status == 200


def test_writes_to_an_address_seldom(throttled):
    for address in (throttled.make()["email"], f"nobody{next(numbers)}@example.com"):
        throttled.site.sql("DELETE FROM hearth.throttle")
        body = {"email": address}
        assert [throttled.post(f"{AUTH}/password/forgot", body).status for _ in range(4)] == [200, 200, 200, 429]
        assert throttled.post(f"{STUDY}/password-reset/", {"email": address.upper()}).status == 429


def test_registers_seldom_from_one_address(throttled):
    body = {"email": "nobody", "password": PASSWORD}
    statuses = [throttled.post(f"{AUTH}/register", body).status for _ in range(21)]
    assert statuses == [422] * 20 + [429]


def test_makes_guesses_of_the_present_password_wait(throttled):
    account = throttled.make()
    tokens = throttled.login(account["username"])
    body = {"current_password": "wrong", "password": OTHER}
    statuses = [throttled.post(f"{AUTH}/password", body, headers=bearer(tokens)).status for _ in range(11)]
    assert statuses == [422] * 10 + [429]


# Mail by SMTP.

class SmtpServer(threading.Thread):
    """Takes mails; answers RCPT with the replies it is given, in turn, then with 250. With a certificate (and its key,
    in one file) it offers STARTTLS."""

    def __init__(self, *replies, certificate=None):
        super().__init__(daemon=True)
        self.replies = list(replies)
        self.tls = None
        if certificate:
            self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.tls.load_cert_chain(certificate)
        self.clear = []  # what was said in the clear
        self.failures = 0  # of handshakes
        self.mails = []
        self.tries = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp+plain://127.0.0.1:{self.listener.getsockname()[1]}"
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                try:
                    self.serve(connection)
                except OSError:  # ssl.SSLError too: the client does not trust us
                    self.failures += 1

    def serve(self, connection):
        with connection.makefile("rwb") as stream:
            wants_tls = self.talk(stream, is_clear=True, greeting=True)
        if wants_tls:
            with self.tls.wrap_socket(connection, server_side=True) as secure, secure.makefile("rwb") as stream:
                self.talk(stream)

    def talk(self, stream, is_clear=False, greeting=False):
        """True where the client goes on with TLS."""
        def say(text):
            stream.write(text + b"\r\n")
            stream.flush()
        if greeting:
            say(b"220 here")
        while line := stream.readline():
            word = line[:4].upper()
            if is_clear:
                self.clear.append(word)
            if word == b"EHLO" and self.tls and is_clear:
                say(b"250-here\r\n250 STARTTLS")
            elif word == b"STAR":
                say(b"220 go on")
                return True
            elif word == b"RCPT":
                self.tries += 1
                say(self.replies.pop(0) if self.replies else b"250 ok")
            elif word == b"DATA":
                say(b"354 go on")
                text = b""
                while (part := stream.readline()) != b".\r\n":
                    text += part[1:] if part.startswith(b"..") else part
                self.mails.append(email.message_from_bytes(text, policy=email.policy.default))
                say(b"250 taken")
            elif word == b"QUIT":
                say(b"221 bye")
                return False
            else:
                say(b"250 ok")
        return False


def test_sends_mail_by_smtp_and_tries_again(server):
    smtp = SmtpServer(b"451 not now")
    settings = {"SMTP_URL": smtp.url, "MAIL_FROM": "hearth@example.org", "PUBLIC_URL": "https://app.example.org/"}
    with Site(server, workers=2, database=True, settings=settings) as site:
        people = People(site)
        account = people.make(display_name="Ada\u202e")
        wait_until(lambda: smtp.tries == 1, 20)
        wait_until(lambda: "a mail was not sent" in site.log(), 20)
        assert not smtp.mails
        site.sql("UPDATE hearth.mail SET next_at = now()")
        wait_until(lambda: len(smtp.mails) == 1, 20)
        mail = smtp.mails[0]
        assert mail["From"].addresses[0].addr_spec == "hearth@example.org"
        assert mail["To"].addresses[0].addr_spec == account["email"]
        assert "https://app.example.org/verify-email#" in mail.get_content()
        assert people.post(f"{AUTH}/email/confirm", {"token": link_of(mail)["token"]}).status == 200
        log = site.log()
        assert '"domain":"@example.com"' in log and account["email"] not in log


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of 127.0.0.1 with its key, signed by itself."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", f"{path}.crt"],
                   check=True, capture_output=True)
    crt = pathlib.Path(f"{path}.crt")
    path.write_text(path.read_text() + crt.read_text())
    crt.chmod(0o644)
    for directory in list(path.parents)[:3]:
        directory.chmod(directory.stat().st_mode | 0o055)
    return path


def test_sends_mail_over_tls(server, certificate):
    smtp = SmtpServer(certificate=certificate)
    settings = {"SMTP_URL": smtp.url.replace("smtp+plain", "smtp"), "SMTP_CA_FILE": f"{certificate}.crt"}
    with Site(server, workers=1, database=True, settings=settings) as site:
        account = People(site).make()
        wait_until(lambda: len(smtp.mails) == 1, 20)
        assert smtp.mails[0]["To"].addresses[0].addr_spec == account["email"]
        assert smtp.clear == [b"EHLO", b"STAR"] and not smtp.failures


@pytest.mark.parametrize("offers_tls", [True, False])
def test_hands_no_mail_to_a_server_that_is_not_trusted_or_offers_no_tls(server, certificate, offers_tls):
    smtp = SmtpServer(certificate=certificate if offers_tls else None)
    with Site(server, workers=1, database=True, settings={"SMTP_URL": smtp.url.replace("smtp+plain", "smtp")}) as site:
        People(site).make()
        wait_until(lambda: "a mail was not sent" in site.log(), 20)
        assert not smtp.mails and b"MAIL" not in smtp.clear and smtp.tries == 0
        assert site.sql("SELECT count(*) FROM hearth.mail WHERE next_at > now()") == [["1"]]


def test_gives_a_mail_up_that_is_refused_for_good_or_too_old(server):
    smtp = SmtpServer(b"550 nobody here", b"451 not now", b"451 not now")
    with Site(server, workers=2, database=True, settings={"SMTP_URL": smtp.url}) as site:
        people = People(site)
        people.make()
        wait_until(lambda: site.sql("SELECT count(*) FROM hearth.mail") == [["0"]], 20)
        people.make()
        wait_until(lambda: smtp.tries == 2, 20)
        site.sql("UPDATE hearth.mail SET created_at = now() - interval '25 hours', next_at = now()")
        wait_until(lambda: site.sql("SELECT count(*) FROM hearth.mail") == [["0"]], 20)
        assert site.log().count("a mail is given up") == 2 and not smtp.mails


def test_makes_one_account_of_a_registration_that_is_sent_twice(people):
    body = registration()
    headers = {"Idempotency-Key": f"key-{body['username']}"}
    first = people.post(f"{STUDY}/register/", body, headers=headers)
    second = people.post(f"{STUDY}/register/", body, headers=headers)
    assert first.status == second.status == 201 and first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert people.post(f"{STUDY}/register/", body).status == 400
