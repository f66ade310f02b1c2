# SPDX-License-Identifier: Apache-2.0
"""agent/control/API.md is what a node answers: every route, every field, its type."""
import json
import re

from harness import TOP, tool, wait_until
from node import UnixConnection

PAGE = TOP / "agent/control/API.md"
ROUTES = TOP / "agent/control/routes.cc"
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


def documented():
    """'GET /v1/status' -> {path of a field: type}; 'as' sections take the table of the one they name."""
    routes, here = {}, None
    for line in PAGE.read_text().splitlines():
        if heading := re.match(r"###? ((?:GET|POST) /v1/\S+|sampan config \w+)$", line):
            here = routes.setdefault(heading[1], {})
        elif here is not None and (row := re.match(r"\| `([^`]+)` \| ([^|]+?) \|", line)):
            here[row[1]] = row[2]
    routes["GET /v1/today"] = routes["GET /v1/trace"]
    for order in ("resume", "resend", "push"):
        routes[f"POST /v1/{order}"] = routes["POST /v1/hold"]
    return routes


def leaves(value, path=""):
    """(path, value) of everything that is no container; of an empty one nothing."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path + "[]")
    else:
        yield path, value


def fits(value, kind):
    if value is None:
        return kind.endswith(" or null")
    kind = kind.removesuffix(" or null")
    if kind == "time":
        return isinstance(value, str) and TIME.match(value)
    return {"text": str, "number": int, "truth": bool}.get(kind) is type(value)


def row_of(path, table):
    """The row that speaks of this path: itself, or one whose * stands for its end."""
    if path in table:
        return path
    return next((row for row in table if row.endswith(".*") and path.startswith(row[:-1])), None)


def compare(route, answer, table):
    """Differences in words, and the rows that were seen."""
    wrong, seen = [], set()
    for path, value in leaves(answer):
        row = row_of(path, table)
        seen.add(row)
        if row is None:
            wrong.append(f"{route}: {path} is not on the page")
        elif table[row] != "object" and not fits(value, table[row]):
            wrong.append(f"{route}: {path} is {value!r}, the page says {table[row]}")
    return wrong, seen


def post(node, path, **body):
    connection = UnixConnection(node.socket)
    connection.request("POST", path, json.dumps(body))
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def busy_node(ctx):
    """A node with something in every list: rejected, on hold, blocked, stranded, refused, delivered."""
    cross, open_ = ctx.raw_scp("cross", status="A900").start(), ctx.raw_scp("open").start()
    blind = ctx.raw_scp("blind", refuse_class="1.2.840.10008.5.1.4.1.1.2").start()
    unclear = ctx.raw_scp("unclear", status="C000").start()
    dead = {"name": "dead", "dimse": "NOBODY@127.0.0.1:9"}
    routes = [{"when": {"modality": ["CT", "MR"]}, "to": ["cross", "open", "blind", "unclear", "dead"]}]
    node = ctx.node(destinations=[cross.destination, open_.destination, blind.destination, unclear.destination, dead], routes=routes)
    node.settings["intake"]["folders"] = [{"path": str(ctx.dir / "drop")}]
    node.start()
    for kind in ("ct", "mr", "dx"):
        assert ctx.raw_scu(node.address, ctx.images(kind, 1), called="CLINIC").wait() == 0
    assert ctx.raw_scu(node.address, ctx.images("mr", 1), called="WRONG").wait() != 0
    wait_until(lambda: node.destination("cross")["rejected"] == 2 and node.destination("open")["delivered"] == 2
               and node.destination("blind")["blocked_classes"] and node.destination("unclear")["waiting_reasons"] and node.status()["stranded"], lambda: json.dumps(node.status()))
    return node


def test_the_page_says_what_config_prints(ctx):
    wrong = ctx.dir / "wrong.yaml"
    wrong.write_text("site: 1\nsight: 2\n")
    page, good = documented(), TOP / "config/examples/clinic.yaml"
    for what, file in (("check", wrong), ("show", good), ("reference", good)):
        told = ctx.command(tool("sampan"), "--json", "--config", file, "config", what, check=False)
        assert told.returncode == (2 if file == wrong else 0), told
        different, seen = compare(what, json.loads(told.stdout), page[f"sampan config {what}"])
        assert not different, different
        assert seen == set(page[f"sampan config {what}"]), (what, seen)


def dropped(node):
    """What is told of a destination that left the settings, which are given back."""
    config = node.dir / "sampan.yaml"
    before = config.read_text()
    changed = json.loads(before)
    changed["destinations"] = [one for one in changed["destinations"] if one["name"] != "dead"]
    changed["routes"][0]["to"].remove("dead")
    config.write_text(json.dumps(changed))
    assert post(node, "/v1/reload")[1]["applied"]
    told = post(node, "/v1/drop", destination="dead")[1]
    config.write_text(before)
    assert post(node, "/v1/reload")[1]["applied"]
    return told


def test_the_page_says_what_a_node_answers(ctx):
    node, page = busy_node(ctx), documented()
    key = node.get("/v1/today")["exams"][0]["study_uid"]
    ct = next(exam["study_uid"] for exam in node.get("/v1/today")["exams"] if exam["modality"] == "CT")
    assert post(node, "/v1/hold", key=ct, to="dead")[0] == 200
    unrouted = next(exam["study_uid"] for exam in node.get("/v1/today")["exams"] if exam["modality"] == "DX")
    assert post(node, "/v1/hold", key=unrouted)[0] == 200
    wait_until(lambda: node.status()["stranded"][0]["exams"] == [unrouted], lambda: json.dumps(node.status()["stranded"]))
    assert "no_route_held" in {finding["code"] for finding in node.status()["attention"]}
    wait_until(lambda: node.get("/v1/devices")["devices"], "a device is known")
    wrong, seen = [], {}
    answers = [(f"GET /v1/{name}", node.get(f"/v1/{name}")) for name in ("status", "queue", "version", "today", "devices", "events")]
    answers += [("GET /v1/trace", node.get(f"/v1/trace?key={one}")) for one in (key, ct)]
    answers += [(f"POST /v1/{name}", post(node, f"/v1/{name}", key=ct, emergency=True)[1]) for name in ("hold", "push", "resume", "resend")]
    answers.append(("POST /v1/reload", post(node, "/v1/reload")[1]))
    answers += [("GET /v1/damage", node.get("/v1/damage")), ("POST /v1/damage/seen", post(node, "/v1/damage/seen", place="all")[1])]
    answers.append(("POST /v1/drop", dropped(node)))
    answers += [(f"POST /v1/key/{name}", post(node, f"/v1/key/{name}")[1]) for name in ("recovery", "handed_out", "rotate")]
    config = node.dir / "sampan.yaml"
    config.write_text(config.read_text().replace('"lanes"', '"lines"').replace('"site"', '"sight"'))
    answers.append(("POST /v1/reload", post(node, "/v1/reload")[1]))
    for route, answer in answers:
        more, rows = compare(route, answer, page[route])
        wrong += more
        seen.setdefault(route, set()).update(rows)
    for route, rows in seen.items():
        if route not in ("GET /v1/today", "GET /v1/events", "GET /v1/devices", "POST /v1/reload"):
            rows |= {"spool.quarantined_exams[]"} | {row for row in page[route] if row.startswith("places[]")}  # of a damaged disk: tests/crash/test_damage.py
            wrong += [f"{route}: {row} is on the page and in no answer" for row in page[route].keys() - rows]
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_every_route_is_on_the_page_with_its_role():
    text, page = PAGE.read_text(), documented()
    rows = re.findall(r'Route\{"(GET|POST)", "([^"]+)", Role::(\w+)', ROUTES.read_text())
    assert {f"{method} {path}" for method, path, _ in rows} == {route for route in page if "/v1/" in route}
    for method, path, role in rows:
        route = f"{method} {path}"
        assert route in page, f"{route} is not in {PAGE.name}"
        shown = re.search(rf"^## {route}\n\nRole (\w+)\.", text, re.M)
        assert shown and shown[1] == {"technician": "operator"}.get(role, role), f"{route}: its role is {role}"


def test_refusals_are_what_the_page_says(ctx):
    node = ctx.node(destinations=[{"name": "lead", "dimse": "NOBODY@127.0.0.1:9"}]).start()
    for path, body, status, code in (
            ("/v1/hold", {}, 400, "no_key"), ("/v1/push", {"key": "1"}, 400, "nothing_asked"),
            ("/v1/hold", {"key": "1"}, 404, "not_found"), ("/v1/hold", {"key": "1", "to": "x"}, 404, "no_destination"),
            ("/v1/status", {}, 405, "method"), ("/v1/key/handed_out", {}, 404, "not_found"), ("/v1/nothing", {}, 404, "no_route"),
            ("/v1/damage/seen", {}, 400, "no_place"), ("/v1/damage/seen", {"place": "1-1"}, 404, "no_place"), ("/v1/drop", {}, 400, "no_destination"),
            ("/v1/drop", {"destination": "x"}, 404, "no_destination"), ("/v1/drop", {"destination": "lead"}, 409, "in_settings"), ("/v1/hold", {"key": ["1"]}, 400, "bad_body")):
        got, answer = post(node, path, **body)
        assert (got, answer["code"]) == (status, code), f"{path} {body} -> {got} {answer}"
        assert answer["error"] and answer["zh"] and set(answer) == {"code", "error", "zh"}
