#!/usr/bin/env bash
# import.sh [USERS]
# The first import of USERS (default 100,000) from a mock that pages as fast as it is asked, beside reading the same pages
# alone with the same HTTP client, in one run and as released: the tests are built with --release, which takes some minutes.
# Exit: 0 held (half the speed of reading alone, memory flat), 1 not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
echo "$(date +%F), $(git rev-parse --short HEAD), $(nproc) cores"
IMPORT_USERS="${1:-100000}" IMPORT_HALF=1 exec cargo test --release --locked --features tools --test it -- \
  --exact cost::the_first_import_beside_reading_alone --nocapture
