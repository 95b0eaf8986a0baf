// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over damaged copies of a good input.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "therma/core/random/rng.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace therma::testing {

inline void try_input(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

// Every beginning of the input, and every one of its first `num_bytes` flipped in each bit and set
// to values that lengths, types and punctuation have.
inline void try_truncations_and_bytes(const std::string& input, std::size_t num_bytes) {
  for (std::size_t length = 0; length <= input.size(); ++length) {
    ASSERT_NO_THROW(try_input(input.substr(0, length))) << "cut at " << length;
  }
  for (std::size_t at = 0; at < std::min(num_bytes, input.size()); ++at) {
    auto damaged = input;
    for (int bit = 0; bit < 8; ++bit) {
      damaged[at] = static_cast<char>(input[at] ^ (1 << bit));
      ASSERT_NO_THROW(try_input(damaged)) << "bit " << bit << " of byte " << at;
    }
    for (const char value : {'\0', '\x7F', '\x80', '\xFF', '"', '{', '9', '-'}) {
      damaged[at] = value;
      ASSERT_NO_THROW(try_input(damaged)) << int{value} << " in byte " << at;
    }
  }
}

// Copies with one to four random edits each: another byte, a piece cut out, a piece doubled.
inline void try_random_edits(const std::string& input, std::uint32_t num_rounds) {
  Draws draws(Rng(2026).child("fuzz"), 0, 0);
  for (std::uint32_t round = 0; round < num_rounds; ++round) {
    auto damaged = input;
    for (std::uint32_t edit = 0; edit <= draws.below(4) && !damaged.empty(); ++edit) {
      const auto at = draws.below(static_cast<std::uint32_t>(damaged.size()));
      const auto length = 1 + draws.below(12);
      switch (draws.below(3)) {
        case 0:
          damaged[at] = static_cast<char>(draws.below(256));
          break;
        case 1:
          damaged.erase(at, length);
          break;
        default:
          damaged.insert(at, damaged.substr(at, length));
      }
    }
    ASSERT_NO_THROW(try_input(damaged)) << "round " << round;
  }
}

}  // namespace therma::testing
