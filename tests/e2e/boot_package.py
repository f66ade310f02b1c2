# SPDX-License-Identifier: Apache-2.0
"""The Debian package in a booted Debian 12: installed, killed, upgraded, removed and purged with images waiting in it.

Not named test_*, so that only the step `package` of tests/run.sh picks it up. A fresh system is made with mmdebstrap from the mirror
that apt uses here, and booted by systemd-nspawn with a network of its own; it ends with the test.
"""
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))
import wire
import cargo
from harness import TOP, Skip, tool, wait_until
from measure import children
from peers import RawScp, RawScu

deadline_s = 900
SETTINGS = "/etc/sampan/sampan.yaml"
STATE = "/var/lib/sampan"
KEPT_S = 7 * 24 * 3600


def sources():
    """Lines of bookworm, of both file formats of apt."""
    found = set()
    for path in [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]:
        text = path.read_text(errors="replace") if path.is_file() else ""
        for uri, suite in re.findall(r"^deb +(?:\[[^]]*\] +)?(\S+) +(bookworm\S*) +main", text, re.MULTILINE):
            found.add(f"deb {uri} {suite} main")
        for stanza in text.split("\n\n"):
            uri, suites = (re.search(rf"^{field}: *(.*)$", stanza, re.MULTILINE) for field in ("URIs", "Suites"))
            if uri and suites:
                found.update(f"deb {uri[1].split()[0]} {suite} main" for suite in suites[1].split() if suite.startswith("bookworm"))
    return sorted(found)


def bookworm(ctx, packages):
    """A fresh Debian 12 as an archive. Kept in build/ for some days, for making one takes longer than the test."""
    kept = TOP / "build" / f"bookworm-{hashlib.sha256(' '.join(packages).encode()).hexdigest()[:12]}.tar"
    if kept.exists() and time.time() - kept.stat().st_mtime < KEPT_S:
        return kept
    if not sources():
        raise Skip("apt knows no bookworm here")
    made = ctx.dir / "bookworm.tar"
    done = ctx.command("mmdebstrap", "--quiet", "--variant=apt", f"--include={','.join(packages)}", "bookworm", made, *sources(),
                       deadline_s=600, check=False)
    if done.returncode != 0:
        raise Skip(f"no bookworm could be made here: {done.stderr[-300:]}")
    kept.parent.mkdir(exist_ok=True)
    shutil.move(made, kept)
    return kept


class Machine:
    """A booted system; .run() is a command in it, by root, after which nothing stays."""

    def __init__(self, ctx, packages):
        self.ctx, self.root, self.leader = ctx, ctx.folder("root"), None
        ctx.command("tar", "-C", self.root, "-xf", bookworm(ctx, ["systemd-sysv", "dbus", "man-db", *sorted(packages)]))
        ctx.closers.append(self.stop)

    def boot(self, *more):
        self.process = self.ctx.run(["systemd-nspawn", "-q", "-D", self.root, "--boot", "--register=no", "--keep-unit",
                                     "--private-network", "--console=pipe", "--capability=CAP_IPC_LOCK", *more], "nspawn")  # its filter knows mlock only so
        wait_until(self.booted, lambda: f"booted: {self.process.said()[-800:]} {self.process.complained()[-800:]}", 60, 0.1)
        self.ctx.command("nsenter", "-t", self.leader, "-n", "ip", "link", "set", "lo", "up")
        return self

    def booted(self):
        if not self.process.alive():
            raise Skip(f"nothing boots here: {self.process.complained()[-300:]}")
        # The first child of nspawn is not yet the one that stays.
        self.leader = next(iter(children(self.process.pid)), None)
        return self.leader and self.run("systemctl is-system-running", check=False).strip() in ("running", "degraded")

    def enter(self, *command):
        return ["nsenter", "-t", self.leader, "-a", "env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
                "DEBIAN_FRONTEND=noninteractive", *command]

    def run(self, line, check=True):
        done = subprocess.run([str(part) for part in self.enter("sh", "-c", line)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=200)
        assert not check or done.returncode == 0, f"{line} -> {done.returncode}\n{done.stdout}"
        return done.stdout

    def put(self, path, where):
        shutil.copy(path, self.root / where.lstrip("/"))
        return where

    def write(self, where, text):
        (self.root / where.lstrip("/")).write_text(text)

    def unit(self, name):
        return self.run(f"systemctl show -P {name} sampand").strip()

    def status(self):
        return json.loads(self.run("sampan status --json; true"))

    def wait_up(self, beside=None):
        """Running, as another process than beside."""
        def up():
            pid = self.unit("MainPID")
            return self.unit("ActiveState") == "active" and pid not in ("0", beside) and pid
        return wait_until(up, lambda: self.run("systemctl status -n 30 sampand; true"), 60, 0.2)

    def stop(self):
        """Its first process takes all the others along."""
        if self.leader:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.leader, signal.SIGKILL)
            self.process.child.wait(20)


