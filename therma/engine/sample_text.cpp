// SPDX-License-Identifier: Apache-2.0
// A sampling report for people: what was asked for first, then whether to believe it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "therma/engine/sample_report.hpp"
#include "therma/engine/utf8.hpp"

namespace therma {
namespace {

constexpr std::size_t kNameWidth = 19;
constexpr std::size_t kMostShownValues = 200;

// "name         text", the text wrapped beside the name; nothing where there is no text.
void add_fact(std::string& out, std::string_view name, std::string_view text, std::size_t width) {
  if (!text.empty()) out += padded(name, kNameWidth) + wrapped(text, width, kNameWidth) + "\n";
}

std::string words(std::string name) {
  std::ranges::replace(name, '_', ' ');
  return name;
}

// As many digits as the error leaves, two of them uncertain: "-0.70453 ± 0.00012".
std::string with_error(double mean, std::optional<double> error) {
  if (!error) return fmt::format("{:.6g}, error unknown", mean);
  if (!(*error > 0.0) || !std::isfinite(*error))
    return fmt::format("{:.6g} ± {:.2g}", mean, *error);
  const int digits = std::clamp(1 - static_cast<int>(std::floor(std::log10(*error))), 0, 12);
  return fmt::format("{:.{}f} ± {:.{}f}", mean, digits, *error, digits);
}

constexpr std::string_view kPerVariable = "_per_variable";

// "energy" for energy_per_variable: the rest is said behind the number.
std::string observable_name(const SampleMean& o) {
  auto text = o.name;
  if (text.ends_with(kPerVariable)) text.resize(text.size() - kPerVariable.size());
  return words(text);
}

std::string observable_text(const SampleMean& o) {
  auto text = with_error(o.mean, o.error);
  if (o.name.ends_with(kPerVariable)) text += " per variable";
  if (o.exact) {
    text += fmt::format("; exactly {:.8g}", *o.exact);
    if (o.error && *o.error > 0.0) {
      text += fmt::format(", {:+.1f} standard errors away", (o.mean - *o.exact) / *o.error);
    }
  }
  return text;
}

std::string headline(const SampleReport& r) {
  auto text =
      fmt::format("{}: {} {}, {} {}", printable(r.model_name), r.num_variables, name(r.states),
                  r.num_couplings, r.model_kind == "factors" ? "factors" : "couplings");
  if (r.num_colours > 0) text += fmt::format(" in {} colours", r.num_colours);
  return text + ".";
}

// "exp:0.1:10"; a long list by its ends.
std::string beta_text(const std::string& beta) {
  constexpr std::size_t kLong = 40;
  if (beta.size() <= kLong || !beta.starts_with("list:")) return "beta " + beta;
  const auto first = beta.substr(5, beta.find(',') - 5);
  const auto count = static_cast<std::size_t>(std::ranges::count(beta, ',')) + 1;
  return fmt::format("{} betas from {} to {}", count, first, beta.substr(beta.rfind(',') + 1));
}

std::string run_text(const SampleReport& r) {
  auto text = r.method;
  if (!r.rule.empty()) text += fmt::format(" by {} ({})", words(r.rule), r.kernel);
  text += ", " + counted(r.replicas, "chain");
  if (!r.beta.empty()) text += ", " + beta_text(r.beta);
  if (r.burn_in > 0) text += fmt::format(", {} sweeps of burn-in", r.burn_in);
  text += fmt::format(", {} sweeps", r.sweeps);
  if (r.samples > 0) text += fmt::format(", {} each", counted(r.samples, "draw"));
  if (r.rounds > 0) text += fmt::format(", {}", counted(r.rounds, "round"));
  return text + (r.stopped ? "; stopped early" : "");
}

// "+--+" for spins, "0110" for bits, numbers otherwise.
std::string state_text(const RankedState& state, StateKind states) {
  std::string out;
  for (const double value : state.values) {
    switch (states) {
      case StateKind::spins:
        out += value > 0.0 ? '+' : '-';
        break;
      case StateKind::bits:
        out += value > 0.0 ? '1' : '0';
        break;
      case StateKind::categories:
        out += fmt::format("{}{}", out.empty() ? "" : " ", value);
        break;
      case StateKind::reals:
        out += fmt::format("{}{:.6g}", out.empty() ? "" : " ", value);
        break;
    }
  }
  return out;
}

// In groups of ten, so that lines can break.
std::string grouped(const std::string& state, StateKind states) {
  if (states != StateKind::spins && states != StateKind::bits) return state;
  std::string out;
  for (std::size_t k = 0; k < state.size(); k += 10) {
    out += (k == 0 ? "" : " ") + state.substr(k, 10);
  }
  return out;
}

std::string worth(const RankedState& state) {
  auto text = fmt::format("energy {}", number_text(state.energy));
  if (state.cut) text = fmt::format("cut {}, ", number_text(*state.cut)) + text;
  return text;
}

std::string best_text(const SampleReport& r) {
  if (r.best.empty()) return "";
  auto text = worth(r.best.front());
  if (r.target_reached)
    text += *r.target_reached ? ", the target is met" : ", the target is not met";
  const auto& values = r.best.front().values;
  if (values.empty() || values.size() > kMostShownValues) {
    return text + fmt::format(" (its {} values: --quiet or --json)", r.num_variables);
  }
  return text;
}

std::string speed_text(const SampleReport& r) {
  return fmt::format(
      "{:.3g} updates in {:.3g} s of processor time, {:.3g} per ns; {:.2f} s in "
      "all; at most {:.0f} MiB of memory",
      static_cast<double>(r.updates), r.cpu_s, r.updates_per_ns(), r.time_s,
      static_cast<double>(r.peak_rss_bytes) / (1 << 20));
}

std::string joules_text(const SampleReport& r) {
  if (!r.bill) return "";
  const auto& bill = *r.bill;
  auto text = fmt::format("{} on {}, not measured: ", hardware::name(bill.device->label),
                          bill.device->name);
  if (bill.total_j) {
    text += fmt::format("{:.3g} J (updates {:.2g}, reads {:.2g}, writes {:.2g})", *bill.total_j,
                        *bill.updates_j, *bill.reads_j, *bill.writes_j);
  }
  if (bill.per_independent_j) {
    text += fmt::format(", {:.3g} J for each independent sample", *bill.per_independent_j);
  }
  if (!bill.refusal.empty()) text += (bill.total_j ? "; " : "") + bill.refusal;
  if (!bill.total_j && bill.updates_j) {
    text += fmt::format("; its updates alone: {:.3g} J", *bill.updates_j);
  }
  return text;
}

// What gives this report again, times apart.
std::string again_text(const SampleReport& r) {
  if (!r.config.is_object()) return "";
  const SampleConfig defaults;
  std::string options;
  for (const auto& field : read_fields_of(defaults)) {
    const auto key = std::string(field.name);
    // What the clock ended is repeated by its count, not by the clock.
    const auto value = key == "rounds" && r.stopped ? Json(r.rounds) : r.config[key];
    if (value == field.json() && key != "seed") continue;
    auto flag = key;
    std::ranges::replace(flag, '_', '-');
    if (value.is_boolean()) {
      options += fmt::format("--{} ", flag);
    } else {
      options += fmt::format("--{} {} ", flag,
                             value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  if (r.stopped && r.rounds == 0) return "";  // draws cut short: no count of ours repeats them
  return options + "gives this again on any number of threads" +
         (r.stopped && r.config["polish"] == true ? ", but for what the clock cut off the polish"
                                                  : "");
}

void add_list(std::string& out, std::string_view name, const std::vector<std::string>& items,
              std::size_t width) {
  for (const auto& item : items) {
    add_fact(out, name, "- " + printable(item), width);
    name = "";
  }
}

// The answer and nothing else: the best state where one is wanted, otherwise the means.
std::string answer_text(const SampleReport& r) {
  std::string out;
  if (r.is_optimisation || r.method != "sample") {
    for (const auto& state : r.best)
      out += worth(state) + "\n" + state_text(state, r.states) + "\n";
    return out;
  }
  for (const auto& o : r.observables)
    out += fmt::format("{} {}\n", o.name, with_error(o.mean, o.error));
  return out;
}

// The sentences of gates that did not pass, and the names of those that did.
void add_gates(std::string& out, const SampleReport& r, std::size_t width) {
  if (r.certificate.is_null()) return;
  std::string passed;
  for (const auto& gate : r.certificate["gates"]) {
    const auto verdict = gate["verdict"].get<std::string>();
    if (verdict == "pass") {
      passed += (passed.empty() ? "" : ", ") + words(gate["name"].get<std::string>());
    } else if (verdict == "fail" || verdict == "undecided") {
      add_fact(out, words(verdict),
               fmt::format("{}: {}", words(gate["name"].get<std::string>()),
                           printable(gate["sentence"].get<std::string>())),
               width);
    }
  }
  add_fact(out, "passed", passed, width);
  const auto& interval = r.certificate["beta_interval"];
  const auto& measured = r.certificate["beta_effective"];
  if (measured.is_number() && interval.is_array()) {
    add_fact(out, "beta measured",
             fmt::format("{:.6g}, within [{:.6g}, {:.6g}]", measured.get<double>(),
                         interval[0].is_number() ? interval[0].get<double>() : NAN,
                         interval[1].is_number() ? interval[1].get<double>() : NAN),
             width);
  }
  if (r.independent_samples) {
    add_fact(out, "independent",
             fmt::format("worth {:.0f} independent samples", *r.independent_samples), width);
  }
}

std::string status_text(const SampleReport& r) {
  auto text = words(r.status);
  if (!r.certificate.is_null()) return printable(r.certificate["sentence"].get<std::string>());
  return r.message.empty() ? text : text + ": " + r.message;
}

}  // namespace

std::string render_text(const SampleReport& r, const SampleTextStyle& style) {
  if (style.answer_only) return answer_text(r);
  std::string out = wrapped(headline(r), style.width, 0) + "\n\n";
  add_fact(out, "status", status_text(r), style.width);
  for (const auto& o : r.observables) {
    add_fact(out, observable_name(o), observable_text(o), style.width);
  }
  add_fact(out, "best", best_text(r), style.width);
  if (!r.best.empty() && r.best.front().values.size() <= kMostShownValues) {
    add_fact(out, "state", grouped(state_text(r.best.front(), r.states), r.states), style.width);
  }
  add_gates(out, r, style.width);
  if (!r.exact.is_null()) {
    add_fact(out, "exactly",
             fmt::format("log Z {:.8g}, mean energy {:.8g} (variable elimination, width {})",
                         r.exact["log_z"].get<double>(), r.exact["mean_energy"].get<double>(),
                         r.exact["width"].get<std::uint32_t>()),
             style.width);
  }
  add_fact(out, "run", run_text(r), style.width);
  add_fact(out, "speed", speed_text(r), style.width);
  add_fact(out, "joules", joules_text(r), style.width);
  add_fact(out, "again", again_text(r), style.width);
  add_list(out, "assumed", r.assumptions, style.width);
  add_list(out, "notes", r.notes, style.width);
  return out;
}

}  // namespace therma
