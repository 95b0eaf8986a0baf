// SPDX-License-Identifier: Apache-2.0
// Critical paths, their blocks, and the neighbourhood N7 of moves that may shorten them.
#pragma once

#include <cstdint>
#include <vector>

#include "therma/problems/job_shop/insertion.hpp"

namespace therma::job_shop {

// A supply of cheap random bits, spread from one 64-bit draw.
class Coins {
 public:
  explicit Coins(std::uint64_t bits) noexcept : bits_(bits) {}
  // Uniform in {0, ..., bound - 1} up to a bias below bound / 2^32.
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) noexcept {
    bits_ += 0x9E3779B97F4A7C15;  // splitmix64
    std::uint64_t z = bits_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return static_cast<std::uint32_t>(((z >> 32) * bound) >> 32);
  }

 private:
  std::uint64_t bits_;
};

// Writes one longest path, chosen at random step by step where there are several, to `path`
// (room for num_ops); returns its length in operations.
[[nodiscard]] std::uint32_t critical_path(const Model& m, const Selection& s, Coins& coins,
                                          Op* path) noexcept;

// Calls visit(Insertion) for every move of N7 on the blocks of a path that is surely feasible.
//
// A block is a run of operations of the path on one machine. N5 swaps its first two or last two;
// N6 moves an inner operation to either end; N7 also moves either end to the inside. Where the
// path begins with a block, changing that block's first operation cannot shorten it; likewise for
// the last operation of a block that ends the path.
// Source: C. Y. Zhang, P. G. Li, Z. L. Guan, Y. Q. Rao, "A tabu search algorithm with a new
// neighborhood structure for the job shop scheduling problem", Comput. Oper. Res. 34 (2007).
template <class Visit>
void for_each_move(const Model& m, const Selection& s, const Op* path, std::uint32_t length,
                   Visit&& visit) {
  const auto offer = [&](const Insertion& i) {
    if (is_surely_feasible(m, s, i)) visit(i);
  };
  for (std::uint32_t begin = 0, end = 0; begin < length; begin = end) {
    for (end = begin + 1; end < length && m.machine[path[end]] == m.machine[path[begin]];) ++end;
    const Op* block = path + begin;
    const std::uint32_t size = end - begin;
    if (size < 2) continue;
    const Op first = block[0];
    const Op last = block[size - 1];
    const bool change_last = end < length;
    if (change_last) {
      for (std::uint32_t i = 0; i + 1 < size; ++i) offer({block[i], last, true});
      for (std::uint32_t i = 0; i + 2 < size; ++i) offer({last, block[i], false});
    }
    if (begin > 0) {
      // What both ends have in common was offered above.
      const std::uint32_t common = change_last ? 1 : 0;
      for (std::uint32_t i = 1; i + common < size; ++i) offer({block[i], first, false});
      for (std::uint32_t i = 2; i + common < size; ++i) offer({first, block[i], true});
    }
  }
}

}  // namespace therma::job_shop
