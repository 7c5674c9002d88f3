"""The operator's command: ask and settings, and the worker's own complaints."""

import json
import subprocess

import pytest

from conftest import BUILD, ROOT, hearth, run, wait_until

TEXT = """The harbour was closed for three days by a storm. On the fourth day the boats came home with full
nets, and the town celebrated until morning. The mayor praised the wonderful crews and promised a new
breakwater. Anna Berg, who has led the harbour office since 2011, expects the work to cost two million.
"""
KEYS_OF = {"summarize": {"result"}, "sentiment": {"sentiment", "confidence", "explanation"},
           "key_points": {"key_points"}, "questions": {"questions"}, "qa": {"result", "confidence"}}


def ask(operation, *options, text=TEXT, settings=None):
    more = ("--question", "Who has led the harbour office?") if operation == "qa" else ()
    return hearth("ask", operation, *more, *options, text=text, settings=settings)


@pytest.mark.parametrize("operation", sorted(KEYS_OF))
def test_asks_every_operation(operation):
    done = ask(operation)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.strip()) > 20
    assert done.stderr.startswith("model local, ") and " ms" in done.stderr


@pytest.mark.parametrize("operation", sorted(KEYS_OF))
def test_answers_in_json_where_asked_to(operation):
    done = ask(operation, "--json")
    assert done.returncode == 0, done.stderr
    assert KEYS_OF[operation] <= set(json.loads(done.stdout)), done.stdout


def test_answers_a_question_from_the_text():
    assert "Anna Berg" in ask("qa").stdout


def test_holds_the_limit():
    assert len(ask("summarize", "--limit", "12").stdout.split()) <= 12
    assert ask("key_points", "-n", "2").stdout.count("- ") == 2


def test_reads_a_text_of_many_lines_and_letters():
    done = ask("key_points", "--json", text="Der Hafen blieb zu.\n\nЛодки вернулись домой.\n")
    assert done.returncode == 0
    assert "Лодки вернулись домой." in json.loads(done.stdout)["key_points"]


@pytest.mark.parametrize("text", ["", "\n", " \t\n \r\n"])
def test_refuses_an_empty_text(text):
    done = ask("summarize", text=text)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "hearth: standard input is empty\n")


@pytest.mark.parametrize("content, complaint", [
    (b"\xff\xfe\x80 text", "not valid UTF-8"), (b"a text\0 with a zero", "no text"),
    (b"x" * (16 * 1024 * 1024 + 1), "too long")],
    ids=["not UTF-8", "a zero", "beyond 16 MB"])
def test_refuses_what_is_no_text(place, content, complaint):
    (place / "input").write_bytes(content)
    with open(place / "input", "rb") as source:
        done = run(BUILD / "hearth", "ask", "summarize", stdin=source)
    assert (done.returncode, done.stdout) == (1, "")
    assert complaint in done.stderr


def test_refuses_a_text_beyond_the_limit():
    done = ask("summarize", text="word " * 40, settings={"INPUT_MAX_LENGTH": "100"})
    assert (done.returncode, done.stdout) == (1, "")
    assert "longer than the 100 that INPUT_MAX_LENGTH allows" in done.stderr


def test_demands_a_question_for_qa():
    done = hearth("ask", "qa", text=TEXT)
    assert done.returncode == 1
    assert "question: is required" in done.stderr


@pytest.mark.parametrize("words, complaint", [
    (("ask", "translate"), "Operations are summarize sentiment key_points questions qa"),
    (("ask",), "Operations are summarize sentiment key_points questions qa"),
    (("ask", "summarize", "twice"), '"twice" is too much'),
    (("ask", "summarize", "--model", "nobody"), 'no model is called "nobody"'),
    (("ask", "summarize", "--limit", "0"), '--limit is "0"'),
    (("ask", "summarize", "--limit", "ten"), '--limit is "ten"'),
    (("settings", "more"), '"more" is too much'),
    (("frobnicate",), '"frobnicate" is not a command'),
    (("settings", "--frobnicate"), "--frobnicate"),
    ((), "no command given"),
])
def test_a_wrong_command_line_ends_with_2(words, complaint):
    done = hearth(*words, text=TEXT)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr


