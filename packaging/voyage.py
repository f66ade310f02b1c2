# SPDX-License-Identifier: Apache-2.0
"""The first voyage, in scenes: one study goes from a modality to the lead hospital whatever is switched off in between.

Run by quickstart.sh as an unprivileged user; later features add scenes to SCENES. Each says in one sentence, in Chinese and
in English, what it shows, and fails when it does not.
"""
import argparse
import contextlib
import json
import os
import sys
from pathlib import Path

import part10
import power_scene
from harness import BIN, Context, Process, tool, wait_until
from peers import Line

CUT_AFTER_BYTES = 3_000_000  # of about 8 MB: the line goes in the middle of the study
PATIENCE_S = 180


class Voyage:
    """What the scenes share."""

    def __init__(self, ctx, to):
        self.ctx, self.to = ctx, to
        self.originals = {}  # SOP Instance UID -> bytes of the data set
        self.lead = self.line = self.clinic = self.images = None
        self.sink = self.second_line = None  # for telemetry
        self.waiting_files = set()  # SOP Instance UIDs that waited when the emergency came
        self.emergency = None
        self.acknowledged = 0
        self.arrivals = ctx.dir / "hospital"  # where the data sets can be read again
        self.telemetry = ctx.dir / "telemetry.jsonl"  # what the lead's monitoring got, in the order of arrival

    def say(self, text):
        for row in text.rstrip().splitlines():
            print(f"   {row}")
        sys.stdout.flush()

    def delivered(self):
        return self.clinic.destination("lead")["delivered"]

    def files(self):
        """SOP Instance UID -> file in the hospital's folder."""
        return {part10.read(path)[0]["sop_instance"]: path for path in self.arrivals.rglob("*.dcm")}

    def arrived(self):
        """SOP Instance UID -> bytes of the data set, as they lie in the hospital's folder."""
        return {uid: part10.read(path)[1] for uid, path in self.files().items()}

    def send(self, folder, title):
        """By storescu, as a modality does it -> how many were acknowledged; all must be."""
        done = self.ctx.command(tool("storescu"), "-v", "-aet", "MODALITY", "-aec", title, "+sd", "+r", "127.0.0.1", self.clinic.port,
                                folder, deadline_s=PATIENCE_S, check=False)
        said = done.stdout + done.stderr
        count = said.count("Received Store Response (Success)")
        assert done.returncode == 0 and count == sum(path.is_file() for path in folder.rglob("*")), said[-2000:]
        self.acknowledged += count

    def remember(self, folder):
        """The originals in a folder of the modality -> their SOP Instance UIDs."""
        uids = set()
        for path in filter(Path.is_file, folder.rglob("*")):
            meta, data_set = part10.read(path)
            self.originals[meta["sop_instance"]] = data_set
            uids.add(meta["sop_instance"])
        return uids

    def events(self):
        lines = self.telemetry.read_bytes().splitlines() if self.telemetry.exists() else []
        items = [json.loads(line) for line in lines]
        return [item for item in items if item["schema"] == "sampan.event/1"]


def far_end(voyage):
    """Host and port of the lead: the user's PACS, or a node of our own with a folder destination."""
    if voyage.to:
        ae_title, _, address = voyage.to.rpartition("@")
        return ae_title, address
    voyage.lead = voyage.ctx.node("lead", destinations=[{"name": "archive", "folder": str(voyage.arrivals)}]).start()
    return "LEAD", voyage.lead.address


