// SPDX-License-Identifier: Apache-2.0
// Files at the doors: what a request's argument means, reading with a limit, writing whole or not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace therma {

inline constexpr std::uintmax_t kMostInputBytes = std::uintmax_t{256} << 20;

// The whole file. Pipes and devices are read too.
// Throws Error{io} where there is none, it is a directory or unreadable, Error{bad_data} beyond
// kMostInputBytes.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

// Everything from an open descriptor, with the same limit; `name` is for messages.
[[nodiscard]] std::string read_descriptor(int descriptor, std::string_view name);

// Replaces the file with `content` in one step: readers, crashes and full disks see the old file or
// the new one, never a part. Devices and pipes are written through. Throws Error{io}.
void write_file(const std::filesystem::path& path, std::string_view content);

// Opens a new file beside `path` and removes it again, so that a path that can't be written is
// found before the work and not after it. Throws Error{io}.
void check_writable(const std::filesystem::path& path);

// What someone wants solved: the content of a file, or a sentence.
struct Source {
  std::string text;
  std::string name;  // file name, or "text" or "standard input", for messages
  bool is_prose = true;
};

// An existing path is a file. What looks like a path and is none throws Error{io}; anything else is
// a sentence.
[[nodiscard]] Source source_from_argument(const std::string& argument);
[[nodiscard]] Source source_from_file(const std::filesystem::path& path);
[[nodiscard]] Source source_from_text(std::string text, std::string name);

// True where words outnumber plain numbers and the text is not JSON.
[[nodiscard]] bool is_prose(std::string_view text);

}  // namespace therma
