#include "platform/archive/client.h"

#include <algorithm>

#include "platform/channels.h"
#include "platform/durable/directory/fan_out.h"

namespace orrery::archive {

using durable::Answer;
using What = NameRequest::What;

namespace {

const Reply* reply_of(const Answer& a) {
  if (!a.reply.ok() || &a.reply.message->kind() != &Reply::kKind) return nullptr;
  const Reply& reply = a.reply.message->as<Reply>();
  return reply.ok ? &reply : nullptr;
}

size_t good(const std::vector<Answer>& answers) {
  return static_cast<size_t>(std::count_if(answers.begin(), answers.end(), [](const Answer& a) { return reply_of(a); }));
}

bool enough(const std::vector<Answer>& answers) { return good(answers) >= kQuorum; }

bool found(const std::vector<Answer>& answers) {
  return enough(answers) || std::any_of(answers.begin(), answers.end(), [](const Answer& a) {
           const Reply* reply = reply_of(a);
           return reply && reply->blob;
         });
}

}  // namespace

Task<bool> Client::put(std::string name, Ref<const Blob> blob) {
  auto request = make_ref<const PutRequest>(std::move(name), std::move(blob));
  std::vector<Answer> answers =
      co_await durable::ask_all(process_, stores(), kArchiveChannel, request, kTimeout, enough);
  co_return enough(answers);
}

Task<Client::Found> Client::get(std::string name) {
  auto request = make_ref<const NameRequest>(What::kGet, std::move(name));
  std::vector<Answer> answers =
      co_await durable::ask_all(process_, stores(), kArchiveChannel, request, kTimeout, found);
  Found out;
  out.known = found(answers);
  for (const Answer& a : answers)
    if (const Reply* reply = reply_of(a); reply && reply->blob) out.blob = reply->blob;
  co_return out;
}

Task<Client::Listed> Client::list(std::string prefix) {
  auto request = make_ref<const NameRequest>(What::kList, std::move(prefix));
  std::vector<Answer> answers =
      co_await durable::ask_all(process_, stores(), kArchiveChannel, request, kTimeout, enough);
  Listed out;
  out.known = enough(answers);
  for (const Answer& a : answers)
    if (const Reply* reply = reply_of(a)) out.names.insert(out.names.end(), reply->names.begin(), reply->names.end());
  std::sort(out.names.begin(), out.names.end());
  out.names.erase(std::unique(out.names.begin(), out.names.end()), out.names.end());
  co_return out;
}

Task<void> Client::remove(std::string name) {
  auto request = make_ref<const NameRequest>(What::kRemove, std::move(name));
  co_await durable::ask_all(process_, stores(), kArchiveChannel, request, kTimeout,
                            [](const std::vector<Answer>& a) { return a.size() == kStores; });
}

}  // namespace orrery::archive
