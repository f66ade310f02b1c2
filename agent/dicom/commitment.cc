// SPDX-License-Identifier: Apache-2.0
#include "dicom/commitment.h"

#include <algorithm>
#include <set>

#include "dicom/data_set.h"

namespace sampan::dicom {

namespace {
constexpr std::size_t uid_bytes_max = 64;  // PS3.5 9.1
}  // namespace

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

Result<core::PromiseRequest> read_commitment_request(ByteView bytes, bool explicit_vr) {
  const auto read = decode_data_set(bytes, explicit_vr);
  if (!read) return read.error();
  core::PromiseRequest request;
  request.transaction_uid = read->text(tag::transaction_uid);
  if (request.transaction_uid.empty() || request.transaction_uid.size() > uid_bytes_max)
    return fail(Errc::invalid, "a commitment request without a Transaction UID");
  for (const DataSet& item : read->items(tag::referenced_sop_sequence)) {
    InstanceReference instance{std::string(item.text(tag::referenced_sop_class_uid)), std::string(item.text(tag::referenced_sop_instance_uid))};
    if (instance.sop_instance_uid.empty() || instance.sop_instance_uid.size() > uid_bytes_max || instance.sop_class_uid.size() > uid_bytes_max)
      return fail(Errc::invalid, "a commitment request that does not name its instances");
    request.instances.push_back(std::move(instance));
  }
  if (request.instances.empty()) return fail(Errc::invalid, "a commitment request for nothing");
  return request;
}

Bytes commitment_report(const core::PromiseReport& report, bool explicit_vr) {
  DataSet set;
  const auto name = [&](Tag sequence, const InstanceReference& instance) -> DataSet& {
    DataSet& item = set.add_item(sequence);
    item.set(tag::referenced_sop_class_uid, "UI", instance.sop_class_uid);
    item.set(tag::referenced_sop_instance_uid, "UI", instance.sop_instance_uid);
    return item;
  };
  set.set(tag::transaction_uid, "UI", report.transaction_uid);
  for (const auto& instance : report.kept) name(tag::referenced_sop_sequence, instance);
  for (const auto& refused : report.refused) name(tag::failed_sop_sequence, refused.instance).set_number(tag::failure_reason, refused.reason);
  return encode(set, explicit_vr);
}

CommandSet report_command(const core::PromiseReport& report, std::uint16_t message_id) {
  CommandSet command;
  command.command_field = command::n_event_report_rq;
  command.message_id = message_id;
  command.data_set_type = with_data_set;
  command.affected_sop_class_uid = commitment_class;
  command.affected_sop_instance_uid = commitment_instance;
  command.event_type_id = report.refused.empty() ? all_committed : failures_exist;
  return command;
}

}  // namespace sampan::dicom
