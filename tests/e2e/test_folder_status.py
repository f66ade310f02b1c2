# SPDX-License-Identifier: Apache-2.0
"""What `sampan status` says of folders: attention while something is wrong with one, and the words that make it right."""
import ctypes
import os
import shutil
import subprocess

from harness import Skip, tool, wait_until

CLONE_NEWNS = 0x00020000
LOOKED_AT_S = 40  # every 10 s while something is wrong


def mounts_of_our_own():
    """A mount namespace of this process, so that nothing stays mounted however the test ends; Skip where it cannot be."""
    if os.geteuid() != 0:
        raise Skip("mounting needs root")
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise Skip(f"no mount namespace: {os.strerror(ctypes.get_errno())}")
    if subprocess.run([tool("mount"), "--make-rprivate", "/"]).returncode != 0:
        raise Skip("no private mounts here")


def node_over(ctx, drop, **folder):
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination])
    node.settings["intake"]["folders"] = [{"path": str(drop), "stable_seconds": 1, **folder}]
    node.start()
    assert node.sampan("key", "recovery")[0] == 0  # a status without it is not all well
    return node, lead


def wait_well(node):
    wait_until(lambda: node.sampan("status")[0] == 0, lambda: f"good: {node.sampan('status')}", LOOKED_AT_S, 0.2)


def wait_said(node, *words, lang="en"):
    """Attention, by exit code and in words -> the text."""
    def said():
        code, text = node.sampan("status", "--lang", lang)
        return code == 1 and all(word in text for word in words) and text
    return wait_until(said, lambda: f"{words}: {node.sampan('status', '--lang', lang)}", LOOKED_AT_S, 0.2)


def folder_of(node):
    return node.status()["intake"]["folders"][0]


def test_a_folder_that_goes_is_attention_until_it_is_back(ctx):
    drop = ctx.folder("drop")
    node, lead = node_over(ctx, drop)
    wait_well(node)
    drop.rename(ctx.dir / "elsewhere")
    wait_said(node, f"Attention: Folder {drop}: the folder is not there", "Do this now: Make the folder, or mount the share again")
    wait_said(node, f"注意：目录 {drop}：目录不存在", "现在请做：请建立该目录", lang="zh")
    assert (folder_of(node)["trouble"], folder_of(node)["path"]) == ("missing", str(drop))
    (ctx.dir / "elsewhere").rename(drop)
    wait_well(node)
    shutil.copyfile(ctx.images("mr", 1)[0], drop / "IM1")
    wait_until(lambda: not (drop / "IM1").exists() and len(lead.received()) == 1, "taken and delivered", LOOKED_AT_S)
    assert folder_of(node)["last_file"] and folder_of(node)["trouble"] == ""


def test_a_file_that_was_set_aside_is_attention_until_a_person_took_it_away(ctx):
    drop = ctx.folder("drop")
    node, _ = node_over(ctx, drop)
    (drop / "张三.pdf").write_bytes(b"%PDF-1.4")
    rejected = drop / ".sampan-rejected"
    text = wait_said(node, f"Attention: Folder {drop}: 1 file not taken, and set aside", f"Do this now: Read the notes (.reason.txt) in {rejected}")
    assert "张三" not in text
    wait_said(node, f"注意：目录 {drop} 中有 1 个文件未被接收", lang="zh")
    assert folder_of(node)["set_aside"] == 1
    node.stop()
    node.start()
    wait_said(node, "1 file not taken")
    for path in list(rejected.iterdir()):
        path.unlink()
    wait_well(node)


def test_folders_are_told_where_no_port_is_open(ctx):
    drop = ctx.folder("drop")
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination])
    node.settings["intake"] = {"enabled": False, "folders": [{"path": str(drop), "stable_seconds": 1}]}
    node.start()
    shutil.copyfile(ctx.images("mr", 1)[0], drop / "IM1")
    wait_until(lambda: len(lead.received()) == 1, "delivered", LOOKED_AT_S)
    text = node.sampan("status", "--lang", "zh")[1]
    assert "DICOM 端口已关闭，仅从目录接收" in text and f"目录 {drop}，最近一个文件" in text, text


def test_a_share_that_is_lost_or_read_only_is_told_and_what_lay_there_goes_when_it_may(ctx):
    mounts_of_our_own()
    drop = ctx.folder("drop")
    mount = ["mount", "-t", "tmpfs", "-o", "mode=0700", "share", drop]
    ctx.command(*mount)
    node, lead = node_over(ctx, drop)
    wait_well(node)
    ctx.command("umount", drop)
    wait_said(node, "the share or disk that was mounted there is gone", f"sudo mount {drop}")
    ctx.command(*mount)
    wait_well(node)
    node.stop()
    shutil.copyfile(ctx.images("mr", 1)[0], drop / "IM1")
    ctx.command("mount", "-o", "remount,ro", drop)
    node.start()
    wait_said(node, "files are taken, but cannot be removed from it: Read-only file system",
              f"sudo systemctl edit sampand, enter these lines: [Service] / ReadWritePaths={drop}, then run sudo systemctl restart sampand")
    assert folder_of(node)["trouble"] == "read_only"
    wait_until(lambda: len(lead.received()) == 1, "taken all the same", LOOKED_AT_S)
    assert (drop / "IM1").exists()
    ctx.command("mount", "-o", "remount,rw", drop)
    wait_until(lambda: not (drop / "IM1").exists(), "the original is gone", LOOKED_AT_S)
    wait_well(node)
    node.wait_drained()
    assert len({row.sha256 for row in lead.received()}) == 1 and node.status()["spool"]["items"] == 1
    node.stop()
    ctx.command("umount", drop)


def test_a_share_that_is_mounted_late_is_found_at_once(ctx):
    mounts_of_our_own()
    drop = ctx.folder("drop")
    node, lead = node_over(ctx, drop)
    wait_well(node)
    ctx.command("mount", "-t", "tmpfs", "-o", "mode=0700", "share", drop)
    shutil.copyfile(ctx.images("mr", 1)[0], drop / "IM1")
    wait_until(lambda: not (drop / "IM1").exists() and len(lead.received()) == 1, "taken and delivered", LOOKED_AT_S)
    ctx.command("umount", drop)
    wait_said(node, "the share or disk that was mounted there is gone")
    node.stop()


def test_a_file_written_behind_a_network_mount_is_found_without_being_told_to_poll(ctx):
    """FUSE stands for every file system that others change: the kernel says nothing of it, and after 5 minutes it is too late."""
    mounts_of_our_own()
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        raise Skip("no /dev/fuse here")
    served, drop = ctx.folder("served"), ctx.folder("drop")
    ctx.run([tool("bindfs"), "-f", served, drop], "bindfs")
    wait_until(lambda: os.path.ismount(drop), "mounted", 20)
    node, lead = node_over(ctx, drop, watch="auto")
    wait_well(node)
    for number, image in enumerate(ctx.images("mr", 2)):
        shutil.copyfile(image, served / f"IM{number}")
        wait_until(lambda: len(lead.received()) == number + 1 and not list(served.iterdir()), "taken", LOOKED_AT_S)
    node.stop()
    ctx.command("umount", drop)
