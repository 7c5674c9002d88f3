"""The configuration half of /internal/resilience: what holds, presets, templates, checks, and the
switch of a running pool, seen by clients and by the provider."""

import json
import re
import subprocess
import time
import urllib.parse

import pytest

from conftest import House, model_settings
from site_lib import Site
from standin import Standin

BASE = "/internal/resilience"
PROCESS = "/v1/text_processing/process"
PRESETS = {"simple": (3, 5, 60, "balanced"), "development": (2, 3, 30, "aggressive"),
           "production": (5, 10, 120, "conservative")}
TEMPLATES = {"fast_development", "robust_production", "low_latency", "high_throughput", "maximum_reliability"}
READS = ["", "/config", "/config/presets", "/config/presets/simple", "/config/presets-summary",
         "/config/recommend-preset/prod", "/config/recommend-preset-auto", "/config/templates",
         "/config/templates/low_latency", "/config/validate/security-config",
         "/config/validate/rate-limit-status"]
WRITES = [("/config/use", {"preset": "default"}), ("/config/validate", {"configuration": {"retry_attempts": 3}}),
          ("/config/validate-secure", {"configuration": {"retry_attempts": 3}}),
          ("/config/validate-template", {"template_name": "low_latency"}),
          ("/config/recommend-template", {"configuration": {}}),
          ("/config/validate/field-whitelist", {"configuration": {"retry_attempts": 3}}),
          ("/config/validate-json?json_config=%7B%7D", None)]


@pytest.fixture(scope="module")
def house(server):
    """A site that the settings steer with short waits, so that attempts can be counted."""
    custom = {"exponential_multiplier": 0.1, "exponential_min": 0.5, "exponential_max": 5,
              "jitter_enabled": False, "circuit_breaker_threshold": 20}
    with Standin() as provider:
        settings = model_settings(provider, RESILIENCE_PRESET="simple", RESILIENCE_CUSTOM_CONFIG=json.dumps(custom),
                                  QA_RESILIENCE_STRATEGY="critical", SUMMARIZE_RESILIENCE_STRATEGY="",
                                  SENTIMENT_RESILIENCE_STRATEGY="", KEY_POINTS_RESILIENCE_STRATEGY="",
                                  QUESTIONS_RESILIENCE_STRATEGY="")
        with Site(server, workers=4, settings=settings) as site:
            yield House(site, provider)


@pytest.fixture
def site(house):
    yield house.site
    assert house.site.post(f"{BASE}/config/use", {"preset": ""}).status == 200


def validate(site, configuration, path="/config/validate", **more):
    response = site.post(BASE + path, {"configuration": configuration}, **more)
    assert response.status == 200, response
    return response.json()


@pytest.mark.parametrize("path", READS)
def test_every_reading_route_answers_callers_with_a_key_only(site, path):
    assert site.get(BASE + path).status == 200
    refused = site.get(BASE + path, key=None)
    assert refused.status == 401 and refused.headers["WWW-Authenticate"]
    assert site.get(BASE + path, key="wrong-key-of-somebody").status == 401


@pytest.mark.parametrize("path, body", WRITES)
def test_every_writing_route_answers_callers_with_a_key_only(site, path, body):
    assert site.post(BASE + path, body).status == 200
    assert site.post(BASE + path, body, key=None).status == 401
    wrong = site.send("PUT", BASE + path)
    assert wrong.status == 405 and "POST" in wrong.headers["Allow"]


# What clients of the older interface ask, and the two that are ours.
ROUTES = {
    "GET": """/ /health /config /metrics /metrics/{} /dashboard /config/presets /config/presets/{}
        /config/presets-summary /config/recommend-preset/{} /config/recommend-preset-auto /config/templates
        /config/templates/{} /config/validate/security-config /config/validate/rate-limit-status /circuit-breakers
        /circuit-breakers/{} /monitoring/usage-statistics /monitoring/preset-trends/{}
        /monitoring/performance-metrics /monitoring/alerts /monitoring/session/{} /monitoring/export
        /performance/benchmark /performance/thresholds /performance/report /performance/history""",
    "POST": """/config/use /metrics/reset /config/validate-template /config/recommend-template /config/validate
        /config/validate-secure /config/validate-json /config/validate/field-whitelist /circuit-breakers/{}/reset
        /monitoring/cleanup /performance/benchmark"""}


def test_the_index_lists_every_route_below_it(site):
    listed = {(row["method"], row["path"]) for row in site.get(f"{BASE}/").json()["endpoints"]}
    documented = {(method, path) for _, path, method, _ in site.operations() if path.startswith(BASE)}
    assert listed == documented
    wanted = {(method, BASE + path.rstrip("/")) for method, paths in ROUTES.items() for path in paths.split()}
    assert len(wanted) == 38
    assert wanted <= {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in listed}


