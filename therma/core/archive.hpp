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
  // Takes whatever sizes there are: the reader asks for them.
  ArchiveReader(std::string_view bytes, std::string_view kind);
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

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
  // That so many items are left to be read: asked before room is made for them.
  void require(std::uint64_t num_items, std::uint64_t item_bytes) const;
  void finish() const;  // nothing may be left

 private:
  void copy(void* data, std::size_t num_bytes);
  [[nodiscard]] std::string_view take(std::uint64_t num_bytes);

  std::string_view kind_;
  std::string_view rest_;
  std::uint64_t size_ = 0;
  std::uint64_t count_ = 0;
};

// Bytes with their checksum behind them, against damage in files.
[[nodiscard]] std::string seal(std::string bytes);
// What was sealed, borrowed. Throws Error{bad_data} where the checksum is not that of the bytes.
[[nodiscard]] std::string_view unseal(std::string_view sealed);

}  // namespace therma
