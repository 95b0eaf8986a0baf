// SPDX-License-Identifier: Apache-2.0
// Guards how deep an evaluation goes.
#pragma once

#include <fmt/format.h>

#include "therma/llm/chat/jinja_evaluator.hpp"

namespace therma::llm::jinja {

class Evaluator::Level {
 public:
  Level(Evaluator& of, Place place) : of_(of) {
    of_.meter_.charge(place);
    const auto most = of_.meter_.options().limits.depth;
    if (of_.depth_ >= most)
      of_.meter_.fail(place, fmt::format("calls and blocks nested deeper than {} levels", most));
    ++of_.depth_;
  }
  ~Level() { --of_.depth_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  Evaluator& of_;
};

}  // namespace therma::llm::jinja
