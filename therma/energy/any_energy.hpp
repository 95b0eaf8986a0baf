// SPDX-License-Identifier: Apache-2.0
// Any GradientEnergy behind one type, for tables of samplers and for users' own energies.
#pragma once

#include <memory>

#include "therma/energy/concepts.hpp"

namespace therma {

// A GradientEnergy itself; copies share the energy, which must be safe to read from many threads.
// One virtual call per evaluation.
class AnyGradientEnergy {
 public:
  template <GradientEnergy E>
  requires(!std::same_as<E, AnyGradientEnergy>) explicit AnyGradientEnergy(E energy)
      : held_(std::make_shared<const Held<E>>(std::move(energy))) {}

  [[nodiscard]] std::uint32_t size() const { return held_->size(); }
  [[nodiscard]] double energy(std::span<const double> x) const { return held_->energy(x); }
  void gradient(std::span<const double> x, std::span<double> g) const {
    (void)held_->energy_and_gradient(x, g);
  }
  [[nodiscard]] double energy_and_gradient(std::span<const double> x, std::span<double> g) const {
    return held_->energy_and_gradient(x, g);
  }

 private:
  struct Interface {
    virtual ~Interface() = default;
    [[nodiscard]] virtual std::uint32_t size() const = 0;
    [[nodiscard]] virtual double energy(std::span<const double> x) const = 0;
    virtual double energy_and_gradient(std::span<const double> x, std::span<double> g) const = 0;
  };
  template <class E>
  struct Held final : Interface {
    explicit Held(E e) : held(std::move(e)) {}
    [[nodiscard]] std::uint32_t size() const override { return held.size(); }
    [[nodiscard]] double energy(std::span<const double> x) const override { return held.energy(x); }
    double energy_and_gradient(std::span<const double> x, std::span<double> g) const override {
      return therma::energy_and_gradient(held, x, g);
    }
    E held;
  };
  std::shared_ptr<const Interface> held_;
};

}  // namespace therma
