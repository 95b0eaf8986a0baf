// SPDX-License-Identifier: Apache-2.0
// Scores of discrete conditionals, and of reals by the virial.
#include "therma/inference/site_scores.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "therma/core/error.hpp"
#include "therma/energy/factor.hpp"
#include "therma/energy/harmonic.hpp"
#include "therma/energy/ising.hpp"
#include "therma/energy/lattice.hpp"
#include "therma/energy/quartic.hpp"

namespace therma {
namespace {

// --- Discrete programs: one pair of overloads for each. -----------------------------------------

// The energy of each state of one site given the rest, up to a constant; returns its present state.
using States = std::vector<Category>;  // scratch, [variable]

void read_states(const IsingProgram&, std::span<const double>, States&) {}
std::uint32_t state_at(const IsingProgram&, double value, std::uint32_t) { return value > 0.0; }
bool is_updated(const IsingProgram&, std::uint32_t) { return true; }

std::uint32_t conditional_energies(const IsingProgram& program, std::span<const double> values,
                                   const States&, std::uint32_t site,
                                   std::vector<double>& energies) {
  double field = program.fields()[site];
  const auto columns = program.couplings().columns(site);
  const auto J = program.couplings().values(site);
  for (std::size_t k = 0; k < columns.size(); ++k) field += J[k] * values[columns[k]];
  energies.assign({field, -field});  // down, up
  return values[site] > 0.0 ? 1 : 0;
}

// The sign of the bond from a site of colour 0 one step along an axis.
double bond_sign(const LatticeProgram& program, std::uint64_t even_site, unsigned axis,
                 bool ahead) {
  if (!program.has_disorder()) return 1.0;
  const auto place = program.layout().place(even_site);
  const bool even_x = even_site % program.layout().nx % 2 == 0;
  const bool beside = axis == 0 ? ahead == even_x : ahead;
  const auto direction = static_cast<LatticeProgram::Direction>(2 * axis + (beside ? 1 : 0));
  return (program.bonds(direction)[place.byte] >> place.bit & 1U) != 0 ? -1.0 : 1.0;
}

void read_states(const LatticeProgram&, std::span<const double>, States&) {}
std::uint32_t state_at(const LatticeProgram&, double value, std::uint32_t) { return value > 0.0; }
bool is_updated(const LatticeProgram&, std::uint32_t) { return true; }

std::uint32_t conditional_energies(const LatticeProgram& program, std::span<const double> values,
                                   const States&, std::uint32_t site,
                                   std::vector<double>& energies) {
  const auto& layout = program.layout();
  const std::uint64_t extent[] = {layout.nx, layout.ny, layout.nz};
  const bool is_even = layout.place(site).colour == 0;
  double field = program.field();
  std::uint64_t stride = 1;
  for (unsigned axis = 0; axis < program.shape().size(); ++axis) {
    const std::uint64_t at = site / stride % extent[axis], base = site - at * stride;
    const std::uint64_t next = base + (at + 1) % extent[axis] * stride;
    const std::uint64_t last = base + (at + extent[axis] - 1) % extent[axis] * stride;
    // A bond belongs to its end of colour 0; seen from there, the other way round.
    const double ahead = bond_sign(program, is_even ? site : next, axis, is_even);
    const double back = bond_sign(program, is_even ? site : last, axis, !is_even);
    field += program.coupling() * (ahead * values[next] + back * values[last]);
    stride *= extent[axis];
  }
  energies.assign({field, -field});
  return values[site] > 0.0 ? 1 : 0;
}

std::uint32_t state_at(const FactorProgram& program, double value, std::uint32_t site) {
  if (program.is_spin(site)) return value > 0.0;
  return static_cast<std::uint32_t>(std::clamp(value, 0.0, program.num_states(site) - 1.0));
}
bool is_updated(const FactorProgram& program, std::uint32_t site) {
  return !program.is_clamped(site);
}
void read_states(const FactorProgram& program, std::span<const double> values, States& states) {
  states.resize(values.size());
  for (std::uint32_t v = 0; v < values.size(); ++v) {
    states[v] = static_cast<Category>(state_at(program, values[v], v));
  }
}
std::uint32_t conditional_energies(const FactorProgram& program, std::span<const double>,
                                   const States& states, std::uint32_t site,
                                   std::vector<double>& energies) {
  energies.resize(program.num_states(site));
  program.conditional_energies(states, site, energies);
  return states[site];
}

// -1, +1 for two states; for more, numbers in [-1, 1] that look random, so that no permutation of
// states goes unseen.
double weight_of(std::uint32_t site, std::uint32_t state, std::size_t states) {
  if (states == 2) return state == 0 ? -1.0 : 1.0;
  std::uint64_t x = (static_cast<std::uint64_t>(site) << 32 | state) + 0x9E3779B97F4A7C15;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;  // SplitMix64 (Steele, Lea, Flood 2014)
  x = (x ^ x >> 27) * 0x94D049BB133111EB;
  return 2.0 * unit_interval(x ^ x >> 31) - 1.0;
}

// The conditional law of one site: p(k) ~ exp(-beta (E_k - lowest)).
struct Conditional {
  double mean = 0.0;      // energy
  double variance = 0.0;  // energy
  std::vector<double> p;  // [state]

