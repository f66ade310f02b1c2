# SPDX-License-Identifier: Apache-2.0
# What is needed from Debian, in one place; sourced by quickstart.sh, tests/run.sh and .ci/run.
#
#   need build run test power fuzz mutation package guest chroot boot     installs what is missing of these sets, or says what to install and returns 1

build_packages="g++ cmake ninja-build pkg-config libdcmtk-dev libasio-dev libcurl4-openssl-dev libsqlite3-dev
  libyaml-cpp-dev libspdlog-dev libmicrohttpd-dev libssl-dev zlib1g-dev nlohmann-json3-dev libcli11-dev doctest-dev"
package_packages="dpkg-dev file"
run_packages="dcmtk openssl python3 util-linux"
test_packages="bindfs git groff-base orthanc orthanc-dicomweb python3-pydicom strace xfsprogs"
power_packages="gcc libc6-dev nbdkit nbdkit-plugin-dev libnbd-bin e2fsprogs mount"
guest_packages="qemu-system-x86 cpio kmod"
fuzz_packages="clang libclang-rt-dev"
mutation_packages="python3-clang-14"
chroot_packages="mmdebstrap debian-archive-keyring"
boot_packages="systemd-container iproute2 swtpm"

missing_of() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

# Tests start their counterparts themselves: a package that brings a service must not start it here.
without_services() {
  local policy=/usr/sbin/policy-rc.d made= code=0
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && made=yes
  fi
  "$@" || code=$?
  [ -z "$made" ] || rm -f "$policy"
  return "$code"
}

need() {
  local set packages="" missing
  for set in "$@"; do
    local name="${set}_packages"
    packages="$packages ${!name}"
  done
  missing=$(missing_of $packages | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    echo "missing packages; as root run: apt-get install $missing" >&2
    return 1
  fi
  echo "installing: $missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update &&
    without_services apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends $missing >/dev/null
}
