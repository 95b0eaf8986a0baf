// SPDX-License-Identifier: Apache-2.0
// The steps of a draft, how questions are worded, and what is assumed.
#include <fmt/format.h>

#include <algorithm>

#include "therma/planner/formal_drafting.hpp"

namespace therma::planner {

using enum FactKind;

std::variant<Draft, Clarify> Drafting::run() {
  make_tasks();
  make_machines();
  if (!need_.empty()) check_unread_before_needs();
  if (!question_) check_unread();
  if (!question_) durations();
  if (!question_)
    for (const auto& fact : facts_) apply(fact);
  if (!question_) resources();
  if (!question_ && !need_.empty()) ask_needs();
  if (question_) return *question_;
  general_assumptions();
  return std::move(draft_);
}

void Drafting::ask(std::string missing, const Bilingual& message) {
  if (!question_) question_ = Clarify{{std::move(missing)}, message.in(language_)};
}

void Drafting::need(std::string missing, Bilingual noun) {
  need_.emplace_back(std::move(missing), std::move(noun));
}

std::string Drafting::quote(Span span) const {
  constexpr std::size_t kLongest = 80;
  std::size_t size = std::min(span.end - span.begin, kLongest);
  const auto continues = [&](std::size_t at) {
    return at < c_.text.size() && (static_cast<unsigned char>(c_.text[at]) & 0xC0U) == 0x80U;
  };
  while (size > 0 && size < span.end - span.begin && continues(span.begin + size)) --size;
  const auto part = c_.text.substr(span.begin, size);
  std::string out;
  for (const char ch : part) out += static_cast<unsigned char>(ch) < ' ' ? ' ' : ch;
  return polish() ? fmt::format("„{}”", out) : fmt::format("“{}”", out);
}

void Drafting::ask_needs() {
  Clarify out;
  std::string list;
  for (std::size_t i = 0; i < need_.size(); ++i) {
    out.missing.push_back(need_[i].first);
    if (i > 0) list += i + 1 == need_.size() ? (polish() ? " i " : " and ") : ", ";
    list += need_[i].second.in(language_);
  }
  out.message = polish() ? fmt::format("Brakuje: {}.", list) : fmt::format("Missing: {}.", list);
  question_ = std::move(out);
}

void Drafting::check_unread_before_needs() {
  if (draft_.tasks.empty()) ask_needs();
}

void Drafting::check_unread() {
  if (read_.unread.empty()) return;
  const auto part = quote(read_.unread.front());
  ask("unread",
      {fmt::format("Nie rozumiem fragmentu {}; powiedz to inaczej albo pomiń.", part),
       fmt::format("I did not understand {}; please say it in other words or leave it out.",
                   part)});
}

// Which nouns were taken for tasks, machines and people.
void Drafting::role_assumptions() {
  const auto& roles = c_.names.roles;
  const auto listed = [&](const std::vector<std::string>& words) {
    std::string out;
    for (const auto& w : words)
      out += fmt::format("{}{}", out.empty() ? "" : ", ",
                         polish() ? fmt::format("„{}”", w) : fmt::format("“{}”", w));
    return out;
  };
  if (!roles.tasks.empty())
    assume({fmt::format("Zadania to: {}.", listed(roles.tasks)),
            fmt::format("The tasks are: {}.", listed(roles.tasks))});
  if (!roles.machines.empty())
    assume({fmt::format("Maszyny to: {}.", listed(roles.machines)),
            fmt::format("The machines are: {}.", listed(roles.machines))});
  if (!roles.people.empty())
    assume({fmt::format("Pracują: {}.", listed(roles.people)),
            fmt::format("Those who work are: {}.", listed(roles.people))});
  if (!roles.days.empty())
    assume({fmt::format("{} tylko nazywa dzień planu.", listed(roles.days)),
            fmt::format("{} only names the day of the plan.", listed(roles.days))});
}

void Drafting::general_assumptions() {
  role_assumptions();
  const bool uncertain =
      std::ranges::any_of(draft_.tasks, [](const auto& t) { return t.duration->range; });
  if (uncertain) {
    assume(
        {"Czas podany jako zakres jest losowany z ziarna, raz dla każdego zadania; z końców "
         "całkowitych wychodzi liczba całkowita.",
         "A duration given as a range is drawn from the seed, once for each task; between whole "
         "ends it is whole."});
  }
  if (draft_.tasks.size() > named_end_) {
    const auto& first = draft_.tasks[named_end_].id;
    const auto& last = draft_.tasks.back().id;
    assume({fmt::format("Zadania mają numery od {} do {}.", first, last),
            fmt::format("The tasks are numbered from {} to {}.", first, last)});
  }
  if (draft_.orders.empty() && draft_.tasks.size() > 1)
    assume({"Zadania są od siebie niezależne.", "The tasks are independent of each other."});
  const bool any =
      std::ranges::any_of(draft_.tasks, [](const auto& t) { return t.machines.empty(); });
  if (any && draft_.machines.size() > 1) {
    assume({"Zadanie bez podanej maszyny może iść na każdej.",
            "A task without a stated machine can run on any of them."});
  }
  assume({"Maszyna wykonuje naraz jedno zadanie i nie przerywa go.",
          "A machine does one task at a time and does not interrupt it."});
  if (speeds_relative_)
    assume({"Prędkości są względem maszyny o prędkości 1.",
            "Speeds are relative to a machine of speed 1."});
  if (!draft_.makespan && !draft_.tardiness)
    assume({"Cel nie jest podany: najwcześniejszy koniec ostatniego zadania.",
            "No goal is stated: the last task ends as early as possible."});
  if (!read_.unused.empty()) {
    std::string words;
    for (std::size_t i = 0; i < read_.unused.size() && i < 20; ++i)
      words += fmt::format("{}{}", i > 0 ? ", " : "", read_.unused[i]);
    assume({fmt::format("Nie użyto słów: {}.", words),
            fmt::format("Words that were not used: {}.", words)});
  }
}

std::variant<Draft, Clarify> draft_problem(const Context& context, const Reader& read,
                                           std::string_view language) {
  return Drafting(context, read, language).run();
}
}  // namespace therma::planner
