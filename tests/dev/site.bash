# shellcheck shell=bash
# Starting and stopping a whole site below var/<port>/ for ./dev: PostgreSQL, memcached, the pool of
# workers and a web server with the shipped configuration, each leading a process group of its own.
# $root is set by ./dev. HEARTH_BUILD_DIR names another build than build/, one with sanitizers for
# example. DATABASE_URL names another database than one of its own; empty, there is none.

: "${root:?}"
built=${HEARTH_BUILD_DIR:-build}
processes=(web multiwatch memcached) # in the order of stopping

# An unprivileged user where we are root, else ourselves.
as_site_user=()
if [ "$(id -u)" -eq 0 ]; then
    as_site_user=(setpriv --reuid=www-data --regid=www-data --clear-groups --no-new-privs --)
fi

port_is_taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

free_port_from() {
    local port=$1
    while port_is_taken "$port" || [ -e "var/$port/web.pid" ]; do
        port=$((port + 1))
    done
    echo "$port"
}

# Prints the directory of a port: var/<port>, which is a link to one under /run where the site's user
# cannot reach this tree (a clone under /root).
make_directory() {
    local link=$root/var/$1 real
    if [ ! -d "$link" ]; then
        mkdir -p "$root/var"
        rm -f "$link"
        if [ "$(id -u)" -ne 0 ] || "${as_site_user[@]}" test -x "$root/var"; then
            mkdir "$link"
        else
            real=/run/hearth-dev-$(cksum <<<"$root" | cut -d' ' -f1)-$1
            mkdir -p "$real"
            ln -s "$real" "$link"
        fi
    fi
    realpath "$link"
}

# Puts a shipped template into place.
fill() {
    local internal=$directory/run/internal.sock
    [ "$server" != nginx ] || internal=unix:$internal
    sed -e "s|@internal@|$internal|g" -e "s|@socket@|$directory/fcgi.sock|g" -e "s|@webdir@|$directory/web|g" \
        -e "s|@listen@|127.0.0.1:$port|g" -e "s|@address@|127.0.0.1|g" -e "s|@port@|$port|g" \
        -e "s|@confdir@|$directory/conf|g" -e "s|@directory@|$directory|g" "$1" >"$2"
}

