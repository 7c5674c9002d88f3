"""The switch that writes the manual's table of broken providers, and the lines that a run prints of it."""

import pathlib
import re

import pytest

LINES = pytest.StashKey()


def pytest_addoption(parser):
    parser.addoption("--write-table", action="store_true", help="write the table into docs/providers.md")


def pytest_configure(config):
    config.addinivalue_line("markers", "short_grace: known keys outlive the database for seconds only")
    config.stash[LINES] = []


@pytest.fixture(scope="session")
def table_lines(request):
    """Lines to print at the end of the run."""
    return request.config.stash[LINES]


class Manual:
    """docs/providers.md, some sections of which hold a table that a run of the tests made."""

    def __init__(self, write):
        self.page = pathlib.Path(__file__).resolve().parents[2] / "docs/providers.md"
        self.write = write

    def holds(self, heading, table):
        """Asserts that the section's table is this one; writes it where that is asked for."""
        text = self.page.read_text()
        pattern = re.compile(rf"(\n## {heading}\n[^|]*\n)(\|.*?\n)(?=\n|\Z)", re.S)
        found = pattern.search(text)
        assert found, f"docs/providers.md has no table under {heading}"
        if self.write:
            self.page.write_text(text[: found.start(2)] + table + text[found.end(2):])
            return
        assert found.group(2) == table, "docs/providers.md is not current: run with --write-table"


@pytest.fixture(scope="session")
def manual(request):
    return Manual(request.config.getoption("--write-table"))


def pytest_terminal_summary(terminalreporter, config):
    if config.stash[LINES]:
        terminalreporter.section("what clients got of broken providers")
        for line in config.stash[LINES]:
            terminalreporter.write_line(line)