class Inside:
    """A context whose programs run in the machine, in folders of it that are named the same inside and out."""

    def __init__(self, machine):
        self.machine, self.ctx, self.children = machine, machine.ctx, machine.ctx.children

    def folder(self, name):
        path = self.machine.root / "srv/work" / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def run(self, command, name, env=None, folder=None):
        root = str(self.machine.root)
        inside = [str(part).removeprefix(root) for part in command]
        inside[0] = "/usr/local/bin/" + Path(inside[0]).name
        return self.ctx.run(self.machine.enter(*inside), name, folder=folder)


def depends(deb):
    field = subprocess.run(["dpkg-deb", "-f", deb, "Depends"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [re.split(r"[ (|]", part.strip())[0] for part in field.split(",")]


def make_deb(ctx, *more):
    preset = os.environ.get("SAMPAN_PRESET", "release")
    return ctx.command(TOP / "packaging/build_deb.sh", "--preset", preset, "--no-build", "--out", ctx.folder("debs"), *more, deadline_s=200).stdout.strip()


def send(inside, count):
    """Images sent by exact bytes -> the sha256 of what was acknowledged; all must be."""
    images = inside.folder("images")
    inside.ctx.command(tool("make_images"), "--out", images, "--kind", "mr", "--count", 1, "--rows", 64, "--columns", 64)
    scu = RawScu(inside, "127.0.0.1:11112", ["/srv/work/images/" + path.name for path in images.iterdir() if path.is_file()],
                 called="SAMPAN", new_uids=True, repeat=count)
    assert scu.wait() == 0, scu.sent()
    assert len(scu.acknowledged()) >= count
    return scu.acknowledged()


def check_installation(machine):
    assert machine.run(f"stat -c '%a %U:%G' {SETTINGS}").strip() == "640 root:sampan"
    assert machine.run(f"stat -c '%a %U:%G' {STATE}").strip() == "700 sampan:sampan"
    pid = machine.wait_up()
    uid = machine.run(f"awk '/^Uid:/ {{ print $2 }}' /proc/{pid}/status").strip()
    assert uid == machine.run("id -u sampan").strip() != "0"
    assert machine.unit("User") == "sampan"
    assert machine.run("systemctl is-enabled sampand").strip() == "enabled"
    assert machine.run("systemd-analyze verify --man=no sampand.service", check=False).strip() == ""
    assert (machine.root / "usr/share/doc/sampan/copyright").exists()


def check_worker(machine, inside):
    """The hardened unit lets the sandboxed process start and lock itself in: one image in two encodings is one -> its sha256."""
    name = "2.25.77"
    for number, (data_set, syntax) in enumerate(((wire.image(name), wire.EXPLICIT_LE), (wire.reencoded(name), wire.IMPLICIT_LE))):
        path = inside.folder("bare") / f"{number}.ds"
        path.write_bytes(data_set)
        scu = RawScu(inside, "127.0.0.1:11112", [f"/srv/work/bare/{number}.ds"], called="SAMPAN", ts=syntax, uid=name, **{"class": wire.MR})
        assert scu.wait() == 0, scu.sent()
    # While they are compared there are two; where comparing fails, the second stays and is held.
    wait_until(lambda: (machine.status()["spool"]["items"], machine.status()["destinations"][0]["on_hold"]) == (1, 0),
               lambda: f"compared: {machine.status()['spool']} {machine.status()['destinations'][0]}", 30, 0.2)
    return {hashlib.sha256(wire.image(name)).hexdigest()}


def check_reload(machine):
    """A good set is put to work by the service manager's own word; a wrong one is refused, and the service goes on."""
    pid, more = machine.unit("MainPID"), f"{Path(SETTINGS).parent}/conf.d"
    machine.write(f"{more}/10-log.yaml", "log: {level: debug}\n")
    machine.run("systemctl reload sampand")
    assert machine.unit("StatusText") == "new settings applied"
    machine.write(f"{more}/10-log.yaml", "log: {level: loud}\n")
    assert "failed" in machine.run("systemctl reload sampand", check=False)
    assert f"{more}/10-log.yaml:1:14: log.level is" in machine.run("journalctl -u sampand")
    assert machine.unit("StatusText") == "new settings refused, 1 mistake; the old ones are kept"
    machine.run(f"rm {more}/10-log.yaml && systemctl reload sampand")
    assert (machine.unit("ActiveState"), machine.unit("MainPID")) == ("active", pid)


def add_settings(machine, name, text):
    machine.write(f"{Path(SETTINGS).parent}/conf.d/{name}.yaml", text)


def take_settings(machine, name):
    machine.run(f"rm {Path(SETTINGS).parent}/conf.d/{name}.yaml")


def folder_of(machine, path):
    return next(one for one in machine.status()["intake"]["folders"] if one["path"] == path)


def drop_in(machine, said):
    """What `systemctl edit` would write, by the words of a status, and the restart that they ask for."""
    lines = re.search(r"sudo systemctl edit sampand, enter these lines: (.*?), then run sudo systemctl restart sampand", said)[1]
    machine.run("mkdir -p /etc/systemd/system/sampand.service.d")
    machine.write("/etc/systemd/system/sampand.service.d/override.conf", lines.replace(" / ", "\n") + "\n")
    machine.run("systemctl daemon-reload && systemctl restart sampand")
    machine.wait_up()


def check_folders(machine):
    """The folder of the package works at once; in any other place status tells the drop-in that makes it work -> sha256 of both images."""
    shipped, other = "/srv/sampan/in", "/srv/ultrasound"
    assert machine.run(f"stat -c '%a %U:%G' {shipped} /srv/sampan/out").split() == ["2770", "sampan:sampan"] * 2
    machine.run(f"install -d -o sampan -g sampan -m 2770 {other}")
    add_settings(machine, "20-folders", f"intake: {{folders: [{{path: {shipped}, stable_seconds: 1}}, {{path: {other}, stable_seconds: 1}}]}}\n")
    before, sent = machine.status()["spool"]["items"], set()
    for count, (folder, image) in enumerate(zip((shipped, other), machine.ctx.images("ct", 2)), 1):
        sent.add(hashlib.sha256(cargo.load(image).data_set).hexdigest())
        machine.put(image, "/srv/IM1")
        machine.run(f"chown sampan /srv/IM1 && mv /srv/IM1 {folder} && systemctl reload sampand")
        wait_until(lambda: machine.status()["spool"]["items"] == before + count, lambda: f"taken: {machine.status()['intake']}", 30, 0.2)
    wait_until(lambda: not (machine.root / shipped.lstrip("/") / "IM1").exists(), "the original in the folder of the package is gone", 30, 0.2)
    assert folder_of(machine, shipped)["trouble"] == "", machine.status()["intake"]
    assert folder_of(machine, other)["trouble"] == "read_only", machine.status()["intake"]
    said = machine.run("sampan status --lang en; echo code $?")
    assert f"Folder {other}: files are taken, but cannot be removed from it" in said and "code 1" in said, said
    assert (machine.root / other.lstrip("/") / "IM1").exists()
    machine.write("/srv/report.pdf", "%PDF-1.4")
    machine.run(f"chown sampan /srv/report.pdf && mv /srv/report.pdf {shipped}")
    wait_until(lambda: folder_of(machine, shipped)["set_aside"] == 1, lambda: f"set aside: {machine.status()['intake']}", 30, 0.2)
    assert machine.run(f"stat -c '%a %G' {shipped}/.sampan-rejected {shipped}/.sampan-rejected/report.pdf.reason.txt").splitlines() == \
        ["770 sampan", "660 sampan"]
    machine.run(f"rm -r {shipped}/.sampan-rejected")
    words = next(one["action_en"] for one in machine.status()["attention"] if one["code"] == "folder_trouble")
    drop_in(machine, words)
    wait_until(lambda: not (machine.root / other.lstrip("/") / "IM1").exists(), lambda: f"gone: {machine.status()['intake']}", 30, 0.2)
    wait_until(lambda: folder_of(machine, other)["trouble"] == "", lambda: f"well: {machine.status()['intake']}", 30, 0.2)
    assert machine.status()["spool"]["items"] == before + 2
    # A share that is mounted below the folder of the package while the service runs reaches it, and may be written.
    image = machine.ctx.images("mr", 1)[0]
    sent.add(hashlib.sha256(cargo.load(image).data_set).hexdigest())
    machine.put(image, "/srv/IM1")
    machine.run(f"mount -t tmpfs -o mode=2770,uid=sampan,gid=sampan share {shipped} && chown sampan /srv/IM1 && mv /srv/IM1 {shipped}")
    wait_until(lambda: machine.run(f"ls {shipped}").strip() == "" and machine.status()["spool"]["items"] == before + 3,
               lambda: f"taken from the share: {machine.status()['intake']}", 30, 0.2)
    machine.run(f"umount {shipped}")
    wait_until(lambda: folder_of(machine, shipped)["trouble"] == "unmounted", lambda: f"the share is gone: {machine.status()['intake']}", 30, 0.2)
    take_settings(machine, "20-folders")
    machine.run("systemctl reload sampand")
    return sent


def check_moved_state(machine, inside):
    """A state directory in another place: with the drop-in it works, and removing and purging count and name that place."""
    moved = "/data/sampan state"
    machine.run(f"dpkg -i --force-confold /srv/higher.deb; systemctl stop sampand; mkdir -p /data && install -d -o sampan -g sampan -m 700 '{moved}'")
    add_settings(machine, "30-state", f"state_directory: {moved}\n")
    machine.run("systemctl restart sampand", check=False)
    wait_until(lambda: "Read-only file system" in machine.run(f"journalctl -u sampand --since -60s | grep '{moved}'; true"),
               lambda: machine.run("journalctl -n 20 -u sampand"), 30, 0.2)
    machine.write("/etc/systemd/system/sampand.service.d/override.conf", f'[Service]\nReadWritePaths="{moved}"\n')
    machine.run("systemctl daemon-reload && systemctl restart sampand")
    machine.wait_up()
    sent = send(inside, 3)
    assert machine.status()["state_directory"] == moved
    said = machine.run("dpkg -r sampan")
    assert f"images not delivered, or not known to be archived: {len(sent)}; they stay in {moved}" in said, said
    said = machine.run("dpkg -P sampan")
    assert f"images not delivered, or not known to be archived: {len(sent)}; they are kept in {moved}\n" in said, said
    assert (machine.root / moved.lstrip("/") / "spool").exists()
    assert not (machine.root / STATE.lstrip("/")).exists() and not (machine.root / "etc/sampan/.removed").exists()
    take_settings(machine, "30-state")
    machine.run("rm -r /data /etc/systemd/system/sampand.service.d && systemctl daemon-reload")


def check_manuals(machine):
    for page, section in (("sampan", 1), ("sampand", 8), ("sampan.yaml", 5)):
        assert machine.run(f"man -w {page}").strip() == f"/usr/share/man/man{section}/{page}.{section}.gz"
        assert machine.run(f"man -L zh_CN -w {page}").strip() == f"/usr/share/man/zh_CN/man{section}/{page}.{section}.gz"
    assert "ReadWritePaths=/mnt/ultrasound" in machine.run("man sampand | cat") and "/srv/sampan" in machine.run("man sampan.yaml | cat")


def check_keys(machine, inside):
    """As root and as nobody else a recovery key is had; a credential of the service manager takes over; a wrong one is said."""
    machine.run("dpkg -i --force-confold /srv/higher.deb")
    machine.wait_up()
    sent = send(inside, 3)
    assert machine.status()["key"]["protected_by"] == "file"
    machine.run("useradd --system --groups sampan technician")
    said = machine.run("setpriv --reuid=technician --regid=technician --init-groups sampan key recovery", check=False)
    assert "use sudo" in said and machine.status()["key"]["recovery"] == "none", said
    assert "shown this once" in machine.run("sampan key recovery --lang en")
    machine.run("mkdir -p -m 700 /etc/credstore.encrypted /etc/systemd/system/sampand.service.d")
    store = "/etc/credstore.encrypted/sampan.key"
    machine.run(f"head -c 32 /dev/urandom | systemd-creds encrypt --with-key=host --name=sampan.key - {store}")
    machine.write("/etc/systemd/system/sampand.service.d/key.conf", f"[Service]\nLoadCredentialEncrypted=sampan.key:{store}\n")
    machine.run("systemctl daemon-reload && systemctl restart sampand")
    machine.wait_up()
    key = machine.status()["key"]
    assert (key["protected_by"], key["recovery"], key["memory_locked"]) == ("credential", "handed_out", True), key
    assert not (machine.root / STATE.lstrip("/") / "keys/local.key").exists()
    assert machine.status()["spool"]["items"] == len(sent)
    assert machine.unit("MemorySwapMax") == "0"
    assert not key["images_may_be_swapped"], key
    machine.run(f"mv {store} {store}.right; head -c 32 /dev/urandom | systemd-creds encrypt --with-key=host --name=sampan.key - {store}")
    machine.run("systemctl restart sampand", check=False)
    wait_until(lambda: "密钥不符" in machine.run("journalctl -u sampand"), "the wrong key is said", 30, 0.2)
    wait_until(lambda: machine.unit("ActiveState") == "failed", "what no further try mends is not tried again", 30, 0.2)
    said = machine.run("sampan --lang en 2>&1", check=False)
    assert "sampand does not start: Wrong key" in said and "sudo systemctl restart sampand" in said, said
    machine.run(f"mv {store}.right {store}; systemctl restart sampand")
    machine.wait_up()
    assert machine.status()["spool"]["items"] == len(sent)


def test_the_package_lives_through_kill_upgrade_removal_and_purge_with_every_image(ctx):
    if os.geteuid() != 0:
        raise Skip("booting a system needs root")
    for program in ("mmdebstrap", "systemd-nspawn", "nsenter", "dpkg-deb", "dpkg-shlibdeps"):
        tool(program)
    first, higher = make_deb(ctx), make_deb(ctx, "--version", "9.0.0")  # of this build, both
    machine = Machine(ctx, depends(first))
    for program in ("raw_scu", "raw_scp"):
        machine.put(tool(program), f"/usr/local/bin/{program}")
    machine.put(first, "/srv/first.deb")
    machine.put(higher, "/srv/higher.deb")
    machine.boot()
    inside = Inside(machine)

    said = machine.run("dpkg -i /srv/first.deb")
    assert SETTINGS in said and "尚未设置上传目的地" in said, said
    check_installation(machine)
    check_manuals(machine)
    check_reload(machine)
    sent = check_worker(machine, inside) | check_folders(machine) | send(inside, 3)
    machine.run(f"sed -i 's/192.0.2.10/192.0.2.11/' {SETTINGS} && systemctl reload sampand")
    assert "192.0.2.11" in machine.status()["destinations"][0]["address"]

    pid = machine.unit("MainPID")
    machine.run("systemctl kill -s KILL sampand")
    machine.wait_up(beside=pid)
    assert machine.unit("NRestarts") == "1"
    sent |= send(inside, 40)
    assert machine.status()["spool"]["items"] == len(sent)

    pid = machine.unit("MainPID")
    machine.run("dpkg -i /srv/higher.deb")
    machine.wait_up(beside=pid)
    assert machine.run("dpkg-query -W -f='${Version}' sampan").strip() == "9.0.0"
    assert machine.status()["spool"]["items"] == len(sent)

    said = machine.run("dpkg -r sampan")
    assert f"{len(sent)}; they stay in {STATE}" in said, said
    assert (machine.root / SETTINGS.lstrip("/")).exists()
    said = machine.run("dpkg -P sampan")
    assert f"images not delivered, or not known to be archived: {len(sent)}; they are kept in {STATE}" in said, said
    assert not (machine.root / SETTINGS.lstrip("/")).exists()

    # Installed again, with wrong settings first: nothing starts, and it is said why. Then everything is carried on.
    machine.run(f"mkdir -p {Path(SETTINGS).parent}")
    machine.write(SETTINGS, "site: clinic\ndestination: []\n")
    said = machine.run("dpkg -i --force-confold /srv/higher.deb")
    assert f"{SETTINGS}:2" in said and machine.unit("ActiveState") == "inactive", said
    scp = RawScp(inside, "lead").start()
    machine.write(SETTINGS, f"site: clinic\ndestinations:\n  - {{name: lead, dimse: LEAD@127.0.0.1:{scp.port}, reclaim_after: accepted, retention_days: 30}}\n"
                                     "  - {name: copy, folder: /srv/sampan/out/copy, required: false}\n")
    machine.run("dpkg-reconfigure sampan")
    machine.wait_up()
    wait_until(lambda: scp.shas() == sent, lambda: f"{len(scp.shas())} of {len(sent)}: {machine.status()['destinations']}", 60, 0.2)
    # The people of the folder, and nobody else, may read what is put there.
    sent |= send(inside, 2)
    wait_until(lambda: scp.shas() == sent and all(one["waiting"] == 0 for one in machine.status()["destinations"]), "receipts are kept", 30, 0.2)
    kept = machine.run("find /srv/sampan/out/copy -name '*.dcm' -printf '%m %u:%g\\n'").splitlines()
    assert kept == ["660 sampan:sampan"] * 2, kept

    said = machine.run("rm -r /srv/sampan/out/copy; dpkg -P sampan")
    assert "kept" not in said, said
    assert not (machine.root / STATE.lstrip("/")).exists() and not (machine.root / "srv/sampan").exists()
    check_moved_state(machine, inside)
    check_keys(machine, inside)
    return f"{len(sent)} images"


test_the_package_lives_through_kill_upgrade_removal_and_purge_with_every_image.contract = (1, 2, 9)
