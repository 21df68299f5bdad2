#!/usr/bin/env bash
# set-up: makes a fresh checkout runnable, and does nothing where it already is.
#
# Only Node.js modules are handled here, because without them no TypeScript runs at all. What the
# local cloud needs of the machine (packages, image) is handled by the command that needs it.
set -euo pipefail

readonly NODE_MAJOR_MIN=20 NODE_MINOR_MIN=19
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v node >/dev/null; then
  printf 'Node.js is missing. Install version %s.%s or newer, then run this again.\n' \
    "$NODE_MAJOR_MIN" "$NODE_MINOR_MIN" >&2
  exit 1
fi

version=$(node -p 'process.versions.node')
IFS=. read -r major minor _ <<<"$version"
if ((major < NODE_MAJOR_MIN || (major == NODE_MAJOR_MIN && minor < NODE_MINOR_MIN))); then
  printf 'Node.js %s is too old: version %s.%s or newer is needed (found at %s).\n' \
    "$version" "$NODE_MAJOR_MIN" "$NODE_MINOR_MIN" "$(command -v node)" >&2
  exit 1
fi

# The marker holds the lock file that was installed; it is written last, so that an install that
# died half-way is not taken for a whole one.
readonly MARKER=node_modules/.stronghold-lock
if ! cmp -s package-lock.json "$MARKER"; then
  printf 'Installing Node.js modules (npm ci)...\n' >&2
  npm ci --no-audit --no-fund --loglevel=error >&2 || {
    printf "npm ci failed; see above. Nothing else was changed.\n" >&2
    exit 1
  }
  cp package-lock.json "$MARKER"
fi
