// SPDX-License-Identifier: Apache-2.0
// From descriptions to models: the checks and facts that all readers share.
#include "therma/engine/models/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "therma/core/error.hpp"
#include "therma/engine/files.hpp"
#include "therma/engine/models/generated.hpp"
#include "therma/engine/models/json_formats.hpp"
#include "therma/engine/models/text_formats.hpp"

namespace therma {
namespace {

// Energies must fit into a double however the states fall.
void check_sums(const IsingModel& model) {
  if (model.num_spins == 0) fail(ErrorCode::bad_data, "the model has no variables");
  double most = std::abs(model.offset);
  for (const auto& c : model.couplings) most += std::abs(c.value);
  for (const double h : model.fields) most += std::abs(h);
  if (!std::isfinite(most)) {
    fail(ErrorCode::bad_data, "the numbers add up to more than a double holds");
  }
}

// "3 pairs are given more than once; their values add up", or nothing.
void note_repeated_pairs(SampleModel& model, std::uint64_t num_given) {
  if (num_given <= model.num_couplings) return;
  model.assumptions.push_back(fmt::format(
      "{} of {} listed pairs repeat another or cancel to zero: values of one pair add up",
      num_given - model.num_couplings, num_given));
}

// Reworded with the file in front: the checks of the energy module know no files.
template <class Work>
auto located(const std::string& where, Work&& work) {
  try {
    return work();
  } catch (const Error& e) {
    if (e.code() != ErrorCode::bad_data) throw;
    fail(ErrorCode::bad_data, "{}: {}", where, e.what());
  }
}

std::uint64_t num_non_zero(std::span<const double> fields) {
  return fields.size() - static_cast<std::uint64_t>(std::ranges::count(fields, 0.0));
}

std::string known_sources() {
  std::vector<std::string_view> names;
  for (const auto& source : model_sources()) names.push_back(source.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

bool names_a_file(const std::string& argument) {
  std::error_code ignored;
  return std::filesystem::exists(argument, ignored);
}

}  // namespace

std::span<const std::string_view> enum_names(ModelFormat) noexcept {
  static constexpr std::string_view kNames[] = {"auto",   "json", "dimod", "maxcut",
                                                "sparse", "qubo", "coo"};
  return kNames;
}

std::string_view name(StateKind kind) noexcept {
  constexpr std::string_view kNames[] = {"spins", "bits", "categories", "reals"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::optional<double> SampleModel::cut_of(double energy) const noexcept {
  if (!total_weight) return std::nullopt;
  return (*total_weight - energy) / 2.0;
}

SampleModel ising_model(const IsingModel& model, const std::string& where) {
  return located(where, [&] {
    check_couplings(model.num_spins, model.couplings, "spins");
    check_numbers(model.num_spins, model.fields, "field");
    check_sums(model);
    auto program = std::make_shared<const IsingProgram>(model);
    SampleModel out{.name = where,
                    .kind = "ising",
                    .target = program,
                    .num_variables = model.num_spins,
                    .num_couplings = program->num_couplings(),
                    .num_fields = num_non_zero(program->fields())};
    note_repeated_pairs(out, model.couplings.size());
    return out;
  });
}

SampleModel lattice_model(const LatticeModel& model, const std::string& where) {
  return located(where, [&] {
    auto program = std::make_shared<const LatticeProgram>(model);
    return SampleModel{.name = where,
                       .kind = "ising",
                       .target = program,
                       .num_variables = program->size(),
                       .num_couplings = program->num_bonds(),
                       .num_fields = model.field == 0.0 ? 0 : program->size()};
  });
}

SampleModel qubo_model(const QuboModel& model, const std::string& where) {
  auto out = ising_model(located(where, [&] { return to_ising(model); }), where);
  out.kind = "qubo";
  out.states = StateKind::bits;
  out.is_optimisation = true;
  out.assumptions.clear();  // a matrix lists both (i, j) and (j, i), or a linear term in parts
  return out;
}

SampleModel max_cut_model(std::uint32_t num_vertices, std::vector<Coupling> weights,
                          const std::string& where) {
  double total = 0.0;
  for (auto& edge : weights) {
    total += edge.value;
    edge.value = -edge.value;
  }
  auto out = ising_model({.num_spins = num_vertices, .couplings = std::move(weights)}, where);
  out.kind = "maxcut";
  out.is_optimisation = true;
  out.total_weight = total;
  return out;
}

SampleModel load_model(const std::string& argument, ModelFormat format) {
  if (is_generated(argument)) return generate_model(argument, format);
  if (names_a_file(argument) || argument.find_first_of("./") != std::string::npos) {
    return parse_model(read_file(argument), argument, format);
  }
  fail(ErrorCode::invalid_argument,
       "\"{}\" is neither a file nor a model source; sources are {}: therma sample list shows them",
       argument, known_sources());
}

SampleModel parse_model(std::string_view text, const std::string& name, ModelFormat format) {
  const auto first = text.find_first_not_of(" \t\r\n");
  const bool is_json =
      first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
  if (format == ModelFormat::json || format == ModelFormat::dimod ||
      (format == ModelFormat::automatic && is_json)) {
    const auto document = parse_json(text, name);
    if (format == ModelFormat::automatic) format = json_format_of(document, name);
    return format == ModelFormat::json ? parse_therma_json(document, name)
                                       : parse_dimod_json(document, name);
  }
  if (format == ModelFormat::automatic) format = text_format_of(text, name);
  switch (format) {
    case ModelFormat::maxcut:
      return parse_max_cut(text, name);
    case ModelFormat::sparse:
      return parse_sparse(text, name);
    case ModelFormat::qubo:
      return parse_qbsolv(text, name);
    default:
      return parse_coo(text, name);
  }
}

}  // namespace therma
