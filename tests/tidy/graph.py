# SPDX-License-Identifier: Apache-2.0
"""Who may include whom: DESIGN section 4 as data. Every other file of tidy only reads these tables."""

# module -> the modules it may see. `base` is seen by all.
MODULES = {
    "base": (),
    "core": ("base",),
    "policy": ("base", "core"),
    "queue": ("base", "core"),
    "wire": ("base", "core"),
    "dicom": ("base", "core"),
    "http": ("base", "core"),
    "intake": ("base", "core", "wire", "dicom", "http"),
    "uplink": ("base", "core", "wire", "dicom"),
    "telemetry": ("base", "core", "dicom"),
    "scheduler": ("base", "core", "policy", "queue"),
    "worker": ("base", "core", "wire", "dicom"),
    "settings": ("base", "core"),
    "control": ("base", "core", "http", "queue", "scheduler", "telemetry"),
    "node": ("base", "core", "policy", "queue", "wire", "dicom", "http", "intake", "uplink", "telemetry",
             "scheduler", "worker", "settings", "control"),
    "daemon": ("base", "settings", "node"),
    "cli": ("base", "settings", "control"),
}

# The client half of control: what the command line shares with the daemon. It knows nothing of the daemon's inside.
CLIENT_HALF = ("control/client.", "control/custody.", "control/events_json.", "control/exam.", "control/folder_words.", "control/json_fields.", "control/node_status.",
               "control/reason_phrases.", "control/reason_words.", "control/refusal.", "control/reload.", "control/rows.",
               "control/status_json.",
               "control/words.")
# Narrower than its module: a file (by the start of its path) -> what it may see of agent/.
ONLY = {"agent/" + part: ("base/", *CLIENT_HALF) for part in CLIENT_HALF}
# module -> the headers of another module that are all it may see of it.
DOOR = {("cli", "control"): CLIENT_HALF}

# Third-party headers (by their start) -> the files (by their start) that may include them.
THIRD_PARTY = {
    "sqlite3.h": ("agent/queue/", "agent/telemetry/history"),
    "dcmtk/": ("agent/dicom/", "agent/intake/dimse", "agent/uplink/dimse", "agent/worker/", "tests/support/tools/conformance"),
    "curl/": ("agent/uplink/",),
    "microhttpd.h": ("agent/http/",),
    "yaml-cpp/": ("agent/settings/",),
    "spdlog/": ("agent/base/log",),
    "fmt/": ("agent/base/log",),
    "nlohmann/": ("agent/control/", "agent/uplink/stow", "agent/uplink/http", "agent/telemetry/", "agent/wire/"),
    "CLI/": ("agent/cli/", "agent/daemon/"),
    "asio": ("agent/control/", "agent/scheduler/", "agent/telemetry/", "agent/node/", "agent/daemon/"),
    "openssl/": ("agent/base/", "agent/wire/"),
    "zlib.h": ("agent/dicom/",),
    "zstd.h": ("agent/wire/", "agent/worker/"),
    "charls/": ("agent/worker/",),
    "jxl/": ("agent/worker/",),
    "dlfcn.h": ("agent/worker/", "tests/bench/slow_sync"),
    "doctest/": ("tests/",),
}
# Tests may hold a real counterpart's header against ours; these two are free in tests/ as well.
TESTS_MAY_ALSO = ("nlohmann/", "CLI/", "openssl/", "zlib.h", "sqlite3.h")

# <name> without a dot is the C++ library. These are the C library and the kernel.
SYSTEM = ("sys/", "linux/", "netinet/", "arpa/", "net/", "bits/")
SYSTEM_HEADERS = frozenset(
    "assert.h ctype.h dirent.h endian.h errno.h fcntl.h fnmatch.h grp.h iconv.h inttypes.h langinfo.h limits.h locale.h malloc.h "
    "math.h netdb.h nmmintrin.h poll.h pthread.h pwd.h sched.h semaphore.h signal.h spawn.h stdarg.h stddef.h stdint.h stdio.h "
    "stdlib.h string.h strings.h syslog.h termios.h time.h unistd.h wchar.h wctype.h".split())

# Sizes of DESIGN section 4: lines within which 95 % of the files stay, and lines no file exceeds.
HEADER_LINES, SOURCE_LINES, FILE_LINES_MAX, FUNCTION_LINES_MAX = 150, 400, 700, 70
SHARE_WITHIN = 0.95
# Tables and catalogues, where length is not complexity. Each one named here.
TABLES = frozenset()

TOP_LEVEL = frozenset(
    "CMakeLists.txt CMakePresets.json LICENSE README.md agent plugins config systemd packaging tests".split())
