// SPDX-License-Identifier: Apache-2.0
// Readers of models in JSON: Therma's own kinds (data/schema/) and dimod's binary quadratic models.
#pragma once

#include <string>

#include "therma/core/json.hpp"
#include "therma/engine/models/model.hpp"

namespace therma {

// {"therma": 1, "kind": "ising" | "qubo" | "factors" | "quartic" | "quadratic", ...}
// Throws Error{bad_data} naming the place in the document.
[[nodiscard]] SampleModel parse_therma_json(const Json& document, const std::string& name);

// dimod's BinaryQuadraticModel as to_serializable() writes it (schema 3); its spins have the
// opposite sign, E = offset + sum h s + sum J s s.
[[nodiscard]] SampleModel parse_dimod_json(const Json& document, const std::string& name);

// Which of the two a document is; throws Error{bad_data} where it is neither.
[[nodiscard]] ModelFormat json_format_of(const Json& document, const std::string& name);

}  // namespace therma
