#!/usr/bin/env bash
# flat.sh BINARY [SIZES]
# That cost grows with the work asked for and not with the directory: look-ups at 1,000, 10,000 and 100,000 users
# (SIZES, with commas), one member added to groups of 10 to 100,000, the whole list in pages of 100. Three tables.
# BINARY is a release build; some 5 minutes, at most 30, and 1 GB in WORK (default: a new folder under TMPDIR, removed
# at the end). Exit: 0 held, 1 not, 2 usage.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
[ $# -ge 1 ] && [ -x "$1" ] || { echo "usage: flat.sh BINARY [SIZES]" >&2; exit 2; }
work="${WORK:-$(mktemp -d)}"
[ -n "${WORK-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
rm -rf "$work/data"
timeout 1800 python3 "$here/flat.py" "$1" "${2:-1000,10000,100000}" "$work"
