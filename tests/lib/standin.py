#!/usr/bin/python3
"""A stand-in for providers of models: speaks OpenAI, Gemini and Anthropic over loopback HTTP, plain and streamed.

Answers are plausible and depend only on the question; standin_dialects.py says what a prompt can ask
for. It misbehaves on request:

    POST /control {"mode": "500", "times": 2, "retry_after_ms": 10, "delay": 0.5}
    GET  /log      every attempt so far: time, method, path, headers, body, mode, model, the times of its
                   tokens, whether the answer was complete and when it ended, when the connection closed,
                   and the usage that it is billed with, as the provider reports it
    POST /reset    forgets the log and behaves again

Members of a control: "mode", see MODES; "times": for so many attempts (0 or left out: until told
otherwise); "match": only for requests whose body holds a text; "model": a control of that model alone,
beside the others; "marker": one of requests whose body holds a text, likewise; "delay": seconds before
anything is said; "first": seconds from the headers to the first token; "pace": seconds between tokens;
"tokens": length of the answer; "word": what a finish says; "after": tokens before a stream misbehaves (3); "headers": further headers; "retry_after", "retry_after_ms", "retry_after_date"
(seconds from now) and "should_retry": headers of an error.

    python3 tests/lib/standin.py --port 0

prints the port it listens on. Tests use the class Standin, which runs it in a thread.
"""

import argparse
import asyncio
import email.utils
import functools
import gzip
import json
import re
import socket
import struct
import threading
import time
import urllib.request

from standin_dialects import DIALECTS, Question, dialect_of, embeddings, fault, models

MODES = {
    "ok": "answers",
    # before the answer
    "slow": "answers after delay seconds",
    "silent": "takes the question and never answers",
    "refused": "refuses connections until another mode is set, or for \"for\" seconds",
    "reset": "resets the connection",
    "early_close": "closes the connection without an answer",
    "flap": "behaves as mode \"as\" (500) for the first \"fails\" of every \"of\" attempts",
    # errors
    "429": "too many requests; retry_after or retry_after_ms set the headers",
    "500": "server error", "502": "bad gateway", "503": "overloaded", "529": "overloaded",
    "400": "bad request", "401": "refuses the key", "404": "knows no such model",
    "quota": "429 because the account is empty",
    "context": "400 because the prompt is too long",
    "filter": "400 by the content filter",
    # answers that are none
    "refusal": "200 with a refusal of the model",
    "garbage": "200 with bytes that are no text",
    "not_json": "200 with an HTML page",
    "content_type": "200 with a good body called text/plain",
    "giant": "200 with a body of 12 MB; streamed: with tokens of 512 KB for ever",
    "giant_line": "200 with one line of 12 MB; streamed: within an event, after some tokens",
    "gzip_bomb": "200 with a body of 64 MB that is sent as 64 KB in gzip, which nobody asked for",
    "empty": "200 with an empty answer",
    "no_choices": "200 without any answer",
    "truncated": "announces more bytes than it sends, then closes",
    "chunked_cut": "an answer in chunks that breaks off within one",
    "full_close": "a whole answer with its length, and the connection closed at once",
    "drip": "a whole answer, byte by byte, \"gap\" seconds (0) between them",
    "length": "200 with an answer that was cut for want of tokens",
    "gave_up": "200 with half an answer whose finish says that it is no answer; \"word\" is what it says",
    "prose": "a structured answer within prose",
    "fenced": "a structured answer within a code fence",
    "unreadable": "prose where an object was asked for",
    "missing": "a structured answer without its first required member",
    "wrong_type": "a structured answer whose members are all lists",
    "echo": "repeats the whole prompt",
    # streams; asked for a plain answer it gives one
    "late": "headers at once, the first token after \"first\" seconds (3600)",
    "cut": "breaks the connection after some tokens",
    "cut_ended": "ends in good order after some tokens, with neither a finish nor an end marker",
    "cut_finished": "breaks the connection between the finish and the end marker",
    "no_marker": "ends in good order without its end marker",
    "stall": "says nothing more after some tokens",
    "held": "says nothing more after some tokens until another mode is set, then the rest",
    "malformed": "an event that is no JSON amid the others",
    "odd": "events of unknown names and shapes amid the others",
    "error_first": "an error as the first event, then the end",
    "error_later": "an error as an event after some tokens, then the end",
    "filter_later": "a finish by the content filter after some tokens",
    "plain": "the plain answer where a stream was asked for",
    "raw": "\"body\" as it is; streamed: each of \"events\" as the data of one",
    "html": "an HTML page with status 200",
    "duplicate": "every event that is no token twice",
    "crlf": "lines that end with CR LF", "cr": "lines that end with CR",
    "comments": "comments and pings between all events",
    "multiline": "the data of each event over several lines",
}

