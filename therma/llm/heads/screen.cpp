// SPDX-License-Identifier: Apache-2.0
// Builds the screen, and adds up its certified error.
//
// With u = 2^-24 and gamma_k = k u / (1 - k u), for n columns in B blocks, d = ||h - h^||:
//
//   |h . W_v - h . mean - h^ . W~_v| = |h . R_v + (h - h^) . W~_v| <= ||h|| ||R_v|| + d ||W~_v||
//   |l_v - h . W_v| <= gamma_{n+8} ||h|| ||W_v||             any order of float32 sums
//   |a_v - h . mean - h^ . W~_v| <= gamma_{B+4} (||h^|| ||W~_v|| + ||h|| ||mean||)
//
// With ||W_v|| <= ||mean|| + ||W~_v|| + ||R_v|| and kappa = gamma_{n+B+16} for both roundings:
//
//   eps_v = ||h|| (1 + kappa) ||R_v|| + (d + kappa (||h|| + d)) ||W~_v|| + kappa ||h|| ||mean||
//
// each factor raised by 2^-20 for the roundings of the sum itself, and 1e-30 for products that
// underflow (docs/theory/token-head.md).
#include "therma/llm/heads/screen.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "therma/core/error.hpp"
#include "therma/llm/half.hpp"

namespace therma::llm {
namespace {

constexpr std::uint32_t kBlock = 32;
constexpr std::uint32_t kMeanRows = 4096;
constexpr double kMostRowNorm = 1e6;
constexpr double kMostNorm = 1e30;

double gamma(double count) { return count * 0x1p-24 / (1.0 - count * 0x1p-24); }

float rounded_up(double value) {
  return std::nextafter(static_cast<float>(value), std::numeric_limits<float>::infinity());
}

void read_row(const MatrixView& weights, std::uint32_t row, std::span<float> out) {
  out = out.first(weights.columns);
  if (weights.type == DType::bf16) {
    const auto* bits = reinterpret_cast<const std::uint16_t*>(weights.row(row));
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = from_bf16(bits[k]);
  } else {
    dequantise(weights.type, weights.row(row), out);
  }
}

// The norm from a float32 sum of n squares, each of a number with an error below `error`.
float norm_bound(float square, double error, double columns) {
  return rounded_up(std::sqrt(static_cast<double>(square)) * (1.0 + gamma(columns + 16.0)) + error +
                    0x1p-60 * std::sqrt(columns));
}

}  // namespace

void Screen::find_mean(const MatrixView& weights) {
  mean_.assign(columns_, 0.0F);
  std::vector<float> row(columns_);
  std::vector<double> sum(columns_, 0.0);
  const std::uint32_t count = std::min(rows_, kMeanRows);
  for (std::uint32_t i = 0; i < count; ++i) {
    read_row(weights, static_cast<std::uint32_t>(std::uint64_t{rows_} * i / count), row);
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += static_cast<double>(row[k]);
  }
  double square = 0.0;
  for (std::size_t k = 0; k < sum.size(); ++k) {
    mean_[k] = static_cast<float>(sum[k] / count);
    square += static_cast<double>(mean_[k]) * mean_[k];
  }
  mean_norm_ = std::sqrt(square);
}

void Screen::encode_group(const MatrixView& weights, std::uint32_t group, std::span<float> row) {
  std::uint8_t* data = data_.data() + group * group_bytes_;
  const auto end = std::min(rows_, (group + 1) * kGroup);
  for (auto v = group * kGroup; v < end; ++v) {
    read_row(weights, v, row);
    for (std::size_t k = 0; k < mean_.size(); ++k) row[k] -= mean_[k];
    const auto in_group = v % kGroup;
    const auto encoded = encode_screen_row(row.data(), blocks_, data + std::size_t{4} * in_group,
                                           data + std::size_t{256} * blocks_ + in_group);
    row_scales_[v] = encoded.scale;
    code_norms_[v] = norm_bound(encoded.code_square, 0.0, columns_);
    // Of y, of unit times level, and of their difference, each rounded once or twice.
    residual_norms_[v] = norm_bound(encoded.residual_square, 0.0, columns_);
    const double whole = static_cast<double>(code_norms_[v]) + residual_norms_[v] + mean_norm_;
    residual_norms_[v] = norm_bound(encoded.residual_square, 0x1p-21 * whole, columns_);
    if (!(whole < kMostRowNorm)) {
      fail(ErrorCode::bad_data, "head: row {} must be finite with a norm below 1e6", v);
    }
  }
}

Screen::Screen(const MatrixView& weights, const Team& team)
    : rows_(weights.rows),
      columns_(weights.columns),
      blocks_((weights.columns + kBlock - 1) / kBlock),
      group_bytes_((std::size_t{272} * blocks_ + 63) / 64 * 64) {
  const std::uint32_t groups = (rows_ + kGroup - 1) / kGroup;
  const std::size_t filled = std::size_t{groups} * kGroup;
  data_.resize(groups * group_bytes_);
  row_scales_.assign(filled, 0.0F);
  residual_norms_.assign(filled, 0.0F);
  code_norms_.assign(filled, 0.0F);
  find_mean(weights);
  if (!std::isfinite(mean_norm_)) {
    fail(ErrorCode::bad_data, "head: the matrix must be finite, the mean of its rows is not");
  }
  team.split(groups, 1, [&](std::uint32_t begin, std::uint32_t end) {
    kernels::AlignedVector<float> row(std::size_t{blocks_} * kBlock, 0.0F);
    for (auto group = begin; group < end; ++group) encode_group(weights, group, row);
  });
}

void Screen::prepare(std::span<const float> hidden, ScreenInput& input) const {
  if (hidden.size() != columns_) {
    fail(ErrorCode::invalid_argument, "head: the hidden state must have {} numbers, got {}",
         columns_, hidden.size());
  }
  input.codes.assign(std::size_t{blocks_} * kBlock, 0);
  input.scales.assign(blocks_, 0.0F);
  input.sums.assign(blocks_, 0);
  double square = 0.0, rest_square = 0.0, mean_product = 0.0;
  for (std::uint32_t b = 0; b < blocks_; ++b) {
    const auto x = hidden.subspan(
        std::size_t{b} * kBlock, std::min<std::size_t>(kBlock, columns_ - std::size_t{b} * kBlock));
    float most = 0.0F;
    for (const float value : x) most = std::max(most, std::abs(value));
    const float scale = most / 127.0F > 1e-30F && std::isfinite(most) ? most / 127.0F : 0.0F;
    input.scales[b] = scale;
    for (std::size_t k = 0; k < x.size(); ++k) {
      const std::size_t column = std::size_t{b} * kBlock + k;
      const double value = x[k];
      const double code =
          scale > 0.0F ? std::clamp(std::nearbyint(value / scale), -127.0, 127.0) : 0;
      const double rest = value - code * scale;
      input.codes[column] = static_cast<std::int8_t>(code);
      input.sums[b] -= 15 * input.codes[column];
      square += value * value;
      rest_square += rest * rest;
      mean_product += value * mean_[column];
    }
  }
  const double norm = std::sqrt(square), rest = std::sqrt(rest_square);
  if (!(norm <= kMostNorm)) {
    fail(ErrorCode::bad_data,
         "head: the hidden state must be finite with a norm below 1e30, its norm is {}", norm);
  }
  const double kappa = gamma(columns_ + blocks_ + 16.0), up = 1.0 + 0x1p-20;
  input.mean_product = static_cast<float>(mean_product);
  input.per_residual = rounded_up(norm * (1.0 + kappa) * up);
  input.per_code = rounded_up((rest + kappa * (norm + rest)) * up);
  input.constant = rounded_up(kappa * norm * mean_norm_ * up + 1e-30);
}

void Screen::approximate(const ScreenInput& input, std::uint32_t first, std::uint32_t count,
                         float* a) const noexcept {
  approximate_by(screen_kernels().front().run, input, first, count, a);
}

void Screen::approximate_by(ScreenKernel kernel, const ScreenInput& input, std::uint32_t first,
                            std::uint32_t count, float* a) const noexcept {
  ScreenCall call{.data = data_.data() + first / kGroup * group_bytes_,
                  .row_scales = row_scales_.data() + first,
                  .codes = input.codes.data(),
                  .scales = input.scales.data(),
                  .sums = input.sums.data(),
                  .group_bytes = group_bytes_,
                  .num_groups = count / kGroup,
                  .blocks = blocks_,
                  .mean_product = input.mean_product};
  kernel(call, a);
  const auto done = call.num_groups * kGroup;
  if (done == count) return;
  std::array<float, kGroup> last;
  call.data += call.num_groups * group_bytes_;
  call.row_scales += done;
  call.num_groups = 1;
  kernel(call, last.data());
  std::copy_n(last.begin(), count - done, a + done);
}

std::size_t Screen::bytes() const noexcept {
  return data_.size() +
         (row_scales_.size() + residual_norms_.size() + code_norms_.size()) * sizeof(float);
}

}  // namespace therma::llm
