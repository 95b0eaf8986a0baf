// SPDX-License-Identifier: Apache-2.0
// The work of reword(): the tokens that are being replaced, and the nouns found among them.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "therma/planner/formal_names.hpp"
#include "therma/planner/formal_roles.hpp"

namespace therma::planner {

class Rewording {
 public:
  Rewording(std::string_view text, std::vector<Token> tokens, const PatternSet& patterns);

  Reworded run();

 private:
  // A noun that no table knows, and all that the text says of it.
  struct Noun {
    std::string word;            // folded
    std::string shown;           // as written where it is counted
    std::size_t number = kNone;  // where its count begins; kNone: told apart by codes only
    std::size_t run_begin = 0;   // the words that belong to the count, with the noun among them
    std::size_t run_end = 0;
    std::vector<std::size_t> at;  // every place where it stands
    bool task = false;
    bool machine = false;
    bool person = false;
    bool named = false;  // "room A", "room 2": its members are told apart
  };
  static constexpr std::size_t kNone = ~std::size_t{0};

  bool word(std::size_t at, std::string_view list) const;
  bool mark(std::size_t at, std::string_view m) const;
  bool unknown(std::size_t at) const;
  bool same_sentence(std::size_t a, std::size_t b) const;
  std::string shown(std::size_t begin, std::size_t end) const;
  void replace(std::size_t at, std::string_view folded) { t_[at].folded = folded; }
  void erase(std::size_t begin, std::size_t end);
  void drop_replaced();

  // Small phrases, each to words that the rules know.
  void drop_dimensions();  // "3D"
  void drop_day();         // "tomorrow", where the text names one day
  void one_alone();        // "jestem sam", "just me": one person
  void of_us();            // "two of us", "we dwójkę"
  void people(std::size_t begin, std::size_t end, double count);
  void known_tasks();  // zamówienie, batch, partia, ...
  void places();       // "oven capacity 2 cakes at once"
  bool place_at(std::size_t at);
  void place(std::size_t noun, std::size_t number, std::size_t begin, std::size_t end);

  // Nouns.
  void drop_descriptions();
  void counted_nouns();
  std::size_t run_end(std::size_t at) const;
  std::size_t head(std::size_t begin, std::size_t end, bool several) const;
  void coded_nouns();
  bool is_code(std::size_t at) const;
  void find_places_of(Noun& noun);
  bool is_noun(std::size_t at) const;

  // Where the length of time begins that is said of the noun at `at`.
  std::optional<std::size_t> duration_after(std::size_t at) const;
  bool hours_follow(std::size_t at) const;
  bool after_preposition(const Noun& noun) const;
  void weigh(Noun& noun) const;
  bool has_known(bool machines) const;
  void by_elimination();
  void split_kinds();
  void move_lengths();
  void give_role(const Noun& noun);
  std::string_view task_word(std::size_t at) const;
  void single_means_each(std::size_t at);

  std::string_view text_;
  std::vector<Token> t_;
  const PatternSet& patterns_;
  bool polish_ = false;
  std::vector<Noun> nouns_;
  struct Moved {
    std::size_t to;
    std::vector<Token> tokens;
  };
  std::vector<Moved> moved_;
  std::vector<bool> noun_at_;  // one per token
  Roles roles_;
};

}  // namespace therma::planner
