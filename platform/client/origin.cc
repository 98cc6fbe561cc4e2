#include "platform/client/origin.h"

#include "platform/channels.h"

namespace orrery::client {

Origin::Origin(host::Process& process, std::string name, uint64_t& last_id)
    : process_(process), name_(std::move(name)), last_id_(last_id) {
  process.network().serve(process, kOriginChannel, *this);
}

void Origin::on_call(const net::Caller& caller, const Ref<const net::Message>& message) {
  uint64_t id = ++last_id_;
  const auto& fetch = message->as<worker::FetchMessage>();
  if (fetch.request->body.stream)
    return process_.tasks().spawn(arrive(id, caller, Ref<const worker::FetchMessage>(&fetch)));
  open_.emplace(id, caller);
  arrived_.push_back({id, fetch.request});
}

Task<void> Origin::arrive(uint64_t id, net::Caller caller, Ref<const worker::FetchMessage> message) {
  constexpr Duration kPatience = minutes(15);
  if (!bodies_) bodies_ = std::make_unique<BodyReader>(process_);
  std::string error;
  Ref<Buffer> body = co_await bodies_->read(message->rpc->capabilities.front(), kPatience, error);
  if (!body) co_return;
  open_.emplace(id, caller);
  arrived_.push_back({id, runtime::with_body(*message->request, runtime::HttpBody::of(std::move(body)))});
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
