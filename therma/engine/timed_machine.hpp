// SPDX-License-Identifier: Apache-2.0
// A machine that counts the processor time of its updates, apart from looking at them.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "therma/dynamics/machine.hpp"

namespace therma {

class TimedMachine final : public Machine {
 public:
  // now_s: processor seconds of the whole process.
  TimedMachine(std::unique_ptr<Machine> machine, double (*now_s)())
      : machine_(std::move(machine)), now_s_(now_s) {}

  [[nodiscard]] double update_s() const noexcept { return update_s_; }

  [[nodiscard]] std::uint64_t num_variables() const noexcept override {
    return machine_->num_variables();
  }
  [[nodiscard]] std::uint32_t num_replicas() const noexcept override {
    return machine_->num_replicas();
  }
  void advance(std::span<const double> betas, std::uint64_t steps,
               const Resources& resources) override {
    const double before_s = now_s_();
    machine_->advance(betas, steps, resources);
    update_s_ += now_s_() - before_s;
  }
  void energies(std::span<double> energies, const Resources& resources) const override {
    machine_->energies(energies, resources);
  }
  void read(std::uint32_t replica, std::span<double> values) const override {
    machine_->read(replica, values);
  }
  void write(std::uint32_t replica, std::span<const double> values) override {
    machine_->write(replica, values);
  }
  [[nodiscard]] double mean_value(std::uint32_t replica) const override {
    return machine_->mean_value(replica);
  }
  void resample(std::span<const std::uint32_t> parents) override { machine_->resample(parents); }
  [[nodiscard]] MachineTally tally() const noexcept override { return machine_->tally(); }
  [[nodiscard]] std::string save() const override { return machine_->save(); }
  void restore(std::string_view bytes) override { machine_->restore(bytes); }

 private:
  std::unique_ptr<Machine> machine_;
  double (*now_s_)();
  double update_s_ = 0.0;
};

}  // namespace therma
