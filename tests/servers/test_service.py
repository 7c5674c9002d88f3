"""The systemd unit and the web servers' files as they are installed."""

import os
import re
import shutil
import subprocess

import pytest
from conftest import ROOT


def fill(template, places):
    text = (ROOT / template).read_text()
    for name, value in places.items():
        text = text.replace(f"@{name}@", str(value))
    assert not re.search(r"@[a-z]+@", text), f"{template} has a place that nobody fills in"
    return text


def run(*command):
    return subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=60, check=False)


@pytest.fixture(name="unit")
def unit_file(tmp_path):
    build = ROOT / os.environ.get("HEARTH_BUILD_DIR", "build")
    shutil.copy(build / "hearth-worker", tmp_path)
    shutil.copy(ROOT / "systemd" / "hearth-reload", tmp_path)
    unit = tmp_path / "hearth.service"
    unit.write_text(fill("systemd/hearth.service.in", {"libexecdir": tmp_path, "sysconfdir": "/etc"}))
    return unit


def test_systemd_has_nothing_to_say_about_the_unit(unit):
    done = run("systemd-analyze", "verify", "--man=no", unit)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_unit_is_sandboxed(unit):
    done = run("systemd-analyze", "security", "--offline=yes", "--threshold=25", unit)
    print(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stdout


def places(directory):
    return {"socket": directory / "fcgi.sock", "webdir": directory, "listen": "127.0.0.1:80",
            "confdir": directory, "directory": directory, "address": "127.0.0.1", "port": "80",
            "internal": "127.0.0.1:8081"}


def test_nginx_takes_the_shipped_files(tmp_path):
    for name in ("hearth", "hearth-upstream", "hearth-locations"):
        (tmp_path / f"{name}.conf").write_text(fill(f"nginx/{name}.conf.in", places(tmp_path)))
    shutil.copy(ROOT / "nginx" / "hearth-params.conf", tmp_path)
    main = tmp_path / "main.conf"
    main.write_text(f"pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}}\n"
                    f"http {{ access_log off; include {tmp_path}/hearth.conf; }}\n")
    done = run("/usr/sbin/nginx", "-t", "-q", "-e", tmp_path / "log", "-c", main)
    assert (done.returncode, done.stdout) == (0, "")


def test_lighttpd_takes_the_shipped_file(tmp_path):
    main = tmp_path / "main.conf"
    main.write_text(f'server.document-root = "{tmp_path}"\nserver.port = 80\n'
                    + fill("lighttpd/hearth.conf.in", places(tmp_path)))
    done = run("/usr/sbin/lighttpd", "-tt", "-f", main)
    assert done.returncode == 0, done.stdout


def test_reload_says_what_it_wants():
    done = run(ROOT / "systemd" / "hearth-reload", "not-a-process")
    assert done.returncode == 2
    assert "usage: hearth-reload" in done.stdout
