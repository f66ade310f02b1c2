# SPDX-License-Identifier: Apache-2.0
"""The quickstart of README, as it is typed. Not named test_*: it wants the release build and the power of a disk, a step of its own."""
import os
import re

from harness import TOP, Skip

deadline_s = 300


def test_the_quickstart_shows_what_it_says(ctx):
    if os.environ.get("SAMPAN_PRESET", "release") != "release":
        raise Skip("it builds preset release, and another one is tested")
    ours = [word for name in os.environ if name.startswith("SAMPAN_") for word in ("-u", name)]  # who types it has none of them
    done = ctx.command("env", *ours, TOP / "packaging/quickstart.sh", deadline_s=deadline_s - 20, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    last = done.stdout.strip().splitlines()[-1]
    counts = re.fullmatch(r"(\d+) images sent, (\d+) acknowledged, (\d+) delivered, (\d+) identical", last)
    assert counts and len(set(counts.groups())) == 1 and int(counts[1]) > 0, last
    cut = {name: (int(acknowledged), int(survived)) for name, acknowledged, survived
           in re.findall(r"^ *(\w+) +(\d+) 已应答 acknowledged, +(\d+) 还在 survived", done.stdout, re.M)}
    if not cut:
        raise Skip(f"{last}; no power cut: {'root, a FUSE and a loop device are needed' if os.geteuid() else done.stdout[-300:]}")
    assert cut["sampand"][0] > 0 and cut["sampand"][1] == cut["sampand"][0], cut
    assert cut["storescp"][1] < cut["storescp"][0], f"the disk lost nothing: {cut}"
    return f"{last}; survived of acknowledged: {cut}"


test_the_quickstart_shows_what_it_says.contract = (1, 3, 5)
