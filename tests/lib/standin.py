#!/usr/bin/python3
"""A stand-in for providers of models: speaks OpenAI, Gemini and Anthropic over loopback HTTP.

Answers are plausible and depend only on the question, so that equal questions get equal answers;
requests for structured answers are filled in from their schema. It misbehaves on request:

    POST /control {"mode": "500", "times": 2, "retry_after_ms": 10, "delay": 0.5}
    GET  /log      every attempt so far: time, path, headers, body, mode
    POST /reset    forgets the log and behaves again

A mode lasts for "times" attempts (0 or left out: until told otherwise); "match" limits it to
requests whose body holds a text. See MODES for the list.

    python3 tests/lib/standin.py --port 0

prints the port it listens on. Tests use the class Standin, which runs it in a thread.
"""

import argparse
import asyncio
import hashlib
import json
import re
import socket
import struct
import threading
import time
import urllib.request

MODES = {
    "ok": "answers",
    "slow": "answers after delay seconds",
    "silent": "takes the question and never answers",
    "refused": "closes the listener: connections are refused until reset through the class",
    "reset": "resets the connection",
    "early_close": "closes the connection without an answer",
    "truncated": "announces more bytes than it sends, then closes",
    "429": "too many requests; retry_after or retry_after_ms set the headers",
    "500": "server error", "502": "bad gateway", "503": "overloaded", "529": "overloaded",
    "400": "bad request", "401": "refuses the key", "404": "knows no such model",
    "quota": "429 because the account is empty",
    "context": "400 because the prompt is too long",
    "filter": "400 by the content filter",
    "refusal": "200 with a refusal of the model",
    "garbage": "200 with bytes that are no text",
    "not_json": "200 with an HTML page",
    "content_type": "200 with a good body called text/plain",
    "giant": "200 with a body of 12 MB",
    "empty": "200 with an empty answer",
    "no_choices": "200 without any answer",
    "length": "200 with an answer that was cut for want of tokens",
    "prose": "a structured answer within prose",
    "fenced": "a structured answer within a code fence",
    "unreadable": "prose where an object was asked for",
    "missing": "a structured answer without its first required member",
    "wrong_type": "a structured answer whose members are all lists",
    "echo": "repeats the whole prompt",
}


def words_of(text):
    return re.findall(r"[^\W\d_]+", text)


def blocks_of(prompt):
    """The data blocks of a prompt by label: what a model would read as material."""
    found = {}
    for label, marker, text in re.findall(r"The ([^\n:]*):\n<(data-[0-9a-f]+)>\n(.*?)\n</\2>", prompt,
                                          re.S):
        found.setdefault(label, text)
    return found


def fill(schema, seed, name="value"):
    """A value that satisfies a JSON schema (or Gemini's dialect of it)."""
    if "enum" in schema:
        choices = [choice for choice in schema["enum"] if choice is not None]
        return choices[int(hashlib.sha256(seed.encode()).hexdigest(), 16) % len(choices)]
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        kind = next(item for item in kind if item != "null")
    kind = kind.lower()
    if kind == "object":
        return {key: fill(value, seed, key) for key, value in schema.get("properties", {}).items()}
    if kind == "array":
        count = max(schema.get("minItems", 0), min(3, schema.get("maxItems", 3)))
        return [fill(schema.get("items", {"type": "string"}), f"{seed}{i}", name) for i in range(count)]
    if kind in ("number", "integer"):
        low, high = schema.get("minimum", 0), schema.get("maximum", 1)
        value = low + (high - low) * 0.75
        return int(value) if kind == "integer" else value
    if kind == "boolean":
        return True
    number = f" number {seed[64:]}" if seed[64:] else ""
    text = f"A plausible {name.replace('_', ' ')}{number}{'?' if 'question' in name else '.'}"
    return text.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength", 10000)]


def prose(prompt):
    """What a helpful model would write, judged by the task's wording."""
    blocks = blocks_of(prompt)
    text = blocks.get("text") or next(iter(blocks.values()), prompt)
    sentences = [part.strip() for part in re.split(r"(?<=[.!?])\s+", text) if part.strip()]
    task = re.sub(r"<(data-[0-9a-f]+)>.*?</\1>", "", prompt, flags=re.S).lower()
    number = int((re.findall(r"\b(\d+)\b", task) or ["3"])[-1])
    if "question" in blocks:
        return f"The text says: {sentences[0] if sentences else text}"
    if "key point" in task or "important points" in task:
        return "\n".join(f"- {sentence}" for sentence in (sentences * number)[:max(1, min(number, 10))])
    if "questions" in task:
        topics = [word for word in words_of(text) if len(word) > 4] or ["this"]
        return "\n".join(f"{i + 1}. What does the text say about {topics[i % len(topics)]}?"
                         for i in range(max(1, min(number, 10))))
    if "summar" in task:
        return " ".join(sentences[:2])[:600] or "A short text."
    return "Hello! It is good to see you here. Money can be stressful, and one step at a time is enough."


