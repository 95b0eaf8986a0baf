// SPDX-License-Identifier: Apache-2.0
// What the tests of loading share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/llm/load/files.hpp"
#include "therma/core/error.hpp"

namespace therma::llm::testing {

// The message of the Error of this code that the call throws; other outcomes fail the test.
template <class Call>
std::string refusal(Call call, ErrorCode code = ErrorCode::bad_data) {
  try {
    call();
    ADD_FAILURE() << "accepted";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.what();
  }
  return "";
}

inline bool contains(std::string_view text, std::string_view piece) {
  return text.find(piece) != std::string_view::npos;
}
#define EXPECT_SAYS(message, piece) EXPECT_PRED2(::therma::llm::testing::contains, message, piece)

inline std::string shared_file(std::string_view name) {
  return std::string(THERMA_SOURCE_DIR "/../shared/data/") + std::string(name);
}
inline bool is_there(const std::string& path) { return fs::exists(path); }

}  // namespace therma::llm::testing
