# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A private mongod, where the machine has the program.

mongod_start() {
    local mark=$VAR/mongo/data/larder-user-made
    if alive mongo; then
        mongo_publish
        return
    fi
    command -v mongod >/dev/null ||
        fail "This stack's data are those of a mongod, and there is none on PATH any more." \
            "Install it again, or give up the data: scripts/down --purge."
    port_need mongo
    (umask 077 && mkdir -p "$VAR/mongo/data")
    [[ -s $VAR/mongo/password ]] || secret | write_private "$VAR/mongo/password"
    write_private "$VAR/mongo/mongod.conf" <<END
# Written by scripts/stack.
net:
  bindIp: 127.0.0.1
  port: $(port mongo)
  unixDomainSocket:
    enabled: false
security:
  authorization: enabled
storage:
  dbPath: "$VAR/mongo/data"
END
    mongo_publish
    step "Starting mongod on 127.0.0.1:$(port mongo)" "See $LOG/mongo.log." mongod_launch
    [[ -e $mark ]] || step "Making its user" "See $LOG/mongo.log." mongod_make_user "$mark"
}

mongod_launch() {
    daemon mongo "$LOG/mongo.log" mongod --config "$VAR/mongo/mongod.conf"
    wait_until 30 mongod_answers
}

mongod_answers() {
    alive mongo && port_in_use "$(port mongo)"
}

# The first user may be made from this machine without a password.
mongod_make_user() {
    packages_need python3
    "$LIB/mongo-user" "$(port mongo)" larder <"$VAR/mongo/password"
    touch "$1"
}

mongod_stop() {
    end mongo 60
}

mongod_kill() {
    end_now mongo
}

mongod_status() {
    local status=0
    mongod_answers || status=1
    mongo_status_line "$status" "$(pid_of mongo || true)"
}
