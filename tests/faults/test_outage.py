"""An outage is never multiplied, a sick model is left within seconds and returned to when it is well, and what a provider
allows is kept to by all workers together."""

import concurrent.futures
import pathlib
import sys
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from client import ask  # noqa: E402
from houses import clocks, metric, provider_section, section, site_of  # noqa: E402
from standin import Standin  # noqa: E402
from until import until  # noqa: E402

CLIENTS = 200
RECOVERY_S = 5      # of the strategy "gateway"


def ask_many(site, models, **options):
    """All at once; their answers in order."""
    with concurrent.futures.ThreadPoolExecutor(len(models)) as threads:
        return list(threads.map(lambda item: ask(site, "chat", item[1], note=f"Number {item[0]}", **options),
                                enumerate(models)))


@pytest.fixture(scope="module")
def provider():
    with Standin() as standin:
        yield standin


@pytest.fixture(scope="module")
def site(provider):
    crowd = "".join(section("model", f"crowd-{i}", provider="openai") for i in range(CLIENTS))
    file = clocks("gateway", headers_timeout_ms=10000) + provider_section("openai", provider) + crowd
    for name, more in {
            "one": {}, "probed": {}, "backup": {}, "flapping": {"fallbacks": "backup"},
            "resting": {"fallbacks": "backup-2"}, "backup-2": {}, "resting-alone": {},
            "paced": {"requests_per_minute": 6, "queue_timeout_ms": 0},
            "paced-chain": {"requests_per_minute": 6, "queue_timeout_ms": 0, "fallbacks": "backup-3"}, "backup-3": {},
            "tokens": {"tokens_per_minute": 1000, "queue_timeout_ms": 0},
            "narrow": {"concurrency": 2, "queue_timeout_ms": 20000},
            "narrow-hurried": {"concurrency": 2, "queue_timeout_ms": 100},
            "narrow-chain": {"concurrency": 2, "queue_timeout_ms": 100, "fallbacks": "backup-4"}, "backup-4": {},
    }.items():
        file += section("model", name, provider="openai", **more)
    with site_of("nginx", file) as running:
        pids = sorted(running.worker_pids())
        yield running
        assert sorted(running.worker_pids()) == pids, running.log()[-2000:]


def crowd_calls(provider):
    return [call for call in provider.calls() if call["model"].startswith("crowd-")]


def test_an_outage_is_not_multiplied(site, provider):
    """Every client asks a model of its own, so that no breaker helps: only the retry budget does."""
    for i in range(CLIENTS):
        provider.mode("500", model=f"crowd-{i}")
    answers = ask_many(site, [f"crowd-{i}" for i in range(CLIENTS)])
    assert {answer.outcome() for answer in answers} == {"502 upstream_error"}
    asked = len(crowd_calls(provider))
    assert CLIENTS < asked <= CLIENTS * 1.2 + 3
    assert metric(site, "hearth_alerts_total", kind="retry_budget_exhausted") >= 1


def test_a_sick_model_is_left_alone(site, provider):
    provider.mode("500", model="one")
    answers = ask_many(site, ["one"] * CLIENTS)
    assert {answer.outcome() for answer in answers} <= {"502 upstream_error", "503 circuit_open"}
    seen = len(provider.calls("one"))
    assert seen <= CLIENTS * 1.2 + 3
    answer = ask(site, "chat", "one")
    assert answer.outcome() == "503 circuit_open" and answer.seconds < 1
    assert 1 <= int(answer.headers["Retry-After"]) <= RECOVERY_S
    assert len(provider.calls("one")) == seen


def test_one_call_of_all_workers_tries_a_sick_model(site, provider):
    provider.mode("500", model="probed")
    until(lambda: ask(site, "chat", "probed").outcome() == "503 circuit_open")
    seen = len(provider.calls("probed"))
    provider.mode("ok", model="probed", delay=1.5)
    ended = threading.Event()
    answers = []

    def call_on(number):
        while not ended.is_set():
            answers.append(ask(site, "chat", "probed", note=f"Prober {number} {len(answers)}"))
    threads = [threading.Thread(target=call_on, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    try:
        assert provider.wait(lambda p: len(p.calls("probed")) > seen, RECOVERY_S * 2 + 2), "nobody tried again"
        probe = provider.calls("probed")[seen]
        assert provider.wait(lambda p: probe["complete"], 5)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    beside = [call for call in provider.calls("probed")[seen:] if probe["time"] < call["time"] < probe["ended"]]
    assert beside == []
    outcomes = [answer.outcome() for answer in answers]
    assert set(outcomes) == {"complete", "503 circuit_open"}, set(outcomes)
    # It closes again: everybody is let through.
    assert ask(site, "chat", "probed").outcome() == "complete"


class Stream:
    """Calls that come one after the other, and what became of each."""

    def __init__(self, site, model, clients=4):
        self.answers = []
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(site, model, i)) for i in range(clients)]

    def run(self, site, model, client):
        number = 0
        while not self.ended.wait(0.05):
            number += 1
            answer = ask(site, "chat", model, note=f"Client {client} {number}")
            self.answers.append((time.time(), answer))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()


