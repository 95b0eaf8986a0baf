// SPDX-License-Identifier: Apache-2.0
// The table of model sources, and the reading of their settings.
#include "therma/engine/models/generated.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "therma/core/error.hpp"
#include "therma/energy/instances.hpp"
#include "therma/engine/files.hpp"
#include "therma/engine/utf8.hpp"

namespace therma {
namespace {

struct Setting {
  std::string_view key;
  std::string_view text;
};

// "n=512,seed=1" of one argument: every setting must be asked for by the source it belongs to.
class Settings {
 public:
  Settings(std::string_view argument, std::string_view usage) : usage_(usage) {
    auto rest = argument.substr(argument.find(':') + 1);
    for (bool more = !rest.empty(); more;) {
      const auto one = rest.substr(0, rest.find(','));
      more = one.size() < rest.size();
      rest.remove_prefix(std::min(one.size() + 1, rest.size()));
      const auto equals = one.find('=');
      if (equals == 0 || equals == std::string_view::npos) {
        reject(fmt::format("expected key=value, found \"{}\"", one));
      }
      const Setting setting{one.substr(0, equals), one.substr(equals + 1)};
      if (std::ranges::find(settings_, setting.key, &Setting::key) != settings_.end()) {
        reject(fmt::format("the key {} is given twice", setting.key));
      }
      settings_.push_back(setting);
    }
  }

  // A required count in [least, most]; an optional one where a fallback is given.
  [[nodiscard]] std::uint64_t count(std::string_view key, std::uint64_t least, std::uint64_t most,
                                    std::optional<std::uint64_t> fallback = std::nullopt) {
    const auto text = take(key, fallback.has_value());
    if (!text) return *fallback;
    std::uint64_t value = 0;
    const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    const bool whole = error == std::errc{} && stop == text->data() + text->size();
    if (!whole || value < least || value > most) {
      reject(fmt::format("{} must be a whole number in [{}, {}], got \"{}\"", key, least, most,
                         *text));
    }
    return value;
  }
  [[nodiscard]] std::uint32_t count32(std::string_view key, std::uint32_t least,
                                      std::uint64_t most) {
    return static_cast<std::uint32_t>(count(key, least, most));
  }
  [[nodiscard]] std::uint64_t seed() {
    return count("seed", 0, std::numeric_limits<std::uint64_t>::max(), 1);
  }
  [[nodiscard]] double number(std::string_view key, double fallback) {
    const auto text = take(key, true);
    if (!text) return fallback;
    double value = 0.0;
    const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || stop != text->data() + text->size() || !std::isfinite(value)) {
      reject(fmt::format("{} must be a finite number, got \"{}\"", key, *text));
    }
    return value;
  }
  [[nodiscard]] Weights weights() {
    const auto text = take("weights", true).value_or("pm1");
    if (text != "pm1" && text != "gauss") {
      reject(fmt::format("weights must be pm1 or gauss, got \"{}\"", text));
    }
    return text == "pm1" ? Weights::plus_minus_one : Weights::gaussian;
  }
  // After the last key: what is left belongs to no key of this source.
  void finish() const {
    if (settings_.empty()) return;
    reject(fmt::format("unknown key \"{}\"; known are {}", settings_.front().key,
                       fmt::join(asked_, ", ")));
  }

 private:
  std::optional<std::string_view> take(std::string_view key, bool optional) {
    asked_.push_back(key);
    const auto found = std::ranges::find(settings_, key, &Setting::key);
    if (found == settings_.end()) {
      if (!optional) reject(fmt::format("the key {} is missing", key));
      return std::nullopt;
    }
    const auto text = found->text;
    settings_.erase(found);
    return text;
  }
  [[noreturn]] void reject(std::string_view what) const {
    fail(ErrorCode::invalid_argument, "model {}: {}", usage_, what);
  }

