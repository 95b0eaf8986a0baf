// SPDX-License-Identifier: Apache-2.0
// What the processes of one run say to each other; therma/distributed says it over MPI.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace therma {

// A rank is one of `size` processes that run the same code. gather, broadcast and exchange are
// collective: every rank makes the same calls in the same order, from one thread. They throw
// Error{remote} where another rank is gone or the network fails.
class Transport {
 public:
  virtual ~Transport() = default;

  [[nodiscard]] virtual std::uint32_t rank() const noexcept = 0;
  [[nodiscard]] virtual std::uint32_t size() const noexcept = 0;

  // Numbers of all ranks, one rank after the other, each as many as `counts` says; bits are kept.
  // mine: [counts[rank()]]; all: [sum of counts]; counts: [rank], the same everywhere.
  virtual void gather(std::span<const double> mine, std::span<const std::size_t> counts,
                      std::span<double> all) = 0;
  // The root's numbers, everywhere; as many on every rank.
  virtual void broadcast(std::span<double> values, std::uint32_t root) = 0;
  // Bytes for each rank against bytes from each. outgoing: [rank]; returns [rank].
  [[nodiscard]] virtual std::vector<std::string> exchange(
      std::span<const std::string> outgoing) = 0;

  // For a program whose work ended in an error on this rank: whether it did on every rank, which
  // takes up to a second to find out. If so all may end in order, and rank 0 alone need tell why;
  // if not, the others are at work or waiting: abandon().
  [[nodiscard]] virtual bool all_failed() noexcept = 0;
  // This rank makes no more calls: those of the others throw, or all processes end with this exit
  // status.
  virtual void abandon(int status) noexcept = 0;
};

// Bytes of all ranks, [rank].
[[nodiscard]] inline std::vector<std::string> gather_bytes(Transport& transport,
                                                           std::string_view mine) {
  return transport.exchange(std::vector<std::string>(transport.size(), std::string(mine)));
}

// A run of one process.
class LocalTransport final : public Transport {
 public:
  [[nodiscard]] std::uint32_t rank() const noexcept override { return 0; }
  [[nodiscard]] std::uint32_t size() const noexcept override { return 1; }
  void gather(std::span<const double> mine, std::span<const std::size_t> /*counts*/,
              std::span<double> all) override {
    std::copy(mine.begin(), mine.end(), all.begin());
  }
  void broadcast(std::span<double> /*values*/, std::uint32_t /*root*/) override {}
  [[nodiscard]] std::vector<std::string> exchange(std::span<const std::string> outgoing) override {
    return {outgoing.begin(), outgoing.end()};
  }
  [[nodiscard]] bool all_failed() noexcept override { return true; }
  void abandon(int /*status*/) noexcept override {}
};

}  // namespace therma
