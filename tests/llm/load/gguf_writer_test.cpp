// SPDX-License-Identifier: Apache-2.0
// What is written as GGUF is read back alike.
#include "therma/llm/load/gguf_writer.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "therma/core/error.hpp"

namespace therma::llm {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(GgufWriter, WritesWhatTheReaderReads) {
  const auto path = fs::temp_directory_path() / "therma-gguf-writer-test.gguf";
  const float numbers[] = {1.0F, -2.5F, 3.0F, 0.0F, 7.0F, -1.0F};
  std::byte block[34];
  for (std::size_t k = 0; k < 34; ++k) block[k] = static_cast<std::byte>(k);
  const Tensor tensors[] = {
      {.name = "a.weight",
       .type = DType::f32,
       .shape = {2, 3},
       .bytes = std::as_bytes(std::span(numbers))},
      {.name = "b.weight", .type = DType::q8_0, .shape = {1, 32}, .bytes = block}};
  write_gguf(path,
             {{"general.architecture", std::string("llama")},
              {"x.count", std::uint64_t{7}},
              {"x.large", std::uint64_t{1} << 40},
              {"x.real", 0.5},
              {"x.flag", true},
              {"x.texts", std::vector<std::string>{"one", "", "ż"}},
              {"x.numbers", std::vector<double>{0.25, -1.0}},
              {"x.integers", std::vector<std::int64_t>{-3, 4}}},
             tensors);
  const auto content = content_of(path);
  const auto file = parse_gguf(std::as_bytes(std::span(content)), "file");
  EXPECT_EQ(file.text_or("general.architecture", ""), "llama");
  EXPECT_EQ(file.count("x.count", 10), 7U);
  EXPECT_EQ(file.count("x.large", std::uint64_t{1} << 41), std::uint64_t{1} << 40);
  EXPECT_EQ(file.number_or("x.real", 0.0), 0.5);
  EXPECT_TRUE(file.flag_or("x.flag", false));
  EXPECT_EQ(file.texts("x.texts"), (std::vector<std::string>{"one", "", "ż"}));
  EXPECT_EQ(*file.numbers("x.numbers"), (std::vector<double>{0.25, -1.0}));
  EXPECT_EQ(*file.integers("x.integers"), (std::vector<std::int64_t>{-3, 4}));
  ASSERT_EQ(file.tensors.size(), 2U);
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_EQ(file.tensors[k].name, tensors[k].name);
    EXPECT_EQ(file.tensors[k].type, tensors[k].type);
    EXPECT_EQ(file.tensors[k].shape, tensors[k].shape);
    ASSERT_EQ(file.tensors[k].bytes.size(), tensors[k].bytes.size());
    EXPECT_EQ(
        std::memcmp(file.tensors[k].bytes.data(), tensors[k].bytes.data(), tensors[k].bytes.size()),
        0);
  }
  fs::remove(path);
}

TEST(GgufWriter, SaysWhereItCouldNotWrite) {
  try {
    write_gguf("/nowhere/file.gguf", {}, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_NE(std::string(error.what()).find("/nowhere/file.gguf"), std::string::npos);
  }
}

}  // namespace
}  // namespace therma::llm