def test_ask_says_that_no_model_answered():
    done = ask("summarize", settings={"OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
                                      "SUMMARIZE_RESILIENCE_STRATEGY": "aggressive"})
    assert done.returncode == 0
    assert "degraded" in done.stderr and "model local" in done.stderr


def rows_of(*arguments, settings=None):
    done = hearth("settings", *arguments, settings=settings)
    assert done.returncode == 0, done.stderr
    return {line.split()[0]: line.split()[1:4] for line in done.stdout.split("\n\n")[0].splitlines()[1:]}


def test_settings_say_where_they_come_from(place):
    config = place / "hearth.conf"
    config.write_text('# ours\nCACHE_STALE = 7200   # two hours\nLOG_LEVEL = "error"\n')
    rows = rows_of("--config", config, settings={"LOG_LEVEL": "warning", "STOP_TIMEOUT": ""})
    assert rows["CACHE_STALE"] == ["7200", f"{config}:2", "3600"]
    assert rows["LOG_LEVEL"] == ["warning", "environment", "info"]
    assert rows["STOP_TIMEOUT"] == ["30", "default", "same"]


def test_secrets_come_from_five_places_and_are_never_shown(place):
    (place / "credentials").mkdir()
    (place / "credentials/API_KEY").write_text("secret-of-credentials-1\n")
    (place / "variable").write_text("secret-of-a-file-2\n")
    (place / "by-config").write_text("secret-of-a-file-3\n")
    config = place / "hearth.conf"
    origins = [({"API_KEY": "secret-of-environment-0"}, "environment"),
               ({"API_KEY_FILE": str(place / "variable")}, "API_KEY_FILE"),
               ({"CREDENTIALS_DIRECTORY": str(place / "credentials")}, "credentials"), ({}, f"{config}:1")]
    for lines in ("API_KEY = secret-of-config-4\n", f"API_KEY_FILE = {place}/by-config\n"):
        config.write_text(lines)
        for count in range(len(origins)):
            everything = {name: value for settings, _ in origins[count:] for name, value in settings.items()}
            done = hearth("settings", "--config", config, settings=everything)
            row = next(line.split() for line in done.stdout.splitlines() if line.startswith("API_KEY "))
            assert row[1:3] == ["********", origins[count][1]], row
            assert "secret-of" not in done.stdout + done.stderr


def test_a_secret_file_that_is_missing_is_named(place):
    done = hearth("settings", settings={"API_KEY_FILE": f"{place}/nowhere"})
    assert done.returncode == 78
    assert f"{place}/nowhere" in done.stderr


def test_the_manuals_table_is_what_the_program_prints():
    done = hearth("settings", "--markdown", settings={"STOP_TIMEOUT": "not even good"})
    assert done.returncode == 0
    assert done.stdout == (ROOT / "docs/settings.md").read_text()


def resilience(*words, settings=None, text=None):
    """In a runtime directory where no worker has run, unless the settings name another one."""
    return hearth("resilience", *words, settings={"RUNTIME_DIRECTORY": "/nowhere", **(settings or {})}, text=text)


def test_shows_the_presets_and_marks_the_one_that_holds():
    done = resilience("presets", settings={"RESILIENCE_PRESET": "development"})
    assert done.returncode == 0, done.stderr
    marked = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("*")]
    assert marked == ["development"] and len(done.stdout.splitlines()) == 4
    rows = json.loads(resilience("presets", "--json").stdout)
    assert [row["key"] for row in rows] == ["simple", "development", "production"]


