#include <algorithm>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "tests/conformance/case.h"

// What an executor says and hears on one stream.
namespace leasehold::conformance {
namespace {

class AnOpenSession : public Case {
 protected:
  Job BlockJob(const std::string& id, int milliseconds) const {
    return {.id = id,
            .task = "block",
            .payload = absl::StrFormat(R"({"started":"%s","milliseconds":%d})",
                                       Path(id + ".started"), milliseconds)};
  }
};

TEST_F(AnOpenSession, NamesTheLibraryAndItsVersion) {
  Rule("The session", "`open` names the library and its version, for people");
  Start();
  const auto open = NextStream()->open();
  Expect(!open.sdk_name().empty() && !open.sdk_version().empty(), "sdk_name and sdk_version");
  Expect(!open.once(), "`once` unset: it is no once-mode");
}

TEST_F(AnOpenSession, ForbidsFlags) {
  Rule("The session", "`open` has the forbidden flags");
  Start({.flags = "gpu,slow"});
  const auto open = NextStream()->open();
  Tokens flags(open.forbidden_flags().begin(), open.forbidden_flags().end());
  std::sort(flags.begin(), flags.end());
  Expect(flags == Tokens({"gpu", "slow"}), "forbidden_flags \"gpu\" and \"slow\"");
}

TEST_F(AnOpenSession, HasAWindowForWhatRunsAndWhatIsHeldReady) {
  Rule("Windows", "The window is what runs and what is held ready: concurrency and prefetch");
  Start({.concurrency = 2, .prefetch = 3});
  Expect(NextStream()->open().window().jobs() == 5, "a window of 2 + 3 jobs");
}

TEST_F(AnOpenSession, AcknowledgesJobsAtOnce) {
  Rule("Receipts",
       "The receipt of a `jobs` frame comes within 100 ms, though nothing else is sent");
  Start({.concurrency = 1, .prefetch = 5});
  const auto stream = NextSession();
  stream->SendJob(WaitJob("0"));
  stream->AwaitStarted("t0");
  // A busy machine may hold each one up, but hardly all; the heartbeat comes after half a minute.
  absl::Duration fastest = absl::InfiniteDuration();
  for (int i = 1; i <= 5; ++i) {
    const absl::Time sent = absl::Now();
    const int64_t sequence = stream->SendJob({.id = std::to_string(i)});
    fastest = std::min(fastest, stream->AwaitReceipt(sequence) - sent);
  }
  Expect(fastest < absl::Milliseconds(150),
         absl::StrFormat("the fastest of five receipts within 150 ms, not %s",
                         absl::FormatDuration(fastest)));
}

TEST_F(AnOpenSession, AcknowledgesJobsBeforeItNamesThem) {
  Rule("Receipts", "The receipt comes before, or in, the first frame that names one of the jobs");
  Start({.concurrency = 2, .prefetch = 28});
  const auto stream = NextSession();
  for (int i = 0; i < 10; ++i) {
    const std::string id = std::to_string(i);
    stream->SendJobs({{.id = id + "a"}, {.id = id + "b"}, {.id = id + "c"}});
  }
  // The rest is seen to by what holds in every case.
  for (int i = 0; i < 10; ++i) {
    for (const char* letter : {"a", "b", "c"}) {
      stream->AwaitOutcome("t" + std::to_string(i) + letter);
    }
  }
}

TEST_F(AnOpenSession, LivesWhileAHandlerBlocksTheInterpreter) {
  Rule("Living", "Heartbeats do not wait for handlers, not even for one that blocks everything");
  constexpr absl::Duration kTimeout = absl::Milliseconds(1500);
  Start({.concurrency = 2});
  const auto stream =
      NextSession({.heartbeat_interval = absl::Milliseconds(300), .session_timeout = kTimeout});
  stream->SendJob(BlockJob("1", 4000));
  AwaitBegun("1");
  stream->AwaitOutcome("t1");
  // Ten frames are to come in the time, so that a busy machine may delay some.
  absl::Time last;
  for (const ReceivedFrame& received : stream->Frames()) {
    if (last != absl::Time() && received.at - last >= kTimeout) {
      Break(absl::StrFormat("no silence as long as the session timeout of %s, not %s",
                            absl::FormatDuration(kTimeout),
                            absl::FormatDuration(received.at - last)));
    }
    last = received.at;
  }
}

TEST_F(AnOpenSession, HearsTheServerWhileAHandlerBlocksTheInterpreter) {
  Rule("Receipts", "Receipts and replies do not wait for handlers either");
  Start({.concurrency = 2});
  const auto stream = NextSession();
  stream->SendJob(BlockJob("1", 2500));
  AwaitBegun("1");
  stream->AwaitReceipt(stream->SendJob({.id = "2"}));
  ExpectNoOutcome(*stream, "t1");
  stream->AwaitReply();
  ExpectNoOutcome(*stream, "t1");
  stream->AwaitOutcome("t1");
  stream->AwaitOutcome("t2");
}

TEST_F(AnOpenSession, GoesOnWithoutWaitingForRecords) {
  Rule("Windows", "A slot is free as soon as the outcome is sent: the next handler begins");
  Start({.concurrency = 1, .prefetch = 2});
  const auto stream = NextSession({.records = false});
  stream->SendJobs({{.id = "1"}, {.id = "2"}, {.id = "3"}});
  for (const std::string token : {"t1", "t2", "t3"}) stream->AwaitOutcome(token);
}

TEST_F(AnOpenSession, TakesAJobOfAnySize) {
  Rule("Limits", "A `jobs` frame may be larger than 4 MiB");
  Start();
  const auto stream = NextSession();
  stream->SendJob({.id = "1", .payload = R"({"text":")" + std::string(6 << 20, 'x') + R"("})"});
  Expect(stream->AwaitOutcome("t1").has_complete(), "the outcome `complete`");
}

TEST_F(AnOpenSession, SendsNoFrameThatNoServerTakes) {
  Rule("Limits", "No frame to the server is larger than `frame_limit`, whatever a handler raises");
  Start();
  const auto stream = NextSession();
  stream->SendJob({.id = "1",
                   .task = "fail",
                   .payload = R"({"error":"too long: )" + std::string(6 << 20, 'x') + R"("})"});
  const v1::Outcome outcome = stream->AwaitOutcome("t1");
  Expect(outcome.fail().error().starts_with("too long: xxx"), "the beginning of the error");
}

}  // namespace
}  // namespace leasehold::conformance