  void set(std::span<const double> energies, double beta) {
    const double lowest =
        beta >= 0.0 ? *std::ranges::min_element(energies) : *std::ranges::max_element(energies);
    p.resize(energies.size());
    double z = 0.0;
    for (std::size_t k = 0; k < p.size(); ++k) {
      z += p[k] = std::exp(-beta * (energies[k] - lowest));
    }
    mean = variance = 0.0;
    for (std::size_t k = 0; k < p.size(); ++k) mean += (p[k] /= z) * energies[k];
    for (std::size_t k = 0; k < p.size(); ++k) {
      variance += p[k] * (energies[k] - mean) * (energies[k] - mean);
    }
  }
};

template <class Program>
class DiscreteScores final : public SiteScores {
 public:
  explicit DiscreteScores(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

  void evaluate(std::span<const double> values, double beta, std::span<const std::uint32_t> sites,
                std::span<SiteScore> scores) override {
    read_states(*program_, values, states_);
    for (std::size_t k = 0; k < sites.size(); ++k) {
      const auto state = conditional_energies(*program_, values, states_, sites[k], energies_);
      law_.set(energies_, beta);
      auto& out = scores[k] = {.score = law_.mean - energies_[state], .information = law_.variance};
      out.leave = 0.0;
      double mean = 0.0;
      for (std::uint32_t s = 0; s < law_.p.size(); ++s) {
        mean += law_.p[s] * weight_of(sites[k], s, law_.p.size());
        if (s != state) out.leave += law_.p[s];
      }
      for (std::uint32_t s = 0; s < law_.p.size(); ++s) {
        const double deviation = weight_of(sites[k], s, law_.p.size()) - mean;
        out.variance += law_.p[s] * deviation * deviation;
        if (s == state) out.residual = deviation;
      }
      if (offered_++ % every_ == 0) remember(state);
    }
  }

  // The mean score falls with beta. What the remembered conditionals say about its shape moves the
  // root away from the measured mean at beta.
  [[nodiscard]] double beta_at(double mean, double beta) const override {
    const double here = remembered_score(beta).first;
    const double most = 100.0 * std::max(beta, 1.0 / energy_scale());
    if (!std::isfinite(here) || !std::isfinite(mean)) return here + mean;
    const auto at = [&](double b) { return mean + remembered_score(b).first - here; };
    if (!(at(-most) > 0.0)) return -std::numeric_limits<double>::infinity();
    if (!(at(most) < 0.0)) return std::numeric_limits<double>::infinity();
    double low = -most, high = most, guess = beta;
    for (int step = 0; step < 100 && high - low > 1e-12 * most; ++step) {
      const auto [score, information] = remembered_score(guess);
      const double excess = mean + score - here;
      (excess > 0.0 ? low : high) = guess;
      const double newton = guess + excess / information;  // Newton's, where it stays inside
      const double next = newton > low && newton < high ? newton : 0.5 * (low + high);
      if (std::abs(next - guess) <= 1e-10 * most) break;
      guess = next;
    }
    return guess;
  }
  [[nodiscard]] double energy_scale() const override {
    double sum = 0.0;
    for (std::size_t e = 0; e + 1 < start_.size(); ++e) {
      const auto [low, high] = std::ranges::minmax(remembered(e));
      sum += 0.25 * (high - low) * (high - low);
    }
    const double scale = std::sqrt(sum / std::max<double>(1.0, static_cast<double>(state_.size())));
    return scale > 0.0 ? scale : 1.0;
  }
  [[nodiscard]] bool is_discrete() const noexcept override { return true; }
  [[nodiscard]] bool updates(std::uint32_t site) const override {
    return is_updated(*program_, site);
  }
  [[nodiscard]] std::uint32_t state_of(double value, std::uint32_t site) const override {
    return state_at(*program_, value, site);
  }
  [[nodiscard]] std::uint64_t num_variables() const noexcept override { return program_->size(); }
  [[nodiscard]] double cost() const noexcept override {
    return static_cast<double>(program_->size());
  }

  void save(ArchiveWriter& out) const override {
    out.put(offered_);
    out.put(every_);
    out.put(static_cast<std::uint64_t>(state_.size()));
    out.put_all<std::uint64_t>(start_);
    out.put_all<std::uint32_t>(state_);
    out.put_all<double>(kept_);
  }
  void restore(ArchiveReader& in) override {
    offered_ = in.get<std::uint64_t>();
    every_ = in.get<std::uint64_t>();
    const auto size = in.get<std::uint64_t>();
    if (size > kMostRemembered || every_ == 0) {
      fail(ErrorCode::bad_data, "checkpoint of scores: at most {} conditionals, found {}",
           kMostRemembered, size);
    }
    start_.resize(static_cast<std::size_t>(size) + 1);
    state_.resize(static_cast<std::size_t>(size));
    in.get_all<std::uint64_t>(start_);
    in.get_all<std::uint32_t>(state_);
    for (std::size_t e = 0; e < size; ++e) {
      if (start_[e] > start_[e + 1] || start_[e + 1] - start_[e] > kMostStates ||
          state_[e] >= start_[e + 1] - start_[e]) {
        fail(ErrorCode::bad_data, "checkpoint of scores: conditional {} is out of order", e);
      }
    }
    kept_.resize(static_cast<std::size_t>(start_.back()));
    in.get_all<double>(kept_);
  }

 private:
  static constexpr std::size_t kMostRemembered = 1 << 12;
  static constexpr std::size_t kMostStates = 1 << 20;

  [[nodiscard]] std::span<const double> remembered(std::size_t e) const noexcept {
    return std::span(kept_).subspan(static_cast<std::size_t>(start_[e]),
                                    static_cast<std::size_t>(start_[e + 1] - start_[e]));
  }
  void remember(std::uint32_t state) {
    kept_.insert(kept_.end(), energies_.begin(), energies_.end());
    start_.push_back(kept_.size());
    state_.push_back(state);
    if (state_.size() < kMostRemembered) return;
    // Full: every second one goes, and from now on half as many come. The step stays odd, so that
    // over time every site has its turn.
    std::vector<double> kept;
    std::vector<std::uint64_t> start{0};
    std::vector<std::uint32_t> states;
    for (std::size_t e = 0; e < state_.size(); e += 2) {
      const auto old = remembered(e);
      kept.insert(kept.end(), old.begin(), old.end());
      start.push_back(kept.size());
      states.push_back(state_[e]);
    }
    kept_ = std::move(kept);
    start_ = std::move(start);
    state_ = std::move(states);
    every_ = 2 * every_ + 1;
  }
  // Mean score of what is remembered, and minus its slope.
  [[nodiscard]] std::pair<double, double> remembered_score(double beta) const {
    Conditional law;
    double sum = 0.0, information = 0.0;
    for (std::size_t e = 0; e < state_.size(); ++e) {
      law.set(remembered(e), beta);
      sum += law.mean - remembered(e)[state_[e]];
      information += law.variance;
    }
    const auto count = static_cast<double>(state_.size());  // 0: not a number
    return {sum / count, information / count};
  }

  std::shared_ptr<const Program> program_;
  States states_;                 // scratch
  std::vector<double> energies_;  // scratch
  Conditional law_;               // scratch
  std::uint64_t offered_ = 0;
  std::uint64_t every_ = 1;
  std::vector<std::uint64_t> start_{0};  // [remembered + 1] into kept_
  std::vector<std::uint32_t> state_;     // [remembered]
  std::vector<double> kept_;             // conditional energies
};

// --- Reals.
// ---------------------------------------------------------------------------------------

class RealScores final : public SiteScores {
 public:
  RealScores(AnyGradientEnergy energy, UpdateRule rule, const MachineConfig& config, double cost)
      : energy_(std::move(energy)), rule_(rule), config_(config), cost_(cost) {}

