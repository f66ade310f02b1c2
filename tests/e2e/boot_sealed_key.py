# SPDX-License-Identifier: Apache-2.0
"""The key of a node sealed by a TPM, by the commands of the manual page, over a start of the system, and on one with another TPM.

A booted Debian 12 as in boot_package.py. Its TPM 2.0 is swtpm, in the network of that system; systemd there reaches it over the TCTI that
SYSTEMD_TPM2_DEVICE names, by the same library and the same TPM commands as a chip. Of the step `guest`.
"""
import os
import re
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))
import part10
from boot_package import STATE, Inside, Machine, depends, make_deb
from harness import TOP, Skip, tool, wait_until
from measure import children
from peers import RawScp, RawScu
from test_keys import on_paper

contract = (9, 11)
deadline_s = 900
PORT = 2321
DEVICE = f"SYSTEMD_TPM2_DEVICE=swtpm:host=127.0.0.1,port={PORT}"


def recipes():
    """The blocks of commands in the section on keys, as a reader copies them: how to seal, and how to go on with the recovery key."""
    page = (TOP / "packaging/man/sampand.8").read_text()
    section = page[page.index(".Sh KEYS"):page.index(".Sh SEE ALSO")]
    seal, recover = re.findall(r"^\.Bd -literal.*\n((?:.*\n)*?)\.Ed$", section, re.MULTILINE)
    return seal, recover


class Board:
    """A TPM of its own; what it holds stays over its starts, as the board of a computer keeps it."""

    def __init__(self, ctx, name):
        self.ctx, self.name, self.state = ctx, name, ctx.folder(f"tpm-{name}")

    def boot(self, machine):
        machine.boot(f"--setenv={DEVICE}")
        # Ends with the system: nothing of its network is left.
        process = self.ctx.run(["nsenter", "-t", str(machine.leader), "-n", tool("swtpm"), "socket", "--tpm2", "--tpmstate", f"dir={self.state}",
                                "--server", f"type=tcp,port={PORT}", "--ctrl", f"type=tcp,port={PORT + 1}", "--flags", "not-need-init,startup-clear"],
                               f"swtpm-{self.name}")
        wait_until(lambda: f":{PORT:04X} " in machine.run("cat /proc/net/tcp"), lambda: f"the TPM is there: {process.complained()}", 20)
        return process


def do(machine, commands):
    machine.run(f"export {DEVICE}\nset -e\n{commands}")


def close_sessions(machine):
    """As /dev/tpmrm0, by which systemd finds a chip, does when a program ends. systemd 252 relies on that: every credential that it opens leaves
    one of the three sessions of a TPM behind."""
    machine.run(f"tpm2_flushcontext -T swtpm:host=127.0.0.1,port={PORT} --loaded-session")


def restart(machine):
    close_sessions(machine)
    beside = machine.unit("MainPID")
    machine.run("systemctl restart sampand || { journalctl -b --no-pager -u sampand | tail -n 30; false; }")
    machine.wait_up(beside)


def lead_hospital(machine, inside, name):
    scp = RawScp(inside, name).start()
    machine.write("/etc/sampan/sampan.yaml", f"site: clinic\ndestinations: [{{name: lead, dimse: LEAD@127.0.0.1:{scp.port}}}]\n")
    restart(machine)
    return scp


def check_delivered(machine, scp, images):
    wait_until(lambda: scp.shas() == images, lambda: f"{machine.status()['destinations']}", 60, 0.2)
    wait_until(lambda: machine.status()["destinations"][0]["waiting"] == 0, "receipts are kept", 30, 0.2)
    for pid in children(scp.process.pid):  # in the machine; its parent only went in there
        os.kill(pid, signal.SIGKILL)
    scp.process.child.wait(20)


def power_off(machine, tpm):
    machine.stop()
    tpm.kill()


def send(inside, images):
    scu = RawScu(inside, "127.0.0.1:11112", images, called="SAMPAN")
    assert scu.wait() == 0, scu.sent()
    return scu.acknowledged()


def check_held(machine, count):
    status = machine.status()
    assert (status["key"]["protected_by"], status["spool"]["items"]) == ("credential", count), (status["key"], status["spool"])


