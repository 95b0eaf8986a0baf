// SPDX-License-Identifier: Apache-2.0
// Lines of numbers, each fault named by file and line.
#include "therma/engine/models/text_formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>

#include "therma/core/error.hpp"

namespace therma {
namespace {

constexpr std::string_view kBlank = " \t\r\f\v,;";

// The lines of a text that hold something, with their numbers; comments are left out.
class Lines {
 public:
  Lines(std::string_view text, const std::string& name) : rest_(text), name_(name) {}

  // The next line's words into words(); false at the end.
  bool next() {
    while (!rest_.empty()) {
      const auto end = std::min(rest_.find('\n'), rest_.size());
      const auto line = rest_.substr(0, end);
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      ++number_;
      split(line);
      if (num_words_ > 0 && !is_comment(words_[0])) return true;
    }
    return false;
  }
  [[nodiscard]] std::size_t num_words() const noexcept { return num_words_; }
  [[nodiscard]] std::string_view word(std::size_t k) const { return words_[k]; }

  [[noreturn]] void reject(std::string_view what) const {
    fail(ErrorCode::bad_data, "{}:{}: {}", name_, number_, what);
  }
  // The word as a whole number in [least, most].
  [[nodiscard]] std::uint64_t count(std::size_t k, std::uint64_t least, std::uint64_t most,
                                    std::string_view what) const {
    std::uint64_t value = 0;
    const auto text = words_[k];
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && stop == text.data() + text.size();
    if (!whole || value < least || value > most) {
      reject(fmt::format("{} must be a whole number in [{}, {}], found \"{}\"", what, least, most,
                         shown(text)));
    }
    return value;
  }
  [[nodiscard]] double number(std::size_t k, std::string_view what) const {
    double value = 0.0;
    auto text = words_[k];
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size() || !std::isfinite(value)) {
      reject(fmt::format("{} must be a finite number, found \"{}\"", what, shown(words_[k])));
    }
    return value;
  }

 private:
  static bool is_comment(std::string_view word) {
    return word[0] == '#' || word[0] == '%' || word == "c" || word == "C";
  }
  static std::string shown(std::string_view word) {
    constexpr std::size_t kLongest = 40;
    return word.size() > kLongest ? std::string(word.substr(0, kLongest)) + "…" : std::string(word);
  }
  void split(std::string_view line) {
    num_words_ = 0;
    while (true) {
      line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
      if (line.empty()) return;
      const auto end = std::min(line.find_first_of(kBlank), line.size());
      // One more than any format has: enough to see that there are too many.
      if (num_words_ == words_.size()) return;
      words_[num_words_++] = line.substr(0, end);
      line.remove_prefix(end);
    }
  }

