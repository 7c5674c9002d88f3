"""The gateway's models, embeddings and responses through real web servers; every answer is checked against
the OpenAPI document that the site itself serves."""

import base64
import itertools
import json
import math
import struct

import pytest

from site_lib import Site
from standin import Standin

EMBEDDINGS = "/v1/embeddings"
RESPONSES = "/v1/responses"
LOCAL = "local-hash-256"
ANTHROPIC = {"anthropic-version": "2023-06-01"}
FAMILIES = {"native": "whole", "gpt": "one", "claude": "two", "gemini": "three"}
# For each family models that are to break, so that the breakers of the others stay closed.
FATES = ["cut", "lost", "lost-streamed"]
CONFIG = """
[provider "one"]
kind = openai
base_url = {url}/v1
key = sk-one
[provider "whole"]
kind = openai
base_url = {url}/v1
responses = yes
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
aliases = quick, team/quick
fallbacks = gemini
[model "native"]
provider = whole
id = native-id
[model "claude"]
provider = two
[model "gemini"]
provider = three
""" + "".join(f'[model "{name}-{fate}"]\nprovider = {provider}\n' for name, provider in FAMILIES.items()
            for fate in FATES)
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
        with Site(server, workers=2, settings={"HEARTH_CONFIG": str(config)}) as site:
            yield House(site, provider)


@pytest.fixture
def house(open_house):
    open_house.provider.reset()
    yield open_house
    open_house.provider.reset()


@pytest.fixture
def site(house):
    return house.site


def fresh(text="text"):
    return f"{text} {next(numbers)}"


def vectors(answer):
    return [item["embedding"] for item in answer.json()["data"]]


def test_the_list_of_models_has_all_names_in_either_shape(site):
    answer = site.get("/v1/models")
    assert answer.status == 200
    models = {model["id"]: model for model in answer.json()["data"]}
    assert list(models) == ["gpt", "quick", "team/quick", "native", "claude", "gemini",
                            *(f"{name}-{fate}" for name in FAMILIES for fate in FATES), LOCAL]
    assert models["team/quick"] == {"id": "team/quick", "object": "model", "created": 0, "owned_by": "one"}
    answer = site.get("/v1/models", headers=ANTHROPIC).json()
    assert answer["has_more"] is False
    assert (answer["first_id"], answer["last_id"]) == ("gpt", LOCAL)
    assert answer["data"][0] == {"id": "gpt", "type": "model", "display_name": "gpt-id",
                                 "created_at": "1970-01-01T00:00:00Z"}


def test_a_model_is_shown_by_any_of_its_names(site):
    assert site.get("/v1/models/quick").json()["owned_by"] == "one"
    assert site.get("/v1/models/team%2Fquick").json()["id"] == "team/quick"


def test_an_unknown_model_is_told_in_the_clients_own_shape(site):
    answer = site.get("/v1/models/nobody")
    assert answer.status == 404
    assert answer.json()["error"]["code"] == "model_not_found"
    assert answer.json()["error"]["request_id"] == answer.headers["X-Request-Id"]
    answer = site.get("/v1/models/nobody", headers=ANTHROPIC)
    assert answer.status == 404
    assert answer.json()["error"]["type"] == "not_found_error"
    assert answer.json()["request_id"] == answer.headers["request-id"]


@pytest.mark.parametrize("method, path, status, code", [
    ("POST", "/v1/completions", 404, "not_found"), ("GET", "/v1/responses/resp_1", 404, "not_found"),
    ("POST", "/v1/chat/nope", 404, "not_found"), ("POST", "/v2/audio/speech", 404, "not_found"),
    ("POST", "/batches", 404, "not_found"), ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
    ("DELETE", "/v1/models/gpt", 405, "method_not_allowed"), ("PUT", EMBEDDINGS, 405, "method_not_allowed")])
def test_what_is_not_here_is_told_in_the_clients_own_shape(site, method, path, status, code):
    answer = site.send(method, path)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/json")
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == (code, None) and error["message"] and error["type"]
    assert error["request_id"] == answer.headers["X-Request-Id"]
    told = site.send(method, path, headers=ANTHROPIC)
    assert (told.status, told.json()["type"]) == (status, "error")
    assert told.json()["request_id"] == told.headers["request-id"]


@pytest.mark.parametrize("method, path, status, kind", [
    ("POST", "/v1/messages/count_tokens", 404, "not_found_error"), ("POST", "/v1/messages/batches", 404, "not_found_error"),
    ("GET", "/v1/messages", 405, "invalid_request_error")])
