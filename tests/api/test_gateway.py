"""The gateway through real web servers: OpenAI's chat completions and Anthropic's messages, each asked of
models of all three houses."""

import concurrent.futures
import itertools
import json
import re
import urllib.request

import pytest

from site_lib import KEY, Site
from standin import Standin

OTHER_KEY = "other-key-0123456789abcdef"
CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"
FAMILIES = {"gpt": "openai", "claude": "anthropic", "gemini": "gemini"}
CONFIG = """
[provider "one"]
kind = openai
base_url = {url}/v1
key = sk-one
[provider "two"]
kind = anthropic
base_url = {url}
key = sk-two
[provider "three"]
kind = gemini
base_url = {url}
key = sk-three
[model "gpt"]
provider = one
id = gpt-id
aliases = quick, quicker
[model "claude"]
provider = two
id = claude-id
[model "gemini"]
provider = three
id = gemini-id
[model "strict"]
provider = one
id = strict-id
fallbacks = claude
[model "limited"]
provider = one
id = limited-id
[model "chain"]
provider = one
id = first-id
fallbacks = claude
[model "broad"]
provider = two
id = second-id
fallbacks = gpt
[model "held"]
provider = one
id = held-id
fallbacks = claude
delivery = whole
"""
# What is asked, a model's provider, and its word for an end that leaves no answer.
LOST = [(CHAT, "one", "error"), (MESSAGES, "one", "error"), (MESSAGES, "one", "never_heard_of"),
        (CHAT, "two", "pause_turn"), (CHAT, "three", "MALFORMED_FUNCTION_CALL"), (MESSAGES, "three", "OTHER"),
        (CHAT, "three", "NEVER_HEARD_OF")]
WAYS = ["plain", "streamed"]
# For each a model that is to fail, so that the breakers of the others stay closed.
CONFIG += "".join(f'[model "lost-{i}-{way}"]\nprovider = {provider}\n'
                  for i, (_, provider, _) in enumerate(LOST) for way in WAYS)
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
           "required": ["city", "days"]}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
numbers = itertools.count(1)


class House:
    def __init__(self, site, provider):
        self.site = site
        self.provider = provider


@pytest.fixture(scope="module")
def open_house(server, tmp_path_factory):
    with Standin() as provider:
        config = tmp_path_factory.mktemp("gateway") / "hearth.conf"
        config.write_text(CONFIG.format(url=provider.url))
        with Site(server, workers=3, settings={"HEARTH_CONFIG": str(config),
                                               "ADDITIONAL_API_KEYS": OTHER_KEY}) as site:
            yield House(site, provider)


@pytest.fixture
def house(open_house):
    """The house with a provider that behaves and breakers that are closed."""
    open_house.provider.reset()
    yield open_house
    open_house.provider.reset()


@pytest.fixture
def site(house):
    return house.site


@pytest.fixture
def fresh():
    """A prompt that nobody has asked yet."""
    return f"say: This is answer {next(numbers)} of many."


class Stream:
    """A streamed answer: its events as (name, data), data decoded where it is JSON."""

    def __init__(self, response):
        self.response = response
        self.status, self.headers = response.status, response.headers
        self.events = []
        for block in response.text.split("\n\n"):
            lines = [line for line in block.split("\n") if not line.startswith(":")]
            if not any(lines):
                continue
            name = next((line[7:] for line in lines if line.startswith("event: ")), None)
            data = "\n".join(line[6:] for line in lines if line.startswith("data: "))
            self.events.append((name, data if data == "[DONE]" else json.loads(data)))

    def data(self):
        return [data for _, data in self.events if data != "[DONE]"]

    @property
    def is_done(self):
        return bool(self.events) and (self.events[-1][1] == "[DONE]" or self.events[-1][0] == "message_stop")

    @property
    def error(self):
        name, data = self.events[-1]
        return data["error"] if data != "[DONE]" and (name == "error" or "error" in data) else None


def stream(site, path, body, **options):
    response = site.post(path, {**body, "stream": True}, **options)
    assert response.status == 200, response
    assert response.headers["Content-Type"].startswith("text/event-stream")
    return Stream(response)


def chat(model, content, **more):
    return {"model": model, "messages": [{"role": "user", "content": content}], **more}


