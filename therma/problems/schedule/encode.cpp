// SPDX-License-Identifier: Apache-2.0
// Problem -> relaxed variables, and a point of the relaxed space -> plan.
#include "therma/problems/schedule/encode.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace therma::schedule {
namespace {

// Weight of the objective beside constraints whose weights start at 1: the tasks crowd together
// first and are pushed apart as the constraints grow. Chosen on ft06 and ft10: lighter ones end
// later; to try another, build with it and run `bench_schedule --dynamics langevin`.
constexpr double kObjectiveWeight = 20.0;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The mean duration over tasks and their eligible machines; at least one tick.
double mean_duration(const Problem& problem) {
  double sum = 0.0;
  double count = 0.0;
  for (const auto& task : problem.tasks) {
    for (const auto duration : task.duration_on) {
      if (duration == kNotEligible) continue;
      sum += static_cast<double>(duration);
      count += 1.0;
    }
  }
  return count == 0.0 ? 1.0 : std::max(1.0, sum / count);
}

}  // namespace

RelaxedSchedule::RelaxedSchedule(const Problem& problem) : time_scale_(mean_duration(problem)) {
  const auto scaled = [&](const std::optional<Ticks>& time) {
    return time ? static_cast<double>(*time) / time_scale_ : kInfinity;
  };
  for (const auto& task : problem.tasks) {
    release_.push_back(static_cast<double>(task.release) / time_scale_);
    deadline_.push_back(scaled(task.deadline));
    due_.push_back(scaled(task.due));
    late_weight_.push_back(task.weight);
  }
  add_choices(problem);
  add_pairs(problem);
  for (const auto& p : problem.precedences) {
    links_.push_back({p.before, p.after, static_cast<double>(p.lag) / time_scale_});
  }
  uses_.resize(problem.resources.size());
  for (std::uint32_t task = 0; task < problem.tasks.size(); ++task) {
    for (const auto& demand : problem.tasks[task].demands) {
      const auto capacity = static_cast<double>(problem.resources[demand.resource].capacity);
      uses_[demand.resource].push_back({task, static_cast<double>(demand.amount) / capacity});
    }
  }
  for (const auto& p : problem.preferences) {
    wishes_.push_back(
        {p, p.start_after ? scaled(p.start_after) : -kInfinity, scaled(p.end_before)});
  }
  weigh(problem);
}

void RelaxedSchedule::add_choices(const Problem& problem) {
  auto next_logit = static_cast<std::uint32_t>(problem.tasks.size());
  for (std::size_t task = 0; task < problem.tasks.size(); ++task) {
    first_choice_.push_back(static_cast<std::uint32_t>(choices_.size()));
    first_logit_.push_back(next_logit);
    for (std::uint32_t m = 0; m < problem.machines.size(); ++m) {
      const auto duration = problem.tasks[task].duration_on[m];
      if (duration == kNotEligible) continue;
      Choice choice{m, static_cast<double>(duration) / time_scale_, 0, 0};
      add_slots(problem, task, choice);
      choices_.push_back(choice);
    }
    const auto count = static_cast<std::uint32_t>(choices_.size()) - first_choice_.back();
    if (count > 1) next_logit += count;
  }
  first_choice_.push_back(static_cast<std::uint32_t>(choices_.size()));
  dimension_ = next_logit;
}

void RelaxedSchedule::add_slots(const Problem& problem, std::size_t task, Choice& choice) {
  choice.first_slot = static_cast<std::uint32_t>(slots_.size());
  for (const auto& window : problem.machines[choice.machine].windows) {
    const double open = std::max(static_cast<double>(window.open) / time_scale_, release_[task]);
    const double close = window.close >= kNever
                             ? kInfinity
                             : static_cast<double>(window.close) / time_scale_ - choice.duration;
    if (open <= close) slots_.push_back({open, close});
  }
  choice.last_slot = static_cast<std::uint32_t>(slots_.size());
}

void RelaxedSchedule::add_pairs(const Problem& problem) {
  const auto share_machine = [&](std::size_t a, std::size_t b) {
    for (std::size_t m = 0; m < problem.machines.size(); ++m) {
      if (problem.tasks[a].duration_on[m] > 0 && problem.tasks[b].duration_on[m] > 0) return true;
    }
    return false;
  };
  for (std::uint32_t a = 0; a < problem.tasks.size(); ++a) {
    for (std::uint32_t b = a + 1; b < problem.tasks.size(); ++b) {
      if (share_machine(a, b)) pairs_.push_back({a, b});
    }
  }
}

