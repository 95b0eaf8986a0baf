// SPDX-License-Identifier: Apache-2.0
// What the commands around language models share.
#pragma once

#include <string>

#include "therma/cli/interrupt.hpp"
#include "therma/cli/options.hpp"
#include "therma/core/resources.hpp"
#include "therma/engine/language/generate_report.hpp"
#include "therma/engine/language/language_machine.hpp"

namespace therma::cli {

// Beside the program: data/models of the sources it was built from, share/therma/models where it is
// installed.
[[nodiscard]] ModelFolders model_folders();
[[nodiscard]] unsigned threads_of(const Invocation& call);
[[nodiscard]] bool wants_json(const Invocation& call);
[[nodiscard]] Resources resources_of(const Invocation& call, const Interrupt& interrupt);
// The machine of a request, with a line of progress while it loads.
[[nodiscard]] LanguageMachine loaded(const Invocation& call, const GenerateRequest& request,
                                     const LanguageTeams& teams, const Interrupt& interrupt);
// Why a text ended, where a reader would wonder; empty elsewhere.
[[nodiscard]] std::string ending_text(const GenerateReport& report);

}  // namespace therma::cli
