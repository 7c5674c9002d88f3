"""make install and uninstall: every file is there, filled in, and accepted by the program it is for."""

import os
import pathlib
import re
import subprocess

import pytest

from conftest import BUILD, ROOT, good, run

WEB = ("docs.js", "page.css", "redoc.LICENSE.txt", "redoc.js", "redoc.standalone.js",
       "redoc.standalone.js.LICENSE.txt", "swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt",
       "swagger-ui.LICENSE.txt", "swagger-ui.NOTICE.txt", "swagger-ui.css",
       *(path.name for path in (ROOT / "web/problems").iterdir()))
EXPECTED = {"bin/hearth", "libexec/hearth-worker", "libexec/hearth-reload", "etc/hearth/nginx/hearth.conf",
            "etc/hearth/nginx/hearth-upstream.conf", "etc/hearth/nginx/hearth-locations.conf",
            "etc/hearth/nginx/hearth-params.conf", "etc/hearth/lighttpd/hearth.conf",
            "lib/systemd/system/hearth.service", "lib/systemd/system/hearth-maintain.service",
            "lib/systemd/system/hearth-maintain.timer", "share/man/man1/hearth.1", "share/man/man8/hearth-worker.8",
            "share/doc/hearth/README.md", "share/doc/hearth/hearth.conf",
            "share/doc/hearth/LICENSE.vader", "share/doc/hearth/NOTICE.vader",
            *(f"share/hearth/web/{name}" for name in WEB)}


def files_below(directory):
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir()}


def test_installs_every_file_below_destdir_and_uninstalls_all(place):
    good("make", "-s", "-C", BUILD, "install", f"DESTDIR={place}")
    assert files_below(place / "usr/local") == EXPECTED
    assert files_below(place) == {f"usr/local/{name}" for name in EXPECTED}
    good("make", "-s", "-C", BUILD, "uninstall", f"DESTDIR={place}")
    assert files_below(place) == set()


def test_honours_prefix_and_sysconfdir(installation):
    under_prefix = {name for name in EXPECTED if not name.startswith("etc/")}
    assert files_below(installation.prefix) == under_prefix
    assert files_below(installation.etc) == {name[4:] for name in EXPECTED - under_prefix}


def test_fills_in_all_places(installation):
    configurations = [*installation.etc.rglob("*.conf"), installation.unit]
    assert len(configurations) == 6
    for path in configurations:
        text = path.read_text()
        assert not re.search(r"@(socket|webdir|listen|internal|libexecdir|confdir|sysconfdir|directory|port)@", text), path
        for named in re.findall(rf"{installation.directory}[^\s;\"']*", text):
            # errorfile-prefix names how files begin.
            assert list(pathlib.Path(named).parent.glob(pathlib.Path(named).name + "*")), f"{path} names {named}"


def nginx_accepts(place, http):
    main = place / "nginx.conf"
    main.write_text(f"""pid {place}/nginx.pid;
        error_log stderr;
        events {{ worker_connections 64; }}
        http {{ include /etc/nginx/mime.types; access_log off; {http} }}""")
    done = run("nginx", "-t", "-q", "-c", main, "-e", "stderr")
    return done.returncode, done.stderr


def test_nginx_accepts_the_server_in_conf_d(installation, place):
    (place / "conf.d").mkdir()
    (place / "conf.d/hearth.conf").symlink_to(installation.etc / "hearth/nginx/hearth.conf")
    assert nginx_accepts(place, f"include {place}/conf.d/*.conf;") == (0, "")


def test_nginx_accepts_the_parts_in_a_server_that_was_there(installation, place):
    parts = installation.etc / "hearth/nginx"
    http = f"""include {parts}/hearth-upstream.conf;
        server {{ listen 127.0.0.1:8088; server_name example.org; include {parts}/hearth-locations.conf; }}"""
    assert nginx_accepts(place, http) == (0, "")
    status, complaint = nginx_accepts(place, http.replace("hearth-upstream.conf", "hearth-params.conf"))
    assert status == 1 and "hearth" in complaint


