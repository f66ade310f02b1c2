#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# 舢板：五分钟看懂它做什么。 Sampan: see what it does, in five minutes.
#
#   packaging/quickstart.sh                       a clinic and a lead hospital on this machine, and a bad line between them
#   packaging/quickstart.sh --keep                ...and leave both running, to look around
#   packaging/quickstart.sh --to AE@host:port     ...into your own PACS instead of the built-in lead
#
# Installs what is missing with apt (as root), builds what it needs, and runs everything else as an unprivileged
# user, in a private folder, on free loopback ports. Nothing is installed into the system, nothing stays but build/.
# Only the disk whose power is cut in the last scene is kept by root, in a mount namespace that goes with it.
set -eu
cd "$(dirname "$0")/.."
. packaging/dependencies.sh

usage() { sed -n '3,11s/^# \{0,1\}//p' "$0"; }
options=()
while [ $# -gt 0 ]; do
  case $1 in
    --keep) options+=(--keep) ;;
    --to) options+=(--to "${2:?--to needs AE@host:port}"); shift ;;
    -h | --help) usage; exit 0 ;;
    *) echo "unknown option $1" >&2; usage >&2; exit 64 ;;
  esac
  shift
done

echo "== 准备：安装缺少的软件包并编译（第一次需要几分钟）。"
echo "   Getting ready: installing missing packages and building (takes minutes the first time)."
need build run
# A disk that can lose its power needs root and a kernel that mounts.
disk=
if [ "$(id -u)" = 0 ] && [ -w /dev/fuse ] && [ -w /dev/loop-control ] && unshare --mount true 2>/dev/null && need power; then disk=yes; fi
build=build/release
log=$(mktemp "${TMPDIR:-/tmp}/sampan-build.XXXXXX")
if ! { cmake --preset release && cmake --build --preset release --target sampand sampan make_images raw_scu; } >"$log" 2>&1; then
  tail -40 "$log"
  echo "编译失败，日志见 / the build failed, see $log" >&2
  exit 1
fi
rm -f "$log"

# The checkout may be out of an unprivileged user's reach, so the programs come along into the private folder.
private=$(mktemp -d "${TMPDIR:-/tmp}/sampan-quickstart.XXXXXX")
mkdir -p "$private/bin"
cp "$build"/bin/{sampand,sampan,make_images,raw_scu} "$private/bin"
cp packaging/{voyage,power_scene,power_disk}.py tests/support/{harness,node,peers,part10,line,sink}.py tests/crash/volatile_disk.{py,c} "$private"

as_user=()
if [ "$(id -u)" = 0 ]; then
  chown -R nobody: "$private"
  as_user=(setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups --no-new-privs)
fi
disk_settings=("SAMPAN_NO_DISK=模拟磁盘需要 root、/dev/fuse 和 /dev/loop-control，本幕略过。
The simulated disk needs root, /dev/fuse and /dev/loop-control: this scene is left out.")
in_its_mounts=()
if [ "$disk" ]; then
  mkfifo "$private/commands" "$private/answers"
  SAMPAN_BIN="$private/bin" TMPDIR="$private" /usr/bin/python3 -B "$private/power_disk.py" "$(id -u nobody)" "$(id -g nobody)" \
    <"$private/commands" >"$private/answers" &
  keeper=$!
  exec 9>"$private/commands" 8<"$private/answers"
  read -r answer <&8 || answer="no answer"
  if [ "$answer" = ready ]; then
    disk_settings=(SAMPAN_DISK=8,9)
    in_its_mounts=(nsenter "--mount=/proc/$keeper/ns/mnt" "--wdns=$private")
  else
    disk_settings=("SAMPAN_NO_DISK=这里不能模拟磁盘断电，本幕略过。
No disk that loses power can be had here: this scene is left out. (${answer#no })")
  fi
fi
code=0
env -i PATH="$PATH" LANG="${LANG:-C.UTF-8}" HOME="$private" TMPDIR="$private" PYTHONDONTWRITEBYTECODE=1 SAMPAN_BIN="$private/bin" \
  "${disk_settings[@]}" "${in_its_mounts[@]}" "${as_user[@]}" /usr/bin/python3 "$private/voyage.py" "${options[@]}" || code=$?
if [ "$disk" ]; then  # it takes its disk apart when it is not needed any more
  exec 8<&- 9>&-
  wait "$keeper" || true
fi
case " ${options[*]-} " in
  *" --keep "*) [ $code != 0 ] || exit 0 ;;
esac
rm -rf "$private"
exit $code