# Copies what the processes read, so that the site runs on while the tree is built again.
install_files() {
    local file
    rm -rf "$directory/conf" "$directory/web" "$directory/temp" "$directory/run"
    rm -f "$directory"/{fcgi,memcached}.sock
    mkdir -p "$directory"/{bin,conf,web,temp,run}
    install -m 755 "$built/hearth-worker" "$directory/bin/"
    [ ! -f "$built/hearth" ] || install -m 755 "$built/hearth" "$directory/bin/"
    [ ! -d "$built/web/assets" ] || cp -R "$built/web/assets/." "$directory/web/"
    for file in "$server"/*; do
        case $file in
        *.in) fill "$file" "$directory/conf/$(basename "$file" .in)" ;;
        *) cp "$file" "$directory/conf/" ;;
        esac
    done
    for file in worker memcached access web-error; do
        : >"$directory/$file.log"
    done
    if [ -n "${HEARTH_CONFIG:-}" ]; then
        install -m 600 "$HEARTH_CONFIG" "$directory/conf/settings.conf"
    elif [ -f "$directory/hearth.conf" ]; then
        install -m 600 "$directory/hearth.conf" "$directory/conf/settings.conf"
    fi
    mkdir -p "$directory"/{mailbox,spool}
    if [ "$(id -u)" -eq 0 ]; then
        chown -R www-data:www-data "$directory"
    fi
    chmod 755 "$directory"
    chmod 700 "$directory"/{mailbox,spool}
}

# Exports API_KEY, made up where neither the environment nor the settings have one.
choose_key() {
    local settings=$directory/conf/settings.conf
    if [ -z "${API_KEY:-}" ] && [ -n "${API_KEY_FILE:-}" ]; then
        key=$(cat "$API_KEY_FILE")
    elif [ -z "${API_KEY:-}" ] && [ -f "$settings" ] && grep -q '^[[:space:]]*API_KEY' "$settings"; then
        key=$(sed -n 's/^[[:space:]]*API_KEY[[:space:]]*=[[:space:]]*"\{0,1\}\([^"]*\)"\{0,1\}.*/\1/p' "$settings")
    else
        if [ -z "${API_KEY:-}" ] && [ -s "$directory/api-key" ]; then
            API_KEY=$(cat "$directory/api-key")
        fi
        API_KEY=${API_KEY:-$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')}
        export API_KEY
        key=$API_KEY
    fi
    (umask 077 && printf '%s\n' "$key" >"$directory/api-key")
}

# Exports AUTH_SECRET, made up once for this site, so that sign-ins outlive a restart.
choose_secret() {
    if [ -z "${AUTH_SECRET:-}" ]; then
        [ -s "$directory/auth-secret" ] ||
            (umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$directory/auth-secret")
        AUTH_SECRET=$(cat "$directory/auth-secret")
        export AUTH_SECRET
    fi
}

# A PostgreSQL of the site's own, unless the environment or the settings name one.
start_database() {
    local settings=$directory/conf/settings.conf
    if [ -z "${DATABASE_URL+set}" ] && ! grep -qs '^[[:space:]]*DATABASE_URL' "$settings"; then
        tests/dev/cluster start "$directory/database"
        tests/dev/cluster create "$directory/database" hearth
        DATABASE_URL=$(tests/dev/cluster url "$directory/database" hearth)
        DATABASE_MIGRATION_URL=$(tests/dev/cluster url "$directory/database" hearth owner)
        export DATABASE_URL DATABASE_MIGRATION_URL
    fi
}

# Brings the schema up to this build's.
migrate_database() {
    local settings=()
    [ ! -f "$directory/conf/settings.conf" ] || settings=(--config "$directory/conf/settings.conf")
    if [ -n "${DATABASE_MIGRATION_URL:-}" ]; then
        "${as_site_user[@]}" "$directory/bin/hearth" migrate "${settings[@]}" >"$directory/migrate.log" 2>&1 ||
            die "hearth migrate failed: $(cat "$directory/migrate.log")"
    fi
}

# Starts a command as the site's user in the background; its process id goes to <name>.pid.
launch() {
    local name=$1 log=$2
    shift 2
    "${as_site_user[@]}" setsid "$@" </dev/null >>"$log" 2>&1 3>&- &
    echo $! >"$directory/$name.pid"
}

launch_pool() {
    local settings=()
    [ ! -f "$directory/conf/settings.conf" ] || settings=(--config "$directory/conf/settings.conf")
    export MEMCACHED_SERVERS=${MEMCACHED_SERVERS-$directory/memcached.sock}
    export RUNTIME_DIRECTORY=$directory/run POOL_SIZE=$workers
    export GLIBC_TUNABLES=${GLIBC_TUNABLES-glibc.malloc.tcache_max=256} # as in the unit
    export SPOOL_DIRECTORY=${SPOOL_DIRECTORY:-$directory/spool}
    export MAILBOX_DIRECTORY=${MAILBOX_DIRECTORY:-$directory/mailbox}
    [ -n "${PUBLIC_URL:-}" ] || grep -qs '^[[:space:]]*PUBLIC_URL' "${settings[@]:1}" /dev/null || export PUBLIC_URL=$url
    launch multiwatch "$directory/worker.log" spawn-fcgi -n -s "$directory/fcgi.sock" -M 0660 -- \
        "$(command -v multiwatch)" -f "$workers" -r 10 -s TERM -- \
        "$directory/bin/hearth-worker" "${settings[@]}"
}

launch_web() {
    if [ "$server" = nginx ]; then
        launch web "$directory/web-error.log" nginx -e "$directory/web-error.log" \
            -c "$directory/conf/dev.conf"
    else
        launch web "$directory/web-error.log" lighttpd -D -f "$directory/conf/dev.conf"
    fi
}

pool_is_ready() {
    local ready
    ready=$(cat "$directory"/run/worker.* 2>/dev/null | grep -c ' ready' || true)
    [ "$ready" -ge "$workers" ]
}

memcached_is_ready() {
    [ -S "$directory/memcached.sock" ]
}

web_is_ready() {
    curl -s -o /dev/null --max-time 5 "http://127.0.0.1:$port/livez"
}

# Waits for <name>_is_ready, for 20 s at most and while its process lives.
await() {
    local name=$1 process=$2 log=$3 round
    for ((round = 0; round < 400; round++)); do
        if "${name}_is_ready"; then
            return 0
        fi
        if ! kill -0 "$(cat "$directory/$process.pid")" 2>/dev/null; then
            break
        fi
        sleep 0.05
    done
    printf 'dev: %s did not get ready; the end of %s:\n' "$process" "$log" >&2
    tail -n 15 "$log" >&2 || true
    stop_site "$directory"
    exit 1
}

leads_of() {
    local name pid
    for name in "${processes[@]}"; do
        pid=$(cat "$1/$name.pid" 2>/dev/null) || continue
        # The number may belong to somebody else by now.
        if grep -qsF "$1" "/proc/$pid/cmdline"; then
            echo "$pid"
        fi
    done
}

group_is_alive() {
    # Dead ones that nobody has waited for are no processes any more.
    ps -eo pgid=,stat= | awk -v group="$1" '$1 == group && $2 !~ /^Z/ { alive = 1 } END { exit !alive }'
}

# Ends the processes of a site and returns when none is left.
stop_site() {
    local site=$1 leads pid round
    mapfile -t leads < <(leads_of "$site")
    for pid in "${leads[@]}"; do
        kill -TERM "$pid" 2>/dev/null || true
        for ((round = 0; round < 200; round++)); do
            group_is_alive "$pid" || break
            sleep 0.05
        done
        kill -KILL -- "-$pid" 2>/dev/null || true
    done
    if [ -d "$site/database/data" ]; then
        tests/dev/cluster stop "$site/database"
    fi
    rm -f "$site"/*.pid "$site"/*.sock "$site/url"
}

print_usage() {
    cat <<END

  Hearth answers at $url   ($server, $workers workers; logs in var/$port/)
  API key: $key

  curl -s $url/v1/text_processing/process -H 'X-API-Key: $key' -H 'Content-Type: application/json' -d '{"text": "The harbour was closed for three days by a storm. On the fourth day the boats came home with full nets, and the town celebrated until morning. The mayor promised a new breakwater.", "operation": "summarize"}'

  curl -s $url/v1/text_processing/process -H 'X-API-Key: $key' -H 'Content-Type: application/json' -d '{"text": "I love this town, and the people are wonderful.", "operation": "sentiment"}'

  curl -s $url/v1/ai/insights -H 'X-API-Key: $key' -H 'Content-Type: application/json' -d '{}'

  Documentation: $url/docs
  State of it:   RUNTIME_DIRECTORY=var/$port/run var/$port/bin/hearth status --socket var/$port/fcgi.sock
END
    if [ -d "$directory/database/data" ]; then
        cat <<END
  Database:      psql -h $directory/database -U postgres hearth
  Operator's:    export DATABASE_URL='$DATABASE_URL'; var/$port/bin/hearth key create mine --scopes text,gateway
END
    fi
}

site_up() {
    port='' server=nginx workers=2
    local detach=
    while [ $# -gt 0 ]; do
        case $1 in
        --port | --server | --workers)
            [ $# -gt 1 ] || die "$1 needs a value"
            printf -v "${1#--}" '%s' "$2"
            shift
            ;;
        --detach) detach=1 ;;
        *) die "up: unknown option \"$1\"" ;;
        esac
        shift
    done
    [[ $workers =~ ^[1-9][0-9]*$ ]] || die "--workers $workers: a number from 1 on is wanted"
    [[ ${port:-8080} =~ ^[1-9][0-9]*$ ]] || die "--port $port: a number is wanted"
    [ -f "$server/dev.conf.in" ] || die "--server $server: nginx or lighttpd is wanted"
    if [ "${HEARTH_SKIP_BUILD:-}" != 1 ]; then
        packages build run
        build
    fi
    [ -x "$built/hearth-worker" ] || die "$built/hearth-worker is missing: run ./dev build"
    port=${port:-$(free_port_from 8080)}
    url=http://127.0.0.1:$port
    directory=$(make_directory "$port")
    if [ -n "$(leads_of "$directory")" ]; then
        die "port $port is in use by a running site: ./dev down --port $port"
    fi
    ! port_is_taken "$port" || die "port $port is in use by another program"
    install_files
    choose_key
    trap 'stop_site "$directory"; exit 130' INT TERM HUP
    choose_secret
    say "starting PostgreSQL, memcached, $workers workers and $server in var/$port/"
    start_database
    migrate_database
    launch memcached "$directory/memcached.log" memcached -s "$directory/memcached.sock" -a 0660 \
        -m 64 -c 4096
    await memcached memcached "$directory/memcached.log"
    launch_pool
    await pool multiwatch "$directory/worker.log"
    launch_web
    await web web "$directory/web-error.log"
    echo "$url" >"$directory/url"
    print_usage
    if [ -z "$detach" ]; then
        printf '\n  Ctrl-C stops it.\n'
        wait -n || true
        say 'a process ended; stopping the others'
        tail -n 5 "$directory/worker.log" "$directory/web-error.log"
        stop_site "$directory"
        return 1
    fi
}

site_down() {
    local site sites
    case ${1:---all} in
    --port)
        [ $# -gt 1 ] || die '--port needs a value'
        sites=("$root/var/$2")
        ;;
    --all) sites=("$root"/var/[0-9]*) ;;
    *) die "down: unknown option \"$1\"" ;;
    esac
    for site in "${sites[@]}"; do
        if [ -d "$site" ] && [ -n "$(leads_of "$(realpath "$site")")" ]; then
            say "stopping $(basename "$site")"
            stop_site "$(realpath "$site")"
        fi
    done
}