FAULTS = {
    "400": (400, "invalid_request_error", "A parameter is not supported."),
    "401": (401, "invalid_api_key", "Incorrect API key provided: sk-secret."),
    "404": (404, "model_not_found", "The model does not exist."),
    "429": (429, "rate_limit_exceeded", "Rate limit reached."),
    "quota": (429, "insufficient_quota", "You exceeded your current quota."),
    "500": (500, "server_error", "The server had an error."),
    "502": (502, "bad_gateway", "Bad gateway."),
    "503": (503, "overloaded", "The engine is overloaded."),
    "529": (529, "overloaded_error", "Overloaded."),
    "filter": (400, "content_filter", "Output blocked by content filtering policy."),
}
TOO_LONG = {
    "openai": (400, "context_length_exceeded", "This model's maximum context length is 8192 tokens."),
    "responses": (400, "context_length_exceeded", "Your input exceeds the context window of this model."),
    "anthropic": (400, "", "prompt is too long: 210000 tokens > 200000 maximum"),
    "gemini": (400, "", "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
}
GIANT = 12 << 20


class Gone(Exception):
    """The client's connection closed, or is to be closed."""


class Ended(Exception):
    """The answer ended in good order before its time; the connection stays."""


@functools.lru_cache
def bomb():
    """64 MB of JSON in gzip, as members of 1 MB."""
    start = b'{"choices":[{"message":{"role":"assistant","content":"'
    return gzip.compress(start, mtime=0) + gzip.compress(b"x" * (1 << 20), mtime=0) * 64


class Watched(asyncio.StreamReaderProtocol):
    """Tells the connection at once when its client has left."""

    connection = None

    def eof_received(self):
        self.tell()
        super().eof_received()
        return False

    def connection_lost(self, exc):
        self.tell()
        super().connection_lost(exc)

    def tell(self):
        if self.connection is not None:
            self.connection.left()


class Connection:
    """One client's connection: what is sent on it, and when it ends."""

    def __init__(self, server, reader, writer):
        self.server = server
        self.reader = reader
        self.writer = writer
        self.gone = asyncio.Event()
        self.attempt = None  # the latest one

    def left(self):
        if not self.gone.is_set():
            self.gone.set()
            if self.attempt is not None:
                self.attempt["closed"] = time.time()
                self.server.tell()

    async def pause(self, seconds):
        """Sleeps; a client that leaves ends it."""
        if seconds <= 0:
            return
        try:
            await asyncio.wait_for(self.gone.wait(), seconds)
        except asyncio.TimeoutError:
            return
        raise Gone

    async def hold(self, event):
        """Waits for an event; a client that leaves ends it."""
        waiting = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self.gone.wait())]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        if self.gone.is_set():
            raise Gone

    async def write(self, data):
        if self.gone.is_set():
            raise Gone
        self.writer.write(data)
        await self.writer.drain()

    async def write_last(self, data):
        """The end of a whole answer: noted before the client can have seen it."""
        if self.attempt is not None and not self.gone.is_set():
            self.attempt["complete"] = True
            self.attempt["ended"] = time.time()
        await self.write(data)

    def reset(self):
        """Closes the connection with a reset: what was not yet read is lost."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                                        struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        raise Gone

    async def send(self, status, body, headers=(), kind="application/json", length=None):
        head = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}",
                f"Content-Length: {len(body) if length is None else length}", *headers]
        whole = "\r\n".join(head).encode() + b"\r\n\r\n" + body
        await (self.write_last(whole) if length is None else self.write(whole))

    async def send_head(self, kind, headers=()):
        """The head of an answer in chunks."""
        head = ["HTTP/1.1 200 OK", f"Content-Type: {kind}", "Transfer-Encoding: chunked", *headers]
        await self.write("\r\n".join(head).encode() + b"\r\n\r\n")

    async def send_chunk(self, data):
        await self.write(b"%x\r\n%s\r\n" % (len(data), data))

    async def send_drop(self, data, gap):
        for i in range(len(data)):
            await (self.pause(gap) if gap > 0 else asyncio.sleep(0))
            await self.write(data[i:i + 1])


def usage_of(document):
    """What an answer or an event of one reports of usage."""
    if not isinstance(document, dict):
        return None
    inner = document.get("response") or document.get("message")
    inner = inner if isinstance(inner, dict) else {}
    return document.get("usage") or document.get("usageMetadata") or inner.get("usage")


class Stream:
    """One streamed answer, event by event, as its mode wants it."""

    def __init__(self, connection, dialect, control):
        self.connection = connection
        self.dialect = dialect
        self.control = control
        self.mode = control["mode"]
        self.after = int(control.get("after", 3))
        self.tokens = 0
        self.turned = False  # it has misbehaved

    def encode(self, name, value):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if self.mode == "multiline" and not isinstance(value, str):
            text = json.dumps(value, ensure_ascii=False, indent=1)
        lines = ([f"event: {name}"] if name else []) + [f"data: {line}" for line in text.split("\n")]
        end = {"crlf": "\r\n", "cr": "\r"}.get(self.mode, "\n")
        return (end.join(lines) + end + end).encode()

    async def say(self, event):
        await self.put(self.encode(event[0], event[1]))

    async def put(self, data):
        if self.mode == "drip":
            await self.connection.write(b"%x\r\n" % len(data))
            await self.connection.send_drop(data, float(self.control.get("gap", 0)))
            await self.connection.write(b"\r\n")
        else:
            await self.connection.send_chunk(data)

    async def send(self):
        await self.connection.send_head("text/event-stream; charset=utf-8", self.control.get("headers", ()))
        if self.mode == "filter_later":
            self.dialect.cut_short()
        try:
            if self.mode == "error_first":
                await self.say(self.dialect.error_event())
                raise Ended
            for event in self.dialect.events():
                await self.send_event(event)
        except Ended:
            pass
        await self.connection.write_last(b"0\r\n\r\n")

    async def send_event(self, event):
        if event[2]:
            await self.before_token()
        self.end_at(event)
        self.connection.attempt["billed"] = usage_of(event[1]) or self.connection.attempt["billed"]
        await self.say(event)
        await self.beside(event)
        if event[2]:
            self.tokens += event[2]
            self.connection.attempt["tokens"].append(time.time())

    async def before_token(self):
        first = float(self.control.get("first", 3600 if self.mode == "late" else 0))
        await self.connection.pause(first if self.tokens == 0 else float(self.control.get("pace", 0)))
        if self.tokens >= self.after and not self.turned:
            self.turned = True
            await self.turn()

    async def turn(self):
        """What happens once, before the token after so many."""
        if self.mode == "cut":
            await self.connection.write(b"ff\r\ndata: {\"choi")
            raise Gone
        if self.mode == "cut_ended":
            raise Ended
        if self.mode == "stall":
            await self.connection.pause(3600)
        if self.mode == "held":
            await self.connection.hold(self.control["replaced"])
        if self.mode == "malformed":
            await self.put(b"data: {\"choices\": [{\"index\": 0, \"delta\": {\"content\": \"bro\n\n")
        if self.mode == "odd":
            await self.put(b"event: wonder\ndata: {\"type\": \"wonder\", \"x\": [1]}\nid: 7\nretry: 10\n\n")
            await self.put(b"data: {}\n\ndata: []\n\ndata: null\n\ndata: {\"choices\": \"none\"}\n\ndata:\n\n")
        if self.mode == "error_later":
            await self.say(self.dialect.error_event())
            raise Ended
        if self.mode == "giant_line":
            await self.put(b"data: {\"choices\": [\"")
            for _ in range(GIANT >> 16):
                await self.put(b"x" * 65536)
        while self.mode == "giant":
            await self.say(next(event for event in self.big().events() if event[2]))

    def big(self):
        for choice in self.dialect.choices:
            choice.text, choice.calls = "x" * (512 << 10), []
        return self.dialect

    @staticmethod
    def is_marker(event):
        """The event after which nothing follows, where the dialect has one of its own."""
        return event[1] == "[DONE]" or event[0] in ("message_stop", "response.completed", "response.incomplete")

    def end_at(self, event):
        if self.mode == "no_marker" and self.is_marker(event):
            raise Ended
        if self.mode == "cut_finished" and self.is_marker(event):
            raise Gone

    async def beside(self, event):
        """What goes with an event."""
        if self.mode == "duplicate" and not event[2]:
            await self.say(event)
        if self.mode == "comments":
            await self.put(b": a comment\n\n")
            if self.dialect.question.dialect == "anthropic":
                await self.say(("ping", {"type": "ping"}, 0))


class Server:
    """One listener on one event loop."""

    def __init__(self, log_bodies=True):
        self.attempts = []
        self.control = {"mode": "ok"}
        self.of_models, self.of_markers = {}, {}
        self.server = None
        self.port = 0
        self.connections = set()
        self.log_bodies = log_bodies
        self.count = 0
        self.changed = threading.Condition()

    def tell(self):
        """Wakes the tests that wait for the log to change."""
        with self.changed:
            self.changed.notify_all()

    async def listen(self, port):
        loop = asyncio.get_running_loop()

        def connected():
            reader = asyncio.StreamReader(limit=16 << 20, loop=loop)
            protocol = Watched(reader, lambda r, w: self.serve(protocol, r, w), loop=loop)
            return protocol

        self.server = await loop.create_server(connected, "127.0.0.1", port, backlog=2048)
        self.port = self.server.sockets[0].getsockname()[1]

    async def set_mode(self, control, keep=None):
        """keep: the connection on which this was asked."""
        control = {"mode": "ok", **control}
        for mode in (control["mode"], control.get("as", "ok")):
            if mode not in MODES:
                raise ValueError(f"no such mode: {mode}")
        control["left"] = int(control.get("times", 0))
        control["asked"] = 0
        control["replaced"] = asyncio.Event()
        if control.get("model") or control.get("marker"):
            place = self.of_models if control.get("model") else self.of_markers
            name = control.get("model") or control["marker"]
            self.replace(place.get(name))
            place[name] = control
            return
        self.replace(self.control)
        self.control = control
        if control["mode"] == "refused":
            self.close(keep)
            if control.get("for"):
                asyncio.get_running_loop().call_later(
                    float(control["for"]), lambda: asyncio.ensure_future(self.come_back(control)))
        elif not self.server.is_serving():
            await self.listen(self.port)

    @staticmethod
    def replace(control):
        """Tells the streams that are held under it."""
        if control and "replaced" in control:
            control["replaced"].set()

    def close(self, keep=None):
        self.server.close()
        for connection in self.connections - {keep}:
            connection.writer.transport.abort()

    async def come_back(self, control):
        if self.control is control:
            await self.set_mode({"mode": "ok"})

    def take_mode(self, model, body):
        control = self.of_models.get(model) or self.control_of_marker(body) or self.control
        if control.get("match") and control["match"].encode() not in body:
            return {"mode": "ok"}
        if control["mode"] == "flap":
            control["asked"] += 1
            fails = (control["asked"] - 1) % int(control.get("of", 2)) < int(control.get("fails", 1))
            return dict(control, mode=control.get("as", "500") if fails else "ok")
        if control.get("left", 0) > 0:
            control["left"] -= 1
            if control["left"] == 0:
                self.behave(control)
        return control

    def control_of_marker(self, body):
        return next((control for marker, control in self.of_markers.items() if marker.encode() in body), None)

    def behave(self, control):
        """A control is used up."""
        if control.get("model"):
            self.of_models[control["model"]] = {"mode": "ok"}
        elif control.get("marker"):
            self.of_markers[control["marker"]] = {"mode": "ok"}
        else:
            self.control = {"mode": "ok"}

    async def serve(self, protocol, reader, writer):
        connection = protocol.connection = Connection(self, reader, writer)
        self.connections.add(connection)
        try:
            while True:
                await self.serve_one(connection)
        except (Gone, asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            pass
        finally:
            self.connections.discard(connection)
            writer.close()

    async def serve_one(self, connection):
        head = (await connection.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {}
        for line in head[1:]:
            name, colon, value = line.partition(":")
            if colon:
                headers[name.strip().lower()] = value.strip()
        if headers.get("expect") == "100-continue":
            await connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await connection.reader.readexactly(int(headers.get("content-length", 0)))
        if path in ("/control", "/log", "/reset"):
            await self.answer_control(connection, path, body)
        elif method == "GET" and path.split("?")[0].endswith("/models"):
            names = list(self.of_models) or ["standin"]
            await connection.send(200, json.dumps(models(names)).encode())
        else:
            await self.answer_question(connection, method, path, headers, body)

    async def answer_control(self, connection, path, body):
        status, answer = 200, {}
        if path == "/control":
            try:
                await self.set_mode(json.loads(body), connection)
            except ValueError as error:
                status, answer = 400, {"error": str(error)}
        elif path == "/reset":
            self.forget()
        else:
            answer = {"attempts": self.attempts, "count": self.count}
        await connection.send(status, json.dumps(answer).encode())

    def forget(self):
        self.attempts, self.control, self.count = [], {"mode": "ok"}, 0
        self.of_models, self.of_markers = {}, {}

    async def answer_question(self, connection, method, path, headers, body):
        try:
            asked = json.loads(body)
        except ValueError:
            asked = None
        in_path = re.search(r"models/([^:]+):", path)
        model = in_path.group(1) if in_path else asked.get("model", "") if isinstance(asked, dict) else ""
        control = self.take_mode(model, body)
        self.count += 1
        attempt = {"time": time.time(), "method": method, "path": path, "mode": control["mode"], "model": model,
                   "headers": headers, "body": body.decode("utf-8", "replace"), "tokens": [],
                   "closed": None, "complete": False, "ended": None, "billed": None}
        connection.attempt = attempt
        if self.log_bodies:
            self.attempts.append(attempt)
            self.tell()
        await self.answer_slowly(connection, path, asked, control)
        self.tell()

    async def answer_slowly(self, connection, path, asked, control):
        mode = control["mode"]
        await connection.pause(float(control.get("delay", 0)))
        if mode == "silent":
            await connection.pause(3600)
        if mode == "reset":
            connection.reset()
        if mode == "early_close":
            raise Gone
        dialect = dialect_of(path)
        try:
            vectors = embeddings(path, asked)
            question = Question(dialect, path, asked) if not vectors else None
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            text = json.dumps(fault(dialect or "openai", 400, "invalid_request_error", repr(error)))
            await connection.send(400, text.encode())
            return
        if await self.answer_fault(connection, dialect or "openai", control):
            return
        if vectors:
            await connection.send(200, json.dumps(vectors).encode())
            return
        speaker = DIALECTS[dialect](question, control)
        if mode == "raw":
            await self.answer_raw(connection, question, control)
        elif question.stream and mode not in PLAIN_MODES:
            await Stream(connection, speaker, control).send()
        else:
            await self.answer_plain(connection, speaker, control)

    async def answer_fault(self, connection, dialect, control):
        mode = control["mode"]
        if mode not in FAULTS and mode != "context":
            return False
        status, code, message = TOO_LONG[dialect] if mode == "context" else FAULTS[mode]
        headers = list(control.get("headers", ()))
        for name, member in (("Retry-After", "retry_after"), ("retry-after-ms", "retry_after_ms"),
                             ("x-should-retry", "should_retry")):
            if member in control:
                headers.append(f"{name}: {control[member]}")
        if "retry_after_date" in control:
            date = email.utils.formatdate(time.time() + float(control["retry_after_date"]), usegmt=True)
            headers.append(f"Retry-After: {date}")
        await connection.send(status, json.dumps(fault(dialect, status, code, message)).encode(), headers)
        return True

    @staticmethod
    async def answer_raw(connection, question, control):
        if not question.stream:
            await connection.send(200, control["body"].encode())
            return
        await connection.send_head("text/event-stream")
        for event in control["events"]:
            await connection.send_chunk(f"data: {event}\n\n".encode())
        await connection.write_last(b"0\r\n\r\n")

    async def answer_plain(self, connection, speaker, control):
        mode = control["mode"]
        if mode == "garbage":
            await connection.send(200, bytes(range(256)) * 4)
        elif mode in ("not_json", "html"):
            await connection.send(200, b"<html>Welcome to the proxy</html>", kind="text/html")
        elif mode == "giant":
            await connection.send(200, b'{"choices":["' + b"x" * GIANT + b'"]}')
        elif mode == "giant_line":
            await connection.send(200, b"x" * GIANT)
        elif mode == "gzip_bomb":
            await connection.send(200, bomb(), ["Content-Encoding: gzip"])
        else:
            if mode == "filter_later":
                speaker.cut_short()
            document = speaker.body()
            connection.attempt["billed"] = usage_of(document)
            await self.answer_body(connection, json.dumps(document, ensure_ascii=False).encode(), control)

    async def answer_body(self, connection, body, control):
        mode = control["mode"]
        if mode == "late":
            await connection.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                   b"Content-Length: %d\r\n\r\n" % len(body))
            await connection.pause(float(control.get("first", 3600)))
            await connection.write_last(body)
        elif mode == "truncated":
            await connection.send(200, body[: len(body) // 2], length=len(body))
            raise Gone
        elif mode in ("chunked_cut", "cut", "stall"):
            await connection.send_head("application/json")
            await connection.send_chunk(body[: len(body) // 2])
            if mode == "stall":
                await connection.pause(3600)
            await connection.write(b"ff\r\n" + body[len(body) // 2:][:16])
            raise Gone
        elif mode == "full_close":
            await connection.send(200, body, ["Connection: close"])
            raise Gone
        elif mode == "drip":
            whole = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % \
                (len(body), body)
            await connection.send_drop(whole[:-1], float(control.get("gap", 0)))
            await connection.write_last(whole[-1:])
        else:
            kind = "text/plain" if mode == "content_type" else "application/json"
            await connection.send(200, body, control.get("headers", ()), kind=kind)


# Modes whose answer to a question for a stream is a plain one.
PLAIN_MODES = {"garbage", "not_json", "html", "plain", "content_type", "gzip_bomb", "truncated", "chunked_cut",
               "full_close"}


class Standin:
    """A stand-in in a thread of the test: with Standin() as provider: provider.mode("500", times=2)."""

    def __init__(self, port=0):
        self.server = Server()
        self.loop = asyncio.new_event_loop()
        self.thread = None
        self.port = port

    def start(self):
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self._call(self.server.listen(self.port))
        self.port = self.server.port
        return self

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def mode(self, mode, **more):
        """Behaves like this from now on, to all or to one model; listens again where it did not."""
        self._call(self.server.set_mode({"mode": mode, **more}))

    def calls(self, model=None):
        """Every attempt so far, oldest first; of one model where one is named."""
        return [attempt for attempt in list(self.server.attempts) if model is None or attempt["model"] == model]

    def wait(self, condition, timeout=10):
        """Waits until the log is such that condition(self) holds; whether it came to that."""
        with self.server.changed:
            return self.server.changed.wait_for(lambda: condition(self), timeout)

    def reset(self):
        """Forgets the attempts and behaves again."""
        async def forget():
            self.server.forget()
        self._call(forget())
        self.mode("ok")

    def stop(self):
        async def close():
            self.server.server.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self._call(close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *exception):
        self.stop()


def control(port, **fields):
    """Sets the mode of a stand-in that runs in another process."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/control", json.dumps(fields).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


async def run(port, log_bodies):
    server = Server(log_bodies)
    await server.listen(port)
    print(server.port, flush=True)
    await asyncio.Event().wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--no-log", action="store_true", help="count attempts, keep none (benchmarks)")
    arguments = parser.parse_args()
    try:
        asyncio.run(run(arguments.port, not arguments.no_log))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
