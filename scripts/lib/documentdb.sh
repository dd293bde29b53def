# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The local MongoDB: FerretDB over DocumentDB, a PostgreSQL extension. DocumentDB comes from a
# newer Debian release and so lives in a folder of its own (a chroot), which is made once for the
# machine and shared by all stacks. Each stack has its own data there, copied from a template.
#
#   CACHE/documentdb/root/                         the folder, complete as soon as it has that name
#     var/lib/larder/template-N/data               an initialised database with the extensions
#     var/lib/larder/stacks/NAME/{data,pgpass,var} the data of one stack; NAME stands in var/mongo/stack
#   CACHE/ferretdb/ferretdb-VERSION                the program

FERRETDB_VERSION=v2.7.0
FERRETDB_MODULE=github.com/FerretDB/FerretDB/v2
FERRETDB=$CACHE/ferretdb/ferretdb-$FERRETDB_VERSION
GO_MINOR_MIN=24 # go 1.24 and later fetch the toolchain that a module asks for
DOCUMENTDB_SUITE=forky
DOCUMENTDB_PACKAGE=postgresql-18-documentdb
DOCUMENTDB=$CACHE/documentdb/root
PG_BIN=/usr/lib/postgresql/18/bin
PG_HOME=/var/lib/larder # inside the folder
PG_TEMPLATE=$PG_HOME/template-2 # count up when what template_make does changes

# --- the shared folder, made once ---

# ferretdb_prepare: makes what all stacks share, if it is not there. Two stacks that start at once
# wait for each other.
ferretdb_prepare() {
    local lock
    [[ ! -d $DOCUMENTDB$PG_TEMPLATE || ! -x $FERRETDB ]] || return 0
    mkdir -p "$CACHE/documentdb" "$CACHE/ferretdb"
    exec {lock}>"$CACHE/lock"
    flock -n "$lock" || say "Waiting for another stack that is preparing $CACHE ..."
    flock "$lock"
    if [[ ! -d $DOCUMENTDB ]]; then
        packages_need debootstrap ca-certificates
        step "Unpacking DocumentDB into $DOCUMENTDB (0.9 GB, a few minutes, once a machine)" \
            "Check the network and the free space, then run it again: it starts afresh." \
            documentdb_unpack
    fi
    [[ -d $DOCUMENTDB$PG_TEMPLATE ]] ||
        step "Initialising the template database" "Remove $DOCUMENTDB and run it again." \
            template_make
    [[ -x $FERRETDB ]] ||
        step "Building FerretDB $FERRETDB_VERSION (about a minute, once a machine)" \
            "Check that the Go module proxy can be reached, then run it again." ferretdb_build
    exec {lock}>&-
}

# A half-finished folder has another name and is thrown away.
documentdb_unpack() {
    local new=$DOCUMENTDB.new proxy
    documentdb_discard "$new"
    [[ -n $(packages_sites) ]] || as_root apt-get -q update
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    (
        umask 022
        as_root env ${proxy:+"http_proxy=${http_proxy:-$proxy}"} debootstrap --variant=minbase \
            --include="$DOCUMENTDB_PACKAGE" "$DOCUMENTDB_SUITE" "$new" "$(packages_mirror)" \
            /usr/share/debootstrap/scripts/sid
    )
    as_root test -x "$new$PG_BIN/postgres"
    as_root rm -rf "$new/var/cache/apt/archives"
    as_root chroot "$new" install -d -o postgres -g postgres "$PG_HOME" "$PG_HOME/stacks"
    as_root mv "$new" "$DOCUMENTDB"
}

# debootstrap that was killed may have left its mounts.
documentdb_discard() {
    local mounted
    [[ -e $1 ]] || return 0
    for mounted in proc sys; do
        ! mountpoint -q "$1/$mounted" || as_root umount -R "$1/$mounted"
    done
    as_root rm -rf --one-file-system "$1"
}

# in_documentdb COMMAND…: runs it inside the folder as its user postgres.
in_documentdb() {
    as_root chroot --userspec=postgres:postgres "$DOCUMENTDB" \
        /usr/bin/env -i "PATH=$PG_BIN:/usr/bin:/bin" LC_ALL=C.UTF-8 HOME=/tmp "$@"
}

# documentdb_write PATH: writes standard input to a file of mode 0600 of the user postgres.
documentdb_write() {
    # shellcheck disable=SC2016 # $1 is for the inner shell
    in_documentdb /bin/sh -c 'umask 077; cat >"$1"' sh "$1"
}

