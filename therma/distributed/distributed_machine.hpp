// SPDX-License-Identifier: Apache-2.0
// One ensemble over all ranks of a run: a machine whose replicas lie on many processes.
#pragma once

#include <exception>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "therma/dynamics/machine.hpp"
#include "therma/dynamics/sampling.hpp"
#include "therma/dynamics/transport.hpp"

namespace therma {

// Replicas in parts as equal as can be, cut at multiples of `lanes`; fewer parts where there are
// fewer blocks of lanes. [part]
[[nodiscard]] std::vector<ReplicaRange> split_replicas(std::uint32_t replicas, std::uint32_t lanes,
                                                       std::uint32_t parts);

// Every rank runs the same code on it, with the same arguments, and sees all replicas: annealing,
// tempering, population annealing and sampling need not know. The numbers are those of one machine
// on one process, whatever the number of ranks; but where resample() makes a copy, that is what
// read() and write() carry: float caches and momenta are made afresh, on any number of ranks.
// All members are collective but those that are noexcept and resources(). An error on one rank is
// thrown on all: its own there, Error{remote} with its message elsewhere.
class DistributedMachine final : public Machine {
 public:
  // The kernel is chosen from the table; all ranks must choose alike. `resources` are those of
  // this rank: their stop token and deadline are asked after each advance(), and stop all ranks as
  // soon as one rank's say so. Borrows the transport.
  DistributedMachine(const Target& target, const MachineConfig& config, const Rng& rng,
                     Transport& transport, const Resources& resources = {});

  // For methods that run on this machine, instead of this rank's own: stopped on all ranks at the
  // same point, and telling progress on rank 0 alone.
  [[nodiscard]] Resources resources() const;
  // This rank's checkpointing, of which rank 0's is carried out: its bytes are read, it says when a
  // checkpoint is due and writes it. The result must not outlive the machine.
  [[nodiscard]] Checkpointing shared(const Checkpointing& mine);

  [[nodiscard]] std::uint64_t num_variables() const noexcept override { return num_variables_; }
  [[nodiscard]] std::uint32_t num_replicas() const noexcept override { return config_.replicas; }
  void advance(std::span<const double> betas, std::uint64_t steps,
               const Resources& resources) override;
  void energies(std::span<double> energies, const Resources& resources) const override;
  void read(std::uint32_t replica, std::span<double> values) const override;
  void write(std::uint32_t replica, std::span<const double> values) override;
  // One exchange for all replicas after each change.
  [[nodiscard]] double mean_value(std::uint32_t replica) const override;
  void resample(std::span<const std::uint32_t> parents) override;
  [[nodiscard]] MachineTally tally() const noexcept override { return tally_; }

  // On every rank the bytes of all parts; restored by any number of ranks, which then take the
  // parts as they were cut. Memory: all parts, on each rank.
  [[nodiscard]] std::string save() const override;
  void restore(std::string_view bytes) override;

 private:
  struct Part {
    ReplicaRange range;
    std::unique_ptr<Machine> machine;  // null where another rank holds it
  };

  // Ranks that hold no replica learn the number of variables from those that do.
  void learn_size();
  void lay_out(const std::vector<ReplicaRange>& ranges);
  [[nodiscard]] std::uint32_t rank_of_part(std::size_t part) const noexcept;
  [[nodiscard]] std::uint32_t rank_of(std::uint32_t replica) const noexcept;
  [[nodiscard]] const Part& part_with(std::uint32_t replica) const noexcept;

  // What one call made of this rank's share, told to all: their numbers in order of ranks, or the
  // error of one of them. mine: [counts[rank]], anything where there is an error.
  std::vector<double> settle(const std::exception_ptr& error, std::span<const double> mine,
                             std::span<const std::size_t> counts) const;
  [[nodiscard]] std::vector<std::size_t> nothing() const {
    return std::vector<std::size_t>(transport_.size(), 0);
  }
  // Where some rank failed: this rank's error, or in its place that of the first that did.
  [[noreturn]] void throw_together(const std::exception_ptr& error) const;
  // Runs this rank's share of a change and settles it, tallies and the wish to stop included.
  template <class Work>
  void change_together(Work&& work);
  // One number per replica, from its owner's work(part, its numbers).
  template <class Work>
  [[nodiscard]] std::vector<double> one_each(Work&& work) const;

  Target target_;
  MachineConfig config_;
  const KernelEntry* entry_ = nullptr;
  Rng rng_;
  Transport& transport_;
  Resources mine_;
  std::uint64_t num_variables_ = 0;
  std::vector<Part> parts_;          // all of them, in order of replicas
  std::vector<std::size_t> counts_;  // [rank] replicas there
  MachineTally tally_;
  std::string resume_;                       // rank 0's bytes, for shared()
  std::stop_source stop_;                    // of all ranks
  mutable std::vector<double> mean_values_;  // [replica] or empty: of the present state
};

}  // namespace therma
