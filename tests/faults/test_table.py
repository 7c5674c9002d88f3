"""What clients get when a provider breaks, for each way to break: a complete answer, one that is marked as local, a
clean error, or, once pieces have gone out, an error within the stream and no end marker; never a truncated success and
never a hang. How often the provider was asked for it, and when. The table is printed, and kept in docs/providers.md."""

import concurrent.futures
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import client  # noqa: E402,F401 (its path to tests/lib)
from client import ask, expected  # noqa: E402
from houses import clocks, provider_section, section, site_of, traffic  # noqa: E402
from standin import Standin  # noqa: E402

OK = "complete"
LOCAL = "local"
E502, I502, T504 = "502 upstream_error", "502 upstream_invalid_answer", "504 upstream_timeout"
L429 = "429 provider_rate_limited"
BROKE, SLOW = "in-band upstream_incomplete", "in-band upstream_timeout"


class Fault:
    """A way to break. What the gateway's client gets, plain and streamed, with how often the provider is asked for it
    (three attempts, two for the text application); then the same of the text application, None where it is not tried."""

    def __init__(self, name, says, control, plain, streamed, text=None, text_streamed=None, model=None):
        self.name = name
        self.says = says
        self.control = control
        self.model = model or {}    # settings of the gateway's model
        self.expected = {("chat", False): plain, ("chat", True): streamed,
                         ("text", False): text, ("text", True): text_streamed}

    def slug(self):
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower())


def mode(name, **more):
    return {"mode": name, **more}


# A text answer that fails is the local one, as long as nothing has gone out; the fault's second attempt included.
LOST, LOST_ONCE = (LOCAL, 2), (LOCAL, 1)

