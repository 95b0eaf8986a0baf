// SPDX-License-Identifier: Apache-2.0
// The standard observers of samples: traces, whole states, the lowest states seen.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "therma/dynamics/best_states.hpp"
#include "therma/dynamics/sampling.hpp"

namespace therma {

// One number per sample and replica.
class Trace : public SampleObserver {
 public:
  // What is recorded names itself in checkpoints.
  explicit Trace(std::string_view kind) : kind_(kind) {}

  [[nodiscard]] std::size_t num_chains() const noexcept { return chains_.size(); }
  [[nodiscard]] std::span<const double> chain(std::size_t replica) const {  // [draw]
    return chains_[replica];
  }
  [[nodiscard]] std::string save() const override;
  void restore(std::string_view bytes) override;

 protected:
  void add(std::uint32_t replica, double value) { chains_[replica].push_back(value); }
  void set_chains(std::uint32_t num_replicas) { chains_.resize(num_replicas); }

 private:
  std::string_view kind_;
  std::vector<std::vector<double>> chains_;  // [replica, draw]
};

class EnergyTrace final : public Trace {
 public:
  EnergyTrace() : Trace("energy trace") {}
  void on_sample(const Machine& machine, std::span<const double> energies, double beta) override;
};

// Mean over the variables of each replica: the magnetisation of spins.
class MeanTrace final : public Trace {
 public:
  MeanTrace() : Trace("mean trace") {}
  void on_sample(const Machine& machine, std::span<const double> energies, double beta) override;
};

// Every state of every sample. T: std::int8_t for spins and for categories below 128, else float.
template <class T>
class StateRecorder final : public SampleObserver {
  static_assert(std::is_same_v<T, std::int8_t> || std::is_same_v<T, float>);

 public:
  // Throws Error{invalid_argument} where max_draws samples of all replicas need more than
  // max_bytes.
  StateRecorder(const Machine& machine, std::uint64_t max_draws, std::uint64_t max_bytes);

  [[nodiscard]] std::size_t num_chains() const noexcept { return chains_.size(); }
  [[nodiscard]] std::uint64_t num_variables() const noexcept { return num_variables_; }
  [[nodiscard]] std::uint64_t num_draws() const noexcept {
    return num_variables_ == 0 ? 0 : chains_.front().size() / num_variables_;
  }
  [[nodiscard]] std::span<const T> chain(std::size_t replica) const {  // [draw, variable]
    return chains_[replica];
  }

  // Throws Error{invalid_argument} on a value that T does not hold, or a draw beyond max_draws.
  void on_sample(const Machine& machine, std::span<const double> energies, double beta) override;
  [[nodiscard]] std::string save() const override;
  void restore(std::string_view bytes) override;

 private:
  std::uint64_t num_variables_;
  std::uint64_t max_draws_;
  std::vector<std::vector<T>> chains_;  // [replica, draw, variable]
};

extern template class StateRecorder<std::int8_t>;
extern template class StateRecorder<float>;

// The lowest distinct states among the samples, lowest first; of equal energy, first seen first.
class LowestStates final : public SampleObserver {
 public:
  // Throws Error{invalid_argument} unless count > 0.
  explicit LowestStates(std::uint32_t count) : found_(count, false) {}

  [[nodiscard]] std::span<const FoundState> states() const noexcept { return found_.states(); }

  void on_sample(const Machine& machine, std::span<const double> energies,
                 double /*beta*/) override {
    found_.offer_all(machine, energies);
  }
  [[nodiscard]] std::string save() const override { return found_.save(); }
  void restore(std::string_view bytes) override { found_.restore(bytes); }

 private:
  BestStates found_;
};

}  // namespace therma
