#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The two commands of README on a fresh Debian 12 with only git and root: a new chroot, a new clone of HEAD.
#
#   tests/e2e/chroot_proof.sh [--full | --ci] [--keep]      --full: tests/run.sh as a whole instead of --quick; --ci: what the continuous
#                                                           integration runs
#
# Needs root and mmdebstrap. The mirror is the one apt uses here, the devices are those of this machine: a computer has disks to simulate,
# terminals and a /dev/fuse, which a bare chroot has not. Takes about 15 minutes; ends with `fresh machine: good`.
set -eu
cd "$(dirname "$0")/../.."
. packaging/dependencies.sh
tests="tests/run.sh --quick" keep=
for option in "$@"; do
  case $option in
    --full) tests=tests/run.sh ;;
    --ci) tests=.ci/run ;;
    --keep) keep=yes ;;
    *) echo "unknown option $option" >&2; exit 64 ;;
  esac
done
[ "$(id -u)" = 0 ] || { echo "needs root, for the chroot" >&2; exit 77; }
need chroot

# Lines `deb URI SUITE main` of what this machine's apt has for bookworm, of both file formats.
debian_sources() {
  awk '/^Types:/ { uri = "" } /^URIs:/ { uri = $2 }
       /^Suites:/ && uri { for (i = 2; i <= NF; i++) if ($i ~ /^bookworm/) print "deb", uri, $i, "main" }' \
    /etc/apt/sources.list.d/*.sources 2>/dev/null
  sed -nE 's/^deb +(\[[^]]*\] +)?([^ ]+) +(bookworm[^ ]*) +main.*/deb \2 \3 main/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null
}
mapfile -t sources < <(debian_sources | sort -u)
[ ${#sources[@]} -gt 0 ] || { echo "apt knows no bookworm here" >&2; exit 77; }

root=$(mktemp -d "${TMPDIR:-/tmp}/sampan-chroot.XXXXXX")
trap '[ "$keep" ] && echo "kept: $root" || rm -rf --one-file-system "$root"' EXIT
began=$SECONDS
mmdebstrap --quiet --variant=apt --include=git,ca-certificates,mount bookworm "$root" "${sources[@]}"
cp /etc/resolv.conf "$root/etc/resolv.conf"
proxy=$(apt-config dump | grep -E '^Acquire::(https?)::Proxy' || true)
[ -z "$proxy" ] || echo "$proxy" >"$root/etc/apt/apt.conf.d/80proxy"
git bundle create -q "$root/sampan.bundle" HEAD
echo "---- a fresh bookworm ($((SECONDS - began)) s)"

# One command in it, in process and mount namespaces of its own, of which it is the root: what it leaves behind ends with it.
inside() {
  unshare --mount --pid --fork --kill-child bash -c '
    mount --make-rprivate / && mount --bind "$1" "$1" && mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" &&
    mount --rbind /sys "$1/sys" && mount -t tmpfs tmpfs "$1/dev/shm" && cd "$1" && pivot_root . mnt && umount -l /mnt &&
    exec /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb LANG=C.UTF-8 \
      bash -c "$2"' - "$root" "$1"
}
# Runs a command and checks its last line.
prove() {
  local command=$1 last=$2 begin=$SECONDS log="$root/log"
  inside "cd /sampan && $command" 2>&1 | tee "$log" || { echo "failed: $command"; exit 1; }
  tail -n 1 "$log" | grep -Eqx "$last" || { echo "wrong last line of $command"; exit 1; }
  echo "---- $command ($((SECONDS - begin)) s)"
}
set -o pipefail
inside "git -c advice.detachedHead=false clone -q /sampan.bundle /sampan"
prove packaging/quickstart.sh '([1-9][0-9]*) images sent, \1 acknowledged, \1 delivered, \1 identical'
prove "$tests" '[1-9][0-9]* passed, 0 failed(, [0-9]+ skipped)?'
echo "fresh machine: good"