  void evaluate(std::span<const double> values, double beta, std::span<const std::uint32_t> sites,
                std::span<SiteScore> scores) override {
    const std::size_t n = values.size();
    if (centre_.empty()) centre_.assign(values.begin(), values.end());
    gradient_.resize(n);
    energy_.gradient(values, gradient_);
    const bool curved = rule_ == UpdateRule::leimkuhler_matthews || rule_ == UpdateRule::baoab;
    if (curved) probe_curvature(values);
    const double half_step = 0.5 * config_.mu * config_.dt;
    for (std::size_t k = 0; k < sites.size(); ++k) {
      const std::uint32_t i = sites[k];
      const double g = gradient_[i];
      double known = 0.0;
      if (rule_ == UpdateRule::euler) known = half_step * g * g;
      if (rule_ == UpdateRule::leimkuhler_matthews) {
        known = half_step * (g * g - curvature_[i] / beta);
      }
      if (rule_ == UpdateRule::baoab) stiffness_ += curvature_[i];
      scores[k] = {.score = beta * ((values[i] - centre_[i]) * g - known) - 1.0,
                   .residual = std::sqrt(beta) * g};
      bias_ += beta * known;
      ++scored_;
    }
  }

  // beta <(x - c) g> = beta / beta_eff.
  [[nodiscard]] double beta_at(double mean, double beta) const override {
    return mean > -1.0 ? beta / (1.0 + mean) : std::numeric_limits<double>::infinity();
  }
  [[nodiscard]] double energy_scale() const override {
    return std::numeric_limits<double>::infinity();
  }
  [[nodiscard]] KnownBias known_bias(double /*beta*/) const override {
    if (scored_ == 0) return {};
    const auto count = static_cast<double>(scored_);
    if (rule_ == UpdateRule::baoab) {
      return {.allowance = config_.dt * config_.dt * std::abs(stiffness_ / count) / 8.0};
    }
    return {.relative = bias_ / count};
  }
  [[nodiscard]] bool is_discrete() const noexcept override { return false; }
  [[nodiscard]] std::uint64_t num_variables() const noexcept override { return energy_.size(); }
  [[nodiscard]] double cost() const noexcept override { return cost_; }