def message(model, content, **more):
    return {"model": model, "max_tokens": 200, "messages": [{"role": "user", "content": content}], **more}


# What came of an answer, whatever its form: text, calls as (name, arguments), finish, usage (input, output).

def of_completion(answer):
    choice = answer["choices"][0]
    calls = [(call["function"]["name"], json.loads(call["function"]["arguments"]))
             for call in choice["message"].get("tool_calls") or []]
    usage = answer["usage"]
    return (choice["message"]["content"], calls, choice["finish_reason"],
            (usage["prompt_tokens"], usage["completion_tokens"]))


def of_chunks(events):
    text, calls, finish, usage = None, {}, None, None
    for chunk in events.data():
        usage = chunk.get("usage") or usage
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else []:
            delta = choice["delta"]
            if delta.get("content"):
                text = (text or "") + delta["content"]
            for call in delta.get("tool_calls") or []:
                known = calls.setdefault(call["index"], {"name": "", "arguments": ""})
                known["name"] += call["function"].get("name") or ""
                known["arguments"] += call["function"].get("arguments") or ""
            finish = choice["finish_reason"] or finish
    assert events.is_done
    return (text, [(call["name"], json.loads(call["arguments"])) for call in calls.values()], finish,
            (usage["prompt_tokens"], usage["completion_tokens"]) if usage else None)


def of_message(answer):
    text = "".join(block["text"] for block in answer["content"] if block["type"] == "text") or None
    calls = [(block["name"], block["input"]) for block in answer["content"] if block["type"] == "tool_use"]
    usage = answer["usage"]
    return (text, calls, answer["stop_reason"],
            (usage["input_tokens"] + usage["cache_read_input_tokens"], usage["output_tokens"]))


def of_message_events(events):
    blocks, stop, usage = {}, None, {}
    for name, data in events.events:
        assert name == data.get("type", name)
        if name == "message_start":
            usage.update(data["message"]["usage"])
        elif name == "content_block_start":
            blocks[data["index"]] = dict(data["content_block"], pieces="", open=True)
        elif name == "content_block_delta":
            assert blocks[data["index"]]["open"]
            blocks[data["index"]]["pieces"] += data["delta"].get("text") or data["delta"].get("partial_json", "")
        elif name == "content_block_stop":
            blocks[data["index"]]["open"] = False
        elif name == "message_delta":
            stop = data["delta"]["stop_reason"]
            usage.update(data["usage"])
    assert events.is_done
    assert not any(block["open"] for block in blocks.values())
    text = "".join(block["pieces"] for block in blocks.values() if block["type"] == "text") or None
    calls = [(block["name"], json.loads(block["pieces"] or "{}")) for block in blocks.values()
             if block["type"] == "tool_use"]
    return text, calls, stop, (usage["input_tokens"] + usage["cache_read_input_tokens"], usage["output_tokens"])


def asked_last(house):
    return json.loads(house.provider.calls()[-1]["body"])


def answer_of(site, path, body, streamed, **options):
    if path == CHAT and streamed:
        return of_chunks(stream(site, path, {**body, "stream_options": {"include_usage": True}}, **options))
    if streamed:
        return of_message_events(stream(site, path, body, **options))
    response = site.post(path, body, **options)
    assert response.status == 200, response
    return (of_completion if path == CHAT else of_message)(response.json())


STOPPED = {CHAT: "stop", MESSAGES: "end_turn"}
CALLED = {CHAT: "tool_calls", MESSAGES: "tool_use"}
CUT = {CHAT: "length", MESSAGES: "max_tokens"}
every_way = pytest.mark.parametrize("streamed", [False, True], ids=WAYS)
every_surface = pytest.mark.parametrize("path", [CHAT, MESSAGES], ids=["chat", "messages"])
every_model = pytest.mark.parametrize("model", FAMILIES)


def ask(path, model, content, system=None, tools=None, **more):
    """A body of either surface."""
    if path == CHAT:
        body = chat(model, content, max_tokens=200, **more)
        if system:
            body["messages"].insert(0, {"role": "system", "content": system})
        if tools:
            body["tools"] = [{"type": "function", "function": {"name": name, "description": "Tells it.",
                                                               "parameters": WEATHER}} for name in tools]
        return body
    body = message(model, content, **more)
    if system:
        body["system"] = system
    if tools:
        body["tools"] = [{"name": name, "description": "Tells it.", "input_schema": WEATHER} for name in tools]
    return body


