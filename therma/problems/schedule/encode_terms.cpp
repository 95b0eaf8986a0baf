// SPDX-License-Identifier: Apache-2.0
// The terms phi_a of the relaxed schedule with their slopes; docs/theory/relaxed-schedule.md.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "therma/core/error.hpp"
#include "therma/problems/schedule/encode.hpp"

namespace therma::schedule {
namespace {

constexpr double kEdgeWidth = 0.1;      // of the soft step that says "is running", eq. 3
constexpr double kMakespanWidth = 0.5;  // of the soft maximum, eq. 7

double relu(double x) noexcept { return std::max(0.0, x); }
double half_square(double x) noexcept { return 0.5 * x * x; }
double logistic(double x) noexcept { return 1.0 / (1.0 + std::exp(-x)); }

// Value and slope of a step softened over kEdgeWidth.
struct SoftStep {
  double value, slope;
};
SoftStep soft_step(double x) noexcept {
  const double value = logistic(x / kEdgeWidth);
  return {value, value * (1.0 - value) / kEdgeWidth};
}

// Calls visit(a, b) for each machine that both tasks may use; their choices are sorted by machine.
template <class Choices, class Visit>
void for_each_shared(const Choices& choices, std::uint32_t a, std::uint32_t a_end, std::uint32_t b,
                     std::uint32_t b_end, Visit visit) {
  while (a < a_end && b < b_end) {
    if (choices[a].machine < choices[b].machine) {
      ++a;
    } else if (choices[b].machine < choices[a].machine) {
      ++b;
    } else {
      visit(a++, b++);
    }
  }
}

}  // namespace

// What one evaluation works with, in one allocation.
struct RelaxedSchedule::Scratch {
  Scratch(std::size_t choices, std::size_t tasks)
      : room(2 * choices + 3 * tasks),
        share(room.data(), choices),
        share_slope(share.data() + choices, choices),
        duration(share_slope.data() + choices, tasks),
        start_slope(duration.data() + tasks, tasks),
        duration_slope(start_slope.data() + tasks, tasks) {}

