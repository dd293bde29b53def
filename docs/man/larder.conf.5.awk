# SPDX-License-Identifier: BSD-2-Clause
#
# Makes larder.conf.5 of docs/configuration.md: its table (a test compares it with the settings
# that the programs have) and the section about workers that belong together.

# roff TEXT: Markdown in a line as roff.
function roff(text) {
    gsub(/\\/, "\\\\e", text)
    gsub(/-/, "\\-", text)
    while (match(text, /\[[^]]*\]\([^)]*\)/))
        text = substr(text, 1, RSTART - 1) link(substr(text, RSTART, RLENGTH)) \
            substr(text, RSTART + RLENGTH)
    while (match(text, /`[^`]*`/))
        text = substr(text, 1, RSTART - 1) "\\fB" substr(text, RSTART + 1, RLENGTH - 2) "\\fR" \
            substr(text, RSTART + RLENGTH)
    if (text ~ /^['.]/)
        text = "\\&" text
    return text
}

function link(text) {
    sub(/^\[/, "", text)
    sub(/\]\(.*/, "", text)
    return text
}

function trim(text) {
    gsub(/^ +| +$/, "", text)
    return text
}

BEGIN {
    print ".\\\" SPDX-License-Identifier: BSD-2-Clause"
    print ".TH LARDER.CONF 5 2026-11-30 larder"
    print ".SH NAME\nlarder.conf \\- settings of larderd and larderctl"
    print ".SH DESCRIPTION\nLines of"
    print "\\fINAME\\fB=\\fIVALUE\\fR; a line that begins with \\fB#\\fR is a comment, and a pair of"
    print "quotes around a whole value is taken off."
    print "The same names in the environment win over the file."
    print "A name that begins with \\fBLARDER_\\fR and is not below is an error; others are ignored."
    print "\\fBlarderd \\-\\-config\\fR \\fIFILE\\fR \\fB\\-\\-check\\-config\\fR says all that is wrong."
    print ".PP\nThe file holds passwords: it belongs to root, and only the group \\fBlarder\\fR reads it"
    print "(mode 0640). After a change, \\fBlarder\\-restart\\fR(8) replaces the workers."
    print ".SH SETTINGS"
}

/^\| `[A-Z]/ {
    gsub(/\\\|/, "\001") # a bar that is no end of a cell
    n = split($0, cell, "|")
    text = trim(cell[5])
    for (i = 6; i < n; i++)
        text = text "|" cell[i]
    gsub(/\001/, "|", text)
    print ".TP\n" roff(trim(cell[2]))
    print "Default: " roff(trim(cell[3])) ". Allowed: " roff(trim(cell[4])) "."
    print ".br"
    print roff(trim(text)) "."
}

/^## / { inside = ($0 ~ /belong together/) }
inside && /^## / { print ".SH \"WORKERS THAT BELONG TOGETHER\""; next }
inside && NF { print (more++ ? ".PP\n" : "") roff($0) }

END {
    print ".SH FILES\n.TP\n\\fB/etc/larder/larder.conf\\fR\nWhere the packages and the units have it."
    print ".SH SEE ALSO\n\\fBlarderctl\\fR(1), \\fBlarderd\\fR(8), \\fBlarder\\-restart\\fR(8)"
}
