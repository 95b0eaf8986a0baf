// SPDX-License-Identifier: Apache-2.0
// Replica lanes: 64 chains of one spin program moved together, exact decisions from 16-bit sums;
// docs/theory/replica-lanes.md. The parts, for the machine and for its tests.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "therma/core/random/rng.hpp"
#include "therma/energy/ising.hpp"

namespace therma::kernels::lanes {

inline constexpr std::uint32_t kLanes = 64;
// Spins of one site: replica r is bit 4 (r / 32) of byte r % 32, up as 1.
inline constexpr std::uint32_t kSiteBytes = 32;
// Random bits of one visit: 16 for each replica, in 8 blocks of 16 bytes.
inline constexpr std::uint32_t kVisitBytes = 128;
inline constexpr std::uint32_t kVisitsPerBatch = 32;

enum class LaneRule { heat_bath, metropolis };

// Where the 16-bit words of replica r lie in a visit's random bits, and in Parameters: in the order
// in which 32-byte vectors unpack.
[[nodiscard]] constexpr std::uint32_t word_of(std::uint32_t replica) noexcept {
  const std::uint32_t byte = replica % 32, half = byte / 16, part = byte % 16 / 8;
  return (replica / 32 * 4 + part * 2 + half) * 8 + byte % 8;
}

// Partial sums of the couplings to four neighbours, by the four spins: (high << 8 | low) is the sum
// in units of the site's class. Missing neighbours are the site that is always down, coupling 0.
struct FieldGroup {
  std::array<std::uint8_t, 16> low;
  std::array<std::uint8_t, 16> high;
  std::array<std::uint32_t, 4> offsets;  // of the neighbours' spins: position * kSiteBytes
};

// The same for energies, in 32 bits and by the products s s': byte plane p holds bits 8p to 8p + 7.
struct EnergyGroup {
  std::array<std::array<std::uint8_t, 16>, 4> planes;
  std::array<std::uint32_t, 4> offsets;
};

struct Site {
  std::uint32_t first_group = 0;
  std::int16_t field = 0;  // in units of the class
  std::uint16_t site_class = 0;
};

// What sites share that have sums of one size.
struct SiteClass {
  double unit = 1.0;   // energy per unit of the 16-bit sums
  double error = 0.0;  // of a sum, in units: the largest that rounding can have caused
};

// An Ising program laid out for lanes; immutable.
struct LaneProgram {
  explicit LaneProgram(const IsingProgram& program);

