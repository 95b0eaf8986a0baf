// SPDX-License-Identifier: Apache-2.0
// Converters, cells, and the race of a limited device.
#include "therma/hardware/token_head.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "therma/core/error.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/llm/heads/field.hpp"
#include "therma/llm/heads/noise.hpp"
#include "therma/llm/heads/thermodynamics.hpp"
#include "therma/llm/heads/truncation.hpp"

namespace therma::hardware {
namespace {

using llm::Candidate;
using llm::DType;
using llm::MatrixView;
using llm::TokenId;

constexpr std::uint32_t kGrain = 64;

// The narrowest type that holds every code of so many bits.
DType type_of_codes(std::uint32_t bits) {
  if (bits <= 8) return DType::bf16;
  return bits <= 11 ? DType::f16 : DType::f32;
}

// One normal number a row, the same for every use of the device.
std::vector<float> cell_numbers(const Rng& rng, std::uint32_t rows, double mean, double spread) {
  std::vector<float> numbers;
  if (spread == 0.0) return numbers;
  numbers.resize(rows);
  for (std::uint32_t v = 0; v < rows; ++v) {
    numbers[v] = static_cast<float>(mean + spread * rng.normal({.site = v}));
  }
  return numbers;
}

class LimitedHead final : public llm::TokenHead {
 public:
  LimitedHead(const llm::HeadMatrix& matrix, const HeadLimits& limits, const Team& team)
      : cells_(matrix, limits, team), energies_(matrix.weights.rows) {}

  llm::HeadDraw relax(const llm::RelaxRequest& request, const Team& team,
                      const llm::OnDraft& /*on_draft*/) override {
    const double beta = llm::checked_beta(request, cells_.weights());
    cells_.energies(request.hidden, request.field, team, energies_);
    const auto cutoff = llm::cutoff_of(energies_, request.truncation, beta);
    auto best = race(request, beta, cutoff, team);
    if (!std::isfinite(best.score)) best = race(request, beta, {}, team);
    if (!std::isfinite(best.score)) llm::fail_none_allowed();
    llm::HeadDraw draw{.token = best.token,
                       .energy = static_cast<double>(best.energy),
                       .beta = beta,
                       .rows_read = energies_.size(),
                       .steps = 1};
    if (request.wants_thermodynamics) {
      draw.thermodynamics =
          llm::thermodynamics_of(llm::moments_of(energies_, beta, team), beta, best.energy);
    }
    return draw;
  }
  [[nodiscard]] std::size_t bytes() const noexcept override {
    return cells_.bytes() + energies_.size() * sizeof(float);
  }

 private:
  // A device that has not relaxed yet holds any token: the race at beta = 0.
  [[nodiscard]] bool is_relaxed(const llm::NoiseKey& key) const {
    const double tau = cells_.limits().relaxation_time;
    if (tau == 0.0) return true;
    const double u =
        Rng(key.seed).child("relaxation time").uniform({.chain = key.chain, .step = key.position});
    return u >= std::exp(-1.0 / tau);
  }

  // sigma times a normal number for each row.
  void add_noise(const llm::NoiseKey& key, TokenId first, std::span<float> gumbels) const {
    const double sigma = cells_.limits().noise_floor;
    if (sigma == 0.0) return;
    const Rng rng = Rng(key.seed).child("noise floor");
    for (std::size_t i = 0; i < gumbels.size(); ++i) {
      const auto v = first + static_cast<TokenId>(i);
      const auto pair = rng.normal_pair({.chain = key.chain, .step = key.position, .site = v / 2});
      gumbels[i] += static_cast<float>(sigma * pair[v % 2]);
    }
  }

  // The first of all tokens that the cutoff keeps and the field allows.
  [[nodiscard]] Candidate race(const llm::RelaxRequest& request, double beta,
                               const llm::Cutoff& cutoff, const Team& team) const {
    const auto scale =
        is_relaxed(request.noise) ? llm::score_scale(beta) : llm::ScoreScale{0.0, 1.0};
    const llm::TokenNoise noise(request.noise);
    std::vector<Candidate> order(energies_.size());
    llm::for_each_chunk(
        static_cast<std::uint32_t>(order.size()), team,
        [&](std::uint32_t /*chunk*/, std::uint32_t first, std::uint32_t count) {
          std::array<float, llm::kChunk> gumbels{};
          noise.gumbels(first, std::span(gumbels).first(count));
          add_noise(request.noise, first, std::span(gumbels).first(count));
          for (std::uint32_t i = 0; i < count; ++i) {
            const float energy = energies_[first + i];
            if (!cutoff.keeps(first + i, energy)) continue;
            order[first + i] = {llm::score_of(scale, energy, gumbels[i]), first + i, energy};
          }
        });
    return first_allowed(order, request.field);
  }

  [[nodiscard]] static Candidate first_allowed(std::vector<Candidate>& order,
                                               const llm::TokenField* field) {
    const auto is_below = [](const Candidate& a, const Candidate& b) { return b.beats(a); };
    if (field == nullptr || !field->allows) return *std::ranges::max_element(order, is_below);
    std::ranges::make_heap(order, is_below);
    for (; std::isfinite(order.front().score); order.pop_back()) {
      if (field->allows(order.front().token)) return order.front();
      std::ranges::pop_heap(order, is_below);
      if (order.size() == 1) break;
    }
    return {};
  }

