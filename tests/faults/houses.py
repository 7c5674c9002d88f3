"""Sites whose models live at stand-ins, with short clocks, for the tests of broken providers."""

import contextlib
import json
import threading

from client import ask
from site_lib import Site

# Calls are tried twice, half a second apart, and breakers stay out of the way of other cases.
TEXT_CONFIG = json.dumps({"retry_attempts": 2, "circuit_breaker_threshold": 20, "recovery_timeout": 10,
                          "exponential_multiplier": 0.1, "exponential_min": 0.5, "exponential_max": 5,
                          "jitter_enabled": False, "max_delay_seconds": 20})
CLOCK_MS = 2000


def provider_section(name, standin, kind="openai", **more):
    version = "v1beta" if kind == "gemini" else "v1"
    return section("provider", name, kind=kind, base_url=f"{standin.url}/{version}", key="sk-test-0123456789", **more)


def section(kind, name, /, **members):
    return "\n".join([f'[{kind} "{name}"]'] + [f"{key} = {value}" for key, value in members.items()]) + "\n"


def clocks(name, **more):
    """A strategy's clocks, short."""
    short = {"connect_timeout_ms": CLOCK_MS, "headers_timeout_ms": CLOCK_MS, "first_token_timeout_ms": CLOCK_MS,
             "gap_timeout_ms": CLOCK_MS, "total_timeout_ms": 10000}
    return section("strategy", name, **{**short, **more})


def site_of(server, file, workers=3, **settings):
    settings = {"GUARD_MODE": "flag", "RESILIENCE_CUSTOM_CONFIG": TEXT_CONFIG, **settings}
    return Site(server, workers=workers, settings=settings, file=file)


@contextlib.contextmanager
def traffic(site, model, per_second=100, first=300):
    """Calls that go well beside the test, some of them before it: the retry budget is a share of them."""
    ended, warm = threading.Event(), threading.Event()
    failed = []

    def call_on():
        number = 0
        while not ended.wait(1 / per_second if number > first else 0):
            number += 1
            if number == first:
                warm.set()
            answer = ask(site, "chat", model, note=f"Ballast {number}")
            if answer.outcome() != "complete":
                failed.append(answer)

    thread = threading.Thread(target=call_on)
    thread.start()
    warm.wait()
    try:
        yield failed
    finally:
        ended.set()
        thread.join()


def metric(site, name, **labels):
    """The sum of a metric's series that have these labels, 0 where there is none."""
    total = 0.0
    for line in site.send("GET", "/internal/metrics").text.splitlines():
        if line.split("{")[0].split(" ")[0] == name and \
                all(f'{key}="{value}"' in line for key, value in labels.items()):
            total += float(line.split()[-1])
    return total
