// SPDX-License-Identifier: Apache-2.0
// Whether a token belongs to a truncated law, told from bounds where they allow it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "therma/llm/heads/contest.hpp"
#include "therma/llm/heads/full_pass.hpp"
#include "therma/llm/heads/screen.hpp"

namespace therma::llm {

// top_k and min_p of one request, as cutoff_of has them; top_p needs all energies.
class Membership {
 public:
  explicit Membership(std::uint32_t rows);

  // `estimates`: a_v of all rows, -infinity for those that `rows` knows from the start and for
  // those that stand for no token. All of it is borrowed until the next start.
  void start(const Race& race, const Screen& screen, const ScreenInput& input,
             std::span<const float> estimates, ExactRows& rows, std::uint32_t most_rows,
             const Team& team);
  // Null: more rows than `most_rows` would be needed.
  [[nodiscard]] std::optional<bool> keeps(const Candidate& candidate, const Team& team);
  [[nodiscard]] std::size_t bytes() const noexcept { return upper_.size() * sizeof(float); }

 private:
  [[nodiscard]] std::optional<bool> is_in_window(const Candidate& candidate, const Team& team);
  [[nodiscard]] std::optional<bool> is_of_lowest(const Candidate& candidate, const Team& team);
  [[nodiscard]] std::uint32_t known_below(const Candidate& candidate) const;

  const Race* race_ = nullptr;
  const Screen* screen_ = nullptr;
  const ScreenInput* input_ = nullptr;
  std::span<const float> estimates_;
  ExactRows* rows_ = nullptr;
  std::uint32_t most_rows_ = 0;
  std::optional<double> window_;         // the highest energy that min_p leaves
  kernels::AlignedVector<float> upper_;  // no -E is above  [rows]
  std::vector<float> chunk_max_;
};

}  // namespace therma::llm
