// SPDX-License-Identifier: Apache-2.0
// How an ensemble is cut, and how ranks agree on what each of them did.
#include "therma/distributed/distributed_machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "therma/core/archive.hpp"
#include "therma/core/error.hpp"
#include "therma/distributed/packing.hpp"

namespace therma {
namespace {

constexpr std::string_view kKind = "distributed machine";

std::string message_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an error without a message";
  }
}

// The error that work() threw, or null.
template <class Work>
std::exception_ptr attempt(Work&& work) {
  try {
    work();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

// What all ranks must have alike: the kernel, the config, the seed.
std::string fingerprint(const KernelEntry& entry, const MachineConfig& config, const Rng& rng) {
  std::string text = fmt::format("kernel {}, draws {:016x}", entry.name, rng.bits({}));
  for (const auto& field : read_fields_of(config)) {
    text += fmt::format(", {} {}", field.name, field.text());
  }
  return text;
}

// That the ranges, one after the other, are all replicas, cut where a kernel may be.
void check_cover(std::span<const ReplicaRange> ranges, std::uint32_t replicas,
                 std::uint32_t lanes) {
  std::uint64_t next = 0;
  for (const auto& range : ranges) {
    if (range.first != next || next % lanes != 0 || range.count == 0) {
      fail(ErrorCode::bad_data,
           "checkpoint of \"{}\": {} replicas from {} do not follow the first {}", kKind,
           range.count, range.first, next);
    }
    next += range.count;
  }
  if (next != replicas) {
    fail(ErrorCode::bad_data, "checkpoint of \"{}\": expected {} replicas, found {}", kKind,
         replicas, next);
  }
}

// Integers as the bits of a double, which is what travels.
double as_number(std::uint64_t value) noexcept { return std::bit_cast<double>(value); }
std::uint64_t as_count(double number) noexcept { return std::bit_cast<std::uint64_t>(number); }

}  // namespace

std::vector<ReplicaRange> split_replicas(std::uint32_t replicas, std::uint32_t lanes,
                                         std::uint32_t parts) {
  const std::uint64_t blocks = (std::uint64_t{replicas} + lanes - 1) / lanes;
  const std::uint64_t num_parts = std::min<std::uint64_t>(parts, blocks);
  std::vector<ReplicaRange> ranges;
  for (std::uint64_t part = 0; part < num_parts; ++part) {
    const auto first = static_cast<std::uint32_t>(part * blocks / num_parts * lanes);
    const auto end = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(replicas, (part + 1) * blocks / num_parts * lanes));
    ranges.push_back({.first = first, .count = end - first});
  }
  return ranges;
}

DistributedMachine::DistributedMachine(const Target& target, const MachineConfig& config,
                                       const Rng& rng, Transport& transport,
                                       const Resources& resources)
    : target_(target), config_(config), rng_(rng), transport_(transport), mine_(resources) {
  std::string print;
  const auto error = attempt([&] {
    entry_ = &choose_kernel(target, config);
    print = fingerprint(*entry_, config, rng);
  });
  settle(error, {}, nothing());
  const auto prints = gather_bytes(transport, print);
  for (std::size_t rank = 1; rank < prints.size(); ++rank) {
    if (prints[rank] == prints[0]) continue;
    fail(ErrorCode::invalid_argument,
         "ranks must run the same thing: rank 0 has {}; rank {} has {}", prints[0], rank,
         prints[rank]);
  }
  change_together(
      [&] { lay_out(split_replicas(config.replicas, entry_->lanes, transport.size())); });
  learn_size();
}

void DistributedMachine::learn_size() {
  std::uint64_t here = 0;
  for (const auto& part : parts_) {
    if (part.machine) here = part.machine->num_variables();
  }
  const double mine[] = {as_number(here)};
  const auto sizes = settle(nullptr, mine, std::vector<std::size_t>(transport_.size(), 1));
  num_variables_ = as_count(sizes[0]);  // rank 0 always holds a part
  for (std::size_t rank = 1; rank < sizes.size(); ++rank) {
    if (const auto other = as_count(sizes[rank]); other != 0 && other != num_variables_) {
      fail(ErrorCode::invalid_argument,
           "ranks must run the same thing: rank 0 has {} variables; rank {} has {}", num_variables_,
           rank, other);
    }
  }
}

void DistributedMachine::lay_out(const std::vector<ReplicaRange>& ranges) {
  parts_.clear();
  for (const auto& range : ranges) parts_.push_back({.range = range, .machine = nullptr});
  counts_.assign(transport_.size(), 0);
  for (std::size_t p = 0; p < parts_.size(); ++p) counts_[rank_of_part(p)] += ranges[p].count;
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    if (rank_of_part(p) != transport_.rank()) continue;
    parts_[p].machine = entry_->make(target_, config_, ranges[p], rng_);
  }
}

std::uint32_t DistributedMachine::rank_of_part(std::size_t part) const noexcept {
  return static_cast<std::uint32_t>(part * transport_.size() / parts_.size());
}