  std::string_view usage_;
  std::vector<Setting> settings_;        // not yet asked for
  std::vector<std::string_view> asked_;  // so far
};

// Of a square and of a cube: 2^31 sites in all, which is what a lattice holds.
constexpr std::uint64_t kMostSide = 46340;
constexpr std::uint64_t kMostCube = 1290;

// Bonds of a torus one by one; the last coordinate runs fastest.
IsingModel odd_torus(std::uint32_t side, std::size_t dimensions, double J, double h) {
  const double sites = std::pow(side, static_cast<double>(dimensions));
  if (sites * static_cast<double>(dimensions) > static_cast<double>(kMostInstanceCouplings)) {
    fail(ErrorCode::invalid_argument,
         "a torus of odd side {} has more couplings than the {} that can be listed; even sides "
         "need no list",
         side, kMostInstanceCouplings);
  }
  IsingModel model{.num_spins = static_cast<std::uint32_t>(sites)};
  for (std::uint32_t site = 0; site < model.num_spins; ++site) {
    for (std::uint32_t axis = 0, stride = 1; axis < dimensions; ++axis, stride *= side) {
      const bool last = site / stride % side == side - 1;
      model.couplings.push_back({site, last ? site - (side - 1) * stride : site + stride, J});
    }
  }
  model.fields.assign(model.num_spins, h);
  return model;
}

SampleModel make_ring(Settings& keys) {
  const auto n = keys.count32("n", 3, kMostModelVariables);
  const double J = keys.number("J", 1.0);
  const double h = keys.number("h", 0.0);
  keys.finish();
  IsingModel model{.num_spins = n, .fields = std::vector<double>(n, h)};
  for (std::uint32_t i = 0; i < n; ++i) model.couplings.push_back({i, (i + 1) % n, J});
  return ising_model(model, "ring");
}

// A torus of equal sides. Even ones are lattices, one bit for each spin and no list of bonds.
SampleModel make_ferromagnet(Settings& keys, std::size_t dimensions) {
  const std::uint64_t most = dimensions == 2 ? kMostSide : kMostCube;
  const auto side = keys.count32("L", 2, most);
  const double J = keys.number("J", 1.0);
  const double h = keys.number("h", 0.0);
  keys.finish();
  LatticeModel lattice{.coupling = J, .field = h};
  lattice.shape.assign(dimensions, side);
  if (side % 2 == 0) return lattice_model(lattice, "lattice");
  return ising_model(odd_torus(side, dimensions, J, h), "lattice");
}
SampleModel make_ising2d(Settings& keys) { return make_ferromagnet(keys, 2); }
SampleModel make_ising3d(Settings& keys) { return make_ferromagnet(keys, 3); }

SampleModel make_glass3d(Settings& keys) {
  const auto side = keys.count32("L", 2, kMostCube);
  const auto seed = keys.seed();
  keys.finish();
  if (side % 2 != 0) return ising_model(glass_3d(side, seed), "glass3d");
  return lattice_model({.shape = {side, side, side}, .bond_seed = seed}, "glass3d");
}

SampleModel make_sk(Settings& keys) {
  const auto n = keys.count32("n", 2, kMostModelVariables);
  const auto seed = keys.seed();
  keys.finish();
  return ising_model(sk_glass(n, seed), "sk");
}

SampleModel make_regular(Settings& keys) {
  const auto n = keys.count32("n", 2, kMostModelVariables);
  const auto degree = keys.count32("degree", 1, kMostModelVariables);
  const auto seed = keys.seed();
  keys.finish();
  return ising_model(random_regular(n, degree, seed), "regular");
}

SampleModel make_z1(Settings& keys) {
  const auto weights = keys.weights();
  const auto seed = keys.seed();
  keys.finish();
  return ising_model(z1_grid(seed, weights), "z1");
}

SampleModel make_planted3d(Settings& keys) {
  const auto side = keys.count32("L", 3, kMostSide);
  const double loops = keys.number("loops", 0.7);
  const auto seed = keys.seed();
  keys.finish();
  const auto planted = planted_loops(glass_3d(side, seed), loops, seed);
  auto out = ising_model(planted.model, "planted3d");
  out.ground_energy = planted.ground_energy;
  return out;
}

struct SourceRow {
  ModelSource source;
  SampleModel (*make)(Settings& keys);
};

constexpr std::string_view kFileSource = "gset";

// The whole list, in the order in which it is shown.
constexpr std::array kSources = {
    SourceRow{{"ising2d", "ising2d:L=256", "square L x L torus; J=1, h=0"}, make_ising2d},
    SourceRow{{"ising3d", "ising3d:L=32", "cubic L x L x L torus; J=1, h=0"}, make_ising3d},
    SourceRow{{"glass3d", "glass3d:L=16,seed=1", "cubic L x L x L torus, J = +1 or -1"},
              make_glass3d},
    SourceRow{{"sk", "sk:n=512,seed=1", "Sherrington-Kirkpatrick: every pair, J ~ N(0, 1/n)"},
              make_sk},
    SourceRow{{"regular", "regular:n=10000,degree=12,seed=1",
               "random graph, every spin of one degree, J ~ N(0, 1)"},
              make_regular},
    SourceRow{{"z1", "z1:seed=1", "576 x 468 grid of degree 16, weights=pm1 or gauss"}, make_z1},
    SourceRow{{"planted3d", "planted3d:L=8,seed=1",
               "frustrated loops on the cubic torus, ground state known; loops=0.7 per spin"},
              make_planted3d},
    SourceRow{{"ring", "ring:n=100", "closed chain; J=1, h=0"}, make_ring},
    SourceRow{{kFileSource, "gset:FILE", "a max-cut graph, whatever its file is called"}, nullptr},
};

// The names alone, for those who only list.
constexpr auto kListed = [] {
  std::array<ModelSource, kSources.size()> listed{};
  for (std::size_t k = 0; k < listed.size(); ++k) listed[k] = kSources[k].source;
  return listed;
}();

const SourceRow* find(std::string_view argument) {
  const auto colon = argument.find(':');
  if (colon == std::string_view::npos) return nullptr;
  const auto word = argument.substr(0, colon);
  const auto* row = std::ranges::find_if(
      kSources, [&](const SourceRow& candidate) { return candidate.source.name == word; });
  return row == kSources.end() ? nullptr : row;
}

}  // namespace

