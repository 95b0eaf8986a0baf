// SPDX-License-Identifier: Apache-2.0
// Evidence against a run, observable by observable, with the number of tests paid for.
#include "therma/inference/gates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "therma/inference/diagnostics.hpp"
#include "therma/inference/tails.hpp"

namespace therma {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// About one common mean.
Shape shape_of(std::span<const double> values) {
  const double mean = mean_of(values);
  double m2 = 0.0, m3 = 0.0, m4 = 0.0;
  for (const double x : values) {
    const double d = x - mean;
    m2 += d * d;
    m3 += d * d * d;
    m4 += d * d * d * d;
  }
  const auto n = static_cast<double>(values.size());
  if (!(m2 > 0.0)) return {};
  return {.skewness = m3 / n / std::pow(m2 / n, 1.5), .kurtosis = m4 * n / (m2 * m2) - 3.0};
}

// Two-sided chance of z, a statistic of this shape with an error known with `freedom`.
double chance(double z, const Shape& shape, double freedom) {
  return t_two_sided(normal_equivalent(z, shape), freedom);
}

Autocorrelation own_autocorrelation(const Traces& traces) {
  const auto left = without_drift(traces);
  return integrated_autocorrelation({.values = left, .chains = traces.chains});
}

// The smallest of several chances, times their number.
class Smallest {
 public:
  void add(double p, std::string what) {
    ++tests_;
    if (std::isnan(p)) p = 0.0;  // what is not a number fails
    if (tests_ == 1 || p < p_) p_ = p, what_ = std::move(what);
  }
  [[nodiscard]] double p() const { return std::min(1.0, p_ * static_cast<double>(tests_)); }
  [[nodiscard]] bool empty() const { return tests_ == 0; }
  [[nodiscard]] const std::string& what() const { return what_; }

