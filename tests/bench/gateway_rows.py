"""The gateway's rows of ./dev bench: one stand-in provider, asked directly, through Hearth behind
each web server, and through the Portkey gateway from npm, in turns."""

import json
import os
import shutil
import subprocess
import time
import urllib.parse
from functools import partial

from bench_lib import (BENCH, BUILT, KEY, ROOT, TEXT, load, pss_kilobytes, start, wait_for)
from rounds import sample
from site_lib import Site, free_port

PATH = "/v1/chat/completions"
MODEL = "standin"
# Warmer than what is cached by default, so every answer comes from the provider.
PLAIN = {"model": MODEL, "temperature": 0.7,
         "messages": [{"role": "user", "content": TEXT + " Notice @NUMBER@."}]}
# The stand-in reads max_tokens as the number of tokens and seed as the milliseconds between them.
FEW = {"streams": 200, "ramp_ms": 1000, "tokens": 60, "interval_ms": 50}
MANY = {"streams": 1000, "ramp_ms": 2000, "tokens": 60, "interval_ms": 100}
MANY_ROUNDS = 3


class Way:
    """One way to the provider, and what was measured on it by kind: one, all (connections), few, many (streams)."""

    def __init__(self, name, port, headers, pids=(), site=None, process=None):
        self.name, self.port, self.headers = name, port, headers
        self.pids, self.site, self.process = pids, site, process
        self.figures = {}

    def end(self):
        if self.site:
            self.site.down()
        if self.process:
            self.process.terminate()
            self.process.wait()


def direct(standin_port):
    return Way("directly", standin_port, {"Authorization": "Bearer x"})


def hearth(server, standin_port):
    site = Site(server, workers=2, settings={
        "OPENAI_BASE_URL": f"http://127.0.0.1:{standin_port}/v1", "AI_MODEL": MODEL,
        "RATE_LIMITING_ENABLED": "false"})
    return Way(f"hearth, {server}", urllib.parse.urlsplit(site.url).port,
               {"Authorization": f"Bearer {KEY}"}, site.worker_pids(), site=site)


def portkey(standin_port):
    """Installed as the lock file says; what else is in its package is not needed."""
    work = BENCH / "portkey"
    work.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "tests" / "bench" / name, work / name)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                   cwd=work, check=True, stdin=subprocess.DEVNULL)
    port = free_port()
    process = start(["node", work / "node_modules/@portkey-ai/gateway/build/start-server.js",
                     "--headless", f"--port={port}"], cwd=work,
                    env=dict(os.environ, NODE_ENV="production"))
    wait_for(port, seconds=30)
    headers = {"Authorization": "Bearer x", "x-portkey-provider": "openai",
               "x-portkey-custom-host": f"http://127.0.0.1:{standin_port}/v1"}
    return Way("Portkey", port, headers, [process.pid], process=process)


def question(way, plan):
    """A whole HTTP request for the load of streams."""
    body = json.dumps(dict(PLAIN, stream=True, max_tokens=plan["tokens"], seed=plan["interval_ms"]))
    lines = [f"POST {PATH} HTTP/1.1", "Host: localhost", "Content-Type: application/json",
             f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in way.headers.items()]
    file = BENCH / "stream.http"
    file.write_text("\r\n".join(lines) + "\r\n\r\n" + body, newline="")
    return file


def stream(way, plan):
    """Opens the streams of a plan and looks at the memory while they run."""
    running = subprocess.Popen(
        [str(BUILT / "streams"), str(way.port), str(plan["streams"]), str(plan["ramp_ms"]),
         str(plan["tokens"]), str(question(way, plan))], stdout=subprocess.PIPE, text=True)
    memory_kilobytes = 0
    while running.poll() is None:
        time.sleep(0.5)
        memory_kilobytes = max(memory_kilobytes, pss_kilobytes(way.pids))
    return dict(json.loads(running.stdout.read()), memory_kilobytes=memory_kilobytes)


def ask(way, connections, **options):
    """Plain questions, as many at once as there are connections."""
    body = BENCH / "gateway.json"
    body.write_text(json.dumps(PLAIN))
    figures = load(f"http://127.0.0.1:{way.port}", PATH, body, unique=True, connections=connections,
                   headers=way.headers, **options)
    return dict(figures, memory_kilobytes=pss_kilobytes(way.pids))


