#!/usr/bin/env bash
# start.sh: serves in the foreground. The pinned packages are installed once, beside this script or in SCIMMY_MODULES.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
export MODULES="${SCIMMY_MODULES:-$here}"
if [ ! -d "$MODULES/node_modules/scimmy-routers" ]; then
  mkdir -p "$MODULES"
  [ "$MODULES" = "$here" ] || cp "$here/package.json" "$MODULES"
  (cd "$MODULES" && npm install --silent --no-audit --no-fund --no-package-lock >&2)
fi
exec node "$here/server.mjs"
