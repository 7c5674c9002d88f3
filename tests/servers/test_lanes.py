"""What waits for a model delays nothing else, and a client that leaves ends its own wait."""

import json
import os
import signal
import socket
import threading
import time

from conftest import PROCESS, Place, wait_for_age, wait_until
from fastcgi import Kept

IDLE, SLOW = 200, 100


def test_health_does_not_queue_behind_slow_requests(place):
    site = place.site
    idle = [Kept(site.directory / "fcgi.sock") for _ in range(IDLE)]
    for connection in idle:
        assert b"Status: 200" in connection.get("/livez")
    place.provider.mode("slow", delay=12)
    threads = [threading.Thread(target=place.ask) for _ in range(SLOW)]
    for thread in threads:
        thread.start()
    wait_until(lambda: place.waiting() >= SLOW, 8, f"{SLOW} requests wait")
    times = []
    for _ in range(400):
        begun = time.perf_counter()
        assert site.send("GET", "/health").status == 200
        times.append(time.perf_counter() - begun)
    still_waiting = place.waiting()
    times.sort()
    print(f"{site.server}: /health p50 {times[200] * 1000:.2f} ms, p99 {times[395] * 1000:.2f} ms")
    for thread in threads:
        thread.join()
    for connection in idle:
        assert b"Status: 200" in connection.get("/livez"), "an idle connection was lost"
        connection.close()
    assert still_waiting >= SLOW, "the slow requests ended too early to prove anything"
    # On an idle machine it is under 5 ms; queueing would cost seconds.
    assert times[395] < 0.25


def test_a_full_lane_refuses_at_once_while_health_answers():
    place = Place("nginx", workers=1, settings={"WAITING_THREADS": "2"})
    try:
        site = place.site
        place.provider.mode("slow", delay=3)
        threads = [threading.Thread(target=place.ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        wait_until(lambda: place.waiting() >= 2, 5, "two requests wait")
        assert site.send("GET", "/readyz").status == 503
        begun = time.monotonic()
        refused = place.ask()
        assert time.monotonic() - begun < 1
        assert refused.status == 503
        assert int(refused.headers["Retry-After"]) >= 1
        assert refused.json()["retryable"] is True
        assert site.send("GET", "/health").status == 200
        assert "\nhearth_lane_refused_total 1\n" in site.send("GET", "/metrics").text
        for thread in threads:
            thread.join()
        assert site.send("GET", "/readyz").status == 200
        place.provider.mode("ok")
        assert place.ask().status == 200
    finally:
        place.close()


def leave_after(place, seconds):
    """Sends a question and closes the connection without waiting for the answer."""
    body = place.question()
    with socket.create_connection(("127.0.0.1", place.site.port)) as client:
        client.sendall((f"POST {PROCESS} HTTP/1.1\r\nHost: x\r\nX-API-Key: {place.site.key}\r\n"
                        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode())
        wait_until(lambda: place.waiting() >= 1, 5, "the request waits")
        time.sleep(seconds)


def test_a_client_that_leaves_is_noticed(place):
    if place.site.server == "lighttpd":
        # lighttpd 1.4.69 does not watch the client before the first byte: the request runs to its end.
        place.provider.mode("slow", delay=1)
        leave_after(place, 0.1)
        wait_until(lambda: place.waiting() == 0, 5, "the request ends")
        return
    place.provider.mode("slow", delay=20)
    leave_after(place, 0.1)
    begun = time.monotonic()
    wait_until(lambda: place.waiting() == 0, 10, "the request ends")
    seconds = time.monotonic() - begun
    print(f"noticed after {seconds:.2f} s")
    assert seconds < 2


def test_kept_connections_outlive_the_worker_that_held_them(place):
    site = place.site
    wait_for_age(site, 11)
    kept = [Kept(site.directory / "fcgi.sock") for _ in range(20)]
    for connection in kept:
        assert b"Status: 200" in connection.get("/livez")
    stopped = site.worker_pids()
    os.kill(stopped[0], signal.SIGTERM)
    for connection in kept:
        assert b"Status: 200" in connection.get("/livez")
    wait_until(lambda: stopped[0] not in site.worker_pids() and len(site.worker_pids()) == 2, 5,
               "the stopped worker is replaced")
    for connection in kept:
        assert b"Status: 200" in connection.get("/livez")
        connection.close()


def test_what_is_too_large_is_refused_in_the_form_of_the_api(place):
    body = json.dumps({"text": "x" * (12 << 20), "operation": "summarize"})
    answer = place.site.send("POST", PROCESS, body, {"Content-Type": "application/json"})
    assert answer.status == 413
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["code"] == "request_too_large"


def test_a_batch_larger_than_a_single_request_may_be_gets_to_the_api(place):
    body = json.dumps({"requests": [{"text": "x" * (15 << 20), "operation": "summarize"}]})
    answer = place.site.send("POST", "/v1/text_processing/batch_process", body, {"Content-Type": "application/json"})
    assert answer.status == 422
    assert "has 15728640" in answer.json()["detail"]
