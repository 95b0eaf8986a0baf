// SPDX-License-Identifier: Apache-2.0
// From gates to a verdict.
#include "therma/inference/certificate.hpp"

#include <algorithm>

namespace therma {

std::string_view to_word(GateVerdict verdict) noexcept {
  switch (verdict) {
    case GateVerdict::pass:
      return "pass";
    case GateVerdict::fail:
      return "fail";
    case GateVerdict::undecided:
      return "undecided";
    case GateVerdict::not_applicable:
      return "not applicable";
  }
  return "undecided";
}

std::string_view to_word(CertificateVerdict verdict) noexcept {
  switch (verdict) {
    case CertificateVerdict::converged:
      return "converged";
    case CertificateVerdict::not_converged:
      return "not converged";
    case CertificateVerdict::undecided:
      return "undecided";
  }
  return "undecided";
}

const Gate* Certificate::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(gates, name, &Gate::name);
  return found == gates.end() ? nullptr : &*found;
}

void conclude(Certificate& certificate) {
  const auto first = [&](GateVerdict verdict) {
    const auto found = std::ranges::find(certificate.gates, verdict, &Gate::verdict);
    return found == certificate.gates.end() ? nullptr : &*found;
  };
  certificate.false_alarm_rate = 0.0;
  for (const auto& gate : certificate.gates) {
    const bool judged = gate.verdict == GateVerdict::pass || gate.verdict == GateVerdict::fail;
    if (judged) certificate.false_alarm_rate += gate.false_alarm_rate;
  }
  if (const auto* failed = first(GateVerdict::fail)) {
    certificate.verdict = CertificateVerdict::not_converged;
    certificate.sentence = "Not converged: " + failed->sentence;
  } else if (const auto* open = first(GateVerdict::undecided)) {
    certificate.verdict = CertificateVerdict::undecided;
    certificate.sentence = "Undecided: " + open->sentence;
  } else if (certificate.gates.empty() || first(GateVerdict::pass) == nullptr) {
    certificate.verdict = CertificateVerdict::undecided;
    certificate.sentence = "Undecided: nothing was tested.";
  } else {
    certificate.verdict = CertificateVerdict::converged;
    certificate.sentence = certificate.replicas > 1
                               ? "Converged: every gate that applies was passed."
                               : "Converged as far as one chain can tell: whether other starts "
                                 "agree was not tested.";
  }
}

}  // namespace therma