def test_lighttpd_accepts_the_file_in_debians_configuration(installation, place):
    main = place / "lighttpd.conf"
    with open("/etc/lighttpd/lighttpd.conf", encoding="utf-8") as debian:
        main.write_text(f"{debian.read()}\ninclude \"{installation.etc}/hearth/lighttpd/hearth.conf\"\n")
    done = run("lighttpd", "-tt", "-f", main)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


UNITS = ["hearth.service", "hearth-maintain.service", "hearth-maintain.timer"]


@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_to_say_of_the_units(installation, name):
    done = run("systemd-analyze", "verify", "--man=no", installation.unit.with_name(name))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_systemd_complains_of_a_unit_without_its_programs(installation, place):
    broken = place / "hearth.service"
    broken.write_text(installation.unit.read_text().replace("/usr/bin/spawn-fcgi", "/usr/bin/no-such-program"))
    assert "no-such-program" in run("systemd-analyze", "verify", "--man=no", broken).stderr


@pytest.mark.parametrize("name", UNITS[:2])
def test_the_units_are_sandboxed(installation, name):
    report = good("systemd-analyze", "security", "--offline=yes", "--threshold=25", "--no-pager", installation.unit.with_name(name))
    exposure = float(re.search(rf"exposure level for {name}: ([\d.]+)", report).group(1))
    assert exposure < 2.5


def test_the_care_of_tables_fails_where_there_is_no_database(installation):
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": ""}
    done = subprocess.run([installation.prefix / "bin/hearth", "maintain"], env=environment, text=True, capture_output=True)
    unit = installation.unit.with_name("hearth-maintain.service").read_text()
    good = re.search(r"^SuccessExitStatus=(.*)$", unit, re.MULTILINE).group(1).split()
    assert "DATABASE_URL" in done.stderr and str(done.returncode) not in ["0", *good]


def test_the_timer_comes_every_day(installation):
    when = re.search(r"OnCalendar=(.*)", installation.unit.with_name("hearth-maintain.timer").read_text()).group(1)
    told = good("systemd-analyze", "calendar", "--iterations=2", when)
    assert "03:10:00" in told
    # A unit of its own name is what it starts.
    assert "ExecStart=" + str(installation.prefix / "bin/hearth") + " maintain" in installation.unit.with_name("hearth-maintain.service").read_text()


def test_the_unit_names_pages_that_are_installed(installation):
    pages = re.findall(r"man:([\w-]+)\((\d)\)", installation.unit.read_text())
    assert pages == [("hearth-worker", "8")]
    for name, section in pages:
        found = good("man", "-M", installation.prefix / "share/man", "-w", section, name)
        assert found.strip() == str(installation.prefix / f"share/man/man{section}/{name}.{section}")


def test_manual_pages_are_well_formed(installation):
    pages = sorted((installation.prefix / "share/man").rglob("*.?"))
    assert [page.name for page in pages] == ["hearth.1", "hearth-worker.8"]
    done = run("mandoc", "-T", "lint", "-W", "warning", *pages)
    assert (done.returncode, done.stdout) == (0, "")


def page_source(installation, name):
    return next((installation.prefix / "share/man").rglob(name)).read_text()


def test_manual_pages_tell_every_option(installation):
    programs = {"hearth.1": installation.prefix / "bin/hearth",
                "hearth-worker.8": installation.prefix / "libexec/hearth-worker"}
    for name, program in programs.items():
        source = page_source(installation, name)
        options = set(re.findall(r"^ +(?:-., )?--([a-z]+)", good(program, "--help"), re.M)) - {"usage"}
        assert "config" in options
        told = set(re.findall(r"^\.It .*Fl -(\w+)", source, re.M))
        assert told == options, name


def commands_told(source):
    """The commands that the manual page describes, and the actions below each: {command: {action}}."""
    told, depth, command = {}, 0, None
    for line in source[source.index(".Sh DESCRIPTION"):source.index("The options are:")].splitlines():
        depth += line.startswith(".Bl ") - line.startswith(".El")
        if line.startswith(".It Cm "):
            name = line.split()[2]
            if depth == 1:
                command = told.setdefault(name, set())
            else:
                command.add(name)
    return told


