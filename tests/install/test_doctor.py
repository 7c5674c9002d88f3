"""hearth doctor and hearth status beside a running site, and beside one that is broken."""

import os
import re
import shutil
import signal
import socket

import pytest

from conftest import hearth, wait_until
from site_lib import Site


def settings_of(site, **more):
    return dict({"RUNTIME_DIRECTORY": str((site.directory / "run").resolve()), "API_KEY": site.key,
                 "MEMCACHED_SERVERS": str(site.directory / "memcached.sock")}, **more)


def doctor(site, *options, **more):
    """(exit code, [(verdict, what was said)])"""
    done = hearth("doctor", *options, settings=settings_of(site, **more))
    assert done.stderr == ""
    lines = [re.fullmatch(r"(ok|warn|fail) +(.+)", line).groups() for line in done.stdout.splitlines()]
    return done.returncode, lines


def said(lines, verdict, *words):
    return any(kind == verdict and all(word in text for word in words) for kind, text in lines)


def test_finds_everything_in_order_beside_a_running_site(site):
    code, lines = doctor(site, "--socket", site.directory / "fcgi.sock", "--url", site.url)
    assert code == 0
    assert {verdict for verdict, _ in lines} == {"ok"}, lines
    assert said(lines, "ok", "fcgi.sock", "mode 660", "answers")
    assert said(lines, "ok", f"{site.url}/livez answers")
    assert said(lines, "ok", "memcached.sock answers")
    assert said(lines, "ok", "RUNTIME_DIRECTORY")
    assert said(lines, "ok", "time of day")


def test_by_url_alone_the_socket_is_not_looked_for(site):
    code, lines = doctor(site, "--url", site.url)
    assert code == 0
    assert not any("fcgi.sock" in text for _, text in lines)


def test_says_which_web_servers_do_not_know_the_socket(site):
    code, lines = doctor(site, "--socket", site.directory / "fcgi.sock")
    assert code == 0
    assert said(lines, "warn", "neither /etc/nginx nor /etc/lighttpd names", "--url")


def test_warns_where_everybody_may_call(site):
    settings = {name: value for name, value in settings_of(site).items() if name != "API_KEY"}
    said_of_key = "warn  no API_KEY is set here: everybody may call, unless the service's own"
    assert said_of_key in hearth("doctor", settings=settings).stdout


@pytest.fixture
def mode_of_socket(site):
    path = site.directory / "fcgi.sock"
    before = path.stat().st_mode & 0o777
    yield path.chmod
    path.chmod(before)


@pytest.mark.parametrize("mode, words", [
    (0o666, ("mode 666", "open to all users", "-M 0660")), (0o600, ("mode 600", "cannot connect", "-M 0660"))])
def test_says_what_is_wrong_with_the_mode_of_the_socket(site, mode_of_socket, mode, words):
    mode_of_socket(mode)
    _, lines = doctor(site, "--socket", site.directory / "fcgi.sock")
    assert said(lines, "warn", *words), lines


def test_says_that_nobody_listens_any_more(site, place):
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(place / "dead.sock"))
    code, lines = doctor(site, "--socket", place / "dead.sock")
    assert code == 1
    assert said(lines, "fail", "dead.sock", "Connection refused", "is the pool running")


def test_says_that_a_file_is_no_socket(site, place):
    (place / "fcgi.sock").write_text("")
    code, lines = doctor(site, "--socket", place / "fcgi.sock")
    assert code == 1
    assert said(lines, "fail", "is not a socket: remove it")


def test_says_that_something_else_answers_on_the_socket(site):
    code, lines = doctor(site, "--socket", site.directory / "memcached.sock")
    assert code == 1
    assert said(lines, "fail", "memcached.sock")


def test_says_that_the_web_server_does_not_pass_requests_on(site):
    code, lines = doctor(site, "--url", site.url + "/docs/assets")
    assert code == 1
    assert said(lines, "fail", "answers 404", "does the web server pass this path on?")


def test_reports_bad_settings_line_by_line_and_goes_on(site, place):
    config = place / "hearth.conf"
    config.write_text("STOP_TIMEOUT = soon\nNO_SUCH = 1\n")
    code, lines = doctor(site, "--config", config, "--url", site.url)
    assert code == 1
    assert said(lines, "fail", f"{config}:1: STOP_TIMEOUT is \"soon\"", "from 1 to 3600")
    assert said(lines, "fail", f"{config}:2: unknown setting \"NO_SUCH\"")
    assert said(lines, "ok", f"{site.url}/livez answers")


def test_warns_of_a_configuration_that_everybody_can_read(site, place):
    config = place / "hearth.conf"
    config.write_text("STOP_TIMEOUT = 20\n")
    config.chmod(0o644)
    _, lines = doctor(site, "--config", config, "--url", site.url)
    assert said(lines, "warn", str(config), "chmod o=")
    config.chmod(0o640)
    _, lines = doctor(site, "--config", config, "--url", site.url)
    assert not said(lines, "warn", str(config))


