// SPDX-License-Identifier: Apache-2.0
// Which tensors a model of these architectures has, under Hugging Face's names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "therma/llm/load/checkpoint.hpp"

namespace therma::llm {

// Hugging Face's name of a tensor of a GGUF file: "blk.3.attn_q.weight" becomes
// "model.layers.3.self_attn.q_proj.weight". Nothing where there is none.
[[nodiscard]] std::optional<std::string> hugging_face_name(std::string_view gguf_name);
// The other way.
[[nodiscard]] std::optional<std::string> gguf_name(std::string_view hugging_face_name);

// Sorts the tensors by name, and checks that they are those of checkpoint.config, each once, of its
// shape, and of an element type that its use allows; drops the tables that are computed anyway
// (rotary_emb.inv_freq) and the output rows of a model that ties them to its embedding.
// Throws Error{bad_data} naming `where` and the tensor.
void check_tensors(Checkpoint& checkpoint, std::string_view where);

}  // namespace therma::llm
