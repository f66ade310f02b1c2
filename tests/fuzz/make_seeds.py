#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the inputs that fuzzing begins with, a folder for each target: all of them made here, none from a patient.

    tests/fuzz/make_seeds.py FOLDER
"""
import hashlib
import json
import re
import struct
import sys
import zlib
from pathlib import Path

import make_conversations

LONG = {"OB", "OW", "SQ", "UN", "UT"}
CT = "1.2.840.10008.5.1.4.1.1.2"


def element(tag, vr, value, implicit=False, endian="<", undefined=False):
    group, number = tag >> 16, tag & 0xffff
    if isinstance(value, str):
        value = value.encode("utf-8")
    if len(value) % 2:
        value += b"\0" if vr == "UI" else b" "
    length = 0xffffffff if undefined else len(value)
    if implicit:
        return struct.pack(endian + "HHI", group, number, length) + value
    if vr in LONG:
        return struct.pack(endian + "HH", group, number) + vr.encode() + b"\0\0" + struct.pack(endian + "I", length) + value
    return struct.pack(endian + "HH", group, number) + vr.encode() + struct.pack(endian + "H", len(value)) + value


def item(body, endian="<", undefined=False):
    if undefined:
        return struct.pack(endian + "HHI", 0xfffe, 0xe000, 0xffffffff) + body + struct.pack(endian + "HHI", 0xfffe, 0xe00d, 0)
    return struct.pack(endian + "HHI", 0xfffe, 0xe000, len(body)) + body


def data_set(implicit=False, endian="<", charset="ISO_IR 192", undefined=False, encapsulated=False):
    def one(tag, vr, value, **more):
        return element(tag, vr, value, implicit, endian, **more)
    inner = one(0x00081150, "UI", CT) + one(0x00081155, "UI", "1.2.3.4.5")
    sequence = item(inner, endian, undefined)
    if undefined:
        sequence += struct.pack(endian + "HHI", 0xfffe, 0xe0dd, 0)
    pixels = element(0x7fe00010, "OB", item(b"") + item(b"\xff\xd8\xff\xd9") + struct.pack("<HHI", 0xfffe, 0xe0dd, 0), undefined=True) \
        if encapsulated else one(0x7fe00010, "OW", bytes(range(16)))
    return (one(0x00080005, "CS", charset) + one(0x00080016, "UI", CT) + one(0x00080018, "UI", "1.2.3.4") + one(0x00080020, "DA", "20260102") +
            one(0x00080050, "SH", "A1") + one(0x00080060, "CS", "CT") + one(0x00080080, "LO", "Clinic") +
            one(0x00081140, "SQ", sequence, undefined=undefined) + one(0x00100010, "PN", "Test^Nobody") + one(0x00100020, "LO", "P1") +
            one(0x00100021, "LO", "OLD") + one(0x0020000d, "UI", "1.2.3") + one(0x00200013, "IS", "1") + one(0x00280010, "US", struct.pack(endian + "H", 4)) +
            pixels)


def command(fields):
    body = b"".join(element(tag, "UI" if isinstance(value, str) else "US", value if isinstance(value, (str, bytes)) else struct.pack("<H", value), True)
                    for tag, value in fields)
    return element(0, "UL", struct.pack("<I", len(body)), True) + body


STORE = command([(0x0002, CT), (0x0100, 1), (0x0110, 7), (0x0700, 0), (0x0800, 0), (0x1000, "1.2.3.4")])
EVENT = command([(0x0002, "1.2.840.10008.1.20.1"), (0x0100, 0x100), (0x0110, 1), (0x0800, 0), (0x1000, "1.2.840.10008.1.20.1.1"), (0x1002, 2)])
ANSWER = command([(0x0002, CT), (0x0100, 0x8001), (0x0120, 7), (0x0800, 0x101), (0x0900, 0xa700), (0x0902, b"no room "), (0x1000, "1.2.3.4")])


def pdata(*pdvs):
    body = b"".join(struct.pack(">IBB", len(data) + 2, 1, control) + data for control, data in pdvs)
    return struct.pack(">BBI", 4, 0, len(body)) + body


def part10(sop_class=CT, syntax="1.2.840.10008.1.2.1", body=b""):
    meta = (element(0x00020001, "OB", b"\0\1") + element(0x00020002, "UI", sop_class) + element(0x00020003, "UI", "1.2.3.4") +
            element(0x00020010, "UI", syntax) + element(0x00020012, "UI", "1.2.826.0.1") + element(0x00020016, "AE", "CT1"))
    return b"\0" * 128 + b"DICM" + element(0x00020000, "UL", struct.pack("<I", len(meta))) + meta + body


def dicomdir():
    record = element(0x00041400, "UL", bytes(4)) + element(0x00041430, "CS", "IMAGE") + element(0x00041500, "CS", "DICOM\\ST1\\IM1")
    return (element(0x00041130, "CS", "MEDIUM") + element(0x00041220, "SQ", item(record) + item(record.replace(b"IM1", b"IM2"))) +
            element(0x00041220, "SQ", item(record, undefined=True) + struct.pack("<HHI", 0xfffe, 0xe0dd, 0), undefined=True))


def commitment():
    reference = element(0x00081150, "UI", CT) + element(0x00081155, "UI", "1.2.3.4")
    failed = reference + element(0x00081197, "US", struct.pack("<H", 0x0112))
    return element(0x00081195, "UI", "2.25.1") + element(0x00081198, "SQ", item(failed)) + element(0x00081199, "SQ", item(reference))


def long_text(text):
    return struct.pack("<H", len(text)) + text


def stow_json():
    one = {"00081150": {"vr": "UI", "Value": [CT]}, "00081155": {"vr": "UI", "Value": ["1.2.3.4"]}}
    bad = dict(one, **{"00081197": {"vr": "US", "Value": [272]}})
    return json.dumps({"00081199": {"vr": "SQ", "Value": [one]}, "00081198": {"vr": "SQ", "Value": [bad]},
                       "0008119A": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [49152]}}]}})


STOW_XML = ('<?xml version="1.0" encoding="UTF-8"?><NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM"><!-- c -->'
            '<DicomAttribute tag="00081199" vr="SQ" keyword="ReferencedSOPSequence"><Item number="1"><DicomAttribute tag="00081155" vr="UI">'
            '<Value number="1">1.2.3.4</Value></DicomAttribute><DicomAttribute tag="00081150" vr="UI"><Value number="1">1.2&#46;3&amp;</Value>'
            '</DicomAttribute></Item></DicomAttribute></NativeDicomModel>')
STATUS = json.dumps({"site": "s", "version": "1", "now": "2026-11-22T09:00:00.000Z", "intake": {"enabled": True, "port": 1}, "spool": {"items": 1},
                     "destinations": [{"name": "lead", "state": "up", "waiting": 2, "ages": {"1min": 1}}], "attention": []})
EVENTS = json.dumps({"events": [{"time": "2026-11-22T09:00:00.000Z", "event": "x", "severity": "warning", "text": {"en": "a", "zh": "b"}}], "open": []})
EXAMS = json.dumps({"now": "2026-11-22T09:00:00.000Z", "exams": [{"study_uid": "1.2", "images": 1, "destinations": [{"name": "lead", "waiting": 1}]}]})
KEYRING = (b"sampan-keyring 1\ngeneration 2\nnode 01234567-89ab-7def-8123-456789abcdef\nprotector 0123456789abcdef file 1 1790000000000 - -\n"
           b"protector 0123456789abcdee recovery 2 1790000000000 " + b"11" * 32 + b" handed-out\nkey 0123456789abcdef 1790000000000\n"
           b"copy 0123456789abcdef " + b"22" * 60 + b"\nseal " + b"33" * 32 + b"\n")
OWN_KEY = b"sampan-local-key 1\nkey e7336a66b4816db2 0d293449af619a29325fb514ba9709da9bcf8b13717c7f6346f5ab25e0104447\n"
def key_id(key):
    return hashlib.sha256(key).digest()[:8][::-1].hex().encode()


NO_KEY = key_id(bytes(32)) + b" " + b"00" * 32 + b"\n"
OLD_KEYS, LOCAL_KEY = b"sampan-key 1\nnode 01234567-89ab-7def-8123-456789abcdef\nkey " + NO_KEY, b"sampan-local-key 1\nkey " + NO_KEY
# Of nobody: what opens it is in state_targets.cc.
REAL_KEYRING = (
    b"sampan-keyring 1\n"
    b"generation 2\n"
    b"node 01a217c8-1d7b-74f2-8628-e370bb07d590\n"
    b"protector e7336a66b4816db2 file 1 1795695320443 - -\n"
    b"protector c0a68363b2c83b60 recovery 2 1795695320451 20d5258be0322b3b0638be56589197f2ffcaa4dcc8c6d8f7e6e5547c8d1b3b57 -\n"
    b"key db8a3dd682ca2c4e 1795695320443\n"
    b"copy e7336a66b4816db2 a874d288fcb291b7e848b844f0d4e86552b4ff073b8dc57dd006fb3a277b8c4026f0b3d0c0dbee7c\n"
    b"copy c0a68363b2c83b60 f2681c5e4e87d3eeb7a64c2d90bf86105b9c4d20042cc2c1743b06ba16d47a221d21fdd124b18c2b9f82b57ca14ce7b225"
    b"0784fcfefc1b2f68d278874f8ab103a8db304f56ffc7c5\n"
    b"seal 6e286a517228bfa9548d5f018bbfc2048e781e58237bda9a02ba31777a6d8ea2\n")
EVENT_LINE = (b'{"schema":"sampan.event/1","id":"01234567-89ab-7def-8123-456789abcdef","node":"n","series":"s","seq":1,"time":"2026-11-22T09:00:00.000Z",'
              b'"event":"device.new","severity":"info","state":"once","cause":"c","device":"d","count":1,"attributes":{"model":"x"}}\n')

STATE_FILE = {"version": "1.0", "stopped": True, "written": 1790000000000, "quarantined": 1, "refused": {"unknown_caller": 2},
              "devices": [{**dict.fromkeys(("id", "manufacturer", "model", "serial", "station", "software", "detector", "modality", "ae_title", "address", "day"), "x"),
                           "all_software": ["1", "2"], "all_detectors": ["d"], "received": {"CT": [1, 2000]}, "first_seen": 1, "last_image": 2, "images_today": 3}],
              "callers": [{"ae_title": "CT1", "address": "192.0.2.1", "accepted": 1, "refused": 2, "last_seen": 3, "last_refused": 4, "reason": "unknown_caller"}],
              "alarms": [{"cause": "c", "event": "destination.down", "severity": 1, "opened": 1, "last": 2, "count": 3, "attributes": {"destination": "lead"}}]}


HTTP_REQUESTS = [b"GET /?a=1&b=%20x&c HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}GET /b HTTP/1.0\r\n\r\n",
                 b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
                 b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n", b"GET /throw HTTP/1.1\r\nHost: x\r\n\r\n", b"PUT * HTTP/1.1\nX-A: b\n c\n\n"]


def http_scripts():
    """What fuzz/http_peer.h plays, behind the byte that says who asks."""
    json_type, statuses = b"Content-Type: application/dicom+json\n\n", (200, 202, 409, 204, 201, 401, 404, 400, 503, 429)

    def part(status, body, heads=json_type):
        return bytes([0, statuses.index(status)]) + heads + (body if isinstance(body, bytes) else json.dumps(body).encode()) + b"\x1e"

    def named(instance, **more):
        return dict({"00081155": {"vr": "UI", "Value": [instance]}}, **more)

    def stored(*instances, tag="00081199", **more):
        return {tag: {"vr": "SQ", "Value": [named(instance, **more) for instance in instances]}}
    one, two, item = "2.25.4711", "2.25.4712", "00000000-0000-0000-0000-00000000000"
    failed, token = {"00081197": {"vr": "US", "Value": [0xa700]}}, part(200, {"access_token": "abc", "expires_in": 1})
    matches = [{"00080018": {"vr": "UI", "Value": [name]}} for name in (one, two)]
    xml = STOW_XML.replace("1.2.3.4", one).encode()
    raw = [b"\1HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n\x1e", b"\1HTTP/1.0 204 X\r\n\r\n\x1e", b"\1<html>\x1e"]
    stow = [part(200, stored(one)) + part(202, stored(two)), part(409, stored(one, tag="00081198", **failed)) + part(200, stored(one, two)), part(200, xml),
            part(503, b"", b"Retry-After: 60\nDate: Thu, 26 Nov 2026 09:00:00 GMT\n\n"), part(401, b"") + part(400, b"SSL certificate"),
            part(200, b"<html>Log in</html>", b"Content-Type: text/html\n\n"), part(409, {"0008119A": {"vr": "SQ", "Value": [failed]}})] + raw
    told = [part(200, {"accepted": [item + "1", {"id": item + "2"}], "rejected": []}), part(204, b""), part(200, {"rejected": [item + "1"]}), part(429, b"")] + raw
    proof = [part(404, b"") + part(200, matches) + part(204, b""), part(202, b"", b"Retry-After: 5\n\n") + part(200, stored(one)), part(200, [{"00080018": []}]),
             part(200, {**stored(one), **stored(two, tag="00081198", **failed)})] + raw
    return ([bytes([who]) + script for who, scripts in ((0, stow), (1, told), (2, proof), (2 | 8, proof), (2 | 16, proof)) for script in scripts] + [bytes([4 | who]) + token + scripts[0] + part(401, b"") + token for who, scripts in ((0, stow), (1, told), (2, proof))])


def short(text):
    """A word behind its length, as Feed::word() takes it."""
    return bytes([len(text)]) + text


def requests():
    """Behind the route, and that its own method and path are asked: how many words there are, the words, and the body."""
    asked = [(b"key", b"1.2.3", b"to", b"lead", b"emergency", b"true"), (b"since", b"24h", b"limit", b"10"), (b"since", b"2026-11-22T09:00:00.5Z"), (b"since", b"2026-11-26")]
    return [bytes([route, 1, 1, len(words) // 2]) + b"".join(map(short, words)) for route in range(15) for words in asked]


def whole_settings(top):
    """Every option there is, a section at a time, with what every file needs; of a destination's kinds one at a time."""
    lines = [line.lstrip("#") if line.startswith("#") else line for line in (top / "config" / "examples" / "full.yaml").read_text(encoding="utf-8").splitlines()
             if line.strip() and not line.startswith("##")]
    begins = [at for at, line in enumerate(lines) if not line.startswith(" ")] + [len(lines)]
    sections = ["\n".join(lines[begin:end]) + "\n" for begin, end in zip(begins, begins[1:])]
    destinations = next(section for section in sections if section.startswith("destinations:"))
    kinds = ("dimse", "folder", "stow", "http")

    def of_kind(kind):
        return "".join(line + "\n" for line in destinations.splitlines() if not re.match(r"    (%s):" % "|".join(one for one in kinds if one != kind), line))
    least = "site: a\n" + "".join(of_kind("dimse").splitlines(True)[:3])
    return [(least + section if not section.startswith("site:") else least).encode() for section in sections if section != destinations] + \
           [("site: a\n" + of_kind(kind)).encode() for kind in kinds]


