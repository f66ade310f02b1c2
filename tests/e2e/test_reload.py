# SPDX-License-Identifier: Apache-2.0
"""Settings change under a node that works: all of a good set, nothing of a wrong one, and no image pays for it."""
import copy
import json
import signal

from harness import BIN, TOP, free_port, tool, wait_until
from scripted_scp import ScriptedScp


def with_more(settings, **more):
    changed = copy.deepcopy(settings)
    for name, value in more.items():
        changed[name] = {**changed[name], **value} if isinstance(value, dict) and name in changed else value
    return changed


def send(ctx, node, files, **options):
    scu = ctx.raw_scu(node.address, files, called="CLINIC", **options)
    code = scu.wait()
    return code, scu.acknowledged()


def names(node):
    return [one["name"] for one in node.status()["destinations"]]


def reloads(node):
    return node.log().count("new settings ")


def hang_up(node):
    before = reloads(node)
    node.process.child.send_signal(signal.SIGHUP)
    wait_until(lambda: reloads(node) > before, "the hangup is answered in the log")


def test_images_keep_arriving_and_leaving_while_settings_are_switched(ctx):
    lead = ctx.raw_scp("lead").start()
    node = ctx.node(destinations=[lead.destination]).start()
    extra = {"name": "copy", "folder": str(ctx.folder("copy")), "required": False}
    one = with_more(node.settings)
    other = with_more(node.settings, destinations=[{**lead.destination, "lanes": 3, "retention_days": 7}, extra],
                      routes=[{"when": {"modality": "CT"}, "to": ["lead", "copy"]}, {"to": "lead"}], log={"level": "warn"},
                      intake={"associations_max": 20, "callers": [{"address": "127.0.0.1"}]})
    broken = with_more(other, destinations=[{"name": "lead", "dimse": "LEAD"}], intake={"prot": 1})
    files = ctx.images("ct", 20)
    scu = ctx.raw_scu(node.address, files, called="CLINIC", repeat=60, new_uids=True, rate=200, associations=4, persist=60)
    rounds = 0
    while scu.process.alive() or rounds < 4:
        code, text = node.reload(other)
        assert code == 0, text
        node.write(broken)
        hang_up(node)
        code, text = node.reload(broken)
        assert code == 2 and text.count("sampan.yaml:") == 3 and "intake.prot" in text and "destinations[0].dimse" in text, text
        assert names(node) == ["lead", "copy"]
        node.write(one)
        hang_up(node)
        assert names(node) == ["lead"]
        rounds += 1
    assert scu.wait() == 0 and len(scu.acknowledged()) == 1200
    node.reload(other)  # what still waits for the copy goes there
    node.wait_drained()
    assert lead.shas() == scu.acknowledged()
    status = node.status()
    assert status["stranded"] == [] and status["spool"]["quarantined"] == 0 and rounds >= 4, status
    node.stop()


test_images_keep_arriving_and_leaving_while_settings_are_switched.contract = (2, 7)


def test_a_transfer_to_a_destination_that_did_not_change_is_not_disturbed(ctx):
    slow = ctx.raw_scp("slow", delay_ms=1500).start()
    node = ctx.node(destinations=[{**slow.destination, "lanes": 1}]).start()
    _, sent = send(ctx, node, ctx.images("ct", 2))
    wait_until(lambda: node.destination("slow")["sending"] > 0, "a transfer runs")
    for day in (1, 2, 3):
        more = [{**slow.destination, "lanes": 1, "retention_days": day}, {"name": f"copy{day}", "folder": str(ctx.folder("copy"))}]
        assert node.reload(with_more(node.settings, destinations=more)) == (0, "Applied.\n")
    assert node.destination("slow")["sending"] > 0
    wait_until(lambda: node.destination("slow")["delivered"] == 2, "both are delivered")
    assert sorted(row.sha256 for row in slow.received()) == sorted(sent)