  std::string_view rest_;
  const std::string& name_;
  std::size_t number_ = 0;
  std::array<std::string_view, 8> words_{};
  std::size_t num_words_ = 0;
};

[[noreturn]] void ends_early(const std::string& name, std::uint64_t got, std::uint64_t wanted,
                             std::string_view what) {
  fail(ErrorCode::bad_data, "{}: ends after {} {}, its first line says {}", name, got, what,
       wanted);
}

// What "n m" and m lines "i j value" hold.
struct Listed {
  std::uint32_t size = 0;
  std::vector<Coupling> entries;  // indices from 0
};

struct ListedRules {
  std::string_view variables;  // "vertex"
  std::string_view value;      // "weight"
  bool diagonal = false;
  bool value_may_lack = false;  // then 1
};

Listed read_listed(std::string_view text, const std::string& name, const ListedRules& rules) {
  Lines lines(text, name);
  if (!lines.next()) fail(ErrorCode::bad_data, "{}: empty, expected a line \"n m\"", name);
  if (lines.num_words() != 2) lines.reject("expected \"n m\", the sizes");
  Listed out;
  out.size = static_cast<std::uint32_t>(lines.count(0, 1, kMostModelVariables, "n"));
  const auto num_entries = lines.count(1, 0, kMostModelCouplings, "m");
  // Short files that claim much must not get much memory: a line has 4 bytes at least.
  out.entries.reserve(std::min<std::size_t>(num_entries, text.size() / 4));
  while (lines.next()) {
    if (out.entries.size() == num_entries) {
      lines.reject(fmt::format("more than the {} lines that the first line says", num_entries));
    }
    const bool lacks = rules.value_may_lack && lines.num_words() == 2;
    if (!lacks && lines.num_words() != 3) {
      lines.reject(
          fmt::format("expected \"i j {}\", found {} words", rules.value, lines.num_words()));
    }
    const auto i = lines.count(0, 1, out.size, rules.variables);
    const auto j = lines.count(1, 1, out.size, rules.variables);
    if (i == j && !rules.diagonal) lines.reject("an edge joins a vertex to itself");
    out.entries.push_back({static_cast<std::uint32_t>(i - 1), static_cast<std::uint32_t>(j - 1),
                           lacks ? 1.0 : lines.number(2, rules.value)});
  }
  if (out.entries.size() < num_entries) ends_early(name, out.entries.size(), num_entries, "lines");
  return out;
}

std::string suffix_of(const std::string& name) {
  auto suffix = std::filesystem::path(name).extension().string();
  std::ranges::transform(suffix, suffix.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return suffix;
}

// "G22", "G22.txt": how the G-set names its files.
bool is_gset_name(const std::string& name) {
  const auto stem = std::filesystem::path(name).stem().string();
  return stem.size() > 1 && stem[0] == 'G' &&
         stem.find_first_not_of("0123456789", 1) == std::string::npos;
}

// Of a file that opens with "n m": a loop can only be a diagonal entry of a matrix.
ModelFormat listed_format(Lines& lines, const std::string& name) {
  while (lines.next()) {
    if (lines.num_words() >= 2 && lines.word(0) == lines.word(1)) return ModelFormat::sparse;
  }
  const auto suffix = suffix_of(name);
  if (suffix == ".sparse") return ModelFormat::sparse;
  if (suffix == ".mc" || suffix == ".rud" || suffix == ".rudy" || is_gset_name(name)) {
    return ModelFormat::maxcut;
  }
  fail(ErrorCode::bad_data,
       "{}: may be a max-cut graph or a QUBO matrix: say which with --format maxcut or sparse",
       name);
}

// What a comment line "# vartype=SPIN" says.
std::optional<std::string> stated_vartype(std::string_view text) {
  const auto at = text.find("vartype=");
  if (at == std::string_view::npos) return std::nullopt;
  auto word = text.substr(at + std::string_view("vartype=").size());
  word = word.substr(0, word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
  return std::string(word);
}

}  // namespace

ModelFormat text_format_of(std::string_view text, const std::string& name) {
  Lines lines(text, name);
  if (!lines.next()) fail(ErrorCode::bad_data, "{}: empty, expected a model", name);
  if (lines.word(0) == "p") return ModelFormat::qubo;
  if (lines.num_words() == 2) return listed_format(lines, name);
  if (lines.num_words() == 3) return ModelFormat::coo;
  lines.reject(
      "expected a model: JSON, \"n m\" (max-cut, QUBO), \"p qubo\" (qbsolv) or \"i j value\" "
      "(COO)");
}

SampleModel parse_max_cut(std::string_view text, const std::string& name) {
  auto listed =
      read_listed(text, name, {.variables = "vertex", .value = "weight", .value_may_lack = true});
  return max_cut_model(listed.size, std::move(listed.entries), name);
}

SampleModel parse_sparse(std::string_view text, const std::string& name) {
  auto listed = read_listed(text, name, {.variables = "index", .value = "q", .diagonal = true});
  for (auto& entry : listed.entries) {
    if (entry.i != entry.j) entry.value *= 2.0;  // one triangle of a symmetric matrix is written
  }
  return qubo_model({.num_bits = listed.size, .terms = std::move(listed.entries)}, name);
}

SampleModel parse_qbsolv(std::string_view text, const std::string& name) {
  Lines lines(text, name);
  if (!lines.next() || lines.word(0) != "p") {
    fail(ErrorCode::bad_data, "{}: expected a line \"p qubo 0 maxNodes nNodes nCouplers\"", name);
  }
  if (lines.num_words() != 6 || lines.word(1) != "qubo") {
    lines.reject("expected \"p qubo 0 maxNodes nNodes nCouplers\"");
  }
  QuboModel model;
  model.num_bits = static_cast<std::uint32_t>(lines.count(3, 1, kMostModelVariables, "maxNodes"));
  const auto num_nodes = lines.count(4, 0, kMostModelVariables, "nNodes");
  const auto num_couplers = lines.count(5, 0, kMostModelCouplings, "nCouplers");
  std::uint64_t nodes = 0;
  while (lines.next()) {
    if (lines.num_words() != 3) lines.reject("expected \"i j value\"");
    const auto i = lines.count(0, 0, model.num_bits - 1, "index");
    const auto j = lines.count(1, 0, model.num_bits - 1, "index");
    nodes += i == j ? 1 : 0;
    model.terms.push_back(
        {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(j), lines.number(2, "value")});
  }
  const auto couplers = model.terms.size() - nodes;
  if (nodes != num_nodes || couplers != num_couplers) {
    fail(ErrorCode::bad_data, "{}: holds {} nodes and {} couplers, its \"p\" line says {} and {}",
         name, nodes, couplers, num_nodes, num_couplers);
  }
  return qubo_model(model, name);
}

SampleModel parse_coo(std::string_view text, const std::string& name) {
  const auto vartype = stated_vartype(text.substr(0, text.find_first_of("0123456789")));
  if (vartype && *vartype != "SPIN" && *vartype != "BINARY") {
    fail(ErrorCode::bad_data, "{}: vartype must be SPIN or BINARY, found \"{}\"", name, *vartype);
  }
  Lines lines(text, name);
  std::vector<Coupling> entries;
  std::uint64_t size = 0;
  while (lines.next()) {
    if (lines.num_words() != 3) lines.reject("expected \"i j value\"");
    const auto i = lines.count(0, 0, kMostModelVariables - 1, "index");
    const auto j = lines.count(1, 0, kMostModelVariables - 1, "index");
    size = std::max({size, i + 1, j + 1});
    entries.push_back(
        {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(j), lines.number(2, "value")});
  }
  if (entries.empty()) fail(ErrorCode::bad_data, "{}: empty, expected lines \"i j value\"", name);
  const auto num_variables = static_cast<std::uint32_t>(size);
  if (!vartype || *vartype == "BINARY") {
    auto model = qubo_model({.num_bits = num_variables, .terms = std::move(entries)}, name);
    if (!vartype) model.assumptions.emplace_back("no vartype is stated: the variables are bits");
    return model;
  }
  DimodSpinModel spins{.num_spins = num_variables};
  spins.linear.assign(num_variables, 0.0);
  for (const auto& e : entries) {
    if (e.i == e.j) spins.linear[e.i] += e.value;
    if (e.i != e.j) spins.quadratic.push_back(e);
  }
  return ising_model(to_ising(spins), name);
}

}  // namespace therma
