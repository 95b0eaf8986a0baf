// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fuzz.hpp"

namespace therma::llm {
namespace {

using namespace therma::testing;

TEST(Fuzz, EveryDamagedTextComesBack) {
  std::string text =
      "abc I'll  go\r\n 12\t\u0142e\u0301\u0316q\u0307\u0323 \u1100\u1161\u11A8 \u212B\u2003 "
      "\U0001F600\u4E2D<s>";
  try_truncations_and_bytes(text, text.size());
  try_random_edits(text, 10'000);
  while (text.size() < 600) text += text;  // long enough for the cache of words
  try_random_edits(text, 2000);
}

}  // namespace
}  // namespace therma::llm
