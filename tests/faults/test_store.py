"""The database failed over to its standby, away when workers start, frozen before a crowd, and short of connections: what needs
it is refused within two seconds, and nothing needs a restart when it is back."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from site_lib import Cluster, Site  # noqa: E402

PROCESS = "/v1/text_processing/process"
STATEFUL = "/v1/usage"
TEXT = {"text": "The wind was kind and the crew was happy all day long.", "operation": "sentiment"}
WITHIN_S = 2.0


@pytest.fixture(scope="module")
def cluster():
    made = Cluster()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def site(cluster):
    with Site("nginx", workers=2, database=cluster) as running:
        pids = sorted(running.worker_pids())
        yield running
        assert sorted(running.worker_pids()) == pids, running.log()[-2000:]


def until(condition, seconds, what):
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - started


def stateful(site):
    """(status, seconds) of a call that needs the database."""
    started = time.monotonic()
    answer = site.get(STATEFUL)
    took = time.monotonic() - started
    assert answer.status in (200, 503), answer
    if answer.status == 503:
        assert int(answer.headers["Retry-After"]) >= 1
    return answer.status, took


def assert_refused(site):
    status, took = stateful(site)
    assert status == 503 and took < WITHIN_S, (status, took)


def assert_well_soon(site):
    until(lambda: stateful(site)[0] == 200, WITHIN_S, "answers again")
    until(lambda: site.get("/health").json()["components"]["database"] == "healthy", WITHIN_S, "healthy")


def test_many_callers_are_refused_together(site, cluster):
    until(lambda: stateful(site)[0] == 200, 5, "answers at first")
    results = []
    threads = [threading.Thread(target=lambda: results.append(stateful(site))) for _ in range(40)]
    cluster.freeze()
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        cluster.thaw()
    assert len(results) == 40 and all(status == 503 and took < WITHIN_S for status, took in results), results
    assert_well_soon(site)


def test_makes_do_with_the_connections_that_there_are(site, cluster):
    cluster.sql("postgres", "ALTER ROLE hearth CONNECTION LIMIT 2")
    try:
        cluster.sql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'hearth'")
        until(lambda: stateful(site)[0] == 200, WITHIN_S, "answers")
        statuses = [stateful(site)[0] for _ in range(20)]
        assert set(statuses) <= {200, 503} and statuses.count(200) >= 10, statuses
    finally:
        cluster.sql("postgres", "ALTER ROLE hearth CONNECTION LIMIT -1")
    assert_well_soon(site)


def test_workers_start_while_it_is_away(cluster):
    with Site("nginx", workers=2, database=cluster) as site:
        cluster.stop()
        try:
            before = set(site.worker_pids())
            for pid in before:
                os.kill(pid, 9)
            until(lambda: len(set(site.worker_pids()) - before) == 2, 10, "new workers")
            until(lambda: site.send("GET", "/livez").status == 200, 10, "alive")
            assert site.post(PROCESS, TEXT).status == 200
            assert_refused(site)
            assert site.get("/health").json()["components"]["database"] == "degraded"
            assert site.get("/readyz").status == 200
        finally:
            cluster.start()
        assert_well_soon(site)


def make_key(site, name):
    """A change, by the surface for administrators."""
    return site.send_internal("POST", "/internal/keys", body=json.dumps({"name": name, "scopes": ["text"]}),
                              headers={"Content-Type": "application/json"})


class Pair:
    """A primary and a standby that follows it."""

    def __init__(self):
        self.primary = Cluster("-c wal_level=replica -c max_wal_senders=4")
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="hearth-standby-", dir="/var/tmp"))
        self.standby = None

    def follow(self):
        """Copies the primary as it is now, and starts the copy as its standby."""
        if os.geteuid() == 0:
            shutil.chown(self.directory, "www-data", "www-data")
        as_user = ["setpriv", "--reuid=www-data", "--regid=www-data", "--clear-groups"] if os.geteuid() == 0 else []
        subprocess.run([*as_user, "pg_basebackup", "-h", self.primary.directory, "-U", "postgres", "-D",
                        self.directory / "data", "-R", "-X", "stream", "-c", "fast"], check=True, timeout=60,
                       stdout=subprocess.DEVNULL)
        self.standby = Cluster.__new__(Cluster)
        self.standby.directory = self.directory
        self.standby.options = ""
        self.standby.start()

    def promote(self):
        self.standby.sql("postgres", "SELECT pg_promote()")

    def remove(self):
        self.primary.remove()
        if self.standby:
            self.standby.remove()


def test_follows_a_failover():
    pair = Pair()
    try:
        name = "failover"
        pair.primary.create(name)
        pair.follow()
        hosts = f"host={pair.primary.directory},{pair.directory} dbname={name}"
        with Site("nginx", workers=2, settings={
                "DATABASE_URL": f"{hosts} user=hearth target_session_attrs=read-write",
                "DATABASE_READ_URL": f"{hosts} user=hearth target_session_attrs=prefer-standby",
                "DATABASE_MIGRATION_URL": f"{hosts} user=hearth_owner target_session_attrs=read-write"}) as site:
            site.cluster, site.database = pair.primary, name
            until(lambda: stateful(site)[0] == 200, 5, "answers at first")
            until(lambda: pair.standby.sql(name, "SELECT count(*) FROM hearth.migration") ==
                  pair.primary.sql(name, "SELECT count(*) FROM hearth.migration"), 5, "the standby has caught up")
            pair.primary.stop()
            status, took = stateful(site)
            assert took < WITHIN_S
            pair.promote()
            until(lambda: stateful(site)[0] == 200, WITHIN_S, "answers from the new primary")
            # Changes go there as well.
            until(lambda: make_key(site, "after").status in (200, 201), WITHIN_S, "changes the new primary")
            assert pair.standby.sql(name, "SELECT count(*) FROM hearth.key") == [["1"]]
    finally:
        pair.remove()
