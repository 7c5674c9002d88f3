"""An installation as users make it, and a running site for the operator's command."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("HEARTH_BUILD_DIR", "build")
sys.path.insert(0, str(ROOT / "tests" / "lib"))

from site_lib import Site  # noqa: E402

os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"


def run(*command, **options):
    """The ended process, its output as text and its standard error apart."""
    options.setdefault("stdin", subprocess.DEVNULL)
    if "input" in options:
        del options["stdin"]
    return subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=options.pop("timeout", 60), check=False, **options)


def good(*command, **options):
    """The output of a command that must not fail."""
    done = run(*command, **options)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def open_directory():
    """A new directory below /tmp that the workers' user can look into."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="hearth-install-"))
    directory.chmod(0o755)
    return directory


@pytest.fixture
def place():
    directory = open_directory()
    yield directory
    shutil.rmtree(directory)


class Installation:
    """Configured with a prefix of its own, built beside the tree and installed there."""

    def __init__(self, directory):
        self.directory = directory
        self.build = directory / "build"
        self.prefix = directory / "usr"
        self.etc = directory / "etc"
        self.unit = self.prefix / "lib/systemd/system/hearth.service"
        self.build.mkdir()
        good(ROOT / "configure", "--quiet", f"--prefix={self.prefix}", f"--sysconfdir={self.etc}",
             f"--libexecdir={self.prefix}/libexec", "CFLAGS=-O0", cwd=self.build)
        # The viewers of the pages come from npm; once is enough.
        shutil.copytree(BUILD / "web", self.build / "web")
        (self.build / "web" / "stamp").touch()
        good("make", "-s", "-j2", cwd=self.build, timeout=300)
        good("make", "-s", "install", cwd=self.build)


@pytest.fixture(scope="session")
def installation():
    directory = open_directory()
    try:
        yield Installation(directory)
    finally:
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def site():
    with Site("nginx", workers=2) as running:
        yield running


def hearth(*arguments, settings=None, text=None, before=()):
    """The operator's command, with these settings in its environment and nothing else set."""
    environment = {"PATH": os.environ["PATH"]}
    environment.update(settings or {})
    options = {"env": environment, "cwd": ROOT}
    if text is not None:
        options["input"] = text
    return run(*before, BUILD / "hearth", *arguments, **options)
