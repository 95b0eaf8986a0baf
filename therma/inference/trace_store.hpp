// SPDX-License-Identifier: Apache-2.0
// Traces of runs of any length in bounded memory: thinned by powers of two as they grow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "therma/core/archive.hpp"
#include "therma/inference/traces.hpp"

namespace therma {

// Rows of `width` numbers, at most max_rows of them. When full, every second row goes and from then
// on every second sample is kept: 1, 2, 4, 8, ... samples apart. Kept are the samples themselves,
// or means over all samples of a row's span, which lose nothing of the total.
class TraceStore {
 public:
  enum class Keeps { points, means };

  TraceStore() = default;
  TraceStore(Keeps keeps, std::size_t width, std::size_t max_rows);

  // Whether the coming sample will be looked at; if not, skip() will do.
  [[nodiscard]] bool wants_next() const noexcept {
    return keeps_ == Keeps::means || seen_ % stride_ == 0;
  }
  void add(std::span<const double> row);
  void skip() noexcept { ++seen_; }

  [[nodiscard]] std::size_t rows() const noexcept {
    return width_ == 0 ? 0 : kept_.size() / width_;
  }
  [[nodiscard]] std::uint64_t stride() const noexcept { return stride_; }  // samples per row
  // Columns first ... first + count - 1, as [column][row].
  [[nodiscard]] std::vector<double> columns(std::size_t first, std::size_t count) const;

  void save(ArchiveWriter& out) const;
  void restore(ArchiveReader& in);  // into a store of the same shape

 private:
  void halve();

  Keeps keeps_ = Keeps::points;
  std::size_t width_ = 0;
  std::size_t max_rows_ = 0;
  std::uint64_t seen_ = 0;
  std::uint64_t stride_ = 1;
  std::vector<double> kept_;     // [row, column]
  std::vector<double> pending_;  // [column] sum over the span under way; means only
};

}  // namespace therma
