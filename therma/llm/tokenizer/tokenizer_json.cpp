// SPDX-License-Identifier: Apache-2.0
// tokenizer.json: vocabulary and merges straight from the parser's events, the rest as a small
// document.
//
// A vocabulary of 150,000 tokens as a document would cost more time and memory than the model's
// first token.
#include "therma/llm/tokenizer/tokenizer_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "therma/core/error.hpp"
#include "therma/core/json.hpp"
#include "therma/llm/tokenizer/blanks.hpp"
#include "therma/llm/tokenizer/byte_letters.hpp"
#include "therma/llm/tokenizer/piece_index.hpp"
#include "therma/llm/tokenizer/pre_tokenizer.hpp"

namespace therma::llm {
namespace {

constexpr std::size_t kMostTokens = std::size_t{1} << 24;

// What the events are sorted into.
struct Document {
  Json rest;                                                 // without model.vocab and model.merges
  std::vector<std::pair<std::string, std::uint64_t>> vocab;  // of BPE: piece, id
  std::vector<std::pair<std::string, double>> scored;        // of unigram: piece, score
  std::vector<std::pair<std::string, std::string>> merges;
};

// nlohmann's event interface. Every handler returns whether to go on.
class Events {
 public:
  Events(Document& out, const std::string& where) : out_(out), where_(where) {}

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

  Document& out_;
  const std::string& where_;
  std::vector<Json*> stack_;
  std::string key_;
  std::string top_;
  std::string piece_;
  std::vector<std::string> pair_;
  std::size_t depth_ = 0;
  bool in_vocab_ = false;
  bool in_merges_ = false;
  std::size_t vocab_depth_ = 0;
  std::size_t merges_depth_ = 0;
};

Document read_document(std::string_view text, const std::string& where) {
  Document document;
  Events events(document, where);
  static_cast<void>(Json::sax_parse(text.begin(), text.end(), &events));
  return document;
}

bool is_set(const JsonReader& json, std::string_view key) {
  return json.has(key) && !json.at(key).json().is_null();
}

bool flag(const JsonReader& json, std::string_view key) {
  return is_set(json, key) && json.at(key).boolean();
}

// Calls use(part) for a part of the pipeline, or for each part of a Sequence of them.
template <class Use>
void for_each_part(const JsonReader& json, std::string_view list, const Use& use) {
  const auto type = json.at("type").string();
  if (type != "Sequence") return use(json, type);
  const auto parts = json.at(list);
  for (std::size_t k = 0; k < parts.array_size(); ++k) {
    const auto part = parts.at(k);
    use(part, part.at("type").string());
  }
}

class SpecReader {
 public:
  SpecReader(Document document, std::string where)
      : document_(std::move(document)), where_(std::move(where)), root_(document_.rest, where_) {}

  [[nodiscard]] TokenizerSpec spec() && {
    root_.require_object();
    const auto model = root_.at("model");
    read_pieces();
    read_added();
    read_kind(model);
    if (is_set(root_, "normalizer")) read_normaliser(root_.at("normalizer"));
    if (is_set(root_, "pre_tokenizer")) read_pre_tokenizer(root_.at("pre_tokenizer"));
    if (is_set(root_, "post_processor")) read_post_processor(root_.at("post_processor"));
    finish(model);
    return std::move(spec_);
  }

 private:
  void read_pieces() {
    if (!document_.scored.empty()) {
      for (auto& [piece, score] : document_.scored) {
        spec_.pieces.push_back(std::move(piece));
        spec_.scores.push_back(static_cast<float>(score));
      }
      return;
    }
    std::uint64_t count = 0;
    for (const auto& [piece, id] : document_.vocab) {
      count = std::max(count, std::min<std::uint64_t>(id, kMostTokens) + 1);
    }
    if (count == 0 || count > kMostTokens || count > 4 * document_.vocab.size() + 1024) {
      fail(ErrorCode::bad_data, "{}: model.vocab: ids must be below {} for {} pieces, got {}",
           where_, std::min<std::uint64_t>(kMostTokens, 4 * document_.vocab.size() + 1024),
           document_.vocab.size(), count);
    }
    spec_.pieces.resize(count);
    for (auto& [piece, id] : document_.vocab) {
      if (!spec_.pieces[id].empty()) {
        fail(ErrorCode::bad_data, "{}: model.vocab: id {} comes twice", where_, id);
      }
      spec_.pieces[id] = std::move(piece);
    }
  }

