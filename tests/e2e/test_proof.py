# SPDX-License-Identifier: Apache-2.0
"""What the lead keeps is proven by the lead: storage commitment and query, against Orthanc; then the copy here may go."""
import json

from harness import wait_until

contract = (3, 4)


def clinic_and_lead(ctx, **destination):
    """A node, and an Orthanc that may report to it, as every archive has to know whom it reports to."""
    node = ctx.node(destinations=[])
    orthanc = ctx.orthanc(DicomModalities={"clinic": ["CLINIC", "127.0.0.1", node.port]})
    node.settings["destinations"] = [{**orthanc.destination, **destination}]
    return node.start(), orthanc


def store(ctx, node, count=4):
    files = ctx.images("mr", count)
    scu = ctx.raw_scu(node.address, files, called=node.settings["ae_title"])
    assert scu.wait() == 0 and len(scu.acknowledged()) == count
    return count


def wait_archived(node, count, deadline_s=90):
    wait_until(lambda: node.destination()["archived"] == count, lambda: f"archived: {json.dumps(node.destination())}", deadline_s, 0.2)


def test_orthanc_reports_storage_commitment_on_an_association_of_its_own(ctx):
    node, _ = clinic_and_lead(ctx)
    count = store(ctx, node)
    wait_archived(node, count)
    assert node.destination()["proof"] == "commitment"
    assert node.destination()["delivered"] == count


def test_without_commitment_a_query_finds_what_is_there(ctx):
    node, _ = clinic_and_lead(ctx, proof="query")
    count = store(ctx, node)
    wait_archived(node, count)
    assert node.destination()["proof"] == "query"


def test_a_dicomweb_service_is_searched_where_it_has_no_commitment_requests(ctx):
    orthanc = ctx.orthanc(dicomweb=True)
    node = ctx.node(destinations=[{"name": "lead", "stow": orthanc.stow}]).start()
    count = store(ctx, node)
    wait_archived(node, count)
    assert node.destination()["proof"] == "query"


def test_what_the_lead_lost_before_it_was_proven_is_sent_again(ctx):
    node, orthanc = clinic_and_lead(ctx)
    count = store(ctx, node)
    wait_until(lambda: node.destination()["delivered"] == count, "delivered", 30, 0.05)
    victim = orthanc.get("/instances")[0]
    orthanc.delete(f"/instances/{victim}")
    wait_until(lambda: node.destination()["archived"] == count - 1 and node.destination()["waiting"] == 1,
               lambda: json.dumps(node.destination()), 90, 0.2)
    assert "sent again" in node.log()
