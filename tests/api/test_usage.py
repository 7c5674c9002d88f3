"""What calls cost, who may spend how much, and who sees it."""

import csv
import datetime
import io
import time

import pytest

from site_lib import Site
from standin import Standin

INPUT, OUTPUT, CACHED = 3_000_000, 15_000_000, 300_000      # micro-units for a million tokens
CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"
TEXT = "Saving money every month is wise because prices rise. People who plan ahead spend less and worry less."


def provider_of(kind, provider):
    version = "v1beta" if kind == "gemini" else "v1"
    more = "responses = yes\n" if kind == "openai" else ""
    return f'[provider "{kind}"]\nkind = {kind}\nbase_url = {provider.url}/{version}\nkey = sk-test-0123456789\n{more}'


def model_of(name, kind):
    return f'[model "{name}"]\nprovider = {kind}\nprice_input = 3\nprice_output = 15\nprice_cached_input = 0.3\n'


@pytest.fixture(scope="module")
def provider():
    with Standin() as standin:
        yield standin


@pytest.fixture(scope="module")
def site(provider, server):
    file = "AI_MODEL = gpt\n" + "".join(provider_of(kind, provider) for kind in ("openai", "anthropic", "gemini"))
    file += model_of("gpt", "openai") + model_of("claude", "anthropic") + model_of("gem", "gemini")
    with Site(server, workers=2, file=file, database=True) as running:
        yield running


@pytest.fixture(autouse=True)
def behave(provider):
    provider.reset()


def wait_for_ledger(site):
    """Calls without a budget are told to the database after their answers."""
    until = time.monotonic() + 20
    while list((site.directory / "spool").glob("*.json")):
        assert time.monotonic() < until, "nobody tells the database"
        time.sleep(0.05)


class Key:
    """An API key of the database, with what its calls left there."""

    def __init__(self, site, **more):
        wish = dict({"name": "test", "scopes": ["gateway", "text"]}, **more)
        made = site.post("/internal/keys", json=wish)
        assert made.status in (200, 201), made
        self.site, self.text = site, made.json()["key"]
        self.id = made.json()["details"]["id"]
        self.owner = f"key:{self.id}"

    def chat(self, content="How do I save money?", model="gpt", path=CHAT, **more):
        body = {"model": model, "messages": [{"role": "user", "content": content}], "max_tokens": 20}
        if path == RESPONSES:
            body = {"model": model, "input": content, "max_output_tokens": 20}
        headers = more.pop("headers", None)
        return self.site.post(path, json=dict(body, **more), key=self.text, headers=headers)

    def rows(self):
        names = ("cost_micros", "input", "output", "source", "outcome", "calls", "raw", "model")
        wait_for_ledger(self.site)
        lines = self.site.sql(f"""SELECT cost_micros, input, output, source::text, coalesce(outcome, ''), calls,
            coalesce(raw, ''), model FROM hearth.usage WHERE key_id = '{self.id}' ORDER BY at""")
        return [dict(zip(names, line)) for line in lines]

    def budget(self, unit="money", period="day", limit=0):
        answer = self.site.request("PUT", "/internal/budgets",
                                   json={"owner": self.owner, "unit": unit, "period": period, "limit": limit})
        assert answer.status == 200, answer
        return next(item for item in answer.json()["budgets"] if (item["unit"], item["period"]) == (unit, period))


@pytest.fixture
def key(site):
    return Key(site)