def test_says_what_holds_and_where_it_comes_from(site):
    config = site.get(f"{BASE}/config").json()
    assert config["preset_name"] == "simple" and config["preset_source"] == "settings"
    assert config["is_legacy_config"] is False
    assert config["operation_strategies"] == {"summarize": "balanced", "sentiment": "balanced",
                                              "key_points": "balanced", "questions": "balanced",
                                              "qa": "critical", "gateway": "gateway"}
    assert config["operations"]["qa"]["source"] == "setting"
    assert config["operations"]["qa"]["configuration"]["retry_config"]["max_attempts"] == 7
    assert config["operations"]["summarize"]["source"] == "preset_default"
    assert config["configuration"]["retry_config"] == {
        "max_attempts": 3, "max_delay_seconds": 60, "exponential_multiplier": 0.1, "exponential_min": 0.5,
        "exponential_max": 5, "jitter": False, "jitter_max": 0}
    assert config["configuration"]["circuit_breaker_config"] == {
        "failure_threshold": 20, "recovery_timeout": 60, "half_open_max_calls": 1}
    assert config["custom_overrides"]["jitter_enabled"] is False
    assert set(config["strategies"]) == {"aggressive", "balanced", "conservative", "critical", "gateway"}
    assert config["strategies"]["critical"]["clocks"] == {
        "connect_timeout_ms": 5000, "headers_timeout_ms": 30000, "first_token_timeout_ms": 20000,
        "gap_timeout_ms": 15000, "total_timeout_ms": 300000}


def test_presets_say_the_same_in_all_three_places(site):
    rows = {row["key"]: row for row in site.get(f"{BASE}/config/presets").json()}
    summary = site.get(f"{BASE}/config/presets-summary").json()
    assert set(rows) == set(summary) == set(PRESETS)
    for name, numbers in PRESETS.items():
        row, one = rows[name], site.get(f"{BASE}/config/presets/{name}").json()
        assert one == summary[name]
        assert row["name"] == one["name"] == name.capitalize()
        for source in (row, one["configuration"]):
            assert (source["retry_attempts"], source["circuit_breaker_threshold"], source["recovery_timeout"],
                    source["default_strategy"]) == numbers
    assert summary["production"]["configuration"]["operation_overrides"]["qa"] == "critical"
    assert summary["simple"]["configuration"]["operation_overrides"] == {}


@pytest.mark.parametrize("path, named", [("/config/presets/Simple", PRESETS), ("/config/templates/x", TEMPLATES)])
def test_a_name_that_is_not_there_is_answered_with_those_that_are(site, path, named):
    response = site.get(BASE + path)
    assert response.status == 404
    assert all(name in response.json()["detail"] for name in named)


@pytest.mark.parametrize("environment, preset, confidence", [
    ("development", "development", 0.95), ("DEV", "development", 0.9), ("testing", "development", 0.85),
    ("staging", "production", 0.9), ("stage", "production", 0.85), ("prod", "production", 0.9),
    ("live", "production", 0.85), ("preprod", "production", 0.7), ("eu-uat-2", "production", 0.7),
    ("my-sandbox", "development", 0.75), ("release-7", "production", 0.75), ("moon", "simple", 0.4),
    ("größe", "simple", 0.4)])
def test_recommends_a_preset_for_an_environment(site, environment, preset, confidence):
    answer = site.get(f"{BASE}/config/recommend-preset/{urllib.parse.quote(environment)}").json()
    assert (answer["recommended_preset"], answer["confidence"]) == (preset, confidence)
    assert answer["environment_detected"] == environment and answer["auto_detected"] is False
    assert set(answer["available_presets"]) == set(PRESETS)


def test_templates_hold_by_their_own_check(site):
    templates = site.get(f"{BASE}/config/templates").json()["templates"]
    assert set(templates) == TEMPLATES
    for name, template in templates.items():
        assert site.get(f"{BASE}/config/templates/{name}").json() == template
        assert validate(site, template["config"])["is_valid"] is True
        answer = site.post(f"{BASE}/config/validate-template", {"template_name": name}).json()
        assert answer["is_valid"] is True, answer