FAULTS = [
    Fault("none", "answers", mode("ok"), (OK, 1), (OK, 1), (OK, 1), (OK, 1)),
    Fault("slow", "answers after half a second", mode("ok", delay=0.5), (OK, 1), (OK, 1)),
    # refusals of a moment
    Fault("429 once", "says 429 once, and not when to come again", mode("429", times=1),
          (OK, 2), (OK, 2), (OK, 2), (OK, 2)),
    Fault("429 once, Retry-After: 1", "says 429 once, and to come again in a second",
          mode("429", times=1, retry_after=1), (OK, 2), (OK, 2), (OK, 2), (OK, 2)),
    Fault("429 once, retry-after-ms", "says 429 once, and to come again in 300 ms",
          mode("429", times=1, retry_after_ms=300), (OK, 2), (OK, 2)),
    Fault("429 once, a date", "says 429 once, and a date to come again",
          mode("429", times=1, retry_after_date=2), (OK, 2), (OK, 2)),
    Fault("429 once, reset header", "says 429 once, and when its limit is reset",
          mode("429", times=1, headers=["x-ratelimit-reset-requests: 1s", "x-ratelimit-remaining-requests: 0"]),
          (OK, 2), (OK, 2)),
    Fault("429 for ever", "says 429 to all", mode("429"), (L429, 3), (L429, 3), LOST, LOST),
    Fault("429, an hour", "says 429, and to come again in an hour", mode("429", retry_after=3600),
          (L429, 1), (L429, 1), LOST_ONCE, LOST_ONCE),
    Fault("429, quota spent", "says 429 because the account is empty", mode("quota"), (L429, 1), (L429, 1), LOST_ONCE,
          LOST_ONCE),
    Fault("429, do not retry", "says 429 and x-should-retry: false", mode("429", should_retry="false"),
          (L429, 1), (L429, 1)),
    # servers in trouble
    Fault("500 once", "says 500 once", mode("500", times=1), (OK, 2), (OK, 2), (OK, 2), (OK, 2)),
    Fault("500 for ever", "says 500 to all", mode("500"), (E502, 3), (E502, 3), LOST, LOST),
    Fault("500, do not retry", "says 500 and x-should-retry: false", mode("500", should_retry="false"),
          (E502, 1), (E502, 1)),
    Fault("503 for ever", "says 503 to all", mode("503"), (E502, 3), (E502, 3), LOST, LOST),
    Fault("503 once, Retry-After: 1", "says 503 once, and to come again in a second",
          mode("503", times=1, retry_after=1), (OK, 2), (OK, 2)),
    Fault("529 for ever", "says 529 to all", mode("529"), (E502, 3), (E502, 3)),
    Fault("half of all fail", "says 500 to every second attempt", mode("flap", fails=1, of=2), (OK, 2), (OK, 2)),
    # connections
    Fault("refused", "refuses connections", mode("refused"), (E502, 0), (E502, 0)),
    Fault("down, then up", "refuses connections for half a second", mode("refused", **{"for": 0.5}), (OK, 1), (OK, 1)),
    Fault("reset", "resets the connection before the head", mode("reset"), (E502, 3), (E502, 3), LOST, LOST),
    Fault("reset once", "resets the connection once", mode("reset", times=1), (OK, 2), (OK, 2), (OK, 2), (OK, 2)),
    Fault("early close", "closes the connection before the head", mode("early_close"), (E502, 3), (E502, 3), LOST, LOST),
    Fault("silent", "takes the question and says nothing", mode("silent"), (T504, 1), (T504, 1), LOST_ONCE, LOST_ONCE),
    Fault("late first token", "sends its head, and the first token too late", mode("late"), (T504, 1), (T504, 1),
          LOST_ONCE, LOST_ONCE),
    Fault("early enough", "sends its head, and the first token half a second later", mode("late", first=0.5),
          (OK, 1), (OK, 1)),
    # what cannot change
    Fault("400", "says 400", mode("400"), ("400 invalid_request_error", 1), ("400 invalid_request_error", 1), LOST_ONCE, LOST_ONCE),
    Fault("400, retry", "says 400 once, and x-should-retry: true", mode("400", times=1, should_retry="true"),
          (OK, 2), (OK, 2)),
    Fault("401", "refuses our key", mode("401"), (E502, 1), (E502, 1), LOST_ONCE, LOST_ONCE),
    Fault("404", "knows no such model", mode("404"), (E502, 1), (E502, 1), LOST_ONCE, LOST_ONCE),
    Fault("context length", "says 400: too long for the model", mode("context"), ("400 context_length_exceeded", 1),
          ("400 context_length_exceeded", 1), ("400 context_length_exceeded", 1), ("400 context_length_exceeded", 1)),
    Fault("content filter", "says 400: refused by a filter", mode("filter"), ("400 content_policy_violation", 1),
          ("400 content_policy_violation", 1), ("400 content_policy_violation", 1),
          ("400 content_policy_violation", 1)),
    Fault("refusal", "answers that the model refuses", mode("refusal"), ("refusal", 1), ("refusal", 1),
          ("400 content_policy_violation", 1), ("400 content_policy_violation", 1)),
    Fault("filter later", "a content filter ends the answer after three tokens", mode("filter_later"),
          ("finish: filter", 1), ("finish: filter", 1)),
    # streams that break
    Fault("cut before a token", "breaks the connection before the first token", mode("cut", after=0), (E502, 3),
          (E502, 3), LOST, LOST),
    Fault("cut", "breaks the connection after three tokens", mode("cut"), (E502, 3), (BROKE, 1), LOST, (BROKE, 1)),
    Fault("ends too early", "ends in good order after three tokens, without a finish", mode("cut_ended"), None,
          (BROKE, 1), None, (BROKE, 1)),
    Fault("cut before the marker", "breaks the connection between finish and end marker", mode("cut_finished"),
          None, (OK, 1), None, (OK, 1)),
    Fault("no end marker", "ends in good order without its end marker", mode("no_marker"), None, (OK, 1), None, (OK, 1)),
    Fault("stall", "says nothing more after three tokens", mode("stall"), (T504, 1), (SLOW, 1), LOST_ONCE, (SLOW, 1)),
    Fault("error first", "an error as the first event", mode("error_first"), None, (E502, 3), None, LOST),
    Fault("error later", "an error as an event after three tokens", mode("error_later"), None,
          (("in-band upstream_error", BROKE), 1), None, (("in-band upstream_error", BROKE), 1)),
    Fault("endless", "a token every 100 ms, for ever", mode("ok", tokens=1000, pace=0.1), None, (SLOW, 1),
          model={"total_timeout_ms": 1500}),
    # streams that are only odd
    Fault("malformed event", "an event that is no JSON amid the others", mode("malformed"), None, (OK, 1), None,
          (OK, 1)),
    Fault("odd events", "events of unknown names and shapes", mode("odd"), None, (OK, 1), None, (OK, 1)),
    Fault("duplicates", "every event that is no token twice", mode("duplicate"), None, (OK, 1), None, (OK, 1)),
    Fault("CRLF", "lines that end with CR LF", mode("crlf"), None, (OK, 1)),
    Fault("CR", "lines that end with CR", mode("cr"), None, (OK, 1)),
    Fault("comments", "comments between all events", mode("comments"), None, (OK, 1)),
    Fault("multi-line data", "the data of each event over several lines", mode("multiline"), None, (OK, 1)),
    Fault("drip", "an answer byte by byte", mode("drip"), (OK, 1), (OK, 1), (OK, 1), (OK, 1),
          # Bytes by the hundred may take a while on a busy machine.
          model={"headers_timeout_ms": 20000, "first_token_timeout_ms": 20000, "gap_timeout_ms": 20000}),
    # bodies
    Fault("giant body", "a body of 12 MB; as a stream without end", mode("giant"), (I502, 1),
          ((BROKE, "in-band upstream_invalid_answer"), 1), LOST_ONCE, ((BROKE, "in-band upstream_invalid_answer"), 1)),
    Fault("giant line", "a line of 12 MB", mode("giant_line"), (I502, 1),
          ((BROKE, "in-band upstream_invalid_answer"), 1), LOST_ONCE, ((BROKE, "in-band upstream_invalid_answer"), 1)),
    Fault("gzip bomb", "64 MB as 64 KB of gzip, which nobody asked for", mode("gzip_bomb"), (I502, 1), (I502, 1), LOST_ONCE,
          LOST_ONCE),
    Fault("garbage", "bytes that are no text", mode("garbage"), (I502, 3), (I502, 3), LOST, LOST),
    Fault("HTML", "an HTML page with status 200", mode("html"), (I502, 3), (I502, 3), LOST, LOST),
    Fault("text/plain", "an answer that is called text/plain", mode("content_type"), (OK, 1), (OK, 1), (OK, 1),
          (OK, 1)),
    Fault("JSON for a stream", "a plain answer where a stream was asked for", mode("plain"), (OK, 1), (OK, 1), (OK, 1),
          (OK, 1)),
    Fault("truncated", "fewer bytes than announced", mode("truncated"), (E502, 3), (E502, 3), LOST, LOST),
    Fault("cut in chunks", "an answer in chunks that breaks off", mode("chunked_cut"), (E502, 3), (E502, 3), LOST,
          LOST),
    Fault("full close", "a whole answer, and the connection closed at once", mode("full_close"), (OK, 1), (OK, 1),
          (OK, 1), (OK, 1)),
    Fault("empty", "an empty answer", mode("empty"), ("empty", 1), ("empty", 1), LOST, LOST),
    Fault("no choices", "an answer without any choice", mode("no_choices"), (I502, 3),
          ((I502, "502 upstream_incomplete"), 3), LOST, LOST),
    Fault("length", "an answer cut for want of tokens", mode("length"), ("finish: length", 1), ("finish: length", 1),
          LOST_ONCE, ("in-band upstream_invalid_answer", 1)),
]
# Other families and surfaces, and lighttpd, for the faults in which they could differ.
ELSEWHERE = ["none", "429 once, Retry-After: 1", "500 once", "503 for ever", "silent", "context length",
             "content filter", "cut before a token", "cut", "ends too early", "cut before the marker", "no end marker",
             "stall", "error first", "error later", "malformed event", "CRLF", "giant line", "JSON for a stream"]