def test_a_destination_that_is_changed_finishes_what_it_carries_and_the_new_one_begins(ctx):
    old, new = ctx.raw_scp("old", delay_ms=1500).start(), ctx.raw_scp("new").start()
    node = ctx.node(destinations=[{**old.destination, "name": "lead", "lanes": 1}]).start()
    _, first = send(ctx, node, ctx.images("ct", 1))
    wait_until(lambda: node.destination()["sending"] > 0, "a transfer runs")
    assert node.reload(with_more(node.settings, destinations=[{**new.destination, "name": "lead"}]))[0] == 0
    _, second = send(ctx, node, ctx.images("ct", 3))
    node.wait_drained()
    assert old.shas() == first and new.shas() == second


def test_a_destination_that_was_out_of_reach_is_tried_at_once_at_its_new_address(ctx):
    node = ctx.node(destinations=[{"name": "lead", "dimse": f"LEAD@127.0.0.1:{free_port()}"}]).start()
    _, sent = send(ctx, node, ctx.images("ct", 3))
    wait_until(lambda: node.destination()["state"] == "backing_off", "nobody is there")
    lead = ctx.raw_scp("lead").start()
    assert node.reload(with_more(node.settings, destinations=[lead.destination]))[0] == 0
    wait_until(lambda: lead.shas() == sent, "all of it is there")


def test_what_the_old_address_still_holds_goes_to_the_new_one_as_soon_as_it_is_given_back(ctx):
    def silent(scp, peer):
        peer.read()
        scp.over.wait()
    old, lead = ScriptedScp(silent), ctx.raw_scp("lead").start()
    node = ctx.node(destinations=[{**lead.destination, "dimse": f"LEAD@127.0.0.1:{old.port}", "proof": "none"}]).start()
    _, sent = send(ctx, node, ctx.images("ct", 1))
    wait_until(lambda: node.destination()["sending"] == 1, "it is on its way to where nobody answers")
    assert node.reload(with_more(node.settings, destinations=[{**lead.destination, "proof": "none"}]))[0] == 0
    wait_until(lambda: node.destination()["sending"] == 0, "the new one is there, and found all taken")
    old.restart()
    wait_until(lambda: lead.shas() == sent, lambda: f"it is there: {node.destination()}")


def test_what_waits_for_a_destination_that_is_taken_out_is_told_stays_and_goes_when_it_is_back(ctx):
    lead, copy_to = ctx.raw_scp("lead").start(), {"name": "copy", "dimse": f"COPY@127.0.0.1:{free_port()}"}
    believed = {**lead.destination, "reclaim_after": "accepted", "retention_days": 0}
    node = ctx.node(destinations=[believed, copy_to]).start()
    _, sent = send(ctx, node, ctx.images("ct", 3))
    wait_until(lambda: lead.shas() == sent, "the lead has all")
    assert node.reload(with_more(node.settings, destinations=[believed]))[0] == 0
    stranded = lambda: [(one["destination"], one["waiting"]) for one in node.status()["stranded"]]
    wait_until(lambda: stranded() == [("copy", 3)], "it is told")
    for count in (1, 2):  # reclaim has come by whenever one that only the lead is owed is gone
        assert send(ctx, node, ctx.images("ct", 1))[0] == 0
        wait_until(lambda: len(lead.shas()) == 3 + count and node.status()["spool"]["items"] == 3, lambda: str(node.status()["spool"]), 60)
        assert stranded() == [("copy", 3)]
    back = {"name": "copy", "folder": str(ctx.folder("copy"))}
    assert node.reload(with_more(node.settings, destinations=[believed, back]))[0] == 0
    node.wait_drained()
    assert len(list(ctx.folder("copy").rglob("*.dcm"))) == 3
    wait_until(lambda: node.status()["destinations"][1]["delivered"] == 3, "delivered")


test_what_waits_for_a_destination_that_is_taken_out_is_told_stays_and_goes_when_it_is_back.contract = (2,)


