// SPDX-License-Identifier: Apache-2.0
// A draft is handed from unit A to unit B through one atomic word.
#include "therma/llm/generation/units.hpp"

#include <atomic>

namespace therma::llm {
namespace {

constexpr std::uint64_t kOpen = ~std::uint64_t{0};  // A has not said anything yet
constexpr std::uint64_t kNone = kOpen - 1;          // A ended without a draft

// What A tells B, once.
class Handover {
 public:
  void put(std::uint64_t word) noexcept {
    std::uint64_t open = kOpen;
    if (word_.compare_exchange_strong(open, word, std::memory_order_release)) word_.notify_all();
  }
  [[nodiscard]] std::uint64_t wait() const noexcept {
    word_.wait(kOpen, std::memory_order_acquire);
    return word_.load(std::memory_order_acquire);
  }

 private:
  std::atomic<std::uint64_t> word_{kOpen};
};

// Ends the wait of B whatever happens to A.
struct EndOfA {
  Handover& handover;
  ~EndOfA() { handover.put(kNone); }
};

void work_out(TokenId draft, Body& body, const Team& team, const Stopwatch& clock, UnitDraw& out) {
  out.times.b_begin_s = clock.elapsed_s();
  body.guess({&draft, 1}, team);
  out.draft = draft;
  out.times.b_end_s = clock.elapsed_s();
}

void read_out(TokenHead& head, const RelaxRequest& request, const Team& team,
              const OnDraft& on_draft, const Stopwatch& clock, UnitDraw& out) {
  out.times.a_begin_s = clock.elapsed_s();
  out.draw = head.relax(request, team, on_draft);
  out.times.a_end_s = clock.elapsed_s();
}

}  // namespace

UnitDraw relax_in_units(TokenHead& head, const RelaxRequest& request, Body& body,
                        const UnitTeams& teams, const Stopwatch& clock) {
  UnitDraw out;
  if (teams.pair == nullptr || body.has_guesses() || body.room() == 0) {
    read_out(head, request, *teams.all, {}, clock, out);
    return out;
  }
  if (teams.pair->size() == 1) {  // one thread: B's work falls within A's
    const auto on_draft = [&](TokenId draft) { work_out(draft, body, *teams.b, clock, out); };
    read_out(head, request, *teams.a, on_draft, clock, out);
    return out;
  }
  Handover handover;
  teams.pair->run([&](unsigned unit) {
    if (unit == 0) {
      const EndOfA end{handover};
      read_out(
          head, request, *teams.a, [&](TokenId draft) { handover.put(draft); }, clock, out);
    } else if (unit == 1) {
      const auto word = handover.wait();
      if (word != kNone) {
        work_out(static_cast<TokenId>(word), body, *teams.b, clock, out);
      }
    }
  });
  return out;
}

}  // namespace therma::llm
