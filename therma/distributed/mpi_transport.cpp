// SPDX-License-Identifier: Apache-2.0
// The transport over MPI (Open MPI 4); the only file that knows it.
#include "therma/distributed/mpi_transport.hpp"

#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <limits>

#include "therma/core/error.hpp"

namespace therma {
namespace {

// Counts and offsets of MPI 3 are ints: longer messages go in rounds.
constexpr std::size_t kMostPerRound = std::size_t{1} << 30;

// The tag of the only messages that are no part of a collective call.
constexpr int kFailed = 1;

void check(int code, const char* what) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  fail(ErrorCode::remote, "MPI: {}: {}", what,
       std::string_view(text, static_cast<std::size_t>(length)));
}

int as_int(std::size_t value) {
  if (value > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    fail(ErrorCode::remote, "MPI: {} numbers do not fit into one message", value);
  }
  return static_cast<int>(value);
}

class MpiTransport final : public Transport {
 public:
  MpiTransport(int* argc, char*** argv) : exceptions_(std::uncaught_exceptions()) {
    int provided = 0;
    check(MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided), "start");
    check(MPI_Comm_dup(MPI_COMM_WORLD, &ranks_), "start");
    check(MPI_Comm_set_errhandler(ranks_, MPI_ERRORS_RETURN), "start");
    check(MPI_Comm_rank(ranks_, &rank_), "start");
    check(MPI_Comm_size(ranks_, &size_), "start");
  }
  MpiTransport(const MpiTransport&) = delete;
  MpiTransport& operator=(const MpiTransport&) = delete;
  // The end of MPI waits for all ranks; one that fails alone must not.
  ~MpiTransport() override {
    if (std::uncaught_exceptions() > exceptions_ && !all_failed()) abandon(1);
    MPI_Comm_free(&ranks_);
    MPI_Finalize();
  }

  [[nodiscard]] std::uint32_t rank() const noexcept override {
    return static_cast<std::uint32_t>(rank_);
  }
  [[nodiscard]] std::uint32_t size() const noexcept override {
    return static_cast<std::uint32_t>(size_);
  }

  void gather(std::span<const double> mine, std::span<const std::size_t> counts,
              std::span<double> all) override {
    std::vector<int> lengths;
    std::vector<int> offsets;
    std::size_t offset = 0;
    for (const std::size_t count : counts) {
      lengths.push_back(as_int(count));
      offsets.push_back(as_int(offset));
      offset += count;
    }
    check(MPI_Allgatherv(mine.data(), as_int(mine.size()), MPI_UINT64_T, all.data(), lengths.data(),
                         offsets.data(), MPI_UINT64_T, ranks_),
          "gather");
  }

  void broadcast(std::span<double> values, std::uint32_t root) override {
    for (std::size_t at = 0; at < values.size(); at += kMostPerRound) {
      const auto part = values.subspan(at, std::min(kMostPerRound, values.size() - at));
      check(
          MPI_Bcast(part.data(), as_int(part.size()), MPI_UINT64_T, static_cast<int>(root), ranks_),
          "broadcast");
    }
  }

  [[nodiscard]] std::vector<std::string> exchange(std::span<const std::string> outgoing) override {
    std::vector<std::uint64_t> going;
    for (const auto& bytes : outgoing) going.push_back(bytes.size());
    std::vector<std::uint64_t> coming(size());
    check(MPI_Alltoall(going.data(), 1, MPI_UINT64_T, coming.data(), 1, MPI_UINT64_T, ranks_),
          "exchange");
    std::uint64_t longest = std::max(std::ranges::max(going), std::ranges::max(coming));
    check(MPI_Allreduce(MPI_IN_PLACE, &longest, 1, MPI_UINT64_T, MPI_MAX, ranks_), "exchange");
    std::vector<std::string> incoming(size());
    const std::uint64_t step = kMostPerRound / size();
    for (std::uint64_t at = 0; at < longest; at += step) {
      const Round out(going, at, step), in(coming, at, step);
      std::string sent;
      for (const auto& bytes : outgoing)
        sent += std::string_view(bytes).substr(std::min<std::size_t>(at, bytes.size()), step);
      std::string received(in.total, '\0');
      check(MPI_Alltoallv(sent.data(), out.lengths.data(), out.offsets.data(), MPI_BYTE,
                          received.data(), in.lengths.data(), in.offsets.data(), MPI_BYTE, ranks_),
            "exchange");
      for (std::size_t rank = 0; rank < incoming.size(); ++rank) {
        incoming[rank].append(received, static_cast<std::size_t>(in.offsets[rank]),
                              static_cast<std::size_t>(in.lengths[rank]));
      }
    }
    return incoming;
  }

  // A byte to every rank, and one awaited from each; what is sent so late is small enough to be on
  // its way at once, received or not.
  [[nodiscard]] bool all_failed() noexcept override {
    static constexpr char kByte = 0;  // still there when it is sent
    for (int rank = 0; rank < size_; ++rank) {
      MPI_Request sent = MPI_REQUEST_NULL;
      MPI_Isend(&kByte, 1, MPI_CHAR, rank, kFailed, ranks_, &sent);
      MPI_Request_free(&sent);
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    int num_failed = 0;
    while (num_failed < size_ && std::chrono::steady_clock::now() < until) {
      int came = 0;
      MPI_Iprobe(MPI_ANY_SOURCE, kFailed, ranks_, &came, MPI_STATUS_IGNORE);
      char received = 0;
      if (came != 0) {
        MPI_Recv(&received, 1, MPI_CHAR, MPI_ANY_SOURCE, kFailed, ranks_, MPI_STATUS_IGNORE);
        ++num_failed;
      }
    }
    return num_failed == size_;
  }
  void abandon(int status) noexcept override { MPI_Abort(ranks_, status); }

 private:
  // What of messages of these sizes goes in the round that begins at byte `at` of each.
  struct Round {
    Round(std::span<const std::uint64_t> sizes, std::uint64_t at, std::uint64_t step) {
      for (const std::uint64_t size : sizes) {
        const auto length = std::min(step, size - std::min(at, size));
        lengths.push_back(static_cast<int>(length));
        offsets.push_back(static_cast<int>(total));
        total += length;
      }
    }
    std::vector<int> lengths;  // [rank]
    std::vector<int> offsets;  // [rank]
    std::size_t total = 0;
  };

  MPI_Comm ranks_ = MPI_COMM_NULL;
  int rank_ = 0;
  int size_ = 1;
  int exceptions_;
};

}  // namespace

bool mpi_is_built() noexcept { return true; }

std::unique_ptr<Transport> mpi_transport(int* argc, char*** argv) {
  return std::make_unique<MpiTransport>(argc, argv);
}

}  // namespace therma