def measure_ways(ways):
    for way in ways:
        ask(way, 32, seconds=1)
        stream(way, dict(FEW, streams=40, ramp_ms=200, tokens=5))
    kinds = {"one": partial(ask, connections=1), "all": partial(ask, connections=32),
             "few": partial(stream, plan=FEW)}
    measures = {(kind, way): partial(kinds[kind], way) for kind in kinds for way in ways}
    for (kind, way), figures in sample(measures).items():
        way.figures[kind] = figures


def print_streams(rows):
    print(f"\n{'':<40} {'complete':>10}   {'first token ms':>16}   {'token delay ms':>16} {'PSS MB':>8}")
    print(f"{'':<40} {'':>10}   {'p50':>7}  {'p99':>7}   {'p50':>7}  {'p99':>7}")
    for row in rows:
        print(f"{row['name']:<40} {row['complete']:>5}/{row['streams']:<4.0f}   "
              f"{row['first_p50_us'] / 1000:>7.2f}  {row['first_p99_us'] / 1000:>7.2f}   "
              f"{row['delay_p50_us'] / 1000:>7.2f}  {row['delay_p99_us'] / 1000:>7.2f} "
              f"{row['memory_kilobytes'] / 1024:>8.1f}")
    print()


def judge_beside(way, straight, other, targets):
    """A way through Hearth beside the provider itself and beside Portkey."""
    def added(this, which, percentile):
        return max(this.figures[which][percentile] - straight.figures[which][percentile], 1) / 1000

    def memory(this):
        return max(this.figures[which]["memory_kilobytes"] for which in ("one", "all", "few"))

    name = way.name
    targets.add(f"{name}: added p50 at 1 connection, ms", added(way, "one", "p50_us"), 0.25, False)
    targets.add(f"{name}: added p99 at 1 connection, ms", added(way, "one", "p99_us"), 1, False)
    targets.add(f"{name}: requests/s over Portkey's",
                way.figures["all"]["per_second"] / other.figures["all"]["per_second"], 6, True)
    for which, title in (("one", "1 connection"), ("all", "32 connections")):
        targets.add(f"{name}: added p99 over Portkey's, {title}",
                    added(way, which, "p99_us") / added(other, which, "p99_us"), 0.1, False)
    targets.add(f"{name}: memory over Portkey's", memory(way) / memory(other), 0.2, False)
    targets.add(f"{name}: added time to first token, {FEW['streams']} streams, ms",
                added(way, "few", "first_p50_us"), 1, False)


def judge_many(way, targets):
    title, figures = f"{MANY['streams']} streams", way.figures["many"]
    targets.add(f"{way.name}: complete of {title}", figures["complete"], MANY["streams"], True)
    targets.add(f"{way.name}: latest first token after the provider's, {title}, ms",
                figures["first_delay_max_us"] / 1000, 100, False)
    targets.add(f"{way.name}: memory, {title}, MB", figures["memory_kilobytes"] / 1024, 120, False)


def print_ways(ways, table):
    """Returns what streams took, by name."""
    table.head()
    for way in ways:
        table.add(f"gateway {way.name}, 1 connection", way.figures["one"])
        table.add(f"gateway {way.name}, 32 connections", way.figures["all"])
    rows = [dict(way.figures[kind], name=f"gateway {way.name}, {plan['streams']} streams")
            for way in ways for kind, plan in (("few", FEW), ("many", MANY)) if kind in way.figures]
    print_streams(rows)
    return rows


def measure_beside(way, straight, other, table, targets):
    """One of Hearth's ways between the provider itself and Portkey; returns what streams took."""
    ways = [straight, way, other]
    measure_ways(ways)
    way.figures["many"] = sample({"many": partial(stream, way, MANY)}, MANY_ROUNDS)["many"]
    rows = print_ways(ways, table)
    judge_beside(way, straight, other, targets)
    judge_many(way, targets)
    print()
    return rows


def measure(standin_port, table, targets):
    """One pool of Hearth runs at a time, so that none shares its memory with another."""
    straight, other, streams = direct(standin_port), portkey(standin_port), []
    try:
        for server in ("nginx", "lighttpd"):
            way = hearth(server, standin_port)
            try:
                streams += measure_beside(way, straight, other, table, targets)
            finally:
                way.end()
    finally:
        other.end()
    return streams
