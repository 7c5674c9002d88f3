"""The ledger says what the provider's log says, to the millionth: under kill -9, while the database is away, and when
both happen. What a killed worker could not say any more is a lost call that is charged what was reported of it, and names
the worst that it may have cost."""

import collections
import concurrent.futures
import json
import os
import pathlib
import random
import signal
import sys
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from client import Call  # noqa: E402
from houses import provider_section, section  # noqa: E402
from site_lib import Cluster, Site  # noqa: E402
from standin import Standin  # noqa: E402
from until import until  # noqa: E402

INPUT, OUTPUT = 1_370_000, 2_930_000    # micro-units for a million tokens
MILLION = 1_000_000
TTL_S = 3
CLIENTS = 12
KILLING_S = 12
OWNER_SQL = "SELECT DISTINCT tenant FROM hearth.usage WHERE tenant LIKE 'key:%'"
ROWS_SQL = """SELECT id, cost_micros, input, output, source::text, coalesce(outcome, ''), coalesce(raw, ''), calls
              FROM hearth.usage"""
Row = collections.namedtuple("Row", "id cost input output source outcome raw calls")


@pytest.fixture(scope="module")
def provider():
    with Standin() as standin:
        yield standin


@pytest.fixture(scope="module")
def cluster():
    own = Cluster()
    yield own
    own.remove()


@pytest.fixture
def site(provider, cluster):
    provider.reset()
    file = "AI_MODEL = paid\n" + provider_section("openai", provider) + \
        section("model", "paid", provider="openai", price_input=INPUT / MILLION, price_output=OUTPUT / MILLION)
    settings = {"RESERVATION_TTL": str(TTL_S), "DATABASE_TIMEOUT": "1000"}
    with Site(workers=3, settings=settings, file=file, database=cluster) as running:
        yield running


def ask(site, number, stream):
    """One call; its status, or None where the connection broke."""
    body = {"model": "paid", "stream": stream, "max_tokens": 12,
            "messages": [{"role": "user", "content": f"Call {number}: " + "word " * random.randrange(1, 40)}]}
    headers = {"Authorization": f"Bearer {site.key}", "Content-Type": "application/json"}
    try:
        return site.send("POST", "/v1/chat/completions", json.dumps(body).encode(), headers, timeout=20).status
    except OSError:
        return None
    except Exception:  # http.client's own: the stream broke off
        return None


class Load:
    """Clients that call without a pause, half of them for streams."""

    def __init__(self, site):
        self.site, self.ended = site, threading.Event()
        self.statuses = collections.Counter()
        self.threads = [threading.Thread(target=self.run, args=(index,)) for index in range(CLIENTS)]

    def run(self, index):
        number = 0
        while not self.ended.is_set():
            number += 1
            self.statuses[ask(self.site, f"{index}-{number}", index % 2 == 0)] += 1

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()


