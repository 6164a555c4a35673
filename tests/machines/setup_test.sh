#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# setup_test.sh SETUP.SH: `setup.sh test` runs the tests of all labels, of which each must have some,
# and its exit code and last line tell. Stand-ins for cmake and ctest take the place of the real ones.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$1" "$folder/setup.sh"
mkdir "$folder/bin"
cat >"$folder/bin/cmake" <<'END'
#!/bin/sh
echo "-- Brownout: a stand-in"
END
# Knows no test of the label in $EMPTY; tests fail, with the exit code of ctest, if $FAILING says so.
cat >"$folder/bin/ctest" <<'END'
#!/bin/sh
for word in "$@"; do label=$word; done
case " $* " in
  *" -N "*)
    if [ "$label" = "^$EMPTY\$" ]; then echo "Total Tests: 0"; else echo "Total Tests: 10"; fi
    exit 0 ;;
esac
echo "$label" >>"$RAN"
[ -z "$FAILING" ] || exit 8
END
chmod +x "$folder/bin/cmake" "$folder/bin/ctest"

# run FAILING EMPTY: sets code, ran (what was asked for) and last (the last line)
run() {
  rm -f "$folder/ran"
  code=0
  PATH="$folder/bin:$PATH" RAN="$folder/ran" FAILING="$1" EMPTY="$2" BROWNOUT_SKIP_INSTALL=1 \
    bash "$folder/setup.sh" test >"$folder/out" 2>&1 || code=$?
  ran=$(cat "$folder/ran" 2>/dev/null || true)
  last=$(tail -n 1 "$folder/out")
}
expect() {
  [ "$2" = "$3" ] && return
  printf '%s: expected "%s", found "%s"\n' "$1" "$2" "$3" >&2
  cat "$folder/out" >&2
  exit 1
}

labels="style unit systemc cosim property browser fuzz golden python slow torch"
run "" ""
expect "exit code when all pass" 0 "$code"
expect "labels run" "^(${labels// /|})\$" "$ran"
expect "last line" "== Passed: tests with labels $labels" "$last"

run yes ""
expect "exit code when some fail" 1 "$code"
expect "last line" "== Failed: the tests that ctest lists above (of labels $labels)" "$last"

run "" golden
expect "exit code when a label has no test" 2 "$code"
expect "labels run" "" "$ran"
expect "last line" "setup.sh: no test has label golden" "$last"

# `setup.sh package` builds the preset of that name, makes the packages and removes older ones.
cat >"$folder/bin/cmake" <<'END'
#!/bin/sh
echo "$*" >>"$RAN"
echo "-- Brownout: a stand-in"
END
cat >"$folder/bin/cpack" <<'END'
#!/bin/sh
[ -z "$FAILING" ] || { echo "no luck"; exit 1; }
touch build/package/brownout_2_amd64.deb
END
chmod +x "$folder/bin/cpack"
package() {
  mkdir -p "$folder/build/package"
  touch "$folder/build/package/brownout_1_amd64.deb"
  rm -f "$folder/ran"
  code=0
  PATH="$folder/bin:$PATH" RAN="$folder/ran" FAILING="$1" BROWNOUT_SKIP_INSTALL=1 \
    bash "$folder/setup.sh" package >"$folder/out" 2>&1 || code=$?
}
package ""
expect "exit code of package" 0 "$code"
expect "what was built" 1 "$(grep -c -- '--build --preset package' "$folder/ran")"
expect "packages" brownout_2_amd64.deb "$(ls "$folder/build/package")"
expect "packages named" 1 "$(grep -c '^  build/package/brownout_2_amd64.deb$' "$folder/out")"

package yes
expect "exit code when cpack fails" 1 "$code"
expect "what cpack said" 1 "$(grep -c 'no luck' "$folder/out")"
