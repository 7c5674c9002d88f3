"""A client of the surfaces that ask a model, which looks closely at what it gets."""

import http.client
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from site_lib import KEY  # noqa: E402

COUNT = 20
COUNTED = " ".join(str(i) for i in range(1, COUNT + 1))
REPORT = "The harbour was closed for three days because of the storm."
PATHS = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses",
         "text": "/v1/text_processing/process"}


def question(surface, model, stream, note):
    """The body of a question whose right answer is expected(surface, note)."""
    if surface == "text":
        return {"text": f"Report {note} came. {REPORT} On Friday the boats left again and the market was full.",
                "operation": "summarize", "stream": stream}
    prompt = f"{note}: count to {COUNT}"
    if surface == "responses":
        return {"model": model, "input": prompt, "stream": stream}
    body = {"model": model, "messages": [{"role": "user", "content": prompt}], "stream": stream}
    if surface == "messages":
        body["max_tokens"] = 1000
    return body


def expected(surface, note):
    return f"Report {note} came. {REPORT}" if surface == "text" else COUNTED


class Answer:
    """What a client got, and whether it was fit for one."""

    def __init__(self, surface, stream, right):
        self.surface = surface
        self.stream = stream
        self.right = right      # the text of a complete answer
        self.status = 0
        self.headers = {}
        self.events = []        # (name, data)
        self.pieces = []
        self.finish = None
        self.refusal = None
        self.error = None       # {"code", "message", "attempts"}
        self.marker = False
        self.degraded = False
        self.broken = None      # the connection, not the answer: "cut", "timeout", ...
        self.began = self.first = self.ended = 0.0

    @property
    def text(self):
        return "".join(self.pieces)

    @text.setter
    def text(self, whole):
        self.pieces = [whole]

    @property
    def seconds(self):
        return self.ended - self.began

    def outcome(self):
        """One line on what the client may think. Capitals: what it must never be given."""
        if self.broken:
            return f"CONNECTION {self.broken}"
        if self.error:
            if not self.stream or self.status != 200:
                return f"{self.status} {self.error['code']}"
            if self.marker:
                return "ERROR AND END MARKER"
            return f"in-band {self.error['code']}"
        if self.status != 200:
            return f"{self.status} WITHOUT AN ERROR"
        if self.stream and not self.marker:
            return "NEITHER ERROR NOR END MARKER"
        if self.refusal:
            return "refusal"
        if self.degraded:
            return "local"
        if self.finish == "filter":
            return "finish: filter" if self.right.startswith(self.text) else "WRONG TEXT"
        if self.finish == "length":
            return "finish: length" if self.right.startswith(self.text) else "WRONG TEXT"
        if self.text == "" and self.finish == "stop":
            return "empty"
        if self.text != self.right:
            return "TRUNCATED SUCCESS" if self.right.startswith(self.text) else "WRONG TEXT"
        return "complete" if self.finish == "stop" else "NO FINISH"

    def __repr__(self):
        return (f"<{self.surface}{' stream' if self.stream else ''} {self.outcome()} {self.seconds:.2f} s "
                f"text={self.text[:80]!r} error={self.error} events={len(self.events)}>")


FINISHES = {"stop": "stop", "end_turn": "stop", "stop_sequence": "stop", "completed": "stop", "length": "length",
            "max_tokens": "length", "max_output_tokens": "length", "content_filter": "filter", "refusal": "filter",
            "tool_calls": "tool", "tool_use": "tool"}


def read_error(body):
    """The error of a body in any of the styles, or None."""
    error = body.get("error")
    if isinstance(error, dict):
        return {"code": error.get("code") or error["type"], "message": error["message"],
                "attempts": error.get("attempts", [])}
    if "code" in body and ("detail" in body or body.get("type") == "error"):
        return {"code": body["code"], "message": body.get("detail") or body.get("message"),
                "attempts": body.get("attempts", [])}
    return None


def read_body(answer, body):
    """A whole JSON answer."""
    answer.error = read_error(body) if answer.status != 200 else None
    if answer.error or answer.status != 200:
        return
    if answer.surface == "chat":
        message = body["choices"][0]["message"]
        answer.text, answer.refusal = message.get("content") or "", message.get("refusal")
        answer.finish = FINISHES.get(body["choices"][0]["finish_reason"])
    elif answer.surface == "messages":
        answer.text = "".join(block.get("text", "") for block in body["content"])
        answer.finish = FINISHES.get(body["stop_reason"])
    elif answer.surface == "responses":
        read_response(answer, body)
    else:
        read_result(answer, body)


def read_response(answer, body):
    answer.text = "".join(part.get("text", "") for item in body["output"] for part in item.get("content", []))
    answer.refusal = next((part["refusal"] for item in body["output"] for part in item.get("content", [])
                           if part["type"] == "refusal"), None)
    reason = (body.get("incomplete_details") or {}).get("reason")
    answer.finish = FINISHES.get(reason or body["status"])


def read_result(answer, body):
    """The text application's answer."""
    answer.text, answer.finish = body["result"], "stop"
    answer.degraded = body["metadata"].get("service_status") == "degraded" and body["metadata"]["model"] == "local"


