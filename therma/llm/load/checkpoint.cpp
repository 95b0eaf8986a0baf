// SPDX-License-Identifier: Apache-2.0
// Tensors by name.
#include "therma/llm/load/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "therma/core/error.hpp"

namespace therma::llm {

const Tensor* Checkpoint::find(std::string_view name) const noexcept {
  const auto found = std::ranges::lower_bound(tensors, name, {}, &Tensor::name);
  return found != tensors.end() && found->name == name ? &*found : nullptr;
}

const Tensor& Checkpoint::tensor(std::string_view name,
                                 std::initializer_list<std::uint64_t> shape) const {
  const auto* const found = find(name);
  if (found == nullptr) fail(ErrorCode::bad_data, "tensor {} is missing", name);
  if (!std::ranges::equal(found->shape, shape)) {
    fail(ErrorCode::bad_data, "tensor {} must have the shape [{}], got [{}]", name,
         fmt::join(shape, ", "), fmt::join(found->shape, ", "));
  }
  return *found;
}

}  // namespace therma::llm