def test_shows_what_holds_without_any_worker():
    done = resilience("show", settings={"RESILIENCE_PRESET": "production", "QA_RESILIENCE_STRATEGY": "aggressive",
                                        "RESILIENCE_CUSTOM_CONFIG": '{"retry_attempts": 9}'})
    assert done.returncode == 0, done.stderr
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert rows["preset"][0] == "production,"
    assert rows["default"][:2] == ["conservative", "9"]
    assert rows["qa"][:3] == ["aggressive", "setting", "2"]
    assert rows["sentiment"][:2] == ["aggressive", "preset_override"]
    shown = json.loads(resilience("show", "--json").stdout)
    assert shown["preset_name"] == "simple" and shown["custom_overrides"] == {}


@pytest.mark.parametrize("text, code, line", [
    ('{"retry_attempts": 3}', 0, "valid"), ('{"retry_attempts": 30}', 1, "error      Field 'retry_attempts': "),
    ('{"retry_attempts": 8}', 0, "warning    retry_attempts above 7"), ("{", 1, "error      Invalid JSON"),
    ('{"a": "<b>"}', 1, "error      Field 'a': holds what looks like a tag"), ("", 1, "error      Invalid JSON")])
def test_validates_a_custom_configuration(place, text, code, line):
    path = place / "custom.json"
    path.write_text(text)
    for done in (resilience("validate", path), resilience("validate", "-", text=text)):
        assert done.returncode == code, done
        assert done.stdout.startswith(line), done.stdout
        assert done.stdout.splitlines()[-1] == ("valid" if code == 0 else "not valid")
    answer = resilience("validate", path, "--json")
    assert answer.returncode == code and json.loads(answer.stdout)["is_valid"] is (code == 0)


def test_a_file_to_validate_that_is_missing_is_named(place):
    done = resilience("validate", place / "nowhere")
    assert (done.returncode, done.stdout) == (1, "") and f"{place}/nowhere" in done.stderr


def test_recommends_a_preset_on_a_line_of_its_own():
    assert resilience("recommend", "uat").stdout == "production\n"
    assert resilience("recommend", settings={"ENVIRONMENT": "dev"}).stdout == "development\n"
    answer = json.loads(resilience("recommend", "uat", "--json").stdout)
    assert (answer["recommended_preset"], answer["confidence"]) == ("production", 0.7)


@pytest.mark.parametrize("words", [("use", "production"), ("breakers",), ("reset", "x")])
def test_says_that_there_is_no_pool_to_steer(words):
    done = resilience(*words)
    assert (done.returncode, done.stdout) == (1, "") and "no worker has run" in done.stderr


@pytest.mark.parametrize("words", [(), ("use",), ("validate",), ("reset",), ("show", "more"), ("frobnicate",)])
def test_a_wrong_action_ends_with_2(words):
    done = resilience(*words)
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.startswith("hearth: ")


def test_a_custom_configuration_that_does_not_hold_stops_everything(place):
    settings = {"RESILIENCE_CUSTOM_CONFIG": '{"retry_attempts": 0, "tries": 3}'}
    complaints = ["RESILIENCE_CUSTOM_CONFIG: retry_attempts must be at least 1, is 0",
                  "RESILIENCE_CUSTOM_CONFIG: tries is not known here"]
    done = hearth("settings", settings=settings)
    assert (done.returncode, done.stderr.splitlines()) == (78, complaints)
    told = hearth("doctor", settings=settings).stdout
    assert all(f"fail  settings: {complaint}" in told for complaint in complaints)


