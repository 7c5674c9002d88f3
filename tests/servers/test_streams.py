"""Server-sent events through both web servers: nothing waits, nothing is lost, nobody is waited for."""

import http.client
import json
import os
import signal
import threading
import time

from conftest import PROCESS, wait_for_age, wait_until

HEARTBEAT_S = 15


class Stream:
    """A question asked for as a stream, and its events as (seconds since the question, name, data)."""

    def __init__(self, place, headers=None, body=None):
        asked = json.loads(body or place.question())
        self.events = []
        self.ended = False  # in good order, as HTTP sees it
        self.connection = http.client.HTTPConnection("127.0.0.1", place.site.port, timeout=40)
        self.started = time.time()
        self.connection.request("POST", PROCESS, json.dumps(dict(asked, stream=True)),
                                dict({"X-API-Key": place.site.key, "Content-Type": "application/json",
                                      "Accept-Encoding": "gzip"}, **(headers or {})))
        self.answer = None

    def head(self):
        if not self.answer:
            self.answer = self.connection.getresponse()
        return self.answer

    def next(self):
        """One event, a comment as the name ":"; None at the end."""
        name, data = None, []
        while True:
            line = self.head().readline().decode().rstrip("\n")
            if not line and not name and not data:
                return None
            if not line:
                break
            if line.startswith(":"):
                name, data = ":", [line[1:].strip()]
            else:
                field, _, value = line.partition(": ")
                name = value if field == "event" else name
                data += [value] if field == "data" else []
        self.events.append((time.time() - self.started, name, "\n".join(data)))
        return self.events[-1]

    def rest(self):
        """All events to the end."""
        try:
            while self.next():
                pass
            self.ended = True
        except (http.client.IncompleteRead, ConnectionError):
            pass
        finally:
            self.close()
        return self.events

    def named(self, name):
        return [json.loads(data) for _, found, data in self.events if found == name]

    def is_whole(self):
        return bool(self.events) and self.events[-1][1:] == (None, "[DONE]")

    def close(self):
        if self.answer:
            self.answer.close()
        self.connection.close()


def streams(place, outcome):
    name = f'hearth_streams_total{{outcome="{outcome}"}} '
    return sum(int(line.removeprefix(name)) for line in place.site.send("GET", "/metrics").text.splitlines()
               if line.startswith(name))


def waiting_by_worker(site):
    return [int(line.rsplit(" ", 1)[1]) for line in site.send("GET", "/metrics").text.splitlines()
            if line.startswith('hearth_http_requests_in_flight{lane="waiting"')]


def test_events_come_one_by_one_while_they_are_made(place):
    place.provider.reset()
    place.provider.mode("ok", pace=0.1, tokens=20)
    stream = Stream(place)
    stream.rest()
    assert stream.is_whole()
    deltas = [at for at, name, _ in stream.events if name == "delta"]
    assert len(deltas) >= 10
    # Were they held back somewhere, they would come together.
    assert deltas[-1] - deltas[0] > 0.1 * (len(deltas) - 1) / 2
    made = place.provider.calls()[-1]["tokens"]
    delays = [stream.started + at - token for at, token in zip(deltas, made)]
    print(f"{place.site.server}: a token takes {1000 * sorted(delays)[len(delays) // 2]:.1f} ms to the client")
    assert max(delays) < 1


def test_the_pieces_are_the_answer_and_the_result_says_how_it_came_to_be(place):
    stream = Stream(place)
    stream.rest()
    [result] = stream.named("result")
    assert "".join(piece["text"] for piece in stream.named("delta")).strip() == result["result"]
    assert result["success"] and result["metadata"]["cache"] == "miss"
    assert result["metadata"]["attempts"] == 1


def test_no_hop_may_keep_or_compress_a_stream(place):
    stream = Stream(place)
    head = stream.head()
    stream.rest()
    assert head.status == 200
    assert head.headers["Content-Type"] == "text/event-stream"
    assert head.headers["Cache-Control"] == "no-cache, no-transform"
    assert head.headers["X-Request-Id"]
    assert "Content-Encoding" not in head.headers
    # lighttpd knows the length of a stream that was at its end before its head had gone.
    assert "Content-Length" not in head.headers or place.site.server == "lighttpd"


def test_ordinary_answers_are_sent_as_a_whole(place):
    answer = place.ask()
    assert answer.status == 200
    assert int(answer.headers["Content-Length"]) == len(answer.body)


def test_an_answer_at_hand_is_streamed_too(place):
    question = place.question()
    Stream(place, body=question).rest()
    again = Stream(place, body=question)
    again.rest()
    assert [name for _, name, _ in again.events] == ["delta", "result", None]
    assert again.named("result")[0]["cache_hit"]
    assert again.head().headers["X-Cache"] == "hit"


