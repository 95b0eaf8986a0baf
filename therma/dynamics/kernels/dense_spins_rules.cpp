// SPDX-License-Identifier: Apache-2.0
// Which programs the dense kernels take, the decision in double, and the plain twin.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "therma/dynamics/gibbs.hpp"
#include "therma/dynamics/kernels/dense_spins.hpp"

namespace therma::kernels {

bool settle_spin(std::uint32_t word, std::uint64_t rest, double beta, double field) noexcept {
  const double u = (static_cast<double>(word) + static_cast<double>(rest) * 0x1p-64) * 0x1p-32;
  return u < up_probability(beta, field);
}

std::string dense_refusal(const IsingProgram& program) {
  if (program.size() == 0) return "needs at least one spin";
  if (program.size() > kMostDenseVariables) {
    return fmt::format("keeps all pairs of at most {} spins, and there are {}", kMostDenseVariables,
                       program.size());
  }
  // Sums of a row stay far below what a float can hold.
  constexpr double kMost = 1e30;
  const auto fields = program.fields();
  for (std::uint32_t i = 0; i < program.size(); ++i) {
    double sum = std::abs(fields[i]);
    for (const double value : program.couplings().values(i)) sum += std::abs(value);
    if (!(sum < kMost)) {
      return fmt::format("sums in float, and the couplings of spin {} add up to {}", i, sum);
    }
  }
  return "";
}

bool is_dense(const IsingProgram& program) noexcept {
  const double n = program.size();
  return n >= 64.0 && static_cast<double>(program.num_couplings()) >= 0.25 * 0.5 * n * (n - 1.0);
}

namespace {

// Fields and couplings are whole, no coupling above `most`, no row's sum above `most_of_row`.
bool are_whole(const IsingProgram& program, double most, double most_of_row) noexcept {
  const auto fields = program.fields();
  for (std::uint32_t i = 0; i < program.size(); ++i) {
    double sum = std::abs(fields[i]);
    if (fields[i] != std::trunc(fields[i])) return false;
    for (const double value : program.couplings().values(i)) {
      if (value != std::trunc(value) || std::abs(value) > most) return false;
      sum += std::abs(value);
    }
    if (sum > most_of_row) return false;
  }
  return true;
}

}  // namespace

bool has_whole_numbers(const IsingProgram& program) noexcept {
  return are_whole(program, 0x1p23, 0x1p23);
}

bool has_small_numbers(const IsingProgram& program) noexcept {
  return are_whole(program, std::numeric_limits<std::int8_t>::max(),
                   std::numeric_limits<std::int16_t>::max());
}

void sweep_chain_plain(const IsingProgram& program, double beta, const ArsBlock& key,
                       std::uint32_t chain, std::uint64_t step, std::span<Spin> spins) noexcept {
  const std::uint32_t lane = chain % kGroupLanes;
  LaneDraw at{.first_chain = chain - lane, .step = step};
  const auto word = [&](std::uint16_t plane) {
    at.plane = plane;
    return lane_word(key, at, lane);
  };
  for (; at.site < program.size(); ++at.site) {
    const std::uint64_t rest = std::uint64_t{word(1)} << 32 | word(2);
    const double field = program.local_field(spins, at.site);
    spins[at.site] = settle_spin(word(0), rest, beta, field) ? kUp : kDown;
  }
}

}  // namespace therma::kernels