 private:
  std::size_t tests_ = 0;
  double p_ = 1.0;
  std::string what_;
};

Gate gate(std::string name, const Thresholds& thresholds) {
  return {.name = std::move(name), .false_alarm_rate = thresholds.false_alarm_rate};
}

Gate& say(Gate& gate, GateVerdict verdict, std::string sentence) {
  gate.verdict = verdict;
  gate.sentence = std::move(sentence);
  return gate;
}

constexpr const char* kBroken = "an observable is not a finite number.";
bool any_broken(const std::vector<Observable>& observables) {
  return std::ranges::any_of(observables, [](const auto& one) { return !all_finite(one.values); });
}

// Between and within chains, on one transform of one observable.
struct Agreement {
  bool decided = false;
  double p = 1.0;         // of equal means, for halves of chains and for each chain
  double p_slower = 1.0;  // the same, were the variance of means kUnseen times what tau says
  double highest = 0.0;   // R-hat without noise, upper end at two standard errors
};
Agreement agreement_of(const Traces& traces) {
  // What moves more slowly than a chain is long, or than the window of tau, is not in tau: many
  // chains show that as surely as chains that disagree.
  constexpr double kUnseen = 2.0;
  const auto own = own_autocorrelation(traces);
  if (!(own.variance > 0.0)) return {};
  const auto shape = shape_of(traces.values);
  const std::size_t n = traces.samples(), half = n / 2;
  const double worth = 2.0 * own.tau;  // samples per independent one
  const auto chains = static_cast<double>(traces.chains);

  std::vector<double> halves;
  const auto split = split_chains(traces);
  for (std::size_t c = 0; c < 2 * traces.chains; ++c) {
    halves.push_back(mean_of(std::span(split).subspan(c * half, half)));
  }
  const double noise = own.variance * worth / static_cast<double>(half);  // of one half's mean
  const double centre = mean_of(halves);
  double between = 0.0;
  for (const double m : halves) between += (m - centre) * (m - centre);
  const double groups = 2.0 * chains - 1.0;
  const double ratio = between / groups / noise;
  // Means of few events scatter more than normal ones: fewer degrees of freedom.
  const double lumpy = std::max(0.0, shape.kurtosis) * worth / static_cast<double>(half);
  const double freedom = groups / (1.0 + 0.5 * lumpy);
  Agreement result{.decided = own.decided,
                   .p = f_above(ratio, freedom, own.freedom),
                   .p_slower = f_above(ratio / kUnseen, freedom, own.freedom)};

  const double scatter = 2.0 * std::sqrt(2.0 / groups + 2.0 / own.freedom);
  const double excess = std::max(0.0, ratio - 1.0) + scatter;
  result.highest = std::sqrt(1.0 + excess * worth / static_cast<double>(half));

  if (traces.chains < 2) return result;
  const double error =
      std::sqrt(own.variance * worth / static_cast<double>(n) * (1.0 - 1.0 / chains));
  const auto of_chain = shape_of_mean(shape, static_cast<double>(n) / worth);
  const double all = mean_of(traces.values);
  double farthest = 0.0;
  for (std::size_t c = 0; c < traces.chains; ++c) {
    farthest = std::max(farthest, std::abs(mean_of(traces.chain(c)) - all) / error);
  }
  const auto either = [&](double of_halves, double z) {
    return std::min(1.0, 2.0 * std::min(of_halves, chains * chance(z, of_chain, own.freedom)));
  };
  result.p = either(result.p, farthest);
  result.p_slower = either(result.p_slower, farthest / std::sqrt(kUnseen));
  return result;
}

// A law on few values, for products of two independent draws: at most 128 cells of equal width.
class ProductLaw {
 public:
  // values: of mean 0, variance 1
  explicit ProductLaw(std::span<const double> values) {
    constexpr std::size_t kCells = 128;
    const auto [low, high] = std::ranges::minmax(values);
    const double scale = static_cast<double>(kCells) / std::max(high - low, 1e-300);
    std::vector<double> sums(kCells, 0.0), counts(kCells, 0.0);
    for (const double x : values) {
      const auto cell = std::min(kCells - 1, static_cast<std::size_t>((x - low) * scale));
      sums[cell] += x;
      counts[cell] += 1.0;
    }
    double variance = 0.0;
    for (std::size_t k = 0; k < kCells; ++k) {
      if (counts[k] == 0.0) continue;
      const double share = counts[k] / static_cast<double>(values.size());
      cells_.push_back({.at = sums[k] / counts[k], .share = share});
      variance += share * cells_.back().at * cells_.back().at;
    }
    lost_ = std::max(0.0, 1.0 - variance * variance);
  }

  // sqrt(2 n I(r)) with Cramer's rate I(r) = sup_s (s r - K(s)): a normal law is as unlikely at it
  // as a mean of n products is at r > 0 (sign 1) or at -r (sign -1).
  [[nodiscard]] double normal_of_mean(double r, double n, double sign) const {
    double largest = 0.0;
    for (const auto& a : cells_) {
      largest =
          std::max({largest, sign * a.at * cells_.front().at, sign * a.at * cells_.back().at});
    }
    if (!(r > 0.0) || !(largest > 0.0)) return 0.0;
    const double golden = 0.5 * (std::sqrt(5.0) - 1.0);
    double from = 0.0, to = 2.0 / largest;
    double rate = 0.0;
    for (int step = 0; step < 40; ++step) {  // concave in s
      const double left = to - golden * (to - from), right = from + golden * (to - from);
      const double at_left = left * r - growth(sign * left);
      const double at_right = right * r - growth(sign * right);
      rate = std::max({rate, at_left, at_right});
      (at_left < at_right ? from : to) = at_left < at_right ? left : right;
    }
    return std::sqrt(2.0 * n * rate);
  }

 private:
  struct Cell {
    double at = 0.0, share = 0.0;
  };
  // K(s) = E[u / (1 - u/2)], u = s x y: of events at random times, each of exponential length. That
  // has the mean and variance of E[e^u - 1], the same for events of one sample, and heavier tails.
  [[nodiscard]] double growth(double s) const {
    double sum = 0.5 * lost_ * s * s;
    for (const auto& x : cells_) {
      double inner = 0.0;
      for (const auto& y : cells_) {
        const double u = s * x.at * y.at;
        inner += y.share * u / (1.0 - 0.5 * u);
      }
      sum += x.share * inner;
    }
    return sum;
  }