def test_what_the_lead_took_and_did_not_prove_stays_when_its_name_is_mistyped(ctx):
    """A copy elsewhere that nobody needs is proven, the lead is not: a typo in its name is no proof."""
    lead = ctx.raw_scp("lead").start()
    copy_to = {"name": "copy", "folder": str(ctx.folder("copy")), "required": False, "reclaim_after": "accepted", "retention_days": 0}
    routes = [{"when": {"modality": "MR"}, "to": "copy"}, {"when": {"modality": "CT"}, "to": ["lead", "copy"]}]
    node = ctx.node(destinations=[{**lead.destination, "retention_days": 0}, copy_to], routes=routes).start()
    _, sent = send(ctx, node, ctx.images("ct", 3))
    node.wait_drained()
    assert lead.shas() == sent and node.status()["spool"]["items"] == 3
    mistyped = [{**lead.destination, "name": "leda", "retention_days": 0}, copy_to]
    assert node.reload(with_more(node.settings, destinations=mistyped, routes=[routes[0], {**routes[1], "to": ["leda", "copy"]}]))[0] == 0
    shown = lambda: [(one["destination"], one["waiting"], one["accepted"]) for one in node.status()["stranded"]]
    wait_until(lambda: shown() == [("lead", 0, 3)], lambda: str(node.status()))
    for count in (1, 2):  # reclaim has come by whenever one that only the copy is owed is gone
        assert send(ctx, node, ctx.images("mr", 1), new_uids=True)[0] == 0
        wait_until(lambda: node.destination("copy")["delivered"] == 3 + count, "delivered")
        wait_until(lambda: node.status()["spool"]["items"] <= 3, lambda: str(node.status()["spool"]), 60)
    assert node.status()["spool"]["items"] == 3, node.status()["spool"]
    assert "unproven_by_unknown" in {finding["code"] for finding in node.status()["attention"]}
    assert node.reload(with_more(node.settings, destinations=[{**mistyped[0], "name": "lead"}, copy_to], routes=routes))[0] == 0
    wait_until(lambda: shown() == [], lambda: str(node.status()))


test_what_the_lead_took_and_did_not_prove_stays_when_its_name_is_mistyped.contract = (2, 4)


def test_what_matched_no_rule_goes_when_a_reload_says_where(ctx):
    lead = ctx.raw_scp("lead").start()
    rules = [{"when": {"modality": "MR"}, "to": "lead"}]
    node = ctx.node(destinations=[lead.destination], routes=rules).start()
    _, sent = send(ctx, node, ctx.images("ct", 3))
    wait_until(lambda: [one["waiting"] for one in node.status()["stranded"]] == [3], "nobody is owed them")
    assert node.reload(with_more(node.settings, routes=[*rules, {"to": "lead"}]))[0] == 0
    wait_until(lambda: lead.shas() == sent, "they are there")


def test_who_is_let_in_changes_for_the_next_caller_and_not_for_the_one_who_is_here(ctx):
    lead = ctx.raw_scp("lead").start()
    node = ctx.node(destinations=[lead.destination]).start()
    files = ctx.images("ct", 30)
    here = ctx.raw_scu(node.address, files, called="CLINIC", calling="CT1", rate=10)
    wait_until(lambda: len(here.sent()) > 2, "it sends")
    strict = {"callers": [{"ae_title": "CT2"}], "ae_titles": ["STAT"]}
    assert node.reload(with_more(node.settings, intake=strict)) == (0, "Applied.\n")
    assert send(ctx, node, files[:1], calling="CT2")[0] != 0  # the old title
    assert ctx.raw_scu(node.address, files[:1], called="STAT", calling="CT1").wait() != 0
    assert ctx.raw_scu(node.address, ctx.images("ct", 1), called="STAT", calling="CT2").wait() == 0
    assert here.wait() == 0 and len(here.acknowledged()) == 30


