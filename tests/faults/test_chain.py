"""Which model of a chain is asked when the first one breaks: the next one where that may help, and nobody where it may
not; nothing is asked again once pieces of an answer have gone out, unless the client asked for whole delivery."""

import concurrent.futures
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from client import ask  # noqa: E402
from houses import clocks, provider_section, section, site_of, traffic  # noqa: E402
from standin import Standin  # noqa: E402

OK = "complete"
BROKE, SLOW = "in-band upstream_incomplete", "in-band upstream_timeout"
FILTERED = "400 content_policy_violation"


class Link:
    """A chain of two: how they behave, what the client gets and how often each is asked."""

    def __init__(self, name, first, second, outcome, asked, streams=(False, True), whole=False, **more):
        self.name = name
        self.controls = (first, second)
        self.allowed = (outcome,) if isinstance(outcome, str) else outcome
        self.asked = asked
        self.streams = streams
        self.whole = whole                          # "header" or "setting"
        self.families = more.get("families", ("openai", "openai"))
        self.contexts = more.get("contexts", (0, 0))
        self.told = more.get("told")                # outcomes in attempts[]


def mode(name, **more):
    return {"mode": name, **more}


GOOD = mode("ok")
PLAIN, STREAM = (False,), (True,)
LINKS = [
    Link("500", mode("500"), GOOD, OK, (2, 1)),
    Link("500-once", mode("500", times=1), GOOD, OK, (2, 0)),
    Link("503", mode("503"), GOOD, OK, (2, 1)),
    Link("reset", mode("reset"), GOOD, OK, (2, 1)),
    Link("truncated", mode("truncated"), GOOD, OK, (2, 1)),
    Link("garbage", mode("garbage"), GOOD, OK, (2, 1)),
    Link("html", mode("html"), GOOD, OK, (2, 1)),
    Link("429-soon", mode("429", times=1, retry_after_ms=200), GOOD, OK, (2, 0)),
    Link("429-late", mode("429", retry_after=30), GOOD, OK, (1, 1)),
    Link("quota", mode("quota"), GOOD, OK, (1, 1)),
    Link("silent", mode("silent"), GOOD, OK, (1, 1)),
    Link("late", mode("late"), GOOD, OK, (1, 1)),
    Link("401", mode("401"), GOOD, OK, (1, 1)),
    Link("404", mode("404"), GOOD, OK, (1, 1)),
    Link("giant", mode("giant"), GOOD, OK, (1, 1), PLAIN),
    Link("error-first", mode("error_first"), GOOD, OK, (2, 1), STREAM),
    Link("cut-first", mode("cut", after=0), GOOD, OK, (2, 1), STREAM),
    # what nobody else may be asked
    Link("400", mode("400"), GOOD, "400 invalid_request_error", (1, 0)),
    Link("filter", mode("filter"), GOOD, FILTERED, (1, 0)),
    Link("refusal", mode("refusal"), GOOD, ("refusal", FILTERED), (1, 0)),
    Link("cut", mode("cut"), GOOD, BROKE, (1, 0), STREAM),
    Link("ends-early", mode("cut_ended"), GOOD, BROKE, (1, 0), STREAM),
    Link("error-later", mode("error_later"), GOOD, ("in-band upstream_error", BROKE), (1, 0), STREAM),
    Link("stall", mode("stall"), GOOD, SLOW, (1, 0), STREAM),
    # only a larger model may help with what is too long
    Link("context-larger", mode("context"), GOOD, OK, (1, 1), contexts=(8000, 128000)),
    Link("context-smaller", mode("context"), GOOD, "400 context_length_exceeded", (1, 0), contexts=(8000, 4000)),
    # families
    Link("to-anthropic", mode("500"), GOOD, OK, (2, 1), families=("openai", "anthropic")),
    Link("to-gemini", mode("silent"), GOOD, OK, (1, 1), families=("openai", "gemini")),
    Link("from-gemini", mode("503"), GOOD, OK, (2, 1), families=("gemini", "openai")),
    Link("from-anthropic", mode("529"), GOOD, OK, (2, 1), families=("anthropic", "openai")),
    # all fail: what tells a person most is told
    Link("both-limited", mode("500"), mode("429"), "429 provider_rate_limited", (2, 3),
         told=["upstream_error"] * 2 + ["provider_rate_limited"] * 3),
    Link("both-refused", mode("silent"), mode("401"), "504 upstream_timeout", (1, 1),
         told=["upstream_timeout", "key_refused"]),
    Link("then-filter", mode("500"), mode("filter"), FILTERED, (2, 1),
         told=["upstream_error", "upstream_error", "content_policy_violation"]),
    # whole delivery: free to begin anew until the end
    Link("whole-cut-once", mode("cut", times=1), GOOD, OK, (2, 0), STREAM, "header"),
    Link("whole-cut", mode("cut"), GOOD, OK, (2, 1), STREAM, "header"),
    Link("whole-ends-early", mode("cut_ended"), GOOD, OK, (2, 1), STREAM, "setting"),
    Link("whole-error-later", mode("error_later"), GOOD, OK, (2, 1), STREAM, "setting"),
    Link("whole-stall", mode("stall"), GOOD, OK, (1, 1), STREAM, "header"),
    Link("whole-malformed", mode("malformed"), GOOD, OK, (1, 0), STREAM, "setting"),
]