def test_says_which_provider_cannot_be_reached(site):
    code, lines = doctor(site, "--url", site.url, OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    assert code == 1
    assert said(lines, "fail", "provider openai", "http://127.0.0.1:9/v1", "check name, network and proxy")
    code, lines = doctor(site, "--url", site.url, OPENAI_BASE_URL=f"{site.url}/v1")
    assert code == 0
    assert said(lines, "ok", "provider openai", "is reachable")


def test_says_which_memcached_does_not_answer(site):
    code, lines = doctor(site, "--url", site.url,
                         MEMCACHED_SERVERS=f"{site.directory}/memcached.sock,127.0.0.1:9")
    assert code == 1
    assert said(lines, "ok", "memcached.sock answers")
    assert said(lines, "fail", "127.0.0.1:9 does not answer")


def test_says_what_is_wrong_with_the_runtime_directory(site, place):
    _, lines = doctor(site, "--url", site.url, RUNTIME_DIRECTORY=f"{place}/nowhere")
    assert said(lines, "fail", f"{place}/nowhere", "make it, owned by the user of the workers")
    place.chmod(0o777)
    _, lines = doctor(site, "--url", site.url, RUNTIME_DIRECTORY=str(place))
    assert said(lines, "fail", "may be written by everybody", "chmod o-w")


def test_status_shows_workers_lanes_cache_and_models(site):
    done = hearth("status", "--socket", site.directory / "fcgi.sock", "--url", site.url,
                  settings=settings_of(site, OPENAI_API_KEY="sk-not-real-0123456789abcdef"))
    assert done.returncode == 0, done.stdout
    shown = dict(re.findall(r"^(\w+) +(.*)$", done.stdout, re.M))
    pids = {int(pid) for pid in re.findall(r"^worker +(\d+): ready, \d+ threads, \d+ KB", done.stdout, re.M)}
    assert pids == set(site.worker_pids())
    assert shown["socket"].endswith("fcgi.sock answers 200")
    assert shown["health"].startswith("200 from ") and '"status":"ok"' in shown["health"]
    assert re.match(r"front \d+ in flight, waiting \d+ in flight", shown["lanes"])
    assert re.match(r"\d+ entries, \d+ of 67108864 bytes, \d+ hits", shown["cache"])
    assert shown["memcached"].startswith(str(site.directory / "memcached.sock"))
    assert "gpt-4o-mini of openai, the default" in done.stdout and "local of local" in done.stdout


def test_status_counts_requests(site):
    def answered():
        done = hearth("status", "--url", site.url, settings=settings_of(site))
        return int(re.search(r"^requests +(\d+) answered, ", done.stdout, re.M).group(1))

    before = answered()
    for _ in range(10):
        site.send("GET", "/v1/health")
    assert answered() >= before + 10


def test_status_follows_a_link_that_only_root_can_walk(site, place):
    if os.getuid() != 0:
        pytest.skip("root takes another identity, others do not")
    place.chmod(0o700)
    link = place / "run"
    link.symlink_to((site.directory / "run").resolve())
    done = hearth("status", "--url", site.url, settings=dict(settings_of(site), RUNTIME_DIRECTORY=str(link)))
    assert "cache     " in done.stdout, done.stdout


def test_status_is_told_apart_from_another_users_pool(site):
    if os.getuid() != 0:
        pytest.skip("needs a second user")
    program = shutil.which("setpriv")
    done = hearth("status", "--url", site.url, settings=settings_of(site), before=(
        program, "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"))
    assert done.returncode == 1
    assert "run this as that user or as root" in done.stdout


def test_a_site_that_is_down_fails_with_what_to_do():
    site = Site("nginx", workers=1)
    site.stop()
    code, lines = doctor(site, "--socket", site.directory / "fcgi.sock", "--url", site.url)
    assert code == 1
    assert said(lines, "fail", "fcgi.sock", "No such file or directory", "start the pool")
    assert said(lines, "fail", site.url, "is the web server running?")
    assert said(lines, "fail", "memcached.sock", "does not answer")
    done = hearth("status", "--socket", site.directory / "fcgi.sock", settings=settings_of(site))
    assert done.returncode == 1
    assert re.search(r"^worker +none is running", done.stdout, re.M)
    assert re.search(r"^socket +\S+fcgi.sock: No such file", done.stdout, re.M)
    site.down()


def test_a_web_server_without_workers_is_told_from_one_that_is_down():
    with Site("nginx", workers=1) as site:
        os.kill(site.pid("multiwatch"), signal.SIGTERM)
        wait_until(lambda: site.worker_pids() == [], 20, "the workers' end")
        code, lines = doctor(site, "--url", site.url)
        assert code == 1
        assert said(lines, "fail", "answers 503", "the web server does not reach the socket"), lines
