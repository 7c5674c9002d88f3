"""What the build makes of .sql files, and which of them it refuses."""

import pytest

from conftest import ROOT, run

QUERIES = ROOT / "src/store/queries.awk"
MIGRATIONS = ROOT / "src/store/migrations.awk"


def queries(place, text):
    file = place / "some.sql"
    file.write_text(text)
    return run("awk", "-f", QUERIES, file)


def test_makes_a_macro_of_each_query(place):
    done = queries(place, "-- What this is.\n\n-- name: first\n-- Why.\nSELECT \"a\", '\\x', $2, $10 -- $11 is no parameter\n"
                          "FROM t WHERE b = $2\n\n-- name: second\nDELETE FROM t\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ('#define SQL_first \\\n    .name = "first", .text = \\\n'
                           '    "SELECT \\"a\\", \'\\\\x\', $2, $10 -- $11 is no parameter\\n" \\\n'
                           '    "FROM t WHERE b = $2\\n" \\\n    , .parameters = 10\n'
                           '#define SQL_second \\\n    .name = "second", .text = \\\n'
                           '    "DELETE FROM t\\n" \\\n    , .parameters = 0\n')


@pytest.mark.parametrize("text, complaint", [
    ("-- name: a\nSELECT 1\n-- name: a\nSELECT 2\n", 'some.sql:3: query "a" is there twice'),
    ("-- name: a\nSELECT 1;\n", "some.sql:2: a block is one statement, without a semicolon"),
    ("-- name: a\n-- name: b\nSELECT 1\n", 'query "a" has no text'),
    ("SELECT 1\n", 'a statement before the first "-- name:"'),
    ("-- name: A b\nSELECT 1\n", "a name is of a-z"),
])
def test_refuses_what_is_no_list_of_queries(place, text, complaint):
    done = queries(place, text)
    assert done.returncode != 0 and complaint in done.stderr


def test_makes_a_row_of_each_migration(place):
    (place / "0001_first.sql").write_text("SELECT 1;\n")
    (place / "0002_second_one.sql").write_text("-- compatible from: 0002\nSELECT '\\';\n")
    done = run("awk", "-f", MIGRATIONS, place / "0001_first.sql", place / "0002_second_one.sql")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ['{1,', '"first",', '"SELECT', '1;\\n"', ',', '1},', '{2,', '"second_one",', '"--', 'compatible',
                                   'from:', '0002\\n"', '"SELECT', "'\\\\';\\n\"", ',', '2},']


@pytest.mark.parametrize("names", [["first.sql"], ["0002_a.sql", "0001_b.sql"], ["0001_A.sql"]])
def test_refuses_migrations_that_are_not_numbered_in_turn(place, names):
    for name in names:
        (place / name).write_text("SELECT 1;\n")
    assert run("awk", "-f", MIGRATIONS, *[place / name for name in names]).returncode != 0


def test_no_two_files_have_a_query_of_one_name():
    names = [line.split()[2] for file in (ROOT / "src").rglob("*.sql") for line in file.read_text().splitlines()
             if line.startswith("-- name:")]
    assert len(names) > 10 and len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)
