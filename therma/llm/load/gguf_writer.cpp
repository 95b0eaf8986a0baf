// SPDX-License-Identifier: Apache-2.0
// The header in memory, the tensors straight to the file.
#include "therma/llm/load/gguf_writer.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>

#include "therma/core/error.hpp"
#include "therma/llm/load/gguf_numbers.hpp"

namespace therma::llm {
namespace {

constexpr std::size_t kAlignment = 32;

std::uint32_t number_of(DType type) {
  const auto* found =
      std::ranges::find(kGgufElements, type, &std::pair<std::uint32_t, DType>::second);
  return found->first;
}

constexpr std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

class Header {
 public:
  template <class T>
  void put(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void put_text(std::string_view text) {
    put<std::uint64_t>(text.size());
    bytes_.append(text);
  }
  void put(GgufType type) { put(static_cast<std::uint32_t>(type)); }
  void pad() { bytes_.resize(aligned(bytes_.size())); }
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

 private:
  std::string bytes_;
};

struct WriteValue {
  Header& out;

  void operator()(std::uint64_t value) const {
    const bool fits = value <= std::numeric_limits<std::uint32_t>::max();
    out.put(fits ? GgufType::u32 : GgufType::u64);
    if (fits) {
      out.put(static_cast<std::uint32_t>(value));
    } else {
      out.put(value);
    }
  }
  void operator()(std::int64_t value) const { out.put(GgufType::i64), out.put(value); }
  void operator()(double value) const {
    out.put(GgufType::f32), out.put(static_cast<float>(value));
  }
  void operator()(bool value) const {
    out.put(GgufType::flag), out.put(static_cast<std::uint8_t>(value));
  }
  void operator()(const std::string& value) const { out.put(GgufType::text), out.put_text(value); }
  void operator()(const std::vector<std::int64_t>& values) const {
    begin(GgufType::i32, values.size());
    for (const auto value : values) out.put(static_cast<std::int32_t>(value));
  }
  void operator()(const std::vector<double>& values) const {
    begin(GgufType::f32, values.size());
    for (const auto value : values) out.put(static_cast<float>(value));
  }
  void operator()(const std::vector<std::string>& values) const {
    begin(GgufType::text, values.size());
    for (const auto& value : values) out.put_text(value);
  }
  void begin(GgufType type, std::size_t count) const {
    out.put(GgufType::array), out.put(type), out.put<std::uint64_t>(count);
  }
};

std::string header_of(const GgufEntries& metadata, std::span<const Tensor> tensors) {
  Header out;
  out.put(kGgufMagic);
  out.put<std::uint32_t>(3);
  out.put<std::uint64_t>(tensors.size());
  out.put<std::uint64_t>(metadata.size());
  for (const auto& [key, value] : metadata) {
    out.put_text(key);
    std::visit(WriteValue{out}, value);
  }
  std::uint64_t offset = 0;
  for (const auto& tensor : tensors) {
    out.put_text(tensor.name);
    out.put(static_cast<std::uint32_t>(tensor.shape.size()));
    for (auto size = tensor.shape.rbegin(); size != tensor.shape.rend(); ++size) out.put(*size);
    out.put(number_of(tensor.type));
    out.put(offset);
    offset += aligned(tensor.bytes.size());
  }
  out.pad();
  return out.bytes();
}

}  // namespace

void write_gguf(const std::filesystem::path& path, const GgufEntries& metadata,
                std::span<const Tensor> tensors) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  const auto header = header_of(metadata, tensors);
  file.write(header.data(), static_cast<std::streamsize>(header.size()));
  constexpr std::array<char, kAlignment> kZeros{};
  for (const auto& tensor : tensors) {
    const auto size = tensor.bytes.size();
    file.write(reinterpret_cast<const char*>(tensor.bytes.data()),
               static_cast<std::streamsize>(size));
    file.write(kZeros.data(), static_cast<std::streamsize>(aligned(size) - size));
  }
  file.close();
  if (!file) fail(ErrorCode::io, "{}: could not be written", path.string());
}

}  // namespace therma::llm
