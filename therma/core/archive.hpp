// SPDX-License-Identifier: Apache-2.0
// Checkpoints as bytes: plain numbers in a fixed order under a header, read back with every length
// checked.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace therma {

// Numbers are stored as this machine holds them (little-endian on every platform of Therma).
class ArchiveWriter {
 public:
  // `kind` and the two sizes are what a reader must expect: the kernel, its variables, replicas.
  ArchiveWriter(std::string_view kind, std::uint64_t size, std::uint64_t count);

  template <class T>
  requires std::is_trivially_copyable_v<T>
  void put(const T& value) { append(&value, sizeof value); }
  // No length is written: the reader knows it.
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void put_all(std::span<const T> values) { append(values.data(), values.size_bytes()); }
  // With its length.
  void put_bytes(std::string_view bytes);

  [[nodiscard]] std::string bytes() && { return std::move(bytes_); }

 private:
  void append(const void* data, std::size_t num_bytes);
  std::string bytes_;
};

class ArchiveReader {
 public:
  // Borrows bytes. Every call throws Error{bad_data} where the bytes do not fit: another kind,
  // other sizes, too few, too many.
  ArchiveReader(std::string_view bytes, std::string_view kind, std::uint64_t size,
                std::uint64_t count);

  template <class T>
  requires std::is_trivially_copyable_v<T>
  [[nodiscard]] T get() {
    T value;
    copy(&value, sizeof value);
    return value;
  }
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void get_all(std::span<T> values) { copy(values.data(), values.size_bytes()); }
  [[nodiscard]] std::string_view get_bytes();
  void finish() const;  // nothing may be left

 private:
  void copy(void* data, std::size_t num_bytes);
  [[nodiscard]] std::string_view take(std::uint64_t num_bytes);

  std::string_view kind_;
  std::string_view rest_;
};

}  // namespace therma