@every_way
@every_model
@every_surface
def test_texts_system_prompts_and_usage_arrive(house, path, model, streamed):
    text, calls, finish, usage = answer_of(house.site, path, ask(path, model, "count to 12", system="Be brief."),
                                           streamed)
    assert text == " ".join(map(str, range(1, 13)))
    assert calls == []
    assert finish == STOPPED[path]
    assert usage[0] > 0 and usage[1] == 12
    call, = house.provider.calls()
    assert call["model"] == f"{model}-id"
    assert "Be brief." in call["body"]


@every_way
@every_model
@every_surface
def test_tools_are_called_and_their_answers_read(house, path, model, streamed):
    body = ask(path, model, "use every tool", tools=["weather", "news"])
    text, calls, finish, _ = answer_of(house.site, path, body, streamed)
    assert not text
    assert [name for name, _ in calls] == ["weather", "news"]
    assert set(calls[0][1]) == {"city", "days"} and isinstance(calls[0][1]["days"], int)
    assert finish == CALLED[path]
    if path == CHAT:
        answer = house.site.post(path, body).json()["choices"][0]["message"]
        body["messages"] += [answer] + [{"role": "tool", "tool_call_id": call["id"], "content": f"dry {i}"}
                                        for i, call in enumerate(answer["tool_calls"])]
    else:
        answer = house.site.post(path, body).json()["content"]
        body["messages"] += [{"role": "assistant", "content": answer},
                             {"role": "user", "content": [
                                 {"type": "tool_result", "tool_use_id": block["id"], "content": f"dry {i}"}
                                 for i, block in enumerate(answer)]}]
    text, calls, finish, _ = answer_of(house.site, path, body, streamed)
    assert "dry 1" in text
    assert calls == []


@every_way
@every_model
@every_surface
def test_pictures_are_shown(house, path, model, streamed):
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    if path == MESSAGES:
        picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
    text, *_ = answer_of(house.site, path, ask(path, model, [{"type": "text", "text": "count to 3"}, picture]),
                         streamed)
    assert text == "I see 1 image. 1 2 3"


@every_way
@every_model
def test_answers_take_the_form_of_a_schema(house, model, streamed):
    text, *_ = answer_of(house.site, CHAT, ask(CHAT, model, "Where is it dry?", response_format={
        "type": "json_schema", "json_schema": {"name": "weather", "strict": True, "schema": WEATHER}}), streamed)
    assert set(json.loads(text)) == {"city", "days"}


@every_way
@every_model
@every_surface
def test_a_limit_of_tokens_is_told(house, path, model, streamed):
    body = ask(path, model, "count to 50")
    body["max_tokens"] = 7
    text, _, finish, _ = answer_of(house.site, path, body, streamed)
    assert text == "1 2 3 4 5 6 7"
    assert finish == CUT[path]


@every_way
@every_model
def test_stop_sequences_end_answers(house, model, streamed):
    text, _, finish, _ = answer_of(house.site, CHAT, ask(CHAT, model, "count to 9", stop=["5"]), streamed)
    assert text.strip() == "1 2 3 4"
    assert finish == "stop"


@pytest.mark.parametrize("path, model", [(CHAT, "gpt"), (MESSAGES, "claude")])
def test_a_body_in_the_models_own_dialect_is_left_alone(house, path, model):
    body = ask(path, model, "count to 3", x_vendor={"a": [1, 2.5, None, "é\u2028"]}, seed=2**53 + 1)
    response = house.site.post(path, body)
    assert response.status == 200
    call, = house.provider.calls()
    asked = json.loads(call["body"])
    assert list(asked.items()) == list({**body, "model": f"{model}-id"}.items())
    direct = urllib.request.Request(house.provider.url + call["path"], call["body"].encode(),
                                    {"Content-Type": "application/json"})
    with urllib.request.urlopen(direct) as answer:
        # The stand-in numbers its answers.
        number = rb'"(chatcmpl-|msg_)[0-9]+"'
        assert re.sub(number, b"", response.body) == re.sub(number, b"", answer.read())


