#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Debian package of this tree, for the Debian or Ubuntu release it is built on; its last line is the file.
#
#   packaging/build_deb.sh [--preset NAME] [--version VERSION] [--out FOLDER] [--no-build]
set -eu
cd "$(dirname "$0")/.."
. packaging/dependencies.sh
preset=release version= out= build=yes
while [ $# -gt 0 ]; do
  case $1 in
    --preset) preset=${2:?}; shift ;;
    --version) version=${2:?}; shift ;;
    --out) out=$(realpath "${2:?}"); shift ;;
    --no-build) build= ;;
    *) sed -n '3,5s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
  esac
  shift
done
need build package
if [ "$build" ]; then
  cmake --preset "$preset"
  cmake --build --preset "$preset" --target sampand sampan
fi >&2
out=${out:-$PWD/build/$preset/packages}
mkdir -p "$out"
# One run at a time: CPack's own folder is below what it is told to fill.
cpack --config "build/$preset/CPackConfig.cmake" -B "$out" ${version:+-D CPACK_PACKAGE_VERSION="$version"} >&2
rm -rf "$out/_CPack_Packages"
ls -t "$out"/sampan_${version:-*}_*.deb | head -1
