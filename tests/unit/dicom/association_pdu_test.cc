// SPDX-License-Identifier: Apache-2.0
// Requests and answers as peers send them, and with every fault at which DCMTK forgets memory.
#include "dicom/association_pdu.h"

#include <doctest/doctest.h>

#include <string>

#include "support/raw_dicom.h"

using namespace sampan;

namespace {

Bytes item(std::uint8_t type, const Bytes& value) {
  Bytes out{type, 0, static_cast<std::uint8_t>(value.size() >> 8), static_cast<std::uint8_t>(value.size())};
  out.insert(out.end(), value.begin(), value.end());
  return out;
}

Bytes text(const std::string& value) { return Bytes(value.begin(), value.end()); }

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

bool sound(std::uint8_t type, const Bytes& items) {
  Bytes pdu{type, 0, 0, 0, 0, 0};
  pdu.resize(6 + 68);
  return dicom::is_sound_association_pdu(pdu + items);
}
bool sound_user(const Bytes& information) { return sound(1, item(0x50, information)); }

const Bytes abstract = item(0x30, text("1.2.840.10008.1.1")), transfer = item(0x40, text("1.2.840.10008.1.2"));
const Bytes own{1, 0, 0, 0}, refused{1, 0, 3, 0};
const Bytes too_long = text(std::string(65, '1'));

}  // namespace

TEST_CASE("associations_as_peers_ask_for_them_and_answer_them_are_sound") {
  test::Associate associate{"CLINIC", "CT1", 16384, {{1, "1.2.840.10008.5.1.4.1.1.2", {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"}}, {3, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}}}};
  const Bytes header{1, 0, 0, 0, 0, 0};
  CHECK(dicom::is_sound_association_pdu(header + test::encode_associate(test::PduType::associate_rq, associate)));
  for (auto& context : associate.contexts) context.transfer_syntaxes.resize(1);
  CHECK(dicom::is_sound_association_pdu(Bytes{2, 0, 0, 0, 0, 0} + test::encode_associate(test::PduType::associate_ac, associate)));
  CHECK(sound(1, item(0x10, text("1.2.840.10008.3.1.1.1")) + item(0x20, own + abstract + transfer + transfer)));
  CHECK(sound(2, item(0x21, own + transfer) + item(0x21, refused) + item(0x21, refused + transfer + transfer)));
  CHECK(sound(1, item(0x77, too_long)));
  CHECK(sound_user(item(0x51, Bytes(4)) + item(0x52, text("1.2")) + item(0x53, Bytes(4)) + item(0x55, text("V1")) + item(0x57, too_long)));
  CHECK(sound_user(item(0x54, Bytes{0, 3} + text("1.2") + Bytes{0, 1}) + item(0x56, Bytes{0, 3} + text("1.2") + Bytes{1, 0, 1})));
  CHECK(sound_user(item(0x58, Bytes{2, 1, 0, 4} + text("user") + Bytes{0, 2} + text("pw"))));
}

TEST_CASE("associations_whose_lengths_do_not_fit_are_not_sound") {
  CHECK_FALSE(dicom::is_sound_association_pdu({}));
  CHECK_FALSE(dicom::is_sound_association_pdu(Bytes(73, 1)));
  CHECK_FALSE(sound(3, {}));
  CHECK_FALSE(sound(1, Bytes{0x20, 0, 0}));
  CHECK_FALSE(sound(1, Bytes{0x77, 0, 0, 1}));
  CHECK_FALSE(sound(1, item(0x10, too_long)));
  CHECK_FALSE(sound(1, item(0x20, Bytes{1, 0, 0})));
  CHECK_FALSE(sound(1, item(0x20, own + Bytes{0x30, 0, 0, 9})));
  CHECK_FALSE(sound(1, item(0x20, own + item(0x30, too_long) + transfer)));
  CHECK_FALSE(sound(1, item(0x20, own + abstract + item(0x40, too_long))));
  CHECK_FALSE(sound(1, item(0x20, own + abstract)));
  CHECK_FALSE(sound(1, item(0x21, own + transfer)));
  CHECK_FALSE(sound(2, item(0x20, own + abstract + transfer)));
  CHECK_FALSE(sound(1, item(0x50, {}) + item(0x50, {})));
  CHECK_FALSE(sound(2, item(0x21, own)));
  CHECK_FALSE(sound(2, item(0x21, own + transfer + transfer)));
}

TEST_CASE("associations_whose_user_information_does_not_fit_are_not_sound") {
  CHECK_FALSE(sound_user(item(0x51, Bytes(3))));
  CHECK_FALSE(sound_user(item(0x52, too_long)));
  CHECK_FALSE(sound_user(item(0x55, too_long)));
  CHECK_FALSE(sound_user(item(0x54, Bytes{0, 4} + text("1.2") + Bytes{0, 1})));
  CHECK_FALSE(sound_user(item(0x54, Bytes{0, 65} + too_long + Bytes{0, 1})));
  CHECK_FALSE(sound_user(item(0x54, Bytes{0, 0, 0})));
  CHECK_FALSE(sound_user(item(0x56, Bytes{0, 4} + text("1.2"))));
  CHECK_FALSE(sound_user(item(0x58, Bytes{2, 1, 0, 5} + text("user") + Bytes{0, 0})));
  CHECK_FALSE(sound_user(item(0x58, Bytes{2, 1, 0, 4} + text("user") + Bytes{0, 1})));
  CHECK_FALSE(sound_user(item(0x58, Bytes{2, 1, 0, 0, 0, 0, 0})));
  CHECK_FALSE(sound_user(item(0x58, Bytes{1, 1, 0, 4} + text("user") + Bytes{0, 2} + text("pw"))));
  CHECK(sound_user(item(0x58, Bytes{1, 1, 0, 4} + text("user") + Bytes{0, 0})));
  CHECK(sound(2, item(0x50, item(0x59, Bytes{0, 2} + text("ok")))));
  CHECK_FALSE(sound(2, item(0x50, item(0x59, Bytes{0, 3} + text("ok")))));
  CHECK_FALSE(sound(2, item(0x50, item(0x59, Bytes{0, 1} + text("ok")))));
  CHECK_FALSE(sound(2, item(0x50, item(0x59, Bytes{0}))));
  const Bytes identity = item(0x58, Bytes{2, 1, 0, 0, 0, 0});
  CHECK(sound_user(identity));
  CHECK_FALSE(sound_user(identity + identity));
}
