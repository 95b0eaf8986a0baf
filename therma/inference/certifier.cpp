// SPDX-License-Identifier: Apache-2.0
// Collecting what the gates need, sample by sample; checkpoints of it.
#include "therma/inference/certifier.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "therma/core/error.hpp"
#include "therma/inference/enumerate.hpp"

namespace therma {
namespace {

constexpr std::size_t kTraceNumbers = 1 << 18;  // of one observable
constexpr std::uint32_t kMostTraced = 1024;
constexpr std::uint32_t kMostReaders = 256;
constexpr std::uint32_t kScoresPerSample = 4096;
constexpr std::uint64_t kMostRead = 1 << 24;  // variables
constexpr double kMostStates = 1 << 20;       // for total variation

std::uint64_t mix(std::uint64_t x) {  // SplitMix64 (Steele, Lea, Flood 2014)
  x += 0x9E3779B97F4A7C15;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
  x = (x ^ x >> 27) * 0x94D049BB133111EB;
  return x ^ x >> 31;
}

// `count` of `all`, evenly spread.
std::vector<std::uint32_t> spread(std::uint64_t all, std::uint64_t count) {
  std::vector<std::uint32_t> places;
  for (std::uint64_t k = 0; k < count; ++k) {
    places.push_back(static_cast<std::uint32_t>(k * all / count));
  }
  return places;
}

std::size_t rows_for(std::size_t chains) {
  return std::clamp<std::size_t>(std::bit_floor(kTraceNumbers / std::max<std::size_t>(chains, 1)),
                                 256, kTraceNumbers);
}

// Beside the mean, which sees all variables alike: half of them count negative, by their hash.
double projection(std::span<const double> values) {
  double sum = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += (mix(i) & 1U) != 0 ? values[i] : -values[i];
  }
  return sum / static_cast<double>(values.size());
}

}  // namespace

Certifier::Certifier(Target target, const MachineConfig& machine, const CertifierConfig& config)
    : target_(std::move(target)),
      machine_(machine),
      config_(checked(config)),
      scores_(make_site_scores(target_, machine)) {}

Certifier::~Certifier() = default;

void Certifier::prepare(std::uint64_t variables, std::uint32_t replicas) {
  num_variables_ = variables;
  num_replicas_ = replicas;
  traced_ = spread(replicas, std::min(replicas, kMostTraced));
  fast_ = TraceStore(TraceStore::Keeps::points, 2 * traced_.size(), rows_for(traced_.size()));
  history_.assign(replicas, 0);
  if (variables > kMostRead) scores_ = nullptr;
  if (scores_ == nullptr) return;
  if (scores_->is_discrete() && variables <= 20) {
    small_ = small_model(target_, kMostStates);
  }

  std::vector<std::uint32_t> updated;
  for (std::uint32_t v = 0; v < variables; ++v) {
    if (scores_->updates(v)) updated.push_back(v);
  }
  if (updated.empty()) scores_ = nullptr;
  if (scores_ == nullptr) return;
  const auto num_sites = std::min<std::uint64_t>(updated.size(), config_.max_sites);
  sites_ = spread(updated.size(), num_sites);
  for (auto& site : sites_) site = updated[site];
  const auto budget = static_cast<double>(config_.values_per_sample);
  const double affordable =
      std::min<double>(budget / scores_->cost(), kScoresPerSample / static_cast<double>(num_sites));
  const auto readers = static_cast<std::uint32_t>(
      std::clamp<double>(affordable, 1.0, std::min(replicas, kMostReaders)));
  read_ = spread(replicas, readers);
  read_every_ = static_cast<std::uint64_t>(std::max(1.0, std::ceil(scores_->cost() / budget)));

  const std::size_t rows = rows_for(readers);
  slow_ = TraceStore(TraceStore::Keeps::points, (small_ ? 2U : 1U) * read_.size(), rows);
  zero_ = TraceStore(TraceStore::Keeps::means, 2 * read_.size(), rows);
  blocks_ = SiteBlocks(sites_.size());
  if (small_) visits_.assign(static_cast<std::size_t>(num_joint_states(*small_)), 0);
  previous_.assign(read_.size() * sites_.size(), 0.0);
  site_leave_.assign(sites_.size(), 0.0);
  site_changes_.assign(sites_.size(), 0);
  reader_leave_.assign(read_.size(), 0.0);
  reader_changes_.assign(read_.size(), 0);
  values_.resize(num_variables_);
  site_scores_.resize(sites_.size());
}

void Certifier::on_sample(const Machine& machine, std::span<const double> energies, double beta) {
  if (num_replicas_ == 0) prepare(machine.num_variables(), machine.num_replicas());
  if (machine.num_replicas() != num_replicas_ || energies.size() != num_replicas_) {
    fail(ErrorCode::invalid_argument, "certificate: expected {} replicas, found {}", num_replicas_,
         machine.num_replicas());
  }
  if (samples_ == 0) beta_ = beta;
  beta_varies_ = beta_varies_ || !(beta == beta_);
  look_at_energies(machine, energies);
  // At infinite beta conditionals have no scores: the rule is greedy, and finish() says so.
  const bool looks = !read_.empty() && std::isfinite(beta) && samples_ % read_every_ == 0;
  if (looks) look_at_states(machine, beta);
  ++samples_;
}

