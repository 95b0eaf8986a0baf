// SPDX-License-Identifier: Apache-2.0
// The error table: one row per code, one column per door.
#include "therma/core/error.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace therma {
namespace {

constexpr std::array kTable = {
    ErrorTraits{ErrorCode::no_answer, "no_answer", 1, 422, 1, "NoAnswer"},
    ErrorTraits{ErrorCode::usage, "usage", 2, 400, 2, "ValueError"},
    ErrorTraits{ErrorCode::invalid_argument, "invalid_argument", 2, 400, 3, "ValueError"},
    ErrorTraits{ErrorCode::bad_data, "bad_data", 3, 422, 4, "ValueError"},
    ErrorTraits{ErrorCode::io, "io", 4, 500, 5, "OSError"},
    ErrorTraits{ErrorCode::device, "device", 4, 503, 6, "RuntimeError"},
    ErrorTraits{ErrorCode::remote, "remote", 4, 502, 7, "ConnectionError"},
    ErrorTraits{ErrorCode::stopped, "stopped", 5, 503, 8, "InterruptedError"},
    ErrorTraits{ErrorCode::internal, "internal", 70, 500, 9, "RuntimeError"},
};

}  // namespace

const ErrorTraits& traits(ErrorCode code) noexcept {
  const auto* row = std::ranges::find(kTable, code, &ErrorTraits::code);
  return row != kTable.end() ? *row : kTable.back();
}

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "therma: a bug: %s does not hold (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace therma