  void read_added() {
    if (!is_set(root_, "added_tokens")) return;
    const auto list = root_.at("added_tokens");
    for (std::size_t k = 0; k < list.array_size(); ++k) {
      const auto token = list.at(k);
      spec_.added.push_back({.id = static_cast<TokenId>(token.at("id").count(kMostTokens)),
                             .text = token.at("content").string(),
                             .special = flag(token, "special"),
                             .strip_left = flag(token, "lstrip"),
                             .strip_right = flag(token, "rstrip"),
                             .normalised = flag(token, "normalized")});
    }
  }

  void read_kind(const JsonReader& model) {
    const auto type = is_set(model, "type")      ? model.at("type").string()
                      : document_.scored.empty() ? "BPE"
                                                 : "Unigram";
    const bool falls_back = flag(model, "byte_fallback");
    if (type == "Unigram") {
      spec_.kind = TokenizerKind::unigram;
      if (is_set(model, "unk_id")) {
        spec_.unknown = static_cast<TokenId>(model.at("unk_id").count(kMostTokens));
      }
    } else if (type == "BPE") {
      spec_.kind = falls_back ? TokenizerKind::sentencepiece_bpe : TokenizerKind::byte_bpe;
      spec_.ignore_merges = flag(model, "ignore_merges");
    } else {
      fail(ErrorCode::bad_data, "{}: model.type: must be BPE or Unigram, got \"{}\"", where_, type);
    }
    if (falls_back) read_byte_tokens();
  }

  void read_byte_tokens() {
    std::vector<TokenId> bytes(256, 0);
    std::size_t found = 0;
    for (TokenId token = 0; token < spec_.pieces.size(); ++token) {
      const auto& piece = spec_.pieces[token];
      unsigned value = 0;
      if (piece.size() != 6 || !piece.starts_with("<0x") || piece[5] != '>') continue;
      const auto read = std::from_chars(piece.data() + 3, piece.data() + 5, value, 16);
      if (read.ptr != piece.data() + 5) continue;
      bytes[value] = token;
      ++found;
    }
    if (found == 256) spec_.byte_tokens = std::move(bytes);
  }

  void read_normaliser(const JsonReader& json) {
    for_each_part(json, "normalizers", [&](const JsonReader& part, const std::string& type) {
      if (type == "NFC") {
        spec_.nfc = true;
      } else if (type == "NFKC" || type == "Precompiled") {
        spec_.nfkc = true;
      } else if (type == "Prepend" && part.at("prepend").string() == kBlankMark) {
        spec_.add_prefix_blank = true;
      } else if (type == "Replace" && part.at("content").string() == kBlankMark &&
                 is_set(part.at("pattern"), "String") &&
                 part.at("pattern").at("String").string() == " ") {
        return;  // blanks are marked anyway
      } else {
        unknown(part, "normalizer", type, "NFC, NFKC, Prepend U+2581 or Replace \" \"");
      }
    });
  }

  void read_pre_tokenizer(const JsonReader& json) {
    for_each_part(json, "pretokenizers", [&](const JsonReader& part, const std::string& type) {
      if (type == "Split") {
        read_split(part);
      } else if (type == "ByteLevel") {
        const bool uses_expression = !part.has("use_regex") || part.at("use_regex").boolean();
        if (uses_expression) spec_.pre_tokenizer = PreTokenizer::gpt2;
        if (flag(part, "add_prefix_space")) spec_.add_prefix_blank = true;
      } else if (type == "Metaspace") {
        const bool prepends = is_set(part, "prepend_scheme")
                                  ? part.at("prepend_scheme").string() != "never"
                                  : !part.has("add_prefix_space") || flag(part, "add_prefix_space");
        if (prepends) spec_.add_prefix_blank = true;
      } else {
        unknown(part, "pre_tokenizer", type, "Split, ByteLevel or Metaspace");
      }
    });
  }

