// SPDX-License-Identifier: Apache-2.0
// Tokenizers small enough to work out by hand.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "therma/core/error.hpp"
#include "therma/llm/tokenizer/spec.hpp"

namespace therma::llm::testing {

// Every byte is the token of its number; nothing merges.
inline TokenizerSpec bytes_only() {
  TokenizerSpec spec;
  for (int byte = 0; byte < 256; ++byte) spec.pieces.emplace_back(1, static_cast<char>(byte));
  return spec;
}

// 256 "ab" = a b, 257 "abc" = ab c.
inline TokenizerSpec abc() {
  auto spec = bytes_only();
  spec.pieces.insert(spec.pieces.end(), {"ab", "abc"});
  spec.merges = {{'a', 'b'}, {256, 'c'}};
  spec.merged = {256, 257};
  return spec;
}

// The error's message, which names what was wrong.
template <class Make>
std::string refusal_of(const Make& make) {
  try {
    make();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_data);
    return error.what();
  }
  ADD_FAILURE() << "was taken";
  return {};
}

}  // namespace therma::llm::testing