def scene_start(voyage):
    """牵头医院和诊所各启动一个节点，中间是一条不可靠的线路。
    A lead hospital and a clinic each start a node; between them lies an unreliable line."""
    ae_title, address = far_end(voyage)
    host, _, port = address.rpartition(":")
    voyage.line = Line(voyage.ctx, port, host=host, cut_after=CUT_AFTER_BYTES)
    destinations = [{"name": "lead", "dimse": f"{ae_title}@127.0.0.1:{voyage.line.port}"}]
    if voyage.to:
        destinations.append({"name": "copy", "folder": str(voyage.arrivals)})
    voyage.sink = voyage.ctx.run([sys.executable, Path(__file__).with_name("sink.py"), voyage.telemetry], "sink")
    voyage.second_line = Line(voyage.ctx, voyage.sink.wait_for_line("sink ").split()[1])
    destinations.append({"name": "monitoring", "http": f"http://127.0.0.1:{voyage.second_line.port}/telemetry"})
    voyage.clinic = voyage.ctx.node("clinic", destinations=destinations, telemetry={"every_seconds": 5, "outage_seconds": 0})
    voyage.clinic.settings["intake"]["ae_titles"] = ["CLINIC", {"title": "STAT", "priority": "emergency"}]
    voyage.clinic.start()
    voyage.say(f"clinic: CLINIC@{voyage.clinic.address}    lead: {ae_title}@{address}")


def scene_send(voyage):
    """设备用 storescu 发送一次检查（胸片和 CT，患者姓名为 GB18030 中文）；诊所收妥才回答，线路在中途断开，设备毫无察觉。
    A modality sends a study (chest DX and CT, a Chinese name in GB18030) with storescu; the clinic answers when it is safe. The line goes in
    the middle, and the modality does not notice."""
    voyage.send(voyage.images, "CLINIC")
    wait_until(lambda: "cut" in voyage.line.process.said().split(), "the line is cut", PATIENCE_S)
    voyage.second_line.cut()
    wait_until(lambda: voyage.clinic.destination("lead")["state"] == "backing_off", "the clinic notices", PATIENCE_S)
    lead = voyage.clinic.destination("lead")
    assert lead["waiting"] > 0, lead
    voyage.say(f"{voyage.acknowledged} acknowledged; line cut: {lead['delivered']} delivered, {lead['waiting']} waiting")


def scene_kill(voyage):
    """断网期间，诊所的程序被强行终止（kill -9），数据库也被删除。
    While the line is away the clinic's program is killed (kill -9) and its database is deleted."""
    voyage.clinic.kill()
    assert list(voyage.clinic.state.glob("ledger.db*")), "there was a ledger"
    voyage.clinic.delete_ledger()


def scene_restart(voyage):
    """重新启动：图像都还在，队列从存储本身重建。
    It starts again: every image is still there, the queue is rebuilt from the spool itself."""
    voyage.clinic.start()
    said = wait_until(lambda: [row for row in voyage.clinic.log().splitlines() if "rebuilt" in row], "rebuilt", PATIENCE_S)
    voyage.say(said[0].strip())
    lead = voyage.clinic.destination("lead")
    assert lead["delivered"] + lead["waiting"] + lead["sending"] == len(voyage.originals), lead


def scene_emergency(voyage):
    """断网期间来了一个急诊：技师在设备上选择发往 STAT，图像排到所有积压之前。
    An emergency comes while the line is away: the technician sends it to STAT, and it goes ahead of everything that waits."""
    folder = voyage.ctx.dir / "emergency"
    voyage.ctx.command(tool("make_images"), "--out", folder, "--kind", "dx", "--count", 1, "--rows", 512, "--columns", 512)
    if not voyage.to:
        voyage.waiting_files = set(voyage.originals) - set(voyage.files())
    waiting = voyage.clinic.destination("lead")["waiting"]
    (voyage.emergency,) = voyage.remember(folder)
    voyage.send(folder, "STAT")
    voyage.say(f"{waiting} waiting before it")


