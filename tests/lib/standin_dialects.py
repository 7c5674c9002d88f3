"""What the stand-in says: questions freed from their dialect, and answers in each of them.

Dialects: OpenAI's chat completions and Responses, Gemini's generateContent, Anthropic's messages, and the
embeddings of OpenAI and Gemini. An answer depends only on the question, so that equal questions get
equal answers; what asks for structure is filled in from its schema.

A prompt can steer: "count to 40" answers "1 2 3 ... 40", "say: ..." answers what follows, "use the tool"
calls the first tool offered, "use every tool" calls all.
"""

import base64
import hashlib
import json
import re
import struct


def words_of(text):
    return re.findall(r"[^\W\d_]+", text)


def tokens_of(text):
    """The pieces in which a text is streamed; joined they are the text."""
    return re.findall(r"\s*\S+|\s+$", text)


def blocks_of(prompt):
    """The data blocks of a prompt by label: what a model would read as material."""
    found = {}
    for label, marker, text in re.findall(r"The ([^\n:]*):\n<(data-[0-9a-f]+)>\n(.*?)\n</\2>", prompt,
                                          re.S):
        found.setdefault(label, text)
    return found


def fill(schema, seed, name="value"):
    """A value that satisfies a JSON schema (or Gemini's dialect of it)."""
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return fill(schema[choice][0], seed, name)
    if "const" in schema:
        return schema["const"]
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
    count = re.search(r"\bcount to (\d+)", prompt)
    if count:
        return " ".join(str(i) for i in range(1, min(int(count.group(1)), 100000) + 1))
    said = re.search(r"\bsay: (.*)", prompt, re.S)
    if said:
        return said.group(1)
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


class Choice:
    """One answer of a model, in no dialect. finish: stop, stop_sequence, length, tool, filter, refusal, gave_up."""

    def __init__(self, text="", calls=(), finish="stop", stop=None):
        self.text = text
        self.calls = list(calls)  # (name, arguments)
        self.finish = finish
        self.stop = stop  # the sequence that ended it

    def tokens(self):
        return len(tokens_of(self.text)) + sum(len(tokens_of(json.dumps(call[1]))) for call in self.calls)


def _texts(content):
    """The text of content in any of the dialects, and how many images it holds."""
    if content is None:
        return "", 0
    if isinstance(content, str):
        return content, 0
    text, images = [], 0
    for part in content:
        kind = part.get("type")
        if kind in ("image_url", "input_image", "image") or "inlineData" in part or "fileData" in part or \
                "inline_data" in part:
            images += 1
        elif kind == "tool_result":
            inner, more = _texts(part.get("content"))
            text.append(f"The tool said: {inner}")
            images += more
        elif "functionResponse" in part:
            text.append(f"The tool said: {json.dumps(part['functionResponse'].get('response'))}")
        elif part.get("text") is not None:
            text.append(part["text"])
    return "".join(text), images


