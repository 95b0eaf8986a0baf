// SPDX-License-Identifier: Apache-2.0
// Hardware limits of the token head: what a device with few bits, noise, unequal cells and little
// time makes of the energies, and the law it then samples.
//
//   E'_v = -(1 + gain_v) (h^ . W^_v) + offset_v + phi_v + (sigma / beta) xi_v
//   docs/theory/head-limits.md
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "therma/core/config.hpp"
#include "therma/core/team.hpp"
#include "therma/dynamics/kernels/aligned.hpp"
#include "therma/llm/heads/energies.hpp"
#include "therma/llm/heads/head.hpp"

namespace therma::hardware {

// All off by default.
struct HeadLimits {
  std::uint32_t dac_bits = 0;    // of h and of the weights; 0: exact
  double noise_floor = 0.0;      // sigma: normal noise of each cell's energy in each draw, in kT
  double gain_mismatch = 0.0;    // spread of the cells' gains, fixed for the device
  double offset_mismatch = 0.0;  // spread of the cells' offsets, in units of the logits
  double relaxation_time = 0.0;  // tau, in read-out periods; 0: relaxed when it is read
  double field_range = 0.0;      // h is clipped to +- this; 0: by calibration
  double weight_range = 0.0;     // weights are clipped to +- this; 0: the largest one
  std::uint64_t device = 1;      // names the device: its gains and offsets

  static void each_field(auto& self, auto&& field) {
    field("dac_bits", self.dac_bits, "bits of the converters for h and weights; 0: exact",
          within(0, 16));
    field("noise_floor", self.noise_floor, "noise of each energy in each draw, in kT",
          within(0, 10));
    field("gain_mismatch", self.gain_mismatch, "spread of the gains of the cells", non_negative);
    field("offset_mismatch", self.offset_mismatch, "spread of the offsets of the cells",
          non_negative);
    field("relaxation_time", self.relaxation_time, "tau in read-out periods; 0: none",
          non_negative);
    field("field_range", self.field_range, "range of the converter for h; 0: calibrated",
          non_negative);
    field("weight_range", self.weight_range, "range of the converter for weights; 0: calibrated",
          non_negative);
    field("device", self.device, "names the device: its gains and offsets");
  }
};

// A converter of N bits: 2^N levels at equal distances, the outer ones at -range and +range;
// nothing in between is further from a level than step() / 2. 0 bits: the identity.
class Converter {
 public:
  // Throws Error{invalid_argument} unless bits <= 16 and, where there are bits, range > 0 is
  // finite.
  Converter(std::uint32_t bits, double range);

  [[nodiscard]] std::uint32_t bits() const noexcept { return bits_; }
  [[nodiscard]] double range() const noexcept { return range_; }
  [[nodiscard]] double step() const noexcept { return step_; }  // between levels
  // The odd number k in [-(2^N - 1), 2^N - 1] of the nearest level k step() / 2; of two, the upper.
  [[nodiscard]] std::int32_t code(float x) const noexcept;
  [[nodiscard]] float convert(float x) const noexcept {
    return bits_ == 0 ? x : static_cast<float>(0.5 * step_ * code(x));
  }

 private:
  std::uint32_t bits_;
  double range_;
  double step_ = 0.0;
};

// The largest |h_j| over some hidden states  [n, hidden].
[[nodiscard]] double calibrated_range(std::span<const float> hidden) noexcept;
// The largest |weight| over the rows that stand for a token.
[[nodiscard]] double calibrated_range(const llm::HeadMatrix& matrix, const Team& team);

// The cells of one device: a converted copy of the matrix, with gains and offsets.
class LimitedMatrix {
 public:
  // Borrows the matrix. With dac_bits it keeps a copy: 2 bytes a weight up to 11 bits, 4 beyond.
  // Throws Error{invalid_argument} on bad limits, and where dac_bits lacks a field_range.
  LimitedMatrix(const llm::HeadMatrix& matrix, const HeadLimits& limits, const Team& team);

  // Energies without noise  [rows], +infinity for rows that stand for no token. With all limits
  // off: the bits of the exact heads.
  void energies(std::span<const float> hidden, const llm::TokenField* field, const Team& team,
                std::span<float> energies) const;
  [[nodiscard]] const llm::MatrixView& weights() const noexcept { return weights_; }
  [[nodiscard]] const HeadLimits& limits() const noexcept { return limits_; }
  [[nodiscard]] std::size_t bytes() const noexcept;  // beside the matrix

 private:
  void convert(const llm::MatrixView& weights, double range, const Team& team);

  HeadLimits limits_;
  llm::TokenMask mask_;
  llm::MatrixView weights_;  // of the copy where there is one: codes
  Converter field_converter_;
  float scale_ = 1.0F;  // of a product of codes
  kernels::AlignedVector<std::byte> copy_;
  std::vector<float> gains_;    // 1 + gain  [row]; empty: 1
  std::vector<float> offsets_;  // [row]; empty: 0
};

// Draws from the law of a limited device: a race of all its cells, each with its noise; with
// relaxation_time, a token of the start (all tokens alike) with probability exp(-1 / tau). With
// all limits off: the tokens of the race head, bit for bit. Energies and thermodynamics that it
// reports are those of the device without noise. It makes no drafts.
[[nodiscard]] std::unique_ptr<llm::TokenHead> make_limited_head(const llm::HeadMatrix& matrix,
                                                                const HeadLimits& limits,
                                                                const Team& team);

}  // namespace therma::hardware
