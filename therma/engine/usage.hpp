// SPDX-License-Identifier: Apache-2.0
// What this process has used so far.
#pragma once

#include <cstdint>

namespace therma {

[[nodiscard]] double cpu_seconds() noexcept;  // all threads together
[[nodiscard]] std::uint64_t peak_rss_bytes() noexcept;

}  // namespace therma
