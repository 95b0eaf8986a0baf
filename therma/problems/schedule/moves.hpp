// SPDX-License-Identifier: Apache-2.0
// Annealing over task lists: moves, their exact energy change, and undo.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "therma/core/random/rng.hpp"
#include "therma/problems/schedule/decode.hpp"

namespace therma::schedule {

// Energy per time unit of what a list may break, and of the load term that gives plateaus of equal
// makespan a slope.
struct Penalties {
  double availability = 0.0;
  double deadline = 0.0;
  double load = 0.0;
};

// Integer sums, so that an incremental update is exact.
struct ListTerms {
  Ticks makespan = 0;
  Ticks outside = 0;       // task time past the last window of its machine
  Ticks late = 0;          // time by which deadlines are missed
  std::int64_t load = 0;   // sum of the ends of all machines
  double tardiness = 0.0;  // as in ObjectiveParts
  double preference = 0.0;

  bool operator==(const ListTerms&) const = default;
};

// A MoveProblem (problems/move_problem.hpp). The state is one sequence of all tasks plus their
// machines; where neither precedences nor resources tie machines together, it is one sequence per
// machine, and a move re-decodes only the machines it touches. Energy:
//   makespan, tardiness and preference by their weights + penalties * (outside, late, load).
// Tasks never overlap, exceed a resource or break a precedence: the decoder sees to it.
class ListMoves {
 public:
  enum class Kind : std::uint8_t {
    insert,    // a task to another place, maybe on another machine
    nudge,     // a task to a place nearby
    reassign,  // a task to another machine, its place kept
    exchange,  // two tasks swap places, maybe machines
    rotate,    // two neighbouring blocks of one sequence swap
    cross,     // two sequences swap their tails
    wait,      // a task starts to wait for a start_after wish, or ceases to
  };
  struct Move {
    Kind kind = Kind::insert;
    std::uint32_t a = 0;        // task; for rotate and cross: a place
    std::uint32_t b = 0;        // task or place
    std::uint32_t c = 0;        // place, machine, or level of waiting
    std::uint32_t machine = 0;  // where the task goes
    std::uint32_t other = 0;    // second sequence
  };

  struct State {
    std::vector<std::vector<std::uint32_t>> sequences;  // [sequence][place]: task
    std::vector<std::uint32_t> place;                   // [task]: within its sequence
    std::vector<std::uint32_t> machine;                 // [task]
    std::vector<std::uint32_t> floor;                   // [task]: index into Tables::floors
    PartialSchedule schedule;
    ListTerms terms;
    std::uint64_t decoded = 0;  // tasks placed so far: the cost of the search

   private:
    friend class ListMoves;
    explicit State(const Tables& tables) : schedule(tables), stamp(tables.num_tasks) {}
    // Scratch of ListMoves, private so that nobody else reads it.
    // NOLINTBEGIN(readability-identifier-naming): a plain aggregate to its one friend
    // A sequence changed from place `first` on, and its tasks there before.
    struct Touched {
      std::uint32_t sequence = 0;
      std::uint32_t first = 0;
      std::vector<std::uint32_t> tasks;
    };
    std::array<Touched, 2> touched;
    std::size_t num_touched = 0;
    std::vector<std::pair<std::uint32_t, Placement>> old_placed;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> old_machine;
    std::optional<std::pair<std::uint32_t, std::uint32_t>> old_floor;
    std::vector<std::vector<Slot>> old_lanes;  // [machine], or one per touched sequence
    std::vector<Profile> old_profiles;
    ListTerms old_terms;
    std::vector<std::uint64_t> stamp;  // [task]: the move that last took it out
    std::uint64_t epoch = 0;
    // NOLINTEND(readability-identifier-naming)
  };

  explicit ListMoves(const Problem& problem);

  [[nodiscard]] const Decoder& decoder() const noexcept { return decoder_; }
  [[nodiscard]] const Penalties& penalties() const noexcept { return penalties_; }
  // Between rounds: the energy of every state changes with them.
  void set_penalties(const Penalties& penalties) noexcept { penalties_ = penalties; }