  std::vector<Cell> cells_;
  double lost_ = 0.0;  // variance of the products within cells
};

// Correlations of all pairs of chains at equal times.
struct Together {
  double largest = 0.0;  // |r| of one pair
  double p = 1.0;
};
// Over the variance of all chains: that of one that saw few events says little.
Together together_of(const Traces& traces, const Autocorrelation& own) {
  const std::size_t n = traces.samples(), chains = traces.chains;
  const auto length = static_cast<double>(n), count = static_cast<double>(chains);
  std::vector<double> unit(traces.values.begin(), traces.values.end());  // mean 0, variance 1
  double square = 0.0;
  for (std::size_t c = 0; c < chains; ++c) {
    const auto chain = std::span(unit).subspan(c * n, n);
    const double mean = mean_of(chain);
    for (auto& x : chain) x -= mean, square += x * x;
  }
  if (!(square > 0.0)) return {};
  const double scale = 1.0 / std::sqrt(square / (length * count));
  for (auto& x : unit) x *= scale;

  double highest = 0.0, lowest = 0.0, sum = 0.0;
  for (std::size_t a = 0; a < chains; ++a) {
    for (std::size_t b = a + 1; b < chains; ++b) {
      double r = 0.0;
      for (std::size_t t = 0; t < n; ++t) r += unit[a * n + t] * unit[b * n + t];
      r /= length;
      highest = std::max(highest, r);
      lowest = std::min(lowest, r);
      sum += r;
    }
  }
  // Bartlett: the correlation of independent series has variance sum rho^2 / n.
  const double size = length / own.squared;
  const ProductLaw products(unit);
  const double w = std::max(products.normal_of_mean(highest, size, 1.0),
                            products.normal_of_mean(-lowest, size, -1.0));
  const double of_pair = 0.5 * count * (count - 1.0) * t_two_sided(w, own.freedom);
  // All pairs: R times the variance of the chains' average over that of a chain is chi-square.
  const double ratio = 1.0 + 2.0 * sum / count;
  const double lumpy = std::max(0.0, shape_of(traces.values).kurtosis) / count;
  const double freedom = size / (1.0 + 0.5 * lumpy);
  return {.largest = std::max(highest, -lowest),
          .p = std::min(1.0, 2.0 * std::min(of_pair, f_above(ratio, freedom, freedom * count)))};
}

}  // namespace

ObservableSummary summarise(const Observable& observable) {
  const auto traces = observable.traces();
  const auto own = integrated_autocorrelation(traces);
  const auto stride = static_cast<double>(observable.stride);
  const double mean = traces.values.empty() ? kNaN : mean_of(traces.values);
  return {.name = observable.name,
          .mean = mean,
          .deviation = std::sqrt(own.variance),
          .standard_error = standard_error(traces),
          .autocorrelation = own.tau * stride,
          .bulk_samples = bulk_effective_samples(traces),
          .tail_samples = tail_effective_samples(traces),
          .rhat = rank_rhat(traces)};
}

Gate judge_length(const std::vector<Observable>& observables) {
  Gate result{.name = "autocorrelation"};
  if (any_broken(observables)) return say(result, GateVerdict::fail, kBroken);
  std::string shortest;
  bool decided = !observables.empty();
  for (const auto& one : observables) {
    if (trace_state(one.traces()) == TraceState::constant) continue;
    const auto own = integrated_autocorrelation(one.traces());
    const double tau = own.tau * static_cast<double>(one.stride);
    if (std::isnan(result.value) || !(tau <= result.value)) {
      result.value = tau;
      const double error = own.error * static_cast<double>(one.stride);
      result.interval = {.low = tau - 2.0 * error, .high = tau + 2.0 * error};
    }
    if (!own.decided) decided = false, shortest = one.name;
  }
  if (std::isnan(result.value)) {
    return say(result, GateVerdict::undecided, "no observable moved, or the run is too short.");
  }
  if (!decided) {
    return say(result, GateVerdict::undecided,
               fmt::format("chains are too short against the autocorrelation time of the {}; "
                           "sample longer.",
                           shortest));
  }
  return say(result, GateVerdict::pass,
             fmt::format("the slowest observable forgets in {:.3g} samples.", result.value));
}

