// SPDX-License-Identifier: Apache-2.0
// The request of `therma sample`: what is drawn, how, and where the draws go.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "therma/core/config.hpp"
#include "therma/dynamics/machine.hpp"
#include "therma/dynamics/transport.hpp"
#include "therma/engine/models/model.hpp"

namespace therma {

enum class SampleMethod {
  automatic,  // sample at one beta, anneal along a schedule
  sample,
  anneal,
  tempering,
  population,
  bifurcation
};
[[nodiscard]] std::span<const std::string_view> enum_names(SampleMethod) noexcept;

enum class SampleDevice { none, dtm, z1 };
[[nodiscard]] std::span<const std::string_view> enum_names(SampleDevice) noexcept;

struct SampleConfig {
  std::string beta;
  SampleMethod method = SampleMethod::automatic;
  std::uint64_t sweeps = 0;
  std::string burn_in = "auto";
  std::uint64_t thin = 0;
  std::uint32_t replicas = 0;
  std::string kernel = "auto";
  UpdateRule rule = UpdateRule::automatic;
  double dt = 1e-2;
  double mu = 1.0;
  double friction = 1.0;
  std::uint32_t rungs = 0;
  std::uint64_t rounds = 0;
  double target = -std::numeric_limits<double>::infinity();
  std::uint32_t n_best = 1;
  bool polish = false;
  bool exact = false;
  SampleDevice device = SampleDevice::none;
  std::uint64_t seed = 0;
  ModelFormat format = ModelFormat::automatic;

  static void each_field(auto& self, auto&& field) {
    field("beta", self.beta,
          "inverse temperature: a number, inf, const:A, linear:A:B, exp:A:B, list:A,B,..., or a "
          "file of numbers; not given: 1, or where a good state is wanted (max-cut, QUBO) a "
          "schedule found from the couplings");
    field("method", self.method,
          "how; auto: sample at one beta, anneal along a schedule or towards a target");
    field("sweeps", self.sweeps,
          "updates of every variable after the burn-in, or of one anneal; 0: as suits the model");
    field("burn_in", self.burn_in, "sweeps before the first sample; auto: a quarter of the sweeps");
    field("thin", self.thin, "sweeps from one sample to the next; 0: a thousandth of the sweeps");
    field("replicas", self.replicas, "independent chains; 0: as suits the model",
          within(0, 1 << 20));
    field("kernel", self.kernel, "implementation of the rule; auto: the fastest that fits");
    field("rule", self.rule, "update rule");
    field("dt", self.dt, "time step (Langevin rules)", positive);
    field("mu", self.mu, "mobility (Langevin rules)", positive);
    field("friction", self.friction, "friction per unit mass (baoab)", positive);
    field("rungs", self.rungs,
          "inverse temperatures of tempering, by which the replicas are divided; 0: up to 32");
    field("rounds", self.rounds,
          "rounds of a search to run, as a report counts them; 0: no such "
          "limit");
    field("target", self.target, "stop at a state of this energy or less");
    field("n_best", self.n_best, "distinct states to keep, lowest first", within(1, 10000));
    field("polish", self.polish, "go on from the best states by tabu search, and say so");
    field("exact", self.exact,
          "also log Z, mean energy and marginals by variable elimination, where it can");
    field("device", self.device, "price the run as this device is said to cost");
    field("seed", self.seed, "seed of every random draw");
    field("format", self.format, "format of a file");
  }
};

// Files beside the report.
struct SampleFiles {
  std::string samples;
  std::string checkpoint;
  std::string resume;

  static void each_field(auto& self, auto&& field) {
    field("samples", self.samples,
          "write the draws here: .csv, .npz (NumPy) or .nc (InferenceData)");
    field("checkpoint", self.checkpoint, "keep the state of the run here, to go on from");
    field("resume", self.resume, "go on from this checkpoint: the same run, bit for bit");
  }
};

struct SampleRequest {
  SampleModel model;
  SampleConfig config;
  SampleFiles files;
  Transport* ranks = nullptr;   // borrowed: the processes that share the work; null for one
  bool has_time_limit = false;  // whether the resources carry a deadline that was asked for
};

}  // namespace therma