class Question:
    """What was asked, freed from its dialect."""

    def __init__(self, dialect, path, body):
        self.dialect = dialect
        self.system, self.prompt, self.images = "", "", 0
        self.last = ""  # what was said last
        self.answers_tool = False
        self.schema, self.tools, self.forced = None, [], None
        self.count, self.seed, self.logprobs, self.top_logprobs = 1, None, False, 0
        self.stops, self.limit = [], None
        self.stream = bool(body.get("stream"))
        self.include_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        self.model = body.get("model", "")
        self.path = path
        getattr(self, f"read_{dialect}")(body)

    def say(self, text, images=0, answers_tool=False):
        self.prompt = f"{self.prompt}\n{text}" if self.prompt else text
        self.images += images
        self.last, self.answers_tool = text, answers_tool

    def read_openai(self, body):
        for message in body["messages"]:
            text, images = _texts(message.get("content"))
            if message["role"] in ("system", "developer"):
                self.system = f"{self.system}\n{text}" if self.system else text
            elif message["role"] == "tool":
                self.say(f"The tool said: {text}", images, True)
            else:
                self.say(text, images)
        form = body.get("response_format") or {}
        self.schema = form.get("json_schema", {}).get("schema")
        if form.get("type") == "json_object":
            self.schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
        self.tools = [(tool["function"]["name"], tool["function"].get("parameters") or {})
                      for tool in body.get("tools") or [] if "function" in tool]
        choice = body.get("tool_choice")
        if choice == "none":
            self.tools = []
        elif choice == "required":
            self.forced = self.tools[0][0]
        elif isinstance(choice, dict):
            self.forced = choice["function"]["name"]
        self.count = body.get("n") or 1
        self.seed = body.get("seed")
        self.logprobs = bool(body.get("logprobs"))
        self.top_logprobs = body.get("top_logprobs") or 0
        stop = body.get("stop")
        self.stops = [stop] if isinstance(stop, str) else list(stop or [])
        self.limit = body.get("max_completion_tokens") or body.get("max_tokens")

    def read_responses(self, body):
        self.system = body.get("instructions") or ""
        asked = body.get("input", "")
        if isinstance(asked, str):
            self.say(asked)
            asked = []
        for item in asked:
            if item.get("type") == "function_call_output":
                self.say(f"The tool said: {item['output']}", 0, True)
            elif item.get("type", "message") == "message":
                text, images = _texts(item.get("content"))
                if item.get("role") in ("system", "developer"):
                    self.system += text
                else:
                    self.say(text, images)
        form = (body.get("text") or {}).get("format") or {}
        self.schema = form.get("schema")
        self.tools = [(tool["name"], tool.get("parameters") or {}) for tool in body.get("tools") or []
                      if tool.get("type") == "function"]
        choice = body.get("tool_choice")
        if choice == "none":
            self.tools = []
        elif choice == "required":
            self.forced = self.tools[0][0]
        elif isinstance(choice, dict):
            self.forced = choice["name"]
        self.limit = body.get("max_output_tokens")

    def read_anthropic(self, body):
        self.system = _texts(body.get("system"))[0]
        for message in body["messages"]:
            text, images = _texts(message["content"])
            answers = isinstance(message["content"], list) and \
                any(part.get("type") == "tool_result" for part in message["content"])
            self.say(text, images, answers)
        self.tools = [(tool["name"], tool.get("input_schema") or {}) for tool in body.get("tools") or []]
        choice = body.get("tool_choice") or {}
        if choice.get("type") == "none":
            self.tools = []
        elif choice.get("type") == "any":
            self.forced = self.tools[0][0]
        elif choice.get("type") == "tool":
            self.forced = choice["name"]
        form = body.get("output_format") or (body.get("output_config") or {}).get("format") or {}
        self.schema = form.get("schema")
        self.stops = list(body.get("stop_sequences") or [])
        self.limit = body["max_tokens"]

    def read_gemini(self, body):
        self.model = re.search(r"models/([^:]+):", self.path).group(1)
        self.stream = ":streamGenerateContent" in self.path
        if self.stream and "alt=sse" not in self.path:
            raise ValueError("only alt=sse is spoken here")
        self.system = _texts((body.get("systemInstruction") or {}).get("parts"))[0]
        for content in body["contents"]:
            parts = content["parts"]
            text, images = _texts(parts)
            self.say(text, images, any("functionResponse" in part for part in parts))
        self.tools = [(tool["name"], tool.get("parameters") or tool.get("parametersJsonSchema") or {})
                      for group in body.get("tools") or [] for tool in group.get("functionDeclarations", [])]
        calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
        if calling.get("mode") == "NONE":
            self.tools = []
        elif calling.get("mode") == "ANY":
            self.forced = (calling.get("allowedFunctionNames") or [self.tools[0][0]])[0]
        config = body.get("generationConfig", {})
        self.schema = config.get("responseSchema") or config.get("responseJsonSchema")
        if not self.schema and config.get("responseMimeType") == "application/json":
            self.schema = {"type": "object"}
        self.count = config.get("candidateCount") or 1
        self.seed = config.get("seed")
        self.stops = list(config.get("stopSequences") or [])
        self.limit = config.get("maxOutputTokens")

    def called_tools(self):
        """The tools an answer calls: (name, arguments)."""
        if not self.tools or self.answers_tool:
            return []
        asked = self.last.lower()
        if self.forced:
            chosen = [tool for tool in self.tools if tool[0] == self.forced]
        elif "use every tool" in asked:
            chosen = self.tools
        elif "use the tool" in asked:
            chosen = self.tools[:1]
        else:
            return []
        return [(name, fill(schema or {"type": "object"}, self.seed_text())) for name, schema in chosen]

    def seed_text(self):
        return hashlib.sha256(re.sub(r"data-[0-9a-f]{16}", "", self.prompt).encode()).hexdigest()

    def written(self, mode):
        """The text of an answer; structured where that was asked."""
        if mode == "empty":
            return ""
        if mode == "echo":
            return self.system + "\n" + self.prompt
        if not self.schema:
            seen = f"I see {self.images} image{'s' if self.images > 1 else ''}. " if self.images else ""
            return seen + (self.last if self.answers_tool else prose(self.prompt))
        return self.structured(fill(self.schema, self.seed_text()), self.schema, mode)

    @staticmethod
    def structured(value, schema, mode):
        if mode == "unreadable":
            return "I would rather tell you about it in words."
        text = json.dumps(spoilt(value, schema, mode), ensure_ascii=False)
        if mode == "prose":
            return f"Of course! Here is the answer you asked for:\n\n{text}\n\nLet me know if it helps."
        if mode == "fenced":
            return f"```json\n{text}\n```"
        return text

    def choices(self, control):
        """The answers: as many as asked for."""
        mode = control["mode"]
        calls = self.called_tools()
        if calls and mode not in ("empty", "echo"):
            if mode in ("unreadable", "prose", "fenced"):
                schema = dict(self.tools)[calls[0][0]]
                return [Choice(self.structured(calls[0][1], schema, mode))] * self.count
            if mode in ("missing", "wrong_type"):
                calls = [(name, spoilt(value, dict(self.tools)[name], mode)) for name, value in calls]
            return [Choice("", calls, "length" if mode == "length" else "tool")] * self.count
        text = self.written(mode)
        if control.get("tokens"):
            text = " ".join(f"word{i}" for i in range(int(control["tokens"])))
        finish, ended_by = "stop", None
        for stop in self.stops:
            if stop in text:
                text, finish, ended_by = text[: text.index(stop)], "stop_sequence", stop
        if mode in ("length", "gave_up"):
            text, finish = text[: len(text) // 2], mode
        elif self.limit and len(tokens_of(text)) > self.limit:
            text, finish = "".join(tokens_of(text)[: self.limit]), "length"
        return [Choice(text, [], finish, ended_by)] * self.count


def spoilt(value, schema, mode):
    if mode == "missing":
        value.pop((schema.get("required") or list(value))[0], None)
    if mode == "wrong_type":
        value = {key: [[]] for key in value}
    return value


class Dialect:
    """An answer's body and its events. events() gives (event name or None, JSON value or text, tokens in it)."""

    def __init__(self, question, control):
        self.question = question
        self.control = control
        self.mode = control["mode"]
        self.FINISH = dict(self.FINISH, gave_up=control.get("word", self.GAVE_UP))
        self.choices = question.choices(control)
        self.input = len(words_of(question.system + " " + question.prompt))
        self.output = sum(choice.tokens() for choice in self.choices)

    def cut_short(self):
        """The events of an answer that a filter ends after a few tokens: what came, and the finish."""
        after = int(self.control.get("after", 3))
        self.choices = [Choice("".join(tokens_of(choice.text)[:after]), [], "filter") for choice in self.choices]


class OpenAI(Dialect):
    GAVE_UP = "error"
    FINISH = {"stop": "stop", "stop_sequence": "stop", "length": "length", "tool": "tool_calls",
              "filter": "content_filter", "refusal": "stop"}

    def head(self, kind):
        seed = self.question.seed
        return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": self.question.model,
                "system_fingerprint": f"fp_seed_{seed}" if seed is not None else "fp_standin"}

    def usage(self):
        return {"prompt_tokens": self.input, "completion_tokens": self.output,
                "total_tokens": self.input + self.output}

    def logprobs(self, tokens):
        def one(token, chance):
            return {"token": token, "logprob": chance, "bytes": list(token.encode())}
        return {"content": [dict(one(token, -0.125), top_logprobs=[
            one(f"{token}{'~' * i}", -0.125 - i) for i in range(self.question.top_logprobs)])
            for token in tokens], "refusal": None}

    @staticmethod
    def calls(choice):
        return [{"id": f"call_{i + 1}", "type": "function",
                 "function": {"name": name, "arguments": json.dumps(arguments)}}
                for i, (name, arguments) in enumerate(choice.calls)]

    def body(self):
        found = []
        for index, choice in enumerate(self.choices):
            message = {"role": "assistant", "content": choice.text if not choice.calls else None,
                       "refusal": None}
            if choice.calls:
                message["tool_calls"] = self.calls(choice)
            if self.mode == "refusal":
                message.update(content=None, refusal="I cannot help with that.")
            logprobs = self.logprobs(tokens_of(choice.text)) if self.question.logprobs else None
            found.append({"index": index, "message": message, "logprobs": logprobs,
                          "finish_reason": self.FINISH[choice.finish]})
        if self.mode == "no_choices":
            found = []
        return dict(self.head("chat.completion"), choices=found, usage=self.usage())

    def chunk(self, index, delta, finish=None, logprobs=None):
        value = dict(self.head("chat.completion.chunk"),
                     choices=[{"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}])
        if self.question.include_usage:
            value["usage"] = None
        return value

    def events(self):
        for index, choice in enumerate(self.choices):
            if self.mode == "no_choices":
                break
            yield None, self.chunk(index, {"role": "assistant", "content": None if choice.calls else "",
                                           "refusal": None}), 0
            if self.mode == "refusal":
                yield None, self.chunk(index, {"refusal": "I cannot help with that."}), 1
            else:
                yield from self.content(index, choice)
            yield None, self.chunk(index, {}, self.FINISH[choice.finish]), 0
        if self.question.include_usage:
            yield None, dict(self.head("chat.completion.chunk"), choices=[], usage=self.usage()), 0
        yield None, "[DONE]", 0

    def content(self, index, choice):
        for token in tokens_of(choice.text):
            yield None, self.chunk(index, {"content": token}, None,
                                   self.logprobs([token]) if self.question.logprobs else None), 1
        for number, call in enumerate(self.calls(choice)):
            pieces = tokens_of(call["function"]["arguments"])
            begun = dict(call, index=number, function={"name": call["function"]["name"], "arguments": ""})
            yield None, self.chunk(index, {"tool_calls": [begun]}), 1
            for piece in pieces:
                yield None, self.chunk(index, {"tool_calls": [
                    {"index": number, "function": {"arguments": piece}}]}), 1

    def error_event(self, code="server_error", message="The server had an error while processing."):
        return None, {"error": {"message": message, "type": code, "param": None, "code": code}}, 0


class Responses(Dialect):
    FINISH = {}
    GAVE_UP = "failed"

    def usage(self):
        return {"input_tokens": self.input, "input_tokens_details": {"cached_tokens": 0},
                "output_tokens": self.output, "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": self.input + self.output}

    def response(self, status, output, usage):
        cut = self.choices[0].finish
        reason = {"length": "max_output_tokens", "filter": "content_filter"}.get(cut)
        if status == "completed" and reason:
            status = "incomplete"
        if status == "completed" and cut == "gave_up":
            status = self.FINISH[cut]
        return {"id": "resp_1", "object": "response", "created_at": 1, "status": status, "error": None,
                "incomplete_details": {"reason": reason} if status == "incomplete" else None,
                "instructions": self.question.system or None, "model": self.question.model, "output": output,
                "parallel_tool_calls": True, "metadata": {}, "tools": [], "tool_choice": "auto",
                "temperature": 1.0, "top_p": 1.0, "usage": usage}

    def items(self):
        choice = self.choices[0]
        found = []
        for i, (name, arguments) in enumerate(choice.calls):
            found.append({"type": "function_call", "id": f"fc_{i + 1}", "call_id": f"call_{i + 1}",
                          "name": name, "arguments": json.dumps(arguments), "status": "completed"})
        if not found and self.mode != "no_choices":
            part = {"type": "output_text", "text": choice.text, "annotations": [], "logprobs": []}
            if self.mode == "refusal":
                part = {"type": "refusal", "refusal": "I cannot help with that."}
            found.append({"type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
                          "content": [part]})
        return found

    def body(self):
        return self.response("completed", self.items(), self.usage())

    def events(self):
        number = 0
        for name, value, tokens in self.plain_events():
            yield name, dict(value, type=name, sequence_number=number), tokens
            number += 1

    def plain_events(self):
        yield "response.created", {"response": self.response("in_progress", [], None)}, 0
        yield "response.in_progress", {"response": self.response("in_progress", [], None)}, 0
        items = self.items()
        for index, item in enumerate(items):
            place = {"item_id": item["id"], "output_index": index}
            if item["type"] == "function_call":
                begun = dict(item, arguments="", status="in_progress")
                yield "response.output_item.added", {"output_index": index, "item": begun}, 1
                for piece in tokens_of(item["arguments"]):
                    yield "response.function_call_arguments.delta", dict(place, delta=piece), 1
                yield "response.function_call_arguments.done", dict(place, arguments=item["arguments"]), 0
            else:
                yield from self.message_events(index, item, dict(place, content_index=0))
            yield "response.output_item.done", {"output_index": index, "item": item}, 0
        whole = self.response("completed", items, self.usage())
        yield f"response.{whole['status']}", {"response": whole}, 0

    @staticmethod
    def message_events(index, item, place):
        part = item["content"][0]
        kind = part["type"]
        text = part["text"] if kind == "output_text" else part["refusal"]
        empty = dict(part, **{"text" if kind == "output_text" else "refusal": ""})
        begun = dict(item, status="in_progress", content=[])
        yield "response.output_item.added", {"output_index": index, "item": begun}, 0
        yield "response.content_part.added", dict(place, part=empty), 0
        for token in tokens_of(text):
            yield f"response.{kind}.delta", dict(place, delta=token, **({"logprobs": []} if kind == "output_text"
                                                                        else {})), 1
        last = {"text": text, "logprobs": []} if kind == "output_text" else {"refusal": text}
        yield f"response.{kind}.done", dict(place, **last), 0
        yield "response.content_part.done", dict(place, part=part), 0

    @staticmethod
    def error_event(code="server_error", message="The server had an error while processing."):
        return "error", {"type": "error", "code": code, "message": message, "param": None,
                         "sequence_number": 99}, 0


class Gemini(Dialect):
    GAVE_UP = "OTHER"
    FINISH = {"stop": "STOP", "stop_sequence": "STOP", "length": "MAX_TOKENS", "tool": "STOP",
              "filter": "SAFETY", "refusal": "SAFETY"}

    def usage(self):
        return {"promptTokenCount": self.input, "candidatesTokenCount": self.output,
                "totalTokenCount": self.input + self.output}

    def whole(self, candidates):
        return {"candidates": candidates, "usageMetadata": self.usage(), "modelVersion": self.question.model,
                "responseId": "resp-1"}

    def blocked(self):
        return {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": self.usage(),
                "modelVersion": self.question.model}

    @staticmethod
    def parts(choice):
        return [{"functionCall": {"name": name, "args": arguments}} for name, arguments in choice.calls] or \
            [{"text": choice.text}]

    def body(self):
        if self.mode == "refusal":
            return self.blocked()
        found = [{"content": {"role": "model", "parts": self.parts(choice)}, "index": index,
                  "finishReason": self.FINISH[choice.finish]} for index, choice in enumerate(self.choices)]
        return self.whole([] if self.mode == "no_choices" else found)

    def events(self):
        if self.mode in ("refusal", "no_choices"):
            yield None, self.blocked() if self.mode == "refusal" else self.whole([]), 0
            return
        for index, choice in enumerate(self.choices):
            parts = self.parts(choice) if choice.calls else [{"text": token} for token in tokens_of(choice.text)]
            for part in parts:
                yield None, self.whole([{"content": {"role": "model", "parts": [part]}, "index": index}]), 1
            yield None, self.whole([{"content": {"role": "model", "parts": [{"text": ""}]}, "index": index,
                                     "finishReason": self.FINISH[choice.finish]}]), 0

    @staticmethod
    def error_event(code="INTERNAL", message="The server had an error while processing."):
        return None, {"error": {"code": 500, "message": message, "status": code}}, 0


class Anthropic(Dialect):
    GAVE_UP = "pause_turn"
    FINISH = {"stop": "end_turn", "stop_sequence": "stop_sequence", "length": "max_tokens", "tool": "tool_use",
              "filter": "refusal", "refusal": "refusal"}

    def message(self, content, stop, sequence, output):
        return {"id": "msg_1", "type": "message", "role": "assistant", "model": self.question.model,
                "content": content, "stop_reason": stop, "stop_sequence": sequence,
                "usage": {"input_tokens": self.input, "output_tokens": output,
                          "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}}

    def blocks(self):
        choice = self.choices[0]
        if self.mode in ("refusal", "no_choices"):
            return []
        return [{"type": "tool_use", "id": f"toolu_{i + 1}", "name": name, "input": arguments}
                for i, (name, arguments) in enumerate(choice.calls)] or [{"type": "text", "text": choice.text}]

    def stop(self):
        return "refusal" if self.mode == "refusal" else self.FINISH[self.choices[0].finish]

    def body(self):
        return self.message(self.blocks(), self.stop(), self.choices[0].stop, self.output)

    def events(self):
        for value, tokens in self.plain_events():
            yield value["type"], value, tokens

    def plain_events(self):
        yield {"type": "message_start", "message": self.message([], None, None, 1)}, 0
        yield {"type": "ping"}, 0
        for index, block in enumerate(self.blocks()):
            is_text = block["type"] == "text"
            begun = dict(block, **({"text": ""} if is_text else {"input": {}}))
            yield {"type": "content_block_start", "index": index, "content_block": begun}, 0 if is_text else 1
            for token in tokens_of(block["text"] if is_text else json.dumps(block["input"])):
                delta = {"type": "text_delta", "text": token} if is_text else \
                    {"type": "input_json_delta", "partial_json": token}
                yield {"type": "content_block_delta", "index": index, "delta": delta}, 1
            yield {"type": "content_block_stop", "index": index}, 0
        yield {"type": "message_delta", "delta": {"stop_reason": self.stop(), "stop_sequence": self.choices[0].stop},
               "usage": {"output_tokens": self.output}}, 0
        yield {"type": "message_stop"}, 0

    @staticmethod
    def error_event(code="overloaded_error", message="Overloaded"):
        return "error", {"type": "error", "error": {"type": code, "message": message}}, 0


DIALECTS = {"openai": OpenAI, "responses": Responses, "gemini": Gemini, "anthropic": Anthropic}


def dialect_of(path):
    """The dialect of a path that asks a model, or None."""
    path = path.split("?")[0]
    if ":generateContent" in path or ":streamGenerateContent" in path:
        return "gemini"
    for end, name in (("/chat/completions", "openai"), ("/responses", "responses"), ("/messages", "anthropic")):
        if path.endswith(end):
            return name
    return None


def vector(text, dimensions):
    """Numbers from -1 to 1 that float32 holds exactly, by the text's hash."""
    digest = hashlib.shake_256(text.encode()).digest(dimensions)
    return [(byte - 128) / 128 for byte in digest]


def embeddings(path, body):
    """The answer to a question for embeddings, or None where the path asks for none."""
    path = path.split("?")[0]
    if path.endswith("/embeddings"):
        texts = body["input"]
        if isinstance(texts, str):
            texts = [texts]
        found = []
        for index, text in enumerate(texts):
            values = vector(text if isinstance(text, str) else json.dumps(text), body.get("dimensions") or 8)
            if body.get("encoding_format") == "base64":
                values = base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
            found.append({"object": "embedding", "index": index, "embedding": values})
        tokens = sum(len(words_of(text)) for text in texts if isinstance(text, str))
        return {"object": "list", "data": found, "model": body["model"],
                "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
    if path.endswith(":batchEmbedContents"):
        return {"embeddings": [_gemini_embedding(request) for request in body["requests"]]}
    if path.endswith(":embedContent"):
        return {"embedding": _gemini_embedding(body)}
    return None


def _gemini_embedding(request):
    return {"values": vector(_texts(request["content"]["parts"])[0], request.get("outputDimensionality") or 8)}


def models(names):
    return {"object": "list", "data": [{"id": name, "object": "model", "created": 1, "owned_by": "standin"}
                                       for name in names]}


def fault(dialect, status, code, message):
    """An error's body."""
    if dialect == "gemini":
        names = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND",
                 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}
        return {"error": {"code": status, "message": message,
                          "status": names.get(status, "INTERNAL")}}
    if dialect == "anthropic":
        names = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error",
                 429: "rate_limit_error", 529: "overloaded_error"}
        return {"type": "error",
                "error": {"type": names.get(status, "api_error"), "message": message}}
    return {"error": {"message": message, "type": code, "param": None, "code": code}}
