// SPDX-License-Identifier: Apache-2.0
// Files of checkpoints made by code: whole ones, and with whatever fault a test asks for.
#pragma once

#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace therma::llm::testing {

namespace fs = std::filesystem;

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

template <class T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}
inline std::string raw_text(std::string_view text) {
  return raw(std::uint64_t{text.size()}) + std::string(text);
}
inline std::string zeros(std::size_t num_bytes) { return std::string(num_bytes, '\0'); }

// Value types of GGUF, as its specification numbers them.
enum class Gguf : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  flag,
  text,
  array,
  u64,
  i64,
  f64
};

// Writes GGUF as its specification says, and whatever else a test asks for.
struct GgufBuilder {
  std::string magic = "GGUF";
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;
  std::optional<std::uint64_t> claimed_pairs;
  std::optional<std::uint64_t> claimed_tensors;
  std::vector<std::string> pairs;
  std::vector<std::string> directory;
  std::string data;
  std::string rest;  // after the data

  GgufBuilder& pair(std::string_view key, Gguf type, std::string_view value) {
    pairs.push_back(raw_text(key) + raw(type) + std::string(value));
    return *this;
  }
  GgufBuilder& u32(std::string_view key, std::uint32_t value) {
    return pair(key, Gguf::u32, raw(value));
  }
  GgufBuilder& f32(std::string_view key, float value) { return pair(key, Gguf::f32, raw(value)); }
  GgufBuilder& flag(std::string_view key, bool value) {
    return pair(key, Gguf::flag, raw(std::uint8_t{value}));
  }
  GgufBuilder& text(std::string_view key, std::string_view value) {
    return pair(key, Gguf::text, raw_text(value));
  }
  GgufBuilder& array(std::string_view key, Gguf type, std::uint64_t count, std::string_view items) {
    return pair(key, Gguf::array, raw(type) + raw(count) + std::string(items));
  }
  GgufBuilder& texts(std::string_view key, const std::vector<std::string>& values) {
    std::string items;
    for (const auto& value : values) items += raw_text(value);
    return array(key, Gguf::text, values.size(), items);
  }
  template <class T>
  GgufBuilder& numbers(std::string_view key, Gguf type, const std::vector<T>& values) {
    std::string items;
    for (const auto value : values) items += raw(value);
    return array(key, type, values.size(), items);
  }

  // Describes a tensor and nothing else. Dimensions innermost first, as in the file.
  GgufBuilder& describe(std::string_view name, const std::vector<std::uint64_t>& dimensions,
                        std::uint32_t type, std::uint64_t offset) {
    auto entry = raw_text(name) + raw(static_cast<std::uint32_t>(dimensions.size()));
    for (const auto size : dimensions) entry += raw(size);
    directory.push_back(entry + raw(type) + raw(offset));
    return *this;
  }
  // A tensor at the next aligned place.
  GgufBuilder& tensor(std::string_view name, const std::vector<std::uint64_t>& dimensions,
                      std::uint32_t type, std::string_view bytes) {
    while (data.size() % alignment != 0) data += '\0';
    describe(name, dimensions, type, data.size());
    data += bytes;
    return *this;
  }

  [[nodiscard]] std::string build() const {
    auto file = magic + raw(version) + raw(claimed_tensors.value_or(directory.size())) +
                raw(claimed_pairs.value_or(pairs.size()));
    for (const auto& pair : pairs) file += pair;
    for (const auto& entry : directory) file += entry;
    if (!directory.empty()) {
      while (file.size() % alignment != 0) file += '\0';
    }
    return file + data + rest;
  }
};

// Sizes of the models that tests make: heads of 4, one key-value head for two heads.
struct TinySizes {
  std::uint64_t layers = 1;
  std::uint64_t hidden = 8;
  std::uint64_t heads = 2;
  std::uint64_t kv_heads = 1;
  std::uint64_t head_dim = 4;
  std::uint64_t ffn = 12;
  std::uint64_t vocabulary = 6;
};