def test_beta_features_are_switched_on_for_the_models_own_dialect(house):
    headers = {"anthropic-beta": "one-2026-01-01,two"}
    assert house.site.post(MESSAGES, message("claude", "count to 3"), headers=headers).status == 200
    assert house.site.post(MESSAGES, message("gpt", "count to 3"), headers=headers).status == 200
    native, other = house.provider.calls()
    assert native["headers"]["anthropic-beta"] == "one-2026-01-01,two"
    assert "anthropic-beta" not in other["headers"]


def test_several_answers_with_their_probabilities_arrive(house):
    body = chat("gpt", "count to 3", n=3, logprobs=True, top_logprobs=2, seed=7)
    choices = house.site.post(CHAT, body).json()["choices"]
    assert [choice["index"] for choice in choices] == [0, 1, 2]
    assert choices[2]["logprobs"]["content"]
    assert asked_last(house)["seed"] == 7
    chunks = stream(house.site, CHAT, body).data()
    assert {choice["index"] for chunk in chunks for choice in chunk["choices"]} == {0, 1, 2}
    assert any(choice.get("logprobs") for chunk in chunks for choice in chunk["choices"])


@every_model
def test_usage_is_streamed_only_to_who_asks_for_it(house, model):
    events = stream(house.site, CHAT, chat(model, "count to 3"))
    assert events.is_done
    assert not any(chunk.get("usage") for chunk in events.data())
    if model == "gpt":
        assert asked_last(house)["stream_options"]["include_usage"] is True
    events = stream(house.site, CHAT, chat(model, "count to 3", stream_options={"include_usage": True}))
    assert events.data()[-1]["choices"] == []
    assert events.data()[-1]["usage"]["completion_tokens"] == 3


