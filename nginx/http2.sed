# SPDX-License-Identifier: BSD-2-Clause
# sed -E: for nginx 1.25.1 and later, where `http2 on;` replaces the parameter of listen. make install
# does so by itself where it finds such an nginx, or none.
/^#? *# nginx 1\.25/d
s/^(#?)( *)(listen \[::\]:443 ssl) http2([^;]*);$/\1\2\3\4;\n\1\2http2 on;/
s/^(#? *listen 443 ssl) http2/\1/
