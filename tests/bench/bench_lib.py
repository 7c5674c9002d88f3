"""What the rows of ./dev bench are measured with: processes beside Hearth, loads, memory, tables."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))

from site_lib import KEY  # noqa: E402

SECONDS = int(os.environ.get("BENCH_SECONDS", "1"))
CONNECTIONS = 32
BENCH = ROOT / "var" / "bench"
BUILT = ROOT / "build" / "tests" / "bench"
TEXT = ("Rain fell on the harbour for three days and the market stayed empty. On the fourth day the "
        "wind turned, the boats came home with full nets, and the whole town gathered to help. "
        "The mayor promised a new breakwater, because the old one had lost a third of its stones. "
        "Work begins in April, costs two million and should protect forty houses along the quay.")


def wait_for(path_or_port, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        family = socket.AF_UNIX if isinstance(path_or_port, str) else socket.AF_INET
        target = path_or_port if isinstance(path_or_port, str) else ("127.0.0.1", path_or_port)
        with socket.socket(family) as probe:
            try:
                probe.connect(target)
                return
            except OSError:
                time.sleep(0.05)
    raise RuntimeError(f"{path_or_port} does not listen")


def start(command, **options):
    with open(BENCH / "processes.log", "a", encoding="utf-8") as log:
        return subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                stdout=log, stderr=subprocess.STDOUT, **options)


def nginx(name, servers, more=""):
    """A second nginx for the rows that Hearth's own does not serve."""
    conf = BENCH / f"{name}.conf"
    conf.write_text(f"""
worker_processes 1;
pid {BENCH}/{name}.pid;
error_log {BENCH}/{name}.log;
daemon off;
{'user root;' if os.geteuid() == 0 else ''}
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    access_log {BENCH}/{name}-access.log combined buffer=64k flush=1s;
    keepalive_requests 100000000;
    client_body_temp_path {BENCH}/{name}-body;
    proxy_temp_path {BENCH}/{name}-proxy;
    fastcgi_temp_path {BENCH}/{name}-fastcgi;
    uwsgi_temp_path {BENCH}/{name}-uwsgi;
    scgi_temp_path {BENCH}/{name}-scgi;
    client_body_buffer_size 64k;
    {more}
    {servers}
}}
""")
    return start(["/usr/sbin/nginx", "-e", BENCH / f"{name}.log", "-c", conf])


def load(url, path, body_file, unique=False, connections=CONNECTIONS, seconds=SECONDS, headers=None):
    """wrk against one path. headers take the place of the key's."""
    headers = headers or {"X-API-Key": KEY}
    arguments = [path, str(body_file), "unique" if unique else "same"]
    arguments += [f"{name}: {value}" for name, value in headers.items()]
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
                           "-s", str(ROOT / "tests/bench/load.lua"), url, "--"] + arguments,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            result = json.loads(line[7:])
            result["per_second"] = result["requests"] / result["seconds"]
            return result
    raise RuntimeError(done.stdout)


def pss_kilobytes(pids):
    """Proportional set size of processes in all."""
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total


def children(pid):
    found = subprocess.run(["pgrep", "-P", str(pid)], stdout=subprocess.PIPE, text=True, check=False)
    return [int(child) for child in found.stdout.split()]


class Table:
    def __init__(self):
        self.rows = []

    @staticmethod
    def head():
        print(f"{'':<44} {'req/s':>9} {'p50 ms':>8} {'p99 ms':>8} {'PSS MB':>8}")

    def add(self, name, result):
        self.rows.append(dict(result, name=name))
        print(f"{name:<44} {result['per_second']:>9.0f} {result['p50_us'] / 1000:>8.3f} "
              f"{result['p99_us'] / 1000:>8.3f} {result.get('memory_kilobytes', 0) / 1024:>8.1f}"
              + (f"  {result['bad']} BAD" if result["bad"] else ""))


class Targets:
    def __init__(self):
        self.rows = []

    def add(self, name, value, bound, at_least):
        good = value >= bound if at_least else value <= bound
        self.rows.append({"name": name, "value": value, "bound": bound, "reached": good})
        print(f"{'yes' if good else 'NO':<5} {name}: {value:.3f} "
              f"({'at least' if at_least else 'at most'} {bound:.3g})")
