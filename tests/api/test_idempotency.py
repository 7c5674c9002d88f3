"""Idempotency-Key through real web servers: a request that is sent twice is done once."""

import concurrent.futures
import hashlib
import itertools
import json
import os
import signal
import socket
import time

import pytest

from site_lib import KEY, Site
from standin import Standin

OTHER_KEY = "other-key-0123456789abcdef"
CHAT = "/v1/chat/completions"
CONFIG = """
[provider "one"]
kind = openai
base_url = {url}/v1
key = sk-one
[model "gpt"]
provider = one
id = gpt-id
[strategy "gateway"]
headers_timeout_ms = 20000
"""
counter = itertools.count(1)


class House:
    def __init__(self, site, provider):
        self.site = site
        self.provider = provider
        self.key = f"key {next(counter)}"
        self.note = f"Note {next(counter)}"

    def body(self, **more):
        return {"model": "gpt", "messages": [{"role": "user", "content": f"{self.note}: count to 20"}], **more}

    def ask(self, body=None, key=None, caller=KEY, **headers):
        """Asks with the Idempotency-Key; Cache-Control: no-store keeps the response cache out of it."""
        return self.site.post(CHAT, body or self.body(), key=caller, headers={
            "Idempotency-Key": key or self.key, "Cache-Control": "no-store", **headers})

    def insist(self):
        """Asks until a worker is there to answer: what the web server says by itself is in no document."""
        end = time.monotonic() + 20
        while True:
            answer = self.site.send("POST", CHAT, json.dumps(self.body()), {
                "Idempotency-Key": self.key, "Cache-Control": "no-store", "Content-Type": "application/json"})
            if answer.status < 500 or time.monotonic() > end:
                return answer

    def calls(self):
        return len(self.provider.calls())


@pytest.fixture(scope="module")
def shared(server):
    with Standin() as provider:
        settings = {"ADDITIONAL_API_KEYS": OTHER_KEY}
        with Site(server, workers=4, settings=settings, file=CONFIG.format(url=provider.url), database=True) as site:
            yield site, provider


@pytest.fixture
def house(shared):
    site, provider = shared
    provider.reset()
    return House(site, provider)


def test_a_repeated_request_is_answered_with_the_first_answer(house):
    first, again = house.ask(), house.ask()
    assert first.status == again.status == 200
    assert again.json() == first.json()
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert house.calls() == 1


def test_a_stream_is_told_again_as_a_stream(house):
    body = house.body(stream=True)
    first, again = house.ask(body), house.ask(body)
    assert again.headers["Content-Type"].startswith("text/event-stream")
    assert again.body == first.body
    assert again.text.rstrip().endswith("data: [DONE]")
    assert house.calls() == 1


def test_the_key_may_stand_in_quotes_as_the_draft_wants(house):
    house.ask(key=f'"{house.key}"')
    assert house.ask().headers["Idempotency-Replayed"] == "true"


def test_the_order_of_members_does_not_make_another_request(house):
    body = house.body(temperature=0.5)
    house.ask(body)
    turned = dict(reversed(list(body.items())))
    assert house.ask(turned).headers["Idempotency-Replayed"] == "true"
    assert house.calls() == 1


def test_another_request_with_the_same_key_is_refused(house):
    house.ask()
    refused = house.ask(house.body(temperature=0.1))
    assert refused.status == 422
    assert refused.json()["error"]["code"] == "idempotency_key_reused"
    assert house.calls() == 1


def test_the_same_key_of_another_caller_is_another_key(house):
    house.ask()
    other = house.ask(caller=OTHER_KEY)
    assert other.status == 200 and "Idempotency-Replayed" not in other.headers
    assert house.calls() == 2


def test_a_request_in_progress_is_told_to_come_again(house):
    house.provider.mode("slow", delay=1.5)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        first = pool.submit(house.ask)
        assert house.provider.wait(lambda log: log.calls())
        refused = house.ask()
        assert refused.status == 409
        assert refused.json()["error"]["code"] == "idempotency_in_progress"
        assert int(refused.headers["Retry-After"]) >= 1
        assert first.result().status == 200
    assert house.ask().headers["Idempotency-Replayed"] == "true"
    assert house.calls() == 1


