# SPDX-License-Identifier: Apache-2.0
"""Every file that Orthanc can hold: raw SCU -> node -> Orthanc by C-STORE, with equal attributes and pixels there."""
import io

import cargo
import part10
from harness import wait_until

contract = (3, 5)


def pydicom():
    import pydicom  # noqa: PLC0415  (Debian's python3-pydicom)
    pydicom.config.convert_wrong_length_to_UN = True
    return pydicom


def read(content):
    return pydicom().dcmread(io.BytesIO(content), force=True)


def plain(value):
    """A raw value as bytes without the padding that only makes lengths even."""
    return bytes(value or b"").rstrip(b"\0 ")


def fragments(value):
    """Encapsulated pixel data as its fragments; the offset table and the padding of odd ones are encoding (PS3.5 A.4)."""
    at, found = 0, []
    while at + 8 <= len(value) and value[at:at + 4] == b"\xfe\xff\x00\xe0":
        end = at + 8 + int.from_bytes(value[at + 4:at + 8], "little")
        found.append(plain(value[at + 8:end]))
        at = end
    return found[1:]


def attributes(data_set, path=()):
    """(path of tags) -> value, sequences opened, group lengths and file meta left out."""
    found = {}
    for tag in data_set.keys():
        # Group lengths, trailing padding, and meta information that strayed into an item are encoding, not content.
        if tag.element == 0 or tag.group in (0x0002, 0xFFFC):
            continue
        element = data_set.get_item(tag)
        value = element.value
        if element.VR == "SQ" or (element.VR in ("UN", None) and isinstance(data_set[tag].value, pydicom().sequence.Sequence)):
            for number, item in enumerate(data_set[tag].value):
                found.update(attributes(item, (*path, tag, number)))
        elif tag == 0x7FE00010 and isinstance(value, bytes) and value[:4] == b"\xfe\xff\x00\xe0":
            found[(*path, tag)] = fragments(value)
        else:
            found[(*path, tag)] = plain(value) if isinstance(value, (bytes, type(None))) else str(value)
    return found


def compare(one, sent_instance, stored):
    ours, theirs = read(one.path.read_bytes()), read(stored)
    a, b = attributes(ours), attributes(theirs)
    identity = (pydicom().tag.Tag(0x00080018),)
    assert b.pop(identity).decode("ascii") == sent_instance
    a.pop(identity)
    different = [key for key in a.keys() | b.keys() if a.get(key) != b.get(key)]
    assert not different, f"{one.path}: {[(str(k), str(a.get(k))[:40], str(b.get(k))[:40]) for k in different[:4]]}"
    assert theirs.file_meta.TransferSyntaxUID == one.transfer_syntax, one.path


def taken_directly(ctx, orthanc, files):
    """What Orthanc takes from a sender without a node between: the rest it cannot hold."""
    direct = ctx.raw_scu(f"127.0.0.1:{orthanc.port}", [one.path for one in files], called="LEAD", new_uids=True, timeout=3,
                         **{"continue": True})
    direct.wait()
    paths = {answer.path for answer in direct.sent() if answer.ok}
    return [one for one in files if str(one.path) in paths]


def test_attributes_and_pixels_are_equal_in_orthanc(ctx):
    orthanc = ctx.orthanc()
    node = ctx.node(destinations=[orthanc.destination]).start()
    files, words = cargo.good_files(ctx)
    chosen = taken_directly(ctx, orthanc, files)
    assert len(chosen) > 0.8 * len(files), f"Orthanc took only {len(chosen)}"
    sender = ctx.raw_scu(node.address, [one.path for one in chosen], called="CLINIC", new_uids=True)
    assert sender.wait() == 0, [answer for answer in sender.sent() if not answer.ok]
    node.wait_drained(120)
    by_path = {str(one.path): one for one in chosen}
    for answer in sender.sent():
        identifier = orthanc.find(answer.sop_instance)
        assert identifier, f"{answer.path} is not in Orthanc"
        compare(by_path[answer.path], answer.sop_instance, orthanc.file(identifier))
    return f"{len(chosen)} of {words}"


def without_series(content):
    """The same file with an empty Series Instance UID: Orthanc answers 0xA700, as if it were out of space."""
    data_set = part10.split(content)[1]
    at = data_set.index(b"\x20\x00\x0e\x00UI")  # explicit little endian, as make_images writes
    length = int.from_bytes(data_set[at + 6:at + 8], "little")
    return content[:-len(data_set)] + data_set[:at + 6] + b"\0\0" + data_set[at + 8 + length:]


def of_odd_length(content):
    """The same file with one byte of trailing padding: Orthanc aborts the association."""
    return content + b"\xfc\xff\xfc\xffOB\0\0\1\0\0\0\0"


def others_arrive_beside(ctx, spoil):
    orthanc = ctx.orthanc()
    node = ctx.node(destinations=[orthanc.destination]).start()
    first, *good = ctx.images("mr", 3, "--rows", 64, "--columns", 64)
    spoilt = ctx.dir / "spoilt.dcm"
    spoilt.write_bytes(spoil(first.read_bytes()))
    for path in (spoilt, *good):
        assert ctx.raw_scu(node.address, [path], called="CLINIC").wait() == 0
    for path in good:
        instance = cargo.load(path).sop_instance
        wait_until(lambda: orthanc.find(instance), lambda: f"the good ones arrive: {node.destination()}", 90, 0.1)
    wait_until(lambda: node.destination()["delivered"] == len(good), lambda: f"receipts: {node.destination()}", 30, 0.1)
    lead = node.destination()
    assert lead["waiting"] + lead["rejected"] == 1, lead


def test_an_image_that_the_pacs_cannot_store_does_not_stop_the_others(ctx):
    others_arrive_beside(ctx, without_series)


def test_an_image_at_which_the_pacs_aborts_does_not_stop_the_others(ctx):
    others_arrive_beside(ctx, of_odd_length)


test_an_image_that_the_pacs_cannot_store_does_not_stop_the_others.contract = (7, 8)
test_an_image_at_which_the_pacs_aborts_does_not_stop_the_others.contract = (7, 8)
