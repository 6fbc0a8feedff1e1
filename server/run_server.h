#pragma once

#include <string>
#include <vector>

#include "sql/migration.h"

namespace leasehold {

// The program leasehold-server, with the arguments after its name; returns its exit status. Once.
int RunServer(const std::vector<std::string>& args, std::vector<sql::Migration> migrations);

}  // namespace leasehold
