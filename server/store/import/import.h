#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace leasehold::store {

struct ImportOptions {
  // Of graphile-worker or graphile_worker_rs.
  std::string from_schema = "graphile_worker";
  // Ours, created if it is not there. Not used with take_over.
  std::string schema = "leasehold";
  // Only say what would be done.
  bool dry_run = false;
  // Move jobs that are locked there too, and give their attempts back.
  bool unlock = false;
  // Theirs is renamed, and ours takes its name and its grants.
  bool take_over = false;
  // How long to go on trying while somebody holds a lock in the way.
  absl::Duration patience = absl::Seconds(30);
};

// What was moved; with dry_run, what would be.
struct ImportReport {
  struct Task {
    std::string name;
    int64_t jobs = 0;
    int64_t failed = 0;  // permanently
    int64_t locked = 0;
  };
  // A worker there that has locked jobs.
  struct Lock {
    std::string worker;
    int64_t jobs = 0;
    std::string since;  // of the oldest, RFC 3339
  };

  std::string from_schema;
  std::string schema;
  // Whose schema it is.
  std::string program;
  std::vector<Task> tasks;  // by name
  std::vector<Lock> locks;
  int64_t jobs = 0;
  int64_t failed = 0;
  int64_t locked = 0;
  int64_t queues = 0;
  int64_t crontabs = 0;
  // The schema is, or was, created.
  bool creates_schema = false;
  // The jobs keep their ids; otherwise they have new ones in the same order.
  bool keeps_ids = false;
  // With take_over: the new name of theirs, and the GRANTs that were given on ours.
  std::string renamed_to;
  std::vector<std::string> grants;
  // Whole sentences: what the operator should know, and with dry_run also what is in the way.
  std::vector<std::string> warnings;
  std::vector<std::string> obstacles;
};

// Moves the jobs and the known crontabs of another program's schema into ours, in one transaction:
// afterwards its workers find nothing to run. Payloads stay byte for byte. Blocks.
//
// kFailedPrecondition: something is in the way, and the message says what to do. kNotFound: there
// is no such schema. kPermissionDenied: the role lacks a right. kUnavailable: the database does not
// answer, or patience ran out. With any error nothing was done.
absl::StatusOr<ImportReport> Import(const std::string& database_url, const ImportOptions& options);

}  // namespace leasehold::store