def test_overrides_take_the_place_of_a_templates_members(site):
    body = {"template_name": "low_latency", "overrides": {"retry_attempts": 11}}
    answer = site.post(f"{BASE}/config/validate-template", body).json()
    assert answer["is_valid"] is False and "'retry_attempts'" in answer["errors"][0]
    unknown = site.post(f"{BASE}/config/validate-template", {"template_name": "brave"})
    assert unknown.status == 404 and "high_throughput" in unknown.json()["detail"]
    wrong = site.post(f"{BASE}/config/validate-template", {"template_name": "low_latency", "overrides": []})
    assert wrong.status == 422


@pytest.mark.parametrize("configuration, template, confidence", [
    ({}, "high_throughput", 0.5), ({"retry_attempts": 6, "default_strategy": "conservative"}, "robust_production", 1),
    ({"retry_attempts": 8, "circuit_breaker_threshold": 14, "default_strategy": "critical"},
     "maximum_reliability", pytest.approx(2 / 3)),
    ({"retry_attempts": 10, "circuit_breaker_threshold": 1, "default_strategy": "balanced"}, None, 0)])
def test_suggests_the_nearest_template(site, configuration, template, confidence):
    answer = site.post(f"{BASE}/config/recommend-template", {"configuration": configuration}).json()
    assert (answer["suggested_template"], answer["confidence"]) == (template, confidence)
    assert set(answer["available_templates"]) == TEMPLATES


@pytest.mark.parametrize("configuration", [
    {"retry_attempts": 1}, {"retry_attempts": 3.0}, {"circuit_breaker_threshold": 20}, {"recovery_timeout": 10},
    {"default_strategy": "critical"}, {"operation_overrides": {"qa": "balanced", "key_points": "aggressive"}},
    {"exponential_multiplier": 0.1, "exponential_min": 0.5, "exponential_max": 120}, {"jitter_enabled": False},
    {"jitter_max": 10}, {"max_delay_seconds": 600}])
def test_takes_what_is_within_the_bounds(site, configuration):
    answer = validate(site, configuration)
    assert answer["is_valid"] is True and answer["errors"] == [], answer
    assert answer["security_info"] is None


@pytest.mark.parametrize("configuration, field", [
    ({"retry_attempts": 0}, "retry_attempts"), ({"retry_attempts": 11}, "retry_attempts"),
    ({"retry_attempts": True}, "retry_attempts"), ({"retry_attempts": 2.5}, "retry_attempts"),
    ({"retry_attempts": "3"}, "retry_attempts"), ({"recovery_timeout": 301}, "recovery_timeout"),
    ({"default_strategy": "gateway"}, "default_strategy"), ({"tries": 3}, "tries"),
    ({"operation_overrides": {"summary": "balanced"}}, "operation_overrides.summary"),
    ({"operation_overrides": {"qa": "größer"}}, "operation_overrides.qa"),
    ({"exponential_min": 10, "exponential_max": 5}, "exponential_min"), ({"jitter_max": 0}, "jitter_max"),
    ({"exponential_max": 120.5}, "exponential_max"), ({"max_delay_seconds": 4}, "max_delay_seconds")])
@pytest.mark.parametrize("path", ["/config/validate", "/config/validate/field-whitelist"])
def test_names_the_field_that_does_not_hold(site, configuration, field, path):
    answer = validate(site, configuration, path)
    assert answer["is_valid"] is False
    assert len(answer["errors"]) == 1 and answer["errors"][0].startswith(f"Field '{field}': "), answer
    assert answer["suggestions"]


def test_an_empty_configuration_is_none(site):
    assert validate(site, {})["errors"] == ["Configuration: must have at least one field"]


def test_warns_of_what_is_seldom_meant(site):
    answer = validate(site, {"retry_attempts": 8, "max_delay_seconds": 15, "circuit_breaker_threshold": 2})
    assert answer["is_valid"] is True and len(answer["warnings"]) == 3


@pytest.mark.parametrize("path", ["/config/validate", "/config/validate-secure", "/config/validate/field-whitelist",
                                  "/config/recommend-template"])
@pytest.mark.parametrize("configuration", [None, [], "text", 3])
def test_what_is_no_object_is_refused(site, path, configuration):
    response = site.post(BASE + path, {"configuration": configuration})
    assert response.status == 422 and response.json()["errors"][0]["path"] == "body.configuration"


def test_shows_what_is_allowed_of_each_field(site):
    answer = validate(site, {"retry_attempts": 3, "operation_overrides": {}, "größe": None},
                      "/config/validate/field-whitelist")
    analysis = answer["field_analysis"]
    assert analysis["retry_attempts"] == {"allowed": True, "type": "int", "constraints": {"min": 1, "max": 10},
                                          "current_value": 3, "current_type": "int"}
    assert analysis["operation_overrides"]["constraints"]["allowed_keys"] == ["summarize", "sentiment", "key_points",
                                                                             "questions", "qa"]
    assert analysis["größe"] == {"allowed": False, "current_value": None, "current_type": "null"}
    assert len(answer["allowed_fields"]) == 11


