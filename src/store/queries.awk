# Makes a header of a .sql file: for each block that a line "-- name: key_find" begins,
#   #define SQL_key_find .name = "key_find", .text = "<text>", .parameters = <highest $n>
# A block is one statement without a semicolon at its end; lines that are comments are left out.
function fail(text) {
    print FILENAME ":" FNR ": " text >"/dev/stderr"
    failed = 1
    exit 1
}
function end_block() {
    if (name == "") return
    if (count == 0) fail("query \"" name "\" has no text")
    printf "#define SQL_%s \\\n    .name = \"%s\", .text = \\\n", name, name
    for (i = 1; i <= count; i++) printf "    \"%s\\n\" \\\n", lines[i]
    printf "    , .parameters = %d\n", highest
}
/^-- name:/ {
    end_block()
    name = $3
    if (NF != 3 || name !~ /^[a-z][a-z0-9_]*$/ || length(name) > 50)
        fail("a name is of a-z, 0-9 and _, begins with a letter and has at most 50 characters")
    if (name in seen) fail("query \"" name "\" is there twice")
    seen[name] = 1
    count = highest = 0
    next
}
/^[ \t]*(--.*)?$/ { next }
{
    if (name == "") fail("a statement before the first \"-- name:\"")
    if ($0 ~ /;[ \t]*(--.*)?$/) fail("a block is one statement, without a semicolon")
    text = $0
    sub(/ -- .*/, "", text)
    while (match(text, /\$[0-9]+/)) {
        number = substr(text, RSTART + 1, RLENGTH - 1) + 0
        if (number > highest) highest = number
        text = substr(text, RSTART + RLENGTH)
    }
    line = $0
    gsub(/\\/, "&&", line)
    gsub(/"/, "\\\"", line)
    lines[++count] = line
}
END {
    if (failed) exit 1
    end_block()
}
