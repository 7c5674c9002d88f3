"""The gateway's rows of ./dev bench: one stand-in provider, asked directly, through Hearth behind
each web server, and through the Portkey gateway from npm."""

import json
import os
import shutil
import subprocess
import time
import urllib.parse
from functools import partial

from bench_lib import (BENCH, BUILT, KEY, ROOT, TEXT, load, pss_kilobytes, start, wait_for)
from site_lib import Site, free_port

PATH = "/v1/chat/completions"
MODEL = "standin"
# Warmer than what is cached by default, so every answer comes from the provider.
PLAIN = {"model": MODEL, "temperature": 0.7,
         "messages": [{"role": "user", "content": TEXT + " Notice @NUMBER@."}]}
# The stand-in reads max_tokens as the number of tokens and seed as the milliseconds between them.
FEW = {"streams": 200, "ramp_ms": 1000, "tokens": 60, "interval_ms": 50}
MANY = {"streams": 1000, "ramp_ms": 2000, "tokens": 60, "interval_ms": 100}


class Way:
    """One way to the provider."""

    def __init__(self, name, port, headers, pids=(), site=None, process=None):
        self.name, self.port, self.headers = name, port, headers
        self.pids, self.site, self.process = pids, site, process
        self.one = self.all = self.few = self.many = None
        self.memory_kilobytes = 0

    def watch_memory(self):
        self.memory_kilobytes = max(self.memory_kilobytes, pss_kilobytes(self.pids))
        return self.memory_kilobytes

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
    result = json.loads(running.stdout.read())
    result["memory_kilobytes"] = memory_kilobytes
    return result


def measure_plain(way, table):
    body = BENCH / "gateway.json"
    body.write_text(json.dumps(PLAIN))
    url = f"http://127.0.0.1:{way.port}"
    load(url, PATH, body, unique=True, seconds=1, headers=way.headers)
    for connections in (1, 32):
        result = load(url, PATH, body, unique=True, connections=connections, headers=way.headers)
        name = f"gateway {way.name}, {connections} connection{'s' if connections > 1 else ''}"
        table.add(name, result, way.watch_memory() if way.pids else None)
        if connections == 1:
            way.one = result
        else:
            way.all = result


def print_streams(rows):
    print(f"\n{'':<40} {'complete':>10}   {'first token ms':>16}   {'token delay ms':>16} {'PSS MB':>8}")
    print(f"{'':<40} {'':>10}   {'p50':>7}  {'p99':>7}   {'p50':>7}  {'p99':>7}")
    for row in rows:
        print(f"{row['name']:<40} {row['complete']:>5}/{row['streams']:<4}   "
              f"{row['first_p50_us'] / 1000:>7.2f}  {row['first_p99_us'] / 1000:>7.2f}   "
              f"{row['delay_p50_us'] / 1000:>7.2f}  {row['delay_p99_us'] / 1000:>7.2f} "
              f"{row['memory_kilobytes'] / 1024:>8.1f}")
    print()


def judge_beside(way, straight, other, targets):
    """A way through Hearth beside the provider itself and beside Portkey."""
    def added(this, which, percentile):
        return max(getattr(this, which)[percentile] - getattr(straight, which)[percentile], 1) / 1000

    name = way.name
    targets.add(f"{name}: added p50 at 1 connection, ms", added(way, "one", "p50_us"), 0.25, False)
    targets.add(f"{name}: added p99 at 1 connection, ms", added(way, "one", "p99_us"), 1, False)
    targets.add(f"{name}: requests/s over Portkey's", way.all["per_second"] / other.all["per_second"],
                6, True)
    for which, title in (("one", "1 connection"), ("all", "32 connections")):
        targets.add(f"{name}: added p99 over Portkey's, {title}",
                    added(way, which, "p99_us") / added(other, which, "p99_us"), 0.1, False)
    targets.add(f"{name}: memory over Portkey's", way.memory_kilobytes / other.memory_kilobytes,
                0.2, False)
    targets.add(f"{name}: added time to first token, {FEW['streams']} streams, ms",
                added(way, "few", "first_p50_us"), 1, False)


def judge_many(way, targets):
    title = f"{MANY['streams']} streams"
    targets.add(f"{way.name}: complete of {title}", way.many["complete"], MANY["streams"], True)
    targets.add(f"{way.name}: latest first token after the provider's, {title}, ms",
                way.many["first_delay_max_us"] / 1000, 100, False)
    targets.add(f"{way.name}: memory, {title}, MB", way.many["memory_kilobytes"] / 1024, 120, False)


def measure_way(way, table, streams):
    measure_plain(way, table)
    stream(way, dict(FEW, streams=40, ramp_ms=200, tokens=5))
    way.few = dict(stream(way, FEW), name=f"gateway {way.name}, {FEW['streams']} streams")
    way.memory_kilobytes = max(way.memory_kilobytes, way.few["memory_kilobytes"])
    streams.append(way.few)
    if way.site:
        way.many = dict(stream(way, MANY), name=f"gateway {way.name}, {MANY['streams']} streams")
        streams.append(way.many)


def measure(standin_port, table, targets):
    """Prints the rows and what was wanted; returns what streams took. One way runs at a time, so that
    none shares its memory with another."""
    ways, streams = [], []
    for make in (direct, partial(hearth, "nginx"), partial(hearth, "lighttpd"), portkey):
        way = make(standin_port)
        ways.append(way)
        try:
            measure_way(way, table, streams)
        finally:
            way.end()
    print_streams(streams)
    if ways[0].one["p99_us"] > 1000:
        print("This machine was busy with other work: the stand-in itself kept 1 of 100 waiting for "
              f"{ways[0].one['p99_us'] / 1000:.1f} ms. What follows says little.")
    for way in ways:
        if way.site:
            judge_beside(way, ways[0], ways[-1], targets)
    for way in ways:
        if way.site:
            judge_many(way, targets)
    return streams
