"""The upstream call ends when its client leaves, and a worker that is killed takes only its own clients with it."""

import concurrent.futures
import os
import pathlib
import signal
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from client import Call, ask  # noqa: E402
from houses import clocks, provider_section, section, site_of  # noqa: E402
from standin import Standin  # noqa: E402
from until import until  # noqa: E402

# surface, stream, the provider's mode, tokens that the client reads before it leaves
LEAVINGS = {
    "plain": ("chat", False, {"mode": "silent"}, 0),
    "plain-body": ("chat", False, {"mode": "stall"}, 0),
    "stream-before-head": ("chat", True, {"mode": "silent"}, 0),
    "stream-before-token": ("chat", True, {"mode": "late"}, 0),
    "stream-silent-after-token": ("chat", True, {"mode": "stall"}, 1),
    "stream-amid-tokens": ("chat", True, {"mode": "ok", "pace": 0.3}, 2),
    "messages-stream": ("messages", True, {"mode": "stall"}, 1),
    "text": ("text", False, {"mode": "silent"}, 0),
    "text-stream": ("text", True, {"mode": "stall"}, 1),
    "waiting-to-retry": ("chat", False, {"mode": "429", "retry_after": 20}, 0),
    "whole": ("chat", True, {"mode": "ok", "pace": 0.3}, 0),
}
LONG_MS = 60000


@pytest.fixture(scope="module", params=["nginx", "lighttpd"])
def place(request):
    with Standin() as provider:
        long = {name: LONG_MS for name in ("headers_timeout_ms", "first_token_timeout_ms", "gap_timeout_ms",
                                           "total_timeout_ms")}
        file = clocks("gateway", **long) + clocks("balanced", **long) + provider_section("openai", provider)
        file += provider_section("anthropic", provider, "anthropic")
        file += section("model", "default", provider="openai")
        for name, (surface, _, _, _) in LEAVINGS.items():
            file += section("model", name, provider="anthropic" if surface == "messages" else "openai", concurrency=1,
                            queue_timeout_ms=1000)
        with site_of(request.param, file, AI_MODEL="default") as site:
            yield site, provider


def leave(site, provider, name):
    """Asks, reads a little and leaves. When that was, and the upstream call."""
    surface, stream, control, tokens = LEAVINGS[name]
    marker = {"marker": f"leaving-{name}_"} if surface == "text" else {"model": name}
    provider.mode(**control, **marker)
    headers = {"X-Hearth-Delivery": "whole"} if name == "whole" else {}
    note = f"leaving-{name}_"
    call = Call(site, surface, name, stream=stream, note=note, headers=headers)

    def mine(place):
        return [attempt for attempt in place.calls() if note in attempt["body"]]
    assert provider.wait(lambda place: mine(place), 10), "the provider was not asked"
    if tokens:
        events = call.begin().events()
        while len(call.answer.text.split()) < tokens:
            next(events)
    if name == "waiting-to-retry":
        assert provider.wait(lambda place: mine(place)[0]["complete"], 5)
    left = time.time()
    call.leave()
    return left, mine


# lighttpd sees that a client has left when it next writes to it: with the next piece or heartbeat.
BY_LIGHTTPD = {"stream-silent-after-token": 17, "messages-stream": 17, "text-stream": 17, "stream-amid-tokens": 2}


def test_the_call_upstream_ends_with_its_client(place):
    site, provider = place
    names = [name for name in LEAVINGS if name != "waiting-to-retry" and
             (site.server == "nginx" or name in BY_LIGHTTPD)]

    def one(name):
        left, mine = leave(site, provider, name)
        most = 1 if site.server == "nginx" else BY_LIGHTTPD[name]
        provider.wait(lambda place: mine(place)[0]["closed"], most + 5)
        return name, left, most, mine(provider)
    with concurrent.futures.ThreadPoolExecutor(len(names)) as threads:
        for name, left, most, calls in threads.map(one, names):
            assert len(calls) == 1, f"{name} was asked again"
            assert calls[0]["closed"], f"{name}: the call upstream went on"
            assert calls[0]["closed"] - left < most, f"{name}: ended {calls[0]['closed'] - left:.2f} s after its client"
            assert not calls[0]["complete"], name


