// SPDX-License-Identifier: Apache-2.0
// The call of a filter, and the filters of sequences and mappings.
#pragma once

#include <fmt/format.h>

#include "therma/llm/chat/jinja_meter.hpp"

namespace therma::llm::jinja {

struct FilterCall {
  const Value& target;
  const Arguments& arguments;
  Meter& meter;

  Place place() const { return arguments.place; }
  std::string shown() const { return meter.shown(place(), target); }
  std::vector<Value> items() const { return items_of(target, place(), meter); }
  [[noreturn]] void fail(std::string_view what) const {
    meter.fail(place(), fmt::format("the filter {} {}", arguments.name, what));
  }
};

[[nodiscard]] Value join(const FilterCall& call);
[[nodiscard]] Value end_item(const FilterCall& call, bool is_first);
[[nodiscard]] Value pairs(const FilterCall& call);
[[nodiscard]] Value sorted_pairs(const FilterCall& call);
[[nodiscard]] Value map_items(const FilterCall& call);
// select, reject, selectattr, rejectattr: items, or a member of theirs, that pass a test or are
// true.
[[nodiscard]] Value chosen(const FilterCall& call, bool by_member, bool keeps);
[[nodiscard]] Value reversed(const FilterCall& call);
[[nodiscard]] Value unique(const FilterCall& call);
[[nodiscard]] Value sorted(const FilterCall& call);
[[nodiscard]] Value extreme(const FilterCall& call, std::string_view order);

}  // namespace therma::llm::jinja
