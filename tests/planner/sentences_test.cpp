// SPDX-License-Identifier: Apache-2.0
// Sentences as people write them, and the problem or the question that each must become.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "gist.hpp"
#include "therma/planner/formalise.hpp"

namespace therma::planner {
namespace {

struct Case {
  std::string say;
  std::string want;  // a gist, or "clarify" and what is missing
};

std::vector<Case> cases_of(const std::string& file) {
  std::ifstream in(std::string(THERMA_SOURCE_DIR) + "/tests/planner/" + file);
  std::vector<Case> out;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    const auto row = parse_json(line, file);
    std::string want = row.value("gist", "");
    if (row.contains("clarify")) {
      want = "clarify";
      for (const auto& missing : row["clarify"])
        want.append(" ").append(missing.get<std::string>());
    }
    out.push_back({row.at("say").get<std::string>(), want});
  }
  return out;
}

std::string heard(const std::string& text) {
  const auto result = formalise(text, route(text));
  if (const auto* formal = std::get_if<Formal>(&result)) return gist(formal->problem);
  std::string out = "clarify";
  for (const auto& missing : std::get<Clarify>(result).missing) out.append(" ").append(missing);
  return out;
}

TEST(Sentences, EachIsReadAsAPersonWouldReadIt) {
  const auto cases = cases_of("sentences.jsonl");
  EXPECT_GE(cases.size(), 100U);
  for (const auto& c : cases) EXPECT_EQ(heard(c.say), c.want) << c.say;
}

// Written before the rules that read them; they are not to be fitted.
TEST(Sentences, HeldBackOnesAreReadToo) {
  const auto cases = cases_of("held_back.jsonl");
  EXPECT_EQ(cases.size(), 20U);
  for (const auto& c : cases) EXPECT_EQ(heard(c.say), c.want) << c.say;
}

bool assumes(const std::string& text, const std::string& part) {
  const auto result = formalise(text, route(text));
  const auto* formal = std::get_if<Formal>(&result);
  if (formal == nullptr) return false;
  return std::ranges::any_of(
      formal->assumptions, [&](const std::string& a) { return a.find(part) != std::string::npos; });
}

TEST(Sentences, TellWhichNounsWereReadAsTasksMachinesAndPeople) {
  const std::string rooms = "6 surgeries in 2 operating rooms, each surgery takes 2 hours.";
  EXPECT_TRUE(assumes(rooms, "The tasks are: “surgeries”."));
  EXPECT_TRUE(assumes(rooms, "The machines are: “operating rooms”."));
  EXPECT_TRUE(assumes("Trzech kucharzy, 8 dań, każde danie 25 minut.", "Pracują: „kucharzy”."));
  EXPECT_TRUE(assumes("Jutro 3 zadania po 1h, jedna maszyna.", "„Jutro” tylko nazywa dzień"));
  EXPECT_TRUE(
      assumes("3 zadania po 1h, 2 maszyny, zminimalizuj czas.", "koniec ostatniego zadania"));
}

TEST(Sentences, AQuestionQuotesTheWordsAroundWhatWasNotRead) {
  const std::string text = "3 zadania po 2h na 2 maszynach, wszystkie razem 7 pudełek.";
  const auto result = formalise(text, route(text));
  const auto* question = std::get_if<Clarify>(&result);
  ASSERT_NE(question, nullptr);
  EXPECT_NE(question->message.find("razem 7 pudełek"), std::string::npos) << question->message;
}

}  // namespace
}  // namespace therma::planner
