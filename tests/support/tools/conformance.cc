// SPDX-License-Identifier: Apache-2.0
// conformance: prints agent/CONFORMANCE.md, the DICOM conformance statement (PS3.2 annex A), from the tables of the code.
//
//   conformance > agent/CONFORMANCE.md
//
// tests/tidy/test_conformance.py compares the two.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "core/limits.h"
#include "dicom/implementation.h"
#include "dicom/pdata.h"
#include "intake/dimse_admission.h"
#include "intake/dimse_contexts.h"
#include "intake/dimse_promise.h"
#include "intake/dimse_reception.h"
#include "policy/failure_table.h"
#include "settings/options.h"

namespace {

using namespace sampan;
using policy::Family;
namespace limits = core::limits;

void say(const char* text) { std::fputs(text, stdout); }

template <class... Parts>
void say(const char* format, Parts... parts) {
  std::printf(format, parts...);
}

std::string hex(std::uint16_t code) {
  char text[8];
  std::snprintf(text, sizeof text, "0x%04X", unsigned{code});
  return text;
}

void introduction() {
  say("<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
      "# DICOM conformance statement\n\n"
      "Generated from the tables of the code by `tests/support/tools/conformance.cc`; do not edit. The outline is that of PS3.2.\n\n"
      "## 1. Overview\n\n"
      "Sampan stores images and forwards them. It takes composite instances from modalities as a Storage SCP, keeps them on its own\n"
      "disk, and sends each to one or several next hops as a Storage SCU or a DICOMweb user agent (STOW-RS). It keeps no archive that\n"
      "can be queried, and shows no image.\n\n"
      "| Network service | User (SCU) | Provider (SCP) |\n|---|---|---|\n"
      "| Verification | yes | yes |\n| Storage | yes | yes |\n| Storage Commitment Push Model | yes | yes |\n"
      "| Query/Retrieve, Study Root, FIND | yes | no |\n| STOW-RS (PS3.18 10.5) | yes | no |\n"
      "| Storage Commitment (PS3.18 13) | yes | no |\n| QIDO-RS (PS3.18 10.6) | yes | no |\n\n"
      "| Media service | Creator | Reader |\n|---|---|---|\n"
      "| General purpose media, DICOMDIR (read as a whole, from a folder) | no | yes |\n\n"
      "Neither offered nor used in this version: Modality Performed Procedure Step, Modality Worklist, retrieval.\n\n");
}

void implementation_model() {
  say("## 2. Implementation model\n\n"
      "    modality --C-STORE--> [ STORAGE-SCP ] --> queue on disk --> [ STORAGE-SCU ] --C-STORE--> PACS\n"
      "                                                            \\-> [ STOW-RS user agent ] --HTTPS--> PACS, cloud\n\n"
      "STORAGE-SCP answers a C-STORE with success only when the data set and its place in the queue are synced to disk. It knows nothing\n"
      "of destinations. STORAGE-SCU and the STOW-RS user agent send what waits, each destination by itself, and repeat what was not\n"
      "answered for, without end. The data set that leaves is bit for bit the one that came: no element is added, changed or removed,\n"
      "and no pixel is transcoded.\n\n"
      "The one exception is a transform that a person sets for a destination. It may set Issuer of Patient ID (0010,0021) and Institution\n"
      "Name (0008,0080), put a prefix before Patient ID (0010,0020), and rewrite text in ISO_IR 192 or GB18030 (0008,0005). What was\n"
      "before stands in a new item of the Original Attributes Sequence (0400,0561), with reason COERCE; pixel data is never changed. A\n"
      "data set that is deflated, big-endian or damaged is not changed and not sent there: it waits for a person.\n\n");
}

void ae_common() {
  say("## 3. AE specifications\n\n### 3.1 Both AEs\n\n"
      "| | |\n|---|---|\n"
      "| Application context | 1.2.840.10008.3.1.1.1 |\n");
  say("| Implementation Class UID | %s |\n", std::string(dicom::implementation_uid).c_str());
  say("| Implementation Version Name | %s, and in associations _ and %d characters that are others at each start: who reaches itself sees it |\n",
      std::string(dicom::implementation_version).c_str(), static_cast<int>(dicom::identity_characters));
  say("| Asynchronous operations window | not supported |\n"
      "| SOP Class extended negotiation, user identity | not supported, not used |\n"
      "| Role selection | for Storage Commitment: accepted from the archive that reports, proposed as provider to the modality that is\n"
      "called back; otherwise not used |\n\n");
}

void scp_policies() {
  say("### 3.2 STORAGE-SCP\n\n#### 3.2.1 Association policies\n\n| | |\n|---|---|\n");
  say("| Associations at once | %u, of one address %u (configurable; fewer where descriptors are short) |\n", limits::associations_max,
      limits::associations_per_host_max);
  say("| Maximum PDU length offered | %u (configurable, from %u) |\n", limits::pdu_bytes_max, limits::pdu_bytes_min);
  say("| Silence after which an association is aborted | %lld s (configurable) |\n",
      static_cast<long long>(std::chrono::seconds(limits::association_idle_max).count()));
  say("| Time from connection to A-ASSOCIATE-RQ | %lld s |\n",
      static_cast<long long>(std::chrono::seconds(limits::negotiation_time_max).count()));
  say("| Fragments (PDV) | of any length, odd ones included |\n\nAssociations are rejected so:\n\n"
      "| Result | Source | Reason | When |\n|---|---|---|---|\n");
  for (const intake::Verdict& verdict : intake::admission_verdicts())
    say("| %u | %u | %u | %s |\n", unsigned{verdict.reject.result}, unsigned{verdict.reject.source}, unsigned{verdict.reject.reason},
        std::string(verdict.words).c_str());
  say("\n");
}

struct Syntax {
  std::string uid, name;
};

// Every one that DCMTK's dictionary knows, in the order in which STORAGE-SCP prefers them.
std::vector<Syntax> preferred_syntaxes() {
  std::vector<Syntax> all;
  for (int at = EXS_LittleEndianImplicit; at < 100; ++at) {
    const DcmXfer syntax(static_cast<E_TransferSyntax>(at));
    const std::string uid = syntax.getXferID();
    const bool known = std::any_of(all.begin(), all.end(), [&](const Syntax& one) { return one.uid == uid; });
    if (uid.rfind("1.2.840.10008.", 0) == 0 && !known) all.push_back({uid, dcmFindNameOfUID(uid.c_str(), syntax.getXferName())});
  }
  std::sort(all.begin(), all.end(), [](const Syntax& a, const Syntax& b) { return a.uid < b.uid; });
  const auto before = [](const Syntax& a, const Syntax& b) {
    const std::array offered{b.uid, a.uid};  // the first of equals is taken, so that a must be better
    return intake::choose_transfer_syntax(offered, {}) == a.uid;
  };
  std::stable_sort(all.begin(), all.end(), before);
  return all;
}

void scp_contexts() {
  say("#### 3.2.2 Presentation contexts\n\n"
      "Accepted: Verification, and every Storage SOP class: those of section 4, newer ones of the standard, and private ones. Of the transfer\n"
      "syntaxes that a context offers, the first of this list is taken: Explicit and Implicit VR Little Endian, then what loses nothing (among\n"
      "these, the one offered first), then what may lose something. `intake.accept` limits what is taken.\n\n"
      "| | Transfer syntax | UID |\n|---|---|---|\n");
  int at = 0;
  for (const Syntax& one : preferred_syntaxes()) say("| %d | %s | %s |\n", ++at, one.name.c_str(), one.uid.c_str());
  say("\nOthers, such as High-Throughput JPEG 2000, JPEG XL and private ones, are accepted and stored alike, ahead of those that may lose\n"
      "something: the data set is not decoded on its way.\n\n");
}

void scp_answers() {
  say("#### 3.2.3 C-STORE response status\n\n| Status | Error Comment (0000,0902) |\n|---|---|\n");
  for (const intake::Answer& answer : intake::store_answers())
    say("| %s | %s |\n", hex(answer.status).c_str(), answer.comment.empty() ? "(none: the image is on disk)" : std::string(answer.comment).c_str());
  say("\nAn instance that is here already is answered with success and stored once. The same SOP Instance UID with another content is\n"
      "stored beside the first and waits for a person. Any other request is answered with 0x0211, and the association goes on.\n\n");
}

void scp_commitment() {
  say("#### 3.2.4 Storage Commitment Push Model\n\n"
      "Context 1.2.840.10008.1.20.1, Implicit or Explicit VR Little Endian. A request is answered with success once it is on the disk, also while\n"
      "the disk is too full for images; neither a restart nor the loss of the index makes it forgotten. The same transaction asked for again\n"
      "is the same request. A request names at most %zu instances.\n\n"
      "| N-ACTION status | Error Comment (0000,0902) |\n|---|---|\n", limits::promised_instances_max);
  for (const intake::PromiseAnswer& answer : intake::promise_answers())
    say("| %s | %s |\n", hex(answer.status).c_str(), answer.comment.empty() ? "(none: the request is on disk)" : std::string(answer.comment).c_str());
  say("\nN-EVENT-REPORT comes on the association that asked when it stays open and quiet for %lld s; else the modality is called back at its\n"
      "address of `intake.report_to`, under the AE title by which it called, after pauses that grow to %lld h, for %lld days, until it answers with\n"
      "success. With `intake.commit_on: accepted` an instance is committed when its copy on this disk was read and verifies, with `archived` once every\n"
      "required destination proved that it keeps it; what is not proven within %lld days is refused. Who asks under a Transaction UID that begins\n"
      "with the Implementation Class UID is a node of this program: whatever the setting, it is told at once, and committed is only what an archive\n"
      "proved to keep, or another node says so of; the rest is refused with 0110.\n\n"
      "| Failure Reason | When |\n|---|---|\n"
      "| 0110 | what is stored does not verify; or two images of this SOP Instance UID differ, and a person must decide; or not archived in time; or a node asks and it is not archived yet |\n"
      "| 0112 | no such instance is or was here |\n"
      "| 0119 | it is here with another SOP Class UID |\n"
      "| 0122 | not a Storage SOP class |\n\n",
      static_cast<long long>(std::chrono::seconds(limits::promise_pause).count()),
      static_cast<long long>(std::chrono::hours(limits::promise_back_off_most).count()),
      static_cast<long long>(std::chrono::hours(limits::promise_kept).count() / 24),
      static_cast<long long>(std::chrono::hours(limits::promise_archive_wait_max).count() / 24));
}

const char* meaning(policy::Verdict verdict) {
  switch (verdict) {
    case policy::Verdict::delivered: return "delivered";
    case policy::Verdict::already_there: return "delivered (it was there)";
    case policy::Verdict::transient: return "the destination is tried again, after growing pauses, without end";
    case policy::Verdict::doubtful: return "the instance is tried again some times, minutes apart, then rejected: a person decides";
    case policy::Verdict::sop_class: return "instances of this SOP class and transfer syntax wait; one is tried now and then";
    case policy::Verdict::permanent: return "the instance is rejected: a person decides";
    case policy::Verdict::configuration: return "the destination is stopped, with an alarm, and tried slowly";
  }
  return "";
}

// family: the rows of one; numbers: how a code is written.
void behaviour(Family family, const char* head, std::string (*number)(std::uint16_t)) {
  say("| %s | Meaning | Behaviour |\n|---|---|---|\n", head);
  for (const policy::FailureRow& row : policy::failure_table()) {
    if (row.family != family) continue;
    const bool any = row.last == 0xffff && row.first == 0;
    const std::string code = any ? "any other" : row.first == row.last ? number(row.first) : number(row.first) + " to " + number(row.last);
    say("| %s | %s | %s |\n", code.c_str(), std::string(row.en).c_str(), meaning(row.verdict));
  }
  say("\n");
}

std::string decimal(std::uint16_t code) { return std::to_string(code); }
std::string source_and_reason(std::uint16_t code) { return std::to_string(code >> 8) + "/" + std::to_string(code & 0xff); }

void scu() {
  say("### 3.3 STORAGE-SCU\n\n#### 3.3.1 Association policies\n\n| | |\n|---|---|\n"
      "| Associations at once to one destination | 2 (`lanes`, configurable to %u) |\n", limits::lanes_max);
  say("| Reuse | one association carries many instances, and is released %lld s after the last |\n",
      static_cast<long long>(std::chrono::seconds(limits::connection_keep_time).count()));
  say("| Time for a connection, and for the answer to an A-ASSOCIATE-RQ | %lld s |\n",
      static_cast<long long>(std::chrono::seconds(limits::connect_time_max).count()));
  say("| Time for a C-STORE response | %lld s |\n", static_cast<long long>(std::chrono::seconds(limits::answer_time_max).count()));
  say("| Priority (0000,0700) | 1 for emergencies, 2 for bulk, else 0 |\n\n"
      "#### 3.3.2 Presentation contexts\n\n"
      "One context for each SOP class and transfer syntax of the instances that wait, each with the one transfer syntax in which the\n"
      "instance was received. What is not accepted is not converted: it waits (section 3.3.4).\n\n"
      "#### 3.3.3 C-STORE response status\n\n"
      "A response counts only when it names the message and, where it names one, the SOP instance.\n\n");
  behaviour(Family::dimse, "Status", hex);
  say("#### 3.3.4 Rejected associations and presentation contexts\n\n");
  behaviour(Family::association, "Source/Reason", source_and_reason);
  say("With result 2 (transient) every reason is tried again.\n\n");
  behaviour(Family::context, "Result", decimal);
}

void stow() {
  say("#### 3.3.5 Proof that an image is kept\n\n"
      "Some time after an image was accepted the peer is asked whether it keeps it, on an association of its own. Storage Commitment\n"
      "Push Model (1.2.840.10008.1.20.1) is proposed with Implicit VR Little Endian, and Study Root Query/Retrieve FIND\n"
      "(1.2.840.10008.5.1.4.1.2.2.1) beside it; where the first is accepted, the second is used only\n"
      "for an instance that is not committed to.\n\n"
      "| | |\n|---|---|\n"
      "| N-ACTION | Action Type 1, at most %zu instances, a Transaction UID for each request |\n"
      "| N-EVENT-REPORT | on the same association for %lld s,"
      " or later on one that the peer opens to this node, which accepts it also while the disk is full |\n"
      "| Event Type 1, 2 | each instance by itself: committed, or by its Failure Reason: 0112 and 0119 are sent again, others are asked for again;"
      " after %u questions in vain C-FIND looks for it as well: not found it is sent again, found it is kept here and asked for again;"
      " where C-FIND does not tell it is sent again after %u, %u times at most |\n"
      "| Transaction UID nobody asked for | status 0112, nothing is changed |\n"
      "| C-FIND | IMAGE level, Study and Series Instance UID, list of SOP Instance UIDs, Instance Availability; an instance that is not found, or UNAVAILABLE, %u times is sent again |\n\n",
      core::limits::proof_batch_items_max, static_cast<long long>(core::limits::commitment_wait.count()), core::limits::failed_reports_max,
      2 * core::limits::failed_reports_max, core::limits::resends_max, core::limits::missing_answers_max);
  say("### 3.4 STOW-RS user agent\n\n"
      "POST of `multipart/related; type=\"application/dicom\"` to the studies resource, one Part 10 file per part, streamed from disk; as many\n"
      "instances in a request as fit %llu MiB, a larger one alone. Answers are read as `application/dicom+json` and `application/dicom+xml`.\n"
      "An instance is delivered only when the answer names it as stored. TLS 1.2 and newer, the peer always verified; client\n"
      "certificate, bearer token, basic authentication or OAuth 2.0 client credentials; outgoing proxy.\n\n",
      static_cast<unsigned long long>(limits::stow_request_bytes_max >> 20));
  say("An answer that does not speak of the instance:\n\n");
  behaviour(Family::http, "HTTP status", decimal);
  say("Failure Reason (0008,1197) of an instance:\n\n");
  behaviour(Family::stow, "Reason", hex);
}

void sop_classes() {
  say("## 4. Storage SOP classes\n\nAs SCP and as SCU; also private ones, and those that the standard added since.\n\n| SOP class | UID |\n|---|---|\n");
  std::vector<std::pair<std::string, std::string>> all;
  for (int at = 0; at < numberOfDcmAllStorageSOPClassUIDs; ++at) {
    const char* uid = dcmAllStorageSOPClassUIDs[at];
    if (uid != nullptr && intake::is_storage_class(uid)) all.emplace_back(dcmFindNameOfUID(uid, uid), uid);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  for (const auto& [name, uid] : all) say("| %s | %s |\n", name.c_str(), uid.c_str());
  say("\n");
}

void network_and_settings() {
  say("## 5. Network interfaces and configuration\n\n"
      "TCP over IPv4; the SCP, and HTTPS, over IPv6 too. TCP_NODELAY on every connection.\n\n| Setting | Value without it | What it is |\n|---|---|---|\n");
  constexpr std::array shown{"ae_title", "intake.listen", "intake.port", "intake.ae_titles", "intake.callers", "intake.accept",
                             "intake.associations_max", "intake.associations_per_host_max", "intake.idle_seconds_max",
                             "intake.pdu_bytes_max", "intake.commit_on", "intake.report_to", "destinations[].dimse", "destinations[].stow", "destinations[].calling_ae",
                             "destinations[].as_sender", "destinations[].origins", "destinations[].origins[].calling_ae",
                             "destinations[].transform", "destinations[].lanes"};
  for (const char* path : shown) {
    const settings::Option* option = settings::find_option(path);
    if (option == nullptr) continue;
    say("| `%s` | %s | %s |\n", path, std::string(option->initial).c_str(), std::string(option->en).c_str());
  }
}

void charsets_and_security() {
  say("\n## 6. Character sets\n\n"
      "Text is not decoded on its way, but where a transform rewrites it. For display it is read by Specific Character Set (0008,0005) first, then as UTF-8, then as\n"
      "GB18030; the defined terms of PS3.3 C.12.1.1.2 are known, with code extensions (ISO 2022) and without.\n\n"
      "## 7. Security\n\n"
      "Callers can be limited by AE title and address; refused ones are shown. Instances are encrypted on the disk (AES-256-GCM). STOW-RS runs\n"
      "over TLS. DIMSE over TLS (PS3.15 B.1) is not supported in this version.\n");
}

}  // namespace

int main() {
  introduction();
  implementation_model();
  ae_common();
  scp_policies();
  scp_contexts();
  scp_answers();
  scp_commitment();
  scu();
  stow();
  sop_classes();
  network_and_settings();
  charsets_and_security();
}