Gate judge_effective_samples(const std::vector<ObservableSummary>& summaries,
                             const Thresholds& thresholds) {
  Gate result{.name = "effective_samples", .threshold = thresholds.effective_samples};
  for (const auto& one : summaries) {
    if (!std::isfinite(one.mean)) return say(result, GateVerdict::fail, kBroken);
    result.value = std::fmin(result.value, std::fmin(one.bulk_samples, one.tail_samples));
  }
  if (!(result.value >= result.threshold)) {
    return say(result, GateVerdict::undecided,
               fmt::format("{:.0f} effective samples where {:.0f} are wanted; sample longer.",
                           std::isnan(result.value) ? 0.0 : result.value, result.threshold));
  }
  return say(result, GateVerdict::pass,
             fmt::format("at least {:.0f} effective samples.", result.value));
}

Gate judge_agreement(const std::vector<Observable>& observables, const Thresholds& thresholds) {
  Gate result = gate("agreement", thresholds);
  if (any_broken(observables)) return say(result, GateVerdict::fail, kBroken);
  result.threshold = thresholds.rhat;
  result.interval = {.low = 1.0, .high = kNaN};
  Smallest smallest, slower;
  bool decided = true;
  for (const auto& one : observables) {
    const auto traces = one.traces();
    if (trace_state(traces) != TraceState::usable) continue;
    result.value = std::fmax(result.value, rank_rhat(traces));
    const auto around = folded(traces.values);
    for (const auto& scores : {normal_scores(traces.values), normal_scores(around)}) {
      const Traces view{.values = scores, .chains = traces.chains};
      if (trace_state(view) != TraceState::usable) continue;
      const auto found = agreement_of(view);
      decided = decided && found.decided;
      if (!found.decided) continue;
      smallest.add(found.p, one.name);
      slower.add(found.p_slower, one.name);
      result.interval.high = std::fmax(result.interval.high, found.highest);
    }
  }
  if (!slower.empty() && slower.p() < thresholds.false_alarm_rate) {
    return say(result, GateVerdict::fail,
               fmt::format("chains or their halves disagree on the {} (chance {:.1e}).",
                           slower.what(), slower.p()));
  }
  if (!smallest.empty() && smallest.p() < thresholds.false_alarm_rate) {
    return say(result, GateVerdict::undecided,
               fmt::format("the {} of chains differs more than their autocorrelation tells, less "
                           "than chains must that disagree; sample longer.",
                           smallest.what()));
  }
  if (smallest.empty() || !decided) {
    return say(result, GateVerdict::undecided, "too few samples to compare chains.");
  }
  if (!(result.interval.high <= result.threshold)) {
    return say(result, GateVerdict::undecided,
               fmt::format("chains agree, but an R-hat up to {:.3f} could hide in the noise; "
                           "sample longer.",
                           result.interval.high));
  }
  return say(result, GateVerdict::pass,
             observables.front().chains > 1 ? "chains from different starts agree."
                                            : "both halves of the chain agree.");
}