  std::uint32_t num_sites = 0;
  std::vector<std::uint32_t> site_at;            // [position] of the sweep
  std::vector<std::uint32_t> class_end;          // [position] where its colour class ends
  std::vector<Site> sites;                       // [position + 1]
  std::vector<FieldGroup> groups;                // [group]
  std::vector<std::array<double, 4>> couplings;  // [group] exact, for the referee
  std::vector<double> fields;                    // [position]
  std::vector<SiteClass> classes;                // [class]
  std::vector<std::uint32_t> energy_start;       // [position + 1]
  std::vector<EnergyGroup> energy_groups;        // [group]
  double energy_unit = 1.0;
};

// What a beta makes of the sums of one class, [word]: a = |sum| becomes
//   t = sat((a m >> 15) << k) - shrink,  the reduced field in units of 2^-11 of log2;
//   a decision stands where the random word is further from its threshold R than
//   (R + slack) spread >> 16, or (heat bath, not cold) (slack - (R - 2^15)^2 2^-16) spread >> 16.
struct alignas(kSiteBytes) Parameters {
  std::array<std::uint16_t, kLanes> m;
  std::array<std::uint16_t, kLanes> limit;
  std::array<std::uint16_t, kLanes> power;  // 2^k
  std::array<std::uint16_t, kLanes> shrink;
  std::array<std::uint16_t, kLanes> slack;
  std::array<std::uint16_t, kLanes> spread;
};
// Whether a beta is so large that the error of t exceeds what the margin's bound allows.
[[nodiscard]] bool is_cold(const SiteClass& site_class, double beta) noexcept;
// betas: [1] or [replica]; cold: whether any lane of any class is
void fill_parameters(LaneRule rule, bool cold, const SiteClass& site_class,
                     std::span<const double> betas, Parameters& parameters);

// Thresholds as cubics on eight pieces of the reduced field: R(t) = 2^16 / (1 + 2^t) - 2^15 (heat
// bath) or 2^15 / 2^t (Metropolis), coefficients of powers 0 to 3 for Horner in 15-bit fractions.
struct ThresholdTable {
  std::array<std::array<std::int16_t, 8>, 4> coefficients;        // [power, piece]
  alignas(16) std::array<std::array<std::uint8_t, 16>, 4> bytes;  // the same, where kLocate looks
  std::int32_t error = 0;  // largest over all reduced fields, in units of R
};
// (t | 0xFFF) kLocate >> 16 = 0x0202 piece + 0x0201: one byte further than the coefficient's two
// bytes, of which a look-up in 16 bytes takes the low four bits.
inline constexpr std::uint16_t kLocate = 8224;
[[nodiscard]] const ThresholdTable& threshold_table(LaneRule rule) noexcept;
// R as the vector code computes it, and by its definition.
[[nodiscard]] std::int16_t threshold(const ThresholdTable& table, std::uint16_t t) noexcept;
[[nodiscard]] double exact_threshold(LaneRule rule, std::uint16_t t) noexcept;
inline constexpr std::uint16_t kLargestReduced = 32767;  // nearly 16 in log2

// The counters of a block of 64 chains in one step: {visit, block, step, step >> 32 << 16 | plane}.
struct BitsPlace {
  std::array<std::array<std::uint32_t, 4>, kArsRounds + 1> round_keys;
  std::uint32_t block = 0;
  std::uint64_t step = 0;
};
// Planes 0 to 7 of `num_visits` visits from `first_visit`. out: [visit, kVisitBytes], 32-aligned
void fill_bits(const BitsPlace& place, std::uint32_t first_visit, std::uint32_t num_visits,
               std::uint8_t* out) noexcept;
// The same by 256-bit AES instructions; only where cpu_runs_vaes().
void fill_bits_vaes(const std::uint32_t* round_keys, std::uint32_t block, std::uint64_t step,
                    std::uint32_t first_visit, std::uint32_t num_visits,
                    std::uint8_t* out) noexcept;

// Decides the lanes that 16 bits could not: bit r of `undecided` is replica r. `before` and
// `random` are the site's spins before the visit and its random words.
class Referee {
 public:
  virtual ~Referee() = default;
  virtual void decide(std::uint32_t visit, std::uint32_t position, std::uint64_t undecided,
                      const std::uint8_t* before, const std::uint8_t* random) noexcept = 0;
};

struct Visits {
  LaneRule rule = LaneRule::heat_bath;
  bool cold = false;  // as given to fill_parameters
  const LaneProgram* program = nullptr;
  const Parameters* parameters = nullptr;    // [class]
  std::uint8_t* spins = nullptr;             // [position + 1, kSiteBytes], 32-aligned
  const std::uint8_t* random = nullptr;      // [visit, kVisitBytes]
  const std::uint32_t* positions = nullptr;  // [visit], or null: first_position and on
  std::uint32_t first_position = 0;
  std::uint32_t first_visit = 0;  // its number in the step
  std::uint32_t num_visits = 0;   // at most kVisitsPerBatch, of sites that are not coupled
};
// Returns how many lanes went to the referee.
std::uint64_t run_visits(const Visits& visits, Referee& referee) noexcept;

// Sums of the couplings' energies, in units of energy_unit. sums: [replica]
void sum_energies(const LaneProgram& program, const std::uint8_t* spins,
                  std::span<double> sums) noexcept;

// A drawn word as the leading 16 bits of a decision's U: its sign bit is turned where the vector
// code reads it as a signed number.
[[nodiscard]] constexpr std::uint32_t leading_bits(LaneRule rule, std::uint32_t word) noexcept {
  return rule == LaneRule::heat_bath ? word ^ 0x8000U : word;
}

// One decision, by definition. U = (word + rest 2^-48) 2^-16 with word < 2^16 and rest < 2^48 is
// uniform; heat bath: down where U < 1 / (1 + e^(2 beta f)); Metropolis: turned over where
// U < min(1, e^(-2 beta s f)). `rest` is called where word alone leaves it open.
template <class Rest>
[[nodiscard]] bool decided_up(LaneRule rule, double beta, double field, bool up, std::uint32_t word,
                              Rest&& rest) {
  const double probability =
      rule == LaneRule::heat_bath
          ? (field == 0.0 ? 0.5 : 1.0 / (1.0 + std::exp(2.0 * beta * field)))
          : ((up ? field : -field) <= 0.0 ? 1.0 : std::exp(-2.0 * beta * (up ? field : -field)));
  const double scaled = probability * 0x1.0p16;
  const double floor = std::floor(scaled);
  const bool below =
      word != floor ? word < floor : static_cast<double>(rest()) < (scaled - floor) * 0x1.0p48;
  return rule == LaneRule::heat_bath ? !below : up != below;
}

// The draws that are the same for every target: bits 16 to 63 of a decision's uniform, rarely
// needed; the position that a Metropolis visit picks for its block; the start. Each from its child
// of the chain's generator: "rest", "visits", "start".
[[nodiscard]] std::uint64_t rest_of_draw(const Rng& rng, std::uint32_t chain, std::uint64_t step,
                                         std::uint32_t visit) noexcept;
[[nodiscard]] std::uint32_t visited_position(const Rng& rng, std::uint32_t block,
                                             std::uint64_t step, std::uint32_t visit,
                                             std::uint32_t num_sites) noexcept;
[[nodiscard]] bool starts_up(const Rng& rng, std::uint32_t chain, std::uint32_t site) noexcept;

// The plain twin: the same chains, one decision after another in double. spins: [site, replica]
void twin_sweep(LaneRule rule, const IsingProgram& program, const Rng& rng, std::uint32_t block,
                std::uint64_t step, std::span<const double> betas, std::span<Spin> spins);

}  // namespace therma::kernels::lanes
