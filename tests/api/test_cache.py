"""What the response cache promises, seen by clients."""

import concurrent.futures

import pytest

PROCESS = "/v1/text_processing/process"


def question(text, **more):
    return {"text": text, "operation": "summarize", **more}


def test_serves_the_second_call_from_the_cache(house, fresh_text):
    first = house.site.post(PROCESS, question(fresh_text))
    second = house.site.post(PROCESS, question(fresh_text))
    assert first.headers["X-Cache"] == "miss" and "Age" not in first.headers
    assert second.headers["X-Cache"] == "hit" and int(second.headers["Age"]) >= 0
    assert second.json()["cache_hit"] is True
    assert second.json()["result"] == first.json()["result"]
    assert len(house.provider.calls()) == 1


def test_equal_questions_written_differently_share_an_answer(house, fresh_text):
    house.site.post(PROCESS, question(fresh_text))
    second = house.site.post(PROCESS, question(f"  {fresh_text}\n", options={"max_length": 100.0,
                                                                             "num_questions": 3}))
    assert second.headers["X-Cache"] == "hit"


def test_other_options_are_another_question(house, fresh_text):
    house.site.post(PROCESS, question(fresh_text))
    second = house.site.post(PROCESS, question(fresh_text, options={"max_length": 99}))
    assert second.headers["X-Cache"] == "miss"


def test_no_store_keeps_nothing(house, fresh_text):
    for _ in range(2):
        response = house.site.post(PROCESS, question(fresh_text),
                                   headers={"Cache-Control": "no-store"})
        assert response.headers["X-Cache"] == "bypass"
    assert house.site.post(PROCESS, question(fresh_text)).headers["X-Cache"] == "miss"
    assert len(house.provider.calls()) == 3


@pytest.mark.parametrize("wish", ["no-cache", "max-age=0"])
def test_no_cache_asks_again_and_keeps_the_new_answer(house, fresh_text, wish):
    house.site.post(PROCESS, question(fresh_text))
    response = house.site.post(PROCESS, question(fresh_text), headers={"Cache-Control": wish})
    assert response.json()["cache_hit"] is False
    assert len(house.provider.calls()) == 2
    assert house.site.post(PROCESS, question(fresh_text)).headers["X-Cache"] == "hit"


def test_a_hundred_cold_calls_ask_the_model_once(house, fresh_text):
    house.provider.mode("ok", delay=0.5)
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: house.site.post(PROCESS, question(fresh_text)),
                                range(100)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json()["result"] for answer in answers}) == 1
    assert len(house.provider.calls()) == 1
    states = [answer.headers["X-Cache"] for answer in answers]
    assert states.count("miss") == 1
    assert set(states) <= {"miss", "coalesced", "hit"}


def test_invalidation_forgets_what_it_names(house, fresh_text):
    sentiment = {"text": fresh_text, "operation": "sentiment"}
    house.site.post(PROCESS, question(fresh_text))
    house.site.post(PROCESS, sentiment)
    answer = house.site.request("POST", "/internal/cache/invalidate?pattern=summarize")
    assert answer.status == 200 and "summarize" in answer.json()["message"]
    assert house.site.post(PROCESS, question(fresh_text)).headers["X-Cache"] == "miss"
    assert house.site.post(PROCESS, sentiment).headers["X-Cache"] == "hit"
    before = house.site.get("/internal/cache/invalidation-stats").json()["total_invalidations"]
    house.site.request("POST", "/internal/cache/invalidate")
    assert house.site.post(PROCESS, sentiment).headers["X-Cache"] == "miss"
    after = house.site.get("/internal/cache/invalidation-stats").json()["total_invalidations"]
    assert after == before + 1


def test_keys_do_not_share_answers_across_tenants(server, fresh_text):
    from conftest import model_settings
    from site_lib import Site
    from standin import Standin
    with Standin() as provider:
        settings = model_settings(provider, ADDITIONAL_API_KEYS="second-key-0123456789")
        with Site(server, settings=settings) as site:
            site.post(PROCESS, question(fresh_text))
            other = site.post(PROCESS, question(fresh_text), key="second-key-0123456789")
            assert other.headers["X-Cache"] == "miss"
