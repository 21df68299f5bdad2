#!/usr/bin/env bash
# check: everything that can be known without running the system. Each tool is run even if an
# earlier one failed, so that one run shows every fault.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

failed=0
run() {
  local name=$1
  shift
  if output=$("$@" 2>&1); then
    printf 'PASS\t%s\n' "$name"
  else
    printf 'FAIL\t%s\n%s\n' "$name" "$output"
    failed=1
  fi
}

# Programs say in their first line that they are bash; parts of programs are checked where they are read in,
# since what they share means nothing in each alone.
mapfile -t bash_files < <(git ls-files -co --exclude-standard -- '*.sh' scripts/host .ci/run | xargs grep -slE '^#!.*bash$|^# shellcheck shell=bash' | sort -u)
mapfile -t programs < <(grep -lE '^#!.*bash$' "${bash_files[@]}")

run types npx --no-install tsc --noEmit
run eslint npx --no-install eslint --max-warnings 0 .
run prettier npx --no-install prettier --check --log-level warn .

for tool in shellcheck shfmt; do
  if ! command -v "$tool" >/dev/null; then
    printf 'SKIP\t%s is not installed: apt-get install %s\n' "$tool" "$tool"
    # On a laptop a missing linter is a pity; in CI it would be a check that nobody notices is gone.
    [[ ${CI:-} == true ]] && failed=1
  elif [[ $tool == shellcheck ]]; then
    run shellcheck shellcheck -x -a -P SCRIPTDIR "${programs[@]}"
  else
    run shfmt shfmt -i 2 -ci -d "${bash_files[@]}"
  fi
done
exit "$failed"
