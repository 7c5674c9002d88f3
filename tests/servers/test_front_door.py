"""./dev up and down, and the worker without them."""

import os
import subprocess

from conftest import ROOT
from site_lib import KEY, Site


def processes_of(site):
    """Everything alive that was started for a site."""
    listed = subprocess.run(["ps", "-eo", "stat=,args="], stdout=subprocess.PIPE, text=True, check=True)
    return [line for line in listed.stdout.splitlines()
            if str(site.directory.resolve()) in line and not line.startswith("Z")]


def test_started_from_a_shell_says_how_to_start_it():
    build = ROOT / os.environ.get("HEARTH_BUILD_DIR", "build")
    done = subprocess.run([build / "hearth-worker"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=10, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "not a listening socket" in done.stderr
    assert "spawn-fcgi -n -s" in done.stderr and "multiwatch -f 2 -s TERM -- " in done.stderr


def test_a_second_site_runs_beside_the_first():
    first = Site("nginx", workers=1)
    try:
        second = Site("lighttpd", workers=1)
        try:
            assert first.port != second.port
            assert first.send("GET", "/livez").status == 200
            assert second.send("GET", "/livez").status == 200
        finally:
            second.down()
        assert first.send("GET", "/livez").status == 200
    finally:
        first.down()


def test_down_leaves_no_process_and_no_socket():
    site = Site("nginx", workers=2)
    assert len(processes_of(site)) >= 4
    site.stop()
    assert processes_of(site) == []
    assert not list(site.directory.glob("*.sock")) and not list(site.directory.glob("*.pid"))
    site.down()
    assert not os.path.lexists(site.directory)


def test_says_that_a_port_is_taken():
    site = Site("nginx", workers=1)
    try:
        again = subprocess.run([ROOT / "dev", "up", "--port", str(site.port), "--detach"],
                               env=site.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, timeout=30, check=False)
        assert again.returncode != 0
        assert f"port {site.port} is in use" in again.stdout
        assert site.send("GET", "/livez").status == 200
    finally:
        site.down()


def test_makes_a_key_and_prints_lines_that_work_as_pasted(tmp_path):
    site = Site("nginx", workers=1)
    site.down()
    environment = {name: value for name, value in site.environment.items() if name != "API_KEY"}
    up = subprocess.run([ROOT / "dev", "up", "--port", str(site.port), "--detach"], env=environment,
                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=True)
    try:
        lines = [line.strip() for line in up.stdout.splitlines() if line.strip().startswith("curl ")]
        assert len(lines) == 3
        for line in lines:
            pasted = subprocess.run(["bash", "-c", line + " -f"], stdout=subprocess.PIPE, text=True,
                                    timeout=30, check=False, cwd=tmp_path)
            assert pasted.returncode == 0, line
            assert pasted.stdout.startswith("{")
    finally:
        site.down()


def test_the_key_stays_the_same_over_restarts():
    site = Site("nginx", workers=1)
    site.stop()
    assert (site.directory / "api-key").read_text().strip() == KEY
    site.down()


def test_a_worker_with_bad_settings_says_which(tmp_path):
    config = tmp_path / "hearth.conf"
    config.write_text('STOP_TIMEOUT = "soon"\n')
    listening = tmp_path / "sock"
    done = subprocess.run(["spawn-fcgi", "-n", "-s", str(listening), "--",
                           str(ROOT / os.environ.get("HEARTH_BUILD_DIR", "build") / "hearth-worker"),
                           "--config", str(config)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=10, check=False)
    assert done.returncode == 78
    assert "STOP_TIMEOUT" in done.stdout