# The template listens on a socket inside the folder only. Its passwords are random and forgotten:
# every stack sets its own.
template_make() {
    local new=$PG_TEMPLATE.new data
    data=$new/data
    in_documentdb rm -rf "$new"
    in_documentdb mkdir -m 700 "$new"
    secret | documentdb_write "$new/password"
    # Sorted by bytes, and letters of all scripts are known as such: a search finds ÉCLAIR by éclair.
    in_documentdb initdb -D "$data" --auth=scram-sha-256 --pwfile="$new/password" \
        --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=PG_UNICODE_FAST
    postgres_settings | documentdb_write "$data/larder.conf"
    printf "include 'larder.conf'\n" | documentdb_append "$data/postgresql.conf"
    sed 's/^/*:*:*:postgres:/' < <(in_documentdb cat "$new/password") |
        documentdb_write "$new/pgpass"
    postgres_control "$new" -w -l "$new/log" \
        -o "-c listen_addresses= -c unix_socket_directories=$new" start
    template_fill "$new"
    postgres_control "$new" -w -m fast stop
    in_documentdb mv "$new" "$PG_TEMPLATE"
}

documentdb_append() {
    # shellcheck disable=SC2016 # $1 is for the inner shell
    in_documentdb /bin/sh -c 'cat >>"$1"' sh "$1"
}

template_fill() {
    in_documentdb env "PGPASSFILE=$1/pgpass" \
        psql -h "$1" -U postgres -d postgres -v ON_ERROR_STOP=1 -f - <<END
CREATE EXTENSION documentdb CASCADE;
CREATE EXTENSION documentdb_extended_rum;
SELECT documentdb_api.create_user('{"createUser": "larder", "pwd": "$(secret)", "roles": [
    {"role": "clusterAdmin", "db": "admin"}, {"role": "readWriteAnyDatabase", "db": "admin"}]}');
SELECT cron.alter_job(jobid, schedule := '* * * * *') FROM cron.job WHERE schedule = '2 seconds';
END
}

postgres_settings() {
    cat <<'END'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
# The folder has no /dev/shm.
dynamic_shared_memory_type = mmap
# Nor need it have a hosts file.
documentdb.localhost_connection_string = 'host=127.0.0.1'
shared_preload_libraries = 'pg_cron,pg_documentdb_core,pg_documentdb,pg_documentdb_extended_rum'
cron.database_name = 'postgres'
cron.use_background_workers = on
documentdb.enableUserCrud = on
documentdb.force_index_builds_blocking = on
# With these two a sorted find walks the index instead of sorting what a bitmap scan has found.
documentdb.alternate_index_handler_name = 'extended_rum'
enable_bitmapscan = off
# Indexes are built by the command that asks for them and expired documents removed by pg_cron; the
# workers beside it would knock without a password every second.
documentdb.enableBackgroundWorker = off
cron.log_run = off
cron.log_statement = off
# The planner takes an index only when it knows how many documents there are: after a load it
# shall learn that within seconds.
autovacuum_naptime = 5s
# There may be many stacks on one disk.
max_wal_size = 256MB
min_wal_size = 32MB
END
}

# postgres_control FOLDER ARGUMENT…: pg_ctl on the data in FOLDER. Index builds connect back to
# the server and find their password by PGPASSFILE.
postgres_control() {
    local folder=$1
    shift
    in_documentdb env "PGPASSFILE=$folder/pgpass" pg_ctl -s -D "$folder/data" "$@"
}

# --- FerretDB, built once ---

# go_usable: whether the machine's own Go is recent enough.
go_usable() {
    local version
    version=$(go env GOVERSION 2>/dev/null) || return 1
    [[ $version =~ ^go1\.([0-9]+) ]] && ((BASH_REMATCH[1] >= GO_MINOR_MIN))
}

# The command is built, not the embeddable package: that one has authentication switched off.
ferretdb_build() {
    local new=$CACHE/ferretdb/build.new
    as_root rm -rf "$new"
    mkdir -p "$new/bin"
    printf 'module larder/ferretdb\n\ngo 1.%s\n' "$GO_MINOR_MIN" >"$new/go.mod"
    if go_usable; then
        ferretdb_compile go "$new"
    else
        ferretdb_compile_inside "$new"
    fi
    mv "$new/bin/ferretdb" "$FERRETDB.new"
    mv "$FERRETDB.new" "$FERRETDB"
    as_root rm -rf "$new"
}