class Question:
    """What was asked, freed from its dialect."""

    def __init__(self, path, body):
        self.dialect = ("gemini" if ":generateContent" in path else
                        "anthropic" if path.endswith("/messages") else "openai")
        self.schema = None
        if self.dialect == "openai":
            self.system = "\n".join(m["content"] for m in body["messages"] if m["role"] == "system")
            self.prompt = "\n".join(m["content"] for m in body["messages"] if m["role"] != "system")
            form = body.get("response_format") or {}
            self.schema = form.get("json_schema", {}).get("schema")
            self.model = body["model"]
        elif self.dialect == "anthropic":
            self.system = body.get("system", "")
            self.prompt = "\n".join(m["content"] for m in body["messages"])
            self.schema = body["tools"][0]["input_schema"] if body.get("tools") else None
            self.model = body["model"]
        else:
            self.system = "".join(p["text"] for p in body["systemInstruction"]["parts"])
            self.prompt = "".join(p["text"] for c in body["contents"] for p in c["parts"])
            config = body.get("generationConfig", {})
            self.schema = config.get("responseSchema")
            if not self.schema and config.get("responseMimeType") == "application/json":
                self.schema = {"type": "object"}
            self.model = re.search(r"models/([^:]+):", path).group(1)

    def answer(self, mode):
        if mode == "empty":
            return ""
        if mode == "echo":
            return self.system + "\n" + self.prompt
        if not self.schema:
            return prose(self.prompt)
        if mode == "unreadable":
            return "I would rather tell you about it in words."
        value = fill(self.schema, self.prompt and hashlib.sha256(
            re.sub(r"data-[0-9a-f]{16}", "", self.prompt).encode()).hexdigest())
        if mode == "missing":
            value.pop((self.schema.get("required") or list(value))[0], None)
        if mode == "wrong_type":
            value = {key: [[]] for key in value}
        text = json.dumps(value, ensure_ascii=False)
        if mode == "prose":
            return f"Of course! Here is the answer you asked for:\n\n{text}\n\nLet me know if it helps."
        if mode == "fenced":
            return f"```json\n{text}\n```"
        return text

    def body(self, mode):
        text = self.answer(mode)
        cut = mode == "length"
        if cut:
            text = text[: len(text) // 2]
        tokens = (len(words_of(self.system + self.prompt)), len(words_of(text)))
        return getattr(self, self.dialect)(text, tokens, cut, mode)

    def openai(self, text, tokens, cut, mode):
        message = {"role": "assistant", "content": text}
        if mode == "refusal":
            message = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
        choices = [{"index": 0, "message": message, "finish_reason": "length" if cut else "stop"}]
        return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": self.model,
                "choices": [] if mode == "no_choices" else choices,
                "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1],
                          "total_tokens": sum(tokens)}}

    def gemini(self, text, tokens, cut, mode):
        usage = {"promptTokenCount": tokens[0], "candidatesTokenCount": tokens[1],
                 "totalTokenCount": sum(tokens)}
        if mode == "refusal":
            return {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": usage}
        candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0,
                     "finishReason": "MAX_TOKENS" if cut else "STOP"}
        return {"candidates": [] if mode == "no_choices" else [candidate], "usageMetadata": usage,
                "modelVersion": self.model}

    def anthropic(self, text, tokens, cut, mode):
        content = [{"type": "text", "text": text}]
        stop = "max_tokens" if cut else "end_turn"
        try:
            value = json.loads(text) if self.schema else None
        except ValueError:
            value = None
        if isinstance(value, dict):
            content = [{"type": "tool_use", "id": "toolu_1", "name": "give_answer", "input": value}]
            stop = "tool_use"
        if mode == "refusal":
            content, stop = [], "refusal"
        if mode == "no_choices":
            content = []
        return {"id": "msg_1", "type": "message", "role": "assistant", "model": self.model,
                "content": content, "stop_reason": stop, "stop_sequence": None,
                "usage": {"input_tokens": tokens[0], "output_tokens": tokens[1]}}


def fault(dialect, status, code, message):
    if dialect == "gemini":
        names = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND",
                 429: "RESOURCE_EXHAUSTED"}
        return {"error": {"code": status, "message": message,
                          "status": names.get(status, "INTERNAL")}}
    if dialect == "anthropic":
        names = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error",
                 429: "rate_limit_error", 529: "overloaded_error"}
        return {"type": "error",
                "error": {"type": names.get(status, "api_error"), "message": message}}
    return {"error": {"message": message, "type": code, "param": None, "code": code}}


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
    "anthropic": (400, "", "prompt is too long: 210000 tokens > 200000 maximum"),
    "gemini": (400, "", "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
}


