// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value or the error that a caller will branch on; std::expected's member names.
#pragma once

#include <utility>
#include <variant>

#include "therma/core/error.hpp"

namespace therma {

template <class E>
struct Unexpected {
  E error;
};
template <class E>
Unexpected(E) -> Unexpected<E>;

template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  // Implicit, so that `return value;` and `return Unexpected{error};` read as they should.
  // NOLINTNEXTLINE(google-explicit-constructor): see above
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor): see above
  Result(Unexpected<E> unexpected)
      : content_(std::in_place_index<1>, std::move(unexpected.error)) {}

  [[nodiscard]] bool has_value() const noexcept { return content_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  // The value; throws the error instead where E is an exception type.
  [[nodiscard]] const T& value() const& { return check(), std::get<0>(content_); }
  [[nodiscard]] T&& value() && { return check(), std::get<0>(std::move(content_)); }

  [[nodiscard]] const T& operator*() const& noexcept { return *std::get_if<0>(&content_); }
  [[nodiscard]] T& operator*() & noexcept { return *std::get_if<0>(&content_); }
  [[nodiscard]] const T* operator->() const noexcept { return std::get_if<0>(&content_); }
  [[nodiscard]] T* operator->() noexcept { return std::get_if<0>(&content_); }
  [[nodiscard]] const E& error() const noexcept { return *std::get_if<1>(&content_); }

 private:
  void check() const {
    if (!has_value()) throw std::get<1>(content_);
  }
  std::variant<T, E> content_;
};

}  // namespace therma
