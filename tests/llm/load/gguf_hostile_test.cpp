// SPDX-License-Identifier: Apache-2.0
// GGUF files with one fault each, by the classes of fault that readers of the format have had.
#include <gtest/gtest.h>

#include <limits>

#include "tests/llm/load/support.hpp"
#include "therma/llm/load/gguf.hpp"

namespace therma::llm {
namespace {

using namespace testing;

constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

std::string refused(const std::string& bytes) {
  const auto message = refusal([&] { (void)parse_gguf(as_bytes(bytes), "f.gguf"); });
  EXPECT_TRUE(message.starts_with("f.gguf: ")) << message;
  return message;
}
std::string refused(const GgufBuilder& builder) { return refused(builder.build()); }

TEST(HostileGguf, WithAnotherMagicNumberIsRefused) {
  auto file = tiny_gguf();
  file.magic = "GGJT";
  EXPECT_SAYS(refused(file), "must start with \"GGUF\"");
}

TEST(HostileGguf, OfAnUnknownVersionIsRefused) {
  for (const std::uint32_t version : {0U, 1U, 4U, 0xFFFFFFFFU}) {
    auto file = tiny_gguf();
    file.version = version;
    EXPECT_SAYS(refused(file), "byte 8: version must be 2 or 3, got " + std::to_string(version));
  }
}

TEST(HostileGguf, OfBigEndianNumbersIsNamedAsSuch) {
  auto file = tiny_gguf();
  file.version = 0x03000000;
  EXPECT_SAYS(refused(file), "big-endian");
}

TEST(HostileGguf, ThatClaimsMorePairsThanItsBytesHoldIsRefusedBeforeMemoryIsTaken) {
  for (const auto count : {std::uint64_t{1} << 40, kHuge, kHuge / 14 + 2}) {
    auto file = tiny_gguf();
    file.claimed_pairs = count;
    EXPECT_SAYS(refused(file), "byte 24: the metadata's pairs: " + std::to_string(count));
  }
}

TEST(HostileGguf, ThatClaimsMoreTensorsThanItsBytesHoldIsRefusedBeforeMemoryIsTaken) {
  for (const auto count : {std::uint64_t{1} << 40, kHuge, kHuge / 37 + 2}) {
    auto file = tiny_gguf();
    file.claimed_tensors = count;
    EXPECT_SAYS(refused(file), "byte 24: the tensors' descriptions: " + std::to_string(count));
  }
}

TEST(HostileGguf, ThatClaimsANegativeCountIsRefused) {
  auto file = tiny_gguf();
  file.claimed_tensors = static_cast<std::uint64_t>(std::int64_t{-1});
  EXPECT_SAYS(refused(file), "the tensors' descriptions");
}

TEST(HostileGguf, ThatClaimsOneTensorMoreThanItDescribesIsRefused) {
  auto file = tiny_gguf();
  file.claimed_tensors = file.directory.size() + 1;
  (void)refused(file);
}

TEST(HostileGguf, WithAKeyLongerThanTheFileIsRefused) {
  for (const auto length : {std::uint64_t{1} << 33, kHuge, kHuge - 7}) {
    GgufBuilder file;
    file.pairs.push_back(raw(length) + "key" + zeros(32));
    EXPECT_SAYS(refused(file), "byte 32: a key takes " + std::to_string(length));
  }
}

TEST(HostileGguf, WithAStringLongerThanTheFileIsRefused) {
  GgufBuilder file;
  file.pair("general.name", Gguf::text, raw(kHuge) + "x");
  EXPECT_SAYS(refused(file), "general.name takes 18446744073709551615 bytes, but 1 are left");
}

TEST(HostileGguf, WithAnArrayLongerThanTheFileIsRefusedBeforeMemoryIsTaken) {
  for (const auto type : {Gguf::u8, Gguf::u64, Gguf::text, Gguf::f32, Gguf::flag}) {
    for (const auto count : {std::uint64_t{1} << 61, kHuge, std::uint64_t{1000}}) {
      GgufBuilder file;
      file.array("a.b", type, count, zeros(64));
      EXPECT_SAYS(refused(file), "a.b");
    }
  }
}

TEST(HostileGguf, WithAnArrayBeyondTheLimitIsRefused) {
  GgufBuilder file;
  file.array("a", Gguf::u8, (1 << 24) + 1, zeros((1 << 24) + 1));
  EXPECT_SAYS(refused(file), "a has 16777217 elements, but at most 16777216 are read");
}

TEST(HostileGguf, WithAnArrayOfArraysIsRefused) {
  GgufBuilder file;
  file.array("a", Gguf::array, 1, raw(Gguf::array) + raw(std::uint64_t{1}) + zeros(64));
  EXPECT_SAYS(refused(file), "a is an array of arrays");
}

TEST(HostileGguf, WithAnUnknownTypeOfValueIsRefused) {
  GgufBuilder file;
  file.pair("a", static_cast<Gguf>(13), zeros(8));
  EXPECT_SAYS(refused(file), "a has value type 13");
  GgufBuilder array;
  array.array("a", static_cast<Gguf>(0xFFFFFFFF), 1, zeros(8));
  EXPECT_SAYS(refused(array), "a has value type 4294967295");
}

TEST(HostileGguf, WithAFlagThatIsNeitherTrueNorFalseIsRefused) {
  GgufBuilder file;
  file.pair("a", Gguf::flag, "\x02" + zeros(8));
  EXPECT_SAYS(refused(file), "a must be 0 or 1, got 2");
}

TEST(HostileGguf, WithAKeyTwiceIsRefused) {
  GgufBuilder file;
  file.u32("a", 1).u32("b", 1).u32("a", 1);
  EXPECT_SAYS(refused(file), "the key \"a\" appears twice");
}

TEST(HostileGguf, WithAKeyThatIsNoNameIsRefusedAndShownWithoutControlCharacters) {
  GgufBuilder file;
  file.u32("a\x1B[31m", 1);
  EXPECT_SAYS(refused(file), "got \"a\\x1b[31m\"");
  GgufBuilder empty;
  empty.u32("", 1).u32("b", 1);
  EXPECT_SAYS(refused(empty), "a key must be 1 to 255 printable ASCII characters");
}

TEST(HostileGguf, WithAnImpossibleAlignmentIsRefused) {
  for (const std::uint32_t alignment : {0U, 1U, 4U, 33U, 48U, 131072U, 0x80000000U}) {
    GgufBuilder file;
    file.u32("general.alignment", alignment).tensor("a", {1}, 0, floats(1));
    EXPECT_SAYS(refused(file), "general.alignment must be");
  }
  GgufBuilder text;
  text.text("general.alignment", "32");
  EXPECT_SAYS(refused(text), "general.alignment must be a whole number, got a string");
}

TEST(HostileGguf, WithNoOrTooManyDimensionsIsRefused) {
  for (const std::size_t count : {0U, 5U, 100U}) {
    GgufBuilder file;
    file.describe("a", std::vector<std::uint64_t>(count, 1), 0, 0);
    file.data = floats(1);
    EXPECT_SAYS(refused(file), "tensor \"a\" must have 1 to 4 dimensions");
  }
}

TEST(HostileGguf, WithADimensionOfZeroIsRefused) {
  GgufBuilder file;
  file.tensor("a", {4, 0}, 0, "");
  EXPECT_SAYS(refused(file), "tensor \"a\" has a dimension of size 0");
}

// 2^32 * 2^32 = 2^64 wraps to 0, (2^63 + 1) * 2 to 2, and 2^62 * 4 bytes to 0.
TEST(HostileGguf, WithDimensionsWhoseProductWrapsToASmallNumberIsRefused) {
  const std::vector<std::vector<std::uint64_t>> shapes = {
      {std::uint64_t{1} << 32, std::uint64_t{1} << 32},
      {2, (std::uint64_t{1} << 63) + 1},
      {std::uint64_t{1} << 62},
      {kHuge, kHuge, kHuge, kHuge}};
  for (const auto& shape : shapes) {
    GgufBuilder file;
    file.tensor("a", shape, 0, floats(8));
    EXPECT_SAYS(refused(file), "tensor \"a\" has more bytes than 64 bits count");
  }
}

TEST(HostileGguf, WithATensorLargerThanTheFileIsRefused) {
  GgufBuilder file;
  file.tensor("a", {1 << 20, 1 << 20}, 0, floats(8));
  EXPECT_SAYS(refused(file), "tensor \"a\" takes 4398046511104 bytes, but 32 are left");
}

TEST(HostileGguf, WithRowsThatAreNoWholeBlocksIsRefused) {
  GgufBuilder file;
  file.tensor("a", {33, 32}, 8, zeros(34 * 33));
  EXPECT_SAYS(refused(file), "tensor \"a\" has rows of 33 weights, but q8_0 stores blocks of 32");
}

TEST(HostileGguf, WithAnUnknownElementTypeIsRefusedByNumberAndName) {
  GgufBuilder file;
  file.tensor("a", {256}, 10, zeros(84));
  EXPECT_SAYS(refused(file), "tensor \"a\" has element type 10 (q2_k), but known are f32, f16");
  for (const std::uint32_t type : {4U, 5U, 31U, 40U, 0xFFFFFFFFU}) {
    GgufBuilder other;
    other.tensor("a", {256}, type, zeros(256));
    EXPECT_SAYS(refused(other), "element type " + std::to_string(type));
  }
}

TEST(HostileGguf, WithATensorTwiceIsRefused) {
  GgufBuilder file;
  file.tensor("a", {8}, 0, floats(8)).tensor("a", {8}, 0, floats(8));
  EXPECT_SAYS(refused(file), "tensor \"a\" appears twice");
}

TEST(HostileGguf, WithAnOffsetPastTheEndIsRefused) {
  for (const auto offset : {std::uint64_t{1} << 20, kHuge - 31, kHuge}) {
    GgufBuilder file;
    file.describe("a", {8}, 0, offset);
    file.data = floats(8);
    EXPECT_SAYS(refused(file),
                "tensor \"a\" must start at byte 0 of the data, got " + std::to_string(offset));
  }
}

TEST(HostileGguf, WithTensorsThatOverlapLeaveAGapOrGoBackIsRefused) {
  for (const std::uint64_t offset : {0U, 32U, 96U}) {  // the first tensor ends at byte 64
    GgufBuilder file;
    file.describe("a", {16}, 0, 0).describe("b", {8}, 0, offset);
    file.data = floats(64);
    EXPECT_SAYS(refused(file),
                "tensor \"b\" must start at byte 64 of the data, got " + std::to_string(offset));
  }
}

TEST(HostileGguf, WithAMisalignedTensorIsRefused) {
  GgufBuilder file;
  file.describe("a", {3}, 0, 0).describe("b", {8}, 0, 12);
  file.data = floats(64);
  EXPECT_SAYS(refused(file), "tensor \"b\" must start at byte 32 of the data, got 12");
}

TEST(HostileGguf, WithBytesAfterItsTensorsIsRefused) {
  auto file = tiny_gguf();
  file.rest = zeros(64);
  EXPECT_SAYS(refused(file), "bytes follow what the file describes");
}

TEST(HostileGguf, ThatEndsEarlyIsRefusedWhereverItEnds) {
  auto builder = tiny_gguf({.hidden = 2, .heads = 1, .head_dim = 2});
  builder.u32("general.alignment", 32);
  const auto whole = builder.build();
  EXPECT_NO_THROW((void)parse_gguf(as_bytes(whole), "f"));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto message = refused(whole.substr(0, length));
    EXPECT_SAYS(message, "f.gguf: byte ");
  }
}

}  // namespace
}  // namespace therma::llm