void Certifier::look_at_energies(const Machine& machine, std::span<const double> energies) {
  finite_ = finite_ && all_finite(energies);
  for (std::size_t r = 0; r < history_.size(); ++r) {
    history_[r] = mix(history_[r] ^ std::bit_cast<std::uint64_t>(energies[r]));
  }
  if (!fast_.wants_next()) return fast_.skip();
  row_.clear();
  for (const auto r : traced_) row_.push_back(energies[r]);
  for (const auto r : traced_) row_.push_back(machine.mean_value(r));
  finite_ = finite_ && all_finite(row_);
  fast_.add(row_);
}

void Certifier::look_at_states(const Machine& machine, double beta) {
  const std::size_t readers = read_.size(), num_sites = sites_.size();
  std::vector<double> slow((small_ ? 2U : 1U) * readers), zero(2 * readers);
  for (std::size_t k = 0; k < readers; ++k) {
    machine.read(read_[k], values_);
    slow[k] = projection(values_);
    if (small_) {
      std::size_t state = 0;
      for (std::size_t v = values_.size(); v-- > 0;) {
        const auto site = static_cast<std::uint32_t>(v);
        state = state * small_->states[v] + scores_->state_of(values_[v], site);
      }
      slow[readers + k] = static_cast<double>(state);
      ++visits_[state];
    }
    scores_->evaluate(values_, beta, sites_, site_scores_);
    for (std::size_t s = 0; s < num_sites; ++s) {
      const auto& score = site_scores_[s];
      zero[k] += score.score / static_cast<double>(num_sites);
      zero[readers + k] += score.residual / static_cast<double>(num_sites);
      score_information_ += score.information;
      residual_variance_ += score.variance;
      auto& before = previous_[k * num_sites + s];
      const double now = values_[sites_[s]];
      if (scored_ >= readers * num_sites) {  // not the first sample
        site_leave_[s] += score.leave;
        reader_leave_[k] += score.leave;
        site_changes_[s] += before != now;
        reader_changes_[k] += before != now;
      }
      before = now;
    }
    blocks_.add(site_scores_);
  }
  finite_ = finite_ && all_finite(slow) && all_finite(zero);
  scored_ += readers * num_sites;
  blocks_.end_sample();
  slow_.add(slow);
  zero_.add(zero);
}

std::vector<Observable> Certifier::observables() const {
  const auto chains = traced_.size();
  std::vector<Observable> result;
  result.push_back({"energy", fast_.columns(0, chains), chains, fast_.stride()});
  result.push_back({"mean value", fast_.columns(chains, chains), chains, fast_.stride()});
  if (!read_.empty()) {
    result.push_back(
        {"projection", slow_.columns(0, read_.size()), read_.size(), slow_.stride() * read_every_});
  }
  return result;
}

std::string Certifier::save() const {
  ArchiveWriter out("certificate", 0, 0);
  out.put(num_variables_);
  out.put(num_replicas_);
  out.put(samples_);
  out.put(beta_);
  out.put(beta_varies_);
  out.put(finite_);
  if (num_replicas_ == 0) return std::move(out).bytes();
  out.put(score_information_);
  out.put(residual_variance_);
  out.put(scored_);
  fast_.save(out);
  out.put_all<std::uint64_t>(history_);
  if (scores_ == nullptr) return std::move(out).bytes();
  slow_.save(out);
  zero_.save(out);
  blocks_.save(out);
  scores_->save(out);
  out.put_all<std::uint64_t>(visits_);
  out.put_all<double>(previous_);
  out.put_all<double>(site_leave_);
  out.put_all<double>(reader_leave_);
  out.put_all<std::uint64_t>(site_changes_);
  out.put_all<std::uint64_t>(reader_changes_);
  return std::move(out).bytes();
}

void Certifier::restore(std::string_view bytes) {
  ArchiveReader in(bytes, "certificate", 0, 0);
  const auto variables = in.get<std::uint64_t>();
  const auto replicas = in.get<std::uint32_t>();
  if (replicas > bytes.size()) {  // history alone takes 8 bytes for each
    fail(ErrorCode::bad_data, "checkpoint of a certificate: {} replicas do not fit", replicas);
  }
  samples_ = in.get<std::uint64_t>();
  beta_ = in.get<double>();
  beta_varies_ = in.get<bool>();
  finite_ = in.get<bool>();
  num_replicas_ = 0;
  if (replicas == 0) return in.finish();
  if (scores_ != nullptr && variables != scores_->num_variables()) {
    fail(ErrorCode::bad_data, "checkpoint of a certificate: expected {} variables, found {}",
         scores_->num_variables(), variables);
  }
  prepare(variables, replicas);
  score_information_ = in.get<double>();
  residual_variance_ = in.get<double>();
  scored_ = in.get<std::uint64_t>();
  fast_.restore(in);
  in.get_all<std::uint64_t>(history_);
  if (scores_ == nullptr) return in.finish();
  slow_.restore(in);
  zero_.restore(in);
  blocks_.restore(in);
  scores_->restore(in);
  in.get_all<std::uint64_t>(visits_);
  in.get_all<double>(previous_);
  in.get_all<double>(site_leave_);
  in.get_all<double>(reader_leave_);
  in.get_all<std::uint64_t>(site_changes_);
  in.get_all<std::uint64_t>(reader_changes_);
  in.finish();
}

}  // namespace therma
