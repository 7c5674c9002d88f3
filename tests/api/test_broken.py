"""What clients see when the model is broken, slow or limited, and when they ask too much."""

import subprocess
import time

import pytest

from conftest import model_settings
from site_lib import Site
from standin import Standin

PROCESS = "/v1/text_processing/process"


def question(text, operation="summarize"):
    return {"text": text, "operation": operation}


def test_answers_degraded_and_marked_and_keeps_it_not(fragile, fresh_text):
    fragile.provider.mode("401")
    response = fragile.site.post(PROCESS, question(fresh_text))
    assert response.status == 200, response
    metadata = response.json()["metadata"]
    assert metadata["model"] == "local"
    assert metadata["service_status"] == "degraded" and metadata["fallback_used"] is True
    fragile.provider.mode("ok")
    again = fragile.site.post(PROCESS, question(fresh_text))
    assert again.json()["cache_hit"] is False


def test_tells_the_operator_once_that_a_key_is_refused(fragile, fresh_text):
    fragile.provider.mode("401")
    for number in range(3):
        fragile.site.post(PROCESS, question(f"{fresh_text} Copy {number}."))
    lines = [line for line in fragile.site.log().splitlines() if "the provider refused our key" in line]
    assert len(lines) == 1
    assert '"level":"warning"' in lines[0] and '"provider":"openai"' in lines[0]
    place = fragile.site.directory
    # LeakSanitizer cannot look into a process that, as this one, has changed its user.
    environment = dict(fragile.site.environment, RUNTIME_DIRECTORY=str(place / "run"), ASAN_OPTIONS="detect_leaks=0")
    shown = subprocess.run([place / "bin/hearth", "status", "--socket", place / "fcgi.sock"], env=environment,
                           stdout=subprocess.PIPE, text=True, timeout=30, check=False)
    assert "refused by openai for model" in shown.stdout


@pytest.mark.parametrize("mode", ["500", "429", "reset", "garbage", "empty"])
def test_no_fault_of_a_provider_is_one_of_ours(fragile, fresh_text, mode):
    fragile.provider.mode(mode)
    response = fragile.site.post(PROCESS, question(fresh_text, "sentiment"))
    assert response.status == 200, response
    assert response.json()["metadata"]["service_status"] == "degraded"


def test_says_that_the_provider_refused(fragile, fresh_text):
    fragile.provider.mode("refusal", times=1)
    response = fragile.site.post(PROCESS, question(fresh_text))
    assert response.status == 400
    assert response.json()["code"] == "content_policy_violation"
    assert fragile.site.post(PROCESS, question(fresh_text)).status == 200


def test_a_batch_counts_its_degraded_items_as_completed(fragile, fresh_text):
    fragile.provider.mode("401")
    items = [question(f"{fresh_text} Note {i}.") for i in range(6)]
    answer = fragile.site.post("/v1/text_processing/batch_process", {"requests": items}).json()
    assert answer["completed"] == 6
    assert {item["response"]["metadata"]["service_status"] for item in answer["results"]} == \
        {"degraded"}


@pytest.mark.parametrize("path, body", [
    ("/v1/ai/hello", {"name": "Zoë"}), ("/v1/ai/insights", {}),
    ("/v1/ai/checkin", {"category": "Food", "selected_option": "stress"})])
def test_budget_answers_degraded_and_says_so(fragile, path, body):
    fragile.provider.mode("401")
    response = fragile.site.post(path, body)
    assert response.status == 200
    assert response.json()["meta"]["model"] == "local"
    assert response.json()["meta"]["degraded"] is True


def test_tries_again_after_a_passing_fault(fragile, fresh_text):
    fragile.provider.mode("503", times=1)
    response = fragile.site.post(PROCESS, question(fresh_text))
    assert response.status == 200
    assert response.json()["metadata"]["model"] != "local"
    assert response.headers["X-Attempts"] == "2"