  LimitedMatrix cells_;
  std::vector<float> energies_;  // [row]
};

}  // namespace

Converter::Converter(std::uint32_t bits, double range) : bits_(bits), range_(range) {
  if (bits > 16) fail(ErrorCode::invalid_argument, "dac_bits: must be in [0, 16], got {}", bits);
  if (bits == 0) return;
  if (!(range > 0.0 && std::isfinite(range))) {
    fail(ErrorCode::invalid_argument, "dac_bits: the range of a converter must be positive, got {}",
         range);
  }
  step_ = 2.0 * range / static_cast<double>((1U << bits) - 1);
}

std::int32_t Converter::code(float x) const noexcept {
  const double most = static_cast<double>((1U << bits_) - 1);
  const double nearest = 2.0 * std::floor(static_cast<double>(x) / step_) + 1.0;
  return static_cast<std::int32_t>(std::clamp(nearest, -most, most));
}

double calibrated_range(std::span<const float> hidden) noexcept {
  double most = 0.0;
  for (const float x : hidden) most = std::max(most, static_cast<double>(std::abs(x)));
  return most;
}

double calibrated_range(const llm::HeadMatrix& matrix, const Team& team) {
  const llm::TokenMask mask(matrix);
  std::vector<double> most(matrix.weights.rows, 0.0);
  team.split(matrix.weights.rows, kGrain, [&](auto begin, auto end) {
    std::vector<float> row(matrix.weights.columns);
    for (auto v = begin; v < end; ++v) {
      if (!mask.holds(v)) continue;
      llm::dequantise(matrix.weights.type, matrix.weights.row(v), row);
      most[v] = calibrated_range(row);
    }
  });
  return std::ranges::max(most);
}

LimitedMatrix::LimitedMatrix(const llm::HeadMatrix& matrix, const HeadLimits& limits,
                             const Team& team)
    : limits_(checked(limits)),
      mask_(matrix),
      weights_(matrix.weights),
      field_converter_(limits.dac_bits, limits.field_range) {
  if (limits_.dac_bits > 0) {
    convert(matrix.weights,
            limits_.weight_range > 0.0 ? limits_.weight_range : calibrated_range(matrix, team),
            team);
  }
  const Rng device(limits_.device);
  gains_ = cell_numbers(device.child("gain"), weights_.rows, 1.0, limits_.gain_mismatch);
  offsets_ = cell_numbers(device.child("offset"), weights_.rows, 0.0, limits_.offset_mismatch);
}

void LimitedMatrix::convert(const MatrixView& weights, double range, const Team& team) {
  const Converter converter(limits_.dac_bits, range);
  weights_ = {.type = type_of_codes(limits_.dac_bits),
              .rows = weights.rows,
              .columns = weights.columns,
              .bytes = nullptr};
  copy_.resize(weights_.num_bytes());
  weights_.bytes = copy_.data();
  team.split(weights.rows, kGrain, [&](auto begin, auto end) {
    std::vector<float> row(weights.columns);
    for (auto v = begin; v < end; ++v) {
      llm::dequantise(weights.type, weights.row(v), row);
      for (float& w : row) w = static_cast<float>(converter.code(w));
      llm::quantise(weights_.type, row, copy_.data() + v * weights_.row_bytes());
    }
  });
  scale_ = static_cast<float>(0.25 * converter.step() * field_converter_.step());
}

void LimitedMatrix::energies(std::span<const float> hidden, const llm::TokenField* field,
                             const Team& team, std::span<float> energies) const {
  std::vector<float> state(hidden.begin(), hidden.end());
  const bool is_converted = limits_.dac_bits > 0;
  if (is_converted) {
    for (float& x : state) x = static_cast<float>(field_converter_.code(x));
  }
  llm::Activation x;
  x.assign(state, false);
  llm::for_each_chunk(
      weights_.rows, team, [&](std::uint32_t /*chunk*/, std::uint32_t first, std::uint32_t count) {
        const auto run = energies.subspan(first, count);
        llm::multiply_rows(weights_, first, count, x, llm::Product::exact, run.data());
        if (is_converted) {
          for (float& value : run) value *= scale_;
        }
        for (std::uint32_t i = 0; i < count && !gains_.empty(); ++i) run[i] *= gains_[first + i];
        llm::products_to_energies(field, first, run);
        for (std::uint32_t i = 0; i < count && !offsets_.empty(); ++i) {
          run[i] += offsets_[first + i];
        }
        mask_.overwrite(first, run, std::numeric_limits<float>::infinity());
      });
}

std::size_t LimitedMatrix::bytes() const noexcept {
  return copy_.size() + (gains_.size() + offsets_.size()) * sizeof(float);
}

std::unique_ptr<llm::TokenHead> make_limited_head(const llm::HeadMatrix& matrix,
                                                  const HeadLimits& limits, const Team& team) {
  return std::make_unique<LimitedHead>(matrix, limits, team);
}

}  // namespace therma::hardware
