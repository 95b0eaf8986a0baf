// SPDX-License-Identifier: Apache-2.0
// A schedule relaxed to continuous variables: start times, and assignments through a softmax.
//
// V(z) = sum_a lambda_a phi_a(z), docs/theory/relaxed-schedule.md. The variables of a problem with
// n tasks are z = [start of each task, n][logits of each task with a choice of machines, in order];
// times are in units of time_scale() ticks. Every term is differentiable almost everywhere and
// pushes: its gradient vanishes only where the term itself does.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "therma/energy/penalties.hpp"
#include "therma/problems/schedule/model.hpp"

namespace therma::schedule {

enum class Term {
  no_overlap,
  resource_limit,
  precedence,
  deadline,
  availability,
  preference,
  makespan,
  tardiness
};
inline constexpr std::size_t kNumTerms = 8;
inline constexpr std::size_t kNumHardTerms =
    5;  // the first ones: zero where a schedule is feasible
inline constexpr std::array<std::string_view, kNumTerms> kTermNames = {
    "no_overlap",   "resource_limit", "precedence", "deadline",
    "availability", "preference",     "makespan",   "tardiness"};

// What a point of the relaxed space means: a start per task and its most likely machine.
struct RelaxedPlan {
  std::vector<Ticks> start;            // [task]
  std::vector<std::uint32_t> machine;  // [task]
};

// Every call is const and pure: one object serves any number of threads.
class RelaxedSchedule {
 public:
  // Durations must be known. Cost: tasks^2 in memory where tasks share machines.
  explicit RelaxedSchedule(const Problem& problem);

  [[nodiscard]] std::size_t dimension() const noexcept { return dimension_; }
  [[nodiscard]] std::size_t num_tasks() const noexcept { return release_.size(); }
  [[nodiscard]] double time_scale() const noexcept { return time_scale_; }
  // A length of time, in units of time_scale(), that all tasks need at least.
  [[nodiscard]] double horizon() const noexcept { return horizon_; }
  [[nodiscard]] double release(std::size_t task) const noexcept { return release_[task]; }
  // The objective's own weights for the soft terms; 1 for the hard ones.
  [[nodiscard]] double initial_weight(Term term) const noexcept {
    return initial_weights_[static_cast<std::size_t>(term)];
  }

  // phi(z) of one term; adds weight * grad phi to `gradient` unless that is empty. Pure.
  // z, gradient: [dimension]
  double evaluate(Term term, std::span<const double> z, double weight,
                  std::span<double> gradient) const;
  // False where no task, machine or resource gives the term anything to say.
  [[nodiscard]] bool has(Term term) const noexcept;

  // Counted work of one gradient, in visits of a pair of tasks.
  [[nodiscard]] double cost() const noexcept;

  [[nodiscard]] RelaxedPlan decode(std::span<const double> z) const;

 private:
  struct Choice {  // one eligible machine of one task
    std::uint32_t machine;
    double duration;
    std::uint32_t first_slot, last_slot;  // [first, last): start times that fit, in slots_
  };
  struct Slot {
    double first_start, last_start;
  };
  struct Pair {  // two tasks that could meet on a machine
    std::uint32_t task, other;
  };
  struct Link {  // start(after) >= end(before) + lag
    std::uint32_t before, after;
    double lag;
  };
  struct Use {
    std::uint32_t task;
    double share;  // of the capacity
  };
  struct Wish {
    Preference preference;
    double start_after, end_before;
  };

  void add_choices(const Problem& problem);
  void add_pairs(const Problem& problem);
  void add_slots(const Problem& problem, std::size_t task, Choice& choice);
  void weigh(const Problem& problem);
  struct Scratch;
  void forward(std::span<const double> z, Scratch& s) const;
  void backward(const Scratch& s, std::span<double> gradient) const;
  double meet(const Scratch& s, std::uint32_t task, std::uint32_t other) const;
  void push_shares(Scratch& s, std::uint32_t task, std::uint32_t other, double push) const;
  double no_overlap(std::span<const double> z, double weight, Scratch& s) const;
  double resource_limit(std::span<const double> z, double weight, Scratch& s) const;
  double precedence(std::span<const double> z, double weight, Scratch& s) const;
  double deadline(std::span<const double> z, double weight, Scratch& s) const;
  double availability(std::span<const double> z, double weight, Scratch& s) const;
  double preference(std::span<const double> z, double weight, Scratch& s) const;
  double smooth_makespan(std::span<const double> z, double weight, Scratch& s) const;
  double tardiness(std::span<const double> z, double weight, Scratch& s) const;

  std::size_t dimension_ = 0;
  double time_scale_ = 1.0;
  double horizon_ = 1.0;
  std::array<double, kNumTerms> initial_weights_{};
  std::vector<double> release_;              // [task]
  std::vector<double> deadline_, due_;       // [task], infinite where there is none
  std::vector<double> late_weight_;          // [task]
  std::vector<std::uint32_t> first_choice_;  // [task + 1] into choices_
  std::vector<std::uint32_t> first_logit_;   // [task] into z; unused with a single choice
  std::vector<Choice> choices_;
  std::vector<Slot> slots_;
  std::vector<Pair> pairs_;
  std::vector<Link> links_;
  std::vector<std::vector<Use>> uses_;  // [resource]
  std::vector<Wish> wishes_;
};

// The same as a sum of penalties over the terms that the problem has.
[[nodiscard]] therma::Penalties relaxed_energy(std::shared_ptr<const RelaxedSchedule> relaxed);

}  // namespace therma::schedule
