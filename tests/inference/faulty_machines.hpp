// SPDX-License-Identifier: Apache-2.0
// Machines with one fault each, for certificates to find.
#pragma once

#include <cmath>
#include <memory>
#include <vector>

#include "tests/inference/certified_runs.hpp"

namespace therma::testing {

using Fault = std::function<std::unique_ptr<Machine>(std::unique_ptr<Machine>)>;

template <class M, class... Args>
[[nodiscard]] Fault fault(Args... args) {
  return [=](std::unique_ptr<Machine> inner) {
    return std::make_unique<M>(std::move(inner), args...);
  };
}

// Two replicas show the same chain.
class Duplicates final : public Wrapped {
 public:
  using Wrapped::Wrapped;
  void energies(std::span<double> energies, const Resources& r) const override {
    Wrapped::energies(energies, r);
    energies[num_replicas() - 1] = energies[0];
  }
  void read(std::uint32_t replica, std::span<double> values) const override {
    Wrapped::read(replica + 1 == num_replicas() ? 0 : replica, values);
  }
};

// Replicas that share random bits now and then: every `period` steps two of them meet.
class Meeting final : public Wrapped {
 public:
  Meeting(std::unique_ptr<Machine> inner, std::uint64_t period)
      : Wrapped(std::move(inner)), period_(period) {}
  void advance(std::span<const double> betas, std::uint64_t steps, const Resources& r) override {
    Wrapped::advance(betas, steps, r);
    if ((done_ += steps) % period_ != 0) return;
    std::vector<std::uint32_t> parents(num_replicas());
    for (std::uint32_t k = 0; k < parents.size(); ++k) parents[k] = k;
    parents[1] = 0;
    resample(parents);
  }

 private:
  std::uint64_t period_;
  std::uint64_t done_ = 0;
};

// Some variables of some replicas keep the value they start with.
class Stuck final : public Wrapped {
 public:
  static constexpr std::uint32_t kAll = 0xFFFFFFFF;
  Stuck(std::unique_ptr<Machine> inner, std::uint32_t replica, std::uint32_t variable)
      : Wrapped(std::move(inner)), replica_(replica), variable_(variable) {
    for (std::uint32_t r = 0; r < num_replicas(); ++r) {
      first_.emplace_back(num_variables());
      read(r, first_.back());
    }
  }
  void advance(std::span<const double> betas, std::uint64_t steps, const Resources& res) override {
    std::vector<double> values(num_variables());
    for (std::uint64_t step = 0; step < steps; ++step) {
      Wrapped::advance(betas, 1, res);
      for (std::uint32_t r = 0; r < num_replicas(); ++r) {
        if (replica_ != kAll && replica_ != r) continue;
        read(r, values);
        for (std::uint32_t v = 0; v < values.size(); ++v) {
          if (variable_ == kAll || variable_ == v) values[v] = first_[r][v];
        }
        write(r, values);
      }
    }
  }

 private:
  std::uint32_t replica_, variable_;
  std::vector<std::vector<double>> first_;  // [replica][variable]
};

// Starts in one well, all but replica 0.
class Trapped final : public Wrapped {
 public:
  explicit Trapped(std::unique_ptr<Machine> inner) : Wrapped(std::move(inner)) {
    for (std::uint32_t r = 0; r < num_replicas(); ++r) {
      write(r, std::vector<double>(num_variables(), r == 0 ? -1.0 : 1.0));
    }
  }
};

// One energy of one sample is not a number.
class Broken final : public Wrapped {
 public:
  Broken(std::unique_ptr<Machine> inner, std::uint64_t at) : Wrapped(std::move(inner)), at_(at) {}
  void energies(std::span<double> energies, const Resources& r) const override {
    Wrapped::energies(energies, r);
    if (seen_++ == at_) energies[1] = std::nan("");
  }

 private:
  std::uint64_t at_;
  mutable std::uint64_t seen_ = 0;
};

}  // namespace therma::testing