  void save(ArchiveWriter& out) const override {
    out.put(bias_);
    out.put(stiffness_);
    out.put(scored_);
    out.put(probes_);
    out.put(static_cast<std::uint64_t>(centre_.size()));
    out.put_all<double>(centre_);
  }
  void restore(ArchiveReader& in) override {
    bias_ = in.get<double>();
    stiffness_ = in.get<double>();
    scored_ = in.get<std::uint64_t>();
    probes_ = in.get<std::uint64_t>();
    const auto size = in.get<std::uint64_t>();
    if (size != 0 && size != energy_.size()) {
      fail(ErrorCode::bad_data, "checkpoint of scores: expected {} reals, found {}", energy_.size(),
           size);
    }
    centre_.resize(static_cast<std::size_t>(size));
    in.get_all<double>(centre_);
  }

 private:
  // v_i (H v)_i with random signs v has the diagonal of the Hessian as its mean (Hutchinson 1990);
  // H v by central differences of the gradient.
  void probe_curvature(std::span<const double> values) {
    const std::size_t n = values.size();
    double scale = 1.0;
    for (const double x : values) scale = std::max(scale, std::abs(x));
    const double h = 1e-5 * scale;
    const Rng rng(0x7275746177727563);
    signs_.resize(n);
    moved_.assign(values.begin(), values.end());
    curvature_.resize(n);
    above_.resize(n);
    for (std::uint32_t i = 0; i < n; ++i) {
      if (i % 64 == 0) word_ = rng.bits({.step = probes_, .site = i / 64});
      signs_[i] = (word_ >> (i % 64) & 1U) != 0 ? 1.0 : -1.0;
      moved_[i] += h * signs_[i];
    }
    energy_.gradient(moved_, above_);
    for (std::size_t i = 0; i < n; ++i) moved_[i] = values[i] - h * signs_[i];
    energy_.gradient(moved_, curvature_);
    for (std::size_t i = 0; i < n; ++i) {
      curvature_[i] = signs_[i] * (above_[i] - curvature_[i]) / (2.0 * h);
    }
    ++probes_;
  }

