"""Faults that the simulation must still find: each breaks one promise in the real code.

`old` stands in `file` exactly once (tests/simulation:mutations_test) and becomes `new`.
"""
from typing import NamedTuple


class Mutation(NamedTuple):
    name: str
    promise: str
    file: str
    old: str
    new: str


MUTATIONS = [
    Mutation(
        "activation not raised above the lease's",
        "A lease is live only while the job has its activation.",
        "server/queue/core.h",
        "return lease != nullptr && lease->token.activation >= job.activation;",
        "return lease != nullptr && lease->token.activation > job.activation;"),
    Mutation(
        "a locked job is forgotten",
        "What a lease did not get and stands unchanged is locked, and tried again.",
        "server/queue/leaser.cc",
        " && SameAsRanked(job, *found->second))) {\n        Lock(job);",
        " && SameAsRanked(job, *found->second))) {\n        core_.in_hand.LetGo(job.id);"),
    Mutation(
        "resume keeps the leases that it does not name",
        "What a resuming session does not name is taken back at once.",
        "server/queue/session_keeper_resume.cc",
        "if (!named.contains(lease->token.fencing_number)) recorder_.TakeBack(*lease);",
        "if (!named.contains(lease->token.fencing_number)) lease->received = true;"),
    Mutation(
        "revoked and not taken back",
        "Jobs whose receipt never came come back.",
        "server/queue/session_keeper_resume.cc",
        "      revoke.tokens.push_back(lease->token);\n      recorder_.TakeBack(*lease);",
        "      revoke.tokens.push_back(lease->token);"),
    Mutation(
        "a lost session keeps its leases",
        "The sweep ends every lease of a lost session.",
        "server/queue/session_keeper.cc",
        "for (HeldLease* lease : core_.leases.OfSession(number)) "
        "recorder_.Sweep(*lease, recovery_delay);",
        ""),
    Mutation(
        "a paused leader delivers",
        "A leader tells only while nobody else can lead yet.",
        "server/loop/queue_driver.cc",
        "if (!held_.empty() || !host_.MayDeliver()) {",
        "if (!held_.empty()) {"),
    Mutation(
        "ended tokens are not looked up",
        "The same outcome of the same token is OK again.",
        "server/queue/recorder.cc",
        "const bool same = ended.has_value() && *ended == outcome.kind;",
        "const bool same = false;"),
    Mutation(
        "an outcome is confirmed before its commit",
        "A fact is told only after its commit.",
        "server/queue/recorder.cc",
        "Begin(*lease, {.outcome = std::move(outcome), .reporters = {reporter}});",
        "Begin(*lease, {.outcome = std::move(outcome)});\n"
        "    Decide(reporter, token, OutcomeResult::kRecorded);"),
    Mutation(
        "a deposed leader calls later leases lost",
        "Only who leads says that a lease is lost.",
        "server/queue/recorder.cc",
        "return (outcome.token.fencing_number >> 32) > core_.epoch;",
        "return (outcome.token.fencing_number >> 32) > core_.epoch + 1000;"),
    Mutation(
        "a lease is called lost before its sweep is on disk",
        "A fact is told only after its commit.",
        "server/queue/recorder.cc",
        "lease->ending->late.push_back(reporter);",
        "Decide(reporter, token, OutcomeResult::kLeaseLost);"),
    Mutation(
        "a serial queue is released with the report",
        "A serial queue is held until the outcome is recorded.",
        "server/queue/recorder.cc",
        "  waiting_.push_back(lease.token.fencing_number);\n}",
        "  waiting_.push_back(lease.token.fencing_number);\n"
        "  core_.ready.Release(lease.job, core_.now);\n}"),
    Mutation(
        "the inbox is deleted without being applied",
        "An inbox row is deleted only after it was applied.",
        "server/queue/reader.cc",
        "  Apply(inbox.job_ids, inbox.jobs);\n",
        ""),
    Mutation(
        "a refill goes on behind the rows that it did not read",
        "The last key of a window is the last row read.",
        "server/queue/ready_window.cc",
        "  if (last.has_value() && (!end_.has_value() || *end_ < *last)) end_ = last;\n"
        "  complete_ = complete_ || complete;",
        "  if (last.has_value() && (!end_.has_value() || *end_ < *last)) end_ = last;\n"
        "  complete_ = complete_ || complete || last.has_value();"),
    Mutation(
        "newcomers during a refill are dropped",
        "Newcomers of a window being read are kept aside and ranked after it.",
        "server/queue/ready_window.cc",
        "  if (reading()) {\n    aside_.push_back(job);",
        "  if (reading()) {"),
    Mutation(
        "missing lease rows are not written",
        "After any lost connection the leader writes the lease rows that the database lacks.",
        "server/queue/lease_rows.cc",
        "  if (request.rows.empty()) {",
        "  if (wanted > 0) {"),
    Mutation(
        "lease rows are deleted while they are being written",
        "What writes missing rows again does not overtake what deletes them.",
        "server/queue/recorder_batches.cc",
        "return core_.store_available && core_.leases_written(); }",
        "return core_.store_available; }"),
    Mutation(
        "a repeated request is done again",
        "The same request is answered once and the same.",
        "server/queue/callers.cc",
        "    if (seen.verdict != RequestLog::Verdict::kNew) {\n",
        "    if (seen.verdict == RequestLog::Verdict::kReused) {\n"),
    Mutation(
        "a new leader does not load answered requests",
        "A new leader answers repeated requests from the journal.",
        "server/queue/dispatcher_load.cc",
        "  leader_->core.requests.Recall(std::move(journal.requests), now_);\n",
        ""),
    Mutation(
        "a new leader does not load ended tokens",
        "A new leader answers repeated outcomes from the journal.",
        "server/queue/dispatcher_load.cc",
        "    leader_->core.ended_tokens.Add(ended.fencing_number, ended.kind, now_ - ended.age);",
        "    (void)ended;"),
    Mutation(
        "a new leader does not load leases",
        "A new leader loads the leases before it accepts a session.",
        "server/queue/dispatcher_load.cc",
        "    core.Book(std::move(lease));",
        ""),
    Mutation(
        "a request is new before the whole journal is loaded",
        "A new leader answers nothing that the older journal may know otherwise.",
        "server/queue/dispatcher_load.cc",
        "         !core.requests.Knows(*request);",
        "         !core.requests.Knows(*request) && false;"),
    Mutation(
        "a leader is taken over after half its time",
        "A leadership is over when its counter has not moved for the TTL.",
        "server/cluster/replica.cc",
        "return TryLock() || leader_.Stands(asked, options_.ttl);",
        "return TryLock() || leader_.Stands(asked, options_.ttl / 2);"),
    Mutation(
        "twice the window is leased",
        "Never more unacknowledged jobs on a session than its window, in count.",
        "server/queue/session.h",
        "used() < window.jobs &&",
        "used() < 2 * window.jobs &&"),
    Mutation(
        "frames of any size are sent",
        "Never more unacknowledged jobs on a session than its window, in bytes.",
        "server/queue/delivery.cc",
        "const bool in_window = session.unreceived_bytes + bytes <= session.window.bytes;",
        "const bool in_window = true;"),
    Mutation(
        "handlers get jobs before the receipt",
        "A handler starts only after the receipt of its job was sent.",
        "client/cpp/session_leases.cc",
        "if (!stream_.open || !acknowledged || leaving() || ahead_ == 0) return;",
        "if (!stream_.open || leaving() || ahead_ == 0) return;"),
    Mutation(
        "handlers begin without a stream",
        "A handler starts only on an open stream.",
        "client/cpp/session_streams.cc",
        " the server may take their jobs back meanwhile.\n  Withdraw({});",
        " the server may take their jobs back meanwhile."),
    Mutation(
        "outcomes are not sent again",
        "Outcomes are sent again until they are recorded.",
        "client/cpp/session_streams.cc",
        "    outbox_.Resend();",
        ""),
    Mutation(
        "jobs are given back in silence",
        "What is given back on a stream is told.",
        "client/cpp/session_leases.cc",
        "  if (stream_.id != 0) stream_.released.push_back(lease.token());\n",
        ""),
]