PLACES = {"chat of Gemini": ("chat", "gemini"), "chat of Anthropic": ("chat", "anthropic"),
          "messages of Anthropic": ("messages", "anthropic"), "messages of OpenAI": ("messages", "openai"),
          "messages of Gemini": ("messages", "gemini"), "text of Gemini": ("text", "gemini"),
          "text of Anthropic": ("text", "anthropic")}


class Case:
    """One fault at one place, plain or streamed, at a model or a text of its own."""

    def __init__(self, fault, surface, stream, family="openai", server="nginx"):
        self.fault = fault
        self.surface = surface
        self.stream = stream
        self.family = family
        self.server = server
        what = {"chat": "c", "messages": "m", "text": "t"}[surface]
        self.name = f"x-{fault.slug()}.{what}{family[0]}{server[0]}{'s' if stream else 'p'}"
        self.standin = None     # a stand-in of its own, where it is to refuse connections
        self.answer = None
        self.calls = []

    @property
    def alone(self):
        return self.fault.control["mode"] == "refused"

    def outcomes(self):
        found = self.fault.expected[("text" if self.surface == "text" else "chat", self.stream)]
        allowed = (found[0],) if isinstance(found[0], str) else found[0]
        if self.surface == "messages":
            allowed = tuple(in_anthropic(outcome) for outcome in allowed)
        return allowed, found[1]

    def prepare(self, standin):
        control = dict(self.fault.control)
        if self.alone:
            self.standin = Standin().start()
            return
        self.standin = standin
        control["marker" if self.surface == "text" else "model"] = self.name
        standin.mode(**control)

    def model(self):
        return None if self.surface == "text" else self.name

    def run(self, site):
        if self.alone:
            self.standin.mode(**self.fault.control)
        self.answer = ask(site, self.surface, self.model(), stream=self.stream, note=self.name, timeout=40)
        self.calls = [call for call in self.standin.calls() if self.name in call["body"] or self.name in call["path"]]
        if self.surface == "text":
            # The next case finds the model as new.
            site.command("resilience", "reset", "text")

    def line(self):
        place = f"{self.surface}{'' if self.family == 'openai' else ' of ' + self.family} {self.server}"
        return (f"{self.fault.name:26} {place:26} {'stream' if self.stream else 'plain':7} "
                f"{self.answer.outcome():34} asked {len(self.calls)}  {self.answer.seconds:5.2f} s")