def test_below_messages_all_failures_are_anthropics(site, method, path, status, kind):
    answer = site.send(method, path)
    assert (answer.status, answer.json()["type"], answer.json()["error"]["type"]) == (status, "error", kind)
    assert answer.json()["request_id"] == answer.headers["request-id"]


@pytest.mark.parametrize("path", ["/v1/text_processing/nope", "/v1/auth/nope", "/v1/messagesx", "/v1/nope"])
def test_other_paths_keep_their_problems(site, path):
    answer = site.send("GET", path, headers=ANTHROPIC)
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/gpt"])
def test_the_list_needs_a_key(site, path):
    answer = site.get(path, key=None)
    assert answer.status == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_local_vectors_are_near_where_texts_are(site):
    answer = site.post(EMBEDDINGS, {"model": LOCAL, "input": [
        "Wie kann ich beim Einkaufen Geld sparen?", "Beim Einkauf lässt sich viel Geld sparen",
        "Das Teleskop zeigt eine ferne Galaxie"]})
    assert answer.status == 200
    assert answer.headers["X-Model"] == LOCAL
    first, near, far = vectors(answer)
    assert len(first) == 256
    assert math.isclose(sum(value * value for value in first), 1, rel_tol=1e-5)
    assert sum(map(lambda a, b: a * b, first, near)) > sum(map(lambda a, b: a * b, first, far)) + 0.2


def test_the_provider_local_embeds_by_hashing(site):
    answer = site.post(EMBEDDINGS, {"model": "local", "input": "hello"}).json()
    assert answer["model"] == LOCAL
    assert answer["usage"] == {"prompt_tokens": 1, "total_tokens": 1}


def test_long_texts_are_embedded_too(site):
    answer = site.post(EMBEDDINGS, {"model": LOCAL, "input": ["word " * 20000] * 20})
    assert answer.status == 200
    assert len(vectors(answer)) == 20


def test_bytes_and_numbers_are_the_same_vector(site):
    question = {"model": LOCAL, "input": "The harbour was closed."}
    numbers_given = vectors(site.post(EMBEDDINGS, question))[0]
    text = vectors(site.post(EMBEDDINGS, dict(question, encoding_format="base64")))[0]
    unpacked = struct.unpack("<256f", base64.b64decode(text))
    assert [struct.unpack("f", struct.pack("f", value))[0] for value in numbers_given] == list(unpacked)


