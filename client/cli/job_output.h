#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "client/cpp/client.h"
#include "client/cpp/job.h"

// Jobs, figures and servers as tables for people and as JSON for programs.
namespace leasehold::cli {

// "ready", "scheduled", "leased", "failed".
std::string StateName(client::JobState state);

// One JSON object on one line. The payload is the job's own text, byte for byte; a job without one
// (from a list) has no such member.
std::string JobJson(const client::Job& job);

void PrintJob(const client::Job& job, std::ostream& out);
// Lines are cut to `width` columns; 0: never.
void PrintJobs(const std::vector<client::Job>& jobs, size_t width, std::ostream& out);
// An array with a job on each line.
void PrintJobsJson(const std::vector<client::Job>& jobs, std::ostream& out);

void PrintStats(const client::Stats& stats, absl::Time now, std::ostream& out);
std::string StatsJson(const client::Stats& stats);

// Lines are cut to `width` columns; 0: never.
void PrintServers(const client::Servers& servers, size_t width, std::ostream& out);
std::string ServersJson(const client::Servers& servers);

}  // namespace leasehold::cli
