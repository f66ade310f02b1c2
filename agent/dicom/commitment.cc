// SPDX-License-Identifier: Apache-2.0
#include "dicom/commitment.h"

#include <algorithm>
#include <set>

#include "dicom/data_set.h"

namespace sampan::dicom {

Bytes commitment_request(std::string_view transaction_uid, std::span<const InstanceReference> instances, bool explicit_vr) {
  DataSet request;
  request.set(tag::transaction_uid, "UI", std::string(transaction_uid));
  for (const auto& instance : instances) {
    DataSet& item = request.add_item(tag::referenced_sop_sequence);
    item.set(tag::referenced_sop_class_uid, "UI", instance.sop_class_uid);
    item.set(tag::referenced_sop_instance_uid, "UI", instance.sop_instance_uid);
  }
  return encode(request, explicit_vr);
}

Result<core::CommitmentReport> read_commitment_report(ByteView bytes, bool explicit_vr) {
  const auto read = decode_data_set(bytes, explicit_vr);
  if (!read) return read.error();
  core::CommitmentReport report;
  report.transaction_uid = read->text(tag::transaction_uid);
  if (report.transaction_uid.empty()) return fail(Errc::invalid, "a commitment report without a Transaction UID");
  std::set<std::string_view> failed;
  for (const DataSet& item : read->items(tag::failed_sop_sequence)) {
    const std::string_view uid = item.text(tag::referenced_sop_instance_uid);
    report.failed.push_back({std::string(uid), item.number(tag::failure_reason, 0)});
    failed.insert(uid);
  }
  for (const DataSet& item : read->items(tag::referenced_sop_sequence)) {
    const std::string_view uid = item.text(tag::referenced_sop_instance_uid);
    if (!uid.empty() && !failed.contains(uid)) report.committed.emplace_back(uid);
  }
  return report;
}

}  // namespace sampan::dicom
