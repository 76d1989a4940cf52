#!/usr/bin/env bash
# kill.sh [TIMES]
# `kill -9` of the process TIMES (default 50) while it pushes, and as often while it imports; then 40,000 people who wait
# out three days of a refused token. The same tests as in every run, only longer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
echo "$(date +%F), $(git rev-parse --short HEAD), $(nproc) cores"
CRASH_KILLS="${1:-50}" WAITING=40000 exec cargo test --locked --features tools --test it -- --nocapture crash:: parked::
