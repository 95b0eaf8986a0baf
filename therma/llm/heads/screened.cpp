// SPDX-License-Identifier: Apache-2.0
// The default head: the race, run on the screen with a certified bound; rows that could still win
// are evaluated exactly.
#include <algorithm>
#include <array>

#include "therma/llm/heads/contest.hpp"
#include "therma/llm/heads/full_pass.hpp"
#include "therma/llm/heads/head_table.hpp"
#include "therma/llm/heads/membership.hpp"
#include "therma/llm/heads/screen.hpp"

namespace therma::llm {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();
constexpr std::uint32_t kFirstRows = 16;  // by their estimates, so that the rest meets a high bar
constexpr double kLeastBeta = 1e-20;      // below it float32 bounds say nothing

// Rows of a field, whose energies no bound holds for.
std::vector<TokenId> rows_of(const TokenField* field) {
  std::vector<TokenId> rows;
  if (field == nullptr) return rows;
  for (const auto& [token, energy] : field->energies) rows.push_back(token);
  rows.insert(rows.end(), field->repeated.begin(), field->repeated.end());
  std::ranges::sort(rows);
  const auto rest = std::ranges::unique(rows);
  rows.erase(rest.begin(), rest.end());
  return rows;
}

// Writes `value` over those of rows first, first + 1, ... that are listed.
void overwrite(std::span<const TokenId> rows, TokenId first, std::span<float> values, float value) {
  const auto end = first + values.size();
  for (auto at = std::ranges::lower_bound(rows, first); at != rows.end() && *at < end; ++at) {
    values[*at - first] = value;
  }
}

class ScreenedHead final : public TokenHead {
 public:
  ScreenedHead(const HeadMatrix& matrix, const HeadConfig& config, const Team& team)
      : pass_(matrix),
        screen_(matrix.weights, team),
        rows_(matrix.weights),
        delay_window_(config.delay_window),
        most_rows_(matrix.weights.rows / 5),
        membership_(matrix.weights.rows),
        estimates_(matrix.weights.rows),
        upper_(matrix.weights.rows),
        chunk_max_((matrix.weights.rows + kChunk - 1) / kChunk),
        chunk_best_(chunk_max_.size()) {}

  HeadDraw relax(const RelaxRequest& request, const Team& team, const OnDraft& on_draft) override;
  [[nodiscard]] std::size_t bytes() const noexcept override {
    return pass_.bytes() + screen_.bytes() + rows_.bytes() + membership_.bytes() +
           (upper_.size() + estimates_.size()) * sizeof(float);
  }

 private:
  struct Guess {
    float score = kNever;
    TokenId token = 0;
  };

  void screen(const Race& race, const Team& team);
  Guess screen_chunk(const Race& race, TokenId first, std::uint32_t count) noexcept;
  void start(const Race& race, Contest& contest, const Team& team, const OnDraft& on_draft);
  [[nodiscard]] std::vector<TokenId> likeliest(const Race& race, std::span<const TokenId> open,
                                               std::size_t count) const;

  [[nodiscard]] std::optional<Candidate> winner(const Race& race, const Team& team,
                                                const OnDraft& on_draft);
  [[nodiscard]] std::optional<Candidate> best_listed(const Race& race, const Team& team);

