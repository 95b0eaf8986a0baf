// SPDX-License-Identifier: Apache-2.0
// The program `therma`: runs one command and turns whatever goes wrong into one sentence.
#include <fmt/format.h>

#include <csignal>
#include <exception>
#include <new>

#include "therma/cli/commands.hpp"
#include "therma/cli/terminal.hpp"
#include "therma/engine/utf8.hpp"

namespace therma::cli {
namespace {

int run_command(int argc, const char* const* argv) {
  const auto call = parse_command_line(argc, argv);
  switch (call.command) {
    case Command::solve:
    case Command::ask:
      return solve_command(call);
    case Command::verify:
      return verify_command(call);
    case Command::generate:
      return generate_command(call);
    case Command::chat:
      return chat_command(call);
    case Command::head_sweep:
      return head_sweep_command(call);
    case Command::sample:
      return sample_command(call);
    case Command::bench:
      return bench_command(call);
    case Command::doctor:
      return doctor_command(call);
    case Command::help:
    case Command::version:
      break;
  }
  print(call.help);
  return 0;
}

int failed(ErrorCode code, std::string_view sentence) {
  print_notice(fmt::format("therma: {}\n", printable(sentence)));
  return traits(code).exit_code;
}

int guarded(int argc, const char* const* argv) {
  try {
    return run_command(argc, argv);
  } catch (const Error& e) {
    return failed(e.code(), e.what());
  } catch (const std::bad_alloc&) {
    return failed(ErrorCode::device, "out of memory");
  } catch (const std::exception& e) {
    return failed(ErrorCode::internal, fmt::format("a bug of ours: {}", e.what()));
  } catch (...) {
    return failed(ErrorCode::internal, "a bug of ours: an unknown exception");
  }
}

}  // namespace
}  // namespace therma::cli

int main(int argc, char** argv) {
  // Seen where the writing is: a reader that leaves, a file that may not grow.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  return therma::cli::guarded(argc, argv);
}
