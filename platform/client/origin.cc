#include "platform/client/origin.h"

#include "platform/channels.h"

namespace orrery::client {

inline constexpr Site kLate{"origin.late"};

Origin::Origin(host::Process& process, std::string name, uint64_t& last_id)
    : process_(process), name_(std::move(name)), last_id_(last_id) {
  process.network().serve(process, kOriginChannel, *this);
}

void Origin::on_call(const net::Caller& caller, const Ref<const net::Message>& message) {
  if (spoil(caller)) return;
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
  if (late_.us > 0) {
    ORRERY_SOMETIMES(process_.world(), true, "an origin is slow");
    process_.world().loop().schedule_in(
        late_, kLate, process_.owner(),
        [caller = it->second, answer = worker::AnswerMessage::of(std::move(response))] { caller.reply(answer); });
  } else {
    it->second.reply(worker::AnswerMessage::of(std::move(response)));
  }
  open_.erase(it);
  return true;
}

void Origin::fail_with(int status) {
  fare_well();
  status_ = status;
}

void Origin::fall_silent() {
  fare_well();
  silent_ = true;
}

void Origin::delay_answers(Duration by) {
  fare_well();
  late_ = by;
}

void Origin::fare_well() {
  status_ = 0;
  silent_ = false;
  late_ = {};
}

bool Origin::spoil(const net::Caller& caller) {
  ORRERY_SOMETIMES(process_.world(), silent_, "an origin does not answer");
  if (silent_) return true;
  if (status_ == 0) return false;
  ORRERY_SOMETIMES(process_.world(), true, "an origin answers with an error");
  auto response = make_ref<runtime::HttpResponse>();
  response->status = status_;
  caller.reply(worker::AnswerMessage::of(std::move(response)));
  return true;
}

}  // namespace orrery::client
