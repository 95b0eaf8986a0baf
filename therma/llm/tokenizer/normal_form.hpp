// SPDX-License-Identifier: Apache-2.0
// Unicode's composed normal forms (Unicode Standard Annex 15).
#pragma once

#include <string>
#include <string_view>

namespace therma::llm {

// Whether a boundary of NFC lies before the character and it stays as it is (so says "quick check",
// UAX 15, section 9). May be false where a longer look would say true.
[[nodiscard]] bool is_settled_in_nfc(char32_t code) noexcept;
// Whether every character of valid UTF-8 is settled: then the text is in NFC.
[[nodiscard]] bool is_settled_in_nfc(std::string_view text) noexcept;

// Valid UTF-8 in, NFC or NFKC out. Linear but for runs of combining marks, which are sorted.
[[nodiscard]] std::string to_nfc(std::string_view text);
[[nodiscard]] std::string to_nfkc(std::string_view text);

}  // namespace therma::llm
