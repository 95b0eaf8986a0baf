// SPDX-License-Identifier: Apache-2.0
// The progress line on standard error.
#pragma once

#include <string>

#include "therma/core/resources.hpp"

namespace therma::cli {

// One line of at most `width` columns: bar, stage, elapsed, best, bound, replicas, time left.
[[nodiscard]] std::string progress_text(const Progress& progress, double elapsed_s, double left_s,
                                        std::size_t width);

// Redrawn at most ten times a second; erased on destruction. Shows nothing unless standard error is
// a terminal.
class ProgressLine {
 public:
  ProgressLine(bool wanted, Deadline deadline);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const Progress& progress);
  void clear() noexcept;

 private:
  bool shown_;
  bool drawn_ = false;
  Deadline deadline_;
  Stopwatch watch_;
  double next_s_ = 0.0;
};

}  // namespace therma::cli