def test_a_flapping_model_is_left_within_seconds_and_returned_to(site, provider):
    provider.mode("ok", model="flapping")
    with Stream(site, "flapping") as stream:
        assert provider.wait(lambda p: len(p.calls("flapping")) > 20)
        broken = time.time()
        provider.mode("500", model="flapping")
        assert provider.wait(lambda p: len(p.calls("backup")) > 40, 20)
        mended = time.time()
        provider.mode("ok", model="flapping")
        assert provider.wait(lambda p: len([call for call in p.calls("flapping") if call["complete"] and
                                            call["mode"] == "ok" and call["time"] > mended]) > 20, 4 * RECOVERY_S), \
            "it was not returned to"
        returned = time.time()
    assert {answer.outcome() for _, answer in stream.answers} == {"complete"}
    while_broken = [call["time"] - broken for call in provider.calls("flapping") if broken < call["time"] < mended]
    assert len([moment for moment in while_broken if moment > 2]) <= 2, while_broken     # probes
    assert returned - mended < 3 * RECOVERY_S


def test_a_model_that_limits_us_rests_for_all_workers(site, provider):
    provider.mode("429", model="resting", retry_after=30)
    assert ask(site, "chat", "resting").headers["X-Model"] == "backup-2"
    answers = ask_many(site, ["resting"] * 30)
    assert {answer.outcome() for answer in answers} == {"complete"}
    assert {answer.headers["X-Model"] for answer in answers} == {"backup-2"}
    assert len(provider.calls("resting")) == 1


def test_a_rest_without_another_model_is_told_to_the_client(site, provider):
    provider.mode("429", model="resting-alone", retry_after=3600)
    assert ask(site, "chat", "resting-alone").outcome() == "429 provider_rate_limited"
    for answer in ask_many(site, ["resting-alone"] * 12):
        assert answer.outcome() == "429 provider_rate_limited" and answer.seconds < 2
        assert 1 <= int(answer.headers["Retry-After"]) <= 3600
    assert len(provider.calls("resting-alone")) == 1


def test_asks_no_oftener_than_a_provider_allows(site, provider):
    answers = ask_many(site, ["paced"] * 20)
    outcomes = sorted(answer.outcome() for answer in answers)
    assert outcomes == ["429 provider_rate_limited"] * 14 + ["complete"] * 6
    assert len(provider.calls("paced")) == 6
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status == 429)


def test_what_is_over_the_pace_goes_to_the_next_model(site, provider):
    answers = ask_many(site, ["paced-chain"] * 20)
    assert {answer.outcome() for answer in answers} == {"complete"}
    assert (len(provider.calls("paced-chain")), len(provider.calls("backup-3"))) == (6, 14)


def test_asks_for_no_more_tokens_than_a_provider_allows(site, provider):
    provider.mode("ok", model="tokens", delay=1)
    answers = ask_many(site, ["tokens"] * 12, body={"max_tokens": 200})
    asked = len(provider.calls("tokens"))
    assert 1 <= asked <= 5      # of 1000 tokens each call may take 200 and its question
    outcomes = sorted(answer.outcome() for answer in answers)
    assert outcomes == ["429 provider_rate_limited"] * (12 - asked) + ["complete"] * asked


def most_at_once(calls):
    moments = sorted([(call["time"], 1) for call in calls] + [(call["ended"], -1) for call in calls])
    most = now = 0
    for _, change in moments:
        now += change
        most = max(most, now)
    return most


def test_has_no_more_calls_at_once_than_a_model_may(site, provider):
    provider.mode("ok", model="narrow", delay=0.2)
    answers = ask_many(site, ["narrow"] * 12)
    assert {answer.outcome() for answer in answers} == {"complete"}
    assert most_at_once(provider.calls("narrow")) == 2


def test_waits_for_its_turn_only_so_long(site, provider):
    provider.mode("ok", model="narrow-hurried", delay=2)
    answers = ask_many(site, ["narrow-hurried"] * 8)
    outcomes = sorted(answer.outcome() for answer in answers)
    assert outcomes == ["503 overloaded"] * 6 + ["complete"] * 2
    assert all(answer.seconds < 1.5 for answer in answers if answer.status == 503)


def test_goes_to_the_next_model_when_its_turn_does_not_come(site, provider):
    provider.mode("ok", model="narrow-chain", delay=2)
    answers = ask_many(site, ["narrow-chain"] * 8)
    assert {answer.outcome() for answer in answers} == {"complete"}
    assert (len(provider.calls("narrow-chain")), len(provider.calls("backup-4"))) == (2, 6)
