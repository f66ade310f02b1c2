# SPDX-License-Identifier: Apache-2.0
"""DICOM files (PS3.10) as bytes: the file meta information and, untouched, the data set behind it."""
import hashlib
import re
import struct
from pathlib import Path

LONG_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"))
NAMES = {(2, 2): "sop_class", (2, 3): "sop_instance", (2, 0x10): "transfer_syntax"}


class NotPart10(ValueError):
    pass


def split(content):
    """Bytes of a file -> (meta as a dictionary of text, bytes of the data set)."""
    if content[128:132] != b"DICM":
        raise NotPart10("no DICM at 128")
    at, meta = 132, {}
    while at + 8 <= len(content):
        group, element, vr = struct.unpack_from("<HH2s", content, at)
        if group != 2:
            break
        if vr in LONG_VRS:
            if at + 12 > len(content):
                raise NotPart10("meta information is cut")
            length, value = struct.unpack_from("<I", content, at + 8)[0], at + 12
        else:
            length, value = struct.unpack_from("<H", content, at + 6)[0], at + 8
        if value + length > len(content):
            raise NotPart10("meta information is cut")
        if (group, element) in NAMES:
            meta[NAMES[group, element]] = content[value:value + length].rstrip(b"\0 ").decode("latin-1")
        at = value + length
    return meta, content[at:]


def read(path):
    return split(Path(path).read_bytes())


# (0008,0018) in either byte order; then its length, with or without UI, or UN and a long length; then the UID.
SOP_INSTANCE = re.compile(rb"(?:\x08\x00\x18\x00|\x00\x08\x00\x18)(?:UN.{6}|.{4})([0-9][0-9.]{5,63})", re.S)


def sop_instance(meta, data_set):
    """What the data set itself says, as the raw SCU sends it; files exist whose meta information says otherwise."""
    match = SOP_INSTANCE.search(data_set, 0, 4096)
    return match[1].decode("ascii") if match else meta["sop_instance"]


def data_set_sha256(path):
    return hashlib.sha256(read(path)[1]).hexdigest()
