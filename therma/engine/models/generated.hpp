// SPDX-License-Identifier: Apache-2.0
// Models made from a name and a few numbers: "sk:n=512,seed=1".
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "therma/engine/models/model.hpp"

namespace therma {

struct ModelSource {
  std::string_view name;     // before the colon
  std::string_view usage;    // "sk:n=512,seed=1"
  std::string_view summary;  // with what each key means
};

// The whole list, readable top to bottom.
[[nodiscard]] std::span<const ModelSource> model_sources() noexcept;

// Whether the words before the first colon name a source.
[[nodiscard]] bool is_generated(std::string_view argument) noexcept;

// Throws Error{invalid_argument}: an unknown, repeated or missing key, a value out of range, too
// many couplings.
[[nodiscard]] SampleModel generate_model(const std::string& argument, ModelFormat format);

// A table of the sources for people: `therma sample list`.
[[nodiscard]] std::string model_sources_text(std::size_t width);

}  // namespace therma