std::span<const ModelSource> model_sources() noexcept { return kListed; }

bool is_generated(std::string_view argument) noexcept { return find(argument) != nullptr; }

SampleModel generate_model(const std::string& argument, ModelFormat format) {
  const auto& row = *find(argument);
  if (row.make == nullptr) {
    const auto file = argument.substr(row.source.name.size() + 1);
    if (file.empty()) fail(ErrorCode::invalid_argument, "model gset:FILE: names no file");
    if (format != ModelFormat::automatic && format != ModelFormat::maxcut) {
      fail(ErrorCode::invalid_argument, "format: gset:FILE is a max-cut graph already");
    }
    return parse_model(read_file(file), file, ModelFormat::maxcut);
  }
  if (format != ModelFormat::automatic) {
    fail(ErrorCode::invalid_argument, "format: belongs to files, and {} is none", argument);
  }
  Settings keys(argument, row.source.usage);
  auto model = row.make(keys);
  model.name = argument;
  model.assumptions.clear();  // nobody listed its pairs
  return model;
}

std::string model_sources_text(std::size_t width) {
  std::size_t widest = 0;
  for (const auto& source : kListed) widest = std::max(widest, source.usage.size());
  std::string out;
  for (const auto& source : kListed) {
    out += padded(source.usage, widest + 2) + wrapped(source.summary, width, widest + 2) + "\n";
  }
  return out +
         wrapped(
             "Or a file, - for standard input: Therma JSON (ising, qubo, factors, quartic, "
             "quadratic), dimod BQM JSON, G-set and .mc, .sparse, .qubo, COO. seed=1 "
             "where none is given.",
             width, 0) +
         "\n";
}

}  // namespace therma
