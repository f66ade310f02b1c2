// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "base/aead.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/ids.h"

using namespace sampan;

TEST_CASE("crc32c_agrees_with_the_check_value_of_rfc_3720") {
  CHECK(crc32c(as_bytes("123456789")) == 0xe3069283u);
  CHECK(crc32c(as_bytes("56789"), crc32c(as_bytes("1234"))) == 0xe3069283u);
}

TEST_CASE("sha256_agrees_with_fips_180") {
  CHECK(to_hex(sha256(as_bytes("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("hmac_sha256_agrees_with_rfc_4231") {
  CHECK(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const Bytes long_key(131, 0xaa);
  CHECK(to_hex(hmac_sha256(long_key, as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("a_sealed_chunk_opens_only_with_its_nonce_its_aad_and_every_bit") {
  Aead aead(random_key());
  const Nonce nonce{1};
  Bytes sealed(5 + tag_bytes), plain(5);
  aead.seal(nonce, as_bytes("aad"), as_bytes("hello"), sealed.data());
  CHECK(aead.open(nonce, as_bytes("aad"), sealed, plain.data()).ok());
  CHECK(as_text(plain) == "hello");
  CHECK(aead.open(Nonce{2}, as_bytes("aad"), sealed, plain.data()).error().code == Errc::damaged);
  CHECK(aead.open(nonce, as_bytes("aae"), sealed, plain.data()).error().code == Errc::damaged);
  sealed[0] ^= 1;
  CHECK(aead.open(nonce, as_bytes("aad"), sealed, plain.data()).error().code == Errc::damaged);
}

TEST_CASE("a_wrapped_key_unwraps_only_under_the_key_that_wrapped_it") {
  const Key node = random_key(), other = random_key(), data = random_key();
  const auto wrapped = wrap_key(node, data);
  CHECK(unwrap_key(node, wrapped).value() == data);
  CHECK(unwrap_key(other, wrapped).error().code == Errc::damaged);
}

TEST_CASE("uuids_are_version_7_and_survive_text") {
  const Uuid id = make_uuid7(WallTime{0x0123456789ab}, system_random());
  const std::string text = to_string(id);
  CHECK(text.substr(0, 13) == "01234567-89ab");
  CHECK(text[14] == '7');
  CHECK(uuid_from(text) == id);
  CHECK(uuid_from("nonsense").is_nil());
}

TEST_CASE("a_uuid_as_a_dicom_uid_is_its_decimal_number") {
  CHECK(to_dicom_uid(uuid_from("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")) == "2.25.329800735698586629295641978511506172918");
  CHECK(to_dicom_uid(Uuid{}) == "2.25.0");
}

TEST_CASE("times_are_shown_in_utc") {
  CHECK(to_iso8601(WallTime{0}) == "1970-01-01T00:00:00.000Z");
  CHECK(to_iso8601(WallTime{1795336200123}) == "2026-11-22T08:30:00.123Z");
  CHECK(to_iso8601(WallTime{-1}) == "1969-12-31T23:59:59.999Z");
}
