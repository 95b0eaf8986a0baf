// SPDX-License-Identifier: Apache-2.0
// The few calls of the netCDF C interface that a file of samples takes, found by name.
#include "therma/engine/samples/netcdf.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <numeric>
#include <system_error>

#include "therma/core/error.hpp"

namespace therma {
namespace {

// Of netcdf.h, whose numbers and signatures are a stable interface.
constexpr int kClobber = 0x0000;
constexpr int kNetcdf4 = 0x1000;
constexpr int kGlobal = -1;
constexpr int kByteType = 1;
constexpr int kFloatType = 5;
constexpr int kDoubleType = 6;
constexpr int kInt64Type = 10;

struct Library {
  int (*create)(const char* path, int mode, int* file) = nullptr;
  int (*def_grp)(int parent, const char* name, int* group) = nullptr;
  int (*def_dim)(int group, const char* name, std::size_t size, int* dim) = nullptr;
  int (*def_var)(int group, const char* name, int type, int rank, const int* dims,
                 int* var) = nullptr;
  int (*put_att_text)(int group, int var, const char* name, std::size_t size,
                      const char* text) = nullptr;
  int (*put_vara)(int group, int var, const std::size_t* start, const std::size_t* count,
                  const void* values) = nullptr;
  int (*close)(int file) = nullptr;
  const char* (*strerror)(int status) = nullptr;
  bool found = false;
};

template <class Function>
bool look_up(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(handle, name));
  return function != nullptr;
}

Library open_library() {
  Library library;
  for (const auto* name : {"libnetcdf.so.19", "libnetcdf.so.22", "libnetcdf.so"}) {
    void* const handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) continue;
    library.found = look_up(handle, "nc_create", library.create) &&
                    look_up(handle, "nc_def_grp", library.def_grp) &&
                    look_up(handle, "nc_def_dim", library.def_dim) &&
                    look_up(handle, "nc_def_var", library.def_var) &&
                    look_up(handle, "nc_put_att_text", library.put_att_text) &&
                    look_up(handle, "nc_put_vara", library.put_vara) &&
                    look_up(handle, "nc_close", library.close) &&
                    look_up(handle, "nc_strerror", library.strerror);
    if (library.found) break;  // stays loaded for the life of the program
    ::dlclose(handle);
  }
  return library;
}

const Library& library() {
  static const Library kLibrary = open_library();
  return kLibrary;
}

// An open file that is removed unless it is kept.
class NetcdfFile {
 public:
  explicit NetcdfFile(const std::filesystem::path& target)
      : target_(target), path_(fmt::format("{}.{}.tmp", target.string(), ::getpid())) {
    check(library().create(path_.c_str(), kClobber | kNetcdf4, &file_));
    open_ = true;
  }
  ~NetcdfFile() {
    if (open_) library().close(file_);
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  NetcdfFile(const NetcdfFile&) = delete;
  NetcdfFile& operator=(const NetcdfFile&) = delete;

  void keep() {
    open_ = false;
    check(library().close(file_));
    std::error_code error;
    std::filesystem::rename(path_, target_, error);
    if (error) fail(ErrorCode::io, "{}: cannot write: {}", target_.string(), error.message());
  }

  [[nodiscard]] int root() const noexcept { return file_; }
  [[nodiscard]] int group(const char* name) const {
    int id = 0;
    check(library().def_grp(file_, name, &id));
    return id;
  }
  [[nodiscard]] int dimension(int group, const char* name, std::size_t size) const {
    int id = 0;
    check(library().def_dim(group, name, size, &id));
    return id;
  }
  [[nodiscard]] int variable(int group, const char* name, int type,
                             std::span<const int> dims) const {
    int id = 0;
    check(library().def_var(group, name, type, static_cast<int>(dims.size()), dims.data(), &id));
    return id;
  }
  void attribute(int group, const char* name, const std::string& text) const {
    check(library().put_att_text(group, kGlobal, name, text.size(), text.data()));
  }
  // One chain's part of a variable whose first index is the chain.
  void put_chain(int group, int variable, std::size_t chain, std::span<const std::size_t> sizes,
                 const void* values) const {
    std::array<std::size_t, 3> start{chain, 0, 0};
    std::array<std::size_t, 3> count{1, 1, 1};
    std::ranges::copy(sizes, count.begin() + 1);
    check(library().put_vara(group, variable, start.data(), count.data(), values));
  }
  // 0, 1, 2, ... along a dimension of the same name.
  void put_coordinate(int group, const char* name, int dim, std::size_t size) const {
    const auto id = variable(group, name, kInt64Type, std::span(&dim, 1));
    std::vector<long long> values(size);
    std::iota(values.begin(), values.end(), 0LL);
    const std::size_t start = 0;
    check(library().put_vara(group, id, &start, &size, values.data()));
  }

 private:
  void check(int status) const {
    if (status == 0) return;
    fail(ErrorCode::io, "{}: cannot write netCDF: {}", target_.string(),
         library().strerror(status));
  }

  std::filesystem::path target_;
  std::string path_;
  int file_ = 0;
  bool open_ = false;
};

struct GroupPlace {
  int group;
  int chain;
  int draw;
};

GroupPlace make_group(const NetcdfFile& file, const char* name, const SampleTable& table) {
  const auto group = file.group(name);
  const GroupPlace place{group, file.dimension(group, "chain", table.num_chains()),
                         file.dimension(group, "draw", table.num_draws)};
  file.put_coordinate(group, "chain", place.chain, table.num_chains());
  file.put_coordinate(group, "draw", place.draw, table.num_draws);
  for (const auto& [key, text] : table.facts) file.attribute(group, key.c_str(), text);
  file.attribute(group, "inference_library", "therma");
  return place;
}

void put_posterior(const NetcdfFile& file, const SampleTable& table) {
  const auto place = make_group(file, "posterior", table);
  const auto dim = file.dimension(place.group, "x_dim_0", table.num_variables);
  file.put_coordinate(place.group, "x_dim_0", dim, table.num_variables);
  const std::array dims = {place.chain, place.draw, dim};
  const std::array<std::size_t, 2> sizes = {table.num_draws, table.num_variables};
  std::visit(
      [&](const auto& states) {
        constexpr bool kReal = std::is_same_v<std::decay_t<decltype(states)>, SampleTable::Real>;
        const auto x = file.variable(place.group, "x", kReal ? kFloatType : kByteType, dims);
        for (std::size_t c = 0; c < states.size(); ++c) {
          file.put_chain(place.group, x, c, sizes, states[c].data());
        }
      },
      table.states);
}

void put_stats(const NetcdfFile& file, const SampleTable& table) {
  const auto place = make_group(file, "sample_stats", table);
  const std::array dims = {place.chain, place.draw};
  const std::array<std::size_t, 1> sizes = {table.num_draws};
  const auto energy = file.variable(place.group, "energy", kDoubleType, dims);
  for (std::size_t c = 0; c < table.num_chains(); ++c) {
    file.put_chain(place.group, energy, c, sizes, table.energies[c].data());
  }
}

}  // namespace

bool netcdf_available() { return library().found; }

void write_netcdf(const std::filesystem::path& path, const SampleTable& table) {
  if (!netcdf_available()) fail(ErrorCode::device, "no netCDF library on this machine");
  NetcdfFile file(path);
  put_posterior(file, table);
  put_stats(file, table);
  file.attribute(file.root(), "inference_library", "therma");
  file.keep();
}

}  // namespace therma