def wait_for_budget(key):
    """A key that was known already learns within a second that it has a budget."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        answer = key.chat(f"Budget yet {time.monotonic()}?")
        if answer.headers.get("X-Budget-Remaining") or answer.status != 200:
            return answer
        time.sleep(0.1)
    raise AssertionError("the budget was not noticed")


def cost_of(input_tokens, output_tokens, cached=0):
    sums = (input_tokens - cached) * INPUT + cached * CACHED + output_tokens * OUTPUT
    return -(-sums // 1_000_000)


@pytest.mark.parametrize("model,path", [("gpt", CHAT), ("claude", MESSAGES), ("gem", CHAT), ("gpt", RESPONSES)])
@pytest.mark.parametrize("stream", [False, True])
def test_a_call_costs_what_its_provider_reported(key, model, path, stream):
    answer = key.chat(model=model, path=path, stream=stream)
    assert answer.status == 200
    (row,) = key.rows()
    assert (row["source"], row["outcome"], row["calls"], row["model"]) == ("p", "", "1", model)
    assert int(row["cost_micros"]) == cost_of(int(row["input"]), int(row["output"])) > 0
    assert row["raw"].startswith("{") and str(row["output"]) in row["raw"]
    if stream:
        assert "X-Cost-Micros" not in answer.headers
    else:
        assert answer.headers["X-Cost-Micros"] == row["cost_micros"]


def test_answers_from_the_cache_cost_nothing_and_make_no_row(key):
    question = {"content": "What is thrift?", "temperature": 0}
    assert key.chat(**question).headers["X-Cost-Micros"] != "0"
    again = key.chat(**question)
    assert (again.headers["X-Cache"], again.headers["X-Cost-Micros"]) == ("hit", "0")
    assert len(key.rows()) == 1


@pytest.mark.parametrize("model,path", [("gpt", CHAT), ("claude", MESSAGES), ("gem", CHAT)])
def test_a_stream_that_is_cut_costs_what_was_made(key, provider, model, path):
    provider.mode("cut", tokens=12, after=4)
    answer = key.chat(model=model, path=path, stream=True)
    assert "[DONE]" not in answer.text and "message_stop" not in answer.text
    (row,) = key.rows()
    assert row["outcome"] == "upstream_incomplete"
    assert row["calls"] == "1"
    assert 1 <= int(row["output"]) <= 12
    assert int(row["input"]) >= 1
    assert int(row["cost_micros"]) == cost_of(int(row["input"]), int(row["output"]))
    # Gemini says with each event what it made so far; the others say it at the end.
    assert row["source"] == ("p" if model == "gem" else "e")
    if model == "claude":
        assert int(row["input"]) == int(provider.calls()[0]["billed"]["input_tokens"])


def test_what_failed_and_reported_nothing_is_free_but_seen(key, provider):
    provider.mode("400")
    assert key.chat().status == 400
    (row,) = key.rows()
    assert (row["cost_micros"], row["source"], row["calls"], row["outcome"]) == ("0", "n", "0", "invalid_request")


def test_an_operation_costs_what_its_attempts_did(key, provider):
    answer = key.site.post("/v1/text_processing/process", json={"text": TEXT, "operation": "sentiment"}, key=key.text)
    assert answer.status == 200
    (row,) = key.rows()
    attempts = [call["billed"] for call in provider.calls()]
    assert int(row["input"]) == sum(usage["prompt_tokens"] for usage in attempts)
    assert answer.headers["X-Cost-Micros"] == row["cost_micros"]


@pytest.mark.parametrize("path,status,kind", [(CHAT, 429, "insufficient_quota"), (MESSAGES, 402, "billing_error"),
                                              (RESPONSES, 429, "insufficient_quota")])
def test_a_spent_budget_is_told_as_each_surface_does(key, path, status, kind):
    key.budget("calls", "day", 0)
    answer = key.chat(path=path, model="claude" if path == MESSAGES else "gpt")
    assert answer.status == status
    assert answer.json()["error"]["type"] == kind
    assert "calls" in answer.json()["error"]["message"] and "renewed at" in answer.json()["error"]["message"]
    assert answer.headers["X-Should-Retry"] == "false"
    now = datetime.datetime.now(datetime.timezone.utc)
    midnight = (now + datetime.timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert abs(int(answer.headers["Retry-After"]) - (midnight - now).total_seconds()) < 30
    assert key.rows() == []


def test_a_spent_budget_refuses_operations_too_without_a_local_answer(key):
    key.budget("money", "total", 1)
    answer = key.site.post("/v1/text_processing/process", json={"text": TEXT, "operation": "summarize"}, key=key.text)
    assert answer.status == 402
    assert answer.json()["code"] == "budget_exhausted"
    assert "Retry-After" not in answer.headers
    assert answer.headers["X-Should-Retry"] == "false"
    assert key.rows() == []


def test_a_budget_set_while_a_key_is_in_use_holds_within_a_second(key):
    assert key.chat().status == 200
    key.budget("calls", "month", 1000)
    wait_for_budget(key)
    wait_for_ledger(key.site)
    # What was called before the key's workers knew counts as well; a new limit holds at once.
    spent = key.budget("calls", "month", 1000)["spent"]
    assert spent == len(key.rows()) - 1
    assert key.budget("calls", "month", spent + 2)["spent"] == spent
    assert [key.chat(f"Number {number}").status for number in range(3)] == [200, 200, 429]


def test_money_is_held_before_and_counted_after(key, site):
    key.budget("money", "day", 1_000_000)
    answer = key.chat()
    remaining = int(answer.headers["X-Budget-Remaining"].split(";")[0])
    assert remaining == 1_000_000 - int(answer.headers["X-Cost-Micros"])
    (item,) = site.get(f"/internal/budgets?owner={key.owner}").json()["budgets"]
    assert (item["spent"], item["reserved"], item["remaining"]) == (1_000_000 - remaining, 0, remaining)


def test_an_answer_that_may_cost_more_than_is_left_is_not_asked_for(key, provider):
    key.budget("money", "day", 200)
    assert key.chat(max_tokens=1000).status == 429
    assert provider.calls() == []
    assert key.chat(max_tokens=2).status == 200


def test_budgets_of_an_owner_are_listed_changed_and_cleared_with_a_line_in_the_audit_trail(key, site):
    key.budget("calls", "day", 10)
    assert key.budget("calls", "day", 20)["limit"] == 20
    key.budget("tokens", "total", 5)
    cleared = site.request("DELETE", f"/internal/budgets?owner={key.owner}&unit=calls&period=day")
    assert [item["unit"] for item in cleared.json()["budgets"]] == ["tokens"]
    gone = site.request("DELETE", f"/internal/budgets?owner={key.owner}&unit=calls&period=day")
    assert (gone.status, gone.json()["code"]) == (404, "not_found")
    lines = site.sql(f"SELECT detail FROM hearth.audit WHERE event = 'budget_changed' AND subject = '{key.owner}' ORDER BY at")
    assert [line[0] for line in lines] == ["calls, day: 10", "calls, day: 20", "tokens, total: 5", "calls, day: cleared"]


@pytest.mark.parametrize("wish", [{"owner": "someone"}, {"unit": "beans"}, {"period": "week"}, {"limit": -1},
                                  {"owner": "key:' OR 1=1 --"}, {"limit": 10 ** 16}])
def test_odd_budgets_are_refused_by_name(key, site, wish):
    whole = dict({"owner": key.owner, "unit": "money", "period": "day", "limit": 1}, **wish)
    answer = site.request("PUT", "/internal/budgets", json=whole)
    assert answer.status == 422
    assert answer.json()["errors"][0]["path"] == next(iter(wish))


def test_budgets_and_the_usage_of_others_are_for_administrators(key, site):
    assert site.get("/internal/usage", key=key.text).status == 403
    assert site.get("/internal/budgets", key=key.text).status == 403
    wish = {"owner": key.owner, "unit": "money", "period": "day", "limit": 1}
    assert site.request("PUT", "/internal/budgets", json=wish, key=key.text).status == 403


def test_usage_shows_ones_own_calls_only(key, site):
    other = Key(site)
    other.chat()
    for number in range(2):
        key.chat(f"Number {number}")
    key.chat(model="claude", path=MESSAGES)
    wait_for_ledger(site)
    report = site.get("/v1/usage", key=key.text).json()
    assert [(row["model"], row["operation"], row["calls"]) for row in report["rows"]] == \
        [("claude", "gateway_messages", 1), ("gpt", "gateway_chat", 2)]
    assert report["total"]["calls"] == 3
    assert report["total"]["cost_micros"] == sum(int(row["cost_micros"]) for row in key.rows())
    assert site.get("/v1/usage?by=model&model=gpt", key=key.text).json()["rows"][0]["calls"] == 2
    assert site.get("/v1/usage?by=", key=key.text).json()["rows"][0]["calls"] == 3
    assert site.get("/v1/usage?from=2020-01-01&to=2020-12-31", key=key.text).json()["rows"] == []


def test_administrators_see_the_usage_of_all_by_caller(key, site):
    key.chat()
    wait_for_ledger(site)
    rows = site.get(f"/internal/usage?caller={key.owner}").json()["rows"]
    assert [(row["caller"], row["calls"]) for row in rows] == [(key.owner, 1)]
    callers = {row["caller"] for row in site.get("/internal/usage?by=caller").json()["rows"]}
    assert key.owner in callers


@pytest.mark.parametrize("query", ["from=yesterday", "to=2026-02-30", "by=caller", "by=day,,model", "format=xml",
                                   "from=2026-02-02&to=2026-01-01"])
def test_odd_questions_for_usage_are_refused_by_name(key, site, query):
    answer = site.get(f"/v1/usage?{query}", key=key.text)
    assert answer.status == 422
    assert answer.json()["errors"][0]["path"] == "query." + query.split("=")[0]


def test_a_call_without_a_budget_is_in_its_report_soon_after_its_answer_and_once(key, site):
    key.chat()
    answered = time.monotonic()
    while site.get("/v1/usage", key=key.text).json()["total"]["calls"] == 0:
        assert time.monotonic() < answered + 20
        time.sleep(0.1)
    assert site.get("/v1/usage", key=key.text).json()["total"]["calls"] == 1


def test_usage_is_a_table_where_that_is_wanted(key, site):
    key.chat()
    wait_for_ledger(site)
    for answer in (site.get("/v1/usage?format=csv", key=key.text),
                   site.get("/v1/usage", key=key.text, headers={"Accept": "text/csv"})):
        assert answer.headers["Content-Type"].startswith("text/csv")
        assert "attachment" in answer.headers["Content-Disposition"]
        (row,) = csv.DictReader(io.StringIO(answer.text))
        assert (row["model"], row["calls"]) == ("gpt", "1")


def test_a_long_table_comes_in_pages_and_whole(site):
    site.sql("""INSERT INTO hearth.usage_day (day, caller, model, operation, calls)
                SELECT '2025-01-01'::date + n / 100, 'key:long', 'm' || n % 100, 'o', 1 FROM generate_series(0, 4999) AS n""")
    answer = site.get("/internal/usage?from=2025-01-01&to=2025-12-31&format=csv&caller=key:long")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == len({(row["day"], row["model"]) for row in rows}) == 5000
    report = site.get("/internal/usage?from=2025-01-01&to=2025-12-31&caller=key:long").json()
    assert (len(report["rows"]), report["has_more"]) == (1000, True)


def test_the_application_can_change_the_ledger_by_its_functions_only(site):
    """Its role owns nothing and writes no row of it."""
    for statement in ("UPDATE hearth.usage SET cost_micros = 0", "DELETE FROM hearth.usage",
                      "UPDATE hearth.budget SET spent = 0", "INSERT INTO hearth.budget (owner, unit, period, most) "
                      "VALUES ('key:0123456789ab', 'money', 'day', 1)", "DELETE FROM hearth.reservation",
                      "SELECT hearth.reservation_expire(gen_random_uuid(), now())"):
        with pytest.raises(AssertionError, match="permission denied"):
            site.sql(statement, role="hearth")
