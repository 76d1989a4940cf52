#!/usr/bin/env bash
# durability.sh BINARY [USERS]
# Shows that no 201 leaves the server before the sync that follows its write: `rollcall serve` runs under strace,
# users are POSTed one after another, and durability.py reads the trace. (A kill cannot show this: what a process
# wrote stays in the page cache.) Needs strace, curl, python3. Exit: 0 shown, 1 not, 2 usage or set-up error.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
[ $# -ge 1 ] && [ -x "$1" ] || { echo "usage: durability.sh BINARY [USERS]" >&2; exit 2; }
binary="$(realpath "$1")" users="${2:-20}"

work="$(mktemp -d)" tracer="" server=""
data="$work/data"
finish() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$tracer" ] || wait "$tracer" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
broken() { echo "durability.sh: $1" >&2; cat "$work/out" >&2 2>/dev/null || true; exit 2; }
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

# -yy names the file or the connection behind each descriptor
strace -f -tt -yy -s 40 -o "$work/trace" -e trace=pwrite64,pwritev,write,writev,sendto,sendmsg,fdatasync,fsync \
  "$binary" --data-dir "$data" serve --listen 127.0.0.1:0 > "$work/out" 2>&1 &
tracer=$!

address=""
for _ in $(seq 300); do
  kill -0 "$tracer" 2>/dev/null || broken "the server ended"
  server="$(cat "/proc/$tracer/task/$tracer/children" 2>/dev/null | tr -d ' ' || true)"
  address="$(grep -oE '127\.0\.0\.1:[1-9][0-9]*' "$work/out" | head -n 1 || true)"
  [ -n "$address" ] && curl -s -o /dev/null "http://$address/" && break
  sleep 0.1
done
[ -n "$address" ] || broken "the server did not say its address within 30 s"

slug="$("$binary" --data-dir "$data" instance create demo --json | field slug)" || broken "no instance"
key="$("$binary" --data-dir "$data" key create "$slug" --json | field key)" || broken "no key"
sleep 1 # what the two commands wrote is synced before the first request counts

for i in $(seq "$users"); do
  status="$(curl -s -o "$work/answer" -w '%{http_code}' -H "Authorization: Bearer $key" \
    -H 'Content-Type: application/scim+json' "http://$address/scim/$slug/v2/Users" \
    -d "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"durable$i@example.com\"}")"
  [ "$status" = 201 ] || broken "POST $i answered $status: $(head -c 300 "$work/answer")"
done

kill "$server"
wait "$tracer" || true
server="" tracer=""
python3 "$here/durability.py" "$work/trace" "$users"
