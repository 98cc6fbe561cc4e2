#include "platform/client/origin.h"

#include "platform/channels.h"

namespace orrery::client {

Origin::Origin(host::Process& process, std::string name, uint64_t& last_id)
    : name_(std::move(name)), last_id_(last_id) {
  process.network().serve(process, kOriginChannel, *this);
}

void Origin::on_call(const net::Caller& caller, const Ref<const net::Message>& message) {
  uint64_t id = ++last_id_;
  open_.emplace(id, caller);
  arrived_.push_back({id, message->as<worker::FetchMessage>().request});
}

std::deque<Origin::Request> Origin::take() { return std::exchange(arrived_, {}); }

bool Origin::reply(uint64_t id, Ref<const runtime::HttpResponse> response) {
  auto it = open_.find(id);
  if (it == open_.end()) return false;
  it->second.reply(worker::AnswerMessage::of(std::move(response)));
  open_.erase(it);
  return true;
}

}  // namespace orrery::client
