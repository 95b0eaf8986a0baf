// SPDX-License-Identifier: Apache-2.0
// Machines of requests.
#include "therma/engine/sample_machine.hpp"
#include "therma/engine/usage.hpp"

namespace therma {

SampleMachine::SampleMachine(const SampleRequest& request, const SamplePlan& plan,
                             const Resources& resources)
    : resources_(resources) {
  const Rng rng(request.config.seed);
  if (request.ranks == nullptr) {
    machine_ = std::make_unique<TimedMachine>(
        plan.kernel->make(plan.target, plan.machine, {0, plan.machine.replicas}, rng), cpu_seconds);
    return;
  }
  auto all = std::make_unique<DistributedMachine>(plan.target, plan.machine, rng, *request.ranks,
                                                  resources);
  resources_ = all->resources();
  over_ranks_ = all.get();
  machine_ = std::make_unique<TimedMachine>(std::move(all), cpu_seconds);
}

Checkpointing SampleMachine::shared(const Checkpointing& mine) const {
  return over_ranks_ == nullptr ? mine : over_ranks_->shared(mine);
}

bool writes_files(const SampleRequest& request) noexcept {
  return request.ranks == nullptr || request.ranks->rank() == 0;
}

}  // namespace therma
