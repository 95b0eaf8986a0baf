// SPDX-License-Identifier: Apache-2.0
// Objects and arrays. Members come in the order in which the schema lists them, unlisted ones last.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "therma/core/error.hpp"
#include "therma/llm/grammar/regex.hpp"
#include "therma/llm/grammar/schema_compiler.hpp"
#include "therma/llm/grammar/schema_merge.hpp"

namespace therma::llm {
namespace {

constexpr std::size_t kMaxCells = 1 << 16;

std::uint32_t count_of(const Json& schema, std::string_view keyword, std::uint32_t fallback) {
  if (!schema.contains(keyword)) return fallback;
  const auto value = schema[std::string(keyword)].get<double>();
  return value >= 4e9 ? Grammar::kNowhere - 1 : static_cast<std::uint32_t>(value);
}

std::uint32_t less(std::uint32_t a, std::uint32_t b) { return a > b ? a - b : 0; }

}  // namespace

GrammarBuilder::Node SchemaCompiler::array(const Json& schema, const std::string& place) {
  const auto least = count_of(schema, "minItems", 0);
  const auto most = count_of(schema, "maxItems", Grammar::kNowhere);
  if (least > most) return builder_.nothing();
  if (schema.value("uniqueItems", false))
    notice(place + ": uniqueItems is not held while generating");
  const auto prefix = schema.value("prefixItems", Json::array());
  const auto size = static_cast<std::uint32_t>(prefix.size());
  const Json items = schema.value("items", Json(true));
  const auto close_full = blanks(builder_.text("]", builder_.end()));
  const auto close = [&](std::uint32_t count) {
    if (count < least || count > most) return builder_.nothing();
    return count == 0 ? builder_.text("]", builder_.end()) : close_full;
  };
  // Behind the prefix: the same item again and again.
  Node next = close(size);
  if (items != false && most > size) {
    const auto item = rule_of(items, place + ".items");
    const auto left = most == Grammar::kNowhere ? most : most - size;
    if (size > 0) {
      next = builder_.repeat(after_comma(item), {less(least, size), left}, close_full);
    } else {
      const auto others = left == Grammar::kNowhere ? left : left - 1;
      const auto first = builder_.repeat(after_comma(item), {less(least, 1), others}, close_full);
      next = builder_.split(next, builder_.call(item, first));
    }
  }
  for (auto i = size; i-- > 0;) {
    const auto item = rule_of(prefix[i], place + ".prefixItems");
    const auto taken = builder_.call(i == 0 ? item : after_comma(item), next);
    next = i < most ? builder_.split(close(i), taken) : close(i);
  }
  return builder_.text("[", blanks(next));
}

struct SchemaCompiler::ObjectPlan {
  struct Member {
    std::string name;  // as JSON spells it
    Rule value = 0;
    bool is_required = false;
  };
  std::vector<Member> members;
  std::size_t least = 0;
  std::size_t most = Grammar::kNowhere;
  bool is_open = false;  // to members that are not listed
  Rule unlisted = 0;     // key and value
};

SchemaCompiler::ObjectPlan SchemaCompiler::plan_of(const Json& schema, const std::string& place) {
  ObjectPlan plan;
  plan.least = count_of(schema, "minProperties", 0);
  plan.most = count_of(schema, "maxProperties", Grammar::kNowhere);
  const auto properties = schema.value("properties", Json::object());
  const auto required = schema.value("required", Json::array());
  const bool is_silent = !schema.contains("additionalProperties");
  const Json unlisted = is_silent ? Json(true) : schema["additionalProperties"];
  plan.is_open =
      unlisted != false && (!is_silent || properties.empty() || options_.allows_unlisted);
  auto taken = forbidden_keys(schema, place);
  const auto num_forbidden = taken.size();
  const auto is_forbidden = [&](const std::string& key) {
    const auto end = taken.begin() + static_cast<std::ptrdiff_t>(num_forbidden);
    return std::find(taken.begin(), end, key) != end;
  };
  const auto add = [&](const std::string& key, const Json& value) {
    const bool is_required =
        std::find(required.begin(), required.end(), Json(key)) != required.end();
    const bool is_out = is_forbidden(key);
    if (is_out && !is_required) return;
    const auto rule = rule_of(is_out ? Json(false) : value, place + "." + key);
    plan.members.push_back({Json(key).dump(), rule, is_required});
    taken.push_back(key);
  };
  for (const auto& [key, value] : properties.items()) add(key, value);
  for (const auto& key : required)
    if (!properties.contains(key.get<std::string>())) add(key.get<std::string>(), unlisted);
  if (plan.is_open) {
    const auto value = rule_of(unlisted, place + ".additionalProperties");
    plan.unlisted = builder_.declare();
    builder_.define(
        plan.unlisted,
        builder_.call(unlisted_key(taken),
                      builder_.text(":", blanks(builder_.call(value, builder_.end())))));
  }
  return plan;
}

GrammarBuilder::Rule SchemaCompiler::unlisted_key(const std::vector<std::string>& taken) {
  const auto place = builder_.where();
  const auto any_key = compile_regex("\"[^\"\\\\\\x00-\\x1f]*\"", place);
  std::vector<std::string> spelt;
  for (const auto& key : taken) spelt.push_back(Json(key).dump());
  const std::vector<std::string_view> views(spelt.begin(), spelt.end());
  return builder_.automaton(without(any_key, any_of(views, place), place));
}

GrammarBuilder::Node SchemaCompiler::close_object(const ObjectPlan& plan, std::size_t num_members) {
  if (num_members < plan.least || num_members > plan.most) return builder_.nothing();
  const auto close = builder_.text("}", builder_.end());
  return num_members == 0 ? close : blanks(close);
}

// After all listed members; `more` is where one more leads.
GrammarBuilder::Node SchemaCompiler::unlisted_members(const ObjectPlan& plan,
                                                      std::size_t num_members, Node more) {
  const auto rule = num_members == 0 ? plan.unlisted : after_comma(plan.unlisted);
  return builder_.call(rule, more);
}

// A grid of nodes: how many of the listed members have been passed, and how many have come; the
// last column stands for as many or more.
GrammarBuilder::Node SchemaCompiler::object(const Json& schema, const std::string& place) {
  const auto plan = plan_of(schema, place);
  const bool is_bounded = plan.most != Grammar::kNowhere;
  const auto width = std::max<std::size_t>({1, plan.least, is_bounded ? plan.most : 0});
  if (width > kMaxCells || (plan.members.size() + 1) * (width + 1) > kMaxCells)
    fail(ErrorCode::bad_data, "{}: too many properties are counted", place);
  std::vector<Node> row(width + 1);
  for (auto k = width + 1; k-- > 0;) {
    const auto close = close_object(plan, k);
    row[k] = close;
    if (!plan.is_open || (is_bounded && k >= plan.most)) continue;
    row[k] = k == width ? builder_.repeat(after_comma(plan.unlisted), {}, close)
                        : builder_.split(close, unlisted_members(plan, k, row[k + 1]));
  }
  for (auto i = plan.members.size(); i-- > 0;) {
    const auto& member = plan.members[i];
    std::vector<Node> now(width + 1);
    for (std::size_t k = 0; k <= width; ++k) {
      const auto skip = member.is_required ? builder_.nothing() : row[k];
      now[k] = skip;
      if (is_bounded && k >= plan.most) continue;
      const auto value = builder_.call(member.value, row[std::min(k + 1, width)]);
      const auto named = builder_.text(member.name, builder_.text(":", blanks(value)));
      now[k] = builder_.split(k == 0 ? named : builder_.text(",", blanks(named)), skip);
    }
    row = std::move(now);
  }
  return builder_.text("{", blanks(row[0]));
}

}  // namespace therma::llm
