// Planted weaknesses for the museum. Each bit is read at exactly one line of the platform and only
// skips or weakens the statement there. All off in every ordinary run.
#pragma once

namespace orrery::durable {

struct Weaken {
  bool quorum_of_two = false;      // two followers, not three, make an entry durable
  bool lease_unchecked = false;    // the host believes its lease always valid
  bool epoch_unchecked = false;    // a follower takes entries of an epoch older than it promised
  bool ack_before_sync = false;    // a follower acknowledges what its disk has not synced
  bool torn_tail_accepted = false; // a follower reads records back without their checksums
  bool grants_early = false;       // a directory member revokes a session whose lease still runs
  bool answers_early = false;      // answers do not wait at the output gate
  bool calls_early = false;        // calls do not wait at the output gate
  bool sections_open = false;      // the input gate opens at a critical section's first await
  bool turns_split = false;        // each write commits by itself
  bool rollback_kept = false;      // rolling back a transaction keeps its changes
  bool rollback_keeps_alarm = false;  // rolling back a transaction leaves the alarm that it set
  bool alarm_deleted_early = false;   // an alarm is deleted when its handler begins, not when it succeeded
  bool retries_forgotten = false;     // a failed run of an alarm is not counted
  bool stub_order_lost = false;    // calls of one caller do not wait for each other
  bool stale_epoch_read = false;   // recovery compares logs by index alone, so an old epoch can win
  bool alarms_forgotten = false;   // who takes an alarm shard over begins with an empty table
  bool archive_unsure = false;     // followers drop entries that the archive may not have
  bool image_behind = false;       // an archived image lacks the last entry of the batch before it
  bool frames_early = false;       // messages of WebSockets do not wait at the output gate
  bool frames_overtake = false;    // while an output waits at the gate, messages of WebSockets pass it
  bool streams_early = false;      // parts of streams do not wait at the output gate
  bool writes_unlocked = false;    // confirmed writes do not lock the output gate
  bool transactions_unlocked = false;  // nor do transactions at their end
  bool sync_early = false;         // sync() passes over unconfirmed writes
  bool inner_rollback_kept = false;    // rolling back a transaction within another keeps its changes
  bool abort_commits = false;      // abort() commits what the turn wrote
  bool failed_sections_pass = false;   // a critical section that failed ends like any other
  bool evicts_waiting = false;     // timers, waitUntil, references and awaited calls keep no object
  bool constructor_late = false;   // events that came meanwhile go before the constructor
  bool resent_blindly = false;     // a call that may have been handled is sent again
  bool retries_refused = false;    // a failed run of an alarm is its last
  bool retries_at_once = false;    // a failed run of an alarm is followed by the next after a millisecond
  bool alarm_unpromised = false;   // an alarm is stored before the scheduler knows of it
  bool gate_lifo = false;          // who came to the input gate last is let in first
  bool delete_all_keeps = false;   // deleteAll() deletes nothing
  bool versions_drawn = false;     // an object's version is drawn anew at each of its starts
  bool renames_lose = false;       // a class that a migration renames begins anew
  bool ack_counted_twice = false;  // the first follower's acknowledgement counts for the last one too
  bool repeats_cut = false;        // a follower that gets an entry again cuts off what it has behind it
  bool batch_applied_twice = false;   // looking back, each batch of the archive is applied once more after the next
  bool change_unregistered = false;  // an owner replaces a follower without telling the directory
  bool directory_votes_blank = false;  // a directory member that lost its disk votes as one that knows nothing
  bool old_release_reads_torn = false;  // an old release takes a newer one's records for a torn tail
  bool replica_reads_ahead = false;  // replicas are fed what is not durable yet
  bool bookmark_ignored = false;     // waitForBookmark() of a replica waits for nothing
  bool leases_forever = false;     // a directory member never counts a lease as over
};

}  // namespace orrery::durable