  void read_split(const JsonReader& part) {
    const auto pattern = part.at("pattern");
    if (!is_set(pattern, "Regex")) unknown(part, "pre_tokenizer", "Split", "a Split by Regex");
    const auto behaviour = part.at("behavior").string();
    if (behaviour != "Isolated" && behaviour != "Removed") {
      unknown(part, "pre_tokenizer", behaviour, "a Split that isolates");
    }
    spec_.expression = pattern.at("Regex").string();
    spec_.pre_tokenizer = pre_tokenizer_of(spec_.expression);
  }

  // TemplateProcessing: special tokens before and after $A.
  void read_post_processor(const JsonReader& json) {
    for_each_part(json, "processors", [&](const JsonReader& part, const std::string& type) {
      if (type == "ByteLevel") return;
      if (type != "TemplateProcessing") {
        unknown(part, "post_processor", type, "ByteLevel or TemplateProcessing");
      }
      const auto single = part.at("single");
      bool after = false;
      for (std::size_t k = 0; k < single.array_size(); ++k) {
        const auto item = single.at(k);
        if (item.has("Sequence")) {
          after = true;
        } else if (item.has("SpecialToken")) {
          add_edge(item.at("SpecialToken").at("id").string(), after);
        }
      }
    });
  }

  void add_edge(const std::string& name, bool after) {
    const auto found = std::ranges::find(spec_.added, name, &AddedToken::text);
    if (found == spec_.added.end()) {
      fail(ErrorCode::bad_data, "{}: post_processor: \"{}\" must be an added token", where_, name);
    }
    (after ? spec_.eos : spec_.bos) = found->id;
    (after ? spec_.add_eos : spec_.add_bos) = true;
  }

  [[noreturn]] void unknown(const JsonReader& part, std::string_view what, const std::string& got,
                            std::string_view expected) const {
    static_cast<void>(part);
    fail(ErrorCode::bad_data, "{}: {}: must be {}, got {}", where_, what, expected, got);
  }

  // Added tokens leave the pieces; pieces of bytes are written as bytes; merges become numbers.
  void finish(const JsonReader& model) {
    if (is_set(model, "unk_token")) {
      const auto name = model.at("unk_token").string();
      const auto found = std::ranges::find(spec_.added, name, &AddedToken::text);
      if (found != spec_.added.end()) spec_.unknown = found->id;
    }
    const PieceIndex index(spec_.pieces);
    std::string both;
    spec_.merges.reserve(document_.merges.size());
    spec_.merged.reserve(document_.merges.size());
    for (const auto& [left, right] : document_.merges) {
      both.assign(left).append(right);
      const auto a = index.find(left), b = index.find(right), whole = index.find(both);
      if (!a || !b || !whole) {
        fail(ErrorCode::bad_data,
             "{}: model.merges: entry {} must be two pieces that make a third, got \"{}\" \"{}\"",
             where_, spec_.merges.size(), left, right);
      }
      spec_.merges.emplace_back(*a, *b);
      spec_.merged.push_back(*whole);
    }
    for (const auto& added : spec_.added) {
      if (added.id < spec_.pieces.size()) spec_.pieces[added.id].clear();
    }
    for (const auto token : spec_.byte_tokens) spec_.pieces[token].clear();
    if (spec_.kind != TokenizerKind::byte_bpe) return;
    for (TokenId token = 0; token < spec_.pieces.size(); ++token) {
      const auto bytes = bytes_of(spec_.pieces[token]);
      if (!bytes) {
        fail(ErrorCode::bad_data, "{}: model.vocab: token {} must be written in letters of bytes",
             where_, token);
      }
      spec_.pieces[token] = *bytes;
    }
  }

  Document document_;
  std::string where_;
  JsonReader root_;
  TokenizerSpec spec_;
};

}  // namespace

TokenizerSpec tokenizer_spec_from_json(std::string_view text, std::string where) {
  auto document = read_document(text, where);
  return SpecReader(std::move(document), std::move(where)).spec();
}

}  // namespace therma::llm
