// SPDX-License-Identifier: Apache-2.0
// A regular file as read-only memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace therma::llm {

// Owns the mapping. The file must not be cut short while it is held: the system ends a process
// that reads mapped bytes which are gone.
class MappedFile {
 public:
  // Throws Error{io} naming the path where it is missing, unreadable, empty, no regular file (a
  // folder, a pipe, a device) or changes its size while it is opened.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

// A copy of a small file. Throws as MappedFile does, except that an empty file is an empty text,
// and Error{bad_data} where it is larger than `most_bytes`.
[[nodiscard]] std::string read_text(const std::filesystem::path& path, std::size_t most_bytes);

}  // namespace therma::llm
