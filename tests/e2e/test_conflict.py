# SPDX-License-Identifier: Apache-2.0
"""A DICOMweb service that has an image of that name already, and says so by HTTP 409 without another word."""
import http.server
import json
import re
import threading
import urllib.error
import urllib.request

import cargo
import part10
import wire
from harness import wait_until
from test_orders import order, study_of

contract = (3, 4, 6)

MAY_DIFFER = "HTTP 409 an image of this name is there; its content may differ"


class Archive(http.server.ThreadingHTTPServer):
    """Keeps the first image of a name, refuses every other, finds them by name and gives them back if asked to."""

    daemon_threads = True

    def __init__(self, gives_back=True, instead=None, names_it=False):
        super().__init__(("127.0.0.1", 0), ArchiveHandler)
        self.gives_back, self.instead = gives_back, instead  # instead: where what it gives back is fetched from
        self.names_it = names_it  # as failed, for it is there already (0x0111)
        self.kept, self.stored, self.searched, self.answers_lost, self.lock = {}, 0, 0, 0, threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/dicom-web/studies"


class ArchiveHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, kind="text/plain", body=b""):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "/commitment-requests" in self.path:
            return self.answer(404)
        boundary = self.headers["Content-Type"].rsplit("boundary=", 1)[1].encode()
        parts = [part.split(b"\r\n\r\n", 1)[1] for part in body.split(b"--" + boundary)[1:-1]]
        files = {part10.split(part)[0]["sop_instance"]: part.removesuffix(b"\r\n") for part in parts}
        with self.server.lock:
            if any(uid in self.server.kept for uid in files):
                failed = [{"00081155": {"vr": "UI", "Value": [uid]}, "00081197": {"vr": "US", "Value": [0x0111]}} for uid in files]
                named = json.dumps({"00081198": {"vr": "SQ", "Value": failed}}).encode() if self.server.names_it else b""
                return self.answer(409, "application/dicom+json", named)
            self.server.kept.update(files)
            self.server.stored += len(files)
            lost = self.server.answers_lost > 0
            self.server.answers_lost -= lost
        if lost:
            self.close_connection = True
            return None
        named = [{"00081155": {"vr": "UI", "Value": [uid]}} for uid in files]
        return self.answer(200, "application/dicom+json", json.dumps({"00081199": {"vr": "SQ", "Value": named}}).encode())

    def do_GET(self):
        retrieved = re.search(r"/instances/([0-9.]+)$", self.path)
        if retrieved:
            return self.give(retrieved[1])
        asked = re.search(r"SOPInstanceUID=([0-9.]+)", self.path)
        if "/instances?" not in self.path:
            return self.answer(404)
        with self.server.lock:
            self.server.searched += 1
            first_page = "offset=" not in self.path or "offset=0" in self.path
            found = [uid for uid in self.server.kept if first_page and (not asked or asked[1] == uid)]
        matches = [{"00080018": {"vr": "UI", "Value": [uid]}} for uid in found]
        return self.answer(200, "application/dicom+json", json.dumps(matches).encode())

    def give(self, uid):
        if self.server.instead:
            request = urllib.request.Request(self.server.instead + self.path.removeprefix("/dicom-web/studies"), headers={"Accept": self.headers["Accept"]})
            with urllib.request.urlopen(request, timeout=30) as answer:
                return self.answer(answer.status, answer.headers["Content-Type"], answer.read())
        if not self.server.gives_back or uid not in self.server.kept:
            return self.answer(406)
        body = b"--end\r\nContent-Type: application/dicom\r\n\r\n" + self.server.kept[uid] + b"\r\n--end--\r\n"
        return self.answer(200, 'multipart/related; type="application/dicom"; boundary=end', body)

    def log_message(self, *_):
        pass


def other_content(ctx, path):
    """The same name, the last pixel another."""
    changed = ctx.dir / f"other-{path.name}"
    content = path.read_bytes()
    changed.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert cargo.load(changed).sop_instance == cargo.load(path).sop_instance
    return changed


def send(ctx, node, *files):
    scu = ctx.raw_scu(node.address, files, called=node.settings["ae_title"])
    assert scu.wait() == 0 and len(scu.acknowledged()) == len(files)


def wait_for(node, count, what, destination="lead"):
    wait_until(lambda: node.destination(destination)[what] == count, lambda: f"{what} is {count}: {json.dumps(node.destination(destination))}", 60, 0.1)


def send_as(node, commanded, own_name, last_byte):
    """An image with another name in its data set than in its command."""
    data_set = wire.image(own_name, 64)[:-1] + bytes([last_byte])
    with wire.Peer(node.port) as modality:
        modality.associate(called=node.settings["ae_title"])
        assert modality.store(commanded, data_set) == 0
        modality.release()


def is_refused(node, destination, reason=MAY_DIFFER):
    wait_for(node, 1, "rejected", destination)
    here = node.destination(destination)
    assert [one["reason"] for one in here["rejected_reasons"]] == [reason], here
    return here


