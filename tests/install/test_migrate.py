"""hearth migrate, what doctor and status say of the database, and on which one a worker starts."""

import os
import pathlib
import re
import subprocess

import pytest

from conftest import BUILD, hearth, run, wait_until
from site_lib import shared_cluster

LAST = sorted(path.name[:-4] for path in (BUILD.parent / "src/store/migrations").glob("*.sql"))[-1]
numbers = iter(range(1000))


@pytest.fixture
def database():
    """A database without tables, and the settings that lead to it."""
    cluster, name = shared_cluster(), f"migrate_{os.getpid()}_{next(numbers)}"
    cluster.create(name)
    settings = {"DATABASE_URL": cluster.url(name) + " password=hunter2",
                "DATABASE_MIGRATION_URL": cluster.url(name, owner=True) + " password=hunter3"}
    yield cluster, name, settings
    cluster.sql("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')


def test_applies_all_and_says_so(database):
    cluster, name, settings = database
    told = hearth("migrate", "--status", settings=settings)
    assert (told.returncode, told.stderr) == (1, "")
    assert "0001_base" in told.stdout and "pending" in told.stdout and "applied" not in told.stdout
    dry = hearth("migrate", "--dry-run", settings=settings)
    assert (dry.returncode, dry.stderr) == (0, "")
    assert f"would apply {LAST}" in dry.stdout
    assert cluster.sql(name, "SELECT 1 FROM pg_namespace WHERE nspname = 'hearth'") == []
    done = hearth("migrate", settings=settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"applied {LAST}" in done.stdout and "nothing is left to apply" in done.stdout
    again = hearth("migrate", settings=settings)
    assert again.returncode == 0 and "applied" not in again.stdout
    told = hearth("migrate", "--status", settings=settings)
    assert told.returncode == 0 and "pending" not in told.stdout
    assert cluster.sql(name, "SELECT pg_has_role('hearth', 'hearth_application', 'USAGE')") == [["t"]]
    for output in (dry, done, again, told):
        assert "hunter" not in output.stdout + output.stderr


def test_lets_several_run_at_once(database):
    cluster, name, settings = database
    environment = dict(settings, PATH=os.environ["PATH"])
    racers = [subprocess.Popen([BUILD / "hearth", "migrate"], env=environment, text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE) for _ in range(4)]
    outputs = [racer.communicate(timeout=60) for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 4, outputs
    lines = [line for out, _ in outputs for line in out.splitlines() if line.startswith("applied ")]
    assert len(lines) == len({line.split()[1] for line in lines}) == int(LAST[:4])


def test_refuses_what_was_changed_after_it_was_applied(database):
    cluster, name, settings = database
    assert hearth("migrate", settings=settings).returncode == 0
    cluster.sql(name, "UPDATE hearth.migration SET digest = sha256('other') WHERE version = 2")
    done = hearth("migrate", settings=settings)
    assert done.returncode == 1
    assert re.fullmatch(r"hearth migrate: 0002_\w+\.sql was changed after it was applied on .*\n", done.stderr)


@pytest.mark.parametrize("settings, code, complaint", [
    ({}, 2, "DATABASE_URL is not set"),
    ({"DATABASE_URL": "host=/nonexistent dbname=x user=y password=hunter2"}, 1, "no connection as DATABASE_URL says"),
    ({"DATABASE_URL": "postgresql://y:hunter2@[x"}, 1, "DATABASE_URL is not a connection string"),
])
def test_says_why_it_cannot(settings, code, complaint):
    done = hearth("migrate", settings=settings)
    assert done.returncode == code and complaint in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_settings_do_not_show_passwords(database):
    _, _, settings = database
    shown = hearth("settings", settings=dict(settings, DATABASE_READ_URL=settings["DATABASE_URL"])).stdout
    assert "hunter" not in shown and shown.count("********") >= 3


def doctor_lines(settings):
    return [line for line in hearth("doctor", settings=settings).stdout.splitlines() if "DATABASE" in line]


def test_doctor_judges_the_database(database):
    cluster, name, settings = database
    lines = doctor_lines(settings)
    assert len(lines) == 1 and lines[0].startswith("fail") and "hearth migrate" in lines[0]
    assert hearth("migrate", settings=settings).returncode == 0
    lines = doctor_lines(settings)
    assert len(lines) == 1 and lines[0].startswith("ok") and 'PostgreSQL 1' in lines[0] and 'role "hearth"' in lines[0]
    lines = doctor_lines(dict(settings, POOL_SIZE="50"))
    assert lines[0].startswith("fail") and "need 200" in lines[0] and "max_connections 100" in lines[0]
    lines = doctor_lines({"DATABASE_URL": settings["DATABASE_URL"].replace("user=hearth", "user=postgres")})
    assert any(line.startswith("warn") and "superuser" in line for line in lines)
    lines = doctor_lines({"DATABASE_URL": "host=/nonexistent password=hunter2"})
    assert lines[0].startswith("fail") and "does not answer" in lines[0] and "hunter2" not in lines[0]


def start_worker(place, settings):
    """What a worker says that does not start."""
    command = ["spawn-fcgi", "-n", "-s", place / "worker.sock", "--", BUILD / "hearth-worker"]
    environment = dict(settings, PATH=os.environ["PATH"], RUNTIME_DIRECTORY=str(place))
    return run(*command, env=environment, timeout=20)


def test_a_worker_refuses_a_schema_that_does_not_fit(database, place):
    cluster, name, settings = database
    told = start_worker(place, settings)
    assert told.returncode == 1
    assert "run \"hearth migrate\"" in told.stderr and "hunter" not in told.stderr
    assert hearth("migrate", settings=settings).returncode == 0
    cluster.sql(name, "INSERT INTO hearth.migration VALUES (9000, 'later', sha256('x'), 9000)")
    told = start_worker(place, settings)
    assert told.returncode == 1 and "too new: it is at 9000" in told.stderr
    cluster.sql(name, "DELETE FROM hearth.migration WHERE version > 1")
    told = start_worker(place, settings)
    assert told.returncode == 1 and "too old: it is at 0001, this program needs " + LAST[:4] in told.stderr


def test_a_worker_refuses_more_connections_than_there_are(database, place):
    _, _, settings = database
    assert hearth("migrate", settings=settings).returncode == 0
    told = start_worker(place, dict(settings, POOL_SIZE="33", DATABASE_POOL_SIZE="3"))
    assert told.returncode == 1
    assert "33 workers with 3 connections each (DATABASE_POOL_SIZE) need 99, but PostgreSQL has 97" in told.stderr


def test_a_worker_starts_while_the_database_is_away(place):
    settings = {"DATABASE_URL": "host=/nonexistent dbname=x user=y password=hunter2", "PATH": os.environ["PATH"],
                "RUNTIME_DIRECTORY": str(place)}
    log = place / "log"
    with log.open("w") as output:
        worker = subprocess.Popen(["spawn-fcgi", "-n", "-s", place / "worker.sock", "--", BUILD / "hearth-worker"],
                                  env=settings, stderr=output, stdout=output, stdin=subprocess.DEVNULL)
    try:
        wait_until(lambda: "worker ready" in log.read_text(), 10, "ready")
        assert b"hunter2" not in pathlib.Path(f"/proc/{worker.pid}/cmdline").read_bytes()
    finally:
        worker.terminate()
        worker.wait(timeout=20)
    assert "hunter2" not in log.read_text()
    assert "database does not answer" in log.read_text()
