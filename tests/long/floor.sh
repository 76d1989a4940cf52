#!/usr/bin/env bash
# floor.sh BINARY [SIZES]
# Holds the server against the floor of this machine: a bare actix-web and SQLite server with group commit and
# synchronous=FULL, no authentication and no schema (tests/kit/bench). Both under the same load, one after the other, in
# one run; every acknowledged write durable. A table of medians, with the share of the floor's rate in per cent.
# BINARY is a release build; some 5 minutes for SIZES 1000,10000 (default). WORK as in flat.sh. Needs a quiet machine.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
bench="$here/../kit/bench"
[ $# -ge 1 ] && [ -x "$1" ] || { echo "usage: floor.sh BINARY [SIZES]" >&2; exit 2; }
binary="$(realpath "$1")" sizes="${2:-1000,10000}"
work="${WORK:-$(mktemp -d)}"
[ -n "${WORK-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
rm -rf "$work/data" "$work"/floor.db*
CARGO_TARGET_DIR="$work/bench" cargo build --quiet --release --locked --manifest-path "$bench/Cargo.toml"
programs="$work/bench/release"

field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
slug="$("$binary" --data-dir "$work/data" instance create Bench --json | field slug)"
key="$("$binary" --data-dir "$work/data" key create "$slug" --json | field key)"

load() { # label base token start
  timeout 900 "$programs/scimload" --label "$1" --base "$2" --token "$3" --start "$4" --sizes "$sizes" --repeat 5 --secs 1 \
    --seed-secs 120 --total-secs 600 --persist
}
{
  load floor http://127.0.0.1:18963 none "$programs/floor --port 18963 --db $work/floor.db"
  load rollcall "http://127.0.0.1:18964/scim/$slug/v2" "$key" "$binary --data-dir $work/data serve --listen 127.0.0.1:18964"
} > "$work/floor.jsonl"
echo "$(date +%F), $(git -C "$here" rev-parse --short HEAD), $(nproc) cores"
echo
python3 "$bench/table.py" --of floor "$work/floor.jsonl"
