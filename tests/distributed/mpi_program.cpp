// SPDX-License-Identifier: Apache-2.0
// A sampling run as a program under mpirun: prints one line on all of its result.
//
//   mpirun -np 4 distributed_mpi_program CHECKPOINT [PAUSE_MS [PID_FOLDER]]
//
// Continues from CHECKPOINT where it exists and writes it every few samples. PAUSE_MS is slept
// after each progress report, and each rank leaves its process number in PID_FOLDER, so that a test
// can kill it in the midst.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/support/targets.hpp"
#include "therma/core/error.hpp"
#include "therma/distributed/distributed_machine.hpp"
#include "therma/distributed/mpi_transport.hpp"
#include "therma/dynamics/observers.hpp"

namespace therma {
namespace {

constexpr std::uint64_t kSeed = 5;
const MachineConfig kConfig{.replicas = 24};
const SamplingConfig kSampling{.burn_in = 20, .sweeps = 200, .thin = 2};

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::filesystem::path& path, std::string_view bytes) {
  const auto beside = path.string() + ".tmp";
  std::ofstream(beside, std::ios::binary) << bytes;
  std::error_code failure;
  std::filesystem::rename(beside, path, failure);
  if (failure) fail(ErrorCode::io, "{}: {}", path.string(), failure.message());
}

// FNV-1a: equal where every bit is.
std::uint64_t digest(std::string_view bytes) {
  std::uint64_t sum = 0xCBF29CE484222325;
  for (const char c : bytes) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return sum;
}
std::uint64_t digest(std::span<const double> values) {
  return digest({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

// Stands for anything that fails on one host alone.
class Failing final : public SampleObserver {
 public:
  explicit Failing(bool fails) : fails_(fails) {}
  void on_sample(const Machine& /*machine*/, std::span<const double> /*energies*/,
                 double /*beta*/) override {
    if (fails_) fail(ErrorCode::device, "this host is out of memory");
  }
  [[nodiscard]] std::string save() const override { return {}; }
  void restore(std::string_view /*bytes*/) override {}

 private:
  bool fails_;
};

void run(Transport& transport, const std::filesystem::path& checkpoint, int pause_ms,
         int lost_rank) {
  const Target target = std::make_shared<const IsingProgram>(testing::make_glass(64, 3));
  Resources mine;
  mine.on_progress = [&](const Progress&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
  };
  DistributedMachine machine(target, kConfig, Rng(kSeed), transport, mine);
  Checkpointing saving{.write = [&](std::string_view bytes) { write(checkpoint, bytes); },
                       .due = Checkpointing::every_samples(5),
                       .identity = identity_of(machine, kConfig, kSeed)};
  const std::string before = transport.rank() == 0 ? read(checkpoint) : "";
  saving.resume = before;
  EnergyTrace energies;
  MeanTrace means;
  LowestStates lowest(4);
  Failing failing(static_cast<int>(transport.rank()) == lost_rank);
  SampleObserver* const observers[] = {&energies, &means, &lowest, &failing};
  const auto result = sample(machine, kSampling, Schedule::parse("linear:0.1:2"), observers,
                             machine.resources(), machine.shared(saving));
  if (transport.rank() != 0) return;
  fmt::print("steps {} samples {} updates {} energies {:016x} heat {:016x} beta_heat {:016x} ",
             result.steps, result.samples, machine.tally().updates, digest(result.energies),
             digest(result.heat), digest(result.beta_heat));
  for (const auto* observer : observers) fmt::print("{:016x} ", digest(observer->save()));
  fmt::print("lowest {}\n", lowest.states().front().energy);
}

}  // namespace
}  // namespace therma

int main(int argc, char** argv) {
  std::unique_ptr<therma::Transport> transport;
  try {
    transport = therma::mpi_transport(&argc, &argv);
    if (argc > 3) {
      std::ofstream(fmt::format("{}/{}", argv[3], transport->rank())) << ::getpid() << '\n';
    }
    therma::run(*transport, argv[1], argc > 2 ? std::atoi(argv[2]) : 0,
                argc > 4 ? std::atoi(argv[4]) : -1);
    return 0;
  } catch (const therma::Error& e) {
    const int status = therma::traits(e.code()).exit_code;
    const bool alone = transport && !transport->all_failed();
    if (alone || !transport || transport->rank() == 0) {
      fmt::print(stderr, "mpi_program: {}\n", e.what());
    }
    if (alone) transport->abandon(status);
    return status;
  }
}