# ferretdb_compile GO FOLDER
ferretdb_compile() (
    cd "$2" || exit
    export GOBIN=$2/bin GOFLAGS=-modcacherw CGO_ENABLED=0
    "$1" get -tool "$FERRETDB_MODULE/cmd/ferretdb@$FERRETDB_VERSION"
    "$1" install "$FERRETDB_MODULE/cmd/ferretdb"
)

# Without a recent Go on the machine, the one of the folder's newer Debian does it.
ferretdb_compile_inside() {
    local work=/var/tmp/ferretdb name pass=()
    for name in http_proxy https_proxy no_proxy GOPROXY GOSUMDB GONOSUMDB GOFLAGS; do
        [[ ! ${!name:-} ]] || pass+=("$name=${!name}")
    done
    for name in /etc/resolv.conf /etc/hosts; do
        [[ ! -e $name ]] || as_root cp -L "$name" "$DOCUMENTDB$name"
    done
    inside() {
        as_root chroot "$DOCUMENTDB" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
            HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "${pass[@]}" "$@"
    }
    # debootstrap has not asked how old the archive's signature is either.
    inside apt-get -q -o Acquire::Check-Valid-Until=false update
    inside apt-get -q install -y --no-install-recommends golang-go ca-certificates
    # The machine may trust authorities of its own (a proxy's, a mirror's).
    as_root cp -L /etc/ssl/certs/ca-certificates.crt "$DOCUMENTDB/etc/ssl/certs/ca-certificates.crt"
    as_root rm -rf "$DOCUMENTDB$work"
    as_root cp -r "$1" "$DOCUMENTDB$work"
    # Go finds its own folder by /proc, which is not mounted there.
    # shellcheck disable=SC2016 # for the inner shell
    inside env GOROOT=/usr/lib/go "GOPATH=$work/go" "GOCACHE=$work/cache" "GOBIN=$work/bin" CGO_ENABLED=0 \
        sh -ec 'cd "$1" && go get -tool "$2@$3" && go install "$2"' sh \
        "$work" "$FERRETDB_MODULE/cmd/ferretdb" "$FERRETDB_VERSION"
    as_root cat "$DOCUMENTDB$work/bin/ferretdb" >"$1/bin/ferretdb"
    chmod 755 "$1/bin/ferretdb"
    inside apt-get -q purge -y --auto-remove golang-go
    as_root rm -rf "$DOCUMENTDB$work" "$DOCUMENTDB/var/cache/apt/archives"
}

# --- the data of one stack ---

# database_folder: prints the stack's folder, as seen from inside the shared one.
database_folder() {
    printf '%s/stacks/%s' "$PG_HOME" "$(<"$VAR/mongo/stack")"
}

# database_name: prints the name that belongs to this stack's var/.
database_name() {
    sha256sum <<<"$VAR" | cut -c 1-16
}

# database_make: copies the template and gives the copy passwords of its own. The pointer in var/
# is written last: data without it are of a stack whose var/ is gone.
database_make() {
    local name folder new mongo_password postgres_password
    name=$(database_name)
    folder=$PG_HOME/stacks/$name
    database_sweep
    # Under a name of its own until it is whole: what a script that was killed has left behind may
    # still be copying.
    # shellcheck disable=SC2016 # for the inner shell
    in_documentdb /bin/sh -c 'rm -rf "$1".* 2>/dev/null' sh "$PG_HOME/stacks/.$name" || true
    new=$PG_HOME/stacks/.$name.$$.$RANDOM
    mongo_password=$(secret)
    postgres_password=$(secret)
    in_documentdb mkdir -m 700 "$new"
    printf '%s %s\n' "$(root_identity)" "$VAR" | documentdb_write "$new/var"
    in_documentdb cp -a --reflink=auto "$PG_TEMPLATE/data" "$new/data"
    printf '*:*:*:postgres:%s\n' "$postgres_password" | documentdb_write "$new/pgpass"
    # Not ALTER ROLE for the second: PostgreSQL's salts are shorter than MongoDB's drivers accept.
    in_documentdb postgres --single -D "$new/data" postgres <<END
ALTER ROLE postgres PASSWORD '$postgres_password';
SELECT documentdb_api.update_user('{"updateUser": "larder", "pwd": "$mongo_password"}');
END
    database_remove "$name"
    in_documentdb mv -T "$new" "$folder"
    printf '%s' "$mongo_password" | write_private "$VAR/mongo/password"
    printf '%s' "$postgres_password" | write_private "$VAR/mongo/postgres-password"
    printf '%s' "$name" | write_private "$VAR/mongo/stack"
}