def test_the_port_moves_when_the_new_one_can_be_had_and_nothing_changes_when_it_cannot(ctx):
    lead = ctx.raw_scp("lead").start()
    node = ctx.node(destinations=[lead.destination]).start()
    files = ctx.images("ct", 30)
    here = ctx.raw_scu(node.address, files, called="CLINIC", rate=10)
    wait_until(lambda: len(here.sent()) > 2, "it sends")
    other = ctx.raw_scp("other").start()
    taken = with_more(node.settings, intake={"port": other.port}, site="Other", destinations=[lead.destination, {"name": "copy", "folder": "/x"}])
    code, text = node.reload(taken)
    assert code == 2 and f"cannot listen on 127.0.0.1 port {other.port}: another program has the port" in text, text
    assert names(node) == ["lead"] and node.status()["intake"]["port"] == node.port
    port = free_port()
    assert node.reload(with_more(node.settings, intake={"port": port})) == (0, "Applied.\n")
    assert send(ctx, node, ctx.images("ct", 1))[0] != 0
    node.port = port
    assert node.status()["intake"]["port"] == port
    assert send(ctx, node, ctx.images("ct", 1))[0] == 0
    assert here.wait() == 0, "whoever was connected went on"
    assert node.reload(with_more(node.settings, intake={"port": port, "enabled": False}))[0] == 0
    assert send(ctx, node, ctx.images("ct", 1))[0] != 0
    assert node.reload(with_more(node.settings, intake={"port": port}))[0] == 0
    assert send(ctx, node, ctx.images("ct", 1))[0] == 0
    node.wait_drained()
    assert len(lead.shas()) == 32


def test_folders_are_added_changed_and_taken_out(ctx):
    lead = ctx.raw_scp("lead").start()
    node = ctx.node(destinations=[lead.destination]).start()
    one, two = ctx.folder("one"), ctx.folder("two")

    def drop(folder):
        for path in ctx.images("ct", 1):
            path.rename(folder / path.name)

    drop(one)
    assert node.reload(with_more(node.settings, intake={"folders": [{"path": str(one), "stable_seconds": 1}]}))[0] == 0
    wait_until(lambda: len(lead.shas()) == 1, "the file that lay there is delivered")
    folders = [{"path": str(one), "stable_seconds": 1, "after": "keep"}, {"path": str(two)}]
    assert node.reload(with_more(node.settings, intake={"folders": folders}))[0] == 0
    drop(one), drop(two)
    wait_until(lambda: len(lead.shas()) == 3, "both are delivered")
    wait_until(lambda: len(list((one / ".sampan-done").iterdir())) == 1, "the original is kept now")
    assert node.reload(with_more(node.settings, intake={"folders": folders[:1]}))[0] == 0
    drop(two), drop(one)
    wait_until(lambda: len(lead.shas()) == 4, "one more is delivered")
    assert len([path for path in two.iterdir() if path.is_file()]) == 1


def test_what_takes_a_restart_is_said_and_the_rest_is_at_work(ctx):
    lead = ctx.raw_scp("lead").start()
    node = ctx.node(destinations=[lead.destination]).start()
    moved = with_more(node.settings, site="Other", state_directory=str(ctx.dir / "elsewhere"), intake={"listen": "127.0.0.2"},
                      destinations=[lead.destination, {"name": "copy", "folder": str(ctx.folder("copy"))}])
    code, text = node.reload(moved)
    assert code == 1 and "Takes effect after a restart" in text and text.endswith(": site state_directory intake.listen\n"), text
    assert names(node) == ["lead", "copy"] and node.status()["site"] == "clinic"
    assert send(ctx, node, ctx.images("ct", 1))[0] == 0
    # A folder that is only good together with the new state directory must wait with it.
    clash = with_more(moved, destinations=[lead.destination, {"name": "copy", "folder": str(node.state / "copy")}])
    code, text = node.reload(clash)
    assert code == 2 and "takes effect after a restart" in text, text
    assert names(node) == ["lead", "copy"] and node.sampan("reload", "--json")[0] == 2
    node.write(moved)
    code, text = node.sampan("reload", "--json")
    assert code == 1 and json.loads(text) == {"applied": True, "problems": [], "after_restart": ["site", "state_directory", "intake.listen"]}