# What a code of ours is called in Anthropic's shape.
ANTHROPIC_TYPES = {"429 provider_rate_limited": "429 rate_limit_error", E502: "502 api_error", I502: "502 api_error",
                   T504: "504 timeout_error", "400 invalid_request": "400 invalid_request_error",
                   "400 context_length_exceeded": "400 invalid_request_error",
                   "400 content_policy_violation": "400 invalid_request_error",
                   BROKE: "in-band api_error", SLOW: "in-band timeout_error",
                   "in-band upstream_error": "in-band api_error",
                   "in-band upstream_invalid_answer": "in-band api_error"}


def in_anthropic(outcome):
    return ANTHROPIC_TYPES.get(outcome, outcome)


def cases():
    found = []
    for fault in FAULTS:
        for surface in ("chat", "text"):
            for stream in (False, True):
                if fault.expected[(surface, stream)]:
                    found.append(Case(fault, surface, stream))
        if fault.name in ELSEWHERE:
            for stream in (False, True):
                found += [Case(fault, surface, stream, server="lighttpd") for surface in ("chat", "text")
                          if fault.expected[(surface, stream)]]
                found += [Case(fault, surface, stream, family) for surface, family in PLACES.values()
                          if fault.expected[("text" if surface == "text" else "chat", stream)]]
    return found


CASES = cases()


def settings_file(standin, mine):
    parts = [clocks("gateway", total_timeout_ms=30000), clocks("balanced", total_timeout_ms=30000),
             section("model", "text", provider=mine[0].family), section("model", "ballast", provider="openai")]
    parts += [provider_section(kind, standin, kind) for kind in ("openai", "gemini", "anthropic")]
    for case in mine:
        if case.surface != "text":
            provider = case.family
            if case.alone:
                provider = f"at-{case.name}"
                parts.append(provider_section(provider, case.standin))
            parts.append(section("model", case.name, provider=provider, **case.fault.model))
    return "".join(parts)


class Healthy:
    """That a pool is as good after the faults as before."""

    def __init__(self, site):
        self.site = site
        self.pids = sorted(site.worker_pids())
        self.complaints = []

    def look(self):
        if sorted(self.site.worker_pids()) != self.pids:
            self.complaints.append("workers died: " + self.site.log()[-2000:])
        for path in ("/health", "/livez", "/readyz"):
            status = self.site.send("GET", path, timeout=5).status
            if status != 200:
                self.complaints.append(f"{path} answers {status}")
        for surface, stream in (("chat", False), ("chat", True), ("text", False), ("text", True)):
            answer = ask(self.site, surface, "ballast", stream=stream, note=f"Afterwards {stream}")
            if answer.outcome() != OK:
                self.complaints.append(f"afterwards: {answer}")


def run_cases(server, mine, at_once, per_second):
    """A site of its own for these cases, and the health of its pool afterwards."""
    with Standin() as standin:
        for case in mine:
            case.prepare(standin)
        with site_of(server, settings_file(standin, mine), AI_MODEL="text") as site:
            pool = Healthy(site)
            with traffic(site, "ballast", per_second, 3 * per_second) as failed, \
                    concurrent.futures.ThreadPoolExecutor(at_once) as threads:
                list(threads.map(lambda case: case.run(site), mine))
            pool.complaints += [f"beside the faults: {answer}" for answer in failed[:3]]
            pool.look()
            return pool.complaints


# Cases of the text application share one model, so they come one after the other; sites of their own save time.
TEXT_SITES = 4


def groups():
    """Arguments of run_cases(): each case in one of them."""
    for server in ("nginx", "lighttpd"):
        mine = [case for case in CASES if case.server == server]
        # A file of settings holds 254 sections.
        native = [case for case in mine if case.surface == "chat" and case.family == "openai"]
        yield server, native, 24, 100
        yield server, [case for case in mine if case.surface != "text" and case not in native], 24, 100
        for family in ("openai", "gemini", "anthropic"):
            text = [case for case in mine if case.surface == "text" and case.family == family]
            sites = TEXT_SITES if len(text) > 50 else 1
            for i in range(sites):
                yield server, text[i::sites], 1, 20


