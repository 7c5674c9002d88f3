"""What a broken provider must not do to the rest: answers of other clients, the cache, health and the log."""

import json
import pathlib
import sys
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import client  # noqa: E402,F401 (its path to tests/lib)
from houses import TEXT_CONFIG, metric  # noqa: E402
from site_lib import Site  # noqa: E402
from standin import Standin  # noqa: E402
from until import until  # noqa: E402

PROCESS = "/v1/text_processing/process"
TEXTS = iter(range(10**6))
MODELS = {"openai": "gpt-4o-mini", "gemini": "gemini-2.5-flash", "anthropic": "claude-3-5-haiku-latest"}


def question(operation="summarize"):
    number = next(TEXTS)
    return {"text": f"Report {number}. The harbour was closed for three days because of the storm. "
                    "On Friday the boats left again and the market was full of fish.",
            "operation": operation}


FAMILIES = {
    "openai": lambda port: {"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1", "OPENAI_API_KEY": "sk-test-openai"},
    "gemini": lambda port: {"GEMINI_BASE_URL": f"http://127.0.0.1:{port}/v1beta", "GEMINI_API_KEY": "test-gemini"},
    "anthropic": lambda port: {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}/v1", "ANTHROPIC_API_KEY": "test-anthropic"},
}


@pytest.fixture(scope="module")
def provider():
    with Standin() as standin:
        yield standin


PLACES = [("nginx", "openai"), ("lighttpd", "openai"), ("nginx", "gemini"), ("nginx", "anthropic")]


@pytest.fixture(scope="module", params=PLACES, ids="-".join)
def place(request, provider):
    server, family = request.param
    settings = {**FAMILIES[family](provider.port), "AI_MODEL": MODELS[family], "RESILIENCE_CUSTOM_CONFIG": TEXT_CONFIG}
    with Site(server, workers=2, settings=settings) as running:
        pids = sorted(running.worker_pids())
        yield running, family
        assert sorted(running.worker_pids()) == pids, running.log()[-2000:]


@pytest.fixture
def site(place, provider):
    """A site whose provider works, and whose model rests from nothing."""
    running, family = place
    provider.reset()
    assert running.post(PROCESS, question()).status == 200
    running.command("resilience", "reset", MODELS[family])
    provider.reset()
    return running


def test_a_degraded_answer_is_not_kept(site, provider):
    provider.mode("401")
    asked = question("sentiment")
    assert site.post(PROCESS, asked).json()["metadata"]["service_status"] == "degraded"
    provider.reset()
    again = site.post(PROCESS, asked)
    assert again.json()["cache_hit"] is False
    assert again.headers["X-Model"] != "local"


def test_a_local_answer_says_what_it_is(site, provider):
    provider.mode("401")
    response = site.post(PROCESS, question("sentiment"))
    assert response.status == 200, response
    body = response.json()
    assert body["sentiment"]["sentiment"] in ("positive", "negative", "neutral")
    assert response.headers["X-Model"] == "local"
    assert body["metadata"]["service_status"] == "degraded"
    assert body["metadata"]["fallback_used"] is True


def test_a_slow_provider_does_not_delay_health(site, provider):
    provider.mode("slow", delay=2)
    waiting = [threading.Thread(target=site.post, args=(PROCESS, question())) for _ in range(20)]
    for thread in waiting:
        thread.start()
    slowest = 0
    while any(thread.is_alive() for thread in waiting):
        started = time.monotonic()
        assert site.get("/health").status == 200
        slowest = max(slowest, time.monotonic() - started)
    for thread in waiting:
        thread.join()
    assert slowest < 1, f"/health took {slowest:.3f} s beside slow answers"


def test_a_client_that_leaves_is_counted(site, provider):
    """Behind nginx; lighttpd does not tell before the first byte."""
    if site.server != "nginx":
        pytest.skip("lighttpd does not watch the client before the answer begins")
    provider.mode("silent")
    before = metric(site, "hearth_client_gone_total")
    with pytest.raises(OSError):
        site.send("POST", PROCESS, json.dumps(question()).encode(),
                  {"Content-Type": "application/json"}, timeout=0.5)
    assert until(lambda: metric(site, "hearth_client_gone_total") == before + 1, 3)


def test_the_key_stands_in_no_log(site, provider):
    provider.mode("401")
    site.post(PROCESS, question())
    log = site.log()
    for secret in ("sk-test-openai", "test-gemini", "test-anthropic", site.key):
        assert secret not in log
