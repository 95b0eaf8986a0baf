// SPDX-License-Identifier: Apache-2.0
// The machine of a request to draw: on this process, or over all ranks of a run.
#pragma once

#include <memory>

#include "therma/distributed/distributed_machine.hpp"
#include "therma/engine/sample_plan.hpp"
#include "therma/engine/timed_machine.hpp"

namespace therma {

class SampleMachine {
 public:
  SampleMachine(const SampleRequest& request, const SamplePlan& plan, const Resources& resources);

  [[nodiscard]] Machine& operator*() const noexcept { return *machine_; }
  [[nodiscard]] Machine* operator->() const noexcept { return machine_.get(); }
  // Processor time of the updates alone, on this process.
  [[nodiscard]] double update_s() const noexcept { return machine_->update_s(); }
  // For methods that move it: on ranks, stopped together.
  [[nodiscard]] const Resources& resources() const noexcept { return resources_; }
  // On ranks, the first one's.
  [[nodiscard]] Checkpointing shared(const Checkpointing& mine) const;

 private:
  std::unique_ptr<TimedMachine> machine_;
  DistributedMachine* over_ranks_ = nullptr;  // what is timed, where it is one
  Resources resources_;
};

// Of the ranks of a request, the one that writes; a process on its own does.
[[nodiscard]] bool writes_files(const SampleRequest& request) noexcept;

}  // namespace therma