@pytest.mark.parametrize("model", ["gpt", "gemini"])
@pytest.mark.parametrize("form", ["float", "base64"])
def test_providers_vectors_come_in_the_form_asked_for(house, model, form):
    answer = house.site.post(EMBEDDINGS, {"model": model, "input": [fresh(), fresh()], "dimensions": 4,
                                          "encoding_format": form})
    assert answer.status == 200
    assert answer.headers["X-Cache"] == "miss"
    assert float(answer.headers["X-Upstream-Ms"]) >= 0
    assert float(answer.headers["X-Overhead-Ms"]) > 0
    usage = answer.json()["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] > 0
    for vector in vectors(answer):
        assert len(struct.unpack("<4f", base64.b64decode(vector)) if form == "base64" else vector) == 4


def test_the_clients_own_body_goes_to_openais_family(house):
    text = fresh()
    house.site.post(EMBEDDINGS, {"model": "quick", "input": text, "user": "u1", "input_type": "query"})
    asked = json.loads(house.provider.calls()[-1]["body"])
    assert asked == {"model": "gpt-id", "input": text, "user": "u1", "input_type": "query"}


def test_equal_questions_are_asked_once(house):
    question = {"model": "gpt", "input": fresh()}
    first = house.site.post(EMBEDDINGS, question)
    second = house.site.post(EMBEDDINGS, dict(reversed(question.items())))
    assert second.headers["X-Cache"] == "hit"
    assert second.body == first.body
    assert house.site.post(EMBEDDINGS, question, headers={"X-Hearth-Cache": "off"}).headers["X-Cache"] == "bypass"
    assert len(house.provider.calls()) == 2


def test_no_other_model_stands_in_for_vectors(house):
    house.provider.mode("404", model="gpt-id")
    answer = house.site.post(EMBEDDINGS, {"model": "gpt", "input": fresh()})
    assert answer.status >= 500
    assert [attempt["model"] for attempt in answer.json()["error"]["attempts"]] == ["gpt"]


@pytest.mark.parametrize("body,param", [
    ({"model": LOCAL, "input": ""}, "input"),
    ({"model": LOCAL, "input": ["a", ""]}, "input[1]"),
    ({"model": LOCAL, "input": [1, 2]}, "input"),
    ({"model": LOCAL}, "input"),
    ({"model": LOCAL, "input": "a", "dimensions": 8}, "dimensions"),
    ({"model": LOCAL, "input": "a", "encoding_format": "hex"}, "encoding_format"),
    ({"model": "claude", "input": "a"}, "model"),
    ({"model": "gemini", "input": [1, 2]}, "input"),
    ({"input": "a"}, "model"),
])
def test_what_cannot_be_embedded_is_named(site, body, param):
    answer = site.post(EMBEDDINGS, body)
    assert answer.status == 400
    assert answer.json()["error"]["param"] == param
    assert answer.headers["X-Should-Retry"] == "false"


def test_an_unknown_model_embeds_nothing(site):
    answer = site.post(EMBEDDINGS, {"model": "nobody", "input": "a"})
    assert answer.status == 404
    assert answer.json()["error"]["code"] == "model_not_found"


@pytest.mark.parametrize("model", FAMILIES)
def test_a_response_is_as_documented(site, model):
    answer = site.post(RESPONSES, {"model": model, "input": "say: good morning", "max_output_tokens": 50})
    assert answer.status == 200
    body = answer.json()
    assert body["object"] == "response"
    assert body["status"] == "completed"
    assert body["output"][0]["content"][0]["text"] == "good morning"
    assert body.get("store", False) is False


@pytest.mark.parametrize("model", FAMILIES)
def test_a_kept_response_is_the_same_again(house, model):
    question = {"model": model, "input": fresh("say: kept"), "temperature": 0, "max_output_tokens": 50}
    first = house.site.post(RESPONSES, question)
    second = house.site.post(RESPONSES, question)
    assert second.headers["X-Cache"] == "hit"
    assert second.body == first.body


def test_the_endpoint_is_used_only_where_there_is_one(house):
    for model, path in (("native", "/v1/responses"), ("gpt", "/v1/chat/completions")):
        house.site.post(RESPONSES, {"model": model, "input": fresh("say: hello")})
        assert house.provider.calls()[-1]["path"] == path


@pytest.mark.parametrize("model", FAMILIES)
@pytest.mark.parametrize("mode", ["cut", "cut_ended", "error_later"])
def test_a_stream_of_responses_that_breaks_off_never_looks_complete(house, model, mode):
    house.provider.mode(mode, after=3)
    answer = house.site.send("POST", RESPONSES, json.dumps(
        {"model": f"{model}-cut", "input": fresh("count to 30"), "stream": True, "max_output_tokens": 90}).encode(),
        {"Content-Type": "application/json"})
    assert answer.status == 200
    events = [line[7:] for line in answer.text.split("\n") if line.startswith("event: ")]
    assert "response.output_text.delta" in events
    assert events[-1] == "error"
    assert not {"response.completed", "response.incomplete", "response.output_item.done"} & set(events)
    assert json.loads(answer.text.rsplit("data: ", 1)[1])["error"]["code"]
    assert len(house.provider.calls()) == 1


@pytest.mark.parametrize("model", FAMILIES)
def test_a_response_that_its_provider_gave_up_is_none(house, model):
    house.provider.mode("gave_up")
    response = house.site.post(RESPONSES, {"model": f"{model}-lost", "input": "count to 30"})
    assert response.status == 502
    response = house.site.post(RESPONSES, {"model": f"{model}-lost-streamed", "input": "count to 30", "stream": True})
    assert "event: error" in response.text
    assert "response.completed" not in response.text and "response.incomplete" not in response.text


@pytest.mark.parametrize("model", FAMILIES)
@pytest.mark.parametrize("mode", ["crlf", "comments", "multiline", "malformed", "odd"])
def test_streams_of_responses_are_read_however_they_are_written(house, model, mode):
    house.provider.mode(mode)
    answer = house.site.send("POST", RESPONSES, json.dumps(
        {"model": model, "input": fresh("count to 9"), "stream": True, "max_output_tokens": 90}).encode(),
        {"Content-Type": "application/json"})
    last = json.loads("".join(line[6:] for line in answer.text.strip().split("\n\n")[-1].split("\n")
                              if line.startswith("data: ")))
    assert last["type"] == "response.completed"
    assert last["response"]["output"][0]["content"][0]["text"].startswith("1 2 3 4 5 6 7 8 9")
