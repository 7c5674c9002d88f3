"""Health, metrics and the internal routes through real web servers."""

import pytest


@pytest.mark.parametrize("path", ["/", "/health", "/livez", "/readyz", "/health/ai", "/v1/health",
                                  "/api/health/", "/health/circuit-breaker"])
def test_needs_no_key_and_no_wait(site, path):
    response = site.get(path, key=None)
    assert response.status == 200, response
    head = site.send("HEAD", path, key=None)
    assert (head.status, head.body) == (200, b"")


def test_says_what_it_is(site):
    answer = site.get("/").json()
    assert answer["version"] == "1.0.0"
    assert answer["api_version"] == "v1"
    assert set(answer["endpoints"]) >= {"health", "auth", "text_processing"}


def test_is_ok(site):
    answer = site.get("/health").json()
    assert answer["status"] == "ok"
    assert answer["components"] == {"ai": "healthy", "cache": "healthy", "resilience": "healthy"}


def test_names_the_model_that_answers(site, local_site):
    assert site.get("/health/ai").json()["model"] != "local"
    assert local_site.get("/health/ai").json() == {"ai": "available", "model": "local"}


def test_tells_monitors_the_documented_fields(site):
    answer = site.get("/v1/health").json()
    assert set(answer) == {"status", "timestamp", "version", "ai_model_available",
                           "resilience_healthy", "cache_healthy"}
    assert answer["status"] == "healthy"


def test_shows_metrics_inside_only(site):
    response = site.get("/internal/metrics")
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "# TYPE hearth_http_requests_total counter" in response.text


@pytest.mark.parametrize("path", ["/internal/", "/internal/monitoring/health",
                                  "/internal/cache/status", "/internal/cache/metrics",
                                  "/internal/cache/invalidation-stats",
                                  "/internal/cache/invalidation-recommendations"])
def test_internal_routes_answer_to_keys(site, path):
    assert site.get(path).status == 200
    assert site.get(path, key=None).status == (200 if path.endswith("/health") else 401)
    assert site.get(path, key="wrong").status == 401


def test_cache_status_is_true_to_what_is_there(site):
    answer = site.get("/internal/cache/status").json()
    assert answer["redis"]["status"] == "connected"
    assert answer["memory"]["status"] == "active"


def test_invalidation_needs_a_key(site):
    for key in (None, "wrong"):
        response = site.request("POST", "/internal/cache/invalidate?pattern=x", key=key)
        assert response.status == 401
        assert response.headers["WWW-Authenticate"]
