// SPDX-License-Identifier: Apache-2.0
// The key-value pairs at the start of a GGUF file.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "therma/llm/load/byte_cursor.hpp"
#include "therma/llm/load/gguf.hpp"

namespace therma::llm {

using GgufMetadata = std::map<std::string, GgufValue, std::less<>>;

// Reads so many pairs. Throws Error{bad_data} for a key that appears twice, a type that is not
// known, an array of arrays, and where the bytes end early.
[[nodiscard]] GgufMetadata read_gguf_metadata(ByteCursor& cursor, std::uint64_t num_pairs);

}  // namespace therma::llm