# root_identity: prints which root folder this is: a container that shares the cache has another.
root_identity() {
    stat -c %d:%i /
}

# database_sweep: removes the data of test runs that could not do so themselves: of stacks that
# were somewhere under /tmp, below this root folder, and are gone.
database_sweep() {
    local name root var here
    here=$(root_identity)
    while read -r name root var; do
        [[ $root == "$here" && $var == "${TMPDIR:-/tmp}"/* && ! -e $var ]] || continue
        database_remove "$name"
    done < <(
        # shellcheck disable=SC2016 # for the inner shell
        in_documentdb /bin/sh -c 'cd "$1" && for f in */var; do
            ! [ -e "$f" ] || echo "${f%/var} $(cat "$f")"; done' sh "$PG_HOME/stacks"
    )
}

# database_remove NAME: removes the data, and ends a server that still runs on them.
database_remove() {
    local folder=$PG_HOME/stacks/$1
    as_root test -e "$DOCUMENTDB$folder" || return 0
    database_unlock "$folder/data"
    postgres_control "$folder" -w -m immediate stop >/dev/null 2>&1 || true
    in_documentdb rm -rf "$folder"
}

# database_unlock DATA: removes the pid file of a server that was killed. PostgreSQL does so itself
# unless that number is in use again, or the dead process has not been waited for (a container
# without an init).
database_unlock() {
    local pid
    pid=$(in_documentdb head -n 1 "$1/postmaster.pid" 2>/dev/null) || return 0
    if process_gone "$pid" || [[ $(as_root readlink "/proc/$pid/cwd") != "$DOCUMENTDB$1" ]]; then
        in_documentdb rm -f "$1/postmaster.pid"
    fi
}

# --- running ---

ferretdb_start() {
    ferretdb_prepare
    if alive postgres && alive mongo; then
        mongo_publish
        return
    fi
    [[ -e $VAR/mongo/stack ]] ||
        step "Making the stack's database" "Is there space left in $DOCUMENTDB?" database_make
    alive postgres || port_need postgres
    alive mongo || port_need mongo
    printf 'postgres://postgres:%s@127.0.0.1:%s/postgres' "$(<"$VAR/mongo/postgres-password")" \
        "$(port postgres)" | write_private "$VAR/mongo/postgres-url"
    mongo_publish
    step "Starting MongoDB (FerretDB) on 127.0.0.1:$(port mongo)" \
        "See $LOG/postgres.log and $LOG/mongo.log." ferretdb_launch
}

ferretdb_launch() {
    local folder
    if ! alive postgres; then
        folder=$(database_folder)
        database_unlock "$folder/data"
        postgres_settings | documentdb_write "$folder/data/larder.conf"
        postgres_control "$folder" -w -t 120 -o "-p $(port postgres)" start \
            </dev/null >>"$LOG/postgres.log" 2>&1
        in_documentdb head -n 1 "$folder/data/postmaster.pid" >"$RUN/postgres.pid"
    fi
    alive mongo && return
    (umask 077 && mkdir -p "$VAR/mongo/ferretdb")
    daemon mongo "$LOG/mongo.log" env -i "PATH=$PATH" "HOME=${HOME:-/root}" "$FERRETDB" \
        --listen-addr="127.0.0.1:$(port mongo)" --debug-addr=- --telemetry=disable \
        --state-dir="$VAR/mongo/ferretdb" --log-level=WARN \
        --postgresql-url-file="$VAR/mongo/postgres-url"
    wait_until 20 ferretdb_answers
}

ferretdb_answers() {
    alive mongo && port_in_use "$(port mongo)"
}

ferretdb_stop() {
    end mongo 10
    if alive postgres; then
        postgres_control "$(database_folder)" -w -t 60 -m fast stop || end postgres 10
    fi
    rm -f "$RUN/postgres.pid"
}

# All of it at once, as a power cut would. PostgreSQL's children notice, but not at once, and it
# refuses to start again beside one that is left: so they are killed too.
ferretdb_kill() {
    local postmaster
    end_now mongo
    postmaster=$(pid_of postgres) || return 0
    kill_family "$postmaster"
}

ferretdb_status() {
    local status=0
    alive postgres && ferretdb_answers || status=1
    mongo_status_line "$status" "$(pid_of mongo || true) $(pid_of postgres || true)"
}

ferretdb_purge() {
    [[ ! -e $VAR/mongo/stack ]] || database_remove "$(<"$VAR/mongo/stack")"
}
