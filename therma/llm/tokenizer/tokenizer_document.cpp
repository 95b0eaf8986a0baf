// SPDX-License-Identifier: Apache-2.0
// Vocabulary and merges straight from the parser's events, the rest as a small document.
//
// A vocabulary of 150,000 tokens as a document would cost more time and memory than the model's
// first token.
#include "therma/llm/tokenizer/tokenizer_document.hpp"

#include "therma/core/error.hpp"

namespace therma::llm {
namespace {

constexpr std::size_t kMostKeys = 4096;  // of an object that is no vocabulary

// nlohmann's event interface. Every handler returns whether to go on.
class Events {
 public:
  Events(TokenizerDocument& out, const std::string& where) : out_(out), where_(where) {}

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(std::int64_t value) { return number(static_cast<double>(value), value); }
  bool number_unsigned(std::uint64_t value) {
    if (in_vocab_ && depth_ == vocab_depth_) {
      out_.vocab.emplace_back(std::move(key_), value);
      return true;
    }
    return number(static_cast<double>(value), value);
  }
  bool number_float(double value, const std::string& /*text*/) { return number(value, value); }
  bool string(std::string& value) {
    if (in_merges_) {
      if (depth_ == merges_depth_) {
        add_merge(value);
      } else {
        pair_.push_back(std::move(value));
      }
      return true;
    }
    if (in_vocab_ && depth_ == vocab_depth_ + 1) {
      piece_ = std::move(value);
      has_piece_ = true;
      return true;
    }
    return put(std::move(value));
  }
  bool binary(Json::binary_t& /*value*/) { return false; }

  bool start_object(std::size_t /*size*/) {
    enter();
    if (in_vocab_ || in_merges_) wrong();
    if (depth_ == 3 && path_is("vocab")) {
      in_vocab_ = true;
      vocab_depth_ = depth_;
      return true;
    }
    stack_.push_back(place(Json::object()));
    return true;
  }
  bool key(std::string& name) {
    key_ = std::move(name);
    return true;
  }
  bool end_object() { return leave(); }
  bool start_array(std::size_t /*size*/) {
    enter();
    if (in_merges_ || in_vocab_) {
      const auto top = in_merges_ ? merges_depth_ : vocab_depth_;
      if (depth_ != top + 1) wrong();
      pair_.clear();
      has_piece_ = false;
      return true;
    }
    if (depth_ == 3 && path_is("merges")) {
      in_merges_ = true;
      merges_depth_ = depth_;
      return true;
    }
    if (depth_ == 3 && path_is("vocab")) {
      in_vocab_ = true;
      vocab_depth_ = depth_;
      return true;
    }
    stack_.push_back(place(Json::array()));
    return true;
  }
  bool end_array() {
    if (in_merges_ && depth_ == merges_depth_ + 1) {
      if (pair_.size() != 2) wrong();
      out_.merges.emplace_back(std::move(pair_[0]), std::move(pair_[1]));
    }
    return leave();
  }
  bool parse_error(std::size_t byte, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) {
    fail(ErrorCode::bad_data, "{}: byte {}: must be JSON", where_, byte);
  }

 private:
  void enter() {
    if (++depth_ > static_cast<std::size_t>(kMaxJsonDepth)) {
      fail(ErrorCode::bad_data, "{}: must not nest deeper than {}", where_, kMaxJsonDepth);
    }
    // The names on the way down, as far as they matter.
    if (depth_ == 2) top_ = key_;
  }
  [[nodiscard]] bool path_is(std::string_view name) const {
    return top_ == "model" && key_ == name;
  }
  bool leave() {
    const bool ends_vocab = in_vocab_ && depth_ == vocab_depth_;
    const bool ends_merges = in_merges_ && depth_ == merges_depth_;
    const bool is_inside = in_vocab_ || in_merges_;
    if (ends_vocab) in_vocab_ = false;
    if (ends_merges) in_merges_ = false;
    if (!is_inside) stack_.pop_back();
    --depth_;
    return true;
  }
  template <class T>
  bool number(double as_double, T value) {
    if (in_vocab_ && depth_ == vocab_depth_ + 1) {
      if (!has_piece_) wrong();
      has_piece_ = false;
      out_.scored.emplace_back(std::move(piece_), as_double);
      return true;
    }
    return put(value);
  }
  template <class T>
  bool put(T&& value) {
    if (in_vocab_ || in_merges_) wrong();
    static_cast<void>(place(Json(std::forward<T>(value))));
    return true;
  }
  Json* place(Json value) {
    if (stack_.empty()) {
      out_.rest = std::move(value);
      return &out_.rest;
    }
    Json& parent = *stack_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    // Added tokens make long arrays of small objects; objects themselves stay small.
    if (parent.size() >= kMostKeys) {
      fail(ErrorCode::bad_data, "{}: an object must have at most {} keys", where_, kMostKeys);
    }
    if (parent.contains(key_)) fail(ErrorCode::bad_data, "{}: \"{}\" comes twice", where_, key_);
    parent[key_] = std::move(value);
    return &parent[key_];
  }
  void add_merge(const std::string& text) {
    const auto blank = text.find(' ', 1);
    if (blank == std::string::npos || blank + 1 == text.size()) {
      fail(ErrorCode::bad_data, "{}: model.merges: entry {} must be two pieces, got \"{}\"", where_,
           out_.merges.size(), text);
    }
    out_.merges.emplace_back(text.substr(0, blank), text.substr(blank + 1));
  }
  [[noreturn]] void wrong() const {
    fail(ErrorCode::bad_data,
         "{}: model.{}: entry {} is of another type than tokens and merges are", where_,
         in_merges_ ? "merges" : "vocab",
         in_merges_ ? out_.merges.size() : out_.vocab.size() + out_.scored.size());
  }

  TokenizerDocument& out_;
  const std::string& where_;
  std::vector<Json*> stack_;
  std::string key_;
  std::string top_;
  std::string piece_;
  std::vector<std::string> pair_;
  std::size_t depth_ = 0;
  bool has_piece_ = false;
  bool in_vocab_ = false;
  bool in_merges_ = false;
  std::size_t vocab_depth_ = 0;
  std::size_t merges_depth_ = 0;
};

}  // namespace

TokenizerDocument read_tokenizer_document(std::string_view text, const std::string& where) {
  TokenizerDocument document;
  Events events(document, where);
  static_cast<void>(Json::sax_parse(text.begin(), text.end(), &events));
  return document;
}

}  // namespace therma::llm
