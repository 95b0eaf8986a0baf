// SPDX-License-Identifier: Apache-2.0
// The formaliser's steps: tokens, names, facts, draft, JSON.
#include "therma/planner/formalise.hpp"

#include <fmt/format.h>

#include "therma/planner/formal_draft.hpp"
#include "therma/planner/lexicon.hpp"

namespace therma::planner {
namespace {

Clarify question(std::string missing, const Bilingual& message, std::string_view language) {
  return {{std::move(missing)}, message.in(language)};
}

bool is_other_kind(Intent intent) { return is_thermodynamic(intent) && intent != Intent::schedule; }

}  // namespace

Formalised formalise(std::string_view text, const Route& route) {
  if (text.size() > kLongestText) {
    const auto language = route.language.empty() ? std::string("en") : route.language;
    return question(
        "limit",
        {fmt::format("Tekst ma {} bajtów; czytam najwyżej {}.", text.size(), kLongestText),
         fmt::format("The text has {} bytes; at most {} are read.", text.size(), kLongestText)},
        language);
  }
  auto tokens = tokenise(text);
  const std::string language(route.language.empty() ? detect_language(tokens, text)
                                                    : route.language);
  if (is_other_kind(route.intent)) {
    const auto kind = name(route.intent);
    return question(
        "kind",
        {fmt::format("To wydanie planuje tylko harmonogramy, a to wygląda na zadanie typu {}.",
                     kind),
         fmt::format("This release plans schedules only, and this looks like a problem of kind {}.",
                     kind)},
        language);
  }
  const Reworded reworded = reword(text, std::move(tokens), grammar());
  const Names names = discover_names(text, reworded, grammar());
  const Context context{text, reworded.tokens, grammar(), names};
  const Reader read = read_facts(context);
  auto draft = draft_problem(context, read, language);
  if (auto* clarify = std::get_if<Clarify>(&draft)) return std::move(*clarify);
  return write_problem(std::get<Draft>(draft), language);
}

}  // namespace therma::planner