def test_who_waits_to_ask_again_does_not_when_the_client_left(place):
    site, provider = place
    if site.server != "nginx":
        pytest.skip("lighttpd does not tell that a client left before the answer began")
    _, mine = leave(site, provider, "waiting-to-retry")
    # Its permit is free at once: nobody waits on.
    provider.mode("ok", model="waiting-to-retry")
    assert until(lambda: ask(site, "chat", "waiting-to-retry", note="Next").outcome() != "503 overloaded", 2)
    assert len(mine(provider)) == 1


def test_a_permit_comes_back_when_the_client_left(place):
    """Each of these models allows one call at once."""
    site, provider = place
    for name, (surface, _, _, _) in LEAVINGS.items():
        if surface == "text" or name == "waiting-to-retry" or (site.server != "nginx" and name not in BY_LIGHTTPD):
            continue
        provider.mode("ok", model=name)
        assert ask(site, surface, name, note="Next").outcome() == "complete", name


@pytest.fixture(params=["nginx", "lighttpd"])
def fresh(request):
    """A site that nobody has asked yet, so that no connection of its web server's leads to a worker already."""
    with Standin() as provider:
        file = clocks("gateway", gap_timeout_ms=LONG_MS, total_timeout_ms=LONG_MS) + provider_section("openai", provider)
        file += section("model", "killed", provider="openai", concurrency=9, queue_timeout_ms=20000)
        with site_of(request.param, file) as site:
            yield site, provider


def stream_at(worker, site, provider, threads, calls):
    """Streams of which this worker serves one or more, as all the others stand still until it has begun."""
    others = [pid for pid in site.worker_pids() if pid != worker]
    seen = len(provider.calls("killed"))

    def run(number):
        call = Call(site, "chat", "killed", stream=True, note=f"Stream {number}")
        calls.append(call)
        return call.finish()
    for pid in others:
        os.kill(pid, signal.SIGSTOP)
    try:
        streams = [threads.submit(run, seen + i) for i in range(4)]
        # Those for which the system woke a worker that stands still wait for it.
        assert provider.wait(lambda p: len(p.calls("killed")) > seen)
    finally:
        for pid in others:
            os.kill(pid, signal.SIGCONT)
    assert provider.wait(lambda p: len(p.calls("killed")) == seen + 4)
    return streams


def test_a_killed_worker_takes_only_its_own_clients_with_it(fresh):
    site, provider = fresh
    provider.mode("held", model="killed")
    before = sorted(site.worker_pids())
    calls = []
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        running = stream_at(before[0], site, provider, threads, calls)
        running += stream_at(before[1], site, provider, threads, calls)
        assert until(lambda: sum(call.answer.text != "" for call in calls) == 8)
        os.kill(before[0], signal.SIGKILL)
        assert until(lambda: any(future.done() for future in running))
        provider.mode("ok", model="killed")
        answers = [future.result() for future in running]
    outcomes = [answer.outcome() for answer in answers]
    lost = [answer for answer in answers if answer.outcome() != "complete"]
    assert 1 <= len(lost) < 8, outcomes
    # What was cut off does not look like an answer: no end marker, no finish.
    assert all(not answer.marker and not answer.finish for answer in lost), outcomes
    assert all(answer.text and answer.right.startswith(answer.text) for answer in lost), outcomes
    # The dead worker's calls are over, another takes its place, and its permits come back.
    assert provider.wait(lambda p: all(call["closed"] or call["complete"] for call in p.calls("killed")), 2)
    assert until(lambda: len(site.worker_pids()) == len(before) and sorted(site.worker_pids()) != before, 10)
    provider.mode("ok", model="killed", delay=0.5)
    with concurrent.futures.ThreadPoolExecutor(9) as threads:
        again = [threads.submit(ask, site, "chat", "killed", note=f"Again {i}") for i in range(9)]
        assert [future.result().outcome() for future in again] == ["complete"] * 9