def picture(machine):
    """Every file's and folder's mode, owner, size and time of change, and every file's bytes."""
    return set(machine.run(f"cd {STATE} && find . -printf '%p %m %U %s %T@ %C@\\n'; find . -type f -exec sha256sum {{}} +").splitlines())


def rescued(machine, paper):
    machine.run(f"echo {paper} | sampan rescue {STATE} --export /srv/rescued --all --recovery-key -")
    return {part10.data_set_sha256(path) for path in (machine.root / "srv/rescued").rglob("*.dcm")}


def test_a_key_that_a_tpm_sealed_opens_after_a_restart_and_with_another_tpm_only_the_recovery_key_does(ctx):
    if os.geteuid() != 0:
        raise Skip("booting a system needs root")
    for program in ("mmdebstrap", "systemd-nspawn", "nsenter", "dpkg-deb", "dpkg-shlibdeps", "swtpm"):
        tool(program)
    deb = make_deb(ctx)
    machine = Machine(ctx, {*depends(deb), "tpm2-tools"})
    inside = Inside(machine)
    for program in ("raw_scu", "raw_scp"):
        machine.put(tool(program), f"/usr/local/bin/{program}")
    machine.put(deb, "/srv/first.deb")
    images = inside.folder("images")
    ctx.command(tool("make_images"), "--out", images, "--kind", "mr", "--count", 5, "--rows", 64, "--columns", 64)
    images = sorted("/srv/work/images/" + path.name for path in images.iterdir() if path.suffix == ".dcm")
    seal, recover = recipes()
    board, other = Board(ctx, "first"), Board(ctx, "other")

    tpm = board.boot(machine)
    machine.run("dpkg -i /srv/first.deb")
    machine.wait_up()
    said = machine.run(f"export {DEVICE}; {seal}")
    paper = on_paper(said)
    machine.wait_up()
    delivered = send(inside, images[:3])
    check_held(machine, 3)
    assert sorted(path.name for path in (machine.root / STATE.lstrip("/") / "keys").iterdir()) == ["keyring", "keyring.copy", "node.key"], \
        "nothing on the disk opens the keyring"
    power_off(machine, tpm)

    tpm = board.boot(machine)
    machine.wait_up()
    check_held(machine, 3)
    check_delivered(machine, lead_hospital(machine, inside, "lead"), delivered)
    waiting = send(inside, images[3:])
    assert machine.status()["destinations"][0]["waiting"] == len(waiting) == 2, machine.status()["destinations"]
    machine.run("systemctl stop sampand")
    before = picture(machine)
    power_off(machine, tpm)

    tpm = other.boot(machine)
    journal = "journalctl -b --no-pager -u sampand"
    wait_until(lambda: "The key is not at hand" in machine.run(journal), lambda: machine.run(journal), 60, 0.2)
    wait_until(lambda: int(machine.unit("NRestarts")) >= 2, "it is tried again", 60, 0.2)
    said = machine.run(journal)
    assert said.count("The key is not at hand") == 1 and "Nothing was touched" in said and "密钥不可用" in said, said
    assert "sampand ready" not in said and picture(machine) == before, sorted(picture(machine) ^ before)
    assert "sampand does not start: The key is not at hand" in machine.run("sampan --lang en 2>&1", check=False)
    saved = rescued(machine, paper)
    assert saved == delivered | waiting, (len(saved), len(saved & waiting), len(saved & delivered), machine.run("find /srv/rescued"))
    assert picture(machine) == before, sorted(picture(machine) ^ before)
    # The question of the recipe is answered, everything else is done as it is written.
    asks = "systemd-ask-password 'Recovery key:'"
    assert recover.count(asks) == 1
    close_sessions(machine)
    do(machine, recover.replace(asks, f"echo {paper}"))
    machine.wait_up()
    check_held(machine, 5)
    assert "recovery" not in machine.run("cat /etc/systemd/system/sampand.service.d/key.conf; ls /etc/credstore.encrypted")
    # From now on by what this TPM sealed alone, and after a start of the system.
    for _ in range(2):
        restart(machine)
        check_held(machine, 5)
    power_off(machine, tpm)

    tpm = other.boot(machine)
    machine.wait_up()
    check_held(machine, 5)
    check_delivered(machine, lead_hospital(machine, inside, "again"), waiting)
    power_off(machine, tpm)
    return f"{len(delivered | waiting)} images, 4 starts, 2 TPMs"