Gate judge_stationarity(const std::vector<Observable>& observables, const Thresholds& thresholds) {
  Gate result = gate("stationarity", thresholds);
  if (any_broken(observables)) return say(result, GateVerdict::fail, kBroken);
  Smallest smallest;
  double freedom = 0.0, farthest = 0.0;
  for (const auto& one : observables) {
    const auto traces = one.traces();
    if (trace_state(traces) != TraceState::usable) continue;
    const auto own = own_autocorrelation(traces);
    const std::size_t n = traces.samples(), first = n / 10, last = n / 2;
    if (!own.decided || first == 0) continue;
    double before = 0.0, after = 0.0;
    const auto chains = static_cast<double>(traces.chains);
    for (std::size_t c = 0; c < traces.chains; ++c) {
      before += mean_of(traces.chain(c).first(first)) / chains;
      after += mean_of(traces.chain(c).last(last)) / chains;
    }
    const auto early = static_cast<double>(first), late = static_cast<double>(last);
    const double worth = 2.0 * own.tau / chains;
    const double z =
        (before - after) / std::sqrt(own.variance * worth * (1.0 / early + 1.0 / late));
    const auto shape = shape_of_mean(shape_of(traces.values), early / worth);  // the shorter part's
    smallest.add(chance(z, shape, own.freedom), one.name);
    const double plain = normal_equivalent(z, shape);
    if (!(plain <= farthest)) farthest = plain, freedom = own.freedom;
  }
  if (smallest.empty()) {
    return say(result, GateVerdict::undecided, "too few samples to compare early with late ones.");
  }
  result.value = farthest;
  result.threshold =
      t_bound(thresholds.false_alarm_rate / static_cast<double>(observables.size()), freedom);
  if (smallest.p() < thresholds.false_alarm_rate) {
    return say(result, GateVerdict::fail,
               fmt::format("the {} drifts: its first tenth and last half differ (chance {:.1e}); "
                           "burn in longer.",
                           smallest.what(), smallest.p()));
  }
  return say(result, GateVerdict::pass, "early and late samples agree.");
}

Gate judge_independence(const std::vector<Observable>& observables, const Thresholds& thresholds) {
  constexpr double kFewest = 30.0;  // independent samples of a chain
  constexpr double kEvents = 3.0;   // and rare events: a share p of events has a kurtosis of 1/p
  Gate result = gate("independence", thresholds);
  if (any_broken(observables)) return say(result, GateVerdict::fail, kBroken);
  if (observables.empty() || observables.front().chains < 2) {
    return say(result, GateVerdict::not_applicable, "a single chain has nothing to share.");
  }
  Smallest smallest;
  double largest = 0.0;
  for (const auto& one : observables) {
    const auto traces = one.traces();
    if (trace_state(traces) != TraceState::usable) continue;
    const auto own = integrated_autocorrelation(traces);
    const double wanted = std::max(kFewest, kEvents * shape_of(traces.values).kurtosis);
    if (!(static_cast<double>(traces.samples()) >= wanted * own.squared)) continue;
    const auto found = together_of(traces, own);
    largest = std::max(largest, found.largest);
    smallest.add(found.p, one.name);
  }
  if (smallest.empty()) {
    return say(result, GateVerdict::undecided,
               "too few samples to tell whether replicas are independent.");
  }
  result.value = largest;
  if (smallest.p() < thresholds.false_alarm_rate) {
    return say(result, GateVerdict::fail,
               fmt::format("replicas move together: the {} of different replicas is correlated "
                           "(chance {:.1e}).",
                           smallest.what(), smallest.p()));
  }
  return say(result, GateVerdict::pass, "replicas are uncorrelated.");
}

MeanError mean_error(const Traces& traces, double least_variance) {
  MeanError result{.error = kNaN};
  const auto state = trace_state(traces);
  if (state == TraceState::not_finite || traces.values.empty()) {
    result.mean = kNaN;
    return result;
  }
  result.mean = mean_of(traces.values);
  if (state != TraceState::usable) return result;
  const std::size_t n = traces.samples();
  const auto total = static_cast<double>(traces.values.size());
  const auto own = own_autocorrelation(traces);
  std::vector<double> average(n, 0.0);
  for (std::size_t c = 0; c < traces.chains; ++c) {
    for (std::size_t t = 0; t < n; ++t) {
      average[t] += traces.chain(c)[t] / static_cast<double>(traces.chains);
    }
  }
  const auto mixed = integrated_autocorrelation({.values = average});
  double variance = 2.0 * own.tau * own.variance / total;
  result.freedom = own.freedom;
  constexpr double kFewest = 8.0;
  if (mixed.freedom >= kFewest) {
    const double other = 2.0 * mixed.tau * mixed.variance / static_cast<double>(n);
    if (!(other <= variance)) variance = other, result.freedom = mixed.freedom;
  }
  result.error = std::sqrt(std::max(variance, least_variance));
  result.shape = shape_of_mean(shape_of(traces.values), total / (2.0 * own.tau));
  result.decided = own.decided;
  return result;
}

}  // namespace therma
