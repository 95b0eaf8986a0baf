// SPDX-License-Identifier: Apache-2.0
// tokenizer.json, the format of Hugging Face's tokenizers.
#pragma once

#include <string>
#include <string_view>

#include "therma/llm/tokenizer/spec.hpp"

namespace therma::llm {

// Throws Error{bad_data} naming `where` and the place in the document: malformed, or of a kind that
// is not known.
[[nodiscard]] TokenizerSpec tokenizer_spec_from_json(std::string_view text, std::string where);

}  // namespace therma::llm
