# SPDX-License-Identifier: Apache-2.0
"""A destination that left the settings and does not come back: a person ends what is owed to it, and no image goes by that."""
import json
import os
import pty
import subprocess

from harness import BIN, Skip, wait_until
from test_reload import send, with_more

contract = (2, 4)


def left_behind(ctx):
    """A node with four images for a lead that never was there, two of them for another one as well; and its settings without that one."""
    old, lead = ctx.raw_scp("old"), ctx.raw_scp("lead").start()
    node = ctx.node(destinations=[old.destination, lead.destination], routes=[{"when": {"modality": "MR"}, "to": ["old", "lead"]}, {"to": "old"}]).start()
    assert send(ctx, node, ctx.images("mr", 2) + ctx.images("ct", 2))[0] == 0
    wait_until(lambda: node.destination("lead")["delivered"] == 2 and node.destination("old")["waiting"] == 4, lambda: json.dumps(node.status()["destinations"]))
    return node, lead, with_more(node.settings, destinations=[lead.destination], routes=[{"when": {"modality": "MR"}, "to": "lead"}])


def stranded(node):
    return {one["destination"]: one["waiting"] for one in node.status()["stranded"]}


def events(node, name):
    return [event for event in node.get("/v1/events?limit=1000")["events"] if event["event"] == name]


def at_a_terminal(node, answer, *arguments):
    """The command as a person has it before them -> code and text."""
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        raise Skip(f"no terminal is to be had here: {error}") from None
    done = subprocess.Popen([BIN / "sampan", "--socket", node.socket, "--lang", "en", *arguments], stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    os.close(theirs)
    os.write(ours, answer.encode() + b"\n")
    text = done.communicate(timeout=30)[0].decode()
    os.close(ours)
    return done.returncode, text


def test_a_destination_that_does_not_come_back_is_dropped_by_name_and_what_nobody_else_is_owed_is_kept_and_routed(ctx):
    node, lead, without = left_behind(ctx)
    code, text = node.sampan("drop", "old", "--yes", "--lang", "en")
    assert code == 2 and "is in the settings" in text, text
    assert node.sampan("drop", "nobody-ever", "--yes")[0] == 1
    assert node.reload(without)[0] == 0
    [finding] = [one for one in node.status()["attention"] if one["code"] == "destination_unknown"]
    assert "sudo sampan drop old" in finding["action_en"] and "sudo sampan drop old" in finding["action_zh"], finding
    code, text = node.sampan("drop", "old", "--lang", "en")
    assert code == 1 and "as before: 2" in text and "settings say now: 2" in text and "add --yes" in text, text
    code, text = at_a_terminal(node, "lead", "drop", "old")
    assert code == 1 and "not its name" in text, text
    assert stranded(node) == {"old": 4} and not events(node, "dest.dropped")
    code, text = at_a_terminal(node, "old", "drop", "old")
    assert code == 0 and "Dropped: old" in text, text
    wait_until(lambda: stranded(node) == {"": 2}, lambda: json.dumps(node.status()["stranded"]))
    wait_until(lambda: events(node, "dest.dropped"), "the event")
    [event] = events(node, "dest.dropped")
    assert (event["attributes"]["dest"], event["attributes"]["kept"], event["attributes"]["given_up"]) == ("old", "2", "0"), event
    assert event["attributes"]["by"] == f"user {os.getuid()}" and "destination old dropped by user" in node.log()
    node.stop()
    node.delete_ledger()
    node.settings = without
    node.start()
    wait_until(lambda: not node.status()["spool"]["rebuilding"] and stranded(node) == {"": 2}, lambda: json.dumps(node.status()["stranded"]))
    assert node.destination("lead")["delivered"] == 2
    code, text = node.sampan("drop", "old", "--lang", "zh", "--yes")
    assert code == 0 and "没有数据等待" in text, text
    assert node.reload(with_more(without, routes=[{"to": "lead"}]))[0] == 0
    wait_until(lambda: len(lead.shas()) == 4 and node.destination("lead")["delivered"] == 4, lambda: json.dumps(node.status()["destinations"]))
    assert stranded(node) == {}


def test_images_that_nobody_else_is_owed_go_only_where_that_is_said_and_are_taken_anew(ctx):
    node, lead, without = left_behind(ctx)
    assert node.reload(without)[0] == 0
    code, text = node.sampan("drop", "old", "--give-up", "--lang", "en")
    assert code == 1 and "DELETED" in text and stranded(node) == {"old": 4}, text
    code, text = node.sampan("drop", "old", "--give-up", "--yes", "--json")
    told = json.loads(text)
    assert code == 0 and told["done"] and (told["elsewhere"], told["kept"], told["given_up"]) == (2, 0, 2), text
    wait_until(lambda: stranded(node) == {} and node.status()["spool"]["items"] == 2, lambda: json.dumps(node.status()["spool"]))
    node.settings = with_more(without, routes=[{"to": "lead"}])
    node.stop()
    node.delete_ledger()
    node.start()
    wait_until(lambda: not node.status()["spool"]["rebuilding"], "rebuilt")
    assert stranded(node) == {} and node.status()["spool"]["items"] == 2
    assert send(ctx, node, ctx.images("ct", 2))[0] == 0  # the modality still has them
    wait_until(lambda: len(lead.shas()) == 4, lambda: json.dumps(node.status()["destinations"]))


def test_only_root_and_the_user_of_the_node_may_drop(ctx):
    if os.getuid() != 0:
        raise Skip("needs root, who can be somebody else")
    node, _, without = left_behind(ctx)
    assert node.reload(without)[0] == 0
    ask = ("import http.client, os, socket, sys; c = http.client.HTTPConnection('localhost'); c.sock = socket.socket(socket.AF_UNIX); "
           "here = os.open(sys.argv[1], os.O_RDONLY); os.fchdir(here); c.sock.settimeout(20); os.setgroups([]); os.setgid(65534); os.setuid(65534); "
           "c.sock.connect(sys.argv[2]); c.request('POST', '/v1/drop', '{\"destination\": \"old\", \"confirm\": true}'); print(c.getresponse().status)")
    node.dir.chmod(0o755)
    node.socket.chmod(0o666)
    said = subprocess.run(["/usr/bin/python3", "-c", ask, str(node.socket.parent), node.socket.name], capture_output=True, text=True, timeout=30)
    assert said.stdout.strip() == "403", said
    assert stranded(node) == {"old": 4}