OTHER = {"site": "Other", "state_directory": "elsewhere", "control.socket": "other.sock"}  # of each option that takes a restart


def options_that_take_a_restart(ctx):
    told = json.loads(ctx.command(BIN / "sampan", "config", "reference", "--json", "--lang", "en").stdout)["options"]
    return [option["path"] for option in told if "takes effect after a restart" in option["notes"]]


def test_each_option_that_takes_a_restart_is_named_kept_as_it_was_and_at_work_after_one(ctx):
    lead = ctx.raw_scp("lead").start()
    node = ctx.node(destinations=[lead.destination]).start()
    paths = options_that_take_a_restart(ctx)
    assert sorted(paths) == sorted(OTHER), f"no other value is known here for {set(paths) - set(OTHER)}"
    for path in paths:
        group, _, leaf = path.rpartition(".")
        value = OTHER[path] if path == "site" else str(ctx.dir / OTHER[path])
        changed = with_more(node.settings, **({group: {leaf: value}} if group else {leaf: value}))
        before = node.log().count(f"takes effect after a restart: {path}\n")
        assert node.reload(changed) == (1, f"Applied.\nTakes effect after a restart (sudo systemctl restart sampand): {path}\n")
        hang_up(node)
        assert node.log().count(f"new settings applied; takes effect after a restart: {path}\n") == before + 2
        assert node.status()["site"] == "clinic" and not (ctx.dir / OTHER[path]).exists()
        assert send(ctx, node, ctx.images("ct", 1))[0] == 0
    node.wait_drained()
    assert len(lead.shas()) == len(paths)


def test_a_control_socket_that_was_changed_is_the_old_one_until_a_restart_and_the_command_says_so(ctx):
    lead = ctx.raw_scp("lead").start()
    node = ctx.node(destinations=[lead.destination]).start()
    old, new = node.socket, node.dir / "new.sock"
    node.settings = with_more(node.settings, control={"socket": str(new)})
    config = node.write()
    hang_up(node)
    assert "takes effect after a restart: control.socket\n" in node.log()
    for verb in ("status", "reload"):  # as a person calls it: by the settings, which are ahead of the node
        said = ctx.command(BIN / "sampan", "--config", config, "--lang", "en", verb, check=False)
        assert said.returncode == 3 and "If control.socket was changed or removed: that takes effect after a restart" in said.stderr, said.stderr
    assert node.sampan("status")[0] in (0, 1) and old.exists() and not new.exists()
    node.stop()
    assert not old.exists()
    node.socket = new
    node.start()
    said = ctx.command(BIN / "sampan", "--config", config, "reload")
    assert said.stdout == "Applied.\n", said.stdout
    assert send(ctx, node, ctx.images("ct", 1))[0] == 0
    node.wait_drained()


def test_what_config_shows_is_a_settings_file(ctx):
    lead = ctx.raw_scp("lead").start()
    node = ctx.node(destinations=[lead.destination])
    shown = ctx.command(BIN / "sampan", "config", "show", "--config", node.write()).stdout
    copied = ctx.dir / "copied.yaml"
    copied.write_text(shown)
    assert "no problem found" in ctx.command(BIN / "sampan", "config", "check", "--config", copied).stdout
    assert "no problem found" in ctx.command(tool("sampand"), "--config", copied, "--check").stdout


def test_the_manual_pages_are_clean(ctx):
    for page in sorted((TOP / "packaging" / "man").glob("*.[158]")):
        said = ctx.command(tool("groff"), "-ww", "-mandoc", "-Tutf8", "-K", "utf8", "-z", page)
        assert said.stderr == "", said.stderr
