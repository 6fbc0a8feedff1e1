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

}  // namespace leasehold
