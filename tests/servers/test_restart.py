"""Workers that end, one way or another, while requests keep coming."""

import os
import signal
import subprocess
import threading
import time

from conftest import ROOT, Load, Place, wait_for_age, wait_until

CONNECTIONS = 16


def reload_workers(site):
    """What systemctl reload does."""
    started = time.monotonic()
    subprocess.run([ROOT / "systemd" / "hearth-reload", str(site.pid("multiwatch")),
                    site.directory / "run"], check=True, timeout=60)
    return time.monotonic() - started


def test_rolling_restart_under_load_loses_nothing(place):
    site = place.site
    wait_for_age(site, 12)
    before = site.worker_pids()
    load = Load(site, seconds=8, connections=CONNECTIONS)
    time.sleep(1)  # the load is in full swing
    seconds = reload_workers(site)
    answers, refused, unanswered = load.result()
    print(f"{site.server}: {answers} answers over a restart of {seconds:.1f} s")
    assert not set(before) & set(site.worker_pids())
    assert answers >= 20000 or seconds < 8, "the machine is too slow to tell"
    assert (refused, unanswered) == (0, 0)


def test_a_second_reload_waits_until_workers_are_old_enough(place):
    site = place.site
    wanted = len(site.worker_pids())
    reload_workers(site)
    reload_workers(site)
    assert len(site.worker_pids()) == wanted
    assert "not forking again" not in site.log()


def test_a_killed_worker_is_replaced_and_only_its_own_requests_fail(place):
    site = place.site
    wait_for_age(site, 11)
    load = Load(site, seconds=4, connections=CONNECTIONS)
    time.sleep(1)
    victim = site.worker_pids()[0]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in site.worker_pids() and len(site.worker_pids()) == 2, 5,
               "the killed worker is replaced")
    answers, refused, unanswered = load.result()
    print(f"{site.server}: {refused + unanswered} of {answers} failed")
    # Each connection of the load had one request in flight at most.
    assert refused + unanswered <= CONNECTIONS
    after = Load(site, seconds=1, connections=CONNECTIONS).result()
    assert after[0] > 0 and after[1:] == (0, 0)


def test_a_stop_finishes_what_is_in_flight(place):
    site = place.site
    wait_for_age(site, 11)
    place.provider.mode("slow", delay=2)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(place.ask().status)) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: place.waiting() >= 8, 5, "eight requests wait")
    stopped = site.worker_pids()
    for pid in stopped:
        os.kill(pid, signal.SIGTERM)
    for thread in threads:
        thread.join()
    assert answers == [200] * 8
    wait_until(lambda: len(set(site.worker_pids()) - set(stopped)) == 2, 5, "replacements")


def test_a_worker_that_has_done_its_share_is_replaced_without_loss():
    place = Place("nginx", settings={"WORKER_MAX_REQUESTS": "3000"})
    try:
        site = place.site
        before = set(site.worker_pids())
        young = Load(site, seconds=2).result()
        assert young[1:] == (0, 0)
        assert set(site.worker_pids()) == before, "a worker ended so young that it looks like a crash"
        wait_for_age(site, 16)
        old = Load(site, seconds=2).result()
        assert old[0] > 0 and old[1:] == (0, 0)
        wait_until(lambda: before - set(site.worker_pids()), 5, "a worker is replaced")
        assert "not forking again" not in site.log()
    finally:
        place.close()
