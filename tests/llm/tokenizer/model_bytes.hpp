// SPDX-License-Identifier: Apache-2.0
// Writes SentencePiece's ModelProto.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

namespace therma::llm::testing {

inline std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
  return out;
}

inline std::string field(std::uint64_t number, std::uint64_t value) {
  return varint(number << 3) + varint(value);
}

inline std::string field(std::uint64_t number, const std::string& bytes) {
  return varint(number << 3 | 2) + varint(bytes.size()) + bytes;
}

inline std::string piece(const std::string& text, float score, std::uint64_t type = 1) {
  std::string bits(sizeof score, '\0');
  std::memcpy(bits.data(), &score, sizeof score);
  return field(1, field(1, text) + varint(2 << 3 | 5) + bits + field(3, type));
}

// "<unk>", "<s>", "</s>", then pieces that make "▁hi"; kind 1 unigram, 2 BPE.
inline std::string small_model(std::uint64_t kind, bool collapses = true) {
  return piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3) + piece("\u2581hi", -1) +
         piece("\u2581h", -2) + piece("\u2581", -4) + piece("h", -5) + piece("i", -6) +
         piece("<mark>", 0, 4) + field(2, field(3, kind)) +
         field(3, field(1, std::string("identity")) + field(3, 1) + field(4, collapses ? 1 : 0));
}

}  // namespace therma::llm::testing