  FullPass pass_;
  Screen screen_;
  ExactRows rows_;
  std::uint32_t delay_window_;
  std::uint32_t most_rows_;
  Activation hidden_;
  ScreenInput input_;
  Membership membership_;
  std::vector<TokenId> field_rows_;          // that stand for a token
  kernels::AlignedVector<float> estimates_;  // only where the law is truncated
  kernels::AlignedVector<float> upper_;
  std::vector<float> chunk_max_;
  std::vector<Guess> chunk_best_;
};

// Bounds on the scores of a chunk: with e = eps_v,
//
//   U = c_E (a + e) + c_g g + 2^-20 (c_E (|a| + e) + 24 c_g) + 1e-30
//
// where the last terms are more than the roundings of float32 in U itself.
ScreenedHead::Guess ScreenedHead::screen_chunk(const Race& race, TokenId first,
                                               std::uint32_t count) noexcept {
  std::array<float, kChunk> a, g{}, guess;
  screen_.approximate(input_, first, count, a.data());
  if (race.scale.noise > 0.0) race.noise.gumbels(first, std::span(g).first(count));
  const auto c_energy = static_cast<float>(race.scale.energy);
  const auto c_noise = static_cast<float>(race.scale.noise);
  const float rounding = c_energy * 0x1p-20F, constant = c_noise * (24.0F * 0x1p-20F) + 1e-30F;
  float* upper = upper_.data() + first;
  for (std::uint32_t i = 0; i < count; ++i) {
    const float error = screen_.error_bound(input_, first + i);
    const float most = a[i] + error;
    guess[i] = c_energy * a[i] + c_noise * g[i];
    upper[i] =
        (c_energy * most + c_noise * g[i]) + (rounding * (std::abs(a[i]) + error) + constant);
  }
  const std::span bounds(upper, count);
  for (const auto values : {bounds, std::span(guess).first(count)}) {
    pass_.mask().overwrite(first, values, kNever);
    overwrite(field_rows_, first, values, kNever);
  }
  if (truncates(race.request.truncation)) {
    const std::span estimates(estimates_.data() + first, count);
    std::copy_n(a.begin(), count, estimates.begin());
    pass_.mask().overwrite(first, estimates, kNever);
    overwrite(field_rows_, first, estimates, kNever);
  }
  const auto best = std::max_element(guess.begin(), guess.begin() + count);
  chunk_max_[first / kChunk] = *std::ranges::max_element(bounds);
  return {*best, first + static_cast<TokenId>(best - guess.begin())};
}

void ScreenedHead::screen(const Race& race, const Team& team) {
  for_each_chunk(pass_.weights().rows, team,
                 [&](std::uint32_t chunk, std::uint32_t first, std::uint32_t count) {
                   chunk_best_[chunk] = screen_chunk(race, first, count);
                 });
}

// Those with the highest estimates.
std::vector<TokenId> ScreenedHead::likeliest(const Race& race, std::span<const TokenId> open,
                                             std::size_t count) const {
  std::vector<std::pair<float, TokenId>> ranked;
  for (const TokenId v : open) {
    const auto error = static_cast<double>(screen_.error_bound(input_, v));
    const auto lowered = static_cast<float>(upper_[v] - race.scale.energy * error);
    ranked.emplace_back(-lowered, v);
  }
  count = std::min(count, ranked.size());
  std::ranges::partial_sort(ranked, ranked.begin() + static_cast<std::ptrdiff_t>(count));
  std::vector<TokenId> tokens;
  for (std::size_t i = 0; i < count; ++i) tokens.push_back(ranked[i].second);
  return tokens;
}

// The row with the best estimate, then as many as the delay window holds; then the draft.
void ScreenedHead::start(const Race& race, Contest& contest, const Team& team,
                         const OnDraft& on_draft) {
  const auto guess = *std::ranges::max_element(
      chunk_best_, [](const Guess& x, const Guess& y) { return x.score < y.score; });
  if (guess.score == kNever) return;
  if (on_draft && delay_window_ == 0) on_draft(guess.token);
  contest.evaluate(std::span(&guess.token, 1), team);
  const auto evaluate_likeliest = [&](std::uint32_t count) {
    const auto open = contest.open();
    contest.evaluate(likeliest(race, open, std::min(count, most_rows_)), team);
  };
  evaluate_likeliest(std::max(delay_window_, 1U) - 1);
  if (on_draft && delay_window_ > 0 && !contest.open().empty()) {
    if (const auto best = contest.best()) on_draft(best->token);
  }
  if (delay_window_ < kFirstRows) evaluate_likeliest(kFirstRows - delay_window_);
}

// The best of the tokens that the field lists.
std::optional<Candidate> ScreenedHead::best_listed(const Race& race, const Team& team) {
  const auto* field = race.request.field;
  if (field == nullptr || !field->list_allowed || truncates(race.request.truncation)) return {};
  auto listed = field->list_allowed();
  std::erase_if(listed, [&](TokenId v) { return !pass_.mask().holds(v); });
  if (rows_.evaluated().size() + listed.size() > most_rows_) return {};
  rows_.evaluate(listed, team);
  Candidate best;
  for (const TokenId v : listed) {
    float gumbel = 0.0F;
    race.noise.gumbels(v, std::span(&gumbel, 1));
    const Candidate next{score_of(race.scale, rows_.energy(v), gumbel), v, rows_.energy(v)};
    if (next.beats(best)) best = next;
  }
  return std::isfinite(best.score) ? std::optional(best) : std::nullopt;
}

// The first candidate, in order of score, that belongs to the law; null: not for this price.
std::optional<Candidate> ScreenedHead::winner(const Race& race, const Team& team,
                                              const OnDraft& on_draft) {
  const auto& request = race.request;
  const bool is_truncated = truncates(request.truncation);
  Contest contest(rows_, {upper_, chunk_max_}, race.scale, &race.noise, most_rows_);
  start(race, contest, team, on_draft);
  if (is_truncated) {
    membership_.start(race, screen_, input_, estimates_, rows_, most_rows_, team);
  }
  for (std::uint32_t test = 0; test < kMostTests; ++test) {
    const auto best = contest.next(team);
    if (!best) return {};
    if (is_truncated) {
      const auto is_kept = membership_.keeps(*best, team);
      if (!is_kept) return {};
      if (!*is_kept) continue;
    }
    if (request.field == nullptr || !request.field->allows || request.field->allows(best->token)) {
      return best;
    }
  }
  return best_listed(race, team);
}

HeadDraw ScreenedHead::relax(const RelaxRequest& request, const Team& team,
                             const OnDraft& on_draft) {
  const Race race(request, pass_.weights());
  hidden_.assign(request.hidden, false);
  const bool needs_all = request.wants_thermodynamics || request.truncation.top_p < 1.0;
  if (needs_all || race.beta < kLeastBeta) return pass_.draw(race, hidden_, 0, team, {});

  screen_.prepare(request.hidden, input_);
  field_rows_ = rows_of(request.field);
  std::erase_if(field_rows_, [&](TokenId v) { return !pass_.mask().holds(v); });
  screen(race, team);
  rows_.start(hidden_, request.field);
  rows_.evaluate(field_rows_, team);
  if (const auto best = winner(race, team, on_draft)) {
    return {.token = best->token,
            .energy = static_cast<double>(best->energy),
            .beta = race.beta,
            .rows_read = rows_.evaluated().size(),
            .steps = 1};
  }
  auto draw = pass_.draw(race, hidden_, 0, team, {});
  draw.fell_back = true;
  draw.rows_read += rows_.evaluated().size();
  return draw;
}

}  // namespace

std::unique_ptr<TokenHead> make_screened(const HeadMatrix& matrix, const HeadConfig& config,
                                         const Team& team) {
  return std::make_unique<ScreenedHead>(matrix, config, team);
}

}  // namespace therma::llm
