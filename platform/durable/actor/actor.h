// One live instance of a Durable Object: from its claim in the directory, through recovery and constructor,
// to eviction or reset. It ties the parts together: events come through the input gate into JavaScript
// turns; writes become batches, log entries, durability; answers and calls leave through the output gate.
//
// States: acquiring (claim, recovery, constructor) -> running -> ended. An ended instance does nothing any
// more; its ObjectHost destroys it from the loop.
//
// Invariants
//  - JavaScript of the object runs only under a lock of its input gate and while the host's lease is valid
//    on its own clock.
//  - An answer or call leaves only when every confirmed write issued before it is durable, and the lease is
//    valid. An ended instance answers with errors only.
//  - All writes of one turn are in one batch (3.1); batches become log entries in order.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/durable/actor/event_queue.h"
#include "platform/durable/actor/limits.h"
#include "platform/durable/directory/directory_client.h"
#include "platform/durable/gates/input_gate.h"
#include "platform/durable/gates/output_gate.h"
#include "platform/durable/history/history.h"
#include "platform/durable/replicas/replica_set.h"
#include "platform/durable/replication/replicated_log.h"
#include "platform/durable/storage/object_database.h"
#include "platform/worker/worker_isolate.h"
#include "sim/net/network.h"

namespace orrery::durable {

class ObjectHost;

class Actor final : public worker::EventContext,
                    private InputGate::Observer,
                    private LogListener,
                    private ImageSource,
                    private History::Listener {
 public:
  // An instance of a class in the code of `worker`.
  Actor(ObjectHost& host, worker::WorkerIsolate& worker, const worker::Application::Class& object_class,
        Ref<const ObjectInfo> info, const worker::ObjectMessage& first, uint32_t number,
        worker::Jurisdiction jurisdiction, std::optional<Region> replica_in = {});
  ~Actor() override;

  const ObjectInfo& info() const { return *info_; }
  // What natives know the object by within its isolate.
  uint32_t number() const { return number_; }
  bool ended() const { return state_ == State::kEnded; }
  bool running() const { return state_ == State::kRunning; }
  uint64_t epoch() const { return epoch_; }
  ObjectHost& object_host() { return host_; }
  std::array<host::HostId, kFollowers> followers() const { return log_ ? log_->follower_hosts() : followers_; }
  // An event, write or timer is under way, or the instance is still coming up.
  bool busy() const { return state_ == State::kAcquiring || at_work(); }

  // ---- for whoever asks what this object waits for ----
  // Where an event stands in this instance.
  enum class Standing : uint8_t { kUnknown, kBeforeStart, kAtGate, kInJavaScript, kAtOutputGate };
  Standing standing_of(const worker::ObjectMessage* event) const;
  struct Waiting {
    const char* stage = nullptr;        // of becoming the instance; null when it runs
    std::vector<uint32_t> sections;     // critical sections open now
    bool turns_at_gate = false;         // something of its own waits for the input gate
    bool lease_valid = true;
    size_t outputs = 0;                 // held by the output gate
    uint64_t undurable = 0;             // the log entry that the oldest of them waits for; 0: none
    bool alarm = false;                 // a run, or a word with the scheduler, is under way
    const ReplicatedLog* log = nullptr;
  };
  Waiting waiting_on() const;
  worker::WorkerIsolate& worker() const { return worker_; }
  // As this version's code calls it.
  const std::string& class_name() const { return class_name_; }
  const worker::Application::Class& object_class() const { return class_; }
  const runtime::ObjectId& id() const { return id_; }
  const std::string& name() const { return name_; }
  worker::Jurisdiction jurisdiction() const { return jurisdiction_; }

  // An event arrived from the network.
  void deliver(const net::Caller& caller, Ref<const worker::ObjectMessage> message);
  // Begins to claim, recover and construct.
  void start() { tasks_.spawn(acquire()); }
  // It is to live in another point of presence: events that come from now on wait, those under way end, then the
  // object is given up with that home, and what waited is sent on to `host` there.
  void move(uint32_t pop, host::HostId host);
  // The instance is over: callers get `error`, nothing undurable survives. Safe within a turn.
  void end(const runtime::ErrorInfo& error, std::string_view why);

  // For the storage natives, within a turn.
  ObjectDatabase& database() { return *database_; }
  // A statement wrote: begins or joins the batch; `confirmed` writes lock the output gate.
  void wrote(const char* operation, std::string_view key, bool confirmed);
  // Commits what is written, unless a savepoint is open, ahead of its time. False: the object has ended.
  bool commit_now();
  // Whether the class is declared to be backed by SQLite.
  bool has_sql() const { return has_sql_; }
  // Savepoints of transactionSync (kSync) and of transaction. While one is open, no commit happens; confirmed
  // writes of a transaction lock the output gate at its end alone (3.4), so that it may await what leaves.
  enum class Savepoint : uint8_t { kSync, kRelease, kRollBack, kTransaction };
  StorageError savepoint(Savepoint what);
  void transaction_ended();
  // The object's alarm; made at the first use.
  class Alarms;
  Alarms& alarms();
  // Settles the operation when everything written so far is durable (3.8).
  void sync(runtime::OperationId operation);
  // Point-in-time recovery (durable-objects.md 10), each settles the operation with a bookmark: that of all written up
  // to the end of this turn; of a time; of just before the restore that the next start is to begin with.
  void current_bookmark(runtime::OperationId operation);
  void bookmark_for_time(runtime::OperationId operation, int64_t ms);
  void restore_at_start(runtime::OperationId operation, std::string_view bookmark);
  // Read replicas (replicas/README.md). Whether this is one; whether its class may have some; on or off from now on, told
  // to `operation` when that is durable (kNoOperation: to nobody); of a replica: settles when it reads all of the bookmark.
  bool is_replica() const { return replica_ != nullptr; }
  bool may_replicate() const;
  void configure_replicas(runtime::OperationId operation, bool on);
  void wait_for_bookmark(runtime::OperationId operation, std::string_view bookmark);
  // Everything was deleted, the wish for replicas with it: it stays.
  void keep_replicas();
  // From and of replicas of this object.
  void renew(const net::Caller& caller, const RenewMessage& message);
  void fed(const FeedMessage& message);
  void peer_lost(host::HostId host);
  // Settles the operation in a turn of its own that follows this one and keeps its lock (1.3).
  void next_turn(runtime::OperationId operation);
  // Keeps a cursor under a number; exhausted ones are dropped after a while.
  uint32_t keep_cursor(std::unique_ptr<SqlCursor> cursor);
  SqlCursor* cursor(uint32_t number);
  World& world();

  // worker::EventContext
  void respond(runtime::EventId, Ref<const runtime::HttpResponse>) override;
  void respond_value(runtime::EventId, Ref<Buffer>) override;
  void respond_error(runtime::EventId, const runtime::ErrorInfo&) override;
  void respond_rpc(runtime::EventId, Ref<worker::AnswerMessage>) override;
  void rpc_arrived(const net::Caller&, Ref<const worker::ObjectMessage>) override;
  void rpc_given(uint32_t number) override;
  void rpc_released(uint32_t number, bool is_result) override;
  void call(worker::OutgoingCall call) override;
  void stream(runtime::OperationId, Ref<const worker::StreamMessage>) override;
  void send_frame(uint32_t end, Ref<const runtime::SocketFrame>) override;
  void socket_accepted(uint32_t end) override;
  void socket_readable(uint32_t end) override;
  void operation_started(runtime::OperationId) override;
  void settle(runtime::OperationId, Ref<const worker::AnswerMessage>) override;
  void timer_due(runtime::TimerId) override;
  void timer_started(runtime::TimerId) override;
  void wait_until_changed(int pending) override { wait_until_ = pending; }
  runtime::SectionId begin_section() override;
  // Within a turn; the section ends after it.
  void end_section(runtime::SectionId, const runtime::ErrorInfo*) override;
  void aborted(const runtime::ErrorInfo&) override;
  void isolate_lost(worker::IsolateEnd why) override;

 private:
  friend class ObjectHost;
  enum class State : uint8_t { kAcquiring, kRunning, kEnded };

  // Something that needs a turn. Waits at the gate, then in `ready_`, then runs once.
  class Work;
  struct ConstructWork;
  struct EventWork;
  struct ProbeWork;
  struct SettleWork;
  struct TimerWork;
  struct EnterSectionWork;
  struct LeaveSectionWork;
  struct ReleasedWork;
  struct SocketWork;
  struct LostWork;
  // An event that JavaScript has and has not answered.
  struct InFlight {
    net::Caller caller;
    bool open = false;
    bool fetch = false;
    bool replicas = false;  // the caller goes to replicas
    const worker::ObjectMessage* message = nullptr;  // for comparing only
  };
  struct Section {
    Ref<CriticalSection> section;
    EventHandle timeout;
  };
  struct EndingSection {
    runtime::SectionId id;
    std::optional<runtime::ErrorInfo> error;
  };
  struct Committed {
    Batch batch;
    uint64_t index;
    Instant at;
  };
  class ReplyOutput;
  class CallOutput;
  class StreamOutput;
  class FrameOutput;
  class SyncOutput;

  struct Replica;
  Task<void> acquire();
  Task<void> become_replica();
  // Opens the copy as it is now, if nothing that is under way reads the one before, or all the same.
  void refresh(bool all_the_same = false);
  void have_replicas();
  // Those who turned replicas off hear of it once none answers any more.
  void replicas_silent();
  // Events may go on that wait for bookmarks, or may not yet.
  void copy_waited_for();
  // Begins with a moment of the past, if the last instance asked for it. False: that cannot be done now.
  Task<bool> restore_past();
  // The entry is durable; false: not within kRecoveryPatience.
  Task<bool> until_durable(uint64_t index);
  Task<void> find_bookmark(runtime::OperationId operation, int64_t ms);
  void bookmark_after_turn(runtime::OperationId operation);
  void give_bookmarks(Batch committed);
  // A commit waits for the alarm scheduler.
  bool holding_commits() const;
  void settle_bookmark(runtime::OperationId operation, uint64_t index);
  void settle_error(runtime::OperationId operation, std::string text);
  // Its process has ended in the middle of the turn: nothing is committed, sent or answered any more.
  void crashed() { state_ = State::kEnded; }
  // At a step of platform/durable/steps.h; false: the process ends here, and with it the turn.
  bool passes(const host::Step& step);
  void make_ready(Work& work, GateLock lock);
  void pump();
  template <class Enter>
  void turn(const char* why, Enter&& enter);
  runtime::EventId open_event(const net::Caller& caller, const worker::ObjectMessage& message);
  void reply(runtime::EventId event, Ref<worker::AnswerMessage> answer, bool gated);
  void send_reply(const net::Caller& caller, const Ref<worker::AnswerMessage>& answer,
                  Batch needs, uint64_t output, bool gated);
  void send_call(worker::OutgoingCall call, uint64_t output);
  void send_chunk(runtime::OperationId operation, Ref<const worker::StreamMessage> message, uint64_t output);
  void send_frame(uint32_t end, const Ref<const runtime::SocketFrame>& frame, uint64_t output);
  // Says that an output has to wait, and gives it a number.
  uint64_t hold_output();
  bool lease_valid() const;
  void wait_for_lease();
  void begin_batch();
  Batch close_explicit(bool kept);
  void schedule_commit();
  void commit();
  // What a commit wrote enters the log.
  void log_batch(Batch batch, Ref<LogPayload> payload);
  // The index of its entry. All that is done for a commit of an instance that lingers: nobody waits for it.
  uint64_t append(Ref<LogPayload> payload);
  void check_durability_timeout();
  // What was delivered waits for the start, or at the gate.
  void enter(const net::Caller& caller, Ref<const worker::ObjectMessage> message);
  // Takes a request into the queue, or refuses it as overload.
  bool take(const net::Caller& caller, const worker::ObjectMessage& message);
  // What a call that the end of the instance caught is answered.
  Ref<worker::AnswerMessage> end_answer(bool fetch) const;
  // The alarm scheduler was told, or cannot be: the next instance may begin, with the events that came meanwhile.
  void linger_over();
  void refuse_all(const Ref<worker::AnswerMessage>& answer);
  void maybe_idle();
  void give_away();
  // Whether the directory knows of another home than this.
  Task<bool> lives_elsewhere();
  // It was idle long enough: what the archive lacks of it leaves, then it ends.
  void idle_over();
  // Looks, in a while, whether events wait for what can never come (lost_events.cc).
  void look_for_lost();
  bool is_still() const;
  // Resets the object when a section waits for what cannot come before it ends (1.9).
  void find_deadlock();
  bool at_work() const;
  // At work, or kept in memory by a WebSocket (9.1).
  bool active() const { return at_work() || worker_.listens(*this); }
  // The critical section that the running turn is in; null at the top.
  CriticalSection* current_section() const { return current_lock_.section(); }
  void end_sections();
  void end_section_now(runtime::SectionId id, const runtime::ErrorInfo* error);
  // The scope that an event is delivered in.
  Ref<GateScope> take_scope(const worker::ObjectMessage& message, host::HostId caller);
  // The scope in which something started earlier continues: its section, or the object's own gate.
  Ref<GateScope> take_scope(std::map<uint32_t, Ref<CriticalSection>>& sections, uint32_t id);

  void on_input_gate_broken(const runtime::ErrorInfo& error) override;
  void on_durable(uint64_t index) override;
  void on_deposed(uint64_t newer_epoch) override;
  void past_flushed() override;
  Ref<const PageImage> current_image() override;

  ObjectHost& host_;
  worker::WorkerIsolate& worker_;
  TaskScope tasks_;
  Ref<const ObjectInfo> info_;
  const worker::Application::Class& class_;
  std::string class_name_;   // as its code has it
  std::string class_label_;  // as the world knows it (worker/application.h)
  runtime::ObjectId id_;
  std::string name_;
  uint32_t number_;
  worker::Jurisdiction jurisdiction_;
  State state_ = State::kAcquiring;
  uint64_t epoch_ = 0;
  std::array<host::HostId, kFollowers> followers_ = {};  // until there is a log, which knows
  runtime::ErrorInfo end_error_;
  const char* stage_ = "its claim in the directory";

  Ref<InputGate> input_gate_;
  OutputGate output_gate_;
  std::unique_ptr<ReplicatedLog> log_;
  std::unique_ptr<ObjectDatabase> database_;
  std::unique_ptr<History> history_;  // null: its past is not kept
  std::unique_ptr<ReplicaSet> replicas_;  // null: it has none
  std::unique_ptr<Replica> replica_;      // null: this is the primary
  Instant former_replicas_{0};            // until then those of former instances may answer, on this host's clock
  std::vector<runtime::OperationId> stops_;
  EventHandle stop_timer_;
  // Those who want the bookmark of a batch that has not entered the log yet.
  std::vector<std::pair<Batch, runtime::OperationId>> bookmarks_;
  struct DurableWait {
    uint64_t index;
    OneShot<bool>* reached;
  };
  std::optional<DurableWait> durable_wait_;

  GateLock current_lock_;
  bool pumping_ = false;
  bool in_turn_ = false;
  std::deque<Work*> ready_;
  size_t granted_before_ = 0;  // the first of `ready_`, who had their locks before the turn that runs
  uint64_t hop_ = 0;           // of the last turn that entered or left a section
  Work* works_ = nullptr;  // every Work of this object, an intrusive list: what the destructor frees
  using EarlyEvents = std::deque<std::pair<net::Caller, Ref<const worker::ObjectMessage>>>;
  EarlyEvents before_start_;  // or while it moves

  EventQueue queue_;
  std::vector<InFlight> in_flight_;
  std::vector<runtime::EventId> free_events_;
  uint32_t open_events_ = 0;
  int wait_until_ = 0;

  uint64_t last_output_ = 0;
  Batch last_batch_ = 0;
  Batch open_batch_ = 0;  // 0: no batch is open
  std::deque<Committed> undurable_;
  bool has_sql_ = true;
  uint32_t savepoints_ = 0;  // open ones: no commit until all are closed
  bool explicit_ = false;    // the outermost is that of transaction()
  std::vector<bool> confirmed_within_;  // by its open savepoints: a confirmed write was made
  std::map<uint32_t, std::unique_ptr<SqlCursor>> cursors_;
  uint32_t last_cursor_ = 0;
  std::unique_ptr<Alarms> alarms_;  // null until the alarm is first used
  bool lingering_ = false;          // ended, with commits that wait for the alarm scheduler
  bool storage_failed_ = false;     // the object ends because its storage or its durability failed
  PageImage image_;  // the database after the last entry appended; pages are shared with the log

  std::map<uint32_t, Section> sections_;
  uint32_t last_section_ = 0;
  std::deque<EndingSection> ending_;  // in the turn that runs
  std::map<uint32_t, Ref<CriticalSection>> operation_sections_;
  std::map<uint32_t, Ref<CriticalSection>> timer_sections_;
  std::map<uint32_t, Ref<CriticalSection>> socket_sections_;  // by the end that was accepted in them
  std::map<uint32_t, Ref<CriticalSection>> given_sections_;  // by the number of what was given out
  std::map<worker::CallName, Ref<CriticalSection>> result_sections_;  // by the call whose result they are

  // It is to live elsewhere.
  struct Move {
    uint32_t pop;
    host::HostId host;
    EventHandle patience;
  };
  std::optional<Move> move_;

  EventHandle idle_timer_;
  bool leaving_ = false;  // it ends when its past is archived, if nothing comes meanwhile
  EventHandle lost_timer_;
  uint64_t turns_ = 0;
  uint64_t still_since_turn_ = 0;  // when the timer was set
  uint64_t looked_at_turn_ = 0;  // the last one after which lost events were looked for
  EventHandle lease_timer_;
  EventHandle durability_timer_;
  EventHandle commit_event_;
};

}  // namespace orrery::durable
