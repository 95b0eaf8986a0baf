// SPDX-License-Identifier: Apache-2.0
// The command line of a benchmark: pairs of "--field value" for the fields of its options.
#pragma once

#include <algorithm>
#include <string>

#include "therma/core/config.hpp"
#include "therma/core/error.hpp"

// Throws Error{usage or invalid_argument}.
template <class Options>
Options parse_options(int argc, char** argv) {
  Options options;
  const auto fields = therma::fields_of(options);
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string word = argv[i];
    const auto field = std::ranges::find(fields, word.starts_with("--") ? word.substr(2) : word,
                                         &therma::Field::name);
    if (field == fields.end()) therma::fail(therma::ErrorCode::usage, "unknown option {}", word);
    field->set(argv[i + 1]);
  }
  return options;
}
