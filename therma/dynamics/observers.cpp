// SPDX-License-Identifier: Apache-2.0
// What the standard observers record, and their part of a checkpoint.
#include "therma/dynamics/observers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "therma/core/archive.hpp"
#include "therma/core/error.hpp"

namespace therma {

std::string Trace::save() const {
  const std::size_t draws = chains_.empty() ? 0 : chains_.front().size();
  ArchiveWriter out(kind_, draws, chains_.size());
  for (const auto& chain : chains_) out.put_all<double>(chain);
  return std::move(out).bytes();
}

void Trace::restore(std::string_view bytes) {
  ArchiveReader in(bytes, kind_);
  in.require(in.count(), in.size());
  in.require(in.count() * in.size(), sizeof(double));
  chains_.assign(in.count(), std::vector<double>(in.size()));
  for (auto& chain : chains_) in.get_all<double>(chain);
  in.finish();
}

void EnergyTrace::on_sample(const Machine& machine, std::span<const double> energies,
                            double /*beta*/) {
  set_chains(machine.num_replicas());
  for (std::uint32_t r = 0; r < machine.num_replicas(); ++r) add(r, energies[r]);
}

void MeanTrace::on_sample(const Machine& machine, std::span<const double> /*energies*/,
                          double /*beta*/) {
  set_chains(machine.num_replicas());
  for (std::uint32_t r = 0; r < machine.num_replicas(); ++r) add(r, machine.mean_value(r));
}

template <class T>
StateRecorder<T>::StateRecorder(const Machine& machine, std::uint64_t max_draws,
                                std::uint64_t max_bytes)
    : num_variables_(machine.num_variables()),
      max_draws_(max_draws),
      chains_(machine.num_replicas()) {
  const double wanted = static_cast<double>(chains_.size()) * static_cast<double>(max_draws) *
                        static_cast<double>(num_variables_) * sizeof(T);
  if (!(wanted <= static_cast<double>(max_bytes))) {
    fail(ErrorCode::invalid_argument,
         "samples: {} chains x {} draws x {} variables of {} bytes need {:.3g} MB, more than the "
         "{:.3g} MB allowed: take fewer draws, thin more",
         chains_.size(), max_draws, num_variables_, sizeof(T), wanted * 1e-6,
         static_cast<double>(max_bytes) * 1e-6);
  }
}

template <class T>
void StateRecorder<T>::on_sample(const Machine& machine, std::span<const double> /*energies*/,
                                 double /*beta*/) {
  if (num_draws() >= max_draws_) {
    fail(ErrorCode::invalid_argument, "samples: more than the {} draws that were announced",
         max_draws_);
  }
  std::vector<double> values(num_variables_);
  for (std::uint32_t r = 0; r < machine.num_replicas(); ++r) {
    machine.read(r, values);
    chains_[r].reserve(max_draws_ * num_variables_);
    for (const double value : values) {
      if (std::is_integral_v<T> && !(std::abs(value) <= std::numeric_limits<std::int8_t>::max())) {
        fail(ErrorCode::invalid_argument, "samples: {} does not fit into a byte", value);
      }
      chains_[r].push_back(static_cast<T>(value));
    }
  }
}

template <class T>
std::string StateRecorder<T>::save() const {
  ArchiveWriter out("recorded states", num_variables_ * sizeof(T), chains_.size());
  out.put(num_draws());
  for (const auto& chain : chains_) out.put_all<T>(chain);
  return std::move(out).bytes();
}

template <class T>
void StateRecorder<T>::restore(std::string_view bytes) {
  ArchiveReader in(bytes, "recorded states", num_variables_ * sizeof(T), chains_.size());
  const auto draws = in.get<std::uint64_t>();
  if (draws > max_draws_) {
    fail(ErrorCode::bad_data,
         "checkpoint of \"recorded states\": expected at most {} draws, found {}", max_draws_,
         draws);
  }
  in.require(draws, num_variables_ * sizeof(T));
  for (auto& chain : chains_) {
    chain.resize(draws * num_variables_);
    in.get_all<T>(chain);
  }
  in.finish();
}

template class StateRecorder<std::int8_t>;
template class StateRecorder<float>;

}  // namespace therma