def scene_drain(voyage):
    """线路恢复：积压自动送完，无需任何人操作。
    The line comes back: what waited is carried over, and nobody has to do anything."""
    voyage.line.give_back()
    voyage.second_line.give_back()
    wait_until(lambda: voyage.delivered() == len(voyage.originals) and voyage.clinic.drained(),
               lambda: f"drained: {voyage.clinic.destination('lead')}", PATIENCE_S, 0.1)
    if voyage.lead:
        voyage.lead.wait_drained(PATIENCE_S)
    wait_until(lambda: len(voyage.arrived()) == len(voyage.originals), "all files there", PATIENCE_S)


def scene_overtaken(voyage):
    """急诊先到：线路恢复后，它越过了积压的图像。
    The emergency was there first: when the line came back, it overtook the images that had waited."""
    exams = json.loads(voyage.clinic.sampan("today", "--json")[1])["exams"]
    urgent = next(exam for exam in exams if exam["priority"] == "emergency")
    routine = next(exam for exam in exams if exam is not urgent)
    accepted = [exam["destinations"][0]["last_accepted"] for exam in (urgent, routine)]
    assert accepted[0] <= accepted[1], accepted
    if voyage.waiting_files:
        arrived = {uid: path.stat().st_mtime_ns for uid, path in voyage.files().items()}
        overtaken = sum(arrived[uid] > arrived[voyage.emergency] for uid in voyage.waiting_files)
        voyage.say(f"{overtaken} of {len(voyage.waiting_files)} overtaken")
        # What was on its way at the same moment, on the other connection, may be a little ahead.
        assert overtaken >= len(voyage.waiting_files) - 2


def scene_compare(voyage):
    """逐字节比较：到达的每个数据集与设备上的原件完全相同。
    Byte by byte: every data set that arrived equals the original on the modality."""
    if voyage.to:
        voyage.say("您的 PACS 可能改写文件，因此比较诊所同时存入文件夹的副本。")
        voyage.say("Your PACS may rewrite files, so this compares the copy that the clinic put into a folder as well.")
    arrived = voyage.arrived()
    for sop_instance, data_set in voyage.originals.items():
        assert arrived.get(sop_instance) == data_set, f"{sop_instance} differs"


def scene_status(voyage):
    """技术员看到的：sampan status
    What the technician sees: sampan status"""
    code, _ = voyage.clinic.sampan("key", "recovery")  # on paper, where there is a person; status asks for it until then
    assert code == 0
    for language in ("zh", "en"):
        voyage.say(voyage.clinic.sampan("status", "--lang", language)[1] + "\n")


def scene_trace(voyage):
    """一次检查的经过：sampan trace
    The story of one exam, from the modality to the lead: sampan trace"""
    exams = json.loads(voyage.clinic.sampan("today", "--json")[1])["exams"]
    exam = max(exams, key=lambda one: one["images"])
    for language in ("zh", "en"):
        code, text = voyage.clinic.sampan("trace", exam["study_uid"], "--lang", language)
        assert code in (0, 1) and str(exam["images"]) in text, text
        voyage.say(text + "\n")


def scene_devices(voyage):
    """舢板从图像中认出了设备：sampan devices
    The devices, known from what they sent: sampan devices"""
    for language in ("zh", "en"):
        code, text = voyage.clinic.sampan("devices", "--lang", language)
        assert code in (0, 1) and "MODALITY" in text, text
        voyage.say(text + "\n")


def scene_telemetry(voyage):
    """设备与节点的事件同样经过断网：恢复后送到牵头医院，一条不少。
    What happened to devices and node went through the same outage: it arrived at the lead afterwards, and nothing is missing."""
    wanted = {"device.new", "dest.down", "dest.up"}

    def numbers():
        return sorted(event["seq"] for event in voyage.events())

    def nothing_missing():
        return wanted <= {event["event"] for event in voyage.events()} and numbers() == list(range(1, len(numbers()) + 1))

    wait_until(nothing_missing, lambda: f"without a gap: {numbers()} {voyage.events()}", PATIENCE_S, 0.1)
    events = sorted(voyage.events(), key=lambda event: event["seq"])
    for event in events:
        voyage.say(f"{event['seq']:3}  {event['event']}")