@pytest.fixture(scope="module")
def table(table_lines):
    """Every case run once, many at a time; what was wrong with the pools afterwards."""
    with concurrent.futures.ThreadPoolExecutor(TEXT_SITES + 1) as threads:
        running = [threads.submit(run_cases, *group) for group in groups() if group[1]]
        complaints = [future.result() for future in running]
    for case in CASES:
        table_lines.append(case.line())
        if case.alone:
            case.standin.stop()
    return complaints


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_is_told_as_it_is(table, case):
    allowed, asked = case.outcomes()
    assert case.answer.outcome() in allowed, case.answer
    assert len(case.calls) == asked, [call["time"] - case.calls[0]["time"] for call in case.calls]


def test_the_pools_are_healthy_afterwards(table):
    assert [complaint for complaints in table for complaint in complaints] == []


WAITS = {"429 once, Retry-After: 1": 1.0, "429 once, retry-after-ms": 0.3, "429 once, a date": 1.0,
         "429 once, reset header": 1.0, "503 once, Retry-After: 1": 1.0}


@pytest.mark.parametrize("case", [case for case in CASES if case.fault.name in WAITS], ids=lambda case: case.name)
def test_comes_again_no_earlier_than_the_provider_said(table, case):
    wait = WAITS[case.fault.name]
    between = case.calls[1]["time"] - case.calls[0]["time"]
    assert wait - 0.02 <= between < wait + 3, between


def of_openai(name_of_fault):
    return [case for case in CASES if case.fault.name == name_of_fault and case.surface == "chat"]


@pytest.mark.parametrize("case", [case for case in CASES if case.surface == "chat" and not case.alone],
                         ids=lambda case: case.name)
def test_attempts_of_an_error_tell_what_was_tried(table, case):
    # One more than the provider saw where a kept connection was found to be closed.
    possible = (len(case.calls), len(case.calls) + 1)
    error = case.answer.error
    if error is None:
        # An answer names its model and how often it was asked for.
        assert case.answer.headers["X-Model"] == case.name
        assert int(case.answer.headers["X-Attempts"]) in possible
        return
    assert len(error["attempts"]) in possible and {attempt["model"] for attempt in error["attempts"]} == {case.name}
    for attempt in error["attempts"]:
        assert attempt["outcome"] not in ("", "ok") and 0 <= attempt["milliseconds"] <= case.answer.seconds * 1000 + 1


@pytest.mark.parametrize("case", [case for case in CASES if case.surface != "text"], ids=lambda case: case.name)
def test_tells_clients_not_to_retry_what_was_retried_or_cannot_change(table, case):
    status = case.answer.status
    if status == 200:
        assert "X-Should-Retry" not in case.answer.headers
    elif status < 429 or len(case.calls) > 1:
        assert case.answer.headers["X-Should-Retry"] == "false"


@pytest.mark.parametrize("case", of_openai("429, an hour"), ids=lambda case: case.name)
def test_passes_on_when_to_come_again(table, case):
    assert 3590 <= int(case.answer.headers["Retry-After"]) <= 3600


@pytest.mark.parametrize("case", [case for case in CASES if case.fault.name == "content filter" and
                                  case.surface != "text"], ids=lambda case: case.name)
def test_a_refusal_comes_with_the_reason_of_the_provider(table, case):
    assert "Output blocked by content filtering policy." in case.answer.error["message"]


def test_no_secret_is_told(table):
    for case in CASES:
        assert "sk-secret" not in repr(case.answer.error) and "sk-test" not in repr(case.answer.error)


HEAD = """| the provider | gateway | gateway, streamed | text | text, streamed |
|---|---|---|---|---|
"""


def cell(fault, surface, stream):
    found = [case for case in CASES if (case.fault, case.surface, case.stream) == (fault, surface, stream) and
             case.family == "openai" and case.server == "nginx"]
    return f"{found[0].answer.outcome()} ({len(found[0].calls)})" if found else ""


def test_the_manual_shows_this_table(table, manual):
    manual.holds("A model alone", HEAD + "".join(
        f"| {fault.says} | " + " | ".join(cell(fault, surface, stream) for surface in ("chat", "text")
                                          for stream in (False, True)) + " |\n" for fault in FAULTS))


def test_the_right_answers_are_what_the_stand_in_gives():
    """What the table compares with is no invention of it."""
    assert expected("chat", "x").startswith("1 2 3") and expected("text", "x").startswith("Report x came.")
