#pragma once

namespace leasehold {

// Debian builds abseil without NDEBUG: then each lock that gRPC takes is looked up in one graph of
// all locks, behind one spin lock, to find two threads that take locks in opposite order. That
// check is not ours to make in production. Switched off for the whole process, once.
void SkipLockOrderChecks();

}  // namespace leasehold
