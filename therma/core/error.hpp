// SPDX-License-Identifier: Apache-2.0
// Errors: one enum, one exception type, one table that every door reads.
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace therma {

enum class ErrorCode {
  no_answer,         // ran, but nothing acceptable came out
  usage,             // the command line is wrong
  invalid_argument,  // a caller's value breaks a rule
  bad_data,          // a file or a sentence is malformed
  io,                // a file could not be read or written
  device,            // a sensor, an accelerator or the memory failed
  remote,            // a peer over the network failed
  stopped,           // cancelled before any answer
  internal,          // our bug
};

// What each door shows for a code. C status 0 is success, so codes start at 1.
struct ErrorTraits {
  ErrorCode code;
  std::string_view name;
  int exit_code;
  int http_status;
  int c_status;
  std::string_view python_exception;
};

[[nodiscard]] const ErrorTraits& traits(ErrorCode code) noexcept;

// The message says what, where, and what was expected, in one sentence.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

// Throws Error{code} with a formatted message.
template <class... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

// Reports a bug of ours and aborts; reached only through THERMA_ASSERT.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace therma

// States what must hold unless the code here is wrong; input can never trigger it.
#if defined(THERMA_CHECKED)
#define THERMA_ASSERT(condition) \
  ((condition) ? void(0) : ::therma::assertion_failed(#condition, __FILE__, __LINE__))
#else
#define THERMA_ASSERT(condition) void(sizeof((condition) ? 1 : 0))
#endif