class Server:
    """One listener on one event loop."""

    def __init__(self, log_bodies=True):
        self.attempts = []
        self.control = {"mode": "ok"}
        self.left = 0
        self.server = None
        self.port = 0
        self.writers = set()
        self.log_bodies = log_bodies
        self.count = 0

    async def listen(self, port):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", port, limit=16 << 20)
        self.port = self.server.sockets[0].getsockname()[1]

    def set_mode(self, control):
        if control.get("mode", "ok") not in MODES:
            raise ValueError(f"no such mode: {control.get('mode')}")
        self.control = {"mode": "ok", **control}
        self.left = int(control.get("times", 0))
        if self.control["mode"] == "refused":
            self.server.close()
            for writer in list(self.writers):
                writer.transport.abort()

    def take_mode(self, body):
        control = self.control
        if control.get("match") and control["match"].encode() not in body:
            return {"mode": "ok"}
        if self.left > 0:
            self.left -= 1
            if self.left == 0:
                self.control = {"mode": "ok"}
        return control

    async def serve(self, reader, writer):
        self.writers.add(writer)
        try:
            while await self.serve_one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    async def serve_one(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {}
        for line in head[1:]:
            name, colon, value = line.partition(":")
            if colon:
                headers[name.strip().lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if path in ("/control", "/log", "/reset"):
            return await self.answer_control(writer, method, path, body)
        return await self.answer_question(writer, path, headers, body)

    async def answer_control(self, writer, method, path, body):
        status, answer = 200, {}
        if path == "/control":
            try:
                self.set_mode(json.loads(body))
            except ValueError as error:
                status, answer = 400, {"error": str(error)}
        elif path == "/reset":
            self.attempts, self.control, self.left, self.count = [], {"mode": "ok"}, 0, 0
        else:
            answer = {"attempts": self.attempts, "count": self.count}
        return await self.send(writer, status, json.dumps(answer).encode())

    async def send(self, writer, status, body, headers=(), kind="application/json", length=None):
        head = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}",
                f"Content-Length: {len(body) if length is None else length}", *headers]
        writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        await writer.drain()
        return True

    async def answer_question(self, writer, path, headers, body):
        control = self.take_mode(body)
        mode = control["mode"]
        self.count += 1
        if self.log_bodies:
            self.attempts.append({"time": time.time(), "path": path, "mode": mode, "headers": headers,
                                  "body": body.decode("utf-8", "replace")})
        if control.get("delay"):
            await asyncio.sleep(float(control["delay"]))
        if mode == "silent":
            await asyncio.sleep(3600)
        if mode == "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                                       struct.pack("ii", 1, 0))
            writer.transport.abort()
            return False
        if mode == "early_close":
            return False
        try:
            question = Question(path, json.loads(body))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            text = json.dumps(fault("openai", 400, "invalid_request_error", repr(error)))
            return await self.send(writer, 400, text.encode())
        return await self.answer_in_mode(writer, question, control)

    async def answer_in_mode(self, writer, question, control):
        mode = control["mode"]
        if mode in FAULTS or mode == "context":
            status, code, message = TOO_LONG[question.dialect] if mode == "context" else FAULTS[mode]
            headers = []
            if "retry_after" in control:
                headers.append(f"Retry-After: {control['retry_after']}")
            if "retry_after_ms" in control:
                headers.append(f"retry-after-ms: {control['retry_after_ms']}")
            text = json.dumps(fault(question.dialect, status, code, message))
            return await self.send(writer, status, text.encode(), headers)
        if mode == "garbage":
            return await self.send(writer, 200, bytes(range(256)) * 4)
        if mode == "not_json":
            return await self.send(writer, 200, b"<html>Welcome to the proxy</html>", kind="text/html")
        if mode == "giant":
            return await self.send(writer, 200, b'{"choices":["' + b"x" * (12 << 20) + b'"]}')
        body = json.dumps(question.body(mode), ensure_ascii=False).encode()
        if mode == "truncated":
            await self.send(writer, 200, body[: len(body) // 2], length=len(body))
            return False
        kind = "text/plain" if mode == "content_type" else "application/json"
        return await self.send(writer, 200, body, kind=kind)


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

    async def _set(self, control):
        self.server.set_mode(control)
        if control["mode"] == "refused":
            await self.server.server.wait_closed()

    def mode(self, mode, **more):
        """Behaves like this from now on; listens again where it did not."""
        if mode != "refused" and not self.server.server.is_serving():
            self._call(self.server.listen(self.port))
        self._call(self._set({"mode": mode, **more}))

    def calls(self):
        """Every attempt so far, oldest first."""
        return list(self.server.attempts)

    def reset(self):
        """Forgets the attempts and behaves again."""
        self.server.attempts.clear()
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
