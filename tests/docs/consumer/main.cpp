// SPDX-License-Identifier: Apache-2.0
// Uses an installed header and calls into an installed library.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "therma/core/json.hpp"
#include "therma/core/random/rng.hpp"

int main() {
  const auto json = therma::parse_json(R"({"answer": 42})", "consumer");
  const auto answer = therma::JsonReader(json, "consumer").at("answer").integer();
  const double x = therma::Rng(1).child("consumer").normal({});
  std::printf("%lld %d\n", static_cast<long long>(answer), x == x);
}
