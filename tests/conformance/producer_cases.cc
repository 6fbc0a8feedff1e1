#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "tests/conformance/case.h"
#include "tests/end_to_end/tcp_proxy.h"

// How jobs are added.
namespace leasehold::conformance {
namespace {

using grpc::StatusCode;

class AProducer : public Case {
 protected:
  void Answer(ProducerCall& call) {
    call.Answer({"id-1"});
    Expect(AwaitExit() == testing::Exit{}, "exit status 0");
    Expect(absl::StrContains(Output(), "id-1"), "the id that the server gave, printed");
  }
  static void ExpectRepeated(const ProducerCall& first, const ProducerCall& again) {
    Expect(again.request().request_id == first.request().request_id, "the same request_id");
    Expect(again.request().bytes == first.request().bytes, "the same body");
  }
  void ExpectRefused(const std::string& reason) {
    Expect(AwaitExit().status == 1, "exit status 1");
    Expect(absl::StrContains(Output(), reason), "the reason, printed: " + reason);
    Expect(server_->NextCall(absl::ZeroDuration()) == nullptr, "no repetition");
  }
};

TEST_F(AProducer, AddsAJobUnderARequestId) {
  Rule("Producers", "Each call has a `request_id` and a deadline; the payload is JSON text");
  Start({.producer = 1});
  const auto call = NextCall();
  Expect(!call->request().request_id.empty(), "a request_id");
  Expect(call->request().has_deadline, "a deadline");
  Expect(call->request().jobs.size() == 1 && call->request().jobs[0].task() == "t", "the task t");
  Expect(nlohmann::json::parse(call->request().jobs[0].payload(), nullptr, false) ==
             nlohmann::json({{"n", 1}}),
         "the payload {\"n\": 1}");
  Answer(*call);
  const std::string id = call->request().request_id;
  Start({.producer = 1});
  const auto other = NextCall();
  Expect(other->request().request_id != id, "another request_id for another call");
  Answer(*other);
}

TEST_F(AProducer, AddsSeveralJobsInOneCall) {
  Rule("Producers", "Jobs that are added together go in one call, and the ids keep their order");
  Start({.producer = 3});
  const auto call = NextCall();
  Expect(call->request().jobs.size() == 3, "AddJobs with 3 jobs");
  call->Answer({"id-9", "id-8", "id-7"});
  Expect(AwaitExit() == testing::Exit{}, "exit status 0");
  Expect(absl::StrContains(Output(), "id-9\nid-8\nid-7"), "the ids, one a line");
}

TEST_F(AProducer, RepeatsACallUnderItsRequestId) {
  Rule("Producers", "UNAVAILABLE is repeated, with the same `request_id` and the same body");
  Start({.producer = 1});
  const auto first = NextCall();
  first->Fail(StatusCode::UNAVAILABLE, "NO_LEADER");
  const auto second = NextCall();
  ExpectRepeated(*first, *second);
  second->Fail(StatusCode::UNAVAILABLE, "DRAINING", /*retry_milliseconds=*/50);
  const auto third = NextCall();
  ExpectRepeated(*first, *third);
  Answer(*third);
}

TEST_F(AProducer, RepeatsACallWhoseAnswerIsLost) {
  Rule("Producers", "A broken connection leaves the outcome open: repeated under the same id");
  testing::TcpProxy proxy(server_->address());
  Start({.producer = 1, .address = proxy.address()});
  const auto first = NextCall();
  proxy.Reset();
  const auto second = NextCall();
  ExpectRepeated(*first, *second);
  Answer(*second);
}

TEST_F(AProducer, WaitsAsRetryInfoSays) {
  Rule("Producers", "RESOURCE_EXHAUSTED with RetryInfo is repeated after that time");
  Start({.producer = 1});
  const auto first = NextCall();
  const absl::Time failed = absl::Now();
  first->Fail(StatusCode::RESOURCE_EXHAUSTED, "SERVER_FULL", /*retry_milliseconds=*/700);
  const auto second = NextCall();
  Expect(second->request().at - failed >= absl::Milliseconds(695),
         "the repetition not before 700 ms have passed");
  ExpectRepeated(*first, *second);
  Answer(*second);
}

TEST_F(AProducer, DoesNotRepeatWhatWouldFailAgain) {
  Rule("Producers", "Other statuses are not repeated: the caller is told the reason");
  Start({.producer = 1});
  NextCall()->Fail(StatusCode::INVALID_ARGUMENT, "INVALID_REQUEST");
  ExpectRefused("INVALID_REQUEST");
  Start({.producer = 1});
  NextCall()->Fail(StatusCode::ALREADY_EXISTS, "KEY_EXISTS");
  ExpectRefused("KEY_EXISTS");
}

TEST_F(AProducer, DoesNotRepeatWhatIsTooLarge) {
  Rule("Producers", "RESOURCE_EXHAUSTED without RetryInfo is not repeated");
  Start({.producer = 1});
  NextCall()->Fail(StatusCode::RESOURCE_EXHAUSTED, "DATABASE_EXHAUSTED");
  ExpectRefused("DATABASE_EXHAUSTED");
}

TEST_F(AProducer, GivesUpAtItsDeadline) {
  Rule("Producers", "A call that is not answered ends with its deadline");
  Start({.producer = 1});
  const absl::Time begin = absl::Now();
  NextCall();
  Expect(AwaitExit().status == 1, "exit status 1");
  Expect(absl::Now() - begin > absl::Seconds(3), "patience for most of its 5 s");
}

TEST_F(AProducer, TriesEachAddressThatItIsGiven) {
  Rule("Producers", "Where one address does not answer, another one is tried");
  Other().Stop();
  Start({.producer = 1, .address = Other().address() + "," + server_->address()});
  Answer(*NextCall());
}

}  // namespace
}  // namespace leasehold::conformance