def test_of_many_at_once_one_reaches_the_model(house):
    house.provider.mode("slow", delay=0.3)
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: house.ask(), range(40)))
    assert {answer.status for answer in answers} <= {200, 409}
    assert any(answer.status == 200 for answer in answers)
    assert house.calls() == 1


@pytest.mark.parametrize("stream", [False, True])
def test_the_answer_waits_for_a_client_that_left_before_it(house, stream):
    """What a client does whose timeout is shorter than the model: asks, leaves, asks again."""
    house.provider.mode("slow", delay=1)
    body = json.dumps(house.body(stream=stream))
    head = (f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {KEY}\r\nIdempotency-Key: {house.key}\r\n"
            f"Cache-Control: no-store\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n")
    with socket.create_connection(("127.0.0.1", house.site.port)) as client:
        client.sendall((head + body).encode())
        assert house.provider.wait(lambda log: log.calls())
    end = time.monotonic() + 15
    answer = house.ask(json.loads(body))
    while answer.status == 409 and time.monotonic() < end:
        time.sleep(float(answer.headers["Retry-After"]) / 4)
        answer = house.ask(json.loads(body))
    assert answer.status == 200 and answer.headers["Idempotency-Replayed"] == "true"
    assert "20" in answer.text
    assert house.calls() == 1


def test_a_failure_gives_the_key_back(house):
    house.provider.mode("400")
    assert house.ask().status == 400
    house.provider.mode("ok")
    answer = house.ask()
    assert answer.status == 200 and "Idempotency-Replayed" not in answer.headers


def test_a_request_that_is_refused_before_it_is_done_does_not_take_the_key(house):
    assert house.site.post(CHAT, {"messages": []}, headers={"Idempotency-Key": house.key}).status == 400
    assert house.ask().status == 200


@pytest.mark.parametrize("key", ["x" * 256, '""', "caf\u00e9"])
def test_a_key_that_is_none_is_refused_by_name(house, key):
    refused = house.ask(key=key.encode("utf-8").decode("latin-1"))
    assert refused.status == 400
    assert "Idempotency-Key" in refused.text
    assert house.calls() == 0


def test_answers_survive_the_workers(house):
    first = house.ask()
    before = house.site.worker_pids()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    again = house.insist()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert house.calls() == 1


def test_a_call_whose_worker_died_is_never_made_twice(house):
    house.provider.mode("slow", delay=3)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        first = pool.submit(house.insist)
        assert house.provider.wait(lambda log: log.calls())
        for pid in house.site.worker_pids():
            os.kill(pid, signal.SIGKILL)
        assert first.result().status == 409
    assert house.insist().status == 409
    assert house.calls() == 1


def test_answers_cannot_be_read_in_the_database(house):
    house.ask()
    rows = house.site.sql("SELECT encode(body, 'escape') FROM hearth.idempotency WHERE body IS NOT NULL")
    assert rows and not any("chat.completion" in row[0] for row in rows)


def test_a_key_is_free_again_after_its_time(house):
    house.ask()
    house.site.sql("UPDATE hearth.idempotency SET expires_at = now()")
    assert "Idempotency-Replayed" not in house.ask().headers
    assert house.calls() == 2


def test_a_key_that_the_database_took_too_late_is_given_back(house):
    """The database is frozen while the key is taken: nothing was done, so the request may be sent again."""
    house.site.cluster.freeze()
    try:
        refused = house.ask()
        assert refused.status == 503 and int(refused.headers["Retry-After"]) >= 1
    finally:
        house.site.cluster.thaw()
    end = time.monotonic() + 20
    answer = house.ask()
    while answer.status in (409, 503) and time.monotonic() < end:
        time.sleep(0.2)
        answer = house.ask()
    assert answer.status == 200 and "Idempotency-Replayed" not in answer.headers
    assert house.calls() == 1


def test_the_database_tells_nothing_of_a_request(house):
    """Not even by trying: the digests are keyed with a secret of the workers."""
    house.ask()
    rows = house.site.sql("SELECT encode(hash, 'hex'), encode(fingerprint, 'hex') FROM hearth.idempotency")
    body = json.dumps(house.body(), sort_keys=True, separators=(",", ":"))
    guesses = {hashlib.sha256(text.encode()).hexdigest() for text in (body, house.key, house.key + body)}
    assert rows and not guesses & {value for row in rows for value in row}
