// SPDX-License-Identifier: Apache-2.0
// One function per command: turns options into a request, and a report into output.
#pragma once

#include "therma/cli/options.hpp"

namespace therma::cli {

// Each returns the exit code and throws Error for what the error table maps to one.
[[nodiscard]] int solve_command(const Invocation& call);
[[nodiscard]] int verify_command(const Invocation& call);
[[nodiscard]] int generate_command(const Invocation& call);
[[nodiscard]] int chat_command(const Invocation& call);
[[nodiscard]] int head_sweep_command(const Invocation& call);
[[nodiscard]] int sample_command(const Invocation& call);
[[nodiscard]] int bench_command(const Invocation& call);
[[nodiscard]] int doctor_command(const Invocation& call);

}  // namespace therma::cli
