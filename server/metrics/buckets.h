#pragma once

#include <vector>

namespace leasehold {

// Bounds, in seconds, of the histograms of what should be quick.
inline std::vector<double> LatencyBuckets() {
  return {.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60};
}

// Bounds, in seconds, of the histograms of what users do in their jobs.
inline std::vector<double> RunTimeBuckets() {
  return {.001, .005, .01, .05, .1, .5, 1, 5, 10, 30, 60, 300, 900, 3600};
}

// Bounds, in jobs, of the histograms of batches.
inline std::vector<double> BatchBuckets() { return {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}; }

// Bounds, in seconds, of the histograms of what happens inside the server.
inline std::vector<double> StageBuckets() {
  return {.00001, .00002, .00005, .0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1, 1};
}

}  // namespace leasehold
