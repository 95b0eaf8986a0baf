// SPDX-License-Identifier: Apache-2.0
#include "therma/engine/doctor.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

namespace therma {
namespace {

namespace fs = std::filesystem;

// A machine made of files.
class Doctor : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) /
            (std::string("therma_doctor_") + std::to_string(::getpid()) + "_" +
             testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  void put(const fs::path& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  fs::path root_;
};

bool has(const MachineFacts& machine, std::string_view feature) {
  return std::ranges::any_of(machine.cpu_features,
                             [&](const Feature& f) { return f.name == feature && f.present; });
}

TEST_F(Doctor, ReadsProcessorMemoryAndSensors) {
  put("proc/cpuinfo", "processor\t: 0\nmodel name\t: Test CPU @ 2 GHz\nflags\t\t: fpu avx2 aes\n");
  put("proc/meminfo", "MemTotal:        2048 kB\nMemAvailable:    1024 kB\n");
  put("sys/class/powercap/intel-rapl:0/name", "package-0\n");
  put("sys/class/powercap/intel-rapl:0/energy_uj", "12345\n");
  put("sys/class/hwmon/hwmon1/name", "board\n");
  put("sys/class/hwmon/hwmon1/power1_input", "1\n");
  put("dev/nvidia0", "");
  put("dev/nvidiactl", "");
  const auto machine = inspect_machine(root_);
  EXPECT_EQ(machine.cpu, "Test CPU @ 2 GHz");
  EXPECT_TRUE(has(machine, "AVX2"));
  EXPECT_TRUE(has(machine, "AES"));
  EXPECT_FALSE(has(machine, "AVX-512"));
  EXPECT_EQ(machine.memory_bytes, 2048U * 1024U);
  EXPECT_EQ(machine.memory_available_bytes, 1024U * 1024U);
  ASSERT_EQ(machine.gpus.size(), 1U);
  ASSERT_EQ(machine.energy_sensors.size(), 2U);
  EXPECT_EQ(machine.energy_sensors[0].name, "RAPL package-0");
  EXPECT_TRUE(machine.energy_sensors[0].readable);
}

TEST_F(Doctor, ReportsWhatIsMissingAsAbsent) {
  const auto machine = inspect_machine(root_);
  EXPECT_TRUE(machine.cpu.empty());
  EXPECT_TRUE(machine.gpus.empty());
  EXPECT_TRUE(machine.energy_sensors.empty());
  EXPECT_GE(machine.usable_cores, 1U);
  const auto text = render_text(machine, build_facts(), 80);
  EXPECT_NE(text.find("energy sensors  none"), std::string::npos);
}

TEST_F(Doctor, CountsNoMoreCoresThanTheContainerMayUse) {
  put("sys/fs/cgroup/cpu.max", "50000 100000\n");  // half a core
  EXPECT_EQ(usable_cores(root_), 1U);
  put("sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_GE(usable_cores(root_), 1U);
}

TEST_F(Doctor, SaysTheSameInJson) {
  const auto json = to_json(inspect_machine(root_), build_facts());
  EXPECT_EQ(json["mpi"], build_facts().mpi);
  EXPECT_EQ(json["kernels"].back()["name"], "scalar");  // the plain twin, always there
  EXPECT_EQ(json["gpus"], Json::array());
  EXPECT_FALSE(json["version"].get<std::string>().empty());
}

}  // namespace
}  // namespace therma
