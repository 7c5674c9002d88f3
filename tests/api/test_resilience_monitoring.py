"""What /internal/resilience shows: whichever of the workers answers, it says the same and it is true."""

import csv
import http.server
import io
import json
import threading
import time

import pytest
from conftest import House, model_settings
from site_lib import Site
from standin import Standin

BASE = "/internal/resilience"
MODEL = "gpt-4o-mini"
METRICS = {"total_calls", "successful_calls", "failed_calls", "retry_attempts", "circuit_breaker_opens",
           "circuit_breaker_half_opens", "circuit_breaker_closes", "success_rate", "failure_rate",
           "last_failure", "last_success"}


class Receiver(http.server.ThreadingHTTPServer):
    """Takes what is posted to the webhook."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), ReceiverHandler)
        self.alerts = []
        self.url = f"http://127.0.0.1:{self.server_port}/hook?token=not-for-logs"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def wait_for(self, kind, count=1, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = [alert for alert in list(self.alerts) if alert["kind"] == kind]
            if len(found) >= count:
                return found
            time.sleep(0.05)
        raise AssertionError(f"no alert {kind}: {self.alerts}")


class ReceiverHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):  # noqa: N802
        self.server.alerts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def watched(server):
    receiver = Receiver()
    with Standin() as provider:
        settings = model_settings(provider, ALERT_WEBHOOK_URL=receiver.url)
        with Site(server, workers=3, settings=settings) as site:
            house = House(site, provider)
            house.receiver = receiver
            yield house
    receiver.shutdown()


def answers(site, path, times=9):
    """The same question often enough that every worker gets it."""
    found = []
    for _ in range(times):
        response = site.get(BASE + path)
        assert response.status == 200, response
        found.append(response.json())
    return found


def without_times(value):
    if isinstance(value, dict):
        return {key: without_times(member) for key, member in value.items() if key != "timestamp"}
    return value


def summarize(site, text):
    return site.post("/v1/text_processing/process", json={"text": text, "operation": "summarize"})


def model_of(site):
    names = list(site.get(f"{BASE}/circuit-breakers").json())
    assert names
    return names[0]


def test_health_is_open_to_everybody(watched):
    health = watched.site.get(f"{BASE}/health", key=None).json()
    assert health["healthy"] is True and health["status"] == "healthy"
    assert health["details"]["open_circuit_breakers"] == []
    assert health["details"]["total_circuit_breakers"] >= 1
    assert health["details"]["total_operations"] >= 5


@pytest.mark.parametrize("path", ["/dashboard", "/performance/thresholds"])
def test_the_dashboard_and_thresholds_need_no_key_but_take_no_wrong_one(watched, path):
    assert watched.site.get(BASE + path, key=None).status == 200
    assert watched.site.get(BASE + path).status == 200
    assert watched.site.get(BASE + path, key="wrong").status == 401


def test_the_others_need_a_key(watched):
    for path in ("/metrics", "/metrics/summarize", "/circuit-breakers", "/monitoring/alerts",
                 "/monitoring/usage-statistics", "/monitoring/preset-trends/simple",
                 "/monitoring/performance-metrics", "/monitoring/session/x", "/monitoring/export",
                 "/performance/benchmark", "/performance/report", "/performance/history"):
        assert watched.site.get(BASE + path, key=None).status == 401, path
    for path in ("/metrics/reset", "/circuit-breakers/x/reset", "/monitoring/cleanup",
                 "/performance/benchmark"):
        assert watched.site.post(BASE + path, key=None).status == 401, path


def test_figures_add_up_whichever_worker_answers(watched, fresh_text):
    site = watched.site
    assert site.post(f"{BASE}/metrics/reset").status == 200
    for number in range(6):
        assert summarize(site, f"{fresh_text} Number {number}.").status == 200
    assert summarize(site, f"{fresh_text} Number 0.").status == 200
    found = answers(site, "/metrics/summarize")
    assert answers(site, "/metrics/summarize_text") == found  # as older clients know it
    assert all(item == found[0] for item in found)
    metrics = found[0]["metrics"]
    assert set(metrics) == METRICS
    assert metrics["total_calls"] == 6
    assert metrics["successful_calls"] == 6
    assert metrics["failed_calls"] == 0
    assert metrics["success_rate"] == 100.0
    everything = [without_times(item) for item in answers(site, "/metrics")]
    assert all(item == everything[0] for item in everything)
    assert everything[0]["operations"]["summarize"]["total_calls"] == 6
    breaker = everything[0]["circuit_breakers"][model_of(site)]
    assert breaker["state"] == "closed"
    assert breaker["metrics"]["successful_calls"] == 6


def test_resetting_one_operation_leaves_the_others(watched, fresh_text):
    site = watched.site
    assert summarize(site, fresh_text).status == 200
    body = {"text": fresh_text, "operation": "sentiment"}
    assert site.post("/v1/text_processing/process", json=body).status == 200
    before = site.get(f"{BASE}/metrics").json()["operations"]
    assert site.post(f"{BASE}/metrics/reset?operation_name=summarize").status == 200
    for item in answers(site, "/metrics"):
        assert item["operations"]["summarize"]["total_calls"] == 0
        assert item["operations"]["summarize"]["last_success"] is None
        assert item["operations"]["sentiment"] == before["sentiment"]


def test_unknown_names_are_404_and_name_the_known(watched):
    site = watched.site
    for answer, known in ((site.get(f"{BASE}/metrics/nothing"), "summarize"),
                          (site.post(f"{BASE}/metrics/reset?operation_name=nothing"), "summarize"),
                          (site.get(f"{BASE}/circuit-breakers/nothing"), model_of(site)),
                          (site.post(f"{BASE}/circuit-breakers/nothing/reset"), model_of(site)),
                          (site.get(f"{BASE}/monitoring/preset-trends/nothing"), "production")):
        assert answer.status == 404, answer
        assert known in answer.json()["detail"]
    assert "nothing" not in site.get(f"{BASE}/metrics").json()["operations"]


def test_a_model_that_only_limits_has_neither_succeeded_nor_failed(server, fresh_text):
    with Standin() as provider:
        with Site(server, workers=2, settings=model_settings(provider)) as site:
            provider.mode("429", retry_after=600)
            assert summarize(site, fresh_text).status == 200  # by the local way
            assert provider.calls()
            figures = site.get(f"{BASE}/circuit-breakers/{model_of(site)}").json()["metrics"]
            assert figures["successful_calls"] == figures["failed_calls"] == figures["total_calls"] == 0
            assert figures["last_success"] is None


def test_a_broken_model_opens_its_breaker_raises_alerts_and_is_closed_by_hand(server, fresh_text):
    receiver = Receiver()
    with Standin() as provider:
        settings = model_settings(provider, ALERT_WEBHOOK_URL=receiver.url)
        with Site(server, workers=3, settings=settings) as site:
            model = model_of(site)
            provider.reset()
            provider.mode("503")
            for number in range(6):
                summarize(site, f"{fresh_text} Number {number}.")
            for item in answers(site, f"/circuit-breakers/{model}"):
                assert item["name"] == model
                assert item["state"] == "open"
                assert item["failure_count"] >= item["failure_threshold"] > 0
                assert item["retry_after_ms"] > 0
                assert item["last_failure_time"]
            health = site.get(f"{BASE}/health", key=None).json()
            assert health["status"] == "degraded"
            assert health["details"]["open_circuit_breakers"] == [model]
            for dashboard in answers(site, "/dashboard", 3):
                assert any(model in text for text in dashboard["alerts"])
                assert dashboard["health"]["open_circuit_breakers"] == 1
            opened = receiver.wait_for("breaker_open")
            assert opened[0]["subject"] == model and opened[0]["level"] == "error"
            figures = site.get(f"{BASE}/metrics/summarize").json()["metrics"]
            assert figures["failed_calls"] == figures["total_calls"] == 6
            assert figures["retry_attempts"] >= 1 and figures["circuit_breaker_opens"] == 1
            everything = site.get(f"{BASE}/metrics").json()
            assert everything["circuit_breakers"][model]["metrics"]["circuit_breaker_opens"] == 1
            assert {name for name, operation in everything["operations"].items()
                    if operation["circuit_breaker_opens"]} == {"summarize"}
            assert figures["failure_rate"] == 100.0
            assert figures["last_failure"] and figures["last_success"] is None
            reset = site.post(f"{BASE}/circuit-breakers/{model}/reset", headers={"X-Session-Id": "by hand"})
            row, = site.get(f"{BASE}/monitoring/session/by%20hand").json()["metrics"]
            assert (row["metric_type"], row["operation"]) == ("config_change", "reset")
            assert reset.json()["new_state"] == "closed"
            assert all(item["state"] == "closed"
                       for item in answers(site, f"/circuit-breakers/{model}"))
            closed = receiver.wait_for("breaker_closed")
            alerts = site.get(f"{BASE}/monitoring/alerts").json()
            rows = [row for row in alerts["alerts"] if row["kind"] == "breaker_closed"]
            assert len(rows) == len(closed) == 1
            assert alerts["summary"]["alert_counts"]["error"] == len(receiver.wait_for("breaker_open"))
            errors = site.get(f"{BASE}/monitoring/alerts?level=ERROR&max_alerts=1").json()
            assert [row["kind"] for row in errors["alerts"]] == ["breaker_open"]
            assert errors["alerts"][0]["threshold_value"] == errors["alerts"][0]["actual_value"] == 3
            assert rows[0]["threshold_value"] is None and rows[0]["actual_value"] is None
            assert rows[0]["metadata"]["subject"] == closed[0]["subject"] == model
            assert set(closed[0]) == {"time", "level", "kind", "subject", "message", "host"}
            assert "not-for-logs" not in site.log()
            assert 'kind="breaker_closed"' in site.get("/internal/metrics").text
    receiver.shutdown()


def test_providers_and_strategies_are_shown_without_secrets(watched, fresh_text):
    site = watched.site
    assert summarize(site, fresh_text).status == 200
    answer = site.get(f"{BASE}/providers")
    shown = answer.json()
    model = shown["models"][shown["default_model"]]
    assert model["state"] == "closed" and model["attempts"]["ok"] >= 1
    provider = {item["name"]: item for item in shown["providers"]}[model["provider"]]
    assert provider["kind"] == "openai" and shown["default_model"] in provider["models"]
    assert provider["origin"] == watched.provider.url
    assert shown["models"]["local"]["state"] is None
    strategies = site.get(f"{BASE}/config/strategies").json()
    assert set(strategies["strategies"]) >= {"aggressive", "balanced", "conservative", "critical"}
    assert strategies["operations"]["summarize"]["strategy"] == "aggressive"
    assert strategies["operations"]["summarize"]["source"] == "setting"


def test_the_index_lists_all_of_them(watched):
    paths = {(item["method"], item["path"])
             for item in watched.site.get(f"{BASE}/").json()["endpoints"]}
    assert len([path for _, path in paths if path != BASE]) >= 38
    assert ("POST", f"{BASE}/monitoring/cleanup") in paths


def test_too_many_errors_raise_one_alert(server):
    receiver = Receiver()
    with Standin() as provider:
        settings = model_settings(provider, ALERT_WEBHOOK_URL=receiver.url, ALERT_ERROR_RATE="50")
        with Site(server, workers=3, settings=settings) as site:
            provider.mode("503")
            body = {"model": model_of(site), "messages": [{"role": "user", "content": "Hello?"}]}
            for _ in range(30):
                assert site.post("/v1/chat/completions", json=body).status >= 500
            alerts = receiver.wait_for("error_rate")
            assert len(alerts) == 1 and alerts[0]["level"] == "error"
            row, = [row for row in site.get(f"{BASE}/monitoring/alerts").json()["alerts"]
                    if row["kind"] == "error_rate"]
            assert row["threshold_value"] == 50 < row["actual_value"] <= 100
            last_minute = site.get(f"{BASE}/dashboard").json()["last_minute"]
            assert last_minute["errors"] == 30 and last_minute["answers"] >= 31
    receiver.shutdown()


def test_usage_tells_of_every_worker_that_started(watched):
    usage = watched.site.get(f"{BASE}/monitoring/usage-statistics").json()
    assert usage["time_window_hours"] == 24
    statistics = usage["statistics"]
    assert statistics["total_loads"] >= 3
    assert statistics["preset_usage_count"]["simple"] >= 3
    assert statistics["most_used_preset"] == "simple"
    assert statistics["error_rate"] == 0
    assert 0 <= statistics["avg_load_time_ms"] < 100
    assert usage["summary"] == {"healthy": True, "performance_good": True, "preset_adoption": 1.0}


def test_trends_have_a_point_for_each_hour_asked_for(watched):
    trend = watched.site.get(f"{BASE}/monitoring/preset-trends/simple?hours=48").json()
    assert trend["preset_name"] == "simple" and trend["time_window_hours"] == 48
    assert len(trend["trend_data"]) == 48
    counts = [point["usage_count"] for point in trend["trend_data"]]
    assert trend["summary"]["total_usage"] == sum(counts) >= 3
    assert trend["summary"]["peak_usage"] == max(counts)
    assert trend["summary"]["avg_hourly_usage"] == pytest.approx(sum(counts) / 48)
    times = [point["timestamp"] for point in trend["trend_data"]]
    assert times == sorted(times)


def test_load_times_are_those_of_the_loads(watched):
    answer = watched.site.get(f"{BASE}/monitoring/performance-metrics").json()
    metrics = answer["performance_metrics"]
    assert metrics["total_samples"] >= 3
    assert 0 <= metrics["min_load_time_ms"] <= metrics["avg_load_time_ms"] <= metrics["max_load_time_ms"]
    assert metrics["preset_performance"]["simple"]["sample_count"] == metrics["total_samples"]
    assert all(answer["health_check"].values())


def test_parameters_are_obeyed_and_refused_by_name(watched):
    for path, field in (("/monitoring/usage-statistics?time_window_hours=0", "time_window_hours"),
                        ("/monitoring/preset-trends/simple?hours=x", "hours"),
                        ("/monitoring/alerts?max_alerts=0", "max_alerts"),
                        ("/monitoring/alerts?level=loud", "level"),
                        ("/performance/benchmark?iterations=0", "iterations"),
                        ("/performance/history?limit=0", "limit")):
        answer = watched.site.get(BASE + path)
        assert answer.status == 422, path
        assert answer.json()["errors"][0]["path"] == f"query.{field}"
    for path in ("/monitoring/export?format=xml", "/performance/report?format=pdf"):
        answer = watched.site.get(BASE + path)
        assert answer.status == 400 and "format" in answer.json()["detail"]


def test_a_session_is_one_worker(watched):
    site = watched.site
    pid = site.worker_pids()[0]
    session = site.get(f"{BASE}/monitoring/session/process-{pid}").json()
    assert session["session_id"] == f"process-{pid}"
    assert session["summary"]["total_operations"] == len(session["metrics"]) >= 2
    assert session["summary"]["preset_usage"] == {"simple": 1}
    assert {row["metric_type"] for row in session["metrics"]} >= {"preset_usage", "config_load"}
    empty = site.get(f"{BASE}/monitoring/session/nobody").json()
    assert empty["metrics"] == [] and empty["summary"]["total_operations"] == 0


def test_history_is_exported_as_json_and_csv(watched):
    site = watched.site
    exported = site.get(f"{BASE}/monitoring/export?time_window_hours=1").json()
    assert exported["format"] == "json" and exported["time_window_hours"] == 1
    rows = json.loads(exported["data"])
    assert len(rows) >= 6
    as_csv = site.get(f"{BASE}/monitoring/export?format=CSV").json()
    assert as_csv["time_window_hours"] is None
    table = list(csv.DictReader(io.StringIO(as_csv["data"])))
    assert len(table) >= len(rows)
    assert table[0]["metric_type"] and table[-1]["preset_name"]


def test_a_row_of_the_history_names_only_presets_and_sessions_as_such(watched):
    site = watched.site
    model = model_of(site)
    session = {"X-Session-Id": "rows"}
    site.post(f"{BASE}/circuit-breakers/{model}/reset", headers=session)
    site.post(f"{BASE}/config/validate", json={"configuration": {"retry_attempts": 3}}, headers=session)
    site.post(f"{BASE}/performance/benchmark", json={"iterations": 1, "operations": ["preset_loading"]})
    site.post(f"{BASE}/config/use", json={"preset": "development"}, headers=session)
    site.post(f"{BASE}/config/use", json={"preset": "default"}, headers=session)
    rows = json.loads(site.get(f"{BASE}/monitoring/export").json()["data"])
    by_subject = {}
    for row in rows:
        named = (row["operation"], row["preset_name"], row["session_id"], row["metadata"]["kind"])
        by_subject.setdefault(row["metadata"]["subject"], set()).add(named)
    assert ("reset", None, "rows", None) in by_subject[model]
    assert ("validate", None, "rows", None) in by_subject["validate"]
    assert by_subject["preset_loading"] == {("benchmark", None, None, None)}
    assert ("change", "development", "rows", None) in by_subject["development"]
    assert ("alert", None, None, "preset_changed") in by_subject["development"]
    table = csv.DictReader(io.StringIO(site.get(f"{BASE}/monitoring/export?format=csv").json()["data"]))
    for line, row in zip(table, rows, strict=True):
        shown = (row["preset_name"], row["session_id"], row["metadata"]["subject"], row["metadata"]["kind"])
        assert (line["preset_name"], line["session_id"], line["subject"], line["kind"]) == tuple(
            text or "" for text in shown)


def test_benchmarks_measure_and_keep_their_bounds(watched):
    site = watched.site
    run = site.get(f"{BASE}/performance/benchmark?iterations=20&include_slow=true").json()
    results = {item["operation"]: item for item in run["benchmark_suite"]["results"]}
    assert set(results) == {"preset_loading", "settings_initialization", "resilience_config_loading",
                            "service_initialization", "custom_config_loading",
                            "validation_performance", "breaker_decision"}
    for name, item in results.items():
        print(f"{name:28} {item['metadata']['avg_duration_us']:12.2f} us")
        assert item["iterations"] == 20 and item["success_rate"] == 1.0, name
        assert 0 < item["min_duration_ms"] <= item["avg_duration_ms"] <= item["max_duration_ms"]
        assert item["avg_duration_ms"] < item["metadata"]["threshold_ms"], name
    assert run["summary"]["total_benchmarks"] == 7
    assert run["summary"]["performance_target_met"] is True
    usual = site.get(f"{BASE}/performance/benchmark").json()["benchmark_suite"]["results"]
    assert {item["operation"]: item["iterations"] for item in usual}["preset_loading"] == 100
    assert "service_initialization" not in {item["operation"] for item in usual}


def test_benchmarks_are_chosen_by_name(watched):
    site = watched.site
    body = {"iterations": 5, "operations": ["breaker_decision", "preset_loading"]}
    answer = site.post(f"{BASE}/performance/benchmark", json=body).json()
    assert [item["operation"] for item in answer["results"]] == body["operations"]
    assert answer["summary"]["total_benchmarks"] == 2
    assert answer["summary"]["performance_target_met"] is True
    wrong = site.post(f"{BASE}/performance/benchmark", json={"operations": ["nothing"]})
    assert wrong.status == 400 and "preset_loading" in wrong.json()["detail"]
    assert len(site.post(f"{BASE}/performance/benchmark", json={}).json()["results"]) == 6


def test_results_are_remembered_by_all_workers(watched):
    site = watched.site
    body = {"iterations": 3, "operations": ["preset_loading"]}
    assert site.post(f"{BASE}/performance/benchmark", json=body).status == 200
    found = answers(site, "/performance/history?limit=2")
    assert all(item == found[0] for item in found)
    assert len(found[0]["history"]) == 2
    assert found[0]["history"][0]["operation"] == "preset_loading"
    assert found[0]["history"][0]["detail"].startswith("3 rounds")
    trend = {item["operation"]: item for item in found[0]["trends"]}["preset_loading"]
    assert trend["best_avg_ms"] <= trend["last_avg_ms"] <= trend["worst_avg_ms"]


def test_the_report_comes_as_json_and_as_text(watched):
    site = watched.site
    report = site.get(f"{BASE}/performance/report").json()
    assert report["format"] == "json" and report["analysis"]["performance_summary"]["target_met"]
    text = site.get(f"{BASE}/performance/report?format=text").json()
    assert "preset_loading" in text["report"] and "average us" in text["report"]
    assert "suite" not in text
    thresholds = site.get(f"{BASE}/performance/thresholds").json()["thresholds"]
    assert thresholds == {"config_loading_ms": 100, "preset_access_ms": 10, "validation_ms": 50,
                          "service_initialization_ms": 200, "breaker_decision_ms": 1}


def test_cleaning_removes_for_all_workers(watched):
    site = watched.site
    kept = site.post(f"{BASE}/monitoring/cleanup?hours=24").json()
    assert kept["cleanup_threshold_hours"] == 24
    assert kept["metrics_removed"] == 0 and kept["metrics_remaining"] >= 6
    gone = site.post(f"{BASE}/monitoring/cleanup?hours=0").json()
    assert gone["metrics_removed"] >= 6 and gone["metrics_remaining"] == 0
    for item in answers(site, "/monitoring/export", 5):
        assert json.loads(item["data"]) == []
    usage = site.get(f"{BASE}/monitoring/usage-statistics").json()
    assert usage["statistics"]["total_loads"] == 0
    assert usage["statistics"]["most_used_preset"] == "none"
    times = site.get(f"{BASE}/monitoring/performance-metrics")
    assert times.status == 200 and times.json()["performance_metrics"]["total_samples"] == 0
