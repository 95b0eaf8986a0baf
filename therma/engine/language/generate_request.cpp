// SPDX-License-Identifier: Apache-2.0
// The words of the request's choices.
#include "therma/engine/language/generate_request.hpp"

#include <array>

namespace therma {

std::span<const std::string_view> enum_names(BetaOver) noexcept {
  static constexpr std::array<std::string_view, 2> kNames = {"positions", "steps"};
  return kNames;
}

std::span<const std::string_view> enum_names(ReportStyle) noexcept {
  static constexpr std::array<std::string_view, 2> kNames = {"text", "json"};
  return kNames;
}

}  // namespace therma

namespace therma::llm {

std::span<const std::string_view> enum_names(WeightsAs) noexcept {
  static constexpr std::array<std::string_view, 3> kNames = {"stored", "q8", "q4"};
  return kNames;
}

std::span<const std::string_view> enum_names(CacheAs) noexcept {
  static constexpr std::array<std::string_view, 2> kNames = {"f16", "q8"};
  return kNames;
}

}  // namespace therma::llm