const DistributedMachine::Part& DistributedMachine::part_with(
    std::uint32_t replica) const noexcept {
  return *std::prev(std::ranges::upper_bound(parts_, replica, {},
                                             [](const Part& part) { return part.range.first; }));
}

std::uint32_t DistributedMachine::rank_of(std::uint32_t replica) const noexcept {
  return rank_of_part(static_cast<std::size_t>(&part_with(replica) - parts_.data()));
}

std::vector<double> DistributedMachine::settle(const std::exception_ptr& error,
                                               std::span<const double> mine,
                                               std::span<const std::size_t> counts) const {
  // One more number from each rank: whether it failed.
  const std::size_t own = counts[transport_.rank()];
  std::vector<double> outgoing{error ? 1.0 : 0.0};
  if (!error) outgoing.insert(outgoing.end(), mine.begin(), mine.end());
  outgoing.resize(own + 1);
  std::vector<std::size_t> lengths(counts.begin(), counts.end());
  for (auto& length : lengths) ++length;
  std::vector<double> incoming(std::accumulate(lengths.begin(), lengths.end(), std::size_t{0}));
  transport_.gather(outgoing, lengths, incoming);

  std::vector<double> numbers;
  bool failed = false;
  auto at = incoming.begin();
  for (const std::size_t length : lengths) {
    const auto next = at + static_cast<std::ptrdiff_t>(length);
    failed |= *at != 0.0;
    numbers.insert(numbers.end(), at + 1, next);
    at = next;
  }
  if (failed) throw_together(error);
  return numbers;
}

void DistributedMachine::throw_together(const std::exception_ptr& error) const {
  // A byte before each message tells an empty one from none.
  const auto messages = gather_bytes(transport_, error ? "!" + message_of(error) : "");
  if (error) std::rethrow_exception(error);
  const auto first = std::ranges::find_if(messages, [](const auto& m) { return !m.empty(); });
  fail(ErrorCode::remote, "rank {}: {}", first - messages.begin(), first->substr(1));
}

template <class Work>
void DistributedMachine::change_together(Work&& work) {
  const auto error = attempt(work);
  mean_values_.clear();
  MachineTally here{.updates = 0, .changes = 0};
  bool counted = true;
  for (const auto& part : parts_) {
    if (!part.machine) continue;
    const auto tally = part.machine->tally();
    here.updates += tally.updates;
    *here.changes += tally.changes.value_or(0);
    counted &= tally.changes.has_value();
  }
  const double mine[] = {as_number(here.updates), as_number(*here.changes), counted ? 1.0 : 0.0,
                         mine_.should_stop() ? 1.0 : 0.0};
  const auto all =
      settle(error, mine, std::vector<std::size_t>(transport_.size(), std::size(mine)));
  tally_ = {.updates = 0, .changes = 0};
  counted = true;
  for (auto at = all.begin(); at != all.end(); at += std::size(mine)) {
    tally_.updates += as_count(at[0]);
    *tally_.changes += as_count(at[1]);
    counted &= at[2] != 0.0;
    if (at[3] != 0.0) stop_.request_stop();
  }
  if (!counted) tally_.changes.reset();
}

template <class Work>
std::vector<double> DistributedMachine::one_each(Work&& work) const {
  std::vector<double> here;
  const auto error = attempt([&] {
    for (const auto& part : parts_) {
      if (!part.machine) continue;
      here.resize(here.size() + part.range.count);
      work(*part.machine, std::span(here).last(part.range.count));
    }
  });
  return settle(error, here, counts_);
}

Resources DistributedMachine::resources() const {
  Resources shared;
  shared.pool = mine_.pool;
  shared.stop = stop_.get_token();
  if (transport_.rank() == 0) shared.on_progress = mine_.on_progress;
  return shared;
}

void DistributedMachine::advance(std::span<const double> betas, std::uint64_t steps,
                                 const Resources& resources) {
  change_together([&] {
    for (const auto& part : parts_) {
      if (!part.machine) continue;
      part.machine->advance(
          betas.size() == 1 ? betas : betas.subspan(part.range.first, part.range.count), steps,
          resources);
    }
  });
}

void DistributedMachine::energies(std::span<double> energies, const Resources& resources) const {
  const auto all = one_each(
      [&](const Machine& machine, std::span<double> here) { machine.energies(here, resources); });
  std::ranges::copy(all, energies.begin());
}

double DistributedMachine::mean_value(std::uint32_t replica) const {
  if (mean_values_.empty()) {
    mean_values_ = one_each([](const Machine& machine, std::span<double> here) {
      for (std::uint32_t r = 0; r < here.size(); ++r) here[r] = machine.mean_value(r);
    });
  }
  return mean_values_[replica];
}

