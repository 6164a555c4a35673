#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages on a clean Debian 12 or 13 in a folder of this machine, uses them,
# removes them, and compares what is left. Needs root and debootstrap; leaves nothing mounted.
set -euo pipefail

usage() {
  cat <<'END'
usage: tests/machines/packages.sh [OPTION]... RELEASE
  RELEASE             bookworm (Debian 12) or trixie (Debian 13)
  --debs FOLDER       the packages; without it they are built on the same release first, by
                      `./setup.sh package` in tests/machines/chroot.sh, which takes long
  --folder FOLDER     where the systems go (/var/tmp/brownout-packages-RELEASE); the clean one is
                      kept there for the next time
  --ccache FOLDER     of the build, see chroot.sh
  --mirror URL        of Debian's packages (http://deb.debian.org/debian)
  --transcript FILE   also write what was typed and printed to FILE
END
}
fail() { printf 'packages.sh: %s\n' "$*" >&2; exit 2; }
say() { printf '\n== %s\n' "$*" >&2; }

debs='' folder='' ccache='' mirror=http://deb.debian.org/debian transcript=''
while [ $# -gt 0 ]; do
  case "$1" in
    --debs | --folder | --ccache | --mirror | --transcript)
      [ $# -ge 2 ] || fail "$1 needs a value"
      printf -v "${1#--}" %s "$2"
      shift 2 ;;
    -h | --help) usage; exit ;;
    -*) usage >&2; fail "unknown option $1" ;;
    *) break ;;
  esac
done
[ $# -eq 1 ] || { usage >&2; exit 2; }
case "$1" in bookworm | trixie) release=$1 ;; *) fail "expected bookworm or trixie, got \"$1\"" ;; esac
[ "$(id -u)" = 0 ] || fail "only root may install a system into a folder and enter it"
command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"
folder=$(realpath -m "${folder:-/var/tmp/brownout-packages-$release}")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if [ -z "$debs" ]; then
  say "Building the packages on $release"
  "$here/chroot.sh" --folder "$folder-build" --mirror "$mirror" --keep \
    ${ccache:+--ccache "$ccache"} "$release" "./setup.sh package" >&2
  debs=$folder-build/brownout/build/package
fi
ls "$debs"/*.deb >/dev/null || fail "$debs: expected packages (*.deb), found none"

# enter SYSTEM COMMAND: mounts of a name space of its own end with it.
enter() {
  system=$1 command=$2 archives=$folder/archives unshare --mount --propagation private \
    bash -euo pipefail -c '
      mount -t proc proc "$system/proc"
      mount --bind "$archives" "$system/var/cache/apt/archives"
      exec chroot "$system" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive bash -euo pipefail -c "$command"'
}

# A clean system, with what its user would have: a compiler, man and the shells.
mark=$folder/.brownout-packages # in folders that this script may change
[ -e "$mark" ] || [ ! -e "$folder" ] || fail "$folder: expected a new folder or one of this script"
mkdir -p "$folder/archives/partial"
touch "$mark"
if [ ! -e "$folder/clean.made" ]; then
  say "Installing a clean $release"
  rm -rf --one-file-system "$folder/clean"
  debootstrap --variant=minbase "$release" "$folder/clean" "$mirror" >&2
  enter "$folder/clean" '
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends bash-completion cmake fish g++ iverilog make man-db \
      pkg-config zsh >/dev/null 2>&1
    useradd --create-home --shell /bin/bash reader
    echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/unsafe-io' >&2
  touch "$folder/clean.made"
fi

# Two copies: one gets the packages, which are used and removed again; the other one only what apt
# installed with them. Both then have to hold the same files.
copy() {
  rm -rf --one-file-system "${folder:?}/$1"
  cp -a "$folder/clean" "$folder/$1"
  mkdir "$folder/$1/packages"
  cp "$debs"/*.deb "$here/packages_use.sh" "$folder/$1/packages"
}
list='find / -xdev \( -path /dev -o -path /home -o -path /packages -o -path /proc -o -path /root \
  -o -path /run -o -path /sys -o -path /tmp -o -path /var/cache -o -path /var/lib/apt \
  -o -path /var/lib/dpkg -o -path /var/log -o -path /var/tmp \) -prune -o -print | sort'

say "Installing, using and removing the packages"
copy used
used=0
enter "$folder/used" 'apt-get update -qq; bash /packages/packages_use.sh' |
  tee "$folder/transcript" || used=$?
enter "$folder/used" "$list" >"$folder/after"

say "Installing what they depend on, alone"
copy dependencies
cp "$folder/used/packages/dependencies" "$folder/dependencies/packages"
enter "$folder/dependencies" '
  apt-get update -qq
  xargs apt-get install -y -qq --no-install-recommends </packages/dependencies >/tmp/log 2>&1 ||
    { cat /tmp/log; exit 1; }' >&2
enter "$folder/dependencies" "$list" >"$folder/before"
{
  printf '\n# diff files-with-the-dependencies-alone files-now\n'
  diff "$folder/before" "$folder/after" && printf '(no difference)\n'
} | tee -a "$folder/transcript" || used=1
[ -z "$transcript" ] || cp "$folder/transcript" "$transcript"
[ "$used" = 0 ] || { say "Failed"; exit 1; }
rm -rf --one-file-system "$folder/dependencies" "$folder/used"
say "Passed"
