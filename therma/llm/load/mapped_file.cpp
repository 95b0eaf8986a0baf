// SPDX-License-Identifier: Apache-2.0
// Opening, checking and mapping of files.
#include "therma/llm/load/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "therma/core/error.hpp"

namespace therma::llm {
namespace {

[[noreturn]] void io_error(const std::filesystem::path& path, const char* what) {
  fail(ErrorCode::io, "{}: {}: {}", path.string(), what, std::strerror(errno));
}

// An open regular file. A pipe is opened without waiting for its other end.
class RegularFile {
 public:
  explicit RegularFile(const std::filesystem::path& path)
      : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (fd_ < 0) io_error(path_, "cannot open");
  }
  ~RegularFile() { ::close(fd_); }
  RegularFile(const RegularFile&) = delete;
  RegularFile& operator=(const RegularFile&) = delete;

  [[nodiscard]] int descriptor() const { return fd_; }
  [[nodiscard]] std::size_t size() const {
    struct stat info {};
    if (::fstat(fd_, &info) != 0) io_error(path_, "cannot tell its size");
    if (!S_ISREG(info.st_mode)) {
      fail(ErrorCode::io, "{}: must be a file, but is {}", path_.string(),
           S_ISDIR(info.st_mode) ? "a folder" : "a pipe, a socket or a device");
    }
    return static_cast<std::size_t>(info.st_size);
  }
  void require_size(std::size_t bytes) const {
    if (const auto now = size(); now != bytes) {
      fail(ErrorCode::io, "{}: changed from {} to {} bytes while it was read", path_.string(),
           bytes, now);
    }
  }

 private:
  const std::filesystem::path& path_;
  int fd_;
};

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  const RegularFile file(path);
  const auto size = file.size();
  if (size == 0) fail(ErrorCode::io, "{}: is empty", path.string());
  void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  if (memory == MAP_FAILED) io_error(path, "cannot map into memory");
  bytes_ = {static_cast<const std::byte*>(memory), size};
  MappedFile guard(std::move(*this));
  file.require_size(size);
  *this = std::move(guard);
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

std::string read_text(const std::filesystem::path& path, std::size_t most_bytes) {
  const RegularFile file(path);
  const auto size = file.size();
  if (size > most_bytes) {
    fail(ErrorCode::bad_data, "{}: has {} bytes, but at most {} are read", path.string(), size,
         most_bytes);
  }
  std::string text(size, '\0');
  for (std::size_t done = 0; done < size;) {
    const auto got = ::read(file.descriptor(), text.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) io_error(path, "cannot read");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  file.require_size(size);
  return text;
}

}  // namespace therma::llm
