"""The platform's promises on HTTP: methods, versions, media types, bodies, CORS, documents."""

import pytest

PROCESS = "/v1/text_processing/process"
GOOD = {"text": "The harbour was closed for three days.", "operation": "sentiment"}


def test_knows_no_other_paths(site):
    response = site.send("GET", "/v1/nothing/here")
    assert response.status == 404
    assert response.json()["code"] == "not_found"


@pytest.mark.parametrize("method, path, allowed", [
    ("GET", PROCESS, {"POST", "OPTIONS"}), ("POST", "/health", {"GET", "HEAD", "OPTIONS"}),
    ("DELETE", "/v1/auth/status", {"GET", "HEAD", "OPTIONS"})])
def test_names_the_methods_that_it_allows(site, method, path, allowed):
    response = site.send(method, path)
    assert response.status == 405
    assert set(response.headers["Allow"].replace(" ", "").split(",")) == allowed
    options = site.send("OPTIONS", path)
    assert options.status == 204
    assert set(options.headers["Allow"].replace(" ", "").split(",")) == allowed


@pytest.mark.parametrize("body, status", [
    (b"{", 400), (b'{"text": "a", "text": "b"}', 400), (b"[" * 129 + b"]" * 129, 400),
    (b'{"text": "\xff"}', 400), (b"[]", 422), (b"null", 422), (b"{} {}", 400),
    (b'{"text": "\\u0000"}', 400), (b'{"text": 1e999}', 400)])
def test_refuses_broken_bodies(site, body, status):
    response = site.request("POST", PROCESS, body=body, headers={"Content-Type": "application/json"})
    assert response.status == status
    assert response.json()["success"] is False


def test_wants_json(site):
    response = site.request("POST", PROCESS, body=b"text=x", headers={"Content-Type": "text/plain"})
    assert response.status == 415


def test_refuses_what_is_too_large(site):
    response = site.request("POST", PROCESS, body=b" " * (2 << 20) + b"{}",
                            headers={"Content-Type": "application/json"})
    assert response.status == 413


def test_finds_unversioned_paths(site):
    assert site.send("GET", "/text_processing/operations").status == 200
    assert site.send("GET", "/auth/status").status == 200


def test_refuses_unknown_versions(site):
    response = site.send("GET", "/text_processing/operations", headers={"api-version": "9.0"})
    assert response.status == 400
    assert response.json()["code"] == "api_version_not_supported"


def test_keeps_a_request_id_and_makes_one(site):
    assert site.get("/health", headers={"X-Request-Id": "my-id-01234"}).headers["X-Request-Id"] == \
        "my-id-01234"
    made = site.get("/health", headers={"X-Request-Id": "bad id <>"}).headers["X-Request-Id"]
    assert len(made) == 36


def test_answers_preflights(site):
    headers = {"Origin": "http://localhost:8501", "Access-Control-Request-Method": "POST",
               "Access-Control-Request-Headers": "content-type,x-of-the-page"}
    response = site.send("OPTIONS", PROCESS, headers=headers, key=None)
    assert response.status == 204
    assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:8501"
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert response.headers["Access-Control-Allow-Headers"] == "content-type,x-of-the-page"
    other = site.send("OPTIONS", PROCESS, headers={**headers, "Origin": "http://evil.example"},
                      key=None)
    assert "Access-Control-Allow-Origin" not in other.headers


def test_documents_are_not_sent_twice(site):
    first = site.send("GET", "/openapi.json")
    assert first.status == 200
    again = site.send("GET", "/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


def test_every_operation_is_described(site):
    seen = set()
    for _, path, method, operation in site.operations():
        assert operation["operationId"] not in seen, f"{method} {path}"
        seen.add(operation["operationId"])
        assert operation["summary"] and operation["tags"], f"{method} {path}"
    assert {"text_process", "text_batch", "budget_insights", "cache_invalidate", "health"} <= seen


def test_problems_say_what_support_needs(site):
    response = site.request("POST", PROCESS, json={**GOOD, "text": "short"})
    body = response.json()
    assert body["request_id"] == response.headers["X-Request-Id"]
    assert (body["status"], body["success"], body["retryable"]) == (422, False, False)
    assert body["title"] and body["type"] and body["error"]
