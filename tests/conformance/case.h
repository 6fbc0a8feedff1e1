#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/conformance/server.h"
#include "tests/end_to_end/process.h"

namespace leasehold::conformance {

// The shell command of the program under test; its contract stands in
// docs/write-your-own-executor.md.
void SetExecutorCommand(const std::string& command);
testing::Process RunExecutor(const std::map<std::string, std::string>& environment);

// One rule, one program, one scripted server (or two).
class Case : public ::testing::Test {
 protected:
  struct Program {
    int concurrency = 4;
    std::optional<int> prefetch = {};
    bool once = false;
    std::optional<int> grace_milliseconds = {};
    std::string flags = {};
    int producer = 0;
    // Empty: the server's.
    std::string address = {};
  };

  void SetUp() override;
  void TearDown() override;

  // What the case checks: the section of docs/protocol.md, and the sentence of the table.
  static void Rule(std::string_view section, std::string_view sentence) {
    SetRule(section, sentence);
  }

  void Start(const Program& program);
  void Start() { Start(Program{}); }
  // The program's next stream, here or at `server`.
  std::shared_ptr<Stream> NextStream() { return NextStream(*server_); }
  std::shared_ptr<Stream> NextStream(Server& server);
  // The same, answered.
  std::shared_ptr<Stream> NextSession(const Opened& opened = {});
  // The next stream goes on with the session of the one before, and with these tokens.
  std::shared_ptr<Stream> Resume(const Tokens& tokens, Opened opened = {});
  // Here or at the other server, whose name it is that is given.
  std::shared_ptr<Stream> NextStreamAnywhere(Server*& server);
  std::shared_ptr<ProducerCall> NextCall();
  // Another server, for cases of two.
  Server& Other();

  void Signal(int signal);
  // How it ended, which it has to within kPatience.
  testing::Exit AwaitExit();
  // What it has written, the log before the rest.
  std::string Output() const { return program_->Errors() + program_->Output(); }
  bool running() { return program_->running(); }

  // --- Jobs that wait for files ---

  // Of the tasks `wait` and `stubborn`: "ID.started", "ID.until" and "ID.cancelled".
  Job WaitJob(const std::string& id, const std::string& task = "wait") const;
  // Lets it complete.
  void LetEnd(const std::string& id);
  void AwaitBegun(const std::string& id);
  void AwaitCancelled(const std::string& id);
  bool Begun(const std::string& id) const { return Exists(id + ".started"); }
  bool Cancelled(const std::string& id) const { return Exists(id + ".cancelled"); }

  // As if its handler had not begun.
  void ForgetBegun(const std::string& id);

  // Nothing was reported of it on this stream up to now.
  static void ExpectNoOutcome(const Stream& stream, const std::string& token);
  // Whether these are exactly the tokens that `open` holds.
  static void ExpectHeld(const Stream& stream, const Tokens& tokens);

  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }

  Conduct conduct_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Server> other_;

 private:
  bool Exists(const std::string& name) const;
  void AwaitFile(const std::string& name, const std::string& expected);

  testing::ScratchDirectory directory_;
  std::unique_ptr<testing::Process> program_;
};

}  // namespace leasehold::conformance
