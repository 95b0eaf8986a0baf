// SPDX-License-Identifier: Apache-2.0
// A schedule problem on one line, so that tests can state all of it:
//   unit | tasks | machines | resources, order, preferences | goals
// Tasks: id=duration, low~high for a range, @machines, >release, <deadline, "due" and due date,
// *weight, {resource:amount}; neighbours with equal facts are first..last. Machines: id[open-close]
// and *speed. Order: before<after+lag. Preferences: task?machine. Goals: those with a weight.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "therma/core/json.hpp"

namespace therma::planner {

inline std::string gist_of_task(const Json& t) {
  const auto& d = t.at("duration");
  std::string out =
      d.is_object() ? fmt::format("{}~{}", d.at("min").dump(), d.at("max").dump()) : d.dump();
  std::string list;
  for (const auto& m : t.value("machines", Json::array())) {
    list += fmt::format("{}{}", list.empty() ? '@' : ',', m.get<std::string>());
  }
  out += list;
  const std::pair<const char*, const char*> marks[] = {
      {"release", ">"}, {"deadline", "<"}, {"due", "due"}, {"weight", "*"}};
  for (const auto& [key, mark] : marks) {
    if (t.contains(key)) out += fmt::format("{}{}", mark, t.at(key).dump());
  }
  if (!t.contains("demand")) return out;
  list.clear();
  for (const auto& [id, amount] : t.at("demand").items()) {
    list += fmt::format("{}{}:{}", list.empty() ? '{' : ',', id, amount.dump());
  }
  return fmt::format("{}{}}}", out, list);
}

inline std::string gist_of_tasks(const Json& tasks) {
  std::string out;
  for (std::size_t i = 0; i < tasks.size();) {
    const std::string facts = gist_of_task(tasks[i]);
    std::size_t end = i + 1;
    while (end < tasks.size() && gist_of_task(tasks[end]) == facts) ++end;
    auto ids = tasks[i].at("id").get<std::string>();
    if (end > i + 1) ids += fmt::format("..{}", tasks[end - 1].at("id").get<std::string>());
    out += fmt::format("{}{}={}", i > 0 ? " " : "", ids, facts);
    i = end;
  }
  return out;
}

inline std::string gist_of_machines(const Json& machines) {
  std::string out;
  for (const auto& m : machines) {
    out += fmt::format("{}{}", out.empty() ? "" : " ", m.at("id").get<std::string>());
    std::string windows;
    for (const auto& w : m.value("windows", Json::array())) {
      windows += fmt::format("{}{}-{}", windows.empty() ? '[' : ',', w[0].dump(), w[1].dump());
    }
    if (!windows.empty()) out += fmt::format("{}]", windows);
    if (m.contains("speed")) out += fmt::format("*{}", m["speed"].dump());
  }
  return out;
}

inline std::string gist_of_ties(const Json& problem) {
  std::vector<std::string> orders;
  for (const auto& o : problem.value("precedence", Json::array())) {
    const auto lag = o.contains("lag") ? fmt::format("+{}", o["lag"].dump()) : std::string();
    orders.push_back(fmt::format("{}<{}{} ", o.at("before").get<std::string>(),
                                 o.at("after").get<std::string>(), lag));
  }
  std::ranges::sort(orders);
  std::string out;
  for (const auto& r : problem.value("resources", Json::array())) {
    out += fmt::format("{}={} ", r.at("id").get<std::string>(), r.at("capacity").dump());
  }
  for (const auto& o : orders) out += o;
  for (const auto& p : problem.value("preferences", Json::array())) {
    out +=
        fmt::format("{}?{} ", p.at("task").get<std::string>(), p.at("machine").get<std::string>());
  }
  return out;
}

inline std::string gist(const Json& problem) {
  std::string goals;
  for (const auto& [name, weight] : problem.at("objective").items())
    goals += fmt::format(" {}", name);
  return fmt::format("{} | {} | {} | {}|{}", problem.at("time_unit").get<std::string>(),
                     gist_of_tasks(problem.at("tasks")), gist_of_machines(problem.at("machines")),
                     gist_of_ties(problem), goals);
}

}  // namespace therma::planner
