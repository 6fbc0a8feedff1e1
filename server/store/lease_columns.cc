#include "server/store/lease_columns.h"

#include "server/store/array_parameter.h"

namespace leasehold::store {

pqxx::binarystring LeaseJobIds(const LeaseRow& row) {
  return ArrayOf(ElementType::kBigint, row.leases,
                 [](const Lease& lease) { return lease.token.job_id; });
}

pqxx::binarystring LeaseActivations(const LeaseRow& row) {
  return ArrayOf(ElementType::kInteger, row.leases,
                 [](const Lease& lease) { return lease.token.activation; });
}

pqxx::binarystring LeaseSessions(const LeaseRow& row) {
  return ArrayOf(ElementType::kBigint, row.leases,
                 [](const Lease& lease) { return lease.session; });
}

pqxx::binarystring LeaseFencingNumbers(const LeaseRow& row) {
  return ArrayOf(ElementType::kBigint, row.leases,
                 [](const Lease& lease) { return lease.token.fencing_number; });
}

pqxx::binarystring LeaseSecrets(const LeaseRow& row) {
  return ArrayOf(ElementType::kBigint, row.leases,
                 [](const Lease& lease) { return lease.token.secret; });
}

}  // namespace leasehold::store
