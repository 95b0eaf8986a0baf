// SPDX-License-Identifier: Apache-2.0
// Sections of the readable report, in the order in which a planner asks for them.
#include "therma/engine/render_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "therma/engine/gantt.hpp"
#include "therma/engine/utf8.hpp"

namespace therma {
namespace {

constexpr std::size_t kNameWidth = 12;  // of the facts below the chart
constexpr std::size_t kMostListedTasks = 40;

using solve::Outcome;
using solve::Status;

// "12 h"; a number alone where the problem names no unit.
std::string with_unit(double value, const std::string& unit) {
  return unit.empty() ? number_text(value) : number_text(value) + " " + unit;
}

// "machine_load" as one would say it.
std::string words(std::string name) {
  std::ranges::replace(name, '_', ' ');
  return name;
}

// Two digits, or whole: for figures that are rough by nature.
std::string rounded(double value) {
  constexpr double kWhole = 10.0;
  return std::abs(value) >= kWhole ? fmt::format("{:.0f}", value) : fmt::format("{:.2g}", value);
}

// "13.4 M" from a million on.
std::string short_count(std::uint64_t count) {
  constexpr std::uint64_t kMillion = 1'000'000;
  return count < kMillion ? fmt::format("{}", count)
                          : fmt::format("{:.1f} M", static_cast<double>(count) / kMillion);
}

std::string unit_of(const Report& report) {
  return report.timetable ? report.timetable->unit : std::string();
}

bool is_makespan(const Report& report) {
  constexpr double kRounding = 1e-9;
  return report.timetable && report.outcome && report.outcome->objective &&
         std::abs(*report.outcome->objective - report.timetable->end) <=
             kRounding * std::max(1.0, report.timetable->end);
}

std::string quality(const Report& report) {
  const auto& o = *report.outcome;
  if (o.status == Status::optimal) return "proven optimal";
  if (!o.objective || !o.lower_bound) return "not proven optimal";
  const double gap = *o.objective - *o.lower_bound;
  return fmt::format("at most {:.1f} % above the best possible",
                     100.0 * gap / std::max(std::abs(*o.objective), 1e-12));
}

// "10 tasks"; "10 jobs (100 operations)".
std::string size_text(const Timetable& table) {
  if (table.groups.empty()) return counted(table.num_bars(), "task");
  return fmt::format("{} ({})", counted(table.groups.size(), "job"),
                     counted(table.num_bars(), "operation"));
}

std::string headline(const Report& report) {
  const auto& table = *report.timetable;
  auto text = fmt::format("{} on {}, all done after {}", size_text(table),
                          counted(table.rows.size(), "machine"), with_unit(table.end, table.unit));
  if (!is_makespan(report) && report.outcome->objective) {
    text += fmt::format(", objective {}", number_text(*report.outcome->objective));
  }
  return text + ": " + quality(report) + ".";
}

// Bars of all machines by start.
struct Entry {
  const Bar* bar;
  const TimetableRow* row;
};
std::vector<Entry> entries_of(const Timetable& table) {
  std::vector<Entry> entries;
  for (const auto& row : table.rows) {
    for (const auto& bar : row.bars) entries.push_back({&bar, &row});
  }
  std::ranges::stable_sort(entries, {}, [](const Entry& e) { return e.bar->start; });
  return entries;
}

// A job's operation is known by its own id, which its bar carries as detail.
const std::string& name_of(const Entry& e, const Timetable& table) {
  return table.groups.empty() ? e.bar->label : e.bar->detail;
}

std::string task_table(const Timetable& table) {
  const auto entries = entries_of(table);
  std::size_t task = 4;
  std::size_t machine = 7;
  for (const auto& e : entries) {
    task = std::max(task, columns(name_of(e, table)));
    machine = std::max(machine, columns(e.row->label));
  }
  auto out =
      fmt::format("{}  {}  {:>8}  {:>8}{}\n", padded("task", task), padded("machine", machine),
                  "start", "end", table.unit.empty() ? "" : "  (" + table.unit + ")");
  for (const auto& e : entries) {
    out += fmt::format("{}  {}  {:>8}  {:>8}\n", padded(name_of(e, table), task),
                       padded(e.row->label, machine), number_text(e.bar->start),
                       number_text(e.bar->end));
  }
  return out;
}

// "Name        text", the text wrapped beside the name.
void add_fact(std::string& out, std::string_view name, std::string_view text, std::size_t width) {
  if (!text.empty()) out += padded(name, kNameWidth) + wrapped(text, width, kNameWidth) + "\n";
}

std::string status_fact(const Report& report) {
  const auto& o = *report.outcome;
  const auto unit = is_makespan(report) ? unit_of(report) : std::string();
  auto text = std::string(solve::name(o.status));
  if (o.lower_bound) {
    text +=
        fmt::format(": {} {}", o.status == Status::optimal ? "nothing can be below" : "at least",
                    with_unit(*o.lower_bound, unit));
    if (!o.bound_from.empty()) text += fmt::format(" (bound: {})", words(o.bound_from));
  }
  return text + (o.verified ? "; checked by the independent verifier"
                            : "; NOT accepted by the independent verifier");
}

std::string search_fact(const Report& report) {
  const auto& o = *report.outcome;
  std::vector<std::string> steps;
  for (const auto& [dynamics, count] : o.steps) {
    steps.push_back(fmt::format("{} {} steps", short_count(count), dynamics));
  }
  auto text = fmt::format("{}, {}, {}", o.dynamics, counted(o.replicas, "replica"),
                          counted(o.rounds, "round"));
  if (!steps.empty()) text += fmt::format(", {}", fmt::join(steps, ", "));
  return text + fmt::format("; {:.0f} % of the replicas agree; {:.2f} s", 100 * o.agreement,
                            report.time_s);
}

std::string scenarios_fact(const Report& report) {
  if (!report.outcome->scenarios) return "";
  const auto& s = *report.outcome->scenarios;
  const auto broken = s.infeasible == 0
                          ? std::string()
                          : fmt::format("; in {} of them a condition breaks", s.infeasible);
  return fmt::format("objective over {}: P50 {}, P95 {}, worst {}{}", counted(s.scenarios, "draw"),
                     number_text(s.p50), number_text(s.p95), number_text(s.worst), broken);
}

// The settings that give this answer again: what differs from the defaults, with seed and rounds.
std::string again_fact(const Report& report) {
  const solve::SolveConfig defaults;
  std::string options;
  for (const auto& field : read_fields_of(defaults)) {
    const auto name = std::string(field.name);
    auto value = field.json();
    if (report.config.contains(name) && report.config[name] != value) {
      value = report.config[name];
    } else if (name != "seed" && name != "rounds") {
      continue;
    }
    if (name == "seed") value = report.seed;
    if (name == "rounds") value = report.outcome->rounds;
    options +=
        fmt::format("--{} {} ", name, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return options + "gives this answer on any number of threads";
}

std::string joules_fact(const Report& report) {
  if (!report.joules) return "";
  const auto& j = *report.joules;
  const auto against = j.savings >= 0 ? fmt::format("{:.0f} % below", 100 * j.savings)
                                      : fmt::format("{} times", rounded(1 - j.savings));
  return fmt::format(
      "not measured. Model: {} J, {} a pure LLM answer; estimate from CPU time: {} J ({} to {})",
      rounded(j.value), against, rounded(j.estimate_central), rounded(j.estimate_low),
      rounded(j.estimate_high));
}

std::string violation_text(const solve::Violation& v, const std::string& unit) {
  const bool in_resources = v.constraint == "resource_limit";
  return fmt::format("{}: {}, by {}", v.constraint, printable(v.subject),
                     with_unit(v.amount, in_resources ? "" : unit));
}

// A list under one name; long lists are cut with their number said.
void add_list(std::string& out, std::string_view name, const std::vector<std::string>& items,
              std::size_t width, std::size_t most) {
  for (std::size_t i = 0; i < std::min(items.size(), most); ++i) {
    add_fact(out, i == 0 ? name : "", "- " + printable(items[i]), width);
  }
  if (items.size() > most) {
    add_fact(out, "", fmt::format("- and {} more (--json lists them)", items.size() - most), width);
  }
}

void add_understanding(std::string& out, const Understanding& u, std::size_t width) {
  add_fact(out, "Intent",
           fmt::format("{} (confidence {:.2f}, complexity {:.2f}, {}; language {})", u.intent,
                       u.confidence, u.complexity, u.mode, u.language),
           width);
  std::vector<std::string> readings;
  for (const auto& r : u.readings) {
    readings.push_back(fmt::format("{} = {} from \"{}\"", r.path, number_text(r.value), r.span));
  }
  add_list(out, "Read", readings, width, readings.size());
}

std::vector<std::string> violations_of(const Outcome& outcome, const std::string& unit) {
  std::vector<std::string> texts;
  for (const auto& v : outcome.violations) texts.push_back(violation_text(v, unit));
  return texts;
}

void add_explanation(std::string& out, const Report& report, std::size_t width) {
  if (report.understanding) add_understanding(out, *report.understanding, width);
  if (!report.outcome) return;
  const auto& o = *report.outcome;
  add_fact(out, "Energy",
           fmt::format(
               "{} at the end, heat {} released{}", number_text(o.energy), number_text(o.heat),
               o.entropy_production
                   ? fmt::format(", entropy production {} k_B", number_text(*o.entropy_production))
                   : ", entropy production unknown (compound moves have no reverse)"),
           width);
  add_fact(out, "Vote", fmt::format("by {}", o.vote), width);
  add_list(out, "Notes", o.notes, width, o.notes.size());
  if (report.joules) {
    add_list(out, "Joules by", report.joules->assumptions, width,
             report.joules->assumptions.size());
  }
}

std::string plan_section(const Report& report, const TextStyle& style) {
  const auto& table = *report.timetable;
  std::string out = wrapped(headline(report), style.width, 0) + "\n\n";
  out += gantt(table, {.width = style.width, .colours = style.colours}) + "\n";
  if (table.num_bars() <= kMostListedTasks) return out + task_table(table) + "\n";
  return out +
         wrapped(size_text(table) + ": --quiet lists them, --plot draws them.", style.width, 0) +
         "\n\n";
}

}  // namespace

std::string shortfall_text(const Report& report) {
  if (!shortfall(report)) return "";
  if (!report.message.empty()) return report.message;
  const auto notes = report.outcome ? report.outcome->notes : std::vector<std::string>();
  const auto why = notes.empty() ? std::string() : ": " + notes.front();
  if (report.status == solve::name(Status::infeasible)) {
    const auto proof = report.outcome->bound_from;
    return "no plan can meet every condition" +
           (proof.empty() ? why : " (proof: " + words(proof) + ")");
  }
  if (report.status == solve::name(Status::time_limit)) {
    return "no plan found within the time limit; --time allows more";
  }
  if (report.status == solve::name(Status::not_converged)) {
    return "no plan found in the rounds given; --rounds and --time allow more";
  }
  if (report.status == solve::name(Status::cancelled)) return "stopped before any plan was found";
  return "the plan found was not accepted by the independent verifier";
}

std::string render_text(const Report& report, const TextStyle& style) {
  if (style.plan_only) return report.timetable ? task_table(*report.timetable) : "";
  constexpr std::size_t kMostViolations = 20;
  const auto most_assumptions = style.explain ? report.assumptions.size() : std::size_t{20};
  std::string out;
  if (report.timetable) out += plan_section(report, style);
  if (report.outcome) {
    if (report.timetable) add_fact(out, "Status", status_fact(report), style.width);
    add_list(out, report.timetable ? "Broken" : "In the way",
             violations_of(*report.outcome, unit_of(report)), style.width, kMostViolations);
    add_fact(out, "Search", search_fact(report), style.width);
    add_fact(out, "Scenarios", scenarios_fact(report), style.width);
    add_fact(out, "Again", again_fact(report), style.width);
  }
  add_fact(out, "Joules", joules_fact(report), style.width);
  add_list(out, "Assumed", report.assumptions, style.width, most_assumptions);
  if (style.explain) add_explanation(out, report, style.width);
  return out;
}

std::string render_text(const Verdict& verdict, const TextStyle& style) {
  std::string out;
  const auto add = [&](const std::string& text) {
    out += wrapped(printable(text), style.width, 2) + "\n";
  };
  if (verdict.verified && style.plan_only) return out;
  if (verdict.verified) {
    add(fmt::format("valid: {}, objective {}", counted(verdict.num_tasks, "task"),
                    number_text(verdict.objective)));
  } else {
    add(fmt::format("not valid: {}", counted(verdict.findings.size(), "violation")));
  }
  for (const auto& [violation, text] : verdict.findings) {
    add(fmt::format("- {}: {}", violation.constraint, text));
  }
  for (const auto& note : verdict.notes) add("note: " + note);
  return out;
}

}  // namespace therma
