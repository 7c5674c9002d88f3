"""Both web servers, with workers behind them and a provider that can be slow."""

import json
import pathlib
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))

from site_lib import Site  # noqa: E402
from standin import Standin  # noqa: E402

PROCESS = "/v1/text_processing/process"


class Place:
    """A site and the provider that its workers ask."""

    def __init__(self, server, workers=2, settings=None):
        self.provider = Standin().start()
        self.site = Site(server, workers=workers, settings=dict(
            {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": self.provider.url + "/v1"},
            **(settings or {})))
        self.count = 0

    def question(self):
        """A body that was not asked before, so that no cache answers it."""
        self.count += 1
        text = f"The harbour was closed for {self.count} days. Then the boats of {time.time_ns()} came home."
        return json.dumps({"text": text, "operation": "summarize"})

    def ask(self):
        return self.site.send("POST", PROCESS, self.question(), {"Content-Type": "application/json"})

    def waiting(self):
        """Requests on the waiting lanes now."""
        return sum(float(line.rsplit(" ", 1)[1]) for line in self.site.send("GET", "/metrics").text.splitlines()
                   if line.startswith("hearth_http_requests_in_flight") and 'lane="waiting"' in line)

    def close(self):
        self.site.down()


@pytest.fixture(scope="module", params=["nginx", "lighttpd"])
def place(request):
    opened = Place(request.param)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def provider_behaves(request):
    if "place" in request.fixturenames:
        request.getfixturevalue("place").provider.mode("ok")


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def wait_for_age(site, seconds):
    """Until all workers are so old: multiwatch takes younger ones that end for broken."""
    def ages():
        found = subprocess.run(["ps", "-o", "etimes=", "-p", ",".join(map(str, site.worker_pids()))],
                               stdout=subprocess.PIPE, text=True, check=True)
        return [int(age) for age in found.stdout.split()]
    wait_until(lambda: min(ages()) >= seconds, seconds + 5, f"workers of {seconds} s")


class Load:
    """wrk posting one cached question over kept connections; result() counts what came of it."""

    def __init__(self, site, seconds, connections=16):
        self.process = subprocess.Popen(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s",
             str(pathlib.Path(__file__).parent / "count.lua"), site.url + PROCESS, "--", site.key],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def result(self):
        """(answers, answers other than 2xx, requests without an answer)"""
        output, _ = self.process.communicate(timeout=90)
        for line in output.splitlines():
            if line.startswith("RESULT "):
                return tuple(int(number) for number in line.split()[1:])
        raise RuntimeError(output)
