# SPDX-License-Identifier: Apache-2.0
"""For nights: the two commands of README on a fresh Debian 12. Not named test_*, so that no other run picks it up."""
import os

from harness import TOP, Skip, tool

deadline_s = 7200


def test_both_commands_of_the_readme_work_on_a_fresh_machine(ctx):
    if os.geteuid() != 0:
        raise Skip("a chroot needs root")
    tool("mmdebstrap")
    done = ctx.command(TOP / "tests/e2e/chroot_proof.sh", "--full", deadline_s=deadline_s - 60, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    return "fresh bookworm chroot"
