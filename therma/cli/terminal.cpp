// SPDX-License-Identifier: Apache-2.0
// The environment and the terminal, asked once per output.
#include "therma/cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "therma/core/error.hpp"

namespace therma::cli {
namespace {

constexpr std::size_t kDefaultWidth = 80;
constexpr std::size_t kLeastWidth = 40;
constexpr std::size_t kMostWidth = 1000;

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// A positive number, or 0.
std::size_t count_of(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : 0;
}

// False with errno set where not everything could be written.
bool write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

bool is_terminal(int descriptor) { return ::isatty(descriptor) == 1; }

std::size_t terminal_width(int descriptor) {
  auto width = count_of(variable("COLUMNS"));
  winsize size{};
  if (width == 0 && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0) width = size.ws_col;
  if (width == 0) width = kDefaultWidth;
  return std::clamp(width, kLeastWidth, kMostWidth);
}

bool wants_colours(int descriptor) {
  return is_terminal(descriptor) && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
}

void print(std::string_view text) {
  if (write_all(STDOUT_FILENO, text) || errno == EPIPE) return;
  fail(ErrorCode::io, "standard output: cannot write: {}", std::strerror(errno));
}

void print_notice(std::string_view text) noexcept {
  static_cast<void>(write_all(STDERR_FILENO, text));
}

}  // namespace therma::cli
