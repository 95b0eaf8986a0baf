// SPDX-License-Identifier: Apache-2.0
// States on their way between ranks: a byte for each value where that is enough.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace therma {

// Appends values, every bit of them: bytes where all are integers from -128 to 127 (spins,
// categories), else doubles.
void pack_values(std::span<const double> values, std::string& bytes);
// Takes values.size() of them off the front. Throws Error{remote} where too few are left.
void unpack_values(std::string_view& bytes, std::span<double> values);

}  // namespace therma
