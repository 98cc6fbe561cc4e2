// What a client knows of the directory: its newest view, remembered on the host's disk, and which members did not answer
// last. Asks the members of one view; hears of newer ones in whatever they answer.
//
// Invariant: the view only ever grows.
#pragma once

#include <utility>
#include <vector>

#include "platform/channels.h"
#include "platform/durable/directory/fan_out.h"
#include "platform/durable/directory/view_messages.h"

namespace orrery::durable {

class KnownView {
 public:
  // Begins with the later of view 1 (`first`) and what this host's disk remembers.
  KnownView(host::Process& process, const std::array<host::HostId, kDirectoryMembers>& first);

  const Ref<const View>& newest() const { return view_; }
  // Bit i: member i of the newest view did not answer when it was last asked for a renewal.
  uint32_t missing() const { return missing_; }

  // Asks the members of the view that `request` names. Ends when `enough(answers)`, when all have answered, or when one
  // knows a newer view: then no three will answer in this one any more.
  template <class Enough>
  Task<std::vector<Answer>> ask(Ref<const DirectoryRequest> request, Duration timeout, Enough enough) {
    const uint64_t number = request->view->number;
    std::vector<host::HostId> hosts = request->view->hosts();
    const bool renewal = &request->kind() == &RenewRequest::kKind;
    return ask_all(
        process_, std::move(hosts), kDirectoryChannel, std::move(request), timeout,
        [this, number, enough](const std::vector<Answer>& answers) {
          return view_->number > number || enough(answers);
        },
        [this, number, renewal](host::HostId from, const net::Reply& reply) {
          hear(from, reply, number, renewal);
        });
  }

 private:
  void hear(host::HostId from, const net::Reply& reply, uint64_t asked, bool renewal);
  void adopt(const Ref<const View>& view);
  void recall();

  host::Process& process_;
  Ref<const View> view_;
  uint32_t missing_ = 0;
};

}  // namespace orrery::durable
