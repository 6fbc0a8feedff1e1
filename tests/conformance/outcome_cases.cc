#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "tests/conformance/case.h"

// What becomes of a job, until the server has recorded it.
namespace leasehold::conformance {
namespace {

class AReport : public Case {
 protected:
  // The one that was reported last of the token, if it was reported `times` times.
  static v1::Outcome AwaitReport(Stream& stream, const std::string& token, int times) {
    v1::Outcome last;
    stream.Await("report " + std::to_string(times) + " of " + token, [&](const auto& frames) {
      int count = 0;
      for (const ReceivedFrame& received : frames) {
        for (const v1::Outcome& outcome : received.frame.outcomes().outcomes()) {
          if (outcome.lease_token() != token) continue;
          ++count;
          last = outcome;
        }
      }
      return count >= times;
    });
    return last;
  }
};

TEST_F(AReport, SaysThatAJobHasFailedForGood) {
  Rule("Outcomes", "A handler can fail a job for good: `permanent`");
  Start();
  const auto stream = NextSession();
  stream->SendJob({.id = "1", .task = "permanent", .payload = R"({"error":"no such user"})"});
  const v1::Outcome outcome = stream->AwaitOutcome("t1");
  Expect(outcome.fail().permanent(), "`permanent`");
  Expect(outcome.fail().error() == "no such user", "the error \"no such user\"");
}

TEST_F(AReport, SaysWhenToTryAgain) {
  Rule("Outcomes", "A handler can say when to try again: `retry_after`");
  Start();
  const auto stream = NextSession();
  stream->SendJob(
      {.id = "1", .task = "retry_after", .payload = R"({"error":"busy","milliseconds":1500})"});
  const v1::Outcome outcome = stream->AwaitOutcome("t1");
  Expect(outcome.fail().error() == "busy", "the error \"busy\"");
  Expect(!outcome.fail().permanent(), "`permanent` unset");
  Expect(outcome.fail().retry_after().seconds() == 1 &&
             outcome.fail().retry_after().nanos() == 500'000'000,
         "retry_after 1.5 s");
}

TEST_F(AReport, HasTheTextOfTheFailureInAnyLanguage) {
  Rule("Outcomes", "The failure's text may have several lines and any characters");
  Start();
  const auto stream = NextSession();
  stream->SendJob(
      {.id = "1", .task = "fail", .payload = R"({"error":"é 日本 \ud83d\ude00\n\"2\""})"});
  const v1::Outcome outcome = stream->AwaitOutcome("t1");
  Expect(outcome.fail().error() == "é 日本 😀\n\"2\"",
         "the error: é 日本 😀, and \"2\" on a second line");
}

TEST_F(AReport, OfABatchNamesTheItemsThatFailed) {
  Rule("Outcomes", "A batch fails with the items that failed as the next payload, or completes");
  Start();
  const auto stream = NextSession();
  stream->SendJob({.id = "1", .task = "batch", .payload = "[2, 3, 4, 5]"});
  const v1::Outcome some = stream->AwaitOutcome("t1");
  Expect(some.has_fail() && some.fail().has_payload(), "the outcome `fail` with a payload");
  Expect(nlohmann::json::parse(some.fail().payload(), nullptr, false) == nlohmann::json({3, 5}),
         "the payload [3, 5]");
  Expect(absl::StrContains(some.fail().error(), "odd"), "an error that says \"odd\"");
  stream->SendJob({.id = "2", .task = "batch", .payload = "[2, 4]"});
  Expect(stream->AwaitOutcome("t2").has_complete(), "the outcome `complete` where none failed");
}

TEST_F(AReport, IsSentAgainUnderItsSequenceUntilItIsRecorded) {
  Rule("Outcomes", "Until `recorded` names its sequence an outcome is sent again on each stream");
  Start();
  auto stream = NextSession({.records = false});
  stream->SendJob({.id = "1"});
  for (int i = 0; i < 3; ++i) {
    Expect(stream->AwaitOutcome("t1").has_complete(), "the outcome `complete`");
    Expect(stream->SequenceOf("t1") == 1, "the same sequence, 1");
    stream->End(grpc::StatusCode::UNAVAILABLE);
    stream = Resume({"t1"}, {.records = false});
  }
  stream->AwaitOutcome("t1");
  stream->SendRecorded(1);
  stream->SendJob({.id = "2"});
  stream->AwaitOutcome("t2");
  Expect(stream->SequenceOf("t2") == 2, "sequence 2 for the next");
  stream->End(grpc::StatusCode::UNAVAILABLE);
  stream = Resume({"t2"});
  stream->AwaitOutcome("t2");
  ExpectNoOutcome(*stream, "t1");
}

TEST_F(AReport, IsForgottenWhenItIsRecordedInWhateverOrder) {
  Rule("Outcomes", "`recorded` ends the frame of its sequence alone, in any order and repeated");
  Start({.concurrency = 1, .prefetch = 0});
  auto stream = NextSession({.records = false});
  for (const std::string id : {"1", "2", "3"}) {
    stream->SendJob({.id = id});
    stream->AwaitOutcome("t" + id);
  }
  stream->SendRecorded(2);
  stream->SendRecorded(2);
  stream->End(grpc::StatusCode::UNAVAILABLE);
  stream = Resume({"t1", "t3"}, {.records = false});
  stream->AwaitOutcome("t3");
  Expect(stream->SequenceOf("t1") == 1, "outcomes #1, of t1, again");
  Expect(stream->SequenceOf("t3") == 3, "outcomes #3, of t3, again");
  ExpectNoOutcome(*stream, "t2");
}

TEST_F(AReport, OfALostLeaseIsForgotten) {
  Rule("Outcomes", "LEASE_LOST: the run does not count; the outcome is not reported again");
  Start();
  auto stream = NextSession({.records = false});
  stream->SendJob({.id = "1"});
  stream->AwaitOutcome("t1");
  stream->SendRefused(1, "t1", "LEASE_LOST");
  stream->SendJob({.id = "2"});
  stream->AwaitOutcome("t2");
  stream->End(grpc::StatusCode::UNAVAILABLE);
  stream = Resume({"t2"});
  stream->AwaitOutcome("t2");
  ExpectNoOutcome(*stream, "t1");
}

TEST_F(AReport, ThatTheServerCannotTakeBecomesAFailure) {
  Rule("Outcomes", "INVALID_OUTCOME: a failure that the server can take is reported instead");
  Start();
  auto stream = NextSession({.records = false});
  stream->SendJob({.id = "1"});
  stream->AwaitOutcome("t1");
  stream->SendRefused(1, "t1", "INVALID_OUTCOME");
  const v1::Outcome instead = AwaitReport(*stream, "t1", 2);
  Expect(instead.has_fail() && !instead.fail().error().empty(), "the outcome `fail`, with a text");
  stream->SendRecorded(2);
  stream->End(grpc::StatusCode::UNAVAILABLE);
  Resume({});
}

TEST_F(AReport, IsReportedWhenTheServerIsBack) {
  Rule("Outcomes", "An outcome that comes while no server is there is reported when one is");
  Start();
  auto stream = NextSession();
  stream->SendJob(WaitJob("1"));
  stream->AwaitStarted("t1");
  server_->Stop();
  LetEnd("1");
  server_->Start();
  stream = Resume({"t1"});
  Expect(stream->AwaitOutcome("t1").has_complete(), "the outcome `complete`");
  Expect(stream->SequenceOf("t1") == 1, "sequence 1");
  Expect(!Cancelled("1"), "the handler of job 1 is not cancelled");
}

}  // namespace
}  // namespace leasehold::conformance