def seeds(top):
    utf8, gb = "王^小東".encode("utf-8"), "王^小东".encode("gb18030")
    fields = dict.fromkeys(re.findall(r"`([a-z_]+)`", (top / "agent" / "control" / "API.md").read_text(encoding="utf-8")), 1)
    yamls = [path.read_bytes() for path in sorted((top / "config").rglob("*.yaml"))][:20]
    escape = b"\x1b$)AWang^\xcd\xf5=\x1b(J\x1b$B;3ED\x1b(B"
    sets = [(0, data_set(implicit=True)), (1, data_set()), (2, data_set(endian=">")), (4, data_set(encapsulated=True)), (1, data_set(undefined=True)),
            (0, data_set(implicit=True, undefined=True)), (1, data_set(charset="GB18030")), (5, data_set())]
    change_order = struct.pack("<q", 1_800_000_000_000) + b"".join(struct.pack("<H", len(one)) + one for one in (
        b"1.2.840.10008.1.2.1", b"QS", b"P-", utf8, b"ISO_IR 192", b"SAMPAN", b"CT"))
    deflated = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflated.compress(data_set()) + deflated.flush()
    of_syntax = [bytes([number]) + body for number, body in sets] + [b"\3" + packed]
    message = pdata((3, STORE)) + pdata((0, data_set()[:100]), (2, data_set()[100:])) + pdata((3, ANSWER)) + struct.pack(">BBI", 5, 0, 4) + bytes(4)
    return {
        "pdata": [b"\x40\0" + message, b"\x07\1" + message, b"\xff\0" + struct.pack(">BBI", 7, 0, 4) + b"\0\0\2\1"],
        "command_set": [STORE, EVENT, ANSWER],
        "fact_scanner": [body[:1] + b"\x20" + body[1:] for body in of_syntax],
        "canonical": of_syntax,
        "data_set": [b"\0" + data_set(), b"\1" + data_set(implicit=True), b"\0" + commitment()],
        "transform": [body[:1] + bytes([wish]) + body[1:] for body in of_syntax for wish in (1, 2, 7, 8, 31)],
        "text": [b"\x0aISO_IR 192" + utf8, b"\x07GB18030" + gb, b"\x0fISO 2022 IR 149" + escape, b"\x10\\ISO 2022 IR 87 " + escape, b"\0" + gb],
        "inflater": [b"\x10" + packed, b"\xff" + packed[:40]],
        "part10": [part10(body=data_set()), part10()[:140]],
        "folder_head": [b"\0\1" + part10(body=data_set()), b"\0\0" + part10("1.2.840.10008.1.3.10", body=dicomdir()), b"\0\0" + part10()[132:], b"\0\0%PDF-1.4"],
        "dicomdir": [dicomdir()],
        "names": [b"\x051.pdf1.2.840.10008", b"\4a/b\\" + utf8, b"\0::ffff:192.0.2.1", b"\x0501234567-89ab-7def-8123-456789abcdef"],
        "notes": [bytes([kind]) + bytes(range(16)) + bytes(56) + long_text(b"lead") + long_text(b"why") + bytes(8) for kind in range(8)] +
                 [b"\0" + long_text(b"clinic") + b"\1\2" + bytes(8) + struct.pack("<HH", 1, 3) + b"1.2" + struct.pack("<HH", 2, 3) + b"3.4"],
        "key_file": [bytes([parts]) + b"".join(struct.pack("<H", len(text)) + text for text in texts)
                     for parts, texts in ((1, [OLD_KEYS]), (1, [OLD_KEYS[:-1].replace(b"-key 1", b"-key 2")]), (2, [REAL_KEYRING]), (14, [REAL_KEYRING, REAL_KEYRING, OWN_KEY]),
                                          (10, [REAL_KEYRING, OWN_KEY]), (12, [REAL_KEYRING, OWN_KEY]), (26, [REAL_KEYRING, OWN_KEY, OWN_KEY]), (0, []), (32, []), (8, [LOCAL_KEY]))],
        "stow_answer": [b'[{"00080018":{"vr":"UI","Value":["1.2.3"]}},{"00080018":{"Value":["1.2.4"]}}]', b'{"access_token":"abc","token_type":"Bearer","expires_in":3600}', stow_json().encode(), STOW_XML.encode(), b"<html><body>Log in</body></html>", b"\xef\xbb\xbf" + stow_json().encode()],
        "stow_copy": stow_copies(),
        "http_json": [b"\0" + b'{"accepted":["01234567-89ab-7def-8123-456789abcdef"],"rejected":[]}', b"\4", b"\0{}"],
        "settings": yamls + whole_settings(top) + [b"site: a\ndestinations:\n- name: lead\n  dimse: PACS@[::1]:104\n  lanes: 4\n"],
        "control": [bytes([route, 1, 1, 0]) + b'{"key":"1.2.3","destination":"lead","emergency":true}' for route in range(16)] +
                   requests(),
        "client_json": [json.dumps(fields).encode(), b'{"code":"not_found","error":"a","zh":"b"}', b'{"recovery_key":"7KQ4D"}', b'{"protection":"file","node_keys":1,"recovery":"none"}', STATUS.encode(), EVENTS.encode(), EXAMS.encode(), b'{"applied":true,"problems":[{"en":"a","zh":"b"}],"after_restart":["x"]}',
                        b'{"deliveries":1,"reclaimed":0,"damaged":0}', b'{"now":"x","devices":[{"device":"d","images_today":1}],"callers":[]}'],
        "telemetry_state": [json.dumps(STATE_FILE).encode(), b'{"version":"1","devices":[{"manufacturer":"m","model":"x"}],"alarms":[],"callers":[]}', b"2026-11-22T09:00:00.123Z"],
        "secret": [b"token\n", b"two\nlines", b"\xef\xbb\xbfx"],
        "http_words": [struct.pack("<Q", 1790000000000)[:6] + bytes([len(wish)]) + wish + bytes([len(date)]) + date + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                       for wish, date in ((b"120", b""), (b"Thu, 26 Nov 2026 10:00:00 GMT", b"Thu, 26 Nov 2026 09:00:00 GMT"), (b"soon", b"x"))],
        "http_lead": http_scripts(),
        "http_server": HTTP_REQUESTS,
        "state_directory": [b""] + [bytes([file, what, page, 0, 1]) + b"\xff\0\1\2" for file in range(5) for what in (0, 0x71, 2, 3, 4) for page in (0, 1, 9)],
        "beacon": [bytes([odd]) + b"SAMPBCN1" + struct.pack("<QQqq", 8, 16, 1, 2) + struct.pack("<Q", 1) + bytes(range(16)) + bytes(7 * 24) +
                   struct.pack("<Q", 2) + bytes(range(16)) + bytes(15 * 24) for odd in (0, 1)] + [b"\0SAMPBCN1", b"\1" + b"\xff" * 700],
        "keyring": [REAL_KEYRING, b"sampan-node 1\nnode 01234567-89ab-7def-8123-456789abcdef\n", KEYRING, OLD_KEYS,
                    LOCAL_KEY, b"7KQ4D-00000-00000-00000-00000-00000-00000-00000"],
        "journal": [EVENT_LINE.replace(b'"event"', b'"kind"') + b"queued\n", EVENT_LINE + b'{"queued":1,"series":"s"}\n' + EVENT_LINE.replace(b'"seq":1', b'"seq":2') + b"torn", EVENT_LINE[:-1]],
        "folder_root": [bytes([there]) + short(b"folder-id " + word + b"\n/disk/root\n") + short(other + b"\n") + short(other[:9])
                        for there in (0, 1, 3, 7, 15) for word, other in ((b"0123456789abcdef" * 2,) * 2, (b"0123456789abcdef" * 2, b"f" * 32), (b"", b""))] +
                       [b"\1" + short(b"/disk/root\n"), b"\x09" + short(b"/disk/root\n"), b"\6" + short(b"") + short(b"0123456789abcdef" * 2)],
        "start_note": [b"why\n\n" + utf8 + b"\n", b"one\ntwo\n\n\n\nthree\n\nfour", b"\n\nnone", b"no end"],
        "packets": [b"Q\1" + struct.pack("<Q", 5) + b"1.2.840.10008.1.2", b"Q\1" + struct.pack(">Q", 5) + b"1.2", b"A\0" + bytes(32), b"A\1why", b"A\2piece",
                    b"R" + struct.pack("<QQ", 64, 4096), change_order, b"Q\2" + struct.pack("<Q", 5) + change_order,
                    struct.pack("<QQI", 2, 3, 4) + b"new " + struct.pack("<QQI", 9, 0, 0)],
        "conversation": make_conversations.modality().values(),
        "lead": make_conversations.lead().values(),
        "lead_proof": make_conversations.lead_proof().values(),
        **segments(),
    }


