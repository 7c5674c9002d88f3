# Makes the rows of the table of migrations of their files: {version, "name", compatible_from,
# "text"}. Names are NNNN_name.sql. A line "-- compatible from: NNNN"
# names the oldest program (by the last migration that it knows) that can run on the schema then.
function fail(text) {
    print FILENAME ": " text >"/dev/stderr"
    failed = 1
    exit 1
}
function end_file() {
    if (version > 0) printf "    , %d},\n", compatible
}
FNR == 1 {
    end_file()
    n = split(FILENAME, parts, "/")
    file = parts[n]
    if (file !~ /^[0-9][0-9][0-9][0-9]_[a-z][a-z0-9_]*\.sql$/) fail("is not named NNNN_name.sql")
    if (substr(file, 1, 4) + 0 <= version) fail("does not follow version " version)
    version = substr(file, 1, 4) + 0
    compatible = 1
    printf "    {%d, \"%s\",\n", version, substr(file, 6, length(file) - 9)
}
/^-- compatible from: [0-9]+$/ { compatible = $NF + 0 }
{
    line = $0
    gsub(/\\/, "&&", line)
    gsub(/"/, "\\\"", line)
    printf "     \"%s\\n\"\n", line
}
END {
    if (failed) exit 1
    end_file()
}
