// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/problems/schedule_support.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace therma::schedule {
namespace {

void try_input(std::string text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

// One random edit: another byte, a piece cut out, a piece doubled, or a telling word put in.
void mutate(std::string& text, Draws& draws) {
  static constexpr const char* kWords[] = {"-1",        "1e308",         "null", "[]", "{}",
                                           "\"",        "9999999999999", "0.1",  "\n", "#",
                                           "{\"min\":", "\xC5\x82",      "\xFF"};
  const auto size = static_cast<std::uint32_t>(text.size());
  const auto at = 1 + draws.below(size);
  const auto length = std::min(size - std::min(at, size), 1 + draws.below(12));
  switch (draws.below(4)) {
    case 0:
      if (at < size) text[at] = static_cast<char>(draws.below(256));
      break;
    case 1:
      if (at < size) text.erase(at, length);
      break;
    case 2:
      if (at < size) text.insert(at, text.substr(at, length));
      break;
    default:
      text.insert(std::min(at, size), kWords[draws.below(std::size(kWords))]);
  }
}

TEST(Fuzz, ReadsOrRefusesMutatedProblems) {
  const std::string seeds[] = {
      testing::file_text(THERMA_SOURCE_DIR "/data/examples/warsztat.json"),
      R"({"kind":"schedule","machines":[{"id":"A","speed":1.5,"windows":[[0,8]]}],"tasks":[{"id":)"
      R"("t","duration":{"min":1,"max":2.5}},{"id":"j","operations":[{"machine":"A","duration":1}]}]})",
      "2 2\n0 1 1 2\n0 1 1 3\n", "2 2\n5 7\n3 9\n2 1\n1 2\n",
      "1 2\n1 0 9\n2 1 4 6 12\n3 8 2 5 -1\n"};
  Draws draws(Rng(2026).child("fuzz"), 0, 0);
  for (std::uint32_t round = 0; round < 4000; ++round) {
    auto text = std::string(1, static_cast<char>(draws.below(4) == 0 ? draws.below(7) : 0)) +
                seeds[draws.below(static_cast<std::uint32_t>(std::size(seeds)))];
    for (std::uint32_t edit = 0; edit <= draws.below(4); ++edit) mutate(text, draws);
    ASSERT_NO_THROW(try_input(text)) << text;
  }
}

}  // namespace
}  // namespace therma::schedule