void RelaxedSchedule::weigh(const Problem& problem) {
  initial_weights_.fill(1.0);
  const auto& objective = problem.objective;
  const double scale = kObjectiveWeight / std::max({objective.makespan, objective.tardiness,
                                                    objective.preference, 1e-12});
  initial_weights_[static_cast<std::size_t>(Term::makespan)] = scale * objective.makespan;
  initial_weights_[static_cast<std::size_t>(Term::tardiness)] = scale * objective.tardiness;
  initial_weights_[static_cast<std::size_t>(Term::preference)] = scale * objective.preference;

  // Total shortest work over machines, beyond the earliest release and opening.
  double work = 0.0;
  double longest = 0.0;
  double first = kInfinity;
  for (std::size_t task = 0; task < num_tasks(); ++task) {
    double shortest = kInfinity;
    for (auto c = first_choice_[task]; c < first_choice_[task + 1]; ++c) {
      shortest = std::min(shortest, choices_[c].duration);
    }
    if (!std::isfinite(shortest)) continue;
    work += shortest;
    longest = std::max(longest, release_[task] + shortest);
    first = std::min(first, release_[task]);
  }
  const auto machines = static_cast<double>(std::max<std::size_t>(1, problem.machines.size()));
  horizon_ = std::max({longest, std::isfinite(first) ? first + work / machines : 0.0, 1.0});
}

bool RelaxedSchedule::has(Term term) const noexcept {
  const auto finite = [](double x) { return std::isfinite(x); };
  switch (term) {
    case Term::no_overlap:
      return !pairs_.empty();
    case Term::resource_limit:
      return std::ranges::any_of(uses_, [](const auto& uses) { return !uses.empty(); });
    case Term::precedence:
      return !links_.empty();
    case Term::deadline:
      return std::ranges::any_of(deadline_, finite);
    case Term::availability:
    case Term::makespan:
      return true;
    case Term::preference:
      return !wishes_.empty();
    case Term::tardiness:
      return std::ranges::any_of(due_, finite);
  }
  return true;
}

double RelaxedSchedule::cost() const noexcept {
  const auto tasks = static_cast<double>(std::max<std::size_t>(1, num_tasks()));
  const auto choices = static_cast<double>(choices_.size());
  double cost = 8.0 * (tasks + choices) +
                static_cast<double>(pairs_.size()) * (1.0 + 0.25 * (choices / tasks - 1.0));
  for (const auto& uses : uses_) {
    cost += 4.0 * static_cast<double>(uses.size()) * static_cast<double>(uses.size());
  }
  return cost;
}

RelaxedPlan RelaxedSchedule::decode(std::span<const double> z) const {
  RelaxedPlan plan;
  for (std::size_t task = 0; task < num_tasks(); ++task) {
    const double start = std::clamp(z[task], 0.0, 1e12);
    plan.start.push_back(static_cast<Ticks>(std::llround(start * time_scale_)));
    const auto first = first_choice_[task];
    const auto count = first_choice_[task + 1] - first;
    const auto logits = z.begin() + first_logit_[task];
    const auto best = count > 1 ? std::max_element(logits, logits + count) - logits : 0;
    plan.machine.push_back(choices_[first + static_cast<std::size_t>(best)].machine);
  }
  return plan;
}

therma::Penalties relaxed_energy(std::shared_ptr<const RelaxedSchedule> relaxed) {
  std::vector<PenaltyTerm> terms;
  for (std::size_t a = 0; a < kNumTerms; ++a) {
    const auto term = static_cast<Term>(a);
    if (!relaxed->has(term) || relaxed->initial_weight(term) == 0.0) continue;
    terms.push_back(
        {.name = std::string(kTermNames[a]),
         .evaluate =
             [relaxed, term](std::span<const double> z, double weight, std::span<double> gradient) {
               return relaxed->evaluate(term, z, weight, gradient);
             },
         .weight = relaxed->initial_weight(term),
         .is_constraint = a < kNumHardTerms});
  }
  return {static_cast<std::uint32_t>(relaxed->dimension()), std::move(terms)};
}

}  // namespace therma::schedule
