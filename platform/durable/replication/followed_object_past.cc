// Folded entries that a follower keeps until the archive has them (platform/durable/history): in memory, and in the log
// files that they were written to. Those stay as "past.<generation>", so that none is ever taken for the present log.
#include <algorithm>
#include <charconv>

#include "platform/durable/replication/followed_object.h"

namespace orrery::durable {

// The first `count` entries leave the log: they are folded, or an image takes their place. What of them was never durable
// is told apart by whoever asks for the past: it goes down from what it knows, entry by entry.
void FollowedObject::keep_past(size_t count) {
  if (!service_.options().keep_past || entries_.empty()) return;
  for (size_t i = 0; i < count; ++i)
    if (entries_[i]->index > archived_) past_[entries_[i]->index] = entries_[i];
  if (!past_.empty()) segments_.push_back({generation_, entries_.back()->index});
}

void FollowedObject::on_archived(uint64_t index) {
  if (index <= archived_) return;
  archived_ = index;
  past_.erase(past_.begin(), past_.upper_bound(index));
  for (const Segment& segment : segments_)
    if (segment.last <= index) (void)service_.process().disk().remove(file_name("past", segment.generation));
  std::erase_if(segments_, [&](const Segment& segment) { return segment.last <= index; });
}

// Whether a file, which is not the present log or image, is or becomes one of the past.
bool FollowedObject::keeps(const std::string& name) {
  for (const Segment& segment : segments_) {
    const std::string past = file_name("past", segment.generation);
    if (name == past) return true;
    if (name == file_name("log", segment.generation))
      return service_.process().disk().rename(name, past) == disk::DiskError::kNone;
  }
  return false;
}

// What former log files have of the entries up to the base. Each entry says the epoch of the one before: what was cut
// off at some time does not fit.
bool FollowedObject::load_past() {
  if (!service_.options().keep_past) return true;
  std::multimap<uint64_t, Ref<const AppendMessage>> found;
  for (uint64_t generation : generations("past")) {
    auto file = service_.process().disk().open(file_name("past", generation), false, nullptr);
    LogContent content;
    if (!file) continue;
    const ReadResult result = read_log(*file, info_, true, release().reads(), &content);
    if (result == ReadResult::kNewer) return false;
    if ((result != ReadResult::kSound && result != ReadResult::kTorn) || content.entries.empty()) continue;
    for (const auto& entry : content.entries) found.emplace(entry->index, entry);
    segments_.push_back({generation, content.entries.back()->index});
  }
  LogPosition wanted = base_;
  while (wanted.index > 0) {
    auto [begin, end] = found.equal_range(wanted.index);
    auto entry = std::find_if(begin, end, [&](const auto& e) { return e.second->epoch == wanted.epoch; });
    if (entry == end) break;
    past_[wanted.index] = entry->second;
    wanted = {entry->second->prev_epoch, wanted.index - 1};
  }
  return true;
}

void FollowedObject::on_past(const net::Caller& caller, const PastRequest& request) {
  auto reply = make_ref<FetchReply>();
  reply->ok = !lost_;
  for (uint64_t index = request.first; reply->ok && index <= request.last; ++index) {
    auto kept = past_.find(index);
    if (index > base_.index && index <= last().index) reply->entries.push_back(entries_[index - base_.index - 1]);
    else if (kept != past_.end()) reply->entries.push_back(kept->second);
  }
  caller.reply(reply);
}

}  // namespace orrery::durable
