"""Limits over workers and hosts: rates that hosts share, and streams that one caller may read at once."""

import concurrent.futures
import json

from site_lib import Site
from standin import Standin

CHAT = "/v1/chat/completions"


def ask(site, note, stream=False):
    body = {"model": "gpt-4o-mini", "stream": stream,
            "messages": [{"role": "user", "content": f"{note}: count to 20"}]}
    return site.send("POST", CHAT, json.dumps(body), {"Content-Type": "application/json"})


def config(provider):
    return (f'[provider "one"]\nkind = openai\nbase_url = {provider.url}/v1\nkey = sk-one\n'
            '[model "gpt-4o-mini"]\nprovider = one\n')


def ask_two_hosts(server, most):
    """120 requests to two hosts that share a limit: those that were granted, all statuses, one more answer, and
    whether memcached always answered in time. Where it does not each host counts by itself."""
    limits = {"RATE_LIMITING_ENABLED": "true", "RATE_LIMIT_DEFAULT": f"{most}/3600", "RATE_LIMIT_SCOPE": "shared"}
    with Site(server, settings=limits) as first:
        shared = dict(limits, MEMCACHED_SERVERS=str(first.directory.resolve() / "memcached.sock"))
        with Site(server, settings=shared) as second:
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                answers = list(pool.map(lambda i: (first, second)[i % 2].send("GET", "/v1/text_processing/operations"),
                                        range(120)))
            statuses = [answer.status for answer in answers]
            last = second.send("GET", "/v1/text_processing/operations")
            in_time = all("\nhearth_cache_errors_total{" not in site.send("GET", "/metrics").text
                          for site in (first, second))
            return statuses.count(200), set(statuses), last, in_time


def test_hosts_that_share_memcached_share_their_limits_exactly(server):
    for _ in range(3):
        granted, statuses, last, in_time = ask_two_hosts(server, 40)
        if in_time:
            break
    assert in_time and granted == 40 and statuses == {200, 429}
    assert last.status == 429 and int(last.headers["Retry-After"]) > 0
    assert 'q=40;w=3600' in last.headers["RateLimit-Policy"]


def test_a_caller_reads_no_more_streams_at_once_than_it_may(server):
    with Standin() as provider:
        provider.mode("held")
        with Site(server, workers=4, file=config(provider), settings={"STREAMS_PER_CALLER": "3"}) as site:
            with concurrent.futures.ThreadPoolExecutor(3) as pool:
                streams = [pool.submit(ask, site, f"Stream {i}", True) for i in range(3)]
                assert provider.wait(lambda log: len(log.calls()) == 3)
                refused = ask(site, "One more", stream=True)
                assert refused.status == 429
                assert int(refused.headers["Retry-After"]) >= 1
                assert "3 streams" in refused.text
                provider.mode("ok")
                assert [stream.result().status for stream in streams] == [200, 200, 200]
            assert ask(site, "Later", stream=True).status == 200


def test_an_answer_that_is_no_stream_is_not_counted_as_one(server):
    with Standin() as provider:
        provider.mode("held")
        with Site(server, workers=2, file=config(provider), settings={"STREAMS_PER_CALLER": "1"}) as site:
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                stream = pool.submit(ask, site, "Stream", True)
                assert provider.wait(lambda log: len(log.calls()) == 1)
                assert ask(site, "Plain").status == 200
                provider.mode("ok")
                assert stream.result().status == 200


def test_a_stream_that_was_asked_for_by_accept_is_counted_too(server):
    with Standin() as provider:
        provider.mode("held")
        with Site(server, workers=2, settings={"OPENAI_BASE_URL": f"{provider.url}/v1", "STREAMS_PER_CALLER": "1"}) as site:
            def summarise(number):
                body = {"text": f"Report {number}. The harbour was closed. The boats came home.", "operation": "summarize"}
                return site.send("POST", "/v1/text_processing/process", json.dumps(body),
                                 {"Content-Type": "application/json", "Accept": "text/event-stream"})
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                stream = pool.submit(summarise, 1)
                assert provider.wait(lambda log: len(log.calls()) == 1)
                assert summarise(2).status == 429
                provider.mode("ok")
                assert stream.result().status == 200