  AnyGradientEnergy energy_;
  UpdateRule rule_;
  MachineConfig config_;
  double cost_;
  std::vector<double> centre_;  // [variable]: the first state seen
  double bias_ = 0.0, stiffness_ = 0.0;
  std::uint64_t scored_ = 0, probes_ = 0, word_ = 0;
  std::vector<double> gradient_, curvature_, signs_, moved_, above_;  // scratch, [variable]
};

// A machine holds programs by pointer; the energy keeps that pointer.
template <GradientEnergy E>
struct Shared {
  std::shared_ptr<const E> energy_of;
  [[nodiscard]] std::uint32_t size() const { return energy_of->size(); }
  [[nodiscard]] double energy(std::span<const double> x) const { return energy_of->energy(x); }
  void gradient(std::span<const double> x, std::span<double> g) const { energy_of->gradient(x, g); }
};

}  // namespace

std::unique_ptr<SiteScores> make_site_scores(const Target& target, const MachineConfig& config) {
  const UpdateRule rule = rule_for(target, config);
  const auto reals = [&](AnyGradientEnergy energy, double cost) {
    return std::make_unique<RealScores>(std::move(energy), rule, config, cost);
  };
  if (const auto* ising = std::get_if<std::shared_ptr<const IsingProgram>>(&target)) {
    return std::make_unique<DiscreteScores<IsingProgram>>(*ising);
  }
  if (const auto* lattice = std::get_if<std::shared_ptr<const LatticeProgram>>(&target)) {
    return std::make_unique<DiscreteScores<LatticeProgram>>(*lattice);
  }
  if (const auto* factors = std::get_if<std::shared_ptr<const FactorProgram>>(&target)) {
    return std::make_unique<DiscreteScores<FactorProgram>>(*factors);
  }
  if (const auto* quadratic = std::get_if<std::shared_ptr<const QuadraticEnergy>>(&target)) {
    const double n = (*quadratic)->size();
    return reals(AnyGradientEnergy(Shared<QuadraticEnergy>{*quadratic}), n * n);
  }
  if (const auto* quartic = std::get_if<std::shared_ptr<const QuarticProgram>>(&target)) {
    const double n = (*quartic)->size();
    return reals(AnyGradientEnergy(Shared<QuarticProgram>{*quartic}),
                 (*quartic)->is_dense() ? n * n : 16.0 * n);
  }
  if (const auto* any = std::get_if<AnyGradientEnergy>(&target)) {
    return reals(*any, 16.0 * any->size());
  }
  return nullptr;
}

}  // namespace therma
