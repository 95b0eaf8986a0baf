// SPDX-License-Identifier: Apache-2.0
// The processes that one run is spread over, as a door sees them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "therma/dynamics/transport.hpp"

namespace therma {

// One process, unless mpirun started several. Made once in the life of a program; docs/guide/
// clusters.md.
class Ranks {
 public:
  // What mpirun sets in the environment of the processes it starts: a program looks for one of
  // them.
  [[nodiscard]] static std::span<const char* const> launch_variables() noexcept;
  // launched: whether it found one. Throws Error{device} where this build has no MPI.
  explicit Ranks(bool launched);

  // Of several, the first alone prints and writes.
  [[nodiscard]] bool is_first() const noexcept { return !transport_ || transport_->rank() == 0; }
  // Null for a process on its own.
  [[nodiscard]] Transport* transport() const noexcept { return transport_.get(); }
  // The first one's number, on all of them; collective.
  [[nodiscard]] std::uint64_t of_first(std::uint64_t mine) const;

  // For an error that ends this process: tell(), unless the first one tells the same for all; then,
  // where the others are still at work, ends them too with this status.
  template <class Tell>
  void end(int status, Tell&& tell) const {
    const bool shared = !transport_ || transport_->all_failed();
    if (is_first() || !shared) tell();
    if (!shared) transport_->abandon(status);
  }

 private:
  std::unique_ptr<Transport> transport_;
};

}  // namespace therma
