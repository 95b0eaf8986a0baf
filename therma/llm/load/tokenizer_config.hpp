// SPDX-License-Identifier: Apache-2.0
// What a checkpoint says about its tokenizer beside the vocabulary.
#pragma once

#include <string_view>

#include "therma/core/json.hpp"
#include "therma/llm/load/checkpoint.hpp"

namespace therma::llm {

// tokenizer_config.json: which tokens begin and end a text, and whether they are added; it stands
// above what the vocabulary's own file says.
// Throws Error{bad_data} for a token that begins or ends a text and is none of the vocabulary.
void apply_tokenizer_config(const JsonReader& config, TokenizerSpec& spec);

// That every token has a row in the embedding, and that the tokens which begin and end a text are
// in checkpoint.generation too. Throws Error{bad_data} naming `where`.
void join_tokenizer(Checkpoint& checkpoint, std::string_view where);

}  // namespace therma::llm