def test_the_manual_page_tells_every_command(installation):
    told = commands_told(page_source(installation, "hearth.1"))
    program = installation.prefix / "bin/hearth"
    summary = good(program, "--help").split("Commands:")[1]
    assert set(re.findall(r"^  ([a-z]+) ", summary, re.M)) == set(told)
    for command, actions in told.items():
        if actions:
            done = run(program, command, "frobnicate", env={})
            assert done.returncode == 2, command
            needed = done.stderr.split(" needs: ")[1].split(";")[0]
            assert actions == {text.removeprefix("or ").split()[0] for text in needed.split(", ")}, command


def test_the_help_keeps_each_option_and_command_on_one_line():
    told = good(BUILD / "hearth", "--help")
    options, commands = told.split("\n\n", 1)[1].split("\n\nMandatory or")
    options, commands = options.splitlines(), commands.split("Commands:\n\n")[1].splitlines()
    assert len(options) > 20 and len(commands) > 10
    assert [line for line in options if not re.match(r" {2}(-.,| {3}) --.*\S$", line)] == []
    assert [line for line in commands if not re.match(r" {2}[a-z]+ +\S.*\S$", line)] == []


def example_of(installation):
    return installation.prefix / "share/doc/hearth/hearth.conf"


def settings_of(installation, configuration):
    """What hearth settings lists: {name: (value, origin, default)}, and the lines about models."""
    listed = good(installation.prefix / "bin/hearth", "settings", "--config", configuration, env={})
    table, models = listed.split("\n\nModels", 1)
    return {row.split()[0]: tuple(row.split()[1:4]) for row in table.splitlines()[1:]}, models


def test_the_example_configuration_changes_nothing_as_it_is(installation):
    rows, models = settings_of(installation, example_of(installation))
    assert len(rows) >= 50
    assert {origin for _, origin, _ in rows.values()} == {"default"}
    assert "* local" in models


def test_the_example_configuration_shows_defaults(installation, place):
    lines = [line[1:] for line in example_of(installation).read_text().splitlines()
             if re.match(r"#[A-Z_]+ = ", line) and "# example" not in line]
    assert len(lines) >= 10
    shown = place / "shown.conf"
    shown.write_text("\n".join(lines) + "\n")
    rows, _ = settings_of(installation, shown)
    for number, line in enumerate(lines, 1):
        value, origin, default = rows[line.split(" = ")[0]]
        assert origin == f"{shown}:{number}"
        assert default == "same" or value == str(bytes_of(default)), line


def test_the_models_of_the_example_configuration_are_accepted(installation, place):
    told = example_of(installation).read_text()
    shown = place / "shown.conf"
    shown.write_text(told[told.index('#[provider "openai"]'):].replace("#", "").replace(
        "key_file = /etc/hearth/openai-key", "key = not-a-real-key-0123456789"))
    _, models = settings_of(installation, shown)
    assert re.search(r"^\* default .*large.*house.*local$", models, re.M), models


def bytes_of(text):
    return int(text[:-1]) << {"K": 10, "M": 20, "G": 30}[text[-1]] if text[-1] in "KMG" else text


def test_a_release_holds_the_tree_and_nothing_that_was_built(installation):
    if not (ROOT / ".git").exists():
        pytest.skip("this is a release")
    made = installation.build
    good("make", "-s", "tests/unit/test_arena", "tests/bench/bare", cwd=made, timeout=120)
    (made / "tests/unit/test_arena.log").write_text("junk")
    good("make", "-s", "dist", cwd=made, timeout=120)
    archive = next(made.glob("hearth-*.tar.xz"))
    names = {name.split("/", 1)[1] for name in good("tar", "-tf", archive).splitlines() if not name.endswith("/")}
    ours = set(good("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).splitlines())
    tools = {name for name in names if name.startswith("build-aux/")} | {"configure", "aclocal.m4", "Makefile.in"}
    assert names - tools == ours | {f"web/released/{name}" for name in WEB}
