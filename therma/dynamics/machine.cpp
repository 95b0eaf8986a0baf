// SPDX-License-Identifier: Apache-2.0
// The table of kernels, and which of them a target gets.
#include "therma/dynamics/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "therma/core/error.hpp"
#include "therma/dynamics/kernels/kernels.hpp"
#include "therma/energy/factor.hpp"
#include "therma/energy/harmonic.hpp"
#include "therma/energy/ising.hpp"
#include "therma/energy/lattice.hpp"
#include "therma/energy/quartic.hpp"

namespace therma {
namespace {

// The whole list, in order of preference; nothing registers itself.
constexpr const KernelEntry* kTable[] = {
    &kernels::kLatticeBits,  &kernels::kDenseSpins, &kernels::kDenseChain,
    &kernels::kNetworkLanes, &kernels::kBitSliced,  &kernels::kColourLanes,
    &kernels::kReplicaLanes, &kernels::kScalar,
};

const KernelEntry* find(std::string_view name) {
  const auto* found = std::ranges::find(kTable, name, &KernelEntry::name);
  return found == std::end(kTable) ? nullptr : *found;
}

}  // namespace

std::span<const std::string_view> enum_names(UpdateRule) noexcept {
  static constexpr std::string_view kNames[] = {
      "automatic", "heat_bath", "metropolis", "euler", "leimkuhler_matthews", "baoab", "mala"};
  return kNames;
}

std::span<const KernelEntry* const> kernel_table() noexcept { return kTable; }

const KernelEntry& choose_kernel(const Target& target, const MachineConfig& config) {
  checked(config);
  if (config.kernel == "auto") {
    std::string reason;
    for (const auto* entry : kTable) {
      reason = entry->refusal(target, config);
      if (reason.empty() && entry->prefers(target, config)) return *entry;
    }
    fail(ErrorCode::invalid_argument, "rule: {}", reason);  // the scalar twin's own
  }
  const auto* entry = find(config.kernel);
  if (entry == nullptr) {
    std::vector<std::string_view> names{"auto"};
    for (const auto* known : kTable) names.push_back(known->name);
    fail(ErrorCode::invalid_argument, "kernel: must be one of {}, got \"{}\"",
         fmt::join(names, ", "), config.kernel);
  }
  if (const auto reason = entry->refusal(target, config); !reason.empty()) {
    fail(ErrorCode::invalid_argument, "kernel: {} {}", entry->name, reason);
  }
  return *entry;
}

UpdateRule rule_for(const Target& target, const MachineConfig& config) noexcept {
  if (config.rule != UpdateRule::automatic) return config.rule;
  return is_discrete(target) ? UpdateRule::heat_bath : UpdateRule::leimkuhler_matthews;
}

bool is_discrete(const Target& target) noexcept {
  return target.index() < 3;  // Ising, lattice, factors
}

std::uint64_t num_variables(const Target& target) {
  return std::visit(
      [](const auto& held) -> std::uint64_t {
        if constexpr (requires { held->size(); }) {
          return held->size();
        } else {
          return held.size();
        }
      },
      target);
}

double Machine::mean_value(std::uint32_t replica) const {
  std::vector<double> values(num_variables());
  read(replica, values);
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace therma
