// SPDX-License-Identifier: Apache-2.0
// A certificate in the report: as JSON, and as the word that becomes the run's status.
#include <cmath>
#include <nlohmann/json.hpp>

#include "therma/engine/sample_parts.hpp"

namespace therma {
namespace {

// Null for numbers that do not exist.
Json number_json(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json interval_json(const Interval& interval) {
  if (std::isnan(interval.low) && std::isnan(interval.high)) return Json();
  return Json::array({number_json(interval.low), number_json(interval.high)});
}

Json gates_json(const Certificate& certificate) {
  auto list = Json::array();
  for (const auto& gate : certificate.gates) {
    list.push_back({{"name", gate.name},
                    {"verdict", to_word(gate.verdict)},
                    {"value", number_json(gate.value)},
                    {"interval", interval_json(gate.interval)},
                    {"threshold", number_json(gate.threshold)},
                    {"false_alarm_rate", gate.false_alarm_rate},
                    {"sentence", gate.sentence}});
  }
  return list;
}

Json observables_json(const Certificate& certificate) {
  auto out = Json::object();
  for (const auto& o : certificate.observables) {
    out[o.name] = {{"mean", number_json(o.mean)},
                   {"deviation", number_json(o.deviation)},
                   {"standard_error", number_json(o.standard_error)},
                   {"autocorrelation", number_json(o.autocorrelation)},
                   {"bulk_samples", number_json(o.bulk_samples)},
                   {"tail_samples", number_json(o.tail_samples)},
                   {"rhat", number_json(o.rhat)}};
  }
  return out;
}

}  // namespace

void add_certificate(SampleReport& report, const Certificate& certificate) {
  report.certificate = {{"verdict", to_word(certificate.verdict)},
                        {"sentence", certificate.sentence},
                        {"beta", number_json(certificate.beta)},
                        {"beta_effective", number_json(certificate.beta_effective)},
                        {"beta_interval", interval_json(certificate.beta_interval)},
                        {"independent_samples", number_json(certificate.independent_samples)},
                        {"false_alarm_rate", certificate.false_alarm_rate},
                        {"gates", gates_json(certificate)},
                        {"observables", observables_json(certificate)}};
  report.status = to_word(certificate.verdict);
  if (certificate.verdict != CertificateVerdict::converged) report.message = certificate.sentence;
  if (std::isfinite(certificate.independent_samples)) {
    report.independent_samples = certificate.independent_samples;
  }
}

}  // namespace therma
