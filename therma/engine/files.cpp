// SPDX-License-Identifier: Apache-2.0
// POSIX files, since the standard streams tell neither why they failed nor whether data is safe.
#include "therma/engine/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "therma/core/error.hpp"

namespace therma {
namespace {

// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void io_error(std::string_view name, std::string_view what) {
  fail(ErrorCode::io, "{}: {}: {}", name, what, std::strerror(errno));
}

void write_all(int fd, std::string_view content, std::string_view name) {
  while (!content.empty()) {
    const auto written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) io_error(name, "cannot write");
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

// A file that does not outlive a failure.
class TemporaryFile {
 public:
  TemporaryFile(const std::filesystem::path& beside, mode_t mode)
      : path_(fmt::format("{}.{}.tmp", beside.string(), ::getpid())),
        file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)) {
    if (file_.get() < 0) io_error(beside.string(), "cannot write");
  }
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void fill(std::string_view content, std::string_view name) const {
    write_all(file_.get(), content, name);
    if (::fsync(file_.get()) != 0) io_error(name, "cannot write");
  }
  void become(const std::filesystem::path& target) {
    if (::rename(path_.c_str(), target.c_str()) != 0) io_error(target.string(), "cannot write");
    path_.clear();
  }

 private:
  std::string path_;
  Descriptor file_;
};

// Where writing really ends: behind symbolic links, which stay links.
std::filesystem::path resolved(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto real = std::filesystem::weakly_canonical(path, ignored);
  return real.empty() ? path : real;
}

constexpr mode_t kNewFileMode = 0666;  // less the umask

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

// One word with a slash, a dot, a digit or another sign that no single spoken word has.
bool looks_like_path(std::string_view text) {
  const auto telling = [](char c) {
    return c == '/' || c == '.' || c == '#' || c == '_' ||
           std::isdigit(static_cast<unsigned char>(c)) != 0;
  };
  return std::ranges::none_of(text, is_space) && std::ranges::any_of(text, telling);
}

}  // namespace

std::string read_descriptor(int descriptor, std::string_view name) {
  std::string content;
  std::array<char, 1 << 16> buffer{};
  while (true) {
    const auto got = ::read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) io_error(name, "cannot read");
    if (got == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(got));
    if (content.size() > kMostInputBytes) {
      fail(ErrorCode::bad_data, "{}: larger than {} MiB, the most that is read", name,
           kMostInputBytes >> 20);
    }
  }
}

std::string read_file(const std::filesystem::path& path) {
  const auto name = path.string();
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) io_error(name, "cannot open");
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) io_error(name, "cannot open");
  if (S_ISDIR(info.st_mode)) fail(ErrorCode::io, "{}: is a directory, expected a file", name);
  return read_descriptor(file.get(), name);
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  const auto name = path.string();
  struct stat info {};
  const bool exists = ::stat(path.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) fail(ErrorCode::io, "{}: is a directory", name);
  if (exists && !S_ISREG(info.st_mode)) {
    const Descriptor device(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (device.get() < 0) io_error(name, "cannot write");
    return write_all(device.get(), content, name);
  }
  const auto target = resolved(path);
  TemporaryFile file(target, exists ? info.st_mode & 07777 : kNewFileMode);
  file.fill(content, name);
  file.become(target);
}

void check_writable(const std::filesystem::path& path) {
  struct stat info {};
  const bool exists = ::stat(path.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) {
    fail(ErrorCode::io, "{}: is a directory, expected a file to write", path.string());
  }
  if (exists && !S_ISREG(info.st_mode)) return;
  const TemporaryFile probe(resolved(path), kNewFileMode);
}

bool is_prose(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return true;
  if (text[first] == '{' || text[first] == '[') return false;
  std::size_t words = 0;
  std::size_t numbers = 0;
  while (!text.empty()) {
    text.remove_prefix(
        static_cast<std::size_t>(std::ranges::find_if_not(text, is_space) - text.begin()));
    const auto size = static_cast<std::size_t>(std::ranges::find_if(text, is_space) - text.begin());
    const auto word = text.substr(0, size);
    constexpr std::string_view kOfNumbers = "0123456789.,+-";
    if (!word.empty()) {
      ++(word.find_first_not_of(kOfNumbers) == std::string_view::npos ? numbers : words);
    }
    text.remove_prefix(size);
  }
  return words > numbers;
}

Source source_from_text(std::string text, std::string name) {
  const bool prose = is_prose(text);
  return {std::move(text), std::move(name), prose};
}

Source source_from_file(const std::filesystem::path& path) {
  auto source = Source{read_file(path), path.string(), false};
  source.is_prose = path.extension() == ".txt" && is_prose(source.text);
  return source;
}

Source source_from_argument(const std::string& argument) {
  std::error_code ignored;  // a sentence may be too long for a file name
  if (std::filesystem::exists(argument, ignored)) return source_from_file(argument);
  if (looks_like_path(argument)) fail(ErrorCode::io, "{}: no such file", argument);
  return source_from_text(argument, "text");
}

}  // namespace therma
