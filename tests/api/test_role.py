"""What the database lets the program's role do: all of its rights, as the catalog has them, against a list that is
checked in; and that what is on no list is refused."""

import os
import pathlib

import pytest

from site_lib import Site

LIST = pathlib.Path(__file__).with_name("role_rights.txt")
APPLICATION = "hearth"

# What hearth_application, and everybody (PUBLIC, where that is not PostgreSQL's own schema), may do.
RIGHTS = """
WITH who AS (SELECT oid FROM pg_roles WHERE rolname IN ('hearth', 'hearth_application') UNION SELECT 0),
rights AS (
    SELECT 'schema ' || nspname AS what, privilege_type AS may, '' AS columns FROM pg_namespace,
        LATERAL aclexplode(coalesce(nspacl, acldefault('n', nspowner))) WHERE grantee IN (SELECT oid FROM who)
    UNION ALL
    SELECT CASE relkind WHEN 'S' THEN 'sequence ' WHEN 'v' THEN 'view ' ELSE 'table ' END || nspname || '.' || relname, privilege_type, ''
        FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace,
        LATERAL aclexplode(coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END, relowner)))
        WHERE grantee IN (SELECT oid FROM who) AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT 'table ' || nspname || '.' || relname, privilege_type, string_agg(attname, ' ' ORDER BY attname)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace,
        LATERAL aclexplode(attacl) WHERE grantee IN (SELECT oid FROM who) GROUP BY 1, 2
    UNION ALL
    SELECT 'function ' || nspname || '.' || proname || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')'
            || CASE WHEN prosecdef THEN ' as its owner' ELSE '' END, privilege_type, ''
        FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace,
        LATERAL aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee IN (SELECT oid FROM who)
    UNION ALL
    SELECT 'type ' || nspname || '.' || typname, privilege_type, ''
        FROM pg_type JOIN pg_namespace ON pg_namespace.oid = typnamespace,
        LATERAL aclexplode(typacl) WHERE grantee IN (SELECT oid FROM who)
    UNION ALL
    SELECT 'language ' || lanname, privilege_type, '' FROM pg_language, LATERAL aclexplode(lanacl) WHERE grantee IN (SELECT oid FROM who)
    UNION ALL
    SELECT 'owns ' || relname, 'ALL', '' FROM pg_class WHERE relowner IN (SELECT oid FROM who)
    UNION ALL
    SELECT 'owns ' || proname, 'ALL', '' FROM pg_proc WHERE proowner IN (SELECT oid FROM who)
    UNION ALL
    SELECT 'owns ' || nspname, 'ALL', '' FROM pg_namespace WHERE nspowner IN (SELECT oid FROM who)
    UNION ALL
    SELECT 'is ' || flag, 'TRUE', '' FROM pg_roles, LATERAL (VALUES ('superuser', rolsuper), ('createdb', rolcreatedb), ('createrole', rolcreaterole),
        ('replication', rolreplication), ('bypassrls', rolbypassrls)) AS flags (flag, given) WHERE given AND oid IN (SELECT oid FROM who)
    UNION ALL
    SELECT 'member of ' || roles.rolname, 'ROLE', '' FROM pg_auth_members JOIN pg_roles roles ON roles.oid = roleid WHERE member IN (SELECT oid FROM who)
)
SELECT DISTINCT may || ' ' || what || CASE WHEN columns <> '' THEN ' (' || columns || ')' ELSE '' END FROM rights
WHERE what !~ '^(table|view|function|type|schema) (pg_catalog|information_schema)[. ]' AND what !~ '^schema (pg_catalog|information_schema|pg_toast)$'
ORDER BY 1
"""


@pytest.fixture(scope="module")
def site():
    with Site("nginx", workers=1, database=True) as opened:
        yield opened