def test_a_whole_answer_is_held_back_until_it_is_there(place):
    place.provider.mode("ok", pace=0.1, tokens=10)
    stream = Stream(place, {"X-Hearth-Delivery": "whole"})
    stream.rest()
    times = [at for at, _, _ in stream.events]
    assert [name for _, name, _ in stream.events] == ["delta", "result", None]
    assert times[-1] - times[0] < 0.5
    assert stream.head().headers["X-Attempts"] == "1"


def test_a_whole_answer_is_asked_for_again_when_it_broke_off(place):
    place.provider.mode("cut", after=5, times=1)
    stream = Stream(place, {"X-Hearth-Delivery": "whole"})
    stream.rest()
    assert [name for _, name, _ in stream.events] == ["delta", "result", None]
    assert stream.named("result")[0]["metadata"]["attempts"] == 2


def test_what_fails_before_the_first_piece_has_a_status_of_its_own(place):
    stream = Stream(place, body=json.dumps({"text": "Too short?", "operation": "qa"}))
    assert stream.head().status == 422
    assert stream.head().headers["Content-Type"] == "application/problem+json"
    stream.close()


def test_a_stream_that_breaks_off_says_so_and_has_no_end_mark(place):
    place.provider.mode("cut", after=5)
    before = streams(place, "incomplete")
    stream = Stream(place)
    stream.rest()
    assert stream.events[-1][1] == "error"
    assert json.loads(stream.events[-1][2])["status"] == 502
    assert not stream.is_whole() and not stream.named("result")
    wait_until(lambda: streams(place, "incomplete") == before + 1, 5, "it is counted")


def test_a_client_that_leaves_amid_an_answer_stops_it(place):
    place.provider.reset()
    place.provider.mode("ok", pace=0.2, tokens=100)
    before = streams(place, "client_gone")
    stream = Stream(place)
    stream.next()
    stream.close()
    left = time.time()
    wait_until(lambda: place.provider.calls()[-1]["closed"], 5, "the provider is left too")
    seconds = place.provider.calls()[-1]["closed"] - left
    print(f"{place.site.server}: the provider is left after {seconds:.2f} s")
    # lighttpd tells with the token after the one that it could not pass on.
    assert seconds < (1 if place.site.server == "nginx" else 1.5)
    wait_until(lambda: streams(place, "client_gone") == before + 1, 5, "it is counted")


def test_signs_of_life_keep_a_silent_stream_and_find_clients_that_left(place):
    place.provider.reset()
    place.provider.mode("late", first=HEARTBEAT_S + 2)
    stays, leaves = Stream(place), Stream(place)
    wait_until(lambda: len(place.provider.calls()) == 2, 5, "both are asked")
    leaves.close()
    left = time.time()
    at, name, data = stays.next()
    assert (name, data) == (":", "ping")
    assert HEARTBEAT_S <= at < HEARTBEAT_S + 1
    assert stays.head().status == 200
    stays.rest()
    assert stays.is_whole()
    closed = [call["closed"] for call in place.provider.calls() if not call["complete"]]
    assert len(closed) == 1 and closed[0]
    print(f"{place.site.server}: a client that left before the first token is found after "
          f"{closed[0] - left:.2f} s")
    assert closed[0] - left < (1 if place.site.server == "nginx" else HEARTBEAT_S + 1)


def test_a_stop_of_the_workers_breaks_no_stream(place):
    site = place.site
    wait_for_age(site, 11)
    place.provider.mode("ok", pace=0.1, tokens=25)
    found = [Stream(place) for _ in range(20)]
    for stream in found:
        assert stream.next()
    stopped = site.worker_pids()
    for pid in stopped:
        os.kill(pid, signal.SIGTERM)
    later = Stream(place)
    threads = [threading.Thread(target=stream.rest) for stream in found]
    for thread in threads:
        thread.start()
    later.rest()
    for thread in threads:
        thread.join()
    assert later.is_whole()
    assert [stream.is_whole() and stream.ended for stream in found] == [True] * len(found)
    wait_until(lambda: len(set(site.worker_pids()) - set(stopped)) == 2, 5, "replacements")


def test_streams_do_not_wait_for_each_other_and_are_shared_out(place):
    count = 100
    place.provider.mode("ok", pace=0.1, tokens=15)
    before = time.time()
    found = [Stream(place) for _ in range(count)]
    for stream in found:
        assert stream.next()
    held = waiting_by_worker(place.site)
    # nginx may have kept connections, all to one of them.
    assert len(held) == 2 and min(held) >= 10
    threads = [threading.Thread(target=stream.rest) for stream in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(stream.is_whole() for stream in found)
    print(f"{place.site.server}: {count} streams of 1.5 s in {time.time() - before:.1f} s, {held}")
    assert time.time() - before < 15