def kill_some(site, seconds):
    killed, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.4)
        pids = site.worker_pids()
        if pids:
            try:
                os.kill(random.choice(pids), signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                pass
    return killed


def owner_of(site):
    """By which name the key goes: a first call tells."""
    assert ask(site, "first", False) == 200
    until = time.monotonic() + 20
    while not site.sql(OWNER_SQL):
        assert time.monotonic() < until, "nobody tells the database of the call"
        time.sleep(0.1)
    return site.sql(OWNER_SQL)[0][0]


def with_budget(site):
    """One that nothing exhausts."""
    owner = owner_of(site)
    site.command("budget", "set", owner, "money/total=1000")
    site.command("budget", "set", owner, "tokens/day=1000000000")
    site.command("budget", "set", owner, "calls/month=1000000")
    return owner


def settled(site, provider, timeout=40):
    """Waits until nothing is under way, nothing waits in the spool, and each call of the provider's log has a row."""
    spool = site.directory / "spool"
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        waiting = [path.name for path in spool.iterdir() if path.suffix == ".json"]
        held = int(site.sql("SELECT count(*) FROM hearth.reservation")[0][0])
        missing = billed(provider).keys() - ledger(site).keys()
        if not held and not waiting and not missing:
            return
        time.sleep(0.3)
    pytest.fail(f"still held: {held}, in the spool: {waiting}, without a row: {missing}")


def ledger(site):
    rows = [Row(*line) for line in site.sql(ROWS_SQL)]
    rows = {row.id: row._replace(cost=int(row.cost), input=int(row.input), output=int(row.output), calls=int(row.calls))
            for row in rows}
    return rows


def billed(provider):
    """What the provider's log bills each call with: its attempts' tokens; None in place of an attempt that it did
    not finish."""
    calls = collections.defaultdict(list)
    for attempt in provider.calls():
        identity = attempt["headers"].get("x-client-request-id")
        assert identity, "every call names itself to the provider"
        calls[identity].append(attempt["billed"])
    return calls


def cost(usages):
    sums = sum(usage["prompt_tokens"] * INPUT + usage["completion_tokens"] * OUTPUT for usage in usages)
    return -(-sums // MILLION)


def compare(site, provider):
    """Each call of the provider's log is settled to the micro-unit, or lost with its reservation and what was reported;
    how many were."""
    rows, lost = ledger(site), 0
    for identity, usages in billed(provider).items():
        row = rows.pop(identity, None)
        assert row, f"{identity} is in the provider's log and not in the ledger"
        if row.outcome == "lost":
            lost += 1
            whole = [usage for usage in usages if usage]
            assert (row.cost, row.source) in ((0, "n"), (cost(whole), "p"))  # reported in the last event
            assert json.loads(row.raw)["reserved_micros"] >= cost(whole)
        elif None in usages:
            assert row.source in ("e", "n"), (row, usages)  # the provider did not say what it made
        else:
            assert row.cost == cost(usages), (row, usages)
            assert row.source == "p"
    # What is left was never taken by the provider: it cost nothing.
    for row in rows.values():
        assert row.cost == 0 and row.source == "n", row
        lost += row.outcome == "lost"
    return lost


def days_hold(site):
    """What the sums of days say is what their rows say."""
    days, usage = (site.sql(f"SELECT sum(cost_micros), sum(input), sum(output), sum(calls) FROM hearth.{table}")
                   for table in ("usage_day", "usage"))
    assert days == usage
    counted = site.sql("SELECT sum(lost) FROM hearth.usage_day")[0][0]
    assert counted == site.sql("SELECT count(*) FROM hearth.usage WHERE outcome = 'lost'")[0][0]


def budgets_hold(site):
    """What budgets count as spent is the sum of their rows."""
    lines = site.sql("""SELECT unit, spent, reserved,
        CASE unit WHEN 'money' THEN sum(cost_micros) WHEN 'tokens' THEN sum(input + output) ELSE sum(calls) END
        FROM hearth.budget JOIN hearth.usage ON tenant = owner AND at >= since GROUP BY unit, spent, reserved""")
    assert len(lines) == 3
    for unit, spent, reserved, summed in lines:
        assert spent == summed, unit
        assert reserved == "0", unit
    days_hold(site)


def kill_loop(site, provider):
    with Load(site) as load:
        killed = kill_some(site, KILLING_S)
    settled(site, provider)
    lost = compare(site, provider)
    calls = len(billed(provider))
    print(f"\n{killed} workers killed, {calls} calls, {lost} of them lost, answers: {dict(load.statuses)}")
    assert killed >= KILLING_S
    assert lost > 0, "no worker died while a provider worked for it"
    assert load.statuses[200] > calls / 2


def test_a_loop_of_kill_9_under_load_leaves_a_ledger_that_equals_the_providers_log(site, provider):
    with_budget(site)
    kill_loop(site, provider)
    budgets_hold(site)


def test_the_same_holds_for_callers_without_a_budget(site, provider):
    kill_loop(site, provider)
    days_hold(site)


def test_what_a_dead_worker_held_is_given_back_long_before_its_reservation_runs_out(provider, cluster):
    provider.reset()
    file = "AI_MODEL = paid\n" + provider_section("openai", provider) + \
        section("model", "paid", provider="openai", price_input=INPUT / MILLION, price_output=OUTPUT / MILLION)
    with Site(workers=2, settings={"RESERVATION_TTL": "900"}, file=file, database=cluster) as site:
        with_budget(site)
        provider.mode("silent")
        with concurrent.futures.ThreadPoolExecutor(1) as thread:
            asked = thread.submit(ask, site, "silent", False)
            assert provider.wait(lambda log: len(log.calls()) == 2)
            assert site.sql("SELECT count(DISTINCT id) FROM hearth.reservation") == [["1"]]
            for pid in site.worker_pids():
                os.kill(pid, signal.SIGKILL)
            assert asked.result() != 200
        settled(site, provider)
        assert compare(site, provider) == 1
        budgets_hold(site)


def begin_stream(site):
    """A stream of which some tokens have come."""
    call = Call(site, "messages", "paid", stream=True, note="Lost")
    events = call.begin().events()
    while not call.answer.text:
        next(events)
    return call


def lost_files(site):
    return list((site.directory / "spool").glob("lost-*.json"))


def look_for_reported(site, reported):
    """One row is of a lost call, and it and the budgets have what the provider reported of it."""
    rows = [row for row in ledger(site).values() if row.outcome == "lost"]
    micros = reported["input_tokens"] * INPUT + reported["output_tokens"] * OUTPUT
    assert len(rows) == 1 and reported["input_tokens"] > 0
    assert rows[0][1:6] == (-(-micros // MILLION), reported["input_tokens"], reported["output_tokens"], "p", "lost")
    assert rows[0].calls == 1 and json.loads(rows[0].raw)["reserved_micros"] > rows[0].cost
    budgets_hold(site)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_lost_stream_is_charged_what_was_reported_of_it_however_often_it_is_named(provider, cluster, ending):
    """As Anthropic reports: the input when a stream begins."""
    provider.reset()
    file = "AI_MODEL = paid\n" + provider_section("anthropic", provider, "anthropic") + \
        section("model", "paid", provider="anthropic", price_input=INPUT / MILLION, price_output=OUTPUT / MILLION)
    settings = {"RESERVATION_TTL": "900", "STOP_TIMEOUT": "1", "DATABASE_TIMEOUT": "1000"}
    with Site(workers=2, settings=settings, file=file, database=cluster) as site:
        with_budget(site)
        provider.mode("stall")
        call = begin_stream(site)
        reported = provider.calls()[-1]["billed"]
        cluster.stop()  # so that its file is there for longer than a moment
        for pid in site.worker_pids():
            os.kill(pid, ending)
        assert until(lambda: lost_files(site), 20), "nobody names the call"
        call.leave()
        named, again = lost_files(site)[0], site.directory / "named-again"
        os.link(named, again)
        cluster.start()
        settled(site, provider)
        look_for_reported(site, reported)
        os.rename(again, named)  # another worker named it at the same time
        assert until(lambda: not named.exists(), 20), "nobody tells the database of the call"
        look_for_reported(site, reported)


def test_settlements_wait_for_a_database_that_is_away_and_are_told_once(site, provider, cluster):
    """Of keys without a budget: those with one wait for the database."""
    assert ask(site, "first", False) == 200
    made = site.post("/internal/keys", json={"name": "limited", "scopes": ["gateway"]}).json()
    limited = {"owner": f"key:{made['details']['id']}", "unit": "money", "period": "total", "limit": 10 ** 9}
    assert site.request("PUT", "/internal/budgets", json=limited).status == 200
    question = {"model": "paid", "messages": [{"role": "user", "content": "Is there money?"}]}
    assert site.post("/v1/chat/completions", json=question, key=made["key"]).status == 200
    with Load(site) as load:
        time.sleep(1)
        cluster.stop()
        time.sleep(1)
        asked = time.monotonic()
        refused = site.post("/v1/chat/completions", json=question, key=made["key"])
        assert refused.status == 503 and int(refused.headers["Retry-After"]) >= 1, refused
        assert time.monotonic() - asked < 2
        before = load.statuses[200]
        time.sleep(2)
        assert load.statuses[200] > before
    for pid in site.worker_pids():
        os.kill(pid, signal.SIGKILL)
    waiting = [path for path in (site.directory / "spool").iterdir() if path.suffix == ".json"]
    assert waiting, "calls of keys without a budget go on, and what they cost is kept"
    cluster.start()
    settled(site, provider)
    compare(site, provider)
    days_hold(site)
    assert ask(site, "after", False) == 200


def test_of_many_calls_at_once_a_budget_for_one_lets_one_pass(site, provider):
    site.command("budget", "set", owner_of(site), "calls/total=1")
    with concurrent.futures.ThreadPoolExecutor(200) as threads:
        statuses = collections.Counter(threads.map(lambda number: ask(site, number, number % 2 == 0), range(200)))
    assert statuses == {200: 1, 429: 199}
    settled(site, provider)
    assert len(billed(provider)) == 2
    compare(site, provider)