  // Tasks in random order, on random machines: the same for any durations.
  [[nodiscard]] State initial(Draws& draws) const;
  // A warm start: the list behind a schedule, decoded.
  [[nodiscard]] State state_of(const Solution& solution) const;
  [[nodiscard]] double energy(const State& s) const noexcept { return weigh(s.terms); }
  // Symmetric: the chance of a move equals that of its reverse. None where the draw does not give
  // an allowed move.
  [[nodiscard]] std::optional<Move> propose(const State& s, Draws& draws) const noexcept;
  double apply(State& s, const Move& move, double threshold) const;
  void undo(State& s) const;

  [[nodiscard]] Solution solution(const State& s) const { return {s.schedule.placed}; }
  [[nodiscard]] bool is_feasible(const State& s) const noexcept {
    return s.terms.outside == 0 && s.terms.late == 0 && decoder_.tables().unmet_demand == 0;
  }
  // The constraint and preference terms by name, unweighted: no_overlap, resource_limit,
  // precedence, deadline, availability, preference.
  [[nodiscard]] std::array<std::pair<std::string_view, double>, 6> named_terms(
      const State& s) const;
  // The same terms recomputed from nothing: for checks.
  [[nodiscard]] ListTerms recomputed_terms(const State& s) const;

 private:
  [[nodiscard]] double weigh(const ListTerms& terms) const noexcept;
  [[nodiscard]] double units(Ticks ticks) const noexcept {
    return static_cast<double>(ticks) * unit_per_tick_;
  }
  [[nodiscard]] std::uint32_t sequence_of(const State& s, std::uint32_t task) const noexcept {
    return decoder_.tables().is_coupled ? 0 : s.machine[task];
  }
  [[nodiscard]] State from_list(const TaskList& list) const;

  [[nodiscard]] bool can_do(std::uint32_t task, std::uint32_t machine) const noexcept;
  [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> allowed_places(
      const State& s, std::uint32_t task) const noexcept;
  [[nodiscard]] std::optional<Move> propose_insert(const State& s, Draws& draws) const noexcept;
  [[nodiscard]] std::optional<Move> propose_nudge(const State& s, Draws& draws) const noexcept;
  [[nodiscard]] std::optional<Move> propose_reassign(const State& s, Draws& draws) const noexcept;
  [[nodiscard]] std::optional<Move> propose_exchange(const State& s, Draws& draws) const noexcept;
  [[nodiscard]] std::optional<Move> propose_rotate(const State& s, Draws& draws) const noexcept;
  [[nodiscard]] std::optional<Move> propose_cross(const State& s, Draws& draws) const noexcept;
  [[nodiscard]] std::optional<Move> propose_wait(const State& s, Draws& draws) const noexcept;
  [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> draw_target(const State& s,
                                                                    Draws& draws) const noexcept;

  void edit(State& s, const Move& move) const;
  void edit_insert(State& s, const Move& move) const;
  void edit_exchange(State& s, const Move& move) const;
  void edit_cross(State& s, const Move& move) const;
  void touch(State& s, std::uint32_t sequence, std::uint32_t first) const;
  void move_to_machine(State& s, std::uint32_t task, std::uint32_t machine) const;
  void renumber(State& s, std::uint32_t sequence, std::uint32_t first) const noexcept;
  void take_out(State& s) const;
  bool put_back(State& s, double limit) const;
  void finish_terms(State& s) const noexcept;

  struct Due {
    std::uint32_t task;
    Ticks due;
    double weight;
  };

  const Problem& problem_;  // must outlive this
  Decoder decoder_;
  Penalties penalties_;
  double unit_per_tick_ = 1.0;
  std::vector<Due> dues_;
  std::vector<std::uint32_t> movable_;     // tasks with a choice of machines
  std::vector<std::uint32_t> waiting_;     // tasks with a choice of floors
  std::array<std::uint32_t, 7> shares_{};  // [kind]: of every 100 proposals
};

}  // namespace therma::schedule
