// SPDX-License-Identifier: Apache-2.0
// Every implementation of lattice_bits against its plain twin: the same bits.
#include <gtest/gtest.h>

#include "therma/dynamics/kernels/lattice_bits.hpp"

namespace therma::kernels {
namespace {

struct Case {
  const char* name;
  LatticeModel model;
};

// Rows of every kind: less than a byte, one or two bytes, four, words, words with lanes to spare;
// slabs of less than a chunk, of several, of a part of one; every set of adders.
std::vector<Case> cases() {
  return {
      {"tiny", {.shape = {2, 2}}},
      {"byte_rows", {.shape = {16, 16}}},
      {"seven_bit_rows", {.shape = {6, 14}}},
      {"three_byte_rows", {.shape = {10, 44}, .coupling = -0.7}},
      {"word_rows", {.shape = {6, 128}}},
      {"long_rows", {.shape = {4, 4096 + 256}}},
      {"odd_rows", {.shape = {34, 1002}, .coupling = 0.9}},
      {"bonds", {.shape = {20, 36}, .bond_seed = 3}},
      {"long_bonds", {.shape = {14, 602}, .bond_seed = 4}},
      {"field", {.shape = {12, 64}, .coupling = 0.8, .field = -0.3}},
      {"field_and_bonds", {.shape = {8, 300}, .bond_seed = 5, .field = 2.0}},
      {"cubic", {.shape = {6, 8, 10}}},
      {"cubic_word_rows", {.shape = {4, 6, 256}, .coupling = -1.0}},
      {"cubic_bonds", {.shape = {8, 64, 64}, .bond_seed = 6}},
      {"cubic_odd_bonds", {.shape = {2, 4, 138}, .bond_seed = 7}},
      {"cubic_field", {.shape = {6, 4, 20}, .field = 0.5}},
      {"cubic_field_and_bonds", {.shape = {4, 10, 150}, .bond_seed = 8, .field = 1.0}},
  };
}

class Lattice : public ::testing::TestWithParam<Case> {};

std::vector<double> values_of(const Machine& machine) {
  std::vector<double> all, values(machine.num_variables());
  for (std::uint32_t r = 0; r < machine.num_replicas(); ++r) {
    machine.read(r, values);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

TEST_P(Lattice, HasTheBitsOfItsTwinOnEveryBackend) {
  const auto program = std::make_shared<const LatticeProgram>(GetParam().model);
  const auto run = [&](const LatticeBackend& backend, std::uint32_t threads) {
    const Pool pool(threads);
    auto machine = make_lattice_machine(program, {3, 2}, Rng(17), backend);
    // Quench, warm up, freeze: thresholds with many bits, with one, with none.
    for (const double beta : {0.4, 0.05, 0.0, std::numeric_limits<double>::infinity(), 1.3}) {
      machine->advance({&beta, 1}, 2, {.pool = &pool});
    }
    return values_of(*machine);
  };
  const auto expected = run(kLatticeTwin, 1);
  for (const auto* backend : lattice_backends()) {
    for (const std::uint32_t threads : {1U, 3U}) {
      EXPECT_EQ(run(*backend, threads), expected) << backend->name << " on " << threads;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Lattice, ::testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param.name; });

// At an infinite temperature every threshold is 1/2 and all is decided at once; at beta 1e-9 every
// level is undecided after the head with odds 2^-5 and more than eight lanes of a word are with
// odds 2e-4: of the 65,536 words here some 15.
TEST(LatticeTail, DecidesWordsWithMoreThanEightLanesLeft) {
  const auto program = std::make_shared<const LatticeProgram>(LatticeModel{.shape = {512, 4096}});
  const double beta = 0.3;
  std::vector<std::vector<double>> found;
  for (const auto* backend : lattice_backends()) {
    auto machine = make_lattice_machine(program, {0, 1}, Rng(1), *backend);
    machine->advance({&beta, 1}, 1, {});
    found.push_back(values_of(*machine));
  }
  for (const auto& values : found) EXPECT_EQ(values, found.back());
}

}  // namespace
}  // namespace therma::kernels
