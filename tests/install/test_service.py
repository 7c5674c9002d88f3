"""What the installed unit would run, as the unit says it: start, reload and stop."""

import os
import re
import signal
import subprocess
import threading
import time

import pytest

from conftest import hearth, run, wait_until


def as_service_user():
    """What comes before a command where the tests run as root, as the unit's user does not."""
    if os.getuid() != 0:
        return []
    return ["setpriv", "--reuid=www-data", "--regid=www-data", "--clear-groups", "--no-new-privs",
            "--bounding-set=-all", "--"]


class Service:
    """The unit's ExecStart, with a directory of our own for /run/hearth."""

    def __init__(self, unit, directory):
        self.directory = directory
        self.directory.mkdir(mode=0o750)
        if os.getuid() == 0:
            os.chown(directory, 33, 33)
        self.lines = re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.M)
        self.environment = {"PATH": "/usr/bin:/bin", "RUNTIME_DIRECTORY": str(directory)}
        self.pool_size = int(re.search(r"POOL_SIZE=(\d+)", self.value("Environment")).group(1))
        self.log = directory.with_suffix(".log")
        with open(self.log, "wb") as log:
            self.main = subprocess.Popen(self.command("ExecStart"), env=self.environment, stdin=subprocess.DEVNULL,
                                         stderr=log, umask=int(self.value("UMask"), 8))
        wait_until(lambda: len(self.ready()) == self.pool_size, 20, "all workers ready")

    def value(self, name):
        return next(value for key, value in self.lines if key == name)

    def command(self, name):
        text = self.value(name).replace("/run/hearth", str(self.directory)).replace("${POOL_SIZE}", str(self.pool_size))
        return as_service_user() + text.replace("$MAINPID", str(self.main.pid) if name != "ExecStart" else "").split()

    def workers(self):
        return {int(pid) for pid in run("pgrep", "-P", self.main.pid).stdout.split()}

    def ready(self):
        said = [path.read_text().split() for path in self.directory.glob("worker.*")]
        return {int(words[0]) for words in said if words[1:] == ["ready"]} & self.workers()

    def stop(self):
        self.main.send_signal(signal.SIGTERM)
        return self.main.wait(timeout=40)


@pytest.fixture(scope="module")
def service(installation):
    opened = Service(installation.unit, installation.directory / "run")
    yield opened
    if opened.main.poll() is None:
        opened.stop()


def ask(service):
    return hearth("status", "--socket", service.directory / "fcgi.sock",
                  settings={"RUNTIME_DIRECTORY": str(service.directory)})


def test_starts_as_many_workers_as_it_says(service):
    assert service.pool_size == 4
    answer = ask(service)
    assert answer.returncode == 0, answer.stdout
    assert len(re.findall(r"^worker +\d+: ready", answer.stdout, re.M)) == 4
    assert "fcgi.sock answers 200" in answer.stdout


def test_the_web_servers_group_may_connect_and_others_not(service):
    mode = (service.directory / "fcgi.sock").stat().st_mode
    assert mode & 0o777 == 0o660
    for path in service.directory.iterdir():
        assert path.stat().st_mode & 0o007 == 0, path


def test_reload_replaces_all_workers_while_requests_are_answered(service):
    before = service.workers()
    over = threading.Event()
    answers = []

    def keep_asking():
        while not over.is_set():
            answers.append(ask(service).stdout)

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        started = time.monotonic()
        done = run(*service.command("ExecReload"), env=service.environment, timeout=90)
        seconds = time.monotonic() - started
    finally:
        over.set()
        asking.join()
    assert done.returncode == 0, done.stderr
    assert len(service.ready()) == service.pool_size
    assert not service.ready() & before
    assert len(answers) > 20
    assert [answer for answer in answers if "answers 200" not in answer] == []
    print(f"{len(answers)} answers over a reload of {seconds:.1f} s")


def test_stops_within_the_units_time_and_leaves_no_worker(service):
    workers = service.workers()
    started = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - started < int(service.value("TimeoutStopSec"))
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in workers), 10, "all workers gone")
    logged = service.log.read_text()
    assert logged.count("worker ready") == 2 * service.pool_size
    assert "error" not in logged
