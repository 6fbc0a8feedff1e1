#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "client/cli/document.h"
#include "client/cpp/job.h"

// Jobs for people and for programs.
namespace leasehold::cli {

// "ready", "scheduled", "leased", "failed".
std::string StateName(client::JobState state);

// The payload is the job's own text, byte for byte; a job without one (from a list) has no such
// member.
Json JobDocument(const client::Job& job);

void PrintJob(const client::Job& job, std::ostream& out);
// Lines are cut to `width` columns; 0: never.
void PrintJobs(const std::vector<client::Job>& jobs, size_t width, std::ostream& out);

}  // namespace leasehold::cli
