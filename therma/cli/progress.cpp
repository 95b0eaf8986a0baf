// SPDX-License-Identifier: Apache-2.0
// How a long run is told to someone who waits.
#include "therma/cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "therma/cli/terminal.hpp"
#include "therma/engine/utf8.hpp"

namespace therma::cli {

std::string progress_text(const Progress& progress, double elapsed_s, double left_s,
                          std::size_t width) {
  constexpr std::size_t kBar = 16;
  const double by_time =
      std::isfinite(left_s) ? elapsed_s / std::max(elapsed_s + left_s, 1e-9) : 0.0;
  const double share = std::clamp(std::max(progress.fraction, by_time), 0.0, 1.0);
  const auto full = static_cast<std::size_t>(share * static_cast<double>(kBar));
  auto text = fmt::format("[{}{}] {} {:.1f} s", std::string(full, '#'),
                          std::string(kBar - full, '-'), progress.stage, elapsed_s);
  if (progress.best) text += fmt::format(", best {}", number_text(*progress.best));
  if (progress.bound) text += fmt::format(", bound {}", number_text(*progress.bound));
  if (progress.replicas > 0) text += ", " + counted(progress.replicas, "replica");
  if (std::isfinite(left_s)) text += fmt::format(", {:.1f} s left", left_s);
  return fitted(text, width);
}

ProgressLine::ProgressLine(bool wanted, Deadline deadline)
    : shown_(wanted && is_terminal(STDERR_FILENO)), deadline_(deadline) {}

void ProgressLine::show(const Progress& progress) {
  constexpr double kPeriod_s = 0.1;
  const double now_s = watch_.elapsed_s();
  if (!shown_ || now_s < next_s_) return;
  next_s_ = now_s + kPeriod_s;
  const auto width = terminal_width(STDERR_FILENO) - 1;  // the last column may wrap
  print_notice("\r\x1b[K" + progress_text(progress, now_s, deadline_.left_s(), width));
  drawn_ = true;
}

void ProgressLine::clear() noexcept {
  if (drawn_) print_notice("\r\x1b[K");
  drawn_ = false;
}

}  // namespace therma::cli