@pytest.mark.parametrize("path, body, param", [
    (CHAT, chat("claude", "x", logit_bias={"1": 1}), "logit_bias"),
    (CHAT, chat("gemini", "x", reasoning_effort="low"), "reasoning_effort"),
    (CHAT, chat("claude", "x", n=2), "n"),
    (CHAT, chat("claude", [{"type": "input_audio", "input_audio": {}}]), "messages[0].content[0]"),
    (CHAT, chat("gpt", "x", n="two"), "n"),
    (CHAT, chat("gpt", "x", temperature=-1), "temperature"),
    (CHAT, {"model": "gpt"}, "messages"),
    (CHAT, {"model": "gpt", "messages": []}, "messages"),
    (CHAT, {"model": "gpt", "messages": [{"content": "x"}]}, "messages[0].role"),
    (CHAT, {"messages": [{"role": "user", "content": "x"}]}, "model"),
    (CHAT, {"model": "gemini", "messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}]}]},
     "messages[0].content[0].image_url.url"),
])
@every_way
def test_a_bad_field_is_named(house, path, body, param, streamed):
    response = house.site.post(path, {**body, "stream": streamed})
    assert response.status == 400, response
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert isinstance(error["code"], str)
    assert house.provider.calls() == []


@pytest.mark.parametrize("body, name", [
    (message("gpt", "x", thinking={"type": "enabled", "budget_tokens": 2000}), "thinking"),
    ({"model": "claude", "messages": [{"role": "user", "content": "x"}]}, "max_tokens"),
    (message("gemini", [{"type": "document", "source": {}}]), "messages[0].content[0]"),
])
def test_a_bad_field_is_named_to_anthropics_clients(house, body, name):
    response = house.site.post(MESSAGES, body)
    assert response.status == 400
    answer = response.json()
    assert answer["type"] == "error"
    assert answer["error"]["type"] == "invalid_request_error"
    assert name in answer["error"]["message"]


def test_an_unknown_model_is_not_found(site):
    response = site.post(CHAT, chat("nobody", "x"))
    assert response.status == 404
    assert response.json()["error"]["code"] == "model_not_found"
    assert site.post(MESSAGES, message("nobody", "x")).json()["error"]["type"] == "not_found_error"
    assert site.post(CHAT, chat("local", "x")).status == 404


@every_surface
def test_a_key_is_needed(site, path):
    body = ask(path, "gpt", "x")
    assert site.post(path, body, key=None).status == 401
    assert site.post(path, body, key="wrong").status == 401
    assert site.post(path, body, key=None, headers={"Authorization": f"Bearer {KEY}"}).status == 200


@pytest.mark.parametrize("name", ["gpt", "quick", "quicker"])
def test_models_are_asked_by_all_their_names(house, name):
    response = house.site.post(CHAT, chat(name, "count to 3"))
    assert response.headers["X-Model"] == "gpt"
    assert asked_last(house)["model"] == "gpt-id"


@every_surface
def test_headers_tell_who_answered_and_where_the_time_went(site, path):
    response = site.post(path, ask(path, "gpt", "count to 3"))
    assert response.headers["X-Model"] == "gpt"
    assert response.headers["X-Attempts"] == "1"
    assert response.headers["X-Cache"] == "bypass"
    assert float(response.headers["X-Upstream-Ms"]) >= 0  # it may be quicker than we look
    assert float(response.headers["X-Overhead-Ms"]) > 0
    assert "Api-Version" not in response.headers
    assert 'hearth_gateway_overhead_seconds_count{operation="gateway_' in site.send("GET", "/metrics").text


# What breaks.

@pytest.mark.parametrize("mode, code, words", [("400", "invalid_request_error", "not supported"),
                                               ("context", "context_length_exceeded", "context length"),
                                               ("filter", "content_policy_violation", "content filter")])
@every_way
def test_what_the_provider_refuses_reaches_the_client_with_its_reason(house, mode, code, words, streamed):
    house.provider.mode(mode)
    response = house.site.post(CHAT, chat("gpt", "x", stream=streamed))
    assert response.status == 400
    error = response.json()["error"]
    assert words in error["message"].lower()
    assert error["message"] not in house.site.log()  # it may quote the user
    assert error["code"] == code
    assert response.headers["X-Should-Retry"] == "false"
    assert len(house.provider.calls()) == 1


@pytest.mark.parametrize("mode, status", [("401", 502), ("404", 502), ("quota", 429)])
@every_surface
def test_clients_are_told_not_to_try_again_what_only_the_operator_can_mend(house, path, mode, status):
    house.provider.mode(mode)
    response = house.site.post(path, ask(path, "gpt", "x"))
    assert response.status == status
    assert response.headers["X-Should-Retry"] == "false"
    assert "Retry-After" not in response.headers


def test_waits_between_tries_are_no_overhead(house):
    house.provider.mode("429", times=1, retry_after_ms=400)
    response = house.site.post(CHAT, chat("gpt", "count to 3"))
    assert response.headers["X-Attempts"] == "2"
    assert float(response.headers["X-Upstream-Ms"]) + float(response.headers["X-Overhead-Ms"]) < 400


@every_way
@every_surface
def test_another_model_answers_where_the_first_fails(house, path, streamed):
    house.provider.mode("500", model="first-id")
    text, _, finish, _ = answer_of(house.site, path, ask(path, "chain", "count to 5"), streamed)
    assert text == "1 2 3 4 5"
    assert finish == STOPPED[path]
    assert house.provider.calls()[-1]["model"] == "claude-id"


def test_what_cannot_be_translated_is_asked_only_of_the_models_own_family(house):
    assert house.site.post(CHAT, chat("strict", "count to 3", logit_bias={"1": 1})).status == 200
    assert [call["model"] for call in house.provider.calls()] == ["strict-id"]
    house.provider.reset()
    assert house.site.post(CHAT, chat("broad", "count to 3", logit_bias={"1": 1})).status == 200
    assert [call["model"] for call in house.provider.calls()] == ["gpt-id"]


@pytest.mark.parametrize("mode", ["cut", "cut_ended"])
@every_surface
def test_a_stream_that_breaks_off_is_said_to_have(house, path, mode):
    model = "chain" if path == CHAT else "broad"
    house.provider.mode(mode)
    events = stream(house.site, path, ask(path, model, "count to 40"))
    assert not events.is_done
    assert events.error
    if path == CHAT:
        assert events.error["code"] == "upstream_incomplete"
    else:
        assert events.events[-1][0] == "error"
    assert not any(name == "message_stop" or data == "[DONE]" for name, data in events.events)
    assert len(house.provider.calls()) == 1


@pytest.mark.parametrize("case", range(len(LOST)))
@every_way
def test_what_its_provider_gave_up_is_no_answer(house, case, streamed):
    path, _, word = LOST[case]
    house.provider.mode("gave_up", word=word)
    body = ask(path, f"lost-{case}-{WAYS[streamed]}", "count to 40")
    if streamed:
        events = stream(house.site, path, body)
        assert not events.is_done and len(house.provider.calls()) == 1
        error = events.error
    else:
        response = house.site.post(path, body)
        assert response.status == 502
        error = response.json()["error"]
    assert word in error["message"]


def test_what_a_provider_gave_up_shuts_no_model(house, fresh):
    house.provider.mode("gave_up")
    for i in range(6):
        response = house.site.post(CHAT, chat("gpt", f"{fresh} {i}"))
        assert (response.status, response.json()["error"]["code"]) == (502, "upstream_incomplete")
    house.provider.mode("ok")
    assert house.site.post(CHAT, chat("gpt", fresh)).status == 200


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_a_delivery_that_is_not_known_is_refused_by_name(house, path):
    body = dict(ask(path, "chain", "count to 5"), stream=True)
    answer = house.site.send("POST", path, json.dumps(body).encode(),
                             {"Content-Type": "application/json", "X-Hearth-Delivery": "bogus"})
    assert answer.status == 400 and "X-Hearth-Delivery" in answer.json()["error"]["message"], answer
    text, *_ = answer_of(house.site, path, ask(path, "chain", "count to 5"), True,
                         headers={"X-Hearth-Delivery": "live"})
    assert text == "1 2 3 4 5"


@every_way
def test_another_model_answers_where_a_provider_gave_up(house, streamed):
    house.provider.mode("gave_up", model="first-id")
    text, *_ = answer_of(house.site, CHAT, ask(CHAT, "chain", "count to 5"), streamed,
                         headers={"X-Hearth-Delivery": "whole"})
    assert text == "1 2 3 4 5"


@pytest.mark.parametrize("path, model, word", [(CHAT, "gpt", "never_heard_of"), (MESSAGES, "claude", "pause_turn")])
@every_way
def test_who_speaks_the_models_own_dialect_reads_its_own_word_for_the_end(house, path, model, word, streamed):
    house.provider.mode("gave_up", word=word)
    for _ in range(2):
        body = ask(path, model, "count to 6", temperature=0)
        assert answer_of(house.site, path, body, streamed)[2] == word
    assert len(house.provider.calls()) == 2  # it is not kept


@every_surface
def test_a_stream_that_fails_before_its_first_token_is_another_models(house, path):
    house.provider.mode("error_first", model="first-id")
    text, *_ = answer_of(house.site, path, ask(path, "chain", "count to 5"), True)
    assert text == "1 2 3 4 5"


@pytest.mark.parametrize("how", ["header", "setting"])
@every_surface
def test_a_stream_that_is_held_back_can_begin_anew(house, path, how):
    model = "held" if how == "setting" else "chain"
    house.provider.mode("cut", model="held-id" if how == "setting" else "first-id")
    headers = {"X-Hearth-Delivery": "whole"} if how == "header" else {}
    events = stream(house.site, path, ask(path, model, "count to 40"), headers=headers)
    assert events.is_done and not events.error
    assert events.headers["X-Model"] == "claude"
    joined = of_chunks(events) if path == CHAT else of_message_events(events)
    assert joined[0] == " ".join(map(str, range(1, 41)))


@pytest.mark.parametrize("mode", ["malformed", "no_marker", "crlf", "cr", "comments", "multiline", "odd",
                                  "plain"])
@every_model
@every_surface
def test_streams_are_read_however_they_are_written(house, path, model, mode):
    house.provider.mode(mode)
    text, _, finish, _ = answer_of(house.site, path, ask(path, model, "count to 20"), True)
    assert text == " ".join(map(str, range(1, 21)))
    assert finish == STOPPED[path]


def delta(content, **more):
    """A chunk of OpenAI's, as its bytes stand: content is the inside of a JSON string."""
    return '{"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt","choices":[{"index":0,' \
        '"finish_reason":null,"delta":{"content":"%s"}}]%s}' % (content, "".join(f',"{name}":{value}' for name, value in more.items()))


ODD_EVENTS = [delta("I am happy \\ud83d"), delta("\\ude00 today"), delta(" \\u0000", seed="18446744073709551615"),
              delta(".", x="1e400"), '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}', "[DONE]"]


@every_surface
def test_no_text_of_a_stream_is_lost_to_odd_json(house, path, fresh):
    house.provider.mode("raw", events=ODD_EVENTS)
    events = stream(house.site, path, ask(path, "gpt", fresh))
    text, _, finish, _ = of_chunks(events) if path == CHAT else of_message_events(events)
    assert finish == STOPPED[path]
    if path == CHAT:  # its provider's own bytes, whose halves a client joins
        assert text.encode("utf-16", "surrogatepass").decode("utf-16") == "I am happy \U0001f600 today \0."
    else:
        assert text == "I am happy \U0001f600 today \ufffd."


def odd_answer(content, more=""):
    return '{"id":"c","object":"chat.completion","created":1,"model":"gpt","choices":[{"index":0,"finish_reason":' \
        '"stop","message":{"role":"assistant","content":"%s"}}]%s}' % (content, more)


@every_surface
@pytest.mark.parametrize("more", ["", ',"seed":18446744073709551615', ',"x":1e400,"x":[1]',
                                  ',"deep":' + "[" * 60 + "]" * 60], ids=["escape", "integer", "double", "deep"])
def test_answers_of_odd_json_are_passed_on(house, path, more, fresh):
    house.provider.mode("raw", body=odd_answer("C ends with \\u0000.", more))
    response = house.site.post(path, ask(path, "gpt", fresh))
    assert response.status == 200 and len(house.provider.calls()) == 1
    if path == CHAT:
        assert response.body.decode() == odd_answer("C ends with \\u0000.", more)
    else:
        assert of_message(response.json())[0] == "C ends with \ufffd."


def test_an_answer_that_nobody_can_read_is_paid_once_and_shuts_no_model(house, fresh):
    house.provider.mode("raw", body=odd_answer("x", ',"deep":' + "[" * 200 + "]" * 200))
    for i in range(4):
        response = house.site.post(CHAT, chat("gpt", f"{fresh} {i}"))
        assert (response.status, response.json()["error"]["code"]) == (502, "upstream_invalid_answer")
        assert len(house.provider.calls()) == i + 1
    house.provider.mode("ok")
    assert house.site.post(CHAT, chat("gpt", fresh)).status == 200


@every_model
@every_surface
def test_schemas_of_tools_may_be_deep(site, path, model):
    schema = {"type": "string"}
    for _ in range(60):
        schema = {"type": "object", "properties": {"a": schema}}
    body = ask(path, model, "count to 3", tools=["weather"])
    tool = body["tools"][0]
    tool.get("function", tool)["parameters" if path == CHAT else "input_schema"] = schema
    assert answer_of(site, path, body, False)[0] == "1 2 3"
    body["metadata"] = {"deep": json.loads("[" * 127 + "]" * 127)}
    response = site.post(path, body)
    assert response.status == 400 and "128 nested levels" in response.text


@pytest.mark.parametrize("model", ["claude", "gemini"])
def test_chats_without_a_message_that_says_something_are_refused(site, model):
    body = {"model": model, "messages": [{"role": "system", "content": "Be brief."}]}
    response = site.post(CHAT, body)
    assert response.status == 400 and response.json()["error"]["param"] == "messages"
    body["messages"] += [{"role": "user", "content": "count to 3"}, {"role": "assistant", "content": ""}]
    assert of_completion(site.post(CHAT, body).json())[0] == "1 2 3"


def test_how_long_a_provider_wants_to_be_left_alone_is_passed_on(house):
    house.provider.mode("429", retry_after=7777, model="limited-id")
    response = house.site.post(CHAT, chat("limited", "count to 3"))
    assert response.status == 429
    assert int(response.headers["Retry-After"]) in (7776, 7777)


# The cache.

def test_only_temperature_0_is_kept_unless_asked(house, fresh):
    for headers, temperature, kept in [({}, 0.5, False), ({}, None, False), ({}, 0, True),
                                       ({"X-Hearth-Cache": "off"}, 0, False),
                                       ({"Cache-Control": "no-store"}, 0, False),
                                       ({"X-Hearth-Cache": "on"}, 0.5, True)]:
        house.provider.reset()
        body = chat("gpt", fresh + str(headers), temperature=temperature)
        first = house.site.post(CHAT, body, headers=headers)
        second = house.site.post(CHAT, body, headers=headers)
        assert first.headers["X-Cache"] == ("miss" if kept else "bypass")
        assert second.headers["X-Cache"] == ("hit" if kept else "bypass")
        assert len(house.provider.calls()) == (1 if kept else 2)
        if kept:
            assert second.body == first.body
            assert second.headers["X-Model"] == "gpt"


@every_model
@every_surface
def test_a_kept_stream_is_replayed(house, fresh, path, model):
    body = ask(path, model, fresh, temperature=0)
    first = stream(house.site, path, body)
    second = stream(house.site, path, body)
    assert first.headers["X-Cache"] == "miss"
    assert second.headers["X-Cache"] == "hit"
    assert second.response.body == first.response.body
    assert second.is_done
    assert house.site.post(path, body).headers["X-Cache"] == "miss"
    assert len(house.provider.calls()) == 2


def test_what_is_asked_is_part_of_the_key(house, fresh):
    body = chat("gpt", fresh, temperature=0, seed=1)
    assert house.site.post(CHAT, body).headers["X-Cache"] == "miss"
    reordered = dict(reversed(body.items()))
    assert house.site.post(CHAT, {**reordered, "model": "quick"}).headers["X-Cache"] == "hit"
    assert house.site.post(CHAT, {**body, "temperature": 0.0}).headers["X-Cache"] == "hit"
    for change in ({"seed": 2}, {"max_tokens": 9}, {"x_other": 1}, {"model": "claude", "seed": None}):
        assert house.site.post(CHAT, {**body, **change}).headers["X-Cache"] == "miss"
    assert house.site.post(CHAT, body, key=OTHER_KEY).headers["X-Cache"] == "miss"


def test_a_fresh_answer_may_be_asked_for(house, fresh):
    body = chat("gpt", fresh, temperature=0)
    house.site.post(CHAT, body)
    assert house.site.post(CHAT, body, headers={"Cache-Control": "no-cache"}).headers["X-Cache"] == "miss"
    assert len(house.provider.calls()) == 2


@every_way
@pytest.mark.parametrize("mode", ["length", "refusal"])
def test_an_answer_that_did_not_end_by_itself_is_not_kept(house, fresh, mode, streamed):
    house.provider.mode(mode)
    body = chat("gpt", fresh, temperature=0, stream=streamed)
    for _ in range(2):
        assert house.site.post(CHAT, body).headers["X-Cache"] == "miss"
    assert len(house.provider.calls()) == 2


def test_a_broken_stream_is_not_kept(house, fresh):
    house.provider.mode("cut")
    body = chat("gpt", "count to 40 " + fresh, temperature=0)
    assert stream(house.site, CHAT, body).error
    house.provider.mode("ok")
    again = stream(house.site, CHAT, body)
    assert again.headers["X-Cache"] == "miss" and again.is_done


@every_way
def test_equal_requests_in_flight_share_one_call(house, fresh, streamed):
    house.provider.mode("slow", delay=0.7)
    body = chat("gpt", fresh, temperature=0, stream=streamed)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: house.site.post(CHAT, body), range(6)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert sorted(answer.headers["X-Cache"] for answer in answers) == ["coalesced"] * 5 + ["miss"]
    assert len(house.provider.calls()) == 1


def test_equal_requests_of_others_share_nothing(house, fresh):
    house.provider.mode("slow", delay=0.5)
    body = chat("gpt", fresh, temperature=0)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda key: house.site.post(CHAT, body, key=key), [KEY, OTHER_KEY]))
    assert [answer.headers["X-Cache"] for answer in answers] == ["miss", "miss"]
    assert len(house.provider.calls()) == 2