  std::vector<double> room;
  std::span<double> share;           // [choice] probability of the machine
  std::span<double> share_slope;     // [choice] dV/dshare
  std::span<double> duration;        // [task] expected
  std::span<double> start_slope;     // [task] dV/dstart
  std::span<double> duration_slope;  // [task] dV/dduration
};

double RelaxedSchedule::evaluate(Term term, std::span<const double> z, double weight,
                                 std::span<double> gradient) const {
  THERMA_ASSERT(z.size() == dimension_);
  using Phi = double (RelaxedSchedule::*)(std::span<const double>, double, Scratch&) const;
  static constexpr std::array<Phi, kNumTerms> kPhi = {
      &RelaxedSchedule::no_overlap,      &RelaxedSchedule::resource_limit,
      &RelaxedSchedule::precedence,      &RelaxedSchedule::deadline,
      &RelaxedSchedule::availability,    &RelaxedSchedule::preference,
      &RelaxedSchedule::smooth_makespan, &RelaxedSchedule::tardiness};
  Scratch s(choices_.size(), num_tasks());
  forward(z, s);
  const double value = (this->*kPhi[static_cast<std::size_t>(term)])(z, weight, s);
  if (!gradient.empty()) backward(s, gradient);
  return value;
}

// Shares p = softmax(logits) and expected durations d = sum_m p_m d_m, eq. 1.
void RelaxedSchedule::forward(std::span<const double> z, Scratch& s) const {
  for (std::size_t task = 0; task < num_tasks(); ++task) {
    const auto first = first_choice_[task];
    const auto count = first_choice_[task + 1] - first;
    s.duration[task] = 0.0;
    if (count == 1) {
      s.share[first] = 1.0;
      s.duration[task] = choices_[first].duration;
      continue;
    }
    const auto logits = z.subspan(first_logit_[task], count);
    const double top = *std::ranges::max_element(logits);
    double sum = 0.0;
    for (std::uint32_t k = 0; k < count; ++k) sum += s.share[first + k] = std::exp(logits[k] - top);
    for (std::uint32_t k = 0; k < count; ++k) {
      s.share[first + k] /= sum;
      s.duration[task] += s.share[first + k] * choices_[first + k].duration;
    }
  }
}

// Through d = sum p d_m and p = softmax(logits): dV/dlogit_k = p_k (g_k - sum_m p_m g_m).
void RelaxedSchedule::backward(const Scratch& s, std::span<double> gradient) const {
  for (std::size_t task = 0; task < num_tasks(); ++task) {
    gradient[task] += s.start_slope[task];
    const auto first = first_choice_[task];
    const auto count = first_choice_[task + 1] - first;
    if (count == 1) continue;
    const auto slope = [&](std::uint32_t k) {
      return s.share_slope[first + k] + s.duration_slope[task] * choices_[first + k].duration;
    };
    double mean = 0.0;
    for (std::uint32_t k = 0; k < count; ++k) mean += s.share[first + k] * slope(k);
    for (std::uint32_t k = 0; k < count; ++k) {
      gradient[first_logit_[task] + k] += s.share[first + k] * (slope(k) - mean);
    }
  }
}

// Probability that two tasks meet on a machine.
double RelaxedSchedule::meet(const Scratch& s, std::uint32_t task, std::uint32_t other) const {
  double sum = 0.0;
  for_each_shared(choices_, first_choice_[task], first_choice_[task + 1], first_choice_[other],
                  first_choice_[other + 1],
                  [&](auto a, auto b) { sum += s.share[a] * s.share[b]; });
  return sum;
}

// The slopes of push * meet().
void RelaxedSchedule::push_shares(Scratch& s, std::uint32_t task, std::uint32_t other,
                                  double push) const {
  for_each_shared(choices_, first_choice_[task], first_choice_[task + 1], first_choice_[other],
                  first_choice_[other + 1], [&](auto a, auto b) {
                    s.share_slope[a] += push * s.share[b];
                    s.share_slope[b] += push * s.share[a];
                  });
}

// eq. 2: sum over pairs of P(same machine) * overlap^2 / 2, pushed apart along the shorter way.
double RelaxedSchedule::no_overlap(std::span<const double> z, double weight, Scratch& s) const {
  double value = 0.0;
  for (const auto [task, other] : pairs_) {
    const double task_first = z[task] + s.duration[task] - z[other];
    const double other_first = z[other] + s.duration[other] - z[task];
    const double overlap = std::min(task_first, other_first);
    if (overlap <= 0.0) continue;
    const double together = meet(s, task, other);
    value += together * half_square(overlap);
    const auto [left, right] =
        task_first < other_first ? std::pair(task, other) : std::pair(other, task);
    const double push = weight * together * overlap;
    s.start_slope[left] += push;
    s.duration_slope[left] += push;
    s.start_slope[right] -= push;
    push_shares(s, task, other, weight * half_square(overlap));
  }
  return value;
}

// eq. 3: at a moment shortly after each start, (use beyond capacity)^2 / 2; use and excess are
// shares of the capacity, and a task counts by soft steps at its start and end.
double RelaxedSchedule::resource_limit(std::span<const double> z, double weight, Scratch& s) const {
  double value = 0.0;
  for (const auto& uses : uses_) {
    for (const auto& at : uses) {
      const double moment = z[at.task] + 2.0 * kEdgeWidth;
      double use = at.share;
      for (const auto& other : uses) {
        if (other.task == at.task) continue;
        use += other.share * soft_step(moment - z[other.task]).value *
               soft_step(z[other.task] + s.duration[other.task] - moment).value;
      }
      const double excess = relu(use - 1.0);
      if (excess == 0.0) continue;
      value += half_square(excess);
      for (const auto& other : uses) {
        if (other.task == at.task) continue;
        const auto begun = soft_step(moment - z[other.task]);
        const auto running = soft_step(z[other.task] + s.duration[other.task] - moment);
        const double push = weight * excess * other.share;
        const double by_begun = push * begun.slope * running.value;
        const double by_running = push * begun.value * running.slope;
        s.start_slope[at.task] += by_begun - by_running;
        s.start_slope[other.task] += by_running - by_begun;
        s.duration_slope[other.task] += by_running;
      }
    }
  }
  return value;
}

// eq. 4: (end(before) + lag - start(after))^2 / 2 where positive.
double RelaxedSchedule::precedence(std::span<const double> z, double weight, Scratch& s) const {
  double value = 0.0;
  for (const auto& link : links_) {
    const double early = relu(z[link.before] + s.duration[link.before] + link.lag - z[link.after]);
    value += half_square(early);
    s.start_slope[link.before] += weight * early;
    s.duration_slope[link.before] += weight * early;
    s.start_slope[link.after] -= weight * early;
  }
  return value;
}

// eq. 5: (end - deadline)^2 / 2 where positive.
double RelaxedSchedule::deadline(std::span<const double> z, double weight, Scratch& s) const {
  double value = 0.0;
  for (std::size_t task = 0; task < num_tasks(); ++task) {
    const double late = relu(z[task] + s.duration[task] - deadline_[task]);
    value += half_square(late);
    s.start_slope[task] += weight * late;
    s.duration_slope[task] += weight * late;
  }
  return value;
}

// eq. 6: expected squared distance of the start to the nearest slot of its machine, halved.
// A machine without a slot for the task costs as if its slot were a horizon away.
double RelaxedSchedule::availability(std::span<const double> z, double weight, Scratch& s) const {
  double value = 0.0;
  for (std::size_t task = 0; task < num_tasks(); ++task) {
    for (auto c = first_choice_[task]; c < first_choice_[task + 1]; ++c) {
      double shift = horizon_;  // from the nearest slot to the start, signed
      bool has_slot = false;
      for (auto k = choices_[c].first_slot; k < choices_[c].last_slot; ++k) {
        const double nearest = std::clamp(z[task], slots_[k].first_start, slots_[k].last_start);
        if (!has_slot || std::abs(z[task] - nearest) < std::abs(shift)) shift = z[task] - nearest;
        has_slot = true;
      }
      value += s.share[c] * half_square(shift);
      s.share_slope[c] += weight * half_square(shift);
      if (has_slot) s.start_slope[task] += weight * s.share[c] * shift;
    }
  }
  return value;
}

// eq. 8: weight * P(not on the wished machine), or weight * (distance to the wished time)^2 / 2.
double RelaxedSchedule::preference(std::span<const double> z, double weight, Scratch& s) const {
  double value = 0.0;
  for (const auto& wish : wishes_) {
    const auto task = wish.preference.task;
    const double scale = wish.preference.weight;
    if (wish.preference.machine) {
      value += scale;
      for (auto c = first_choice_[task]; c < first_choice_[task + 1]; ++c) {
        if (choices_[c].machine != *wish.preference.machine) continue;
        value -= scale * s.share[c];
        s.share_slope[c] -= weight * scale;
      }
      continue;
    }
    const double early = relu(wish.start_after - z[task]);
    const double late = relu(z[task] + s.duration[task] - wish.end_before);
    value += scale * (half_square(early) + half_square(late));
    s.start_slope[task] += weight * scale * (late - early);
    s.duration_slope[task] += weight * scale * late;
  }
  return value;
}

// eq. 7: w ln sum exp(end / w), an upper bound of the latest end.
double RelaxedSchedule::smooth_makespan(std::span<const double> z, double weight,
                                        Scratch& s) const {
  if (num_tasks() == 0) return 0.0;
  double latest = -std::numeric_limits<double>::infinity();
  for (std::size_t task = 0; task < num_tasks(); ++task) {
    latest = std::max(latest, z[task] + s.duration[task]);
  }
  const auto soft = [&](std::size_t task) {
    return std::exp((z[task] + s.duration[task] - latest) / kMakespanWidth);
  };
  double sum = 0.0;
  for (std::size_t task = 0; task < num_tasks(); ++task) sum += soft(task);
  for (std::size_t task = 0; task < num_tasks(); ++task) {
    const double pull = weight * soft(task) / sum;
    s.start_slope[task] += pull;
    s.duration_slope[task] += pull;
  }
  return latest + kMakespanWidth * std::log(sum);
}

// eq. 9: sum of weight * max(0, end - due).
double RelaxedSchedule::tardiness(std::span<const double> z, double weight, Scratch& s) const {
  double value = 0.0;
  for (std::size_t task = 0; task < num_tasks(); ++task) {
    const double late = relu(z[task] + s.duration[task] - due_[task]);
    if (late == 0.0) continue;
    value += late_weight_[task] * late;
    s.start_slope[task] += weight * late_weight_[task];
    s.duration_slope[task] += weight * late_weight_[task];
  }
  return value;
}

}  // namespace therma::schedule
