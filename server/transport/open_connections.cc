#include "server/transport/open_connections.h"

#include <algorithm>

namespace verdict {
namespace {

// How often to look which connections are still open, if they are more than a few.
constexpr absl::Duration kLookEvery = absl::Milliseconds(5);
constexpr size_t kFew = 64;

}  // namespace

// To look at a thousand takes a third of a millisecond, and a flood brings thousands a second.
bool OpenConnections::HasRoom(const std::string& address, absl::Time now) {
  if (HasRoomByCount(address)) return true;
  if (connections_.size() > kFew && now - looked_ < kLookEvery) return false;
  looked_ = now;
  ForgetClosed();
  return HasRoomByCount(address);
}

bool OpenConnections::HasRoomByCount(const std::string& address) const {
  const auto all = static_cast<int>(connections_.size());
  const auto found = of_address_.find(address);
  const int own = found == of_address_.end() ? 0 : found->second;
  const int kept = own == 0 ? 0 : limits_.in_all / 16;
  return all < limits_.in_all - kept && own < limits_.by_address;
}

void OpenConnections::Add(int descriptor, const std::string& address) {
  struct stat status = {};
  if (fstat(descriptor, &status) != 0) return;
  connections_.push_back({.descriptor = descriptor,
                          .device = status.st_dev,
                          .inode = status.st_ino,
                          .address = address});
  ++of_address_[address];
}

int OpenConnections::Count() {
  ForgetClosed();
  return static_cast<int>(connections_.size());
}

bool OpenConnections::IsOpen(const Connection& connection) {
  struct stat status = {};
  return fstat(connection.descriptor, &status) == 0 && status.st_dev == connection.device &&
         status.st_ino == connection.inode;
}

void OpenConnections::ForgetClosed() {
  const auto closed =
      std::stable_partition(connections_.begin(), connections_.end(), &OpenConnections::IsOpen);
  for (auto connection = closed; connection != connections_.end(); ++connection) {
    const auto count = of_address_.find(connection->address);
    if (--count->second == 0) of_address_.erase(count);
  }
  connections_.erase(closed, connections_.end());
}

}  // namespace verdict
