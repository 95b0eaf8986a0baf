// SPDX-License-Identifier: Apache-2.0
// Site by site: is the mean zero, given what blocks of time scatter?
#include <algorithm>
#include <cmath>

#include "therma/core/error.hpp"
#include "therma/inference/site_scores.hpp"
#include "therma/inference/tails.hpp"

namespace therma {

SiteBlocks::SiteBlocks(std::size_t sites)
    : sites_(sites),
      open_(kStatistics * sites, 0.0),
      expected_(kStatistics * sites, 0.0),
      leave_(sites, 0.0) {}

void SiteBlocks::add(std::span<const SiteScore> scores) {
  for (std::size_t k = 0; k < sites_; ++k) {
    open_[k] += scores[k].score;
    open_[sites_ + k] += scores[k].residual;
    expected_[k] += scores[k].information;
    expected_[sites_ + k] += scores[k].variance;
    leave_[k] += scores[k].leave;
  }
}

void SiteBlocks::end_sample() {
  if (++filled_ < length_) return;
  filled_ = 0;
  blocks_.insert(blocks_.end(), open_.begin(), open_.end());
  std::ranges::fill(open_, 0.0);
  if (blocks_.size() == kMostBlocks * open_.size()) join_pairs();
}

void SiteBlocks::join_pairs() {
  const std::size_t width = open_.size(), half = blocks_.size() / width / 2;
  for (std::size_t b = 0; b < half; ++b) {
    for (std::size_t k = 0; k < width; ++k) {
      blocks_[b * width + k] = blocks_[2 * b * width + k] + blocks_[(2 * b + 1) * width + k];
    }
  }
  blocks_.resize(half * width);
  length_ *= 2;
}

double SiteBlocks::leaving() const noexcept {
  double sum = 0.0;
  for (const double x : leave_) sum += x;
  return sum;
}

SiteBlocks::Worst SiteBlocks::worst() const {
  constexpr std::size_t kFewestBlocks = 16;
  constexpr double kMostCorrelated = 0.2;  // between neighbouring blocks, average over sites
  constexpr double kFewestEvents = 25.0;
  Worst result;
  SiteBlocks joined = *this;
  const std::size_t width = open_.size();
  const auto num_blocks = [&] { return width == 0 ? 0 : joined.blocks_.size() / width; };
  const auto correlation = [&] {
    double same = 0.0, next = 0.0;
    const auto count = static_cast<double>(num_blocks());
    for (std::size_t k = 0; k < width; ++k) {
      double mean = 0.0, before = 0.0;
      for (std::size_t b = 0; b < num_blocks(); ++b) mean += joined.blocks_[b * width + k] / count;
      double own = 0.0, neighbour = 0.0;
      for (std::size_t b = 0; b < num_blocks(); ++b) {
        const double deviation = joined.blocks_[b * width + k] - mean;
        own += deviation * deviation;
        neighbour += deviation * before;
        before = deviation;
      }
      if (own > 0.0) same += 1.0, next += neighbour / own;
    }
    return same > 0.0 ? next / same : 0.0;
  };
  while (num_blocks() >= 2 * kFewestBlocks && correlation() > kMostCorrelated) joined.join_pairs();
  if (num_blocks() < kFewestBlocks || correlation() > kMostCorrelated) return result;

  const auto count = static_cast<double>(num_blocks());
  result.freedom = count - 1.0;
  double smallest = 1.0;
  for (std::size_t k = 0; k < width; ++k) {
    const double events = leave_[k % sites_];
    if (events < kFewestEvents) continue;
    double sum = 0.0, squares = 0.0;
    for (std::size_t b = 0; b < num_blocks(); ++b) sum += joined.blocks_[b * width + k];
    for (std::size_t b = 0; b < num_blocks(); ++b) {
      const double deviation = joined.blocks_[b * width + k] - sum / count;
      squares += deviation * deviation;
    }
    const double variance = std::max(squares * count / (count - 1.0), expected_[k]);
    if (!(variance > 0.0)) continue;
    ++result.tested;
    const double z = normal_equivalent(
        sum / std::sqrt(variance), {.skewness = 1.0 / std::sqrt(events), .kurtosis = 1.0 / events});
    const double p = t_two_sided(z, result.freedom);
    if (p <= smallest || std::isnan(p)) {
      smallest = std::isnan(p) ? 0.0 : p;  // a site that is not a number fails
      result.site = k % sites_;
      result.z = z;
    }
  }
  result.p = std::min(1.0, smallest * static_cast<double>(std::max<std::size_t>(result.tested, 1)));
  return result;
}

void SiteBlocks::save(ArchiveWriter& out) const {
  out.put(length_);
  out.put(filled_);
  out.put(static_cast<std::uint64_t>(open_.empty() ? 0 : blocks_.size() / open_.size()));
  out.put_all<double>(blocks_);
  out.put_all<double>(open_);
  out.put_all<double>(expected_);
  out.put_all<double>(leave_);
}

void SiteBlocks::restore(ArchiveReader& in) {
  length_ = in.get<std::uint64_t>();
  filled_ = in.get<std::uint64_t>();
  const auto blocks = in.get<std::uint64_t>();
  if (blocks > kMostBlocks || length_ == 0) {
    fail(ErrorCode::bad_data, "checkpoint of site blocks: at most {} blocks, found {}", kMostBlocks,
         blocks);
  }
  blocks_.resize(static_cast<std::size_t>(blocks) * open_.size());
  in.get_all<double>(blocks_);
  in.get_all<double>(open_);
  in.get_all<double>(expected_);
  in.get_all<double>(leave_);
}

}  // namespace therma
