#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs README's commands on a fresh Debian 12 or 13 in a folder of this machine. Needs root and
# debootstrap; leaves nothing mounted.
set -euo pipefail

usage() {
  cat <<'END'
usage: tests/machines/chroot.sh [OPTION]... RELEASE [COMMAND]
  RELEASE          bookworm (Debian 12) or trixie (Debian 13)
  COMMAND          what bash runs in a copy of the working tree there;
                   "./setup.sh demo && ./setup.sh test" when not given
  --folder FOLDER  where the system goes (/var/tmp/brownout-RELEASE); an earlier one of this script
                   is removed first
  --keep           keep the earlier one, its packages and build/; copy the working tree anew
  --ccache FOLDER  let ccache keep what it compiled there, for the next fresh system
  --mirror URL     of Debian's packages (http://deb.debian.org/debian)
END
}
fail() { printf 'chroot.sh: %s\n' "$*" >&2; exit 2; }

folder='' keep=0 ccache='' mirror=http://deb.debian.org/debian
while [ $# -gt 0 ]; do
  case "$1" in
    --keep) keep=1; shift ;;
    --folder | --ccache | --mirror)
      [ $# -ge 2 ] || fail "$1 needs a value"
      printf -v "${1#--}" %s "$2"
      shift 2 ;;
    -h | --help) usage; exit ;;
    -*) usage >&2; fail "unknown option $1" ;;
    *) break ;;
  esac
done
[ $# -eq 1 ] || [ $# -eq 2 ] || { usage >&2; exit 2; }
case "$1" in bookworm | trixie) release=$1 ;; *) fail "expected bookworm or trixie, got \"$1\"" ;; esac
command=${2:-./setup.sh demo && ./setup.sh test}
[ "$(id -u)" = 0 ] || fail "only root may install a system into a folder and enter it"
command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"
folder=$(realpath -m "${folder:-/var/tmp/brownout-$release}")
[ -z "$ccache" ] || { mkdir -p "$ccache"; ccache=$(realpath "$ccache"); }
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

mark=$folder/.brownout-chroot # in folders that this script may remove
if [ "$keep" = 0 ] || [ ! -e "$mark" ]; then
  if [ -e "$folder" ]; then
    [ -e "$mark" ] || fail "$folder: expected a new folder or one of this script"
    rm -rf --one-file-system "$folder"
  fi
  mkdir -p "$folder"
  touch "$mark"
  debootstrap --variant=minbase "$release" "$folder" "$mirror"
fi

# The working tree as it is: what git tracks or would track.
mkdir -p "$folder/brownout"
find "$folder/brownout" -mindepth 1 -maxdepth 1 ! -name build ! -name out -exec rm -rf {} +
git -C "$tree" ls-files -z --cached --others --exclude-standard |
  (cd "$tree" && while IFS= read -r -d '' file; do
    [ ! -e "$file" ] || printf '%s\0' "$file"
  done) |
  tar -C "$tree" --null -T - -c | tar -C "$folder/brownout" --no-same-owner -x

# Mounts of a name space of its own end with it.
export folder ccache command
exec unshare --mount --propagation private bash -euo pipefail -c '
  mount -t proc proc "$folder/proc"
  mount --rbind /dev "$folder/dev"
  prepare=true
  if [ -n "$ccache" ]; then
    mkdir -p "$folder/ccache"
    mount --bind "$ccache" "$folder/ccache"
    prepare="apt-get update -qq && apt-get install -y -qq --no-install-recommends ccache >/dev/null"
  fi
  exec chroot "$folder" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive CCACHE_DIR=/ccache \
    BROWNOUT_TEST_PATIENCE="${BROWNOUT_TEST_PATIENCE:-10}" \
    bash -c "$prepare && cd /brownout && $command"'
