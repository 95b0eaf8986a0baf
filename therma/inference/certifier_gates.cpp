// SPDX-License-Identifier: Apache-2.0
// What a certifier collected, put before the gates.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "therma/inference/certifier.hpp"
#include "therma/inference/tails.hpp"
#include "therma/inference/total_variation.hpp"

namespace therma {
namespace {

constexpr double kFewestEvents = 25.0;  // changes of sites, expected in all

Gate& say(Gate& gate, GateVerdict verdict, std::string sentence) {
  gate.verdict = verdict;
  gate.sentence = std::move(sentence);
  return gate;
}

// Student's bound for a mean of this shape.
double reach(double p, const MeanError& mean) {
  return stretched(t_bound(p, mean.freedom), mean.shape) * mean.error;
}
double chance(const MeanError& mean, double allowance = 0.0) {
  const double z = std::max(0.0, std::abs(mean.mean) - allowance) / mean.error;
  return t_two_sided(normal_equivalent(z, mean.shape), mean.freedom);
}

std::string percent(double fraction) { return fmt::format("{:+.2g} %", 100.0 * fraction); }

}  // namespace

Certificate Certifier::finish() const {
  const Thresholds wanted{.false_alarm_rate = config_.false_alarm_rate,
                          .effective_samples = config_.effective_samples,
                          .rhat = config_.rhat};
  Certificate result{.samples = samples_, .replicas = num_replicas_};
  if (samples_ == 0) {
    conclude(result);
    return result;
  }
  const auto seen = observables();
  for (const auto& one : seen) result.observables.push_back(summarise(one));
  result.beta = beta_;
  for (std::size_t k = 0; k < seen.size(); ++k) {
    const auto& one = result.observables[k];
    const double scale = static_cast<double>(num_replicas_) / static_cast<double>(seen[k].chains);
    result.independent_samples = std::fmin(result.independent_samples,
                                           scale * std::fmin(one.bulk_samples, one.tail_samples));
  }
  result.gates.push_back(judge_finite());
  result.gates.push_back(judge_fixed_beta());
  result.gates.push_back(judge_movement());
  result.gates.push_back(judge_duplicates(judge_independence(seen, wanted)));
  result.gates.push_back(judge_stationarity(seen, wanted));
  result.gates.push_back(judge_agreement(seen, wanted));
  result.gates.push_back(judge_beta(result));
  result.gates.push_back(judge_balance());
  result.gates.push_back(judge_sites());
  result.gates.push_back(judge_total_variation(seen));
  result.gates.push_back(judge_length(seen));
  result.gates.push_back(judge_effective_samples(result.observables, wanted));
  conclude(result);
  return result;
}

Gate Certifier::judge_finite() const {
  Gate gate{.name = "finite"};
  return finite_ ? say(gate, GateVerdict::pass, "all numbers are finite.")
                 : say(gate, GateVerdict::fail, "an energy or a state is not a finite number.");
}

Gate Certifier::judge_fixed_beta() const {
  Gate gate{.name = "fixed_beta", .value = beta_};
  if (beta_varies_) {
    return say(gate, GateVerdict::fail, "the temperature changed while samples were taken.");
  }
  if (std::isnan(beta_)) return say(gate, GateVerdict::fail, "beta is not a number.");
  if (std::isinf(beta_)) {
    return say(gate, GateVerdict::undecided,
               "at infinite beta the rule is greedy: there is no law to converge to.");
  }
  return say(gate, GateVerdict::pass, "all samples were taken at one temperature.");
}

bool Certifier::scores_are_known() const noexcept {
  return scores_ != nullptr && scored_ > 0 && std::isfinite(beta_);
}

MeanError Certifier::mean_of_channel(std::size_t channel, double least_variance) const {
  const auto values = zero_.columns(channel * read_.size(), read_.size());
  return mean_error({.values = values, .chains = read_.size()}, least_variance);
}

Gate Certifier::judge_beta(Certificate& certificate) const {
  Gate gate{.name = "beta",
            .threshold = config_.beta_precision,
            .false_alarm_rate = config_.false_alarm_rate};
  if (!scores_are_known()) {
    return say(gate, GateVerdict::undecided, "the effective temperature cannot be read off.");
  }
  const auto count = static_cast<double>(scored_);
  const auto mean = mean_of_channel(0, score_information_ / (count * count));
  if (!std::isfinite(mean.mean)) return say(gate, GateVerdict::fail, "a score is not a number.");
  if (scores_->is_discrete() && blocks_.leaving() < kFewestEvents) {
    return say(gate, GateVerdict::undecided,
               "nearly every site is frozen: its temperature cannot be read off.");
  }
  if (!mean.decided || !(mean.error > 0.0)) {
    return say(gate, GateVerdict::undecided, "too few samples for an effective temperature.");
  }
  const auto interval = [&](double p) {
    const double half = reach(p, mean);
    const double a = scores_->beta_at(mean.mean - half, beta_);
    const double b = scores_->beta_at(mean.mean + half, beta_);
    return Interval{.low = std::min(a, b), .high = std::max(a, b)};
  };
  gate.value = certificate.beta_effective = scores_->beta_at(mean.mean, beta_);
  gate.interval = interval(config_.false_alarm_rate);
  certificate.beta_interval = interval(0.05);
  const auto bias = scores_->known_bias(beta_);
  const double step = std::abs(bias.relative) + bias.allowance;
  const auto found = fmt::format("beta_eff {:.4g} in [{:.4g}, {:.4g}], asked for {:.4g}",
                                 gate.value, gate.interval.low, gate.interval.high, beta_);
  const auto note =
      step == 0.0 ? std::string()
      : bias.allowance > 0.0
          ? fmt::format("; the time step may shift it by {}", percent(bias.allowance))
          : fmt::format("; the time step heats by {}, allowed for", percent(bias.relative));
  if (!(chance(mean, bias.allowance) >= config_.false_alarm_rate)) {
    return say(gate, GateVerdict::fail, found + note + ".");
  }
  if (step > config_.time_step_bias) {
    return say(gate, GateVerdict::fail,
               fmt::format("the time step alone changes the temperature by {}; take a smaller one.",
                           percent(bias.relative + bias.allowance)));
  }
  const double scale = std::max(beta_, 1.0 / scores_->energy_scale());
  if (!(0.5 * (gate.interval.high - gate.interval.low) <= config_.beta_precision * scale)) {
    return say(gate, GateVerdict::undecided, found + note + ": too wide; sample longer.");
  }
  return say(gate, GateVerdict::pass, found + note + ".");
}

Gate Certifier::judge_balance() const {
  Gate gate{.name = "balance", .threshold = 0.0, .false_alarm_rate = config_.false_alarm_rate};
  if (!scores_are_known()) {
    return say(gate, GateVerdict::undecided, "the conditionals cannot be read off.");
  }
  const auto count = static_cast<double>(scored_);
  const auto mean = mean_of_channel(1, residual_variance_ / (count * count));
  gate.value = mean.mean;
  if (!std::isfinite(mean.mean)) return say(gate, GateVerdict::fail, "a residual is not a number.");
  if (scores_->is_discrete() && blocks_.leaving() < kFewestEvents) {
    return say(gate, GateVerdict::undecided, "nearly every site is frozen.");
  }
  if (!mean.decided || !(mean.error > 0.0)) {
    return say(gate, GateVerdict::undecided, "too few samples to see a bias.");
  }
  const double half = reach(config_.false_alarm_rate, mean);
  gate.interval = {.low = mean.mean - half, .high = mean.mean + half};
  if (!(chance(mean) >= config_.false_alarm_rate)) {
    return say(gate, GateVerdict::fail,
               fmt::format("states lean to one side by {:.2g} against their own conditionals.",
                           mean.mean));
  }
  return say(gate, GateVerdict::pass, "states agree with their conditionals on average.");
}

Gate Certifier::judge_sites() const {
  Gate gate{.name = "sites", .false_alarm_rate = config_.false_alarm_rate};
  if (!scores_are_known()) {
    return say(gate, GateVerdict::undecided, "the conditionals cannot be read off.");
  }
  if (!finite_) return say(gate, GateVerdict::fail, "a state is not a finite number.");
  const auto worst = blocks_.worst();
  if (worst.tested == 0) {
    return say(gate, GateVerdict::undecided, "too few samples or changes to look at single sites.");
  }
  gate.value = worst.z;
  gate.threshold =
      t_bound(config_.false_alarm_rate / static_cast<double>(worst.tested), worst.freedom);
  if (!(worst.p >= config_.false_alarm_rate)) {
    return say(gate, GateVerdict::fail,
               fmt::format("variable {} does not follow its conditional law (chance {:.1e}).",
                           sites_[worst.site], worst.p));
  }
  return say(gate, GateVerdict::pass,
             fmt::format("each of {} sites follows its conditional law.", sites_.size()));
}

Gate Certifier::judge_movement() const {
  Gate gate{.name = "movement"};
  if (!scores_are_known()) {
    return say(gate, GateVerdict::undecided, "states are not looked at.");
  }
  if (!finite_) return say(gate, GateVerdict::fail, "a state is not a finite number.");
  // Draws that change the site with chances adding up to m all fail to with a chance of e^-m; a
  // real moves with every accepted step.
  gate.threshold = scores_->is_discrete() ? 50.0 : 200.0;
  gate.value = *std::ranges::min_element(site_leave_);
  for (std::size_t s = 0; s < sites_.size(); ++s) {
    if (site_changes_[s] == 0 && site_leave_[s] > gate.threshold) {
      return say(gate, GateVerdict::fail,
                 fmt::format("variable {} never changed, where {:.0f} changes were due.", sites_[s],
                             site_leave_[s]));
    }
  }
  for (std::size_t k = 0; k < read_.size(); ++k) {
    if (reader_changes_[k] == 0 && reader_leave_[k] > gate.threshold) {
      return say(gate, GateVerdict::fail,
                 fmt::format("replica {} never changed, where {:.0f} changes were due.", read_[k],
                             reader_leave_[k]));
    }
  }
  return say(gate, GateVerdict::pass, "all that is due to change does.");
}

// Identical histories of energies, among all replicas and not only the traced.
Gate Certifier::judge_duplicates(Gate independence) const {
  if (independence.verdict == GateVerdict::fail || num_replicas_ < 2) return independence;
  auto sorted = history_;
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) == sorted.end()) return independence;
  // Could it be chance? Energies of one replica at different times agree as often as those of
  // different replicas.
  const auto energies = fast_.columns(0, traced_.size());
  const Traces traces{.values = energies, .chains = traced_.size()};
  const auto own = integrated_autocorrelation(traces);
  const std::size_t n = traces.samples(), half = n / 2;
  double met = 0.0;
  for (std::size_t c = 0; c < traces.chains; ++c) {
    for (std::size_t t = 0; t < half; ++t) met += traces.chain(c)[t] == traces.chain(c)[t + half];
  }
  met /= std::max(1.0, static_cast<double>(half * traces.chains));
  const double pairs = 0.5 * static_cast<double>(num_replicas_) * (num_replicas_ - 1.0);
  const double independent = static_cast<double>(n) / (2.0 * own.tau);
  if (pairs * std::pow(met, independent) < config_.false_alarm_rate) {
    return say(independence, GateVerdict::fail, "two replicas have the same energies throughout.");
  }
  return independence;
}

