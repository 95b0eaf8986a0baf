// SPDX-License-Identifier: Apache-2.0
// GGUF as it is meant: every type, both versions, tensors in their places.
#include "therma/llm/load/gguf.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <limits>

#include "tests/llm/load/support.hpp"

namespace therma::llm {
namespace {

using namespace testing;

GgufFile parse(const GgufBuilder& builder) {
  static std::deque<std::string> kept;  // tensors borrow
  kept.push_back(builder.build());
  return parse_gguf(as_bytes(kept.back()), "f");
}

template <class T>
T value(const GgufFile& file, std::string_view key) {
  const auto* const found = file.find(key);
  if (found == nullptr || !std::holds_alternative<T>(*found)) {
    ADD_FAILURE() << key << " is missing or of another type";
    return T{};
  }
  return std::get<T>(*found);
}

TEST(Gguf, ReadsEveryTypeOfNumberAtItsLimits) {
  GgufBuilder builder;
  builder.pair("u8", Gguf::u8, raw(std::uint8_t{255}))
      .pair("i8", Gguf::i8, raw(std::int8_t{-128}))
      .pair("u16", Gguf::u16, raw(std::uint16_t{65535}))
      .pair("i16", Gguf::i16, raw(std::int16_t{-32768}))
      .pair("u32", Gguf::u32, raw(std::uint32_t{4294967295U}))
      .pair("i32", Gguf::i32, raw(std::int32_t{-2147483647 - 1}))
      .pair("u64", Gguf::u64, raw(std::numeric_limits<std::uint64_t>::max()))
      .pair("i64", Gguf::i64, raw(std::numeric_limits<std::int64_t>::min()))
      .pair("f32", Gguf::f32, raw(0.1F))
      .pair("f64", Gguf::f64, raw(0.1))
      .flag("yes", true)
      .flag("no", false)
      .text("text", "za\xC5\xBC\xC3\xB3\xC5\x82\xC4\x87");
  const auto file = parse(builder);
  EXPECT_EQ(value<std::uint64_t>(file, "u8"), 255);
  EXPECT_EQ(value<std::int64_t>(file, "i8"), -128);
  EXPECT_EQ(value<std::uint64_t>(file, "u16"), 65535);
  EXPECT_EQ(value<std::int64_t>(file, "i16"), -32768);
  EXPECT_EQ(value<std::uint64_t>(file, "u32"), 4294967295U);
  EXPECT_EQ(value<std::int64_t>(file, "i32"), -2147483648LL);
  EXPECT_EQ(value<std::uint64_t>(file, "u64"), ~std::uint64_t{0});
  EXPECT_EQ(value<std::int64_t>(file, "i64"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(value<double>(file, "f32"), static_cast<double>(0.1F));
  EXPECT_EQ(value<double>(file, "f64"), 0.1);
  EXPECT_TRUE(value<bool>(file, "yes"));
  EXPECT_FALSE(value<bool>(file, "no"));
  EXPECT_EQ(value<std::string>(file, "text"), "za\xC5\xBC\xC3\xB3\xC5\x82\xC4\x87");
}

TEST(Gguf, WidensArraysAndKeepsStringsWithAnyBytes) {
  GgufBuilder builder;
  builder.numbers<std::uint8_t>("u8", Gguf::u8, {0, 255})
      .numbers<std::int16_t>("i16", Gguf::i16, {-1, 7})
      .numbers<std::uint32_t>("u32", Gguf::u32, {4294967295U})
      .numbers<std::uint8_t>("flags", Gguf::flag, {1, 0})
      .numbers<float>("f32", Gguf::f32, {0.5F, -2})
      .numbers<double>("f64", Gguf::f64, {})
      .texts("texts", {"", std::string("\0\xFF", 2)});
  const auto file = parse(builder);
  EXPECT_EQ(*file.integers("u8"), (std::vector<std::int64_t>{0, 255}));
  EXPECT_EQ(*file.integers("i16"), (std::vector<std::int64_t>{-1, 7}));
  EXPECT_EQ(*file.integers("u32"), (std::vector<std::int64_t>{4294967295}));
  EXPECT_EQ(*file.integers("flags"), (std::vector<std::int64_t>{1, 0}));
  EXPECT_EQ(*file.numbers("f32"), (std::vector<double>{0.5, -2}));
  EXPECT_TRUE(file.numbers("f64")->empty());
  EXPECT_EQ(file.texts("texts"), (std::vector<std::string>{"", std::string("\0\xFF", 2)}));
  EXPECT_EQ(file.integers("absent"), nullptr);
}

TEST(Gguf, ReadsVersionsTwoAndThreeAlike) {
  for (const std::uint32_t version : {2U, 3U}) {
    auto builder = tiny_gguf();
    builder.version = version;
    const auto file = parse(builder);
    EXPECT_EQ(file.version, version);
    EXPECT_EQ(file.tensors.size(), 11);
  }
}

TEST(Gguf, TurnsDimensionsRoundAndFindsTheBytes) {
  GgufBuilder builder;
  builder.tensor("odd", {3}, 0, floats(3)).tensor("matrix", {2, 5}, 0, floats(10, 100));
  const auto file = parse(builder);
  ASSERT_EQ(file.tensors.size(), 2);
  EXPECT_EQ(file.tensors[1].name, "matrix");
  EXPECT_EQ(file.tensors[1].shape, (std::vector<std::uint64_t>{5, 2}));
  float last = 0;
  std::memcpy(&last, file.tensors[1].bytes.data() + 9 * sizeof last, sizeof last);
  EXPECT_EQ(last, 9 + 0.25F + 100);
}

// Sizes of a row of 256 weights, from the block layouts of the format: 256 / block * bytes.
TEST(Gguf, KnowsTheSizeOfEveryElementType) {
  const std::vector<std::tuple<std::uint32_t, DType, std::size_t>> types = {
      {0, DType::f32, 1024},    {1, DType::f16, 512},     {2, DType::q4_0, 8 * 18},
      {3, DType::q4_1, 8 * 20}, {6, DType::q5_0, 8 * 22}, {7, DType::q5_1, 8 * 24},
      {8, DType::q8_0, 8 * 34}, {12, DType::q4_k, 144},   {13, DType::q5_k, 176},
      {14, DType::q6_k, 210},   {30, DType::bf16, 512}};
  GgufBuilder builder;
  for (const auto& [number, type, bytes] : types) {
    builder.tensor("t" + std::to_string(number), {256, 3}, number, zeros(3 * bytes));
  }
  const auto file = parse(builder);
  ASSERT_EQ(file.tensors.size(), types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    EXPECT_EQ(file.tensors[i].type, std::get<1>(types[i]));
    EXPECT_EQ(file.tensors[i].bytes.size(), 3 * std::get<2>(types[i]));
  }
}

TEST(Gguf, KeepsAnotherAlignmentAndPaddingAtTheEnd) {
  GgufBuilder builder;
  builder.alignment = 128;
  builder.u32("general.alignment", 128);
  builder.tensor("a", {3}, 0, floats(3)).tensor("b", {3}, 0, floats(3));
  builder.rest = zeros(128 - 12);
  const auto file = parse(builder);
  EXPECT_EQ(file.tensors[1].bytes.data() - file.tensors[0].bytes.data(), 128);
}

TEST(Gguf, ReadsAFileOfMetadataAlone) {
  const auto file = parse(tiny_gguf_metadata());
  EXPECT_TRUE(file.tensors.empty());
  EXPECT_EQ(file.count("llama.block_count", 10), 1);
}

TEST(GgufValues, ConvertWholeNumbersAndNameTheKeyOtherwise) {
  GgufBuilder builder;
  builder.pair("small", Gguf::i8, raw(std::int8_t{5}))
      .pair("negative", Gguf::i32, raw(-3))
      .u32("large", 1000)
      .f32("nan", std::numeric_limits<float>::quiet_NaN())
      .text("text", "x")
      .flag("flag", true);
  const auto file = parse(builder);
  EXPECT_EQ(file.count("small", 5), 5);
  EXPECT_EQ(file.count_or("absent", 5, 77), 77);
  EXPECT_EQ(file.number_or("large", 0), 1000.0);
  EXPECT_EQ(file.number_or("negative", 0), -3.0);
  EXPECT_EQ(file.text_or("text", ""), "x");
  EXPECT_TRUE(file.flag_or("flag", false));
  EXPECT_EQ(refusal([&] { (void)file.count("absent", 5); }), "f: absent is missing");
  EXPECT_EQ(refusal([&] { (void)file.count("negative", 5); }),
            "f: negative must be in [0, 5], got -3");
  EXPECT_EQ(refusal([&] { (void)file.count("large", 999); }),
            "f: large must be in [0, 999], got 1000");
  EXPECT_EQ(refusal([&] { (void)file.count("text", 5); }),
            "f: text must be a whole number, got a string");
  EXPECT_EQ(refusal([&] { (void)file.number_or("nan", 0); }),
            "f: nan must be a finite number, got nan");
  EXPECT_EQ(refusal([&] { (void)file.flag_or("large", false); }),
            "f: large must be true or false, got a whole number");
  EXPECT_EQ(refusal([&] { (void)file.texts("text"); }),
            "f: text must be an array of strings, got a string");
}

}  // namespace
}  // namespace therma::llm
