// SPDX-License-Identifier: Apache-2.0
// The container safetensors: a JSON header and the tensors' bytes; and the index of a checkpoint
// that is cut into several such files.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "therma/llm/tensor.hpp"

namespace therma::llm {

// The tensors of a whole file, in the order of their bytes, which they borrow.
// Throws Error{bad_data} with `where` and the place: a header that is no JSON or larger than the
// file, an element type other than F32, F16 and BF16, offsets that leave a gap, overlap, do not
// fit the shape or the file.
[[nodiscard]] std::vector<Tensor> parse_safetensors(std::span<const std::byte> bytes,
                                                    const std::string& where);

// model.safetensors.index.json: which file of the folder holds which tensor.  [tensor] -> file
// Throws Error{bad_data}; a file name with a slash or of dots alone is refused.
using ShardIndex = std::map<std::string, std::string, std::less<>>;
[[nodiscard]] ShardIndex parse_shard_index(std::string_view text, const std::string& where);

}  // namespace therma::llm
