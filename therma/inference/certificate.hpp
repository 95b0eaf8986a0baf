// SPDX-License-Identifier: Apache-2.0
// Certificates: what was tested about a run, how it came out, and how often a test is wrong.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace therma {

enum class GateVerdict { pass, fail, undecided, not_applicable };
enum class CertificateVerdict { converged, not_converged, undecided };
[[nodiscard]] std::string_view to_word(GateVerdict verdict) noexcept;
[[nodiscard]] std::string_view to_word(CertificateVerdict verdict) noexcept;

struct Interval {
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  [[nodiscard]] bool contains(double x) const noexcept { return low <= x && x <= high; }
};

// One test. What value, interval and threshold mean is in the table of docs/theory/certificate.md;
// numbers that do not exist are NaN.
struct Gate {
  std::string name = {};
  double value = std::numeric_limits<double>::quiet_NaN();
  Interval interval = {};
  double threshold = std::numeric_limits<double>::quiet_NaN();
  GateVerdict verdict = GateVerdict::undecided;
  double false_alarm_rate = 0.0;  // chance that it fails a healthy run
  std::string sentence = {};
};

// One observable; times and sizes count the samples that observers are shown.
struct ObservableSummary {
  std::string name = {};
  double mean = 0.0;             // over samples and traced replicas
  double deviation = 0.0;        // standard deviation of one sample
  double standard_error = 0.0;   // of the mean
  double autocorrelation = 0.0;  // tau, 1/2 for independent samples; Sokal's window
  double bulk_samples = 0.0;     // effective, of the traced replicas
  double tail_samples = 0.0;
  double rhat = 0.0;
};

struct Certificate {
  CertificateVerdict verdict = CertificateVerdict::undecided;
  std::string sentence = {};
  std::vector<Gate> gates = {};
  std::vector<ObservableSummary> observables = {};
  double beta = std::numeric_limits<double>::quiet_NaN();            // asked for
  double beta_effective = std::numeric_limits<double>::quiet_NaN();  // measured
  Interval beta_interval = {};                                       // of 95 %
  // The smallest effective size of an observable, scaled to all replicas; NaN where unknown.
  double independent_samples = std::numeric_limits<double>::quiet_NaN();
  double false_alarm_rate = 0.0;  // chance that a healthy run is called not converged, at most
  std::uint64_t samples = 0;      // seen of each replica
  std::uint32_t replicas = 0;

  // Null where there is no such gate.
  [[nodiscard]] const Gate* find(std::string_view name) const noexcept;
};

// Any gate failed: not converged; else any undecided: undecided; else converged. Fills in verdict,
// sentence and false_alarm_rate.
void conclude(Certificate& certificate);

}  // namespace therma