@pytest.mark.parametrize("text, good, complaint", [
    ('{"retry_attempts": 3}', True, None), ('{"retry_attempts": 3', False, "Invalid JSON"), ("3", False, "object"),
    ('{"retry_attempts": 3, "retry_attempts": 4}', False, "Invalid JSON"), ("größe", False, "Invalid JSON")])
def test_checks_json_as_text(site, text, good, complaint):
    answer = site.post(f"{BASE}/config/validate-json?json_config={urllib.parse.quote(text)}").json()
    assert answer["is_valid"] is good
    assert complaint is None or complaint in answer["errors"][0], answer


SECURE = [({"default_strategy": "<script>alert(1)</script>"}, "a tag"), ({"x": "y" * 5000}, "4096"),
          ({"default_strategy": "größer"}, "must be one of")]


@pytest.mark.parametrize("configuration, complaint", SECURE)
def test_refuses_what_is_not_safe(server, house, configuration, complaint):
    time.sleep(1.01)  # the pause that one caller has to make
    answer = validate(house.site, configuration, "/config/validate-secure?client_ip=192.0.2.1")
    assert answer["is_valid"] is False and any(complaint in error for error in answer["errors"]), answer
    info = answer["security_info"]
    assert info["max_size_bytes"] == 4096 and info["field_count"] == len(configuration)
    assert info["size_bytes"] == len(json.dumps(configuration, separators=(",", ":"), ensure_ascii=False).encode())


def test_the_limit_counts_the_caller_whatever_address_he_gives(house):
    time.sleep(1.01)
    good = {"retry_attempts": 3}
    before = house.site.get(f"{BASE}/config/validate/rate-limit-status?client_ip=192.0.2.7").json()
    assert before["client_ip"] == "192.0.2.7" and before["client_identifier"].startswith("key:")
    assert validate(house.site, good, "/config/validate-secure?client_ip=192.0.2.7")["is_valid"] is True
    now = house.site.get(f"{BASE}/config/validate/rate-limit-status?client_ip=192.0.2.8").json()
    assert now["client_identifier"] == before["client_identifier"]
    assert now["current_status"]["requests_last_hour"] >= max(before["current_status"]["requests_last_hour"], 1)
    assert now["current_status"]["cooldown_remaining"] == 1
    answer = validate(house.site, good, "/config/validate-secure?client_ip=192.0.2.8")
    assert answer["is_valid"] is False and "Rate limit exceeded" in answer["errors"][0]


def test_says_what_secure_validation_checks(site):
    answer = site.get(f"{BASE}/config/validate/security-config").json()
    assert answer["security_limits"] == {"max_config_size_bytes": 4096, "max_string_length": 200,
                                         "max_array_items": 20, "max_object_properties": 50, "max_nesting_depth": 10}
    assert answer["rate_limiting"] == {"max_validations_per_minute": 60, "max_validations_per_hour": 1000,
                                       "cooldown_seconds": 1}
    assert answer["forbidden_pattern_count"] == 15 and len(answer["validation_features"]) == 7


def attempts_of(house, text):
    house.provider.reset()
    house.provider.mode("500")
    response = house.site.post(PROCESS, {"text": text, "operation": "summarize"})
    assert response.status == 200 and response.json()["metadata"]["service_status"] == "degraded"
    return len(house.provider.calls())


def test_a_switch_changes_attempts_on_running_workers(house, site, fresh_text):
    pids = site.worker_pids()
    assert attempts_of(house, fresh_text) == 3
    answer = site.post(f"{BASE}/config/use", {"preset": "development"}).json()
    assert (answer["preset_name"], answer["preset_source"]) == ("development", "operator")
    assert attempts_of(house, fresh_text + " Again.") == 2
    # Every connection may be another worker's.
    for _ in range(20):
        config = site.get(f"{BASE}/config").json()
        assert (config["preset_name"], config["preset_source"]) == ("development", "operator")
    back = site.post(f"{BASE}/config/use", {"preset": "default"}).json()
    assert (back["preset_name"], back["preset_source"]) == ("simple", "settings")
    assert site.get(f"{BASE}/config").json()["configuration"]["retry_config"]["max_attempts"] == 3
    assert site.worker_pids() == pids