// Number k of the tensor is k + 1 / 4 + `salt`, so that no two tensors are alike.
inline std::string floats(std::uint64_t count, float salt = 0) {
  std::string bytes;
  for (std::uint64_t k = 0; k < count; ++k) bytes += raw(static_cast<float>(k) + 0.25F + salt);
  return bytes;
}

// The metadata of a llama, without tensors.
inline GgufBuilder tiny_gguf_metadata(const TinySizes& sizes = {}) {
  const auto u32 = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
  GgufBuilder file;
  file.text("general.architecture", "llama")
      .text("general.name", "tiny")
      .u32("llama.block_count", u32(sizes.layers))
      .u32("llama.context_length", 64)
      .u32("llama.embedding_length", u32(sizes.hidden))
      .u32("llama.feed_forward_length", u32(sizes.ffn))
      .u32("llama.attention.head_count", u32(sizes.heads))
      .u32("llama.attention.head_count_kv", u32(sizes.kv_heads))
      .f32("llama.attention.layer_norm_rms_epsilon", 1e-5F)
      .text("tokenizer.ggml.model", "llama")
      .texts("tokenizer.ggml.tokens", {"<unk>", "<s>", "</s>", "a", "b", "ab"})
      .numbers<float>("tokenizer.ggml.scores", Gguf::f32, {0, 0, 0, -1, -2, -3})
      .numbers<std::int32_t>("tokenizer.ggml.token_type", Gguf::i32, {2, 3, 3, 1, 1, 1})
      .u32("tokenizer.ggml.bos_token_id", 1)
      .u32("tokenizer.ggml.eos_token_id", 2);
  return file;
}

inline void add_f32(GgufBuilder& file, std::string_view name,
                    const std::vector<std::uint64_t>& dimensions) {
  std::uint64_t count = 1;
  for (const auto size : dimensions) count *= size;
  file.tensor(name, dimensions, 0, floats(count, static_cast<float>(file.directory.size())));
}

// The tensors of a llama, f32, after whatever metadata there is.
inline GgufBuilder& add_tiny_tensors(GgufBuilder& file, const TinySizes& s = {}) {
  const auto queries = s.heads * s.head_dim;
  const auto keys = s.kv_heads * s.head_dim;
  add_f32(file, "token_embd.weight", {s.hidden, s.vocabulary});
  for (std::uint64_t layer = 0; layer < s.layers; ++layer) {
    const auto name = [&](std::string_view rest) {
      return "blk." + std::to_string(layer) + "." + std::string(rest) + ".weight";
    };
    add_f32(file, name("attn_norm"), {s.hidden});
    add_f32(file, name("attn_q"), {s.hidden, queries});
    add_f32(file, name("attn_k"), {s.hidden, keys});
    add_f32(file, name("attn_v"), {s.hidden, keys});
    add_f32(file, name("attn_output"), {queries, s.hidden});
    add_f32(file, name("ffn_norm"), {s.hidden});
    add_f32(file, name("ffn_gate"), {s.hidden, s.ffn});
    add_f32(file, name("ffn_up"), {s.hidden, s.ffn});
    add_f32(file, name("ffn_down"), {s.ffn, s.hidden});
  }
  add_f32(file, "output_norm.weight", {s.hidden});
  return file;
}

inline GgufBuilder tiny_gguf(const TinySizes& sizes = {}) {
  auto file = tiny_gguf_metadata(sizes);
  add_tiny_tensors(file, sizes);
  return file;
}

// A folder that is gone at the end of the test.
class Folder {
 public:
  Folder() : path_(make()) {}
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const fs::path& path() const { return path_; }
  fs::path write(std::string_view name, std::string_view content) const {
    auto file = path_ / name;
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }

 private:
  static fs::path make() {
    auto pattern = (fs::temp_directory_path() / "therma-load-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    return pattern;
  }
  fs::path path_;
};

}  // namespace therma::llm::testing
