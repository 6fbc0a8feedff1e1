#include "tests/postgres/postgres_cluster.h"

#include <libpq-fe.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace leasehold::testing {
namespace {

void ThrowIfError(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(std::string(status.message()));
}

}  // namespace

PostgresCluster::PostgresCluster(Options options) : options_(std::move(options)), owner_(getpid()) {
  if (options_.standby_of != nullptr) CopyFrom(*options_.standby_of);
  Start();
}

PostgresCluster::~PostgresCluster() {
  if (getpid() != owner_) {
    static_cast<void>(postgres_.release());
  } else if (running()) {
    Stop("immediate");
  }
}

PostgresCluster& PostgresCluster::Shared() {
  static PostgresCluster cluster;
  return cluster;
}

void PostgresCluster::CopyFrom(const PostgresCluster& primary) const {
  const std::string theirs = primary.data_dir() + "/postgres";
  const std::string ours = data_dir() + "/postgres";
  std::string version;
  std::ifstream(theirs + "/data/PG_VERSION") >> version;
  std::filesystem::create_directory(ours);
  std::filesystem::permissions(ours, std::filesystem::perms::owner_all);
  std::string command = "/usr/lib/postgresql/" + version +
                        "/bin/pg_basebackup --write-recovery-conf --checkpoint=fast -D '" + ours +
                        "/data' -d '" + options_.primary_url + "'";
  // PostgreSQL runs as the owner of its data.
  if (geteuid() == 0) command += " && chown -R --reference='" + theirs + "' '" + ours + "'";
  if (std::system(command.c_str()) != 0) throw std::runtime_error(command + " failed");
}

void PostgresCluster::Start() {
  auto postgres = store::EmbeddedPostgres::Start(
      {.data_dir = data_dir(), .settings = options_.settings, .durable = options_.durable});
  ThrowIfError(postgres.status());
  postgres_ = *std::move(postgres);
  url_ = postgres_->url();
}

void PostgresCluster::Stop(const std::string& mode) {
  if (mode == "immediate") kill(postgres_->pid(), SIGQUIT);
  ThrowIfError(postgres_->Stop());
  postgres_.reset();
}

void PostgresCluster::Kill() {
  kill(postgres_->pid(), SIGKILL);
  postgres_.reset();
}

std::string PostgresCluster::Url(const std::string& database) const {
  std::string url = url_;
  const std::string standard = "/postgres?";
  return url.replace(url.find(standard), standard.size(), "/" + database + "?");
}

std::string PostgresCluster::CreateDatabase(TemplateSetup setup) {
  const std::string original = setup == nullptr ? "template1" : TemplateOf(setup);
  std::string name = "test_" + std::to_string(++databases_);
  Execute("CREATE DATABASE " + name + " TEMPLATE " + original);
  return name;
}

std::string PostgresCluster::TemplateOf(TemplateSetup setup) {
  if (auto it = templates_.find(setup); it != templates_.end()) return it->second;
  std::string name = "original_" + std::to_string(templates_.size() + 1);
  Execute("CREATE DATABASE " + name);
  ThrowIfError(setup(Url(name)));
  templates_[setup] = name;
  return name;
}

void PostgresCluster::DropDatabase(const std::string& name) {
  Execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
}

void PostgresCluster::Execute(const std::string& sql, const std::string& database) {
  const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(Url(database).c_str()),
                                                              PQfinish);
  const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection.get(), sql.c_str()),
                                                              PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    throw std::runtime_error(sql + ": " + PQerrorMessage(connection.get()));
  }
}

TestDatabase::~TestDatabase() {
  if (!cluster_.running()) return;  // a fault test may end with its cluster down
  try {
    cluster_.DropDatabase(name_);
  } catch (const std::exception&) {
    // Gone with the cluster.
  }
}

}  // namespace leasehold::testing
