# SPDX-License-Identifier: Apache-2.0
"""A whole computer for one sampand: Debian's kernel under qemu, all it runs in one initial ram disk, and a disk whose power goes.

Nothing is installed: the kernel and busybox are fetched by apt into the test's folder and unpacked there. The guest's disk is
the state directory, an ext4 on volatile_disk.c. The host reaches the guest's DICOM port on loopback, the guest the host as 10.0.2.2.
"""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess

from harness import BIN, Skip, free_port, tool, wait_until
from volatile_disk import VolatileDisk, run_well

KERNEL, BUSYBOX = "linux-image-cloud-amd64", "busybox-static"
MODULES = ("virtio_pci", "virtio_blk", "virtio_net")
BOOT_S = 180

INIT = """#!/bin/busybox sh
busybox mount -t proc proc /proc; busybox mount -t sysfs sys /sys; busybox mount -t devtmpfs dev /dev
for module in {modules}; do busybox insmod "$module"; done
busybox ip link set lo up
busybox ip addr add 10.0.2.15/24 dev eth0; busybox ip link set eth0 up; busybox ip route add default via 10.0.2.2
busybox mount -t ext4 -o noatime /dev/vda /disk && echo "guest up"
/usr/bin/sampand --config /sampan.yaml
echo "sampand ended with $?"; busybox poweroff -f
"""


def packages(ctx):
    """The kernel and busybox, unpacked -> their folder and the kernel's version."""
    folder = ctx.folder("guest/packages")
    depends = ctx.command("apt-cache", "depends", KERNEL, check=False).stdout
    image = re.search(r"Depends: (linux-image-\S+)", depends)
    if not image:
        raise Skip(f"apt knows no {KERNEL} here")
    got = subprocess.run(["apt-get", "-q", "download", image[1], BUSYBOX], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if got.returncode != 0:
        raise Skip(f"the guest's kernel cannot be fetched: {got.stderr.strip()[-200:]}")
    for package in folder.glob("*.deb"):
        ctx.command("dpkg", "-x", package, folder)
    version = next((folder / "boot").glob("vmlinuz-*")).name.removeprefix("vmlinuz-")
    return folder, version


def modules(ctx, folder, version):
    """Files of the modules, in the order in which they are to be loaded."""
    ctx.command(tool("depmod"), "-b", folder, version)
    order = []
    for name in MODULES:
        said = ctx.command(tool("modprobe"), "-d", folder, "-S", version, "--show-depends", name).stdout
        order += [row.split()[1] for row in said.splitlines() if row.startswith("insmod")]
    return list(dict.fromkeys(order))


def libraries(program):
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"(/\S+) \(0x", said)


class Guest:
    """Keeps one disk over all its starts; the same port on the host."""

    def __init__(self, ctx, lead_port, title="GUEST"):
        for name in ("qemu-system-x86_64", "cpio", "depmod", "modprobe", "ldd"):
            tool(name)
        self.ctx, self.disk, self.port = ctx, VolatileDisk(ctx, 512 << 20), free_port()
        self.settings = {"site": "guest", "ae_title": title, "state_directory": "/disk/state", "intake": {"listen": "0.0.0.0", "port": 11112},
                         "control": {"socket": "/run/control.sock"}, "destinations": [{"name": "lead", "dimse": f"LEAD@10.0.2.2:{lead_port}"}]}
        self.folder, self.version = packages(ctx)
        self.ram_disk = self.make_ram_disk()
        self.machine = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def make_ram_disk(self):
        root = self.ctx.folder("guest/root")
        for name in ("bin", "dev", "disk", "proc", "run", "sys", "tmp", "usr/bin"):
            (root / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(self.folder / "bin/busybox", root / "bin/busybox")
        for path in ("/usr/bin/sampand", *libraries(BIN / "sampand")):
            (root / path[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(BIN / "sampand" if path.endswith("sampand") else path, root / path[1:])
        order = modules(self.ctx, self.folder, self.version)
        for path in order:
            shutil.copy(path, root / "bin")
        names = " ".join("/bin/" + os.path.basename(path) for path in order)
        (root / "init").write_text(INIT.format(modules=names))
        (root / "init").chmod(0o755)
        (root / "sampan.yaml").write_text(json.dumps(self.settings))
        packed = self.ctx.dir / "guest/initrd"
        with packed.open("wb") as out:
            subprocess.run([tool("cpio"), "-o", "-H", "newc", "--quiet"], cwd=root, stdout=out, check=True,
                           input="\n".join(str(path.relative_to(root)) for path in root.rglob("*")).encode())
        return packed

    def start(self, **parameters):
        """The power comes; parameters of the disk. Returns when sampand is ready, False when the power went before."""
        path = self.disk.serve(**parameters)
        self.machine = self.disk.spawn(
            "qemu", "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "Westmere", "-m", "768", "-smp", "2", "-nodefaults",
            "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio", "-kernel", self.folder / f"boot/vmlinuz-{self.version}",
            "-initrd", self.ram_disk, "-append", "console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on", "-drive",
            f"file=nbd+unix:///?socket={path},if=virtio,format=raw,cache=writeback", "-netdev",
            f"user,id=net,hostfwd=tcp:{self.address}-:11112", "-device", "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-rng-pci")
        wait_until(lambda: self.is_ready() or not self.disk.has_power(), lambda: f"the guest: {self.said()[-3000:]}", BOOT_S, 0.1)
        return self.is_ready()

    def said(self):
        return self.machine.said() + self.machine.complained()

    def is_ready(self):
        assert "sampand ended" not in self.said(), f"a start was refused: {self.said()[-3000:]}"
        return "sampand ready " in self.said()

    def cut(self):
        """The power of the disk goes at its next request, and takes the computer with it."""
        with contextlib.suppress(ProcessLookupError):
            self.disk.server.child.send_signal(signal.SIGUSR1)
        wait_until(lambda: not self.disk.has_power(), "the power is gone", 60)
        self.machine.kill()
        self.disk.power_off()

    def delete_ledger(self):
        self.disk.mount_plain()
        for path in (self.disk.mount_point / "state").glob("ledger.db*"):
            path.unlink()
        self.disk.power_off()