def segments():
    """Of a disk from somewhere: records that hold, of one node and of another, with and without the mark of their end."""
    return {
        "segment": [b"\0" + bytes([1, odd, 1]) + bytes([9, 9, 9, 200]) + bytes(range(200)) for odd in (0, 1, 2, 4, 8, 32, 64, 128, 255)] +
                   [b"\x80" + struct.pack("<H", end) + bytes([1, 128, 1]) + bytes([9, 9, 9, 200]) + bytes(range(200)) for end in (4096, 8192, 65535)],
        "raw_segment": [b"SAMPSEG1" + bytes(120) + b"SREC" + bytes(200), b"i0000000000000001.seg", b"n00000000000000ff.seg"] + [
            bytes([1, own]) + short(b"SAMPSEG1" + struct.pack("<I", 1) + stream + bytes(19) + struct.pack("<q", 1)) + b"\x20" +
            short(b"SREC" + bytes([kind, streamed, 1, 0]) + struct.pack("<qq", (1 << 20) + 1, 0 if streamed else 4096) + bytes(64) + struct.pack("<I", 65536)) + b"\x1f" +
            short(b"STRL" + struct.pack("<IqQQ", 16, (1 << 20) + 1, 3000, 4096))
            for own in (0, 1) for stream in (b"i", b"n") for kind in (1, 2) for streamed in (0, 1)] + [bytes([1, 1]) + b"\0\x20" + short(b"SREC")] + [
            bytes([1, 0]) + short(b"SAMPSEG1" + struct.pack("<I", 1) + b"i" + bytes(19) + struct.pack("<q", 1)) + b"\4" +
            short(b"SEND" + struct.pack("<IQQ", 0, 1, end)) + b"\x20" + short(b"SREC") for end in (0, 4096, 8192, 1 << 40)],
    }


def stow_copies():
    """What a service gives back for the image that the target has: as a file, as a part, and another one."""
    image, elements = b"\x08\0\x18\0UI\x04\x001.2\0", element(0x00020010, "UI", "1.2.840.10008.1.2.1")
    head = bytes(128) + b"DICM" + element(0x00020000, "UL", struct.pack("<I", len(elements))) + elements
    parts = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + head + image + b"\r\n--b--\r\n"
    return [bytes([piece, len(kind)]) + kind + body for piece, kind, body in (
        (0, b"application/dicom", head + image), (200, b'multipart/related; boundary="b"', parts), (6, b"multipart/related; boundary=b; x=y", parts),
        (90, b"application/dicom", head + image[:-1] + b"1"), (90, b"text/html", b"<html>"))]


def main():
    folder, top = Path(sys.argv[1]), Path(__file__).resolve().parents[2]
    for target, inputs in seeds(top).items():
        (folder / target).mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(inputs):
            (folder / target / f"seed_{number:02}").write_bytes(data)


if __name__ == "__main__":
    main()
