"""memcached killed or frozen costs a miss, never an error or a hang, and comes back by itself."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from site_lib import Site, free_port  # noqa: E402
from standin import Standin  # noqa: E402

PROCESS = "/v1/text_processing/process"


def memcached(port):
    command = ["memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "16"]
    if os.geteuid() == 0:
        command += ["-u", "nobody"]
    process = subprocess.Popen(command)
    end = time.monotonic() + 5
    import socket
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.02)
    raise RuntimeError("memcached does not listen")


def question(number):
    return {"text": f"Sailing report {number}: the wind was kind and the crew was happy all day.", "operation": "summarize"}


@pytest.fixture(params=["nginx", "lighttpd"])
def place(request):
    """A site over two memcached servers of our own and a model."""
    ports = [free_port(), free_port()]
    servers = [memcached(port) for port in ports]
    with Standin() as provider:
        with Site(request.param, workers=2, settings={
                "OPENAI_BASE_URL": f"http://127.0.0.1:{provider.port}/v1",
                "MEMCACHED_SERVERS": ",".join(f"127.0.0.1:{port}" for port in ports)}) as site:
            yield site, servers, ports, provider
    for server in servers:
        server.send_signal(signal.SIGCONT)
        server.kill()
        server.wait()


def timed(site, number):
    started = time.monotonic()
    response = site.post(PROCESS, question(number))
    assert response.status == 200, response
    return time.monotonic() - started, response


def test_frozen_memcached_costs_a_miss(place):
    site, servers, _, _ = place
    timed(site, 0)
    for server in servers:
        server.send_signal(signal.SIGSTOP)
    times = [timed(site, number)[0] for number in range(1, 30)]
    assert max(times) < 2, max(times)
    # Once the breaker rests, nobody waits for memcached at all.
    assert sorted(times)[len(times) // 2] < 0.25, times
    assert site.get("/health").status == 200
    for server in servers:
        server.send_signal(signal.SIGCONT)


def test_killed_memcached_costs_a_miss_and_comes_back(place):
    site, servers, ports, provider = place
    for server in servers:
        server.kill()
        server.wait()
    times = [timed(site, number)[0] for number in range(100, 120)]
    assert max(times) < 2
    servers[:] = [memcached(port) for port in ports]
    end = time.monotonic() + 15
    number = 200
    while time.monotonic() < end:
        timed(site, number)
        number += 1
        stats = 0
        for port in ports:
            import socket
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(b"stats\r\n")
                text = b""
                while not text.endswith(b"END\r\n"):
                    text += connection.recv(65536)
            stats += int(next(line.split()[2] for line in text.splitlines() if b" cmd_set " in line))
        if stats > 0:
            return
        time.sleep(0.1)
    raise AssertionError("memcached was not used again after its return")
