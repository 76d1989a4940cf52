#!/usr/bin/env bash
# million.sh BINARY [USERS]
# Memory and time with 1,000, 100,000 and USERS (default 1,000,000) users in one instance, made through the SCIM
# endpoint: cold start, memory while serving, a page of 100 at the first, the middle and the last place by index and by
# cursor, GET by id, filter by userName. One table. BINARY is a release build; at most an hour, a million take some
# 10 minutes and 3 GB in WORK (default: a new folder under TMPDIR, removed at the end).
# Exit: 0 held (a page under 10 times that of 1,000 users, memory under 150 MiB, cold start under 100 ms at 100,000),
# 1 not, 2 usage.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
[ $# -ge 1 ] && [ -x "$1" ] || { echo "usage: million.sh BINARY [USERS]" >&2; exit 2; }
work="${WORK:-$(mktemp -d)}"
[ -n "${WORK-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
rm -rf "$work/data"
timeout 3600 python3 "$here/million.py" "$1" "${2:-1000000}" "$work"
