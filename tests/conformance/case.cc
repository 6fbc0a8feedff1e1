#include "tests/conformance/case.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/eventually.h"

namespace leasehold::conformance {
namespace {

// How often a wait looks whether the program still runs.
constexpr absl::Duration kGlance = absl::Milliseconds(100);

std::string& ExecutorCommand() {
  static std::string& command = *new std::string;
  return command;
}

std::map<std::string, std::string> EnvironmentOf(const std::string& address, int concurrency) {
  return {{"LEASEHOLD_SERVER", address}, {"CONFORMANCE_CONCURRENCY", std::to_string(concurrency)}};
}

// Asks `next` until it has something or the program has ended.
template <typename Next>
auto Take(testing::Process& program, const std::string& expected, const Next& next) {
  const absl::Time end = absl::Now() + kPatience;
  for (;;) {
    if (auto found = next(kGlance); found != nullptr) return found;
    if (!program.running()) {
      std::ostringstream exit;
      exit << *program.Wait(absl::ZeroDuration());
      Break(absl::StrFormat("%s; but the program has ended: %s", expected, exit.str()));
    }
    if (absl::Now() >= end) {
      Break(absl::StrFormat("%s, within %s", expected, absl::FormatDuration(kPatience)));
    }
  }
}

}  // namespace

void SetExecutorCommand(const std::string& command) { ExecutorCommand() = command; }

testing::Process RunExecutor(const std::map<std::string, std::string>& environment) {
  return testing::Process(
      "/bin/sh", testing::Process::Options{.arguments = {"-c", "exec " + ExecutorCommand()},
                                           .environment = environment});
}

void Case::SetUp() {
  Trace::Begin();
  server_ = std::make_unique<Server>("A", conduct_);
}

void Case::TearDown() {
  const std::vector<std::string> faults = conduct_.Faults();
  if (!faults.empty()) {
    ADD_FAILURE() << "the program sent what no server takes:\n  " << absl::StrJoin(faults, "\n  ");
  }
  if (HasFailure()) std::cout << "what happened:\n" << Trace::Text() << '\n';
  program_.reset();
}

void Case::Start(const Program& program) {
  std::map<std::string, std::string> environment = EnvironmentOf(
      program.address.empty() ? server_->address() : program.address, program.concurrency);
  if (program.prefetch) environment["CONFORMANCE_PREFETCH"] = std::to_string(*program.prefetch);
  if (program.once) environment["CONFORMANCE_ONCE"] = "1";
  if (program.grace_milliseconds) {
    environment["CONFORMANCE_GRACE_MS"] = std::to_string(*program.grace_milliseconds);
  }
  if (!program.flags.empty()) environment["CONFORMANCE_FLAGS"] = program.flags;
  if (program.producer > 0) {
    environment["CONFORMANCE_PRODUCER"] = std::to_string(program.producer);
  }
  Trace::Note("the program starts: " + ExecutorCommand());
  program_ = std::make_unique<testing::Process>(
      "/bin/sh", testing::Process::Options{.arguments = {"-c", "exec " + ExecutorCommand()},
                                           .environment = std::move(environment)});
}

std::shared_ptr<Stream> Case::NextStream(Server& server) {
  return Take(*program_, "a stream whose first frame is `open`",
              [&](absl::Duration patience) { return server.NextStream(patience); });
}

std::shared_ptr<Stream> Case::NextSession(const Opened& opened) {
  std::shared_ptr<Stream> stream = NextStream();
  stream->Answer(opened);
  return stream;
}

std::shared_ptr<Stream> Case::Resume(const Tokens& tokens, Opened opened) {
  std::shared_ptr<Stream> stream = NextStream();
  Expect(stream->open().session_id() == opened.session,
         absl::StrFormat("`open` of stream %d names the session, %s", stream->number(),
                         opened.session));
  ExpectHeld(*stream, tokens);
  opened.resumed = true;
  if (opened.resumed_tokens.empty()) opened.resumed_tokens = tokens;
  stream->Answer(opened);
  return stream;
}

std::shared_ptr<Stream> Case::NextStreamAnywhere(Server*& server) {
  return Take(*program_, "a stream whose first frame is `open`", [&](absl::Duration patience) {
    for (Server* one : {server_.get(), &Other()}) {
      server = one;
      if (auto stream = one->NextStream(patience / 2); stream != nullptr) return stream;
    }
    return std::shared_ptr<Stream>();
  });
}

std::shared_ptr<ProducerCall> Case::NextCall() {
  return Take(*program_, "a call of AddJob or AddJobs",
              [&](absl::Duration patience) { return server_->NextCall(patience); });
}

Server& Case::Other() {
  if (other_ == nullptr) other_ = std::make_unique<Server>("B", conduct_);
  return *other_;
}

void Case::Signal(int signal) {
  Trace::Note(absl::StrFormat("signal %d is sent", signal));
  program_->Signal(signal);
}

testing::Exit Case::AwaitExit() {
  const std::optional<testing::Exit> exit = program_->Wait(kPatience);
  Expect(exit.has_value(),
         absl::StrFormat("the program ends, within %s", absl::FormatDuration(kPatience)));
  Trace::Note(absl::StrFormat("the program has ended: exit status %d, signal %d", exit->status,
                              exit->signal));
  return *exit;
}

Job Case::WaitJob(const std::string& id, const std::string& task) const {
  return {.id = id,
          .task = task,
          .payload =
              absl::StrFormat(R"({"started":"%s","until":"%s","cancelled":"%s"})",
                              Path(id + ".started"), Path(id + ".until"), Path(id + ".cancelled"))};
}

void Case::LetEnd(const std::string& id) {
  Trace::Note(absl::StrFormat("the handler of job %s may end", id));
  testing::WriteFile(Path(id + ".until"), "");
}

void Case::AwaitBegun(const std::string& id) {
  AwaitFile(id + ".started", absl::StrFormat("the handler of job %s begins", id));
}

void Case::AwaitCancelled(const std::string& id) {
  AwaitFile(id + ".cancelled", absl::StrFormat("the handler of job %s is cancelled", id));
}

void Case::AwaitFile(const std::string& name, const std::string& expected) {
  Expect(testing::Eventually([&] { return Exists(name); }, kPatience), expected);
}

bool Case::Exists(const std::string& name) const { return access(Path(name).c_str(), F_OK) == 0; }

void Case::ForgetBegun(const std::string& id) { unlink(Path(id + ".started").c_str()); }

void Case::ExpectNoOutcome(const Stream& stream, const std::string& token) {
  Expect(!stream.Outcome(token).has_value(),
         absl::StrFormat("no outcome of %s on stream %d", token, stream.number()));
}

void Case::ExpectHeld(const Stream& stream, const Tokens& tokens) {
  const auto open = stream.open();
  Tokens held(open.held_tokens().begin(), open.held_tokens().end());
  Tokens expected = tokens;
  std::sort(held.begin(), held.end());
  std::sort(expected.begin(), expected.end());
  Expect(held == expected,
         absl::StrFormat("`open` of stream %d holds [%s], not [%s]", stream.number(),
                         absl::StrJoin(expected, " "), absl::StrJoin(held, " ")));
}

}  // namespace leasehold::conformance
