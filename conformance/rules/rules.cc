#include "conformance/rules/rules.h"

#include <nlohmann/json.hpp>

namespace orrery::rules {

namespace {

constexpr std::string_view kMonitor = "monitor";

constexpr Rule kRules[] = {
    {"DO-OG-1",
     "An answer leaves an object only when every confirmed write issued before it is on three "
     "followers' disks.",
     "durable-objects 2.1, 2.4, 3.3", kMonitor},
    {"DO-OG-2",
     "A call leaves an object only when every confirmed write issued before it is on three "
     "followers' disks.",
     "durable-objects 2.4", kMonitor},
    {"DO-OG-3",
     "A message or close frame of a WebSocket leaves an object only when every confirmed write issued before it is on "
     "three followers' disks.",
     "durable-objects 2.4", kMonitor},
    {"DO-IG-1", "No event from outside is delivered into an object inside a critical section.",
     "durable-objects 1.5", kMonitor},
    {"DO-IG-2", "An object runs one turn at a time.", "durable-objects 0.2, 1.1", kMonitor},
    {"DO-IG-3", "Critical sections of an object run one after another or nested, never mixed.",
     "durable-objects 1.5", kMonitor},
    {"DO-TURN-1", "All writes of one turn are in one transaction.", "durable-objects 3.1",
     kMonitor},
    {"DO-TURN-2", "No transaction commits in the middle of a turn.", "durable-objects 3.1",
     kMonitor},
    {"DO-SI-1", "Each instance of an object starts under an epoch newer than any before.",
     "durable-objects 14 (I7)", kMonitor},
    {"DO-SI-2",
     "Once a newer instance has started, no write of an older one becomes durable that the newer "
     "does not have.",
     "durable-objects 14 (I7)", kMonitor},
    {"DO-LEASE-1",
     "A host delivers events and releases answers only while its own clock is within a lease that "
     "three directory members granted.",
     "design, how an object stays single", kMonitor},
    {"DO-LEASE-2",
     "While clocks stay within the declared drift, an instance does nothing any more once another "
     "was granted the object.",
     "design, how an object stays single", kMonitor},
    {"DO-DIR-1", "All who take part in one view of the directory know the same members of it.",
     "platform/durable/directory", kMonitor},
    {"DO-REP-1", "A follower acknowledges only what a sync of its disk has covered.",
     "platform/durable/replication", kMonitor},
    {"DO-REP-2", "A follower takes no entry from an owner older than the epoch it promised.",
     "platform/durable/replication", kMonitor},
    {"DO-REP-3", "Logs that share an entry agree on everything before it.",
     "platform/durable/replication", kMonitor},
    {"DO-REP-4", "What a follower hands to a new owner is what was appended, byte for byte.",
     "platform/durable/replication", kMonitor},
    {"DO-REP-5", "An owner appends its entries one after another, under its own epoch.",
     "platform/durable/replication", kMonitor},
    {"DO-REP-6", "A new owner recovers from the followers that the owner before it wrote to.",
     "platform/durable/replication", kMonitor},
    {"DO-REP-7", "A follower cuts off of its log only what conflicts with that of a newer owner.",
     "platform/durable/replication", kMonitor},
    {"DO-DUR-1", "A write that was acknowledged is in the state of every later instance.",
     "durable-objects 14 (I1, I6)", kMonitor},
    {"DO-ORD-1", "Calls of one caller to one object are delivered in the order of the calls.",
     "durable-objects 0.7, 12 (I5)", kMonitor},
    {"DO-ORD-2", "A call is delivered to its object at most once.", "durable-objects 7.1",
     kMonitor},
    {"DO-LIFE-1", "The constructor runs before any event is delivered.", "durable-objects 0.8",
     kMonitor},
    {"DO-LIFE-2", "An instance that has ended delivers, writes and answers nothing.",
     "durable-objects 0.4, 14 (I6)", kMonitor},
    {"DO-LIFE-3", "An object is not evicted for idleness before it was idle for ten seconds.",
     "durable-objects 9.2", kMonitor},
    {"NET-1", "No message is delivered to a host that is down.", "design, sim/net", kMonitor},
    {"WS-1",
     "What one end of a WebSocket sends comes to the other in that order, nothing missing, nothing twice.",
     "platform 7, RFC 6455", kMonitor},
    {"KV-1",
     "A read is at most as stale as the largest cacheTtl used there plus the delays the world "
     "declared.",
     "platform, KV", kMonitor},
    {"KV-2", "A back end takes at most one write a second of a key.", "platform, KV", kMonitor},
    {"DO-ALARM-1",
     "An alarm whose setting is durable runs at least once and stays until its handler succeeded, "
     "unless replaced or deleted.",
     "durable-objects 6.3, 6.7 (I4)", kMonitor},
    {"DO-ALARM-2", "An alarm never runs before its time on its host's clock.",
     "durable-objects 6.4 (I4)", kMonitor},
    {"DO-ALARM-3",
     "A failed alarm runs again after two seconds or more, told how often it failed, at most six "
     "times.",
     "durable-objects 6.6", kMonitor},
    {"DO-ALARM-4",
     "When a time is durably stored the scheduler durably holds that time or an earlier one.",
     "durable-objects 6.3 (I4)", kMonitor},
    {"DO-ALARM-5",
     "Only an alarm that was set, and not taken back by a roll-back, a deletion or another time, is "
     "stored and runs.",
     "durable-objects 5, 6.1, 6.4", kMonitor},
    {"DO-CLK-1", "The clock that JavaScript sees stands still during a turn.",
     "durable-objects 0.3", kMonitor},
    {"DO-VER-1", "An object that has run the newer version of a rollout never starts with the older one again within it.",
     "platform 1.6, 9.3", kMonitor},
    {"DO-RR-1", "A read replica answers from what is durable at its primary, whole commits of it, and never goes back.",
     "platform 9.4, 12.2; platform/durable/replicas", kMonitor},
    {"DO-RR-2", "Once waitForBookmark() has resolved, a read replica reads everything up to the bookmark.",
     "platform 9.4, 12.2; platform/durable/replicas", kMonitor},

    {"DO-LIN-1", "The answers of an object can be explained by one order of its operations.",
     "durable-objects 14 (I2, I7)", "checker"},
    {"DO-TXN-1", "A transaction that fails within another takes its own changes back and no others.",
     "durable-objects 5.1, 5.3", "scenario"},
    {"DO-RESET-1", "What the turn of an abort wrote is not in the next instance.", "durable-objects 8",
     "scenario"},
    {"DO-RESET-2", "A critical section that fails resets its object.", "durable-objects 1.7", "scenario"},
    {"DO-LIFE-4", "An object is not evicted while a timer, waitUntil or awaited I/O goes on.",
     "durable-objects 9.1", "scenario"},
    {"DO-STO-1", "After deleteAll() nothing is left.", "durable-objects 3.9", "scenario"},
    {"DO-ID-1", "A namespace takes no ids of another.", "durable-objects 4, ids", "scenario"},
    {"DO-LIVE-1", "Once faults are over, every object answers again.", "design, fault presets",
     "deadline, scenario"},
    {"LIVE-1", "What a scenario waits for happens.", "contract, exit codes", "deadline, scenario"},
    {"LIVE-2", "Once a storm is over, every request under way ends.", "design, fault presets",
     "deadline"},
    {"ALARM-LIVE-1", "Once a storm is over, every alarm that was durably due fires.",
     "durable-objects 6; design, fault presets", "deadline"},
    {"KV-LIVE-1",
     "Once a storm is over, every point of presence reads the same value after the largest cacheTtl and "
     "the delays declared.",
     "platform, KV; design, fault presets", "deadline"},
    {"APP-STOCK-1", "The level of a stock is what its orders say.", "scenarios/inventory",
     "scenario"},
    {"APP-VIEWS-1", "A view that was counted is in the count.", "scenarios/counter_in_kv_faulty",
     "scenario"},
    {"APP-TICKET-1", "A number is given out once.", "scenarios/mistakes", "scenario"},
    {"APP-REMINDER-1", "A reminder that was taken rings.", "scenarios/mistakes", "scenario"},
    {"APP-ORDER-1", "An order counts once, and stays counted.", "scenarios/mistakes", "scenario"},
    {"APP-JOB-1", "Work is never locked for good.", "scenarios/mistakes", "scenario"},
    {"APP-MONEY-1", "Money is never nowhere.", "scenarios/mistakes", "scenario"},
    {"APP-TRIAL-1", "A trial ends once and is charged once.", "scenarios/trial", "scenario"},
    {"APP-TRIAL-2", "A trial ends when it should.", "scenarios/trial", "scenario"},
    {"APP-SAGA-1", "Both parts of a trip are booked, or neither.", "scenarios/saga", "scenario"},
    {"APP-SAGA-2", "Who was told of a booking has it.", "scenarios/saga", "scenario"},
    {"APP-LIMIT-1", "No window holds more hits than the limit.", "scenarios/rate_limiter",
     "scenario"},
    {"APP-LIMIT-2", "Nobody below the limit is refused.", "scenarios/rate_limiter", "scenario"},
    {"APP-LIMIT-3", "Hits older than the window are deleted.", "scenarios/rate_limiter",
     "scenario"},
    {"APP-SESSION-1", "A revoked session is never accepted afterwards.", "scenarios/sessions",
     "scenario"},
    {"APP-SESSION-2", "Nobody with fewer sessions than allowed is refused another.",
     "scenarios/sessions", "scenario"},
    {"APP-SESSION-3", "Memory answers what is stored, and nothing that was refused.",
     "scenarios/sessions", "scenario"},
    {"APP-AUTH-1", "A closed session stays closed.", "scenarios/auth_gateway", "scenario"},
    {"APP-AUTH-2", "Who holds an open session is let in.", "scenarios/auth_gateway", "scenario"},
    {"APP-AUTH-3", "A note that was acknowledged is kept.", "scenarios/auth_gateway", "scenario"},
    {"APP-VOTES-1", "A vote that was confirmed is counted, one that was refused is not.",
     "scenarios/votes", "scenario"},
    {"APP-VOTES-2", "One object refuses what is too much for it; many objects take it.",
     "scenarios/votes", "scenario"},
    {"DO-PITR-1",
     "An object that is restored to a bookmark holds what it held then, and nothing else; bookmarks sort by time.",
     "durable-objects 10, platform 5.4", "scenario"},
    {"APP-BLACKOUT-1", "Entries are confirmed while cities of followers are dark one after the other.", "scenarios/blackout",
     "scenario"},
    {"APP-CHAT-1", "A line that somebody was shown is in the room's record, under the same number.", "scenarios/chat",
     "scenario"},
    {"APP-CHAT-2", "Who stays connected to a room is shown every line, in order.", "scenarios/chat", "scenario"},
    {"APP-CATALOGUE-1", "A visitor who passes bookmarks on never sees less than before, nor less than was confirmed to them.",
     "scenarios/catalogue", "scenario"},
    {"APP-CATALOGUE-2", "Once read replicas are off, nobody is answered by one after the longest lease.",
     "scenarios/catalogue", "scenario"},
    {"APP-ROLLOUT-1", "An object answers with one version at a time and never goes back to an older one.",
     "scenarios/rollout", "scenario"},
    {"APP-ROLLOUT-2", "Objects of a renamed class keep what they hold and run the new code; both names find them.", "scenarios/rollout", "scenario"},
    {"APP-ROLLOUT-3", "Objects of a class that was deleted and made again are empty.", "scenarios/rollout", "scenario"},
    {"RT-CPU-1", "A Worker stays within its CPU time.", "platform 1.2", "runtime"},
    {"RT-MEM-1", "An isolate stays within its memory.", "platform 1.2", "runtime"},
    {"RT-STACK-1", "A Worker does not call itself too deeply.", "platform 1.2", "runtime"},
    {"RT-START-1", "A Worker starts without an error.", "platform 1.2", "runtime"},
};
static_assert(std::size(kRules) > kWatched);

}  // namespace

std::span<const Rule> all() { return kRules; }

const Rule* find(std::string_view id) {
  for (const Rule& r : kRules)
    if (r.id == id) return &r;
  return nullptr;
}

std::string to_json() {
  auto out = nlohmann::ordered_json::array();
  for (const Rule& r : kRules)
    out.push_back({{"id", r.id},
                   {"sentence", r.sentence},
                   {"source", r.source},
                   {"enforced_by", r.enforced_by}});
  return out.dump();
}

}  // namespace orrery::rules
