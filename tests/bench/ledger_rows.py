"""The ledger's rows of ./dev bench: what reserving and settling cost a call, and a table of a million rows of usage. The
database is private and does not wait for the disk (fsync off), so these are costs of work, not of a disk."""

import json
import os
import subprocess
import time

from bench_lib import BENCH, KEY, SECONDS, TEXT, load
from site_lib import Cluster, Site

ROWS = int(os.environ.get("BENCH_LEDGER_ROWS", "1000000"))
PATH = "/v1/chat/completions"
MODEL = "standin"
DAYS_AGO = 100      # past every retention

# A call as the program tells it: ids are made in the database here.
CALLER = "'key_id', '00000000-0000-7000-8000-000000000001', 'account_id', '00000000-0000-7000-8000-000000000002'"
RESERVE = f"""SELECT gen_random_uuid() AS id \\gset
SELECT at_us FROM hearth.reserve(jsonb_build_object('id', ':id', {CALLER}, 'model', 'gpt-4o-mini', 'operation',
    'gateway_chat', 'cost_micros', 500, 'tokens', 1000, 'ttl_s', 900)) \\gset
"""
SETTLE = f"""SELECT hearth.settle(jsonb_build_object('id', ':id', 'at_us', :at_us, 'asked', true, {CALLER}, 'model',
    'gpt-4o-mini', 'operation', 'gateway_chat', 'cost_micros', 43, 'input', 57, 'output', 17, 'cached', 0, 'written', 0,
    'thought', 0, 'duration_ms', 812, 'calls', 1, 'source', 'p', 'raw',
    '{{"prompt_tokens": 57,"completion_tokens": 17,"total_tokens": 74}}'));
"""
FILL = f"""INSERT INTO hearth.usage (at, id, cost_micros, input, output, cached, written, thought, duration_ms, calls, source,
    key_id, account_id, model, operation, raw)
SELECT date_trunc('day', now() - interval '{DAYS_AGO} days') + n * interval '86 milliseconds', gen_random_uuid(), 43, 57, 17,
    0, 0, 0, 812, 1, 'p', '00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', 'gpt-4o-mini',
    'gateway_chat', '{{"prompt_tokens":57,"completion_tokens":17,"total_tokens":74}}'
FROM generate_series(0, {ROWS - 1}) AS n"""


def pgbench(cluster, database, script, clients):
    """Microseconds of a transaction, and how many there were in a second."""
    file = BENCH / "ledger.sql"
    file.write_text(script)
    programs = subprocess.run(["pg_config", "--bindir"], text=True, stdout=subprocess.PIPE, check=True).stdout.strip()
    done = subprocess.run([f"{programs}/pgbench", "-n", "-f", file, "-c", str(clients), "-j", "1", "-T", str(2 * SECONDS), "-h",
                           cluster.directory, "-U", "postgres", database], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=True)
    rate = next(float(line.split("=")[1].split()[0]) for line in done.stdout.splitlines() if line.startswith("tps"))
    return 1e6 * clients / rate, rate


def timed(cluster, database, sql):
    started = time.monotonic()
    cluster.sql(database, sql)
    return time.monotonic() - started


def measure_calls(standin_port, site):
    """The same calls through a site with a database, without and with a budget, one client at a time."""
    body = BENCH / "ledger.json"
    body.write_text(json.dumps({"model": MODEL, "temperature": 0.7, "max_tokens": 20, "messages": [
        {"role": "user", "content": TEXT + " Notice @NUMBER@."}]}))
    headers = {"Authorization": f"Bearer {KEY}"}

    def latency(running):
        return 1e6 / load(running.url, PATH, body, unique=True, connections=1, headers=headers)["per_second"]

    with Site(workers=2, settings={"OPENAI_BASE_URL": f"http://127.0.0.1:{standin_port}/v1", "AI_MODEL": MODEL}) as plain:
        without = latency(plain)
    settled = latency(site)
    while not site.sql("SELECT DISTINCT tenant FROM hearth.usage"):
        time.sleep(0.1)
    owner = site.sql("SELECT DISTINCT tenant FROM hearth.usage")[0][0]
    for budget in ("money/day=1000", "tokens/month=1000000000", "calls/total=1000000000"):
        site.command("budget", "set", owner, budget)
    held = latency(site)
    print(f"a call takes {without:.0f} us without a database, {settled:.0f} us with its budgets looked up and settled behind "
          f"its answer, {held:.0f} us reserved in three budgets and settled before it")


def measure_functions(cluster, site):
    for name, script, setting in (("settle, no budget", "SELECT hearth.micros(now()) AS at_us \\gset\n"
                                   "SELECT gen_random_uuid() AS id \\gset\n" + SETTLE, None),
                                  ("reserve and settle, one budget", RESERVE + SETTLE,
                                   "SELECT hearth.budget_set('key:00000000-0000-7000-8000-000000000001', 'money', "
                                   "'total', 1000000000000000)")):
        if setting:
            cluster.sql(site.database, setting)
        for clients in (1, 8):
            us, rate = pgbench(cluster, site.database, script, clients)
            print(f"{name}, {clients} at once, one caller: {us:.0f} us each, {rate:.0f} a second")


def measure_table(cluster, site, targets):
    day = f"(now() - interval '{DAYS_AGO} days')::date"
    cluster.sql(site.database, f"SELECT hearth.make_partition('usage', {day})")
    seconds = timed(cluster, site.database, FILL)
    name = cluster.sql(site.database, f"SELECT 'hearth.usage_' || to_char({day}, 'YYYYMMDD')")[0][0]
    size = int(cluster.sql(site.database, f"SELECT pg_total_relation_size('{name}')")[0][0])
    index = int(cluster.sql(site.database, f"SELECT pg_indexes_size('{name}')")[0][0])
    expire = timed(cluster, site.database, "SELECT * FROM hearth.maintain()")
    left = cluster.sql(site.database, f"SELECT to_regclass('{name}') IS NULL")[0][0]
    assert left == "t", f"{name} was not dropped"
    print(f"{ROWS} rows of usage: {ROWS / seconds:.0f} a second in bulk, {size / ROWS:.0f} bytes each, {index / ROWS:.0f} "
          f"of them index; the day expires in {expire * 1000:.0f} ms")
    targets.add("a row of usage with its index (bytes)", size / ROWS, 300, at_least=False)


def measure(standin_port, targets):
    cluster = Cluster()
    try:
        with Site(workers=2, database=cluster, settings={
                "OPENAI_BASE_URL": f"http://127.0.0.1:{standin_port}/v1", "AI_MODEL": MODEL}) as site:
            measure_calls(standin_port, site)
            measure_functions(cluster, site)
            measure_table(cluster, site, targets)
    finally:
        cluster.remove()