BAD = """# every line below is wrong
CACHE_STALE = never
NO_SUCH_SETTING = 1
STOP_TIMEOUT = 999999
just words
RATE_LIMIT_DEFAULT = many/60
GUARD_MODE = "panic"
DEBUG = perhaps

[model "first"]
provider = nobody
[model "second"]
provider = openai
fallbacks = first, third
"""
COMPLAINTS = [
    (2, 'CACHE_STALE is "never", allowed is a whole number from 0 to 604800'),
    (3, 'unknown setting "NO_SUCH_SETTING"'),
    (4, 'STOP_TIMEOUT is "999999", allowed is a whole number from 1 to 3600'),
    (5, 'expected "name = value" or a [section]'),
    (6, 'RATE_LIMIT_DEFAULT is "many/60", allowed is count/seconds'),
    (7, 'GUARD_MODE is "panic", allowed is one of flag, block'),
    (8, 'DEBUG is "perhaps", allowed is true or false'),
    (10, 'model "first" names the provider "nobody"'),
    (12, '"third"'),
]


def worker_complaints(place, config=None, settings=None):
    """A worker on a socket, started as a supervisor would."""
    command = ["spawn-fcgi", "-n", "-s", place / "worker.sock", "--", BUILD / "hearth-worker"]
    environment = dict({"PATH": "/usr/bin:/bin", "RUNTIME_DIRECTORY": str(place)}, **(settings or {}))
    return run(*command, *(["--config", config] if config else []), env=environment, timeout=20)


def test_bad_settings_are_all_named_with_line_value_and_range(place):
    config = place / "bad.conf"
    config.write_text(BAD)
    settings = {"FRONT_THREADS": "-3", "ENVIRONMENT": "production"}
    done = hearth("settings", "--config", config, settings=settings)
    assert (done.returncode, done.stdout) == (78, "")
    lines = done.stderr.splitlines()
    for number, complaint in COMPLAINTS:
        assert any(line.startswith(f"{config}:{number}: ") and complaint in line for line in lines), (number, lines)
    assert 'environment: FRONT_THREADS is "-3", allowed is a whole number from 0 to 256' in lines
    assert any(line.startswith("API_KEY: no key is set") for line in lines)
    worker = worker_complaints(place, config, settings)
    assert worker.returncode == 78
    assert [line for line in worker.stderr.splitlines() if not line.startswith("spawn-fcgi")] == lines


@pytest.mark.parametrize("environment", ["production", "prod", "staging", "live"])
def test_a_worker_in_production_demands_a_key(place, environment):
    worker = worker_complaints(place, settings={"ENVIRONMENT": environment})
    assert worker.returncode == 78
    assert f'API_KEY: no key is set, but ENVIRONMENT is "{environment}"' in worker.stderr
    assert hearth("settings", settings={"ENVIRONMENT": environment, "API_KEY": "key-0123456789abcdef"}).returncode == 0


def test_a_configuration_that_is_missing_is_named(place):
    nowhere = place / "nowhere.conf"
    for done in (hearth("settings", "--config", nowhere), worker_complaints(place, nowhere)):
        assert done.returncode == 78
        assert f"{nowhere}: cannot be read: No such file or directory" in done.stderr


def test_a_worker_with_a_wrong_command_line_ends_with_64():
    assert run(BUILD / "hearth-worker", "more").returncode == 64
    assert run(BUILD / "hearth-worker", "--version").stdout.startswith("hearth-worker ")


def test_a_worker_in_a_shell_gives_a_line_that_works(place):
    told = run(BUILD / "hearth-worker")
    assert told.returncode == 2
    line = next(line.strip() for line in told.stderr.splitlines() if line.startswith("  spawn-fcgi"))
    command = line.replace("/tmp/hearth.sock", f"{place}/fcgi.sock").split()
    settings = {"RUNTIME_DIRECTORY": str(place)}
    with subprocess.Popen(command, env=dict({"PATH": "/usr/bin:/bin"}, **settings), stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as pool:
        try:
            wait_until(lambda: sum(" ready" in file.read_text() for file in place.glob("worker.*")) == 2, 20,
                       "two workers ready")
            answer = hearth("status", "--socket", place / "fcgi.sock", settings=settings)
        finally:
            pool.terminate()
    assert answer.returncode == 0, answer.stdout
    assert "fcgi.sock answers 200" in answer.stdout
