// SPDX-License-Identifier: Apache-2.0
// Names of machines and resources: letters, kinds of machine, what is needed.
#include "therma/planner/formal_discovery.hpp"
#include "therma/planner/formal_grammar.hpp"
#include "therma/planner/lexicon.hpp"

namespace therma::planner {

void Discovery::letters_beside_machines() {
  std::vector<std::uint32_t> sentences;
  for (std::size_t i = 1; i < t_.size(); ++i) {
    if (is_machine_noun(t_[i - 1]) && is_code(i, true) && is_machine(i))
      sentences.push_back(t_[i].sentence);
  }
  for (std::size_t i = 1; i < t_.size(); ++i) {
    if (!std::ranges::binary_search(sentences, t_[i].sentence)) continue;
    if (!is_code(i, false) || is_task(i) || is_task_noun(t_[i - 1])) continue;
    const bool value = mark(i + 1, ":") || read_windows(t_, i + 1) ||
                       (i + 1 < t_.size() &&
                        (t_[i + 1].kind == TokenKind::number || patterns_.knows(t_[i + 1].folded)));
    if (value && !named_unit_after_number(i)) add(names_.machines, i, i + 1);
  }
}

bool Discovery::named_unit_after_number(std::size_t at) const {
  return at > 0 && t_[at - 1].kind == TokenKind::number && named_unit(t_[at]).has_value();
}

void Discovery::machine_kinds() {
  for (std::size_t i = 0; i < t_.size(); ++i) {
    if (t_[i].kind != TokenKind::word) continue;
    const auto type = machine_type_at(t_, i);
    if (!type) continue;
    std::size_t count = 1;
    bool counted = false;
    for (std::size_t back = 1; back <= 3 && back <= i; ++back) {
      const auto number = read_number(t_, i - back);
      if (number && number->end == i && number->whole() && number->value >= 1 &&
          number->value < 1e6) {
        count = static_cast<std::size_t>(number->value);
        counted = true;
      }
    }
    auto found = std::ranges::find(names_.kinds, std::string(*type), &MachineKind::id);
    if (found == names_.kinds.end()) {
      names_.kinds.push_back({std::string(*type), count, t_[i].span, counted});
      found = names_.kinds.end() - 1;
    } else if (counted && !found->counted) {
      found->count = count;
      found->counted = true;
    }
    if (i + 1 < t_.size() && t_[i + 1].kind == TokenKind::number && !counted) {
      // "tokarka 2" implies that there are two, unless a length of time follows.
      const auto n = t_[i + 1].value;
      const bool time = read_stretch(t_, i + 1).has_value() || mark(i + 2, ":") || mark(i + 2, "-");
      if (!time && n >= 1 && n <= 50 && !found->counted) {
        found->count = std::max(found->count, static_cast<std::size_t>(n));
      }
    }
  }
}

void Discovery::on_letters() {
  static constexpr std::array<std::string_view, 4> kOn = {"na", "on", "using", "at"};
  if (names_.machines.size() > 1) return;  // they were listed
  for (std::size_t i = 0; i + 1 < t_.size(); ++i) {
    if (!word(i, kOn) || !is_code(i + 1, false) || is_machine(i + 1) || is_task(i + 1)) continue;
    std::size_t at = i + 1;
    while (at < t_.size() && is_code(at, false) && !is_task(at) &&
           t_[at].sentence == t_[i].sentence) {
      add(names_.machines, at, at + 1);
      if (!(mark(at + 1, ",") || word(at + 1, kConjunctions)) || read_stretch(t_, at + 3)) break;
      at += 2;
    }
  }
}

void Discovery::resources() {
  static constexpr std::array<std::string_view, 13> kNeeds = {
      "wymaga",   "wymagaja", "potrzebuje", "potrzebuja", "potrzeba",  "needs", "need",
      "requires", "require",  "uses",       "use",        "potrzebne", "zuzywa"};
  for (std::size_t i = 0; i < t_.size(); ++i) {
    const auto number = read_number(t_, i);
    if (!number || number->end >= t_.size()) continue;
    const std::size_t at = number->end;
    if (const auto type = resource_type(t_[at].folded); type && t_[at].kind == TokenKind::word) {
      add_resource(*type, at);
    } else if (unknown(at) && i > 0 && word(i - 1, kNeeds)) {
      add(names_.resources, at, at + 1);
    }
    i = number->end - 1;
  }
}

void Discovery::add_resource(std::string_view type, std::size_t at) {
  std::string id(type);
  // "4 GB RAM": what is measured names the resource, where it is said.
  static constexpr std::array<std::string_view, 6> kMemory = {"ram",  "pamieci", "memory",
                                                              "vram", "dysku",   "disk"};
  const auto next = word(at + 1, std::array<std::string_view, 1>{"of"}) ? at + 2 : at + 1;
  if (word(next, kMemory))
    id = std::string(text_.substr(t_[next].span.begin, t_[next].span.end - t_[next].span.begin));
  const std::string key(type);
  const auto same = [&](const Name& n) { return n.words[0] == key; };
  const auto found = std::ranges::find_if(names_.resources, same);
  if (found == names_.resources.end()) {
    names_.resources.push_back({id, {key}, t_[at].span});
  } else if (found->id == key) {
    found->id = id;
  }
}

}  // namespace therma::planner