def test_has_exactly_the_rights_of_the_list(site):
    found = "".join(f"{row[0]}\n" for row in site.sql(RIGHTS))
    if os.environ.get("WRITE_ROLE_RIGHTS"):
        LIST.write_text(found)
    assert found == LIST.read_text(), "if this is meant: WRITE_ROLE_RIGHTS=1 pytest tests/api/test_role.py, and read what changed"


def test_the_list_lets_nothing_of_the_trail_be_changed():
    lines = LIST.read_text().splitlines()
    assert sorted(line for line in lines if line.endswith("hearth.audit")) == ["INSERT table hearth.audit", "SELECT table hearth.audit"]
    for line in lines:
        assert not line.startswith(("TRUNCATE", "TRIGGER", "REFERENCES", "CREATE", "owns", "is ")), line
        assert "_default" not in line and not line[-8:].isdigit(), line


@pytest.mark.parametrize("statement", [
    "CREATE TABLE hearth.x (a int)", "CREATE TABLE public.x (a int)", "CREATE SCHEMA x", "CREATE FUNCTION hearth.f() RETURNS int LANGUAGE sql RETURN 1",
    "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql RETURN 1", "CREATE EXTENSION pgcrypto", "CREATE ROLE x", "CREATE DATABASE x",
    "CREATE VIEW hearth.v AS SELECT 1", "ALTER ROLE hearth SUPERUSER", "ALTER TABLE hearth.account ADD COLUMN x int",
    "SET ROLE hearth_owner", "SET SESSION AUTHORIZATION postgres",
    "COPY (SELECT 1) TO PROGRAM 'id'", "COPY hearth.account TO '/tmp/x'", "SELECT pg_read_file('/etc/passwd')", "SELECT lo_import('/etc/passwd')",
    "SELECT * FROM pg_authid", "ALTER SYSTEM SET log_statement = 'all'",
    "INSERT INTO hearth.migration VALUES (99, 'x', '', 1)", "UPDATE hearth.migration SET version = 1", "DELETE FROM hearth.retention",
    "ALTER FUNCTION hearth.maintain() OWNER TO hearth", "CREATE OR REPLACE FUNCTION hearth.maintain() RETURNS int LANGUAGE sql RETURN 1",
    "CREATE TABLESPACE x LOCATION '/tmp'", "CREATE PUBLICATION x FOR ALL TABLES", "CREATE EVENT TRIGGER x ON ddl_command_start EXECUTE FUNCTION f()",
    "DO LANGUAGE plpgsql 'BEGIN EXECUTE ''CREATE TABLE hearth.x (a int)''; END'"])
def test_refuses_what_is_on_no_list(site, statement):
    with pytest.raises(AssertionError) as refusal:
        site.sql(statement, role=APPLICATION)
    said = str(refusal.value)
    assert any(word in said for word in ("permission denied", "must be", "Must be")), said


def test_reads_no_table_of_another_schema(site):
    site.sql("CREATE SCHEMA IF NOT EXISTS theirs; CREATE TABLE IF NOT EXISTS theirs.secret (a int); CREATE TABLE IF NOT EXISTS public.secret (a int)")
    for table in ("theirs.secret", "public.secret"):
        with pytest.raises(AssertionError, match="permission denied"):
            site.sql(f"SELECT * FROM {table}", role=APPLICATION)


def test_what_runs_as_the_owner_keeps_its_own_path(site):
    """A table of the caller's that is called as one of ours must not be found by it."""
    rows = site.sql("""SELECT proname, proconfig::text FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace
                       WHERE prosecdef AND nspname NOT IN ('pg_catalog', 'information_schema')""")
    assert rows and all("search_path=pg_catalog, pg_temp" in row[1] for row in rows), rows
    site.sql("""CREATE TEMPORARY TABLE retention (relation text, days int); INSERT INTO retention VALUES ('audit', 1);
                SET search_path = pg_temp, hearth; SELECT hearth.maintain()""", role=APPLICATION)
    assert ["audit", "365"] in site.sql("SELECT relation, days FROM hearth.retention")