def test_repairs_an_answer_that_cannot_be_read(fragile, fresh_text):
    fragile.provider.mode("unreadable", times=1)
    response = fragile.site.post(PROCESS, question(fresh_text, "sentiment"))
    assert response.status == 200
    assert response.json()["metadata"]["model"] != "local"
    assert len(fragile.provider.calls()) == 2


def test_serves_an_older_answer_while_the_model_is_down(server, fresh_text):
    with Standin() as provider:
        custom = '{"operation_ttls": {"summarize": 1}}'
        with Site(server, settings=model_settings(provider, CACHE_CUSTOM_CONFIG=custom)) as site:
            first = site.post(PROCESS, question(fresh_text))
            provider.mode("401")
            end = time.monotonic() + 10
            while True:
                later = site.post(PROCESS, question(fresh_text))
                if later.headers["X-Cache"] != "hit" or time.monotonic() > end:
                    break
                time.sleep(0.2)
            assert later.headers["X-Cache"] == "stale"
            assert later.json()["result"] == first.json()["result"]
            assert later.json()["metadata"]["service_status"] == "degraded"


def test_opens_the_breaker_and_says_so(fragile):
    fragile.provider.mode("500")
    text = "The harbour was closed for three days by a storm, and nobody was hurt. Day "
    for number in range(4):
        fragile.site.post(PROCESS, question(f"{text}{number}.", "sentiment"))
    calls = len(fragile.provider.calls())
    assert fragile.site.post(PROCESS, question(f"{text}five.")).status == 200
    assert len(fragile.provider.calls()) == calls
    assert fragile.site.get("/health/circuit-breaker").json()["state"] == "OPEN"
    assert fragile.site.get("/health/ai").json()["ai"] == "unavailable"
    assert fragile.site.get("/v1/health").json()["status"] == "degraded"
    assert fragile.site.get("/health").json()["status"] == "ok"


@pytest.fixture(scope="module")
def limited(server):
    with Site(server, settings={"RATE_LIMITING_ENABLED": "true", "RATE_LIMIT_PROCESS": "3/60",
                                "RATE_LIMIT_AUTH": "2/300", "RATE_LIMIT_DEFAULT": "4/60"}) as site:
        yield site


@pytest.mark.parametrize("method, path, body, limit", [
    ("POST", "/v1/ai/hello", {}, 3),
    ("GET", "/v1/auth/status", None, 2),
    ("GET", "/v1/text_processing/operations", None, 4),
])
def test_limits_by_class(limited, method, path, body, limit):
    for left in reversed(range(limit)):
        response = limited.request(method, path, json=body)
        assert response.status == 200, response
        assert response.headers["X-RateLimit-Limit"] == str(limit)
        assert response.headers["X-RateLimit-Remaining"] == str(left)
    response = limited.request(method, path, json=body)
    assert response.status == 429
    assert response.json()["code"] == "rate_limited"
    assert int(response.headers["Retry-After"]) >= 1
    assert response.json()["limit"] == limit
    assert response.json()["window_seconds"] == int(response.headers["X-RateLimit-Window"])
    assert response.json()["retry_after_seconds"] == int(response.headers["Retry-After"])
    assert response.headers["X-RateLimit-Rule"] in response.headers["RateLimit"]
    assert response.headers["RateLimit"].endswith(f";t={response.headers['X-RateLimit-Reset']}")
    assert limited.get("/health").status == 200


def test_a_client_that_leaves_stops_its_batch(fragile, fresh_text):
    """lighttpd does not watch a client that waits for its first byte, so it cannot tell of it."""
    if fragile.site.server == "lighttpd":
        return
    fragile.provider.mode("ok", delay=0.3)
    items = [question(f"{fresh_text} Note {i}.") for i in range(100)]
    with pytest.raises(TimeoutError):
        fragile.site.post("/v1/text_processing/batch_process", {"requests": items}, timeout=1)
    end = time.monotonic() + 10
    seen = -1
    while seen != len(fragile.provider.calls()) and time.monotonic() < end:
        seen = len(fragile.provider.calls())
        time.sleep(1)
    assert 0 < seen < 50
