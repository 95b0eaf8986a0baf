// SPDX-License-Identifier: Apache-2.0
// safetensors and its index: as they are meant, and with one fault each.
#include "therma/llm/load/safetensors.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "tests/llm/load/folder_files.hpp"
#include "tests/llm/load/support.hpp"

namespace therma::llm {
namespace {

using namespace testing;

std::string refused(const std::string& bytes) {
  const auto message = refusal([&] { (void)parse_safetensors(as_bytes(bytes), "m.safetensors"); });
  EXPECT_TRUE(message.starts_with("m.safetensors: ")) << message;
  return message;
}
// One tensor "a" over 16 bytes of data.
std::string refused_entry(std::string_view entry) {
  return refused(with_header("{\"a\":" + std::string(entry) + "}", zeros(16)));
}
std::string entry(std::string_view shape, std::string_view offsets,
                  std::string_view dtype = "F32") {
  return R"({"dtype":")" + std::string(dtype) + R"(","shape":)" + std::string(shape) +
         R"(,"data_offsets":)" + std::string(offsets) + "}";
}

TEST(Safetensors, GivesTensorsInTheOrderOfTheirBytes) {
  // The header may name them in any order.
  const auto file =
      with_header("{\"b\":" + entry("[2]", "[8,16]") + ",\"a\":" + entry("[2,2]", "[0,8]", "BF16") +
                      ",\"c\":" + entry("[]", "[16,18]", "F16") + "}      ",
                  zeros(8) + floats(2) + "xy");
  const auto tensors = parse_safetensors(as_bytes(file), "f");
  ASSERT_EQ(tensors.size(), 3);
  EXPECT_EQ(tensors[0].name, "a");
  EXPECT_EQ(tensors[0].type, DType::bf16);
  EXPECT_EQ(tensors[0].shape, (std::vector<std::uint64_t>{2, 2}));
  EXPECT_EQ(tensors[1].name, "b");
  EXPECT_EQ(tensors[1].type, DType::f32);
  float second = 0;
  std::memcpy(&second, tensors[1].bytes.data() + sizeof second, sizeof second);
  EXPECT_EQ(second, 1.25F);
  EXPECT_TRUE(tensors[2].shape.empty());
  EXPECT_EQ(tensors[2].bytes.back(), std::byte{'y'});
}

TEST(HostileSafetensors, WithAHeaderLongerThanTheFileOrTheLimitIsRefused) {
  constexpr auto kHuge = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t length : {kHuge, kHuge - 7, std::uint64_t{100'000'001}}) {
    EXPECT_SAYS(refused(raw(length) + "{}"), "a header of " + std::to_string(length) + " bytes");
  }
  EXPECT_SAYS(refused(raw(std::uint64_t{3}) + "{}"), "the header takes 3 bytes, but 2 are left");
}

TEST(HostileSafetensors, WithAHeaderThatIsNoObjectIsRefused) {
  for (const auto* const header :
       {"", "[]", "null", "{", "{]", "\"a\"", "{}x", "\xFF", "{'a':1}"}) {
    EXPECT_SAYS(refused(with_header(header, "")), "header");
  }
}

TEST(HostileSafetensors, WithAHeaderNestedWithoutEndIsRefused) {
  std::string deep = "{\"a\":";
  for (int i = 0; i < 100'000; ++i) deep += "[";
  EXPECT_SAYS(refused(with_header(deep, "")), "nested deeper than 64 levels");
}

TEST(HostileSafetensors, WithATensorTwiceIsRefused) {
  const auto twice = "{\"a\":" + entry("[4]", "[0,16]") + ",\"a\":" + entry("[4]", "[0,16]") + "}";
  EXPECT_SAYS(refused(with_header(twice, zeros(16))), "the key \"a\" appears twice");
}

TEST(HostileSafetensors, WithANameThatIsNoNameIsRefused) {
  for (const auto* const name : {"", "a b", "a\\u001b[0m", "\xC4\x85"}) {
    const auto file =
        with_header("{\"" + std::string(name) + "\":" + entry("[4]", "[0,16]") + "}", zeros(16));
    EXPECT_SAYS(refused(file), "a tensor's name must be");
  }
}

TEST(HostileSafetensors, WithAnElementTypeThatIsNotReadIsRefusedByName) {
  for (const auto* const dtype : {"F64", "I8", "U8", "BOOL", "F8_E4M3", "f32", ""}) {
    EXPECT_SAYS(refused_entry(entry("[4]", "[0,16]", dtype)),
                "\"a\".dtype: the element type \"" + std::string(dtype) + "\" is not read");
  }
}

TEST(HostileSafetensors, WithMembersMissingOrOfAnotherTypeIsRefused) {
  EXPECT_SAYS(refused_entry(R"({"shape":[4],"data_offsets":[0,16]})"), "\"dtype\" is missing");
  EXPECT_SAYS(refused_entry(R"({"dtype":"F32","data_offsets":[0,16]})"), "\"shape\" is missing");
  EXPECT_SAYS(refused_entry(R"({"dtype":"F32","shape":[4]})"), "\"data_offsets\" is missing");
  EXPECT_SAYS(refused_entry(R"({"dtype":7,"shape":[4],"data_offsets":[0,16]})"), "a string");
  EXPECT_SAYS(refused_entry("3"), "must be an object");
  EXPECT_SAYS(refused_entry(entry("4", "[0,16]")), "shape: must be an array");
  EXPECT_SAYS(refused_entry(entry("[4]", "16")), "data_offsets: must be an array");
  EXPECT_SAYS(refused_entry(entry("[4]", "[0,8,16]")), "an array of two offsets");
  EXPECT_SAYS(refused_entry(R"({"dtype":"F32","shape":[4],"data_offsets":[0,16],"x":1})"),
              "unknown key \"x\"");
}

TEST(HostileSafetensors, WithNegativeBrokenOrZeroSizesIsRefused) {
  for (const auto* const shape : {"[-4]", "[4.5]", "[1e99]", "[\"4\"]", "[null]"}) {
    EXPECT_SAYS(refused_entry(entry(shape, "[0,16]")), "\"a\".shape[0]: must be");
  }
  EXPECT_SAYS(refused_entry(entry("[0]", "[0,0]")), "shape[0]: must be at least 1, got 0");
  EXPECT_SAYS(refused_entry(entry("[1,1,1,1,1,1,1,1,4]", "[0,16]")), "at most 8 dimensions");
}

// 2^32 * 2^32 elements wrap to none, 2^62 of 4 bytes as well.
TEST(HostileSafetensors, WithAShapeWhoseProductWrapsIsRefused) {
  EXPECT_SAYS(refused_entry(entry("[4294967296,4294967296]", "[0,0]")),
              "has more bytes than 64 bits count");
  EXPECT_SAYS(refused_entry(entry("[4611686018427387904]", "[0,0]")),
              "has more bytes than 64 bits count");
}

TEST(HostileSafetensors, WithOffsetsThatDoNotFitIsRefused) {
  EXPECT_SAYS(refused_entry(entry("[4]", "[16,0]")), "must not decrease, got 16 and 0");
  EXPECT_SAYS(refused_entry(entry("[4]", "[0,17]")), "data_offsets[1]: must be a count in [0, 16]");
  EXPECT_SAYS(refused_entry(entry("[4]", "[-1,15]")), "data_offsets[0]: must be a count");
  EXPECT_SAYS(refused_entry(entry("[4]", "[18446744073709551615,16]")), "data_offsets[0]");
  EXPECT_SAYS(refused_entry(entry("[3]", "[0,16]")),
              "must be 12 bytes apart as the shape says, got 16");
}

TEST(HostileSafetensors, WithTensorsThatOverlapOrLeaveAGapIsRefused) {
  const auto two = [](std::string_view second) {
    return with_header("{\"a\":" + entry("[2]", "[0,8]") + ",\"b\":" + std::string(second) + "}",
                       zeros(16));
  };
  EXPECT_SAYS(refused(two(entry("[2]", "[4,12]"))), "tensor \"b\" must start at byte 8");
  EXPECT_SAYS(refused(two(entry("[1]", "[12,16]"))), "tensor \"b\" must start at byte 8");
  EXPECT_SAYS(refused(two(entry("[2]", "[0,8]"))), "must start at byte 8");
  EXPECT_SAYS(refused_entry(entry("[3]", "[4,16]")), "tensor \"a\" must start at byte 0");
  EXPECT_SAYS(refused_entry(entry("[3]", "[0,12]")), "4 bytes follow what the header describes");
}

TEST(HostileSafetensors, WithAMisalignedTensorIsRefused) {
  const auto header =
      "{\"a\":" + entry("[1]", "[0,2]", "F16") + ",\"b\":" + entry("[1]", "[2,6]") + "}";
  auto padded = header;
  while (padded.size() % 8 != 0) padded += ' ';
  EXPECT_SAYS(refused(with_header(padded, zeros(6))),
              "tensor \"b\" must start at a multiple of its 4 bytes an element");
}

TEST(HostileSafetensors, ThatEndsEarlyIsRefusedWhereverItEnds) {
  const auto whole = safetensors({f32_tensor("a", {2, 3}), f32_tensor("b", {4})});
  EXPECT_NO_THROW((void)parse_safetensors(as_bytes(whole), "f"));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    (void)refused(whole.substr(0, length));
  }
}

std::string refused_index(std::string_view text) {
  const auto message = refusal([&] { (void)parse_shard_index(text, "i.json"); });
  EXPECT_TRUE(message.starts_with("i.json")) << message;
  return message;
}

TEST(ShardIndex, MapsTensorsToFiles) {
  const auto index = parse_shard_index(
      R"({"metadata":{"total_size":8},"weight_map":{"b":"m-2.safetensors","a":"m-1.safetensors"}})",
      "i");
  EXPECT_EQ(index, (ShardIndex{{"a", "m-1.safetensors"}, {"b", "m-2.safetensors"}}));
}

TEST(HostileShardIndex, WithAPathOutOfTheFolderIsRefused) {
  for (const auto* const file :
       {"../model.safetensors", "/etc/passwd", "a/b.safetensors", "..", ".", "", "a\\\\b",
        "C:model.safetensors", "\\u0000", "a b", ".hidden"}) {
    EXPECT_SAYS(refused_index(R"({"weight_map":{"a":")" + std::string(file) + "\"}}"),
                "must be a file of the same folder");
  }
}

TEST(HostileShardIndex, OfAnotherFormIsRefused) {
  EXPECT_SAYS(refused_index("{}"), "\"weight_map\" is missing");
  EXPECT_SAYS(refused_index(R"({"weight_map":[]})"), "must be an object");
  EXPECT_SAYS(refused_index(R"({"weight_map":{}})"), "at least one tensor");
  EXPECT_SAYS(refused_index(R"({"weight_map":{"a":1}})"), "must be a string");
  EXPECT_SAYS(refused_index(R"({"weight_map":{"a b":"c"}})"), "a tensor's name must be");
  EXPECT_SAYS(refused_index(R"({"weight_map":{"a":"c","a":"d"}})"), "twice");
  EXPECT_SAYS(refused_index("nonsense"), "not valid JSON");
}

}  // namespace
}  // namespace therma::llm
