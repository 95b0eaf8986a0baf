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
  std::string out = d.is_object() ? d.at("min").dump() + "~" + d.at("max").dump() : d.dump();
  if (t.contains("machines")) {
    std::string list;
    for (const auto& m : t["machines"]) list += (list.empty() ? "@" : ",") + m.get<std::string>();
    out += list;
  }
  if (t.contains("release")) out += ">" + t["release"].dump();
  if (t.contains("deadline")) out += "<" + t["deadline"].dump();
  if (t.contains("due")) out += "due" + t["due"].dump();
  if (t.contains("weight")) out += "*" + t["weight"].dump();
  if (t.contains("demand")) {
    std::string list;
    for (const auto& [id, amount] : t["demand"].items()) {
      list += (list.empty() ? "{" : ",") + id + ":" + amount.dump();
    }
    out += list + "}";
  }
  return out;
}

inline std::string gist_of_tasks(const Json& tasks) {
  std::string out;
  for (std::size_t i = 0; i < tasks.size();) {
    const std::string facts = gist_of_task(tasks[i]);
    std::size_t end = i + 1;
    while (end < tasks.size() && gist_of_task(tasks[end]) == facts) ++end;
    out += (i > 0 ? " " : "") + tasks[i].at("id").get<std::string>();
    if (end > i + 1) out += ".." + tasks[end - 1].at("id").get<std::string>();
    out += "=" + facts;
    i = end;
  }
  return out;
}

inline std::string gist_of_machines(const Json& machines) {
  std::string out;
  for (const auto& m : machines) {
    out += (out.empty() ? "" : " ") + m.at("id").get<std::string>();
    std::string windows;
    if (m.contains("windows")) {
      for (const auto& w : m["windows"]) {
        windows += (windows.empty() ? "[" : ",") + w[0].dump() + "-" + w[1].dump();
      }
      out += windows + "]";
    }
    if (m.contains("speed")) out += "*" + m["speed"].dump();
  }
  return out;
}

inline std::string gist_of_ties(const Json& problem) {
  std::vector<std::string> all;
  for (const auto& o : problem.value("precedence", Json::array())) {
    all.push_back(o.at("before").get<std::string>() + "<" + o.at("after").get<std::string>() +
                  (o.contains("lag") ? "+" + o["lag"].dump() : ""));
  }
  std::ranges::sort(all);
  for (const auto& p : problem.value("preferences", Json::array())) {
    all.push_back(p.at("task").get<std::string>() + "?" + p.at("machine").get<std::string>());
  }
  for (const auto& r : problem.value("resources", Json::array())) {
    all.insert(all.begin(), r.at("id").get<std::string>() + "=" + r.at("capacity").dump());
  }
  std::string out;
  for (const auto& a : all) out += a + " ";
  return out;
}

inline std::string gist(const Json& problem) {
  std::string goals;
  for (const auto& [name, weight] : problem.at("objective").items()) goals += " " + name;
  return fmt::format("{} | {} | {} | {}|{}", problem.at("time_unit").get<std::string>(),
                     gist_of_tasks(problem.at("tasks")), gist_of_machines(problem.at("machines")),
                     gist_of_ties(problem), goals);
}

}  // namespace therma::planner
