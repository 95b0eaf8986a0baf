// SPDX-License-Identifier: Apache-2.0
// The only place that knows PCRE2.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <utility>

#include "therma/core/error.hpp"
#include "therma/llm/tokenizer/pre_tokenizer.hpp"

namespace therma::llm {
namespace {

constexpr std::uint32_t kMatchLimit = 1'000'000;
constexpr std::uint32_t kHeapLimitKib = 64 * 1024;

std::string message_of(int code) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

struct Free {
  void operator()(pcre2_code* code) const noexcept { pcre2_code_free(code); }
  void operator()(pcre2_match_context* context) const noexcept {
    pcre2_match_context_free(context);
  }
  void operator()(pcre2_match_data* data) const noexcept { pcre2_match_data_free(data); }
};

}  // namespace

struct Expression::Code {
  std::unique_ptr<pcre2_code, Free> code;
  std::unique_ptr<pcre2_match_context, Free> limits;
};

Expression::Expression(const std::string& pattern) {
  int error = 0;
  PCRE2_SIZE at = 0;
  auto made = std::make_unique<Code>();
  made->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                 PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &at,
                                 nullptr));
  if (made->code == nullptr) {
    fail(ErrorCode::bad_data, "expression \"{}\": at character {}: {}", pattern, at,
         message_of(error));
  }
  made->limits.reset(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(made->limits.get(), kMatchLimit);
  pcre2_set_depth_limit(made->limits.get(), kMatchLimit);
  pcre2_set_heap_limit(made->limits.get(), kHeapLimitKib);
  code_ = std::move(made);
}

Expression::~Expression() = default;
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;

Expression::Match Expression::find(std::string_view text, std::size_t at) const {
  const std::unique_ptr<pcre2_match_data, Free> data(
      pcre2_match_data_create_from_pattern(code_->code.get(), nullptr));
  const int found =
      pcre2_match(code_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
                  PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, data.get(), code_->limits.get());
  if (found == PCRE2_ERROR_NOMATCH) return {text.size(), text.size()};
  if (found < 0) {
    fail(ErrorCode::bad_data, "expression of the tokenizer: at byte {} of the text: {}", at,
         message_of(found));
  }
  const auto* ends = pcre2_get_ovector_pointer(data.get());
  return {ends[0], ends[1]};
}

}  // namespace therma::llm