def test_a_switch_to_what_is_not_there_changes_nothing(site):
    response = site.post(f"{BASE}/config/use", {"preset": "brave"})
    assert response.status == 404 and "production" in response.json()["detail"]
    assert site.post(f"{BASE}/config/use", {}).status == 422
    assert site.get(f"{BASE}/config").json()["preset_name"] == "simple"


def test_what_was_checked_and_switched_is_kept_by_session(site, server):
    session = f"visit of {server}"
    assert validate(site, {"retry_attempts": 3}, headers={"X-Session-Id": session})["is_valid"] is True
    assert validate(site, {"retry_attempts": 0}, headers={"X-Session-Id": session})["is_valid"] is False
    site.post(f"{BASE}/config/use", {"preset": "production"}, headers={"X-Session-Id": session})
    kept = json.dumps(site.get(f"{BASE}/monitoring/session/{urllib.parse.quote(session)}").json())
    assert kept.count("validation_event") == 2 and kept.count("config_change") == 1, kept
    assert "must be at least 1" in kept and "production" in kept
    site.get(f"{BASE}/config")  # whoever answers follows the switch, and notes it
    usage = site.get(f"{BASE}/monitoring/usage-statistics").json()["statistics"]
    assert usage["preset_usage_count"]["simple"] >= 4 and usage["preset_usage_count"]["production"] >= 1
    assert usage["custom_config_usage_rate"] > 0 and usage["total_loads"] >= 4
    alerts = json.dumps(site.get(f"{BASE}/monitoring/alerts").json())
    assert "preset_changed" in alerts


def hearth(house, *words):
    place = house.site.directory
    environment = dict(house.site.environment, RUNTIME_DIRECTORY=str(place / "run"), ASAN_OPTIONS="detect_leaks=0")
    return subprocess.run([place / "bin/hearth", "resilience", *words], env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30, check=False)


def test_the_shell_and_the_routes_say_the_same(house, site):
    done = hearth(house, "use", "production")
    assert (done.returncode, done.stderr) == (0, "") and "production" in done.stdout
    config = site.get(f"{BASE}/config").json()
    assert (config["preset_name"], config["preset_source"]) == ("production", "operator")
    assert json.loads(hearth(house, "show", "--json").stdout) == config
    assert hearth(house, "use", "default").returncode == 0
    assert site.get(f"{BASE}/config").json()["preset_name"] == "simple"
    presets = json.loads(hearth(house, "presets", "--json").stdout)
    assert presets == site.get(f"{BASE}/config/presets").json()


def test_the_shell_closes_a_breaker_of_the_running_pool(server, fresh_text):
    chosen = {"circuit_breaker_threshold": 1, "retry_attempts": 1, "recovery_timeout": 300,
              "operation_overrides": {"qa": "critical"}}
    custom = json.dumps(chosen)
    with Standin() as provider:
        settings = model_settings(provider, RESILIENCE_CUSTOM_CONFIG=custom, SUMMARIZE_RESILIENCE_STRATEGY="")
        with Site(server, workers=2, settings=settings) as site:
            own = House(site, provider)
            assert site.get(f"{BASE}/config").json()["custom_overrides"] == chosen
            assert hearth(own, "breakers").returncode == 0
            assert attempts_of(own, fresh_text) == 1
            assert attempts_of(own, fresh_text) == 0
            shown = hearth(own, "breakers", "--json")
            assert shown.returncode == 1, shown
            lines = {line["name"]: line for line in map(json.loads, shown.stdout.splitlines())}
            model = lines["gpt-4o-mini"]
            assert (model["state"], model["failure_threshold"], model["opens_total"]) == ("open", 1, 1)
            assert 0 < model["retry_after_ms"] <= 300000
            done = hearth(own, "reset", "gpt-4o-mini")
            assert (done.returncode, done.stdout) == (0, "gpt-4o-mini is closed now\n")
            alerts = site.get(f"{BASE}/monitoring/alerts").json()["alerts"]
            assert [row["kind"] for row in alerts] == ["breaker_closed", "breaker_open"]
            assert "by hand" in alerts[0]["description"]
            assert hearth(own, "breakers").returncode == 0
            assert attempts_of(own, fresh_text) == 1
            hearth(own, "reset", "gpt-4o-mini")
            provider.reset()
            provider.mode("429", retry_after=250)
            assert site.post(PROCESS, {"text": fresh_text, "operation": "summarize"}).status == 200
            for word in ("rests no longer", "was closed already"):
                assert hearth(own, "reset", "gpt-4o-mini").stdout == f"gpt-4o-mini {word}\n"
            unknown = hearth(own, "reset", "nobody")
            assert unknown.returncode == 1 and "nobody" in unknown.stderr
