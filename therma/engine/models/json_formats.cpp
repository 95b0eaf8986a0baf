// SPDX-License-Identifier: Apache-2.0
// Reads JSON models key by key; nothing unknown is ignored.
#include "therma/engine/models/json_formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "therma/core/error.hpp"
#include "therma/energy/factor.hpp"
#include "therma/energy/harmonic.hpp"
#include "therma/energy/quartic.hpp"

namespace therma {
namespace {

// A matrix of more rows than this is 512 MiB.
constexpr std::uint64_t kMostDenseVariables = 8192;

std::uint32_t size_of(const JsonReader& place, std::uint64_t most) {
  const auto size = place.count(most);
  if (size == 0) place.expected(fmt::format("a count in [1, {}]", most));
  return static_cast<std::uint32_t>(size);
}

std::uint32_t size_of(const JsonReader& json, std::string_view key,
                      std::uint64_t most = kMostModelVariables) {
  return size_of(json.at(key), most);
}

std::uint32_t index_of(const JsonReader& json, std::uint32_t size) {
  return static_cast<std::uint32_t>(json.count(size - 1));
}

// [[i, j, value], ...] with indices from 0; an absent key is an empty list.
std::vector<Coupling> pairs_of(const JsonReader& json, std::string_view key, std::uint32_t size,
                               bool diagonal) {
  std::vector<Coupling> pairs;
  if (!json.has(key)) return pairs;
  const auto list = json.at(key);
  const auto count = list.array_size();
  if (count > kMostModelCouplings) {
    list.reject(fmt::format("{} entries, at most {} are read", count, kMostModelCouplings));
  }
  pairs.reserve(count);
  for (std::size_t k = 0; k < count; ++k) {
    const auto entry = list.at(k);
    if (entry.array_size() != 3) entry.expected("[i, j, value]");
    const auto i = index_of(entry.at(std::size_t{0}), size);
    const auto j = index_of(entry.at(1), size);
    if (i == j && !diagonal) entry.reject(fmt::format("couples variable {} to itself", i));
    pairs.push_back({i, j, entry.at(2).number()});
  }
  return pairs;
}

// One number per variable; an absent key is an empty list.
std::vector<double> numbers_of(const JsonReader& json, std::string_view key, std::uint32_t size) {
  std::vector<double> numbers;
  if (!json.has(key)) return numbers;
  const auto list = json.at(key);
  if (list.array_size() != size) {
    list.reject(fmt::format("{} numbers for {} variables", list.array_size(), size));
  }
  for (std::size_t k = 0; k < size; ++k) numbers.push_back(list.at(k).number());
  return numbers;
}

SampleModel read_ising(const JsonReader& json, const std::string& name) {
  json.allow_keys({"therma", "kind", "comment", "spins", "couplings", "fields", "offset"});
  const auto size = size_of(json, "spins");
  return ising_model({.num_spins = size,
                      .couplings = pairs_of(json, "couplings", size, false),
                      .fields = numbers_of(json, "fields", size),
                      .offset = json.number_or("offset", 0.0)},
                     name);
}

SampleModel read_qubo(const JsonReader& json, const std::string& name) {
  json.allow_keys({"therma", "kind", "comment", "bits", "terms", "offset"});
  const auto size = size_of(json, "bits");
  return qubo_model({.num_bits = size,
                     .terms = pairs_of(json, "terms", size, true),
                     .offset = json.number_or("offset", 0.0)},
                    name);
}

SampleModel read_quartic(const JsonReader& json, const std::string& name) {
  json.allow_keys(
      {"therma", "kind", "comment", "units", "quadratic", "quartic", "biases", "couplings"});
  const auto size = size_of(json, "units");
  QuarticModel model{.num_units = size,
                     .quadratic = json.number_or("quadratic", 1.0),
                     .quartic = json.number_or("quartic", 1.0),
                     .biases = numbers_of(json, "biases", size),
                     .couplings = pairs_of(json, "couplings", size, false)};
  if (model.quartic <= 0.0) json.at("quartic").expected("a number > 0");
  return {.name = name,
          .kind = "quartic",
          .target = std::make_shared<const QuarticProgram>(model),
          .states = StateKind::reals,
          .num_variables = size,
          .num_couplings = model.couplings.size(),
          .num_fields = model.biases.size()};
}

// K from its entries, each pair once in either order; entries of one place add up.
std::vector<double> dense_of(const std::vector<Coupling>& entries, std::uint32_t size) {
  std::vector<double> K(std::size_t{size} * size, 0.0);
  for (const auto& e : entries) {
    K[std::size_t{e.i} * size + e.j] += e.value;
    if (e.i != e.j) K[std::size_t{e.j} * size + e.i] += e.value;
  }
  return K;
}

SampleModel read_quadratic(const JsonReader& json, const std::string& name) {
  json.allow_keys({"therma", "kind", "comment", "variables", "stiffness", "linear"});
  const auto size = size_of(json, "variables", kMostDenseVariables);
  const auto entries = pairs_of(json, "stiffness", size, true);
  auto energy = std::make_shared<const QuadraticEnergy>(dense_of(entries, size),
                                                        numbers_of(json, "linear", size));
  return {.name = name,
          .kind = "quadratic",
          .target = std::move(energy),
          .states = StateKind::reals,
          .num_variables = size,
          .num_couplings = entries.size()};
}

std::vector<std::uint32_t> variables_of(const JsonReader& list, std::uint32_t size) {
  std::vector<std::uint32_t> variables;
  for (std::size_t k = 0; k < list.array_size(); ++k) {
    variables.push_back(index_of(list.at(k), size));
  }
  return variables;
}

// One factor: {"variables": [...], and one of "table", "product" and "equality"}.
void read_factor(const JsonReader& json, std::uint32_t size, FactorModel& model) {
  json.allow_keys({"variables", "table", "product", "equality"});
  auto variables = variables_of(json.at("variables"), size);
  if (json.has("table") + json.has("product") + json.has("equality") != 1) {
    json.reject("must hold one of table, product and equality");
  }
  if (json.has("table")) {
    const auto list = json.at("table");
    TableFactor table{.variables = std::move(variables)};
    for (std::size_t k = 0; k < list.array_size(); ++k) {
      table.energies.push_back(list.at(k).number());
    }
    model.tables.push_back(std::move(table));
  } else if (json.has("product")) {
    model.products.push_back({std::move(variables), json.at("product").number()});
  } else {
    if (variables.size() != 2) json.at("variables").expected("two variables");
    model.equalities.push_back({variables[0], variables[1], json.at("equality").number()});
  }
}

SampleModel read_factors(const JsonReader& json, const std::string& name) {
  json.allow_keys({"therma", "kind", "comment", "states", "factors", "clamped", "offset"});
  FactorModel model{.offset = json.number_or("offset", 0.0)};
  const auto states = json.at("states");
  if (states.array_size() == 0) states.expected("a number of states for each variable");
  for (std::size_t k = 0; k < states.array_size(); ++k) {
    model.num_states.push_back(size_of(states.at(k), 65535));
  }
  const auto size = static_cast<std::uint32_t>(model.num_states.size());
  const auto factors = json.at("factors");
  for (std::size_t k = 0; k < factors.array_size(); ++k) read_factor(factors.at(k), size, model);
  if (json.has("clamped")) {
    const auto list = json.at("clamped");
    for (std::size_t k = 0; k < list.array_size(); ++k) {
      const auto pair = list.at(k);
      if (pair.array_size() != 2) pair.expected("[variable, state]");
      const auto variable = index_of(pair.at(std::size_t{0}), size);
      const auto state = pair.at(1).count(model.num_states[variable] - 1);
      model.clamps.push_back({variable, static_cast<Category>(state)});
    }
  }
  const bool all_spins = std::ranges::all_of(model.num_states, [](auto n) { return n == 2; });
  try {
    return {.name = name,
            .kind = "factors",
            .target = std::make_shared<const FactorProgram>(model),
            .states = all_spins ? StateKind::spins : StateKind::categories,
            .num_variables = size,
            .num_couplings = factors.array_size()};
  } catch (const Error& e) {
    if (e.code() != ErrorCode::bad_data) throw;
    fail(ErrorCode::bad_data, "{}: {}", name, e.what());
  }
}

using Reader = SampleModel (*)(const JsonReader& json, const std::string& name);
constexpr std::array<std::pair<std::string_view, Reader>, 5> kKinds = {{
    {"ising", read_ising},
    {"qubo", read_qubo},
    {"factors", read_factors},
    {"quartic", read_quartic},
    {"quadratic", read_quadratic},
}};

// The numbers of one of dimod's arrays; `size` must be theirs.
std::vector<double> dimod_numbers(const JsonReader& json, std::string_view key, std::size_t size) {
  const auto list = json.at(key);
  if (list.array_size() != size) {
    list.reject(fmt::format("{} numbers where the model says {}", list.array_size(), size));
  }
  std::vector<double> numbers;
  numbers.reserve(size);
  for (std::size_t k = 0; k < size; ++k) numbers.push_back(list.at(k).number());
  return numbers;
}

std::vector<Coupling> dimod_pairs(const JsonReader& json, std::uint32_t size) {
  const auto count =
      static_cast<std::size_t>(json.at("num_interactions").count(kMostModelCouplings));
  const auto values = dimod_numbers(json, "quadratic_biases", count);
  const auto head = json.at("quadratic_head");
  const auto tail = json.at("quadratic_tail");
  for (const auto* ends : {&head, &tail}) {
    if (ends->array_size() != count) {
      ends->reject(fmt::format("{} indices for {} interactions", ends->array_size(), count));
    }
  }
  std::vector<Coupling> pairs;
  pairs.reserve(count);
  for (std::size_t k = 0; k < count; ++k) {
    const auto i = index_of(head.at(k), size);
    const auto j = index_of(tail.at(k), size);
    if (i == j) head.at(k).reject(fmt::format("couples variable {} to itself", i));
    pairs.push_back({i, j, values[k]});
  }
  return pairs;
}

// Empty where the labels are 0, 1, 2, ... in order.
std::vector<std::string> dimod_labels(const JsonReader& json, std::uint32_t size) {
  std::vector<std::string> labels;
  if (!json.has("variable_labels")) return labels;
  const auto list = json.at("variable_labels");
  if (list.array_size() != size) {
    list.reject(fmt::format("{} labels for {} variables", list.array_size(), size));
  }
  bool plain = true;
  for (std::size_t k = 0; k < size; ++k) {
    const auto& label = list.json()[k];
    plain = plain && label.is_number_unsigned() && label.get<std::uint64_t>() == k;
    labels.push_back(label.is_string()
                         ? label.get<std::string>()
                         : label.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  return plain ? std::vector<std::string>() : labels;
}

}  // namespace

SampleModel parse_therma_json(const Json& document, const std::string& name) {
  const JsonReader json(document, name);
  if (json.at("therma").count(1) != 1) json.at("therma").expected("1");
  const auto kind = json.at("kind").string();
  std::vector<std::string_view> known;
  for (const auto& [word, read] : kKinds) {
    if (word == kind) {
      auto model = read(json, name);
      model.name = name;
      return model;
    }
    known.push_back(word);
  }
  json.at("kind").expected(fmt::format("one of {}", fmt::join(known, ", ")));
}

SampleModel parse_dimod_json(const Json& document, const std::string& name) {
  const JsonReader json(document, name);
  if (json.has("use_bytes") && json.at("use_bytes").boolean()) {
    json.at("use_bytes").reject("biases as bytes are not read; write them with use_bytes=False");
  }
  const auto size = size_of(json, "num_variables");
  auto linear = dimod_numbers(json, "linear_biases", size);
  auto pairs = dimod_pairs(json, size);
  const double offset = json.number_or("offset", 0.0);
  const auto type = json.at("variable_type").string();
  if (type != "SPIN" && type != "BINARY") json.at("variable_type").expected("SPIN or BINARY");
  auto labels = dimod_labels(json, size);
  SampleModel out;
  if (type == "SPIN") {
    out = ising_model(to_ising(DimodSpinModel{.num_spins = size,
                                              .linear = std::move(linear),
                                              .quadratic = std::move(pairs),
                                              .offset = offset}),
                      name);
  } else {
    for (std::uint32_t i = 0; i < size; ++i) pairs.push_back({i, i, linear[i]});
    out = qubo_model({.num_bits = size, .terms = std::move(pairs), .offset = offset}, name);
  }
  out.labels = std::move(labels);
  return out;
}

ModelFormat json_format_of(const Json& document, const std::string& name) {
  const JsonReader json(document, name);
  json.require_object();
  if (json.has("therma")) return ModelFormat::json;
  if (json.has("type") && json.json()["type"] == "BinaryQuadraticModel") return ModelFormat::dimod;
  json.reject(
      "neither a model of Therma (\"therma\": 1) nor dimod's (\"type\": "
      "\"BinaryQuadraticModel\")");
}

}  // namespace therma
