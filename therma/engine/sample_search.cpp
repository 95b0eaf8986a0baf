// SPDX-License-Identifier: Apache-2.0
// The methods that look for low energies, or pass through many temperatures on the way to one.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "therma/core/error.hpp"
#include "therma/dynamics/anneal.hpp"
#include "therma/dynamics/beta_range.hpp"
#include "therma/dynamics/bifurcation.hpp"
#include "therma/dynamics/population.hpp"
#include "therma/dynamics/tabu.hpp"
#include "therma/dynamics/temper.hpp"
#include "therma/energy/lattice.hpp"
#include "therma/engine/sample_parts.hpp"
#include "therma/engine/usage.hpp"

namespace therma {
namespace {

using IsingPointer = std::shared_ptr<const IsingProgram>;

// One search as its method sees it: everything that the four have in common.
struct Search {
  SampleReport& report;
  const SampleRequest& request;
  const SamplePlan& plan;
  const Resources& resources;

  [[nodiscard]] const SampleConfig& config() const noexcept { return request.config; }
  [[nodiscard]] Rng rng() const noexcept { return Rng(config().seed); }
  [[nodiscard]] SearchGoal goal() const {
    return {.target_energy = config().target,
            .num_best = config().n_best,
            // A cut is the same seen from either side.
            .fold_mirrors = request.model.total_weight.has_value()};
  }
  [[nodiscard]] const IsingPointer* ising() const noexcept {
    return std::get_if<IsingPointer>(&plan.target);
  }
};

// The two ends of the temperatures of a run, hot first.
struct Ends {
  double hot = 0.0;
  double cold = 0.0;
};

// Single changes of a lattice are those of a small one with the same couplings.
BetaRange betas_worth_it(const Target& target) {
  const auto* lattice = std::get_if<std::shared_ptr<const LatticeProgram>>(&target);
  if (lattice == nullptr) return beta_range(target);
  LatticeModel small{
      .shape = {16, 16}, .coupling = (*lattice)->coupling(), .field = (*lattice)->field()};
  if ((*lattice)->shape().size() == 3) small.shape = {8, 8, 8};
  if ((*lattice)->has_disorder()) small.bond_seed = 0;
  return beta_range(IsingProgram(LatticeProgram(small).to_ising()));
}

// As stated; one number is the cold end, and the hot one then comes from the couplings.
Ends ends_of(const Search& search) {
  const auto& stated = search.plan.beta;
  if (stated && !single_value(*stated)) {
    const auto [low, high] = std::minmax(stated->at(0, 2), stated->at(1, 2));
    return {low, high};
  }
  const auto range = betas_worth_it(search.plan.target);
  const double cold = stated ? *single_value(*stated) : range.cold;
  return {std::min(range.hot, cold), cold};
}

void note_result(const Search& search, const SearchResult& result) {
  auto& report = search.report;
  report.rounds = result.rounds;
  report.sweeps = result.sweeps;
  report.stopped = result.reason == StopReason::stopped;
  report.details["ended"] = enum_names(result.reason)[static_cast<std::size_t>(result.reason)];
  report.details["polished"] = result.polished;
  for (const auto& found : result.best) {
    report.best.push_back(
        ranked_state(search.request.model, found.energy, found.values, result.best.size()));
  }
  if (std::isfinite(search.config().target)) {
    report.target_reached = result.best_energy() <= search.config().target;
  }
}

// Tabu search from the best states: a digital search, no thermodynamics, and the report says so.
void polish(const Search& search, SearchResult& result) {
  if (!search.config().polish || result.best.empty()) return;
  const double before = result.best_energy();
  tabu_polish(**search.ising(), result, search.goal(), {}, search.rng().child("polish"),
              search.resources);
  search.report.details["polish_gain"] = before - result.best_energy();
  search.report.notes.emplace_back(
      "the best states were polished by tabu search, which is no thermodynamic process");
}

void run_anneal(const Search& search) {
  const auto& plan = search.plan;
  const SampleMachine machine(search.request, plan, search.resources);
  const auto schedule =
      plan.beta ? *plan.beta : default_schedule(betas_worth_it(search.plan.target));
  // A clock that was asked for is used up: longer and longer anneals until it ends them.
  const bool repeats = search.request.has_time_limit;
  const AnnealConfig config{.goal = search.goal(),
                            .sweeps = plan.sampling.sweeps,
                            .levels = std::min<std::uint64_t>(200, plan.sampling.sweeps),
                            .anneals = repeats ? 0U : 1U,
                            .growth = repeats ? 1.5 : 1.0,
                            .rounds = search.config().rounds};
  auto result = anneal(*machine, config, schedule, machine.resources());
  note_work(search.report, machine);
  search.report.details = {{"anneals", result.anneals}, {"levels", config.levels}};
  polish(search, result);
  search.report.beta = schedule.text();
  note_result(search, result);
}

Json temper_details(const TemperResult& result) {
  auto rates = Json::array();
  for (std::size_t pair = 0; pair + 1 < result.betas.size(); ++pair) {
    rates.push_back(result.swaps.rate(pair));
  }
  return {{"ladders", result.ladders},
          {"rungs", result.betas.size()},
          {"betas", result.betas},
          {"swap_rates", rates},
          {"barrier", result.barrier},
          {"round_trips", result.swaps.round_trips},
          {"round_trip_rate", result.round_trip_rate},
          {"ideal_round_trip_rate", result.ideal_round_trip_rate},
          {"suggested_rungs", result.suggested_rungs}};
}

void run_tempering(const Search& search) {
  auto& report = search.report;
  const auto& plan = search.plan;
  const SampleMachine machine(search.request, plan, search.resources);
  const auto ends = ends_of(search);
  const double betas[] = {ends.hot, ends.cold};
  const TemperConfig config{.goal = search.goal(),
                            .rungs = search.config().rungs,
                            .warm_up = plan.sampling.burn_in,
                            .rounds = search.config().rounds > 0
                                          ? search.config().rounds
                                          : plan.sampling.burn_in + plan.sampling.sweeps};
  const SampleWitness witness(search.request, plan, *machine, config.rounds, ends.cold);
  auto result = temper(*machine, config, betas, search.rng().child("temper"), machine.resources(),
                       witness.observers());
  note_work(report, machine);
  report.details = temper_details(result);
  polish(search, result);
  note_result(search, result);
  report.beta = Schedule::list({result.betas.begin(), result.betas.end()}).text();
  report.burn_in = std::min(config.warm_up, result.rounds);
  report.sweeps = result.rounds - report.burn_in;
  report.samples = report.sweeps;
  report.thin = 1;
  report.num_sampled_chains = result.ladders;
  if (report.samples == 0) return;
  witness.testify(report, search.request.model);
  witness.write_file(search.request, report);
}

Json population_details(const PopulationResult& result) {
  auto points = Json::array();
  for (const auto& p : result.points) {
    points.push_back({{"beta", p.beta},
                      {"energy", p.energy},
                      {"energy_error", p.energy_error},
                      {"log_z_ratio", p.log_z},
                      {"log_z_error", p.log_z_error},
                      {"family_size", p.family_size},
                      {"families", p.num_families},
                      {"kept_fraction", p.kept_fraction}});
  }
  return {{"equilibration",
           enum_names(result.equilibration)[static_cast<std::size_t>(result.equilibration)]},
          {"points", points}};
}

void run_population(const Search& search) {
  auto& report = search.report;
  const auto& plan = search.plan;
  const SampleMachine machine(search.request, plan, search.resources);
  const auto& stated = plan.beta;
  const PopulationConfig config{
      .goal = search.goal(),
      .beta_end = stated ? stated->at(1, 2) : betas_worth_it(search.plan.target).cold,
      .sweeps = search.config().sweeps > 0 ? search.config().sweeps : 10,
      .rounds = search.config().rounds};
  auto result =
      population_anneal(*machine, config, search.rng().child("population"), machine.resources());
  note_work(report, machine);
  report.details = population_details(result);
  polish(search, result);
  report.beta = Schedule::linear(config.beta_start, config.beta_end).text();
  note_result(search, result);
  report.status = result.equilibration == Equilibration::reached     ? "converged"
                  : result.equilibration == Equilibration::undecided ? "undecided"
                                                                     : "not_converged";
  if (result.equilibration != Equilibration::reached) {
    report.message = fmt::format(
        "the population is not known to have kept its balance: too few of its {} members have "
        "descendants; more --replicas or --sweeps",
        search.plan.machine.replicas);
  }
  if (result.points.empty()) return;
  const auto& last = result.points.back();
  const auto size = static_cast<double>(search.request.model.num_variables);
  report.observables.push_back({.name = "energy_per_variable",
                                .mean = last.energy / size,
                                .error = last.energy_error / size});
  // From beta 0, where Z counts the states.
  if (search.request.model.states != StateKind::categories) {
    report.observables.push_back(
        {.name = "log_z", .mean = size * std::log(2.0) + last.log_z, .error = last.log_z_error});
  }
}

void run_bifurcation(const Search& search) {
  if (search.request.ranks != nullptr && search.request.ranks->size() > 1) {
    fail(ErrorCode::invalid_argument, "method: bifurcation runs on one process, not on {} ranks",
         search.request.ranks->size());
  }
  auto& report = search.report;
  BifurcationConfig config{.goal = search.goal(),
                           .replicas = search.plan.machine.replicas,
                           .runs = search.request.has_time_limit ? 0U : 1U,
                           .rounds = search.config().rounds};
  if (search.config().sweeps > 0) config.steps = search.config().sweeps;
  const double before_s = cpu_seconds();
  auto result = bifurcate(**search.ising(), config, search.rng(), search.resources);
  report.details = {{"runs", result.runs},
                    {"kind", enum_names(config.kind)[static_cast<std::size_t>(config.kind)]},
                    {"dt", result.dt},
                    {"coupling", result.coupling},
                    {"sampler", BifurcationResult::is_sampler}};
  report.updates = result.sweeps * config.replicas * search.request.model.num_variables;
  report.cpu_s = cpu_seconds() - before_s;
  polish(search, result);
  note_result(search, result);
  report.kernel = "bifurcation";
  report.rule.clear();
  report.lanes = 0;
  report.notes.emplace_back(
      "simulated bifurcation is a classical search without temperature: its states follow no law");
}

}  // namespace

void search_states(SampleReport& report, const SampleRequest& request, const SamplePlan& plan,
                   const Resources& resources) {
  const Search search{report, request, plan, resources};
  switch (plan.method) {
    case SampleMethod::anneal:
      return run_anneal(search);
    case SampleMethod::tempering:
      return run_tempering(search);
    case SampleMethod::population:
      return run_population(search);
    case SampleMethod::bifurcation:
      return run_bifurcation(search);
    case SampleMethod::automatic:
    case SampleMethod::sample:
      return;
  }
}

}  // namespace therma
