// SPDX-License-Identifier: Apache-2.0
// The request: what every door hands to the engine.
#pragma once

#include <string>

#include "therma/core/config.hpp"
#include "therma/engine/files.hpp"
#include "therma/problems/schedule/parse.hpp"
#include "therma/solve/answer.hpp"

namespace therma {

// How a source is read.
struct ReadConfig {
  schedule::Format format = schedule::Format::automatic;
  std::string formalizer = "rules";

  static void each_field(auto& self, auto&& field) {
    field("format", self.format, "format of a file");
    field("formalizer", self.formalizer,
          "who makes a sentence formal: rules, the only one in this release");
  }
};

struct Request {
  Source source;
  ReadConfig read;
  solve::SolveConfig solve;
};

}  // namespace therma
