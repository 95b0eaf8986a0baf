// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/grammar/token_grammar.hpp"

#include <algorithm>

namespace therma::llm {

TokenBytes::TokenBytes(std::vector<std::string> bytes, std::vector<TokenId> ends)
    : bytes_(std::move(bytes)), ends_(std::move(ends)) {
  std::ranges::sort(ends_);
  // The first eight bytes as a number decide nearly all comparisons.
  std::vector<std::pair<std::uint64_t, TokenId>> keys;
  for (TokenId token = 0; token < bytes_.size(); ++token) {
    if (bytes_[token].empty() || ends_text(token)) continue;
    std::uint64_t key = 0;
    for (std::size_t i = 0; i < 8; ++i)
      key =
          key << 8 | (i < bytes_[token].size() ? static_cast<std::uint8_t>(bytes_[token][i]) : 0U);
    keys.emplace_back(key, token);
  }
  std::ranges::sort(keys, [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : bytes_[a.second] < bytes_[b.second];
  });
  for (const auto& [_, token] : keys) sorted_.push_back(token);
  for (std::size_t i = 0; i < sorted_.size(); ++i) {
    const std::string_view now = bytes_[sorted_[i]];
    const std::string_view before = i == 0 ? std::string_view{} : bytes_[sorted_[i - 1]];
    const auto differs = std::ranges::mismatch(now, before).in1;
    common_.push_back(static_cast<std::uint32_t>(differs - now.begin()));
  }
}

bool TokenBytes::ends_text(TokenId token) const noexcept {
  return std::ranges::binary_search(ends_, token);
}

std::vector<TokenId> TokenBytes::allowed(const Grammar& grammar, const GrammarState& state) const {
  std::vector<TokenId> out;
  std::vector<GrammarState> states(1, state);  // after each byte of the token at hand
  std::size_t num_alive = 0;                   // bytes of the token before that were taken
  for (std::size_t i = 0; i < sorted_.size(); ++i) {
    const std::string_view bytes = bytes_[sorted_[i]];
    if (common_[i] > num_alive) continue;  // shares the byte that was refused
    num_alive = common_[i];
    while (states.size() <= bytes.size()) states.push_back(state);
    while (num_alive < bytes.size() &&
           states[num_alive].step(grammar, static_cast<std::uint8_t>(bytes[num_alive]),
                                  states[num_alive + 1]))
      ++num_alive;
    if (num_alive == bytes.size()) out.push_back(sorted_[i]);
  }
  std::ranges::sort(out);
  return out;
}

bool TokenGrammar::allows(TokenId token) const {
  if (tokens_->ends_text(token)) return acceptor_.may_end();
  const auto bytes = tokens_->bytes(token);
  return !bytes.empty() && acceptor_.accepts(bytes);
}

bool TokenGrammar::advance(TokenId token) {
  if (tokens_->ends_text(token)) return acceptor_.may_end();
  const auto bytes = tokens_->bytes(token);
  return !bytes.empty() && acceptor_.advance(bytes);
}

std::vector<TokenId> TokenGrammar::allowed() const {
  auto out = tokens_->allowed(acceptor_.grammar(), acceptor_.state());
  if (!acceptor_.may_end()) return out;
  const auto middle = static_cast<std::ptrdiff_t>(out.size());
  out.insert(out.end(), tokens_->ends().begin(), tokens_->ends().end());
  std::inplace_merge(out.begin(), out.begin() + middle, out.end());
  return out;
}

}  // namespace therma::llm
