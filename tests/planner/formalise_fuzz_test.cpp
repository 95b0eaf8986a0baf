// SPDX-License-Identifier: Apache-2.0
// Whatever the text: no crash, no throw, and no number without a reading or a stated derivation.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "therma/core/random/rng.hpp"
#include "therma/planner/formalise.hpp"

namespace therma::planner {
namespace {

std::vector<std::string> sentences() {
  std::ifstream in(std::string(THERMA_SOURCE_DIR) + "/tests/planner/sentences.jsonl");
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);)
    out.push_back(parse_json(line, "sentences").at("say"));
  return out;
}

// Numbers that no text states: the schema's version and the weights, which assumptions explain.
bool is_conventional(const std::string& path) {
  return path == "/therma" || path.starts_with("/objective/") || path.starts_with("/preferences/");
}

// Every number has a reading, inside the text, and of that value; but for the exceptions above
// and one unit of a resource, where an assumption says so.
void check(const std::string& text, const Formal& formal) {
  std::set<std::string> read;
  for (const auto& reading : formal.readings) {
    ASSERT_LE(reading.span.end, text.size()) << text;
    ASSERT_LT(reading.span.begin, reading.span.end) << text;
    const auto pointer = Json::json_pointer(reading.path);
    ASSERT_TRUE(formal.problem.contains(pointer)) << reading.path << " in " << text;
    ASSERT_EQ(formal.problem.at(pointer).get<double>(), reading.value) << reading.path;
    read.insert(reading.path);
  }
  const Json flat = formal.problem.flatten();
  for (const auto& [path, value] : flat.items()) {
    if (!value.is_number() || is_conventional(path) || read.contains(path)) continue;
    EXPECT_TRUE(path.find("/demand/") != std::string::npos && !formal.assumptions.empty())
        << path << " = " << value << " has no reading in " << text;
  }
}

void read_anything(const std::string& text) {
  const auto result = formalise(text, route(text));
  if (const auto* formal = std::get_if<Formal>(&result)) {
    check(text, *formal);
  } else {
    const auto& clarify = std::get<Clarify>(result);
    EXPECT_FALSE(clarify.missing.empty());
    EXPECT_FALSE(clarify.message.empty());
    EXPECT_LT(clarify.message.size(), 600U);
  }
}

TEST(AnyText, SentencesKeepAReadingForEachNumber) {
  for (const auto& text : sentences()) read_anything(text);
}

TEST(AnyText, MutatedSentencesNeverBreakTheRules) {
  const auto all = sentences();
  const Rng rng(20);
  for (std::uint32_t round = 0; round < 800; ++round) {
    Draws draws(rng.child("mutate"), 0, round);
    std::string text = all[draws.below(static_cast<std::uint32_t>(all.size()))];
    const auto& other = all[draws.below(static_cast<std::uint32_t>(all.size()))];
    for (std::uint32_t k = 0; k <= draws.below(6) && !text.empty(); ++k) {
      const auto at = draws.below(static_cast<std::uint32_t>(text.size()));
      switch (draws.below(5)) {
        case 0:
          text.erase(at, 1 + draws.below(12));
          break;
        case 1:
          text[at] = static_cast<char>(draws.below(256));
          break;
        case 2:
          text.insert(at, std::to_string(draws.below(2000)));
          break;
        case 3:
          text.insert(at, other.substr(0, draws.below(40)));
          break;
        default:
          text += other;
          break;
      }
    }
    read_anything(text);
    if (HasFatalFailure()) return;
  }
}

TEST(AnyText, RandomBytesAreAQuestionNotACrash) {
  const Rng rng(21);
  for (std::uint32_t round = 0; round < 200; ++round) {
    Draws draws(rng.child("bytes"), 0, round);
    std::string text(draws.below(400), ' ');
    for (char& c : text) c = static_cast<char>(draws.below(256));
    read_anything(text);
  }
}

TEST(AnyText, RandomWordsOfTheGrammarNeverBreakTheRules) {
  const char* words[] = {"zadanie",    "zadania", "10",      "3",     "maszyny",  "na",   "po",
                         "przed",      "A",       "B",       "2h",    "-",        "do",   "od",
                         "task",       "after",   "machine", "each",  "trwa",     ",",    ".",
                         ":",          "16:00",   "tylko",   "nie",   "spawanie", "only", "on",
                         "i",          "and",     "(",       ")",     "%",        "20",   "szybsza",
                         "razy",       "workers", "needs",   "first", "then",     "M1",   "rest",
                         "codziennie", "piec",    "half",    "an",    "hour",     "\n"};
  const Rng rng(22);
  for (std::uint32_t round = 0; round < 1000; ++round) {
    Draws draws(rng.child("words"), 0, round);
    std::string text;
    const auto length = 1 + draws.below(30);
    for (std::uint32_t k = 0; k < length; ++k)
      text += std::string(words[draws.below(std::size(words))]) + " ";
    read_anything(text);
    if (HasFatalFailure()) return;
  }
}

TEST(AnyText, HostileTextsEndInOneSentence) {
  for (const std::string unit : {"zadanie ", "1,", "(", "i ", "najpierw A potem ", "po po ", "\xC5",
                                 "0", "A-", "2h ", "B, C i ", "M1-M9999 "}) {
    std::string text;
    while (text.size() < 100'000) text += unit;
    read_anything(text);
    read_anything(text.substr(0, 8'000));
  }
}

}  // namespace
}  // namespace therma::planner
