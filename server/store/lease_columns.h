#pragma once

#include <pqxx/binarystring>

#include "server/job/lease.h"

// The columns of a row of `leases`, each an array with one element per lease.
namespace leasehold::store {

pqxx::binarystring LeaseJobIds(const LeaseRow& row);          // bigint[]
pqxx::binarystring LeaseActivations(const LeaseRow& row);     // integer[]
pqxx::binarystring LeaseSessions(const LeaseRow& row);        // bigint[]
pqxx::binarystring LeaseFencingNumbers(const LeaseRow& row);  // bigint[]
pqxx::binarystring LeaseSecrets(const LeaseRow& row);         // bigint[]

}  // namespace leasehold::store