def read_event(answer, name, data):
    """One event of a stream, as a strict client reads it."""
    if data == "[DONE]":
        assert answer.surface in ("chat", "text"), "an end marker of another dialect"
        answer.marker = True
        return
    value = json.loads(data)
    assert isinstance(value, dict), f"an event that is no object: {data!r}"
    error = read_error(value)
    if error or name == "error" or value.get("type") == "response.failed":
        answer.error = error or read_error(value.get("response", {})) or {"code": "?", "message": data}
    elif answer.surface == "chat":
        read_chunk(answer, value)
    elif answer.surface == "messages":
        read_message_event(answer, value)
    elif answer.surface == "responses":
        if value.get("type") == "response.output_text.delta":
            answer.pieces.append(value["delta"])
        elif value.get("type") in ("response.completed", "response.incomplete"):
            answer.marker = True
            streamed = answer.text
            read_response(answer, value["response"])
            assert streamed == answer.text, "the pieces are not the whole"
    elif name == "delta":
        answer.pieces.append(value["text"])
    elif name == "result":
        shown, answer.text = answer.text, ""
        read_result(answer, value)
        assert answer.degraded or answer.text.strip() == shown.strip(), "the pieces are not the result"


def read_chunk(answer, chunk):
    assert isinstance(chunk.get("choices"), list), f"a chunk without choices: {chunk}"
    for choice in chunk["choices"]:
        answer.pieces.append(choice["delta"].get("content") or "")
        answer.refusal = choice["delta"].get("refusal") or answer.refusal
        answer.finish = FINISHES.get(choice.get("finish_reason"), answer.finish)


def read_message_event(answer, value):
    if value["type"] == "content_block_delta":
        answer.pieces.append(value["delta"].get("text", ""))
    elif value["type"] == "message_delta":
        answer.finish = FINISHES.get(value["delta"]["stop_reason"], answer.finish)
    elif value["type"] == "message_stop":
        answer.marker = True


class Events:
    """The events of a response, as they come."""

    def __init__(self, response):
        self.response = response
        self.buffer = b""
        self.comments = 0

    def __iter__(self):
        while True:
            while b"\n\n" not in self.buffer:
                data = self.response.read1(65536)
                if not data:
                    # What http.client does not tell of read1(): whether the last chunk came.
                    if self.response.chunked and not self.response.isclosed():
                        raise http.client.IncompleteRead(self.buffer)
                    assert self.buffer.strip() == b"", f"half an event at the end: {self.buffer[:200]!r}"
                    return
                self.buffer += data
            block, self.buffer = self.buffer.split(b"\n\n", 1)
            name, lines = None, []
            for line in block.decode("utf-8").split("\n"):
                if line.startswith(":"):
                    self.comments += 1
                elif line.startswith("event:"):
                    name = line[6:].strip()
                elif line.startswith("data:"):
                    lines.append(line[5:].removeprefix(" "))
            if lines:
                yield name, "\n".join(lines)


class Call:
    """One question on a connection of its own, which a test may leave at any moment."""

    def __init__(self, site, surface, model, stream=False, note="A report", headers=None, timeout=40, body=None):
        self.answer = Answer(surface, stream, expected(surface, note))
        self.connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=timeout)
        asked = question(surface, model, stream, note)
        asked.update(body or {})
        sent = {"X-API-Key": KEY, "Content-Type": "application/json", **(headers or {})}
        if surface == "messages":
            sent["anthropic-version"] = "2023-06-01"
        self.answer.began = time.monotonic()
        self.connection.request("POST", PATHS[surface], json.dumps(asked).encode(), sent)
        self.response = None

    def begin(self):
        """Reads the head of the answer."""
        self.response = self.connection.getresponse()
        self.answer.status, self.answer.headers = self.response.status, self.response.headers
        return self

    def is_stream(self):
        return (self.response.headers.get("Content-Type") or "").startswith("text/event-stream")

    def events(self):
        """The events as they come; each is read into the answer first."""
        answer = self.answer
        for name, data in Events(self.response):
            answer.first = answer.first or time.monotonic()
            assert not answer.marker and not answer.error, f"an event after the end: {data[:200]}"
            answer.events.append((name, data))
            read_event(answer, name, data)
            yield name, data

    def leave(self):
        """Closes the connection, whatever comes."""
        if self.response is not None:
            self.response.close()
        self.connection.close()

    def finish(self):
        """Reads what is left."""
        answer = self.answer
        try:
            if self.response is None:
                self.begin()
            if self.is_stream():
                for _ in self.events():
                    pass
            else:
                read_body(answer, json.loads(self.response.read()))
        except TimeoutError:
            answer.broken = "timed out"
        except (OSError, http.client.HTTPException) as error:
            answer.broken = f"broke: {type(error).__name__}"
        except (AssertionError, ValueError, KeyError, TypeError, IndexError) as error:
            answer.broken = f"NO FIT ANSWER: {error!r}"
        finally:
            answer.ended = time.monotonic()
            self.leave()
        return answer


def ask(site, surface, model, **options):
    """Asks and reads the whole answer."""
    try:
        return Call(site, surface, model, **options).finish()
    except OSError as error:
        answer = Answer(surface, options.get("stream", False), "")
        answer.broken = repr(error)
        return answer
