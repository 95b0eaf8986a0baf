// SPDX-License-Identifier: Apache-2.0
// Thinning by halves.
#include "therma/inference/trace_store.hpp"

#include <algorithm>

#include "therma/core/error.hpp"

namespace therma {

TraceStore::TraceStore(Keeps keeps, std::size_t width, std::size_t max_rows)
    : keeps_(keeps),
      width_(width),
      max_rows_(std::max<std::size_t>(2, max_rows / 2 * 2)),
      pending_(keeps == Keeps::means ? width : 0, 0.0) {}

void TraceStore::add(std::span<const double> row) {
  THERMA_ASSERT(row.size() == width_);
  const bool last = (seen_ + 1) % stride_ == 0;
  if (keeps_ == Keeps::points) {
    if (wants_next()) kept_.insert(kept_.end(), row.begin(), row.end());
  } else {
    for (std::size_t k = 0; k < width_; ++k) pending_[k] += row[k];
    if (last) {
      for (auto& sum : pending_) {
        kept_.push_back(sum / static_cast<double>(stride_));
        sum = 0.0;
      }
    }
  }
  ++seen_;
  if (rows() == max_rows_) halve();
}

void TraceStore::halve() {
  const std::size_t half = rows() / 2;
  for (std::size_t r = 0; r < half; ++r) {
    for (std::size_t k = 0; k < width_; ++k) {
      const double first = kept_[2 * r * width_ + k], second = kept_[(2 * r + 1) * width_ + k];
      kept_[r * width_ + k] = keeps_ == Keeps::means ? 0.5 * (first + second) : first;
    }
  }
  kept_.resize(half * width_);
  stride_ *= 2;
}

std::vector<double> TraceStore::columns(std::size_t first, std::size_t count) const {
  std::vector<double> result(count * rows());
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t r = 0; r < rows(); ++r) {
      result[k * rows() + r] = kept_[r * width_ + first + k];
    }
  }
  return result;
}

void TraceStore::save(ArchiveWriter& out) const {
  out.put(seen_);
  out.put(stride_);
  out.put(static_cast<std::uint64_t>(rows()));
  out.put_all<double>(kept_);
  out.put_all<double>(pending_);
}

void TraceStore::restore(ArchiveReader& in) {
  seen_ = in.get<std::uint64_t>();
  stride_ = in.get<std::uint64_t>();
  const auto rows = in.get<std::uint64_t>();
  if (rows > max_rows_ || stride_ == 0) {
    fail(ErrorCode::bad_data, "checkpoint of a trace: at most {} rows, found {}", max_rows_, rows);
  }
  kept_.resize(static_cast<std::size_t>(rows) * width_);
  in.get_all<double>(kept_);
  in.get_all<double>(pending_);
}

}  // namespace therma
