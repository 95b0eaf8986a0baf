// SPDX-License-Identifier: Apache-2.0
// A tree walked from each byte: few texts hold any of the tokens.
#include "therma/llm/tokenizer/added_tokens.hpp"

#include <algorithm>

#include "therma/llm/unicode.hpp"

namespace therma::llm {
namespace {

// The white space that ends before `end`, back to `start` at most.
std::size_t before_blanks(std::string_view text, std::size_t start, std::size_t end) {
  while (end > start) {
    std::size_t at = end - 1;
    while (at > start && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
    const auto last = next_character(text, at);
    if (at + last.size != end || !is_space(last.code)) break;
    end = at;
  }
  return end;
}

std::size_t after_blanks(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const auto next = next_character(text, at);
    if (!is_space(next.code)) break;
    at += next.size;
  }
  return at;
}

}  // namespace

AddedTokens::AddedTokens(std::span<const AddedToken> tokens) : nodes_(1) {
  for (const auto& token : tokens) insert(token);
}

void AddedTokens::insert(const AddedToken& token) {
  std::uint32_t at = 0;
  for (const char c : token.text) {
    const auto byte = static_cast<unsigned char>(c);
    auto& children = nodes_[at].children;
    const auto place = std::ranges::lower_bound(children, byte, {}, &Node::Child::byte);
    if (place != children.end() && place->byte == byte) {
      at = place->node;
      continue;
    }
    const auto added = static_cast<std::uint32_t>(nodes_.size());
    children.insert(place, {byte, added});
    nodes_.emplace_back();
    at = added;
  }
  if (at != 0 && nodes_[at].token == nullptr) nodes_[at].token = &token;
}

const AddedTokens::Node* AddedTokens::child(const Node& node, char byte) const noexcept {
  const auto wanted = static_cast<unsigned char>(byte);
  const auto place = std::ranges::lower_bound(node.children, wanted, {}, &Node::Child::byte);
  return place != node.children.end() && place->byte == wanted ? &nodes_[place->node] : nullptr;
}

const AddedToken* AddedTokens::longest_at(std::string_view text, std::size_t at,
                                          bool with_special) const noexcept {
  const AddedToken* longest = nullptr;
  const Node* node = &nodes_.front();
  for (; at < text.size(); ++at) {
    node = child(*node, text[at]);
    if (node == nullptr) break;
    if (node->token != nullptr && (with_special || !node->token->special)) longest = node->token;
  }
  return longest;
}

std::optional<AddedTokens::Match> AddedTokens::find(std::string_view text, std::size_t at,
                                                    bool with_special) const {
  if (nodes_.size() == 1) return std::nullopt;
  const std::size_t start = at;
  for (; at < text.size(); ++at) {
    const auto* token = longest_at(text, at, with_special);
    if (token == nullptr) continue;
    const auto end = at + token->text.size();
    return Match{.begin = token->strip_left ? before_blanks(text, start, at) : at,
                 .end = token->strip_right ? after_blanks(text, end) : end,
                 .token = token->id};
  }
  return std::nullopt;
}

}  // namespace therma::llm
