// SPDX-License-Identifier: Apache-2.0
// The header of safetensors, checked against the bytes that follow it.
#include "therma/llm/load/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "therma/core/json.hpp"
#include "therma/llm/load/byte_cursor.hpp"

namespace therma::llm {
namespace {

constexpr std::uint64_t kMostHeaderBytes = 100'000'000;
constexpr std::size_t kMostDimensions = 8;
constexpr std::uint64_t kAnyCount = ~std::uint64_t{0};

constexpr std::array<std::pair<std::string_view, DType>, 3> kTypes = {
    {{"F32", DType::f32}, {"F16", DType::f16}, {"BF16", DType::bf16}}};

struct Placed {
  Tensor tensor;
  std::uint64_t begin = 0;  // in the bytes after the header
  std::uint64_t end = 0;
};

DType type_of(const JsonReader& reader) {
  const auto name = reader.string();
  for (const auto& [known, type] : kTypes) {
    if (known == name) return type;
  }
  reader.reject(fmt::format("the element type {} is not read; known are F32, F16 and BF16",
                            shown_text(name)));
}

std::vector<std::uint64_t> shape_of(const JsonReader& reader) {
  const auto num_dimensions = reader.array_size();
  if (num_dimensions > kMostDimensions) {
    reader.reject(
        fmt::format("must have at most {} dimensions, got {}", kMostDimensions, num_dimensions));
  }
  std::vector<std::uint64_t> shape;
  for (std::size_t i = 0; i < num_dimensions; ++i) {
    shape.push_back(reader.at(i).count(kAnyCount));
    if (shape.back() == 0) reader.at(i).reject("must be at least 1, got 0");
  }
  return shape;
}

// That the bytes between the offsets are as many as the shape asks for.
void require_size(const JsonReader& reader, const Placed& placed) {
  std::optional<std::uint64_t> bytes = traits(placed.tensor.type).block_bytes;
  for (const auto size : placed.tensor.shape) {
    if (bytes) bytes = product(*bytes, size);
  }
  if (!bytes) reader.at("shape").reject("has more bytes than 64 bits count");
  if (placed.end - placed.begin != *bytes) {
    reader.at("data_offsets")
        .reject(fmt::format("must be {} bytes apart as the shape says, got {}", *bytes,
                            placed.end - placed.begin));
  }
}

Placed read_tensor(const std::string& name, const JsonReader& reader, std::uint64_t data_bytes) {
  if (!is_plain_name(name)) {
    reader.reject("a tensor's name must be 1 to 255 printable ASCII characters");
  }
  reader.allow_keys({"dtype", "shape", "data_offsets"});
  Placed placed;
  placed.tensor.name = name;
  placed.tensor.type = type_of(reader.at("dtype"));
  placed.tensor.shape = shape_of(reader.at("shape"));
  const auto offsets = reader.at("data_offsets");
  if (offsets.array_size() != 2) offsets.expected("an array of two offsets");
  placed.begin = offsets.at(0).count(data_bytes);
  placed.end = offsets.at(1).count(data_bytes);
  if (placed.begin > placed.end) {
    offsets.reject(fmt::format("must not decrease, got {} and {}", placed.begin, placed.end));
  }
  require_size(reader, placed);
  return placed;
}

std::vector<Placed> read_header(std::string_view text, std::uint64_t data_bytes,
                                const std::string& where) {
  const auto header = parse_json(text, where + ": header");
  JsonReader(header, where + ": header").require_object();
  std::vector<Placed> directory;
  for (const auto& [name, value] : header.items()) {
    const JsonReader reader(value, fmt::format("{}: header: {}", where, shown_text(name)));
    if (name == "__metadata__") {
      reader.require_object();
    } else {
      directory.push_back(read_tensor(name, reader, data_bytes));
    }
  }
  return directory;
}

// Gives every tensor its bytes: one after another they fill the file.
std::vector<Tensor> place_tensors(ByteCursor& cursor, std::vector<Placed> directory) {
  std::ranges::sort(directory, {}, &Placed::begin);
  const auto start = cursor.offset();
  std::vector<Tensor> tensors;
  for (auto& [tensor, begin, end] : directory) {
    if (begin != cursor.offset() - start) {
      cursor.reject(
          "tensor {} must start at byte {} of the data, where the one before it ends, got {}",
          shown_text(tensor.name), cursor.offset() - start, begin);
    }
    const auto element_bytes = traits(tensor.type).block_bytes;
    if (cursor.offset() % element_bytes != 0) {
      cursor.reject("tensor {} must start at a multiple of its {} bytes an element",
                    shown_text(tensor.name), element_bytes);
    }
    tensor.bytes = cursor.take(end - begin, tensor.name);
    tensors.push_back(std::move(tensor));
  }
  if (cursor.remaining() != 0) {
    cursor.reject("{} bytes follow what the header describes", cursor.remaining());
  }
  return tensors;
}

// A file beside the index, whatever else its name may try to say.
bool is_file_name(std::string_view name) {
  return is_plain_name(name) && name.find_first_of("/\\:") == std::string_view::npos &&
         name.front() != '.';
}

}  // namespace

std::vector<Tensor> parse_safetensors(std::span<const std::byte> bytes, const std::string& where) {
  ByteCursor cursor(bytes, where);
  const auto header_bytes = cursor.get<std::uint64_t>("the length of the header");
  if (header_bytes > kMostHeaderBytes) {
    cursor.reject("a header of {} bytes, but at most {} are read", header_bytes, kMostHeaderBytes);
  }
  const auto header = cursor.take(header_bytes, "the header");
  const std::string_view text(reinterpret_cast<const char*>(header.data()), header.size());
  return place_tensors(cursor, read_header(text, cursor.remaining(), where));
}

ShardIndex parse_shard_index(std::string_view text, const std::string& where) {
  const auto json = parse_json(text, where);
  const auto map = JsonReader(json, where).at("weight_map");
  map.require_object();
  ShardIndex index;
  for (const auto& [tensor, file] : map.json().items()) {
    const JsonReader reader(file, fmt::format("{}: weight_map: {}", where, shown_text(tensor)));
    if (!is_plain_name(tensor)) {
      reader.reject("a tensor's name must be 1 to 255 printable ASCII characters");
    }
    auto name = reader.string();
    if (!is_file_name(name)) {
      reader.reject(fmt::format("must be a file of the same folder, got {}", shown_text(name)));
    }
    index.emplace(tensor, std::move(name));
  }
  if (index.empty()) map.reject("must name at least one tensor");
  return index;
}

}  // namespace therma::llm
