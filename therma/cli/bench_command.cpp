// SPDX-License-Identifier: Apache-2.0
// `therma bench`.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "therma/cli/commands.hpp"
#include "therma/cli/interrupt.hpp"
#include "therma/cli/terminal.hpp"
#include "therma/engine/bench/bench.hpp"
#include "therma/engine/doctor.hpp"
#include "therma/engine/files.hpp"

namespace therma::cli {
namespace {

std::string suites_text() {
  std::string out;
  for (const auto& suite : bench_suites()) {
    out += fmt::format("{:<12} {}\n", suite.name, suite.summary);
  }
  return out;
}

// Facts without which a figure says little.
Json header(const Invocation& call, unsigned threads) {
  const auto machine = inspect_machine();
  const auto build = build_facts();
  return {{"suite", call.arguments.front()},
          {"version", build.version},
          {"compiler", build.compiler},
          {"build", build.build_type},
          {"cpu", machine.cpu},
          {"threads", threads},
          {"config", fields_to_json(read_fields_of(call.bench))}};
}

}  // namespace

int bench_command(const Invocation& call) {
  if (call.arguments.front() == "list") {
    print(suites_text());
    return 0;
  }
  const auto& suite = bench_suite(call.arguments.front());
  if (!call.output.out.empty()) check_writable(call.output.out);
  const auto& effort = call.counted_effort;
  const Interrupt interrupt;
  const Pool pool(effort.threads > 0 ? effort.threads : usable_cores());
  std::string lines = header(call, pool.num_threads()).dump() + "\n";
  print(call.output.json ? lines : render_head());
  suite.run(call.bench,
            {.pool = &pool,
             .stop = interrupt.token(),
             .deadline = effort.time_s > 0.0 ? Deadline::after(effort.time_s) : Deadline()},
            [&](const BenchRow& row) {
              const auto line = to_json(row).dump() + "\n";
              lines += line;
              print(call.output.json ? line : render_text(row));
            });
  if (!call.output.out.empty()) write_file(call.output.out, lines);
  return 0;
}

}  // namespace therma::cli
