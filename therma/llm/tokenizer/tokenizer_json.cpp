// SPDX-License-Identifier: Apache-2.0
// The parts of the pipeline that are known, one function each.
#include "therma/llm/tokenizer/tokenizer_json.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "therma/core/error.hpp"
#include "therma/llm/tokenizer/blanks.hpp"
#include "therma/llm/tokenizer/byte_letters.hpp"
#include "therma/llm/tokenizer/piece_index.hpp"
#include "therma/llm/tokenizer/pre_tokenizer.hpp"
#include "therma/llm/tokenizer/tokenizer_document.hpp"

namespace therma::llm {
namespace {

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
  SpecReader(TokenizerDocument document, std::string where)
      : document_(std::move(document)), where_(std::move(where)), root_(document_.rest, where_) {}

  [[nodiscard]] TokenizerSpec spec() && {
    root_.require_object();
    const auto model = root_.at("model");
    read_pieces();
    read_added();
    read_kind(model);
    if (is_set(root_, "normalizer")) read_normaliser(root_.at("normalizer"));
    if (is_set(root_, "pre_tokenizer")) read_pre_tokenizer(root_.at("pre_tokenizer"));
    join_digits();
    if (is_set(root_, "post_processor")) read_post_processor(root_.at("post_processor"));
    finish(model);
    return std::move(spec_);
  }

 private:
  void read_pieces() {
    if (!document_.scored.empty()) {
      for (auto& [piece, score] : document_.scored) {
        spec_.pieces.push_back(std::move(piece));
        spec_.scores.push_back(finite_score(score));
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

  [[nodiscard]] float finite_score(double score) const {
    if (std::abs(score) <= std::numeric_limits<float>::max()) return static_cast<float>(score);
    fail(ErrorCode::bad_data, "{}: model.vocab: scores must be finite, got {}", where_, score);
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
      if (flag(token, "single_word")) token.at("single_word").expected("false");
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
      for (const auto* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
        if (is_set(model, key) && !model.at(key).string().empty()) {
          fail(ErrorCode::bad_data, "{}: model.{}: must be empty, got \"{}\"", where_, key,
               model.at(key).string());
        }
      }
    } else {
      fail(ErrorCode::bad_data, "{}: model.type: must be BPE or Unigram, got \"{}\"", where_, type);
    }
    if (falls_back) read_byte_tokens();
  }

  void read_byte_tokens() {
    std::vector<TokenId> bytes(256, 0);
    std::size_t found = 0;
    for (TokenId token = 0; token < spec_.pieces.size(); ++token) {
      const auto value = byte_named(spec_.pieces[token]);
      if (!value) continue;
      bytes[*value] = token;
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
        if (uses_expression) cut_by(expression_of(PreTokenizer::gpt2));
        if (flag(part, "add_prefix_space")) spec_.add_prefix_blank = true;
      } else if (type == "Digits") {
        cut_digits(part);
      } else if (type == "Metaspace") {
        const bool prepends = is_set(part, "prepend_scheme")
                                  ? part.at("prepend_scheme").string() != "never"
                                  : !part.has("add_prefix_space") || flag(part, "add_prefix_space");
        if (prepends) spec_.add_prefix_blank = true;
      } else {
        unknown(part, "pre_tokenizer", type, "Split, Digits, ByteLevel or Metaspace");
      }
    });
  }

  void join_digits() {
    if (!digits_) return;
    if (spec_.pre_tokenizer != PreTokenizer::gpt2) {
      fail(ErrorCode::bad_data,
           "{}: pre_tokenizer: Digits must come with the expression of ByteLevel", where_);
    }
    spec_.pre_tokenizer = PreTokenizer::expression;
    spec_.expression =
        R"('s|'t|'re|'ve|'m|'ll|'d|\p{N}| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?![^\s\p{N}])|\s+)";
  }

  void read_split(const JsonReader& part) {
    const auto pattern = part.at("pattern");
    if (!is_set(pattern, "Regex")) unknown(part, "pre_tokenizer", "Split", "a Split by Regex");
    const auto behaviour = part.at("behavior").string();
    // What is cut away when inverted is what the expression does not match: nothing, for those that
    // match every text.
    const bool isolates =
        behaviour == "Isolated" || (behaviour == "Removed" && flag(part, "invert"));
    if (!isolates) unknown(part, "pre_tokenizer", behaviour, "a Split that isolates");
    cut_by(pattern.at("Regex").string());
  }

  void cut_by(std::string_view expression) {
    if (spec_.pre_tokenizer != PreTokenizer::none) {
      fail(ErrorCode::bad_data, "{}: pre_tokenizer: must cut by one expression, got two", where_);
    }
    spec_.expression = expression;
    spec_.pre_tokenizer = pre_tokenizer_of(expression);
  }

  // Digits before ByteLevel's own expression: numbers stand alone, and blanks before them are cut
  // as at the end of a text.
  void cut_digits(const JsonReader& part) {
    if (!flag(part, "individual_digits")) {
      unknown(part, "pre_tokenizer", "Digits in groups", "Digits one by one");
    }
    digits_ = true;
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

  TokenizerDocument document_;
  std::string where_;
  JsonReader root_;
  TokenizerSpec spec_;
  bool digits_ = false;
};

}  // namespace

TokenizerSpec tokenizer_spec_from_json(std::string_view text, std::string where) {
  auto document = read_tokenizer_document(text, where);
  return SpecReader(std::move(document), std::move(where)).spec();
}

}  // namespace therma::llm
