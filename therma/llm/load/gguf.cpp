// SPDX-License-Identifier: Apache-2.0
// The directory of a GGUF file: header, metadata, tensors in their places.
#include "therma/llm/load/gguf.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <set>
#include <utility>

#include "therma/llm/load/byte_cursor.hpp"
#include "therma/llm/load/gguf_metadata.hpp"
#include "therma/llm/load/gguf_numbers.hpp"

namespace therma::llm {
namespace {

constexpr std::uint64_t kMostTensors = 1 << 17;
constexpr std::uint64_t kMostAlignment = 1 << 16;
// Length and byte of a name, number of dimensions, one of them, type, offset.
constexpr std::uint64_t kLeastTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;
constexpr std::uint32_t kMostDimensions = 4;

// For messages alone.
constexpr std::array<std::pair<std::uint32_t, std::string_view>, 21> kOtherTypes = {
    {{9, "q8_1"},     {10, "q2_k"},  {11, "q3_k"},   {15, "q8_k"},  {16, "iq2_xxs"}, {17, "iq2_xs"},
     {18, "iq3_xxs"}, {19, "iq1_s"}, {20, "iq4_nl"}, {21, "iq3_s"}, {22, "iq2_s"},   {23, "iq4_xs"},
     {24, "i8"},      {25, "i16"},   {26, "i32"},    {27, "i64"},   {28, "f64"},     {29, "iq1_m"},
     {34, "tq1_0"},   {35, "tq2_0"}, {39, "mxfp4"}}};

std::string list_known_types() {
  std::string list;
  for (const auto& [_, type] : kGgufElements) {
    list += (list.empty() ? "" : ", ") + std::string(traits(type).name);
  }
  return list;
}

DType known_type(const ByteCursor& cursor, std::uint32_t number, std::string_view tensor) {
  for (const auto& [known, type] : kGgufElements) {
    if (known == number) return type;
  }
  const auto* const other =
      std::ranges::find(kOtherTypes, number, [](const auto& entry) { return entry.first; });
  cursor.reject("tensor {} has element type {} ({}), but known are {}", shown_text(tensor), number,
                other != kOtherTypes.end() ? other->second : "of no name here", list_known_types());
}

struct Placed {
  Tensor tensor;
  std::uint64_t offset = 0;  // from the start of the data
  std::uint64_t num_bytes = 0;
};

// The file's dimensions, innermost first, become a shape, outermost first.
std::vector<std::uint64_t> read_shape(ByteCursor& cursor, std::string_view name) {
  const auto num_dimensions = cursor.get<std::uint32_t>(name);
  if (num_dimensions < 1 || num_dimensions > kMostDimensions) {
    cursor.reject("tensor {} must have 1 to {} dimensions, got {}", shown_text(name),
                  kMostDimensions, num_dimensions);
  }
  std::vector<std::uint64_t> shape(num_dimensions);
  for (auto& size : shape) size = cursor.get<std::uint64_t>(name);
  std::ranges::reverse(shape);
  if (std::ranges::count(shape, 0) != 0) {
    cursor.reject("tensor {} has a dimension of size 0", shown_text(name));
  }
  return shape;
}

std::uint64_t bytes_of(const ByteCursor& cursor, const Tensor& tensor) {
  const auto& block = traits(tensor.type);
  if (tensor.shape.back() % block.block_weights != 0) {
    cursor.reject("tensor {} has rows of {} weights, but {} stores blocks of {}",
                  shown_text(tensor.name), tensor.shape.back(), block.name, block.block_weights);
  }
  std::optional<std::uint64_t> bytes = tensor.shape.back() / block.block_weights;
  bytes = product(*bytes, block.block_bytes);
  for (std::size_t i = 0; bytes && i + 1 < tensor.shape.size(); ++i) {
    bytes = product(*bytes, tensor.shape[i]);
  }
  if (!bytes) cursor.reject("tensor {} has more bytes than 64 bits count", shown_text(tensor.name));
  return *bytes;
}

Placed read_tensor(ByteCursor& cursor) {
  Placed placed;
  const auto name = cursor.text("a tensor's name");
  if (!is_plain_name(name)) {
    cursor.reject("a tensor's name must be 1 to 255 printable ASCII characters, got {}",
                  shown_text(name));
  }
  placed.tensor.name = name;
  placed.tensor.shape = read_shape(cursor, name);
  placed.tensor.type = known_type(cursor, cursor.get<std::uint32_t>(name), name);
  placed.num_bytes = bytes_of(cursor, placed.tensor);
  placed.offset = cursor.get<std::uint64_t>(name);
  return placed;
}

std::vector<Placed> read_directory(ByteCursor& cursor, std::uint64_t num_tensors) {
  std::vector<Placed> directory;
  std::set<std::string, std::less<>> names;
  for (std::uint64_t i = 0; i < num_tensors; ++i) {
    directory.push_back(read_tensor(cursor));
    const auto& name = directory.back().tensor.name;
    if (!names.insert(name).second) cursor.reject("tensor {} appears twice", shown_text(name));
  }
  return directory;
}

std::uint64_t padding(std::uint64_t offset, std::uint64_t alignment) {
  return (alignment - offset % alignment) % alignment;
}

// Gives every tensor its bytes. They follow one another in the order of the directory, each at the
// first aligned byte after the one before it, and fill the file.
std::vector<Tensor> place_tensors(ByteCursor& cursor, std::vector<Placed>&& directory,
                                  std::uint64_t alignment) {
  std::vector<Tensor> tensors;
  if (!directory.empty()) {
    (void)cursor.take(padding(cursor.offset(), alignment), "the padding before the data");
  }
  const auto start = cursor.offset();
  for (auto& [tensor, offset, num_bytes] : directory) {
    const auto used = cursor.offset() - start;
    const auto gap = padding(used, alignment);
    if (offset != used + gap) {
      cursor.reject("tensor {} must start at byte {} of the data, got {}", shown_text(tensor.name),
                    used + gap, offset);
    }
    (void)cursor.take(gap, "the padding before tensor " + shown_text(tensor.name));
    tensor.bytes = cursor.take(num_bytes, "tensor " + shown_text(tensor.name));
    tensors.push_back(std::move(tensor));
  }
  if (cursor.remaining() > padding(cursor.offset() - start, alignment)) {
    cursor.reject("{} bytes follow what the file describes", cursor.remaining());
  }
  return tensors;
}

std::uint32_t read_version(ByteCursor& cursor) {
  if (const auto magic = cursor.get<std::uint32_t>("the magic number"); magic != kGgufMagic) {
    cursor.reject("the file must start with \"GGUF\", got the bytes {:08x}",
                  __builtin_bswap32(magic));
  }
  const auto version = cursor.get<std::uint32_t>("the version");
  const auto swapped = __builtin_bswap32(version);
  if (swapped >= 1 && swapped <= 3) {
    cursor.reject("the file is big-endian; convert it to little-endian, which is what is read");
  }
  if (version != 2 && version != 3) cursor.reject("version must be 2 or 3, got {}", version);
  return version;
}

std::uint64_t alignment_of(const ByteCursor& cursor, const GgufFile& file) {
  constexpr std::uint64_t kDefault = 32;
  const auto alignment = file.count_or("general.alignment", kMostAlignment, kDefault);
  if (alignment < 8 || !std::has_single_bit(alignment)) {
    cursor.reject("general.alignment must be a power of two in [8, {}], got {}", kMostAlignment,
                  alignment);
  }
  return alignment;
}

}  // namespace

GgufFile parse_gguf(std::span<const std::byte> bytes, std::string where) {
  GgufFile file;
  file.where = std::move(where);
  ByteCursor cursor(bytes, file.where);
  file.version = read_version(cursor);
  const auto num_tensors = cursor.get<std::uint64_t>("the number of tensors");
  const auto num_pairs = cursor.get<std::uint64_t>("the number of metadata pairs");
  cursor.require(num_tensors, kLeastTensorBytes, "the tensors' descriptions");
  if (num_tensors > kMostTensors) {
    cursor.reject("{} tensors, but at most {} are read", num_tensors, kMostTensors);
  }
  file.metadata = read_gguf_metadata(cursor, num_pairs);
  cursor.require(num_tensors, kLeastTensorBytes, "the tensors' descriptions");
  auto directory = read_directory(cursor, num_tensors);
  file.tensors = place_tensors(cursor, std::move(directory), alignment_of(cursor, file));
  return file;
}

}  // namespace therma::llm
