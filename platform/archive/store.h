// One of the archive's three stores: a service on a host of its own that keeps blobs by name on that host's disk. A
// name is written once; what is kept never changes.
//
// Invariants: an answer to a put follows the sync that made it durable; a blob that a crash tore, or that rots, is not
// there. A store that lost its disk has nothing, and says so: two of three have what was kept.
#pragma once

#include <memory>
#include <string>

#include "platform/archive/messages.h"
#include "sim/disk/disk.h"
#include "sim/host/host.h"
#include "sim/net/network.h"

namespace orrery::archive {

class Store final : public host::Service, private net::Handler {
 public:
  explicit Store(host::Process& process);

 private:
  void on_call(const net::Caller& caller, const Ref<const net::Message>& message) override;
  Task<void> put(net::Caller caller, Ref<const PutRequest> request);
  // The blob of a file; null: there is none that is whole.
  Ref<const Blob> read(const std::string& name);

  host::Process& process_;
};

}  // namespace orrery::archive