Gate Certifier::judge_total_variation(const std::vector<Observable>& observables) const {
  Gate gate{.name = "total_variation", .false_alarm_rate = config_.false_alarm_rate};
  if (!small_ || !std::isfinite(beta_)) {
    return say(gate, GateVerdict::not_applicable, "states are too many to enumerate, or reals.");
  }
  if (!finite_) return say(gate, GateVerdict::fail, "a state is not a finite number.");
  double independent = std::numeric_limits<double>::infinity();
  for (const auto& one : observables) {
    const auto own = integrated_autocorrelation(one.traces());
    if (std::isnan(own.tau)) continue;
    independent = std::min(independent, static_cast<double>(one.values.size()) / (2.0 * own.tau));
  }
  const auto states = slow_.columns(read_.size(), read_.size());
  if (!std::isfinite(independent) || states.empty()) {
    return say(gate, GateVerdict::undecided, "nothing moved: chance cannot be told from fault.");
  }
  const auto found = total_variation(enumerate(*small_, beta_), visits_,
                                     {.values = states, .chains = read_.size()}, independent,
                                     config_.false_alarm_rate);
  gate.value = found.value;
  gate.interval = {.low = 0.0, .high = found.noise_floor};
  gate.threshold = found.noise_floor;
  const auto text =
      fmt::format("total variation {:.3g} over {} cells of states, noise floor {:.3g}", found.value,
                  found.cells, found.noise_floor);
  if (!(found.value <= found.noise_floor)) return say(gate, GateVerdict::fail, text + ".");
  if (!(found.noise_floor <= config_.tv_precision)) {
    return say(gate, GateVerdict::undecided, text + ": too high to tell; sample longer.");
  }
  return say(gate, GateVerdict::pass, text + ".");
}

}  // namespace therma
