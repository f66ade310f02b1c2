# SPDX-License-Identifier: Apache-2.0
"""Windows: what is no emergency waits for the hours of its destination; a storescp, and the clock of the machine is set."""
import shutil
import struct
import time

import wire
from clock_shim import Shim
from harness import Skip, free_port, wait_until
from wire import Peer

DAY_S = 24 * 3600
NIGHTS = [{"hours": "22:00-06:00"}]


def set_clock(node, shim, hour, minute=0, second=0):
    """The wall clock of a node in UTC is set, and the node is told that it might look."""
    shim.set_off(hour * 3600 + minute * 60 + second - int(time.time()) % DAY_S)
    if node.process:
        assert node.reload()[0] == 0


def send(ctx, node, files, **options):
    scu = ctx.raw_scu(node.address, files, **options)
    assert scu.wait() == 0
    return len(scu.acknowledged())


def troubles(node):
    return {one["code"] for one in node.status()["attention"]}


def study_of(ctx, files):
    return ctx.command("dcmdump", "+P", "0020,000d", files[0]).stdout.split("[")[1].split("]")[0]


def test_images_wait_for_the_window_of_a_pacs_and_emergencies_do_not(ctx):
    if not shutil.which("storescp"):
        raise Skip("storescp is not installed")
    port, pacs, shim = free_port(), ctx.folder("lead"), Shim(ctx)
    ctx.run([shutil.which("storescp"), "-od", pacs, "+xa", str(port)], "storescp")
    node = ctx.node(destinations=[{"name": "lead", "dimse": f"LEAD@127.0.0.1:{port}", "windows": NIGHTS, "proof": "none",
                                   "reclaim_after": "accepted", "retention_days": 1}],
                    routes=[{"when": {"called_ae": "JIZHEN"}, "priority": "emergency"}, {"to": "lead"}])
    node.settings["intake"]["ae_titles"] = ["CLINIC", "JIZHEN"]
    set_clock(node, shim, 12)
    node.start({**shim.env, "TZ": "UTC"})
    routine, pushed = ctx.images("mr", 5), ctx.images("dx", 1)
    send(ctx, node, routine, called="CLINIC")
    send(ctx, node, pushed, called="CLINIC")
    send(ctx, node, ctx.images("ct", 2), called="JIZHEN")
    wait_until(lambda: node.destination()["delivered"] == 2, lambda: str(node.destination()))
    code, text = node.sampan("push", study_of(ctx, pushed), "--emergency", "--lang", "en")
    assert code == 0, text
    wait_until(lambda: node.destination()["delivered"] == 3, lambda: str(node.destination()))
    told = node.destination()
    assert told["waiting"] == 5 and told["window_closed"] and told["window_opens"].endswith("T22:00:00.000Z"), told
    code, text = node.sampan("status", "--lang", "en")
    assert "waits for its window, opens at " in text and "; emergencies go at any time" in text, text
    assert "等待上传时段，" in node.sampan("queue", "--lang", "zh")[1]
    code, text = node.sampan("trace", study_of(ctx, routine), "--lang", "en")
    assert "5 images waiting" in text and "waits for its window, opens at " in text, text
    # Hours later they still wait, and that is no trouble.
    set_clock(node, shim, 21, 50)
    assert node.status()["now"][11:16] in ("21:50", "21:51")
    assert node.destination()["delivered"] == 3 and troubles(node) - {"clock_set"} == {"recovery_key_missing"}, node.status()["attention"]
    # The window opens by itself.
    set_clock(node, shim, 21, 59, 57)
    node.wait_drained()
    assert node.status()["now"][11:16] >= "22:00", "not before"
    told = node.destination()
    assert told["delivered"] == 8 and not told["window_closed"] and told["window_opened"].endswith("T22:00:00.000Z"), told
    assert sum(1 for path in pacs.iterdir() if path.is_file()) == 8


test_images_wait_for_the_window_of_a_pacs_and_emergencies_do_not.contract = (2, 7)


def cine(uid, frames, frame):
    """A compressed image whose every frame is looked at by whoever changes one of its attributes."""
    fragments = b"".join(struct.pack("<HHI", 0xfffe, 0xe000, len(frame)) + frame for _ in range(frames))
    pixel_data = struct.pack("<HH2sHI", 0x7fe0, 0x10, b"OB", 0, 0xffffffff) + struct.pack("<HHI", 0xfffe, 0xe000, 0)
    return wire.image(uid)[:-(4096 + 12)] + pixel_data + fragments + struct.pack("<HHI", 0xfffe, 0xe0dd, 0)


def test_a_line_with_a_cap_does_not_hold_up_the_worker_and_with_it_emergencies_for_others(ctx):
    slow, fast = ctx.raw_scp("slow").start(), ctx.raw_scp("fast").start()
    change = {"proof": "none", "lanes": 2, "transform": {"institution_name": "Clinic"}}
    capped = [{"hours": ["00:00-12:00", "12:00-00:00"], "kilobytes_per_second_max": 64}]
    node = ctx.node(destinations=[{**slow.destination, "name": "slow", "windows": capped, **change}, {**fast.destination, "name": "fast", **change}],
                    routes=[{"when": {"calling_ae": ["CINE"]}, "to": ["slow"]},
                            {"when": {"calling_ae": ["EMERG"]}, "to": ["slow", "fast"], "priority": "emergency"}]).start()
    jpeg = "1.2.840.10008.1.2.4.70"
    with Peer(node.port) as peer:
        peer.associate(called="CLINIC", calling="CINE", contexts=((1, wire.MR, (jpeg,)),))
        assert peer.store("1.2.3.9.1", cine("1.2.3.9.1", 100, bytes(60000))) == 0
        peer.release()
    wait_until(lambda: node.destination("slow")["sending"] == 1, lambda: f"it goes: {node.destination('slow')}", 30)
    with Peer(node.port) as peer:
        peer.associate(called="CLINIC", calling="EMERG")
        assert peer.store("1.2.3.9.2", wire.image("1.2.3.9.2")) == 0
        peer.release()
    for name in ("fast", "slow"):  # 6 MB would be read for a minute and a half
        wait_until(lambda: node.destination(name)["delivered"] == 1, lambda: f"the emergency arrives: {node.destination(name)}", 30)
    assert node.destination("slow")["waiting"] == 1, node.destination("slow")
    node.stop()
