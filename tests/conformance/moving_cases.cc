#include <string>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "tests/conformance/case.h"

// Epochs, replicas, and streams that take the place of others.
namespace leasehold::conformance {
namespace {

using grpc::StatusCode;

class AMovingSession : public Case {
 protected:
  static v1::LeaseJobsResponse OfEpoch(uint64_t epoch) {
    v1::LeaseJobsResponse frame;
    frame.set_epoch(epoch);
    return frame;
  }
};

TEST_F(AMovingSession, DropsFramesOfALowerEpoch) {
  Rule("Epochs", "Frames of a lower epoch than one seen are dropped");
  Start();
  const auto stream = NextSession({.epoch = 7});
  stream->SendJob(WaitJob("1"));
  AwaitBegun("1");
  v1::LeaseJobsResponse jobs = OfEpoch(6);
  jobs.mutable_jobs()->set_sequence(2);
  v1::LeasedJob& job = *jobs.mutable_jobs()->add_jobs();
  job.set_id("9");
  job.set_lease_token("t9");
  job.set_task("wait");
  job.set_payload(WaitJob("9").payload);
  stream->Send(jobs);
  v1::LeaseJobsResponse revoke = OfEpoch(6);
  revoke.mutable_revoke()->add_lease_tokens("t1");
  stream->Send(revoke);
  v1::LeaseJobsResponse handover = OfEpoch(6);
  handover.mutable_handover();
  stream->Send(handover);
  stream->SendJob({.id = "2"});
  stream->AwaitOutcome("t2");
  Expect(!Begun("9"), "job 9, of an old leader, does not run");
  Expect(!Cancelled("1"), "job 1 is not cancelled by an old leader's `revoke`");
  LetEnd("1");
  Expect(stream->AwaitOutcome("t1").has_complete(), "the outcome `complete` of t1");
}

TEST_F(AMovingSession, NamesTheHighestEpochThatItHasSeen) {
  Rule("Epochs", "`open` names the highest epoch seen, 0 at first");
  Start();
  auto stream = NextStream();
  Expect(stream->open().epoch() == 0, "epoch 0: none was seen");
  stream->Answer({.epoch = 7});
  v1::LeaseJobsResponse revoke = OfEpoch(9);
  revoke.mutable_revoke()->add_lease_tokens("of somebody");
  stream->Send(revoke);
  stream->AwaitReply();
  stream->End(StatusCode::UNAVAILABLE);
  stream = NextStream();
  Expect(stream->open().epoch() == 9, "epoch 9");
}

TEST_F(AMovingSession, TakesNoSessionFromAnOldLeader) {
  Rule("Epochs", "`opened` of a lower epoch is dropped: another stream is tried");
  Start();
  const Opened fast = {.heartbeat_interval = absl::Milliseconds(500), .epoch = 7};
  auto stream = NextSession(fast);
  stream->SendJob(WaitJob("1"));
  AwaitBegun("1");
  stream->End(StatusCode::UNAVAILABLE);
  NextSession({.session = "session-of-the-past", .epoch = 6, .beats = false});
  stream = Resume({"t1"}, fast);
  Expect(!Cancelled("1"), "the handler of job 1 is not cancelled");
  LetEnd("1");
  Expect(stream->AwaitOutcome("t1").has_complete(), "the outcome `complete` of t1");
}

TEST_F(AMovingSession, GoesWhereAHandoverSays) {
  Rule("Server frames", "`handover`: it connects at once to an address that is named");
  Start({.concurrency = 1});
  const auto before = NextSession();
  before->SendJobs({WaitJob("1")});
  AwaitBegun("1");
  before->SendHandover({Other().address()});
  const auto after = NextStream(Other());
  Expect(after->open().session_id() == "session-1", "`open` names the session");
  ExpectHeld(*after, {"t1"});
  after->Answer({.resumed = true, .resumed_tokens = {"t1"}});
  before->AwaitClosed();
  Expect(!Cancelled("1"), "the handler of job 1 is not cancelled");
  LetEnd("1");
  Expect(after->AwaitOutcome("t1").has_complete(), "the outcome `complete` of t1");
}

TEST_F(AMovingSession, ComesBackAfterAHandoverToNowhere) {
  Rule("Server frames", "`handover` without an address: it connects again to the one it knows");
  Start({.concurrency = 1});
  auto stream = NextSession();
  stream->SendJobs({WaitJob("1")});
  AwaitBegun("1");
  stream->SendHandover({});
  stream = Resume({"t1"});
  LetEnd("1");
  Expect(stream->AwaitOutcome("t1").has_complete(), "the outcome `complete` of t1");
}

TEST_F(AMovingSession, DropsWhatComesOnAStreamThatItHasReplaced) {
  Rule("Epochs", "Everything from a replaced stream is dropped");
  Start({.concurrency = 2});
  const auto before = NextSession({.records = false});
  before->SendJobs({WaitJob("1"), {.id = "2"}});
  AwaitBegun("1");
  before->AwaitOutcome("t2");
  before->SendHandover({});
  const auto after = NextStream();
  ExpectHeld(*after, {"t1", "t2"});
  after->Answer({.resumed = true, .resumed_tokens = {"t1", "t2"}, .records = false});
  // If it reads them at all, it reads them now.
  before->SendRevoke({"t1"});
  before->SendRecorded(before->SequenceOf("t2"));
  before->SendIdle();
  after->AwaitOutcome("t2");
  after->SendJob({.id = "3"});
  after->AwaitOutcome("t3");
  Expect(!Cancelled("1"), "the handler of job 1 is not cancelled");
  LetEnd("1");
  Expect(after->AwaitOutcome("t1").has_complete(), "the outcome `complete` of t1");
}

TEST_F(AMovingSession, LeavesAServerThatIsSilentForTwoIntervals) {
  Rule("Living",
       "After a silence of two intervals it connects to another address, if it knows one");
  constexpr absl::Duration kInterval = absl::Milliseconds(300);
  Start({.address = server_->address() + "," + Other().address()});
  Server* silent = nullptr;
  const auto before = NextStreamAnywhere(silent);
  before->Answer({.heartbeat_interval = kInterval, .beats = false});
  const absl::Time begin = absl::Now();
  Server* next = nullptr;
  const auto after = NextStreamAnywhere(next);
  Expect(next != silent, "the next stream at the other address");
  Expect(after->open().session_id() == "session-1", "`open` names the session");
  Expect(absl::Now() - begin > 1.9 * kInterval, "patience for two intervals");
}

TEST_F(AMovingSession, LeavesAServerThatDoesNotAnswer) {
  Rule("Living", "A server that takes a stream and never answers `open` is left as well");
  const Opened fast = {.heartbeat_interval = absl::Milliseconds(300)};
  Start();
  NextSession(fast)->End(StatusCode::UNAVAILABLE);
  const auto mute = NextStream();
  Resume({}, fast);
  mute->AwaitClosed();
}

TEST_F(AMovingSession, FindsTheReplicasThatTheServerNames) {
  Rule("The session", "The addresses of `opened` are tried when the server is gone");
  Start();
  auto stream = NextSession({.addresses = {server_->address(), Other().address()}});
  stream->SendJob(WaitJob("1"));
  AwaitBegun("1");
  server_->Stop();
  const auto after = NextStream(Other());
  Expect(after->open().session_id() == "session-1", "`open` names the session");
  ExpectHeld(*after, {"t1"});
}

TEST_F(AMovingSession, TriesEachAddressThatItIsGiven) {
  Rule("Resuming", "Where one address does not answer, another one is tried");
  Other().Stop();
  Start({.address = Other().address() + "," + server_->address()});
  const auto stream = NextSession();
  stream->SendJob({.id = "1"});
  stream->AwaitOutcome("t1");
}

}  // namespace
}  // namespace leasehold::conformance