void DistributedMachine::read(std::uint32_t replica, std::span<double> values) const {
  const auto& part = part_with(replica);
  std::exception_ptr error;
  std::vector<double> travelling(values.size() + 1, 0.0);  // and whether its owner failed
  if (part.machine) {
    error = attempt(
        [&] { part.machine->read(replica - part.range.first, std::span(travelling).subspan(1)); });
    travelling[0] = error ? 1.0 : 0.0;
  }
  transport_.broadcast(travelling, rank_of(replica));
  if (travelling[0] != 0.0) throw_together(error);
  std::ranges::copy(std::span(travelling).subspan(1), values.begin());
}

void DistributedMachine::write(std::uint32_t replica, std::span<const double> values) {
  change_together([&] {
    const auto& part = part_with(replica);
    if (part.machine) part.machine->write(replica - part.range.first, values);
  });
}

void DistributedMachine::resample(std::span<const std::uint32_t> parents) {
  // [rank] who is to become whose copy there, parents in order
  std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> copies(transport_.size());
  for (std::uint32_t child = 0; child < parents.size(); ++child) {
    if (parents[child] != child) copies[rank_of(child)].emplace_back(parents[child], child);
  }
  for (auto& here : copies) std::ranges::sort(here);

  std::vector<std::string> outgoing(transport_.size());
  std::vector<double> values(num_variables_);
  change_together([&] {
    for (std::uint32_t rank = 0; rank < transport_.size(); ++rank) {
      for (std::size_t k = 0; k < copies[rank].size(); ++k) {
        const std::uint32_t parent = copies[rank][k].first;
        const auto& part = part_with(parent);
        if (!part.machine || (k > 0 && copies[rank][k - 1].first == parent)) continue;
        part.machine->read(parent - part.range.first, values);
        pack_values(values, outgoing[rank]);
      }
    }
  });
  const auto incoming = transport_.exchange(outgoing);
  change_together([&] {
    std::vector<std::string_view> rest(incoming.begin(), incoming.end());  // [rank]
    const auto& here = copies[transport_.rank()];
    for (std::size_t k = 0; k < here.size(); ++k) {
      const auto [parent, child] = here[k];
      if (k == 0 || here[k - 1].first != parent) unpack_values(rest[rank_of(parent)], values);
      const auto& part = part_with(child);
      part.machine->write(child - part.range.first, values);
    }
  });
}

std::string DistributedMachine::save() const {
  std::string here;
  const auto error = attempt([&] {
    const auto num_parts =
        std::ranges::count_if(parts_, [](const Part& part) { return part.machine != nullptr; });
    ArchiveWriter out(kKind, static_cast<std::uint64_t>(num_parts), 1);
    for (const auto& part : parts_) {
      if (!part.machine) continue;
      out.put(part.range);
      out.put_bytes(part.machine->save());
    }
    here = std::move(out).bytes();
  });
  settle(error, {}, nothing());
  ArchiveWriter out(kKind, num_variables_, config_.replicas);
  const auto ranks = gather_bytes(transport_, here);
  out.put(static_cast<std::uint64_t>(ranks.size()));
  for (const auto& parts : ranks) out.put_bytes(parts);
  return std::move(out).bytes();
}

void DistributedMachine::restore(std::string_view bytes) {
  change_together([&] {
    std::vector<ReplicaRange> ranges;
    std::vector<std::string_view> states;  // [part]
    ArchiveReader ranks(bytes, kKind, num_variables_, config_.replicas);
    for (auto left = ranks.get<std::uint64_t>(); left > 0; --left) {
      ArchiveReader in(ranks.get_bytes(), kKind);
      for (auto parts = in.size(); parts > 0; --parts) {
        ranges.push_back(in.get<ReplicaRange>());
        states.push_back(in.get_bytes());
      }
      in.finish();
    }
    ranks.finish();
    check_cover(ranges, config_.replicas, entry_->lanes);
    lay_out(ranges);
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      if (parts_[p].machine) parts_[p].machine->restore(states[p]);
    }
  });
}

Checkpointing DistributedMachine::shared(const Checkpointing& mine) {
  const bool writes = static_cast<bool>(mine.write);
  std::vector<std::string> outgoing(transport_.size());
  if (transport_.rank() == 0) {
    std::ranges::fill(outgoing, (writes ? "w" : "-") + std::string(mine.resume));
  }
  resume_ = transport_.exchange(outgoing)[0];
  const bool written = resume_.front() == 'w';
  resume_.erase(0, 1);

  Checkpointing shared{.write = {}, .due = {}, .resume = resume_, .identity = mine.identity};
  if (!written) return shared;
  const bool leads = transport_.rank() == 0;
  shared.due = [this, leads, due = mine.due](std::uint64_t samples) {
    double answer[] = {leads && due(samples) ? 1.0 : 0.0};
    transport_.broadcast(answer, 0);
    return answer[0] != 0.0;
  };
  shared.write = [this, leads, write = mine.write](std::string_view bytes) {
    const auto error = attempt([&] {
      if (leads) write(bytes);
    });
    settle(error, {}, nothing());
  };
  return shared;
}

}  // namespace therma