class Run:
    """A chain asked once."""

    def __init__(self, link, stream, server):
        self.link = link
        self.stream = stream
        self.server = server
        self.name = f"{link.name}.{'s' if stream else 'p'}"
        self.answer = None
        self.calls = ()

    def models(self):
        return f"a-{self.name}", f"b-{self.name}"

    def sections(self):
        parts = []
        for index, name in enumerate(self.models()):
            more = {"fallbacks": self.models()[1]} if index == 0 else {}
            if self.link.contexts[index]:
                more["context"] = self.link.contexts[index]
            if self.link.whole == "setting":
                more["delivery"] = "whole"
            parts.append(section("model", name, provider=self.link.families[index], **more))
        return "".join(parts)

    def prepare(self, standin):
        for name, control in zip(self.models(), self.link.controls):
            standin.mode(**control, model=name)

    def run(self, site, standin):
        headers = {"X-Hearth-Delivery": "whole"} if self.link.whole == "header" else {}
        self.answer = ask(site, "chat", self.models()[0], stream=self.stream, note=self.name, headers=headers)
        self.calls = tuple(standin.calls(name) for name in self.models())


RUNS = [Run(link, stream, server) for server in ("nginx", "lighttpd") for link in LINKS for stream in link.streams
        if server == "nginx" or link.name in ("500", "silent", "cut", "cut-first", "whole-cut", "filter")]


@pytest.fixture(scope="module")
def runs():
    """Every chain asked once, many at a time."""
    for server in ("nginx", "lighttpd"):
        mine = [run for run in RUNS if run.server == server]
        with Standin() as standin:
            file = clocks("gateway") + section("model", "ballast", provider="openai")
            file += "".join(provider_section(kind, standin, kind) for kind in ("openai", "gemini", "anthropic"))
            file += "".join(run.sections() for run in mine)
            for run in mine:
                run.prepare(standin)
            with site_of(server, file) as site, traffic(site, "ballast"), \
                    concurrent.futures.ThreadPoolExecutor(16) as threads:
                list(threads.map(lambda run, site=site, standin=standin: run.run(site, standin), mine))
    return RUNS


NAMED = {"argnames": "run", "argvalues": RUNS, "ids": lambda run: f"{run.name}-{run.server}"}


@pytest.mark.parametrize(**NAMED)
def test_who_is_asked(runs, run):
    assert run.answer.outcome() in run.link.allowed, run.answer
    assert tuple(len(calls) for calls in run.calls) == run.link.asked


@pytest.mark.parametrize(**NAMED)
def test_says_who_was_asked(runs, run):
    asked = [name for name, calls in zip(run.models(), run.calls) for _ in calls]
    if run.answer.error:
        assert [attempt["model"] for attempt in run.answer.error["attempts"]] == asked
        if run.link.told:
            assert [attempt["outcome"] for attempt in run.answer.error["attempts"]] == run.link.told
    else:
        # One more than the providers saw where a kept connection was found to be closed.
        assert int(run.answer.headers["X-Attempts"]) in (len(asked), len(asked) + 1)
        assert run.answer.headers["X-Model"] == asked[-1]


@pytest.mark.parametrize("run", [run for run in RUNS if run.link.asked[1] > 0], ids=lambda run: f"{run.name}-{run.server}")
def test_asks_the_next_model_only_when_the_first_is_through(runs, run):
    first, second = run.calls
    assert second[0]["time"] > first[-1]["time"]


SAYS = {"500": "says 500 to all", "500-once": "says 500 once", "503": "says 503 to all",
        "reset": "resets the connection", "truncated": "sends fewer bytes than announced",
        "garbage": "sends bytes that are no text", "html": "sends an HTML page",
        "429-soon": "says 429, and to come again in 200 ms", "429-late": "says 429, and to come again in 30 s",
        "quota": "says that the account is empty", "silent": "says nothing", "late": "sends its head and no token",
        "401": "refuses our key", "404": "knows no such model", "giant": "sends 12 MB",
        "error-first": "sends an error as its first event", "cut-first": "breaks off before the first token",
        "400": "says 400", "filter": "says 400: refused by a filter", "refusal": "answers that it refuses",
        "cut": "breaks off after three tokens", "ends-early": "ends after three tokens without a finish",
        "error-later": "sends an error after three tokens", "stall": "stands still after three tokens",
        "context-larger": "is too small; the second has more room",
        "context-smaller": "is too small, and so is the second",
        "to-anthropic": "says 500; the second is Anthropic's", "to-gemini": "says nothing; the second is Gemini's",
        "from-gemini": "is Gemini's, and says 503", "from-anthropic": "is Anthropic's, and says 529",
        "both-limited": "says 500, and the second 429", "both-refused": "says nothing, and the second refuses our key",
        "then-filter": "says 500, and the second 400: refused by a filter",
        "whole-cut-once": "breaks off once after three tokens; whole delivery",
        "whole-cut": "breaks off after three tokens; whole delivery",
        "whole-ends-early": "ends after three tokens without a finish; whole delivery",
        "whole-error-later": "sends an error after three tokens; whole delivery",
        "whole-stall": "stands still after three tokens; whole delivery",
        "whole-malformed": "sends an event that is no JSON; whole delivery"}


def cell(link, stream):
    found = [run for run in RUNS if (run.link, run.stream, run.server) == (link, stream, "nginx")]
    return f"{found[0].answer.outcome()} ({len(found[0].calls[0])} + {len(found[0].calls[1])})" if found else ""


def test_the_manual_shows_this_table(runs, manual):
    manual.holds("A model and its fallback", "| the first model | gateway | gateway, streamed |\n|---|---|---|\n" + "".join(
        f"| {SAYS[link.name]} | {cell(link, False)} | {cell(link, True)} |\n" for link in LINKS))
