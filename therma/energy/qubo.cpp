// SPDX-License-Identifier: Apache-2.0
// Conversions by b = (1 + s) / 2 and by sign.
#include "therma/energy/qubo.hpp"

namespace therma {

double energy(const QuboModel& model, std::span<const Bit> bits) noexcept {
  double sum = model.offset;
  for (const auto& t : model.terms) sum += t.value * bits[t.i] * bits[t.j];
  return sum;
}

double energy(const DimodSpinModel& model, std::span<const Spin> spins) noexcept {
  double sum = model.offset;
  for (const auto& c : model.quadratic) sum += c.value * spins[c.i] * spins[c.j];
  for (std::size_t i = 0; i < model.linear.size(); ++i) sum += model.linear[i] * spins[i];
  return sum;
}

IsingModel to_ising(const QuboModel& model) {
  check_couplings(model.num_bits, model.terms, "bits", /*diagonal=*/true);
  IsingModel ising{.num_spins = model.num_bits, .offset = model.offset};
  ising.fields.assign(model.num_bits, 0.0);
  for (const auto& t : model.terms) {
    if (t.i == t.j) {  // q b = q/2 + (q/2) s
      ising.offset += t.value / 2.0;
      ising.fields[t.i] -= t.value / 2.0;
    } else {  // q b b' = q/4 (1 + s + s' + s s')
      ising.offset += t.value / 4.0;
      ising.fields[t.i] -= t.value / 4.0;
      ising.fields[t.j] -= t.value / 4.0;
      ising.couplings.push_back({t.i, t.j, -t.value / 4.0});
    }
  }
  return ising;
}

IsingModel to_ising(const DimodSpinModel& model) {
  check_couplings(model.num_spins, model.quadratic, "spins");
  check_numbers(model.num_spins, model.linear, "field");
  IsingModel ising{.num_spins = model.num_spins,
                   .couplings = model.quadratic,
                   .fields = model.linear,
                   .offset = model.offset};
  for (auto& c : ising.couplings) c.value = -c.value;
  for (auto& h : ising.fields) h = -h;
  return ising;
}

QuboModel to_qubo(const IsingModel& model) {
  check_couplings(model.num_spins, model.couplings, "spins");
  check_numbers(model.num_spins, model.fields, "field");
  QuboModel qubo{.num_bits = model.num_spins, .offset = model.offset};
  std::vector<double> linear(model.num_spins, 0.0);
  for (const auto& c : model.couplings) {  // -J s s' = -J (4 b b' - 2 b - 2 b' + 1)
    qubo.offset -= c.value;
    linear[c.i] += 2.0 * c.value;
    linear[c.j] += 2.0 * c.value;
    qubo.terms.push_back({c.i, c.j, -4.0 * c.value});
  }
  for (std::uint32_t i = 0; i < model.num_spins; ++i) {
    const double h = model.fields.empty() ? 0.0 : model.fields[i];
    qubo.offset += h;  // -h s = -2 h b + h
    linear[i] -= 2.0 * h;
    if (linear[i] != 0.0) qubo.terms.push_back({i, i, linear[i]});
  }
  return qubo;
}

DimodSpinModel to_dimod(const IsingModel& model) {
  check_couplings(model.num_spins, model.couplings, "spins");
  check_numbers(model.num_spins, model.fields, "field");
  DimodSpinModel dimod{.num_spins = model.num_spins,
                       .linear = model.fields,
                       .quadratic = model.couplings,
                       .offset = model.offset};
  for (auto& c : dimod.quadratic) c.value = -c.value;
  for (auto& h : dimod.linear) h = -h;
  return dimod;
}

std::vector<Bit> to_bits(std::span<const Spin> spins) {
  std::vector<Bit> bits;
  bits.reserve(spins.size());
  for (const Spin s : spins) bits.push_back(s == kUp ? 1 : 0);
  return bits;
}

std::vector<Spin> to_spins(std::span<const Bit> bits) {
  std::vector<Spin> spins;
  spins.reserve(bits.size());
  for (const Bit b : bits) spins.push_back(b != 0 ? kUp : kDown);
  return spins;
}

}  // namespace therma
