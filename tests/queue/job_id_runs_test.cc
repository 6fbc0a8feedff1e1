#include "server/queue/job_id_runs.h"

#include <vector>

#include "gtest/gtest.h"

namespace leasehold::queue {
namespace {

TEST(JobIdRuns, KeepIdsInTheirOrder) {
  for (const std::vector<JobId>& ids :
       {std::vector<JobId>{}, {7}, {1, 2, 3}, {5, 6, 9, 10, 11, 3}, {3, 2, 1}, {4, 4, 5}}) {
    EXPECT_EQ(JobIdRuns(ids).ids(), ids);
  }
}

}  // namespace
}  // namespace leasehold::queue
