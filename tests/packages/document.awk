# SPDX-License-Identifier: BSD-2-Clause
#
# awk -v way=packages -f document.awk docs/deployment.md: the page's blocks of shell, for one way of
# installing, as one script, or (-v only=1) those of that way alone. Each reads the password where it asks for one; the first, with the
# reader's own values, is followed by the test's (values.sh). "certificate" is certbot's.
(!only && /^```sh *$/) || $0 == "```sh " way {
    inside = 1
    blocks++
    print "exec <<<\"$ADMIN_PASSWORD\""
    print "echo '== block " blocks "' >&2"
    next
}
/^```/ && inside {
    inside = 0
    if (!only && blocks == 1)
        print ". /root/values.sh"
    next
}
inside