def scene_power(voyage):
    """停电：收图途中，同一块模拟磁盘丢失写缓存而断电，先是 DCMTK 的 storescp，再是舢板（数据库也删掉）：设备已得到成功应答的图像，还剩几幅。
    Power cut: while images come, the same simulated disk loses power and what is in its cache, first under DCMTK's storescp, then under Sampan
    (its database deleted as well): how many of the images that were acknowledged to the modality are still there."""
    if "SAMPAN_DISK" not in os.environ:
        return voyage.say(os.environ.get("SAMPAN_NO_DISK", "这里没有模拟磁盘，本幕略过。\nThere is no simulated disk here: this scene is left out."))
    disk = power_scene.Disk(os.environ["SAMPAN_DISK"])
    where = Path(disk.ask("where"))
    images = voyage.ctx.images("mr", 20, "--rows", 64, "--columns", 64)
    for kind in (power_scene.Storescp, power_scene.Sampan):
        acknowledged, survived = power_scene.cut_under(kind(voyage.ctx, where), voyage.ctx, disk, images)
        voyage.say(f"{kind.name:9} {acknowledged:5} 已应答 acknowledged, {survived:5} 还在 survived")
    assert acknowledged > 0 and survived == acknowledged, "an acknowledged image is lost"


SCENES = (scene_start, scene_send, scene_kill, scene_restart, scene_emergency, scene_drain, scene_overtaken, scene_compare, scene_trace,
          scene_devices, scene_telemetry, scene_status, scene_power)


def prepare(voyage):
    voyage.images = voyage.ctx.dir / "modality"
    voyage.ctx.command(tool("make_images"), "--study", voyage.images)
    voyage.remember(voyage.images)


def last_line(voyage):
    arrived = voyage.arrived()
    same = sum(arrived.get(uid) == data_set for uid, data_set in voyage.originals.items())
    counts = (len(voyage.originals), voyage.acknowledged, voyage.delivered(), same)
    print("%d images sent, %d acknowledged, %d delivered, %d identical" % counts, flush=True)
    return 0 if len(set(counts)) == 1 and counts[0] else 1


def how_to_go_on(voyage):
    nodes = [node for node in (voyage.clinic, voyage.lead) if node]
    processes = [node.process.pid for node in nodes] + [child.pid for child in (voyage.line.process, voyage.second_line.process, voyage.sink)]
    print("== 仍在运行，可以继续试。 / Still running, to look around:")
    voyage.say(f"{BIN}/sampan --socket {voyage.clinic.socket} status")
    voyage.say(f"storescu -aec CLINIC 127.0.0.1 {voyage.clinic.port} FILE.dcm      ->  {voyage.arrivals}")
    voyage.say(f"停止 / stop: kill {' '.join(map(str, processes))}; rm -rf {os.environ['HOME']}")


def play(voyage):
    prepare(voyage)
    for number, scene in enumerate(SCENES, 1):
        rows = [row.strip() for row in scene.__doc__.splitlines()]
        print(f"\n== {number}. {rows[0]}\n   {' '.join(rows[1:])}", flush=True)
        scene(voyage)
    print()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--keep", action="store_true")
    arguments.add_argument("--to")
    chosen = arguments.parse_args()
    Process.apart = chosen.keep
    with contextlib.ExitStack() as stack:
        ctx = Context("quickstart")
        voyage = Voyage(stack.enter_context(ctx), chosen.to)
        try:
            play(voyage)
        except AssertionError as error:
            print(f"\n   这一幕没有成功 / this scene failed: {error}", flush=True)
            ctx.show_logs()
            last_line(voyage) if voyage.clinic and voyage.clinic.alive() else None
            return 1
        if chosen.keep:
            how_to_go_on(voyage)
            ctx.leave()
        return last_line(voyage)


if __name__ == "__main__":
    sys.exit(main())