def test_an_image_whose_name_another_one_has_there_waits_for_a_person_and_is_kept(ctx):
    """Neither an archive that gives the other one back, nor one that gives back nothing, is believed."""
    first = ctx.images("mr", 1, "--rows", 64, "--columns", 64)[0]
    image = cargo.load(first)
    archives = {"giving": Archive(), "silent": Archive(gives_back=False)}
    for archive in archives.values():
        archive.kept[image.sop_instance] = other_content(ctx, first).read_bytes()
    node = ctx.node(destinations=[{"name": name, "stow": archive.url} for name, archive in archives.items()]).start()
    send(ctx, node, first)
    for name in archives:
        here = is_refused(node, name)
        assert here["delivered"] == here["archived"] == 0, here
    node.stop()
    node.start()
    for name, archive in archives.items():
        here = is_refused(node, name)
        assert here["delivered"] == here["archived"] == 0 and archive.stored == 0, here
        archive.shutdown()
    code, text = node.sampan("trace", image.sop_instance, "--lang", "zh")
    assert code == 1 and "对方已有同名图像，内容可能不同" in text, text


def test_of_two_images_of_one_name_the_one_that_was_stored_proves_nothing_for_the_other(ctx):
    first = ctx.images("mr", 1, "--rows", 64, "--columns", 64)[0]
    lead = Archive(gives_back=False)
    node = ctx.node(destinations=[{"name": "lead", "stow": lead.url}]).start()
    send(ctx, node, first)
    wait_for(node, 1, "delivered")
    send(ctx, node, other_content(ctx, first))
    wait_for(node, 1, "on_hold")
    order(node, "resume", study_of(ctx, [first]))
    here = is_refused(node, "lead")
    assert here["delivered"] == 1 and lead.stored == 1, here
    lead.shutdown()


def test_that_it_is_there_already_proves_neither_of_two_images_of_one_name(ctx):
    """0x0111, by C-STORE and by STOW-RS: believed of the one, not of the other that came under its name."""
    first = ctx.images("mr", 1, "--rows", 64, "--columns", 64)[0]
    archive, lead = Archive(names_it=True), ctx.raw_scp(status="0111").start()
    archive.kept[cargo.load(first).sop_instance] = first.read_bytes()
    destinations = {"stow": {"stow": archive.url}, "dimse": {"dimse": f"LEAD@127.0.0.1:{lead.port}"}}
    node = ctx.node(destinations=[{"name": name, "proof": "none", **there} for name, there in destinations.items()]).start()
    send(ctx, node, first)
    for name in destinations:
        wait_for(node, 1, "delivered", name)
    send(ctx, node, other_content(ctx, first))
    for name in destinations:
        wait_for(node, 1, "on_hold", name)
    order(node, "resume", study_of(ctx, [first]))
    for name in destinations:
        here = is_refused(node, name, MAY_DIFFER.replace("HTTP 409", "0x0111"))
        assert here["delivered"] == 1 and archive.stored == 0, here
    archive.shutdown()


def test_an_image_whose_answer_was_lost_is_delivered_when_the_archive_gives_back_the_same(ctx):
    lead = Archive()
    lead.answers_lost = 1
    node = ctx.node(destinations=[{"name": "lead", "stow": lead.url}]).start()
    send(ctx, node, *ctx.images("mr", 3, "--rows", 64, "--columns", 64))
    wait_for(node, 3, "archived")
    here = node.destination()
    assert here["rejected"] == 0 and lead.stored == 3 and lead.answers_lost == 0, here
    lead.shutdown()


def test_what_orthanc_gives_back_is_the_same(ctx):
    orthanc = ctx.orthanc(dicomweb=True)
    straight = ctx.node("straight", destinations=[{"name": "lead", "stow": orthanc.stow}]).start()
    files = ctx.images("ct", 2) + ctx.images("big", 1, "--rows", 512, "--columns", 512, "--frames", 20)
    send(ctx, straight, *files)
    straight.wait_drained()
    lead = Archive(instead=orthanc.stow)
    lead.kept = {cargo.load(path).sop_instance: b"" for path in files}
    node = ctx.node(destinations=[{"name": "lead", "stow": lead.url}]).start()
    send(ctx, node, *files)
    wait_for(node, 3, "delivered")
    assert lead.stored == 0 and node.destination()["rejected"] == 0
    lead.shutdown()


def test_an_image_whose_name_another_one_has_in_its_data_set_alone_is_kept_beside_it(ctx):
    """Archives keep the first of them and answer success for the second: a query by name proves neither."""
    orthanc = ctx.orthanc(DicomAlwaysAllowFind=True)
    node = ctx.node(destinations=[{**orthanc.destination, "proof": "query", "retention_days": 0}]).start()
    for number, (commanded, own_name) in enumerate((("2.25.6", "2.25.5"), ("2.25.5", "2.25.5"), ("2.25.8", "2.25.10"), ("2.25.9", "2.25.10"))):
        send_as(node, commanded, own_name, number)
        wait_for(node, number // 2 + 1, "delivered")
    wait_for(node, 2, "on_hold")
    here = node.destination()
    assert here["delivered"] == 2 and here["archived"] == here["waiting"] == here["rejected"] == 0, here
    assert [one["reason"] for one in here["on_hold_reasons"]] == ["same SOP Instance UID as an earlier image, other content"], here
    assert sorted(orthanc.file(one)[-1] for one in orthanc.get("/instances")) == [0, 2]
