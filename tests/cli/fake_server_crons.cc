#include <algorithm>
#include <string>

#include "tests/cli/fake_server.h"

namespace leasehold::cli {
namespace {

grpc::Status CronNotFound(const std::string& identifier) {
  return {grpc::StatusCode::NOT_FOUND, "there is no cron \"" + identifier + "\""};
}

auto Find(std::vector<v1::Cron>& crons, const std::string& identifier) {
  return std::find_if(crons.begin(), crons.end(),
                      [&](const v1::Cron& cron) { return cron.spec().identifier() == identifier; });
}

}  // namespace

// The page token is the number of crons before the page.
grpc::Status FakeServer::ListCrons(grpc::ServerContext*, const v1::ListCronsRequest* request,
                                   v1::ListCronsResponse* response) {
  cron_list_requests.push_back(*request);
  const size_t begin = request->page_token().empty() ? 0 : std::stoul(request->page_token());
  const size_t end = std::min(crons.size(), begin + static_cast<size_t>(request->page_size()));
  for (size_t i = begin; i < end; ++i) *response->add_crons() = crons[i];
  if (end < crons.size()) response->set_next_page_token(std::to_string(end));
  return status;
}

grpc::Status FakeServer::PutCron(grpc::ServerContext*, const v1::PutCronRequest* request,
                                 v1::PutCronResponse* response) {
  put_spec = request->spec();
  *response->mutable_cron()->mutable_spec() = request->spec();
  response->mutable_cron()->mutable_next_run()->set_seconds(1'927'627'200);
  return status;
}

grpc::Status FakeServer::ApplyCrontab(grpc::ServerContext*, const v1::ApplyCrontabRequest* request,
                                      v1::ApplyCrontabResponse* response) {
  apply_request = *request;
  for (const v1::Cron& cron : crons) *response->add_crons() = cron;
  response->mutable_removed()->Assign(removed_crons.begin(), removed_crons.end());
  return status;
}

grpc::Status FakeServer::SetPaused(const std::string& identifier, bool paused, v1::Cron* answer) {
  const auto cron = Find(crons, identifier);
  if (cron == crons.end()) return CronNotFound(identifier);
  cron->set_paused(paused);
  *answer = *cron;
  return status;
}

grpc::Status FakeServer::PauseCron(grpc::ServerContext*, const v1::PauseCronRequest* request,
                                   v1::PauseCronResponse* response) {
  return SetPaused(request->identifier(), true, response->mutable_cron());
}

grpc::Status FakeServer::ResumeCron(grpc::ServerContext*, const v1::ResumeCronRequest* request,
                                    v1::ResumeCronResponse* response) {
  return SetPaused(request->identifier(), false, response->mutable_cron());
}

grpc::Status FakeServer::RemoveCron(grpc::ServerContext*, const v1::RemoveCronRequest* request,
                                    v1::RemoveCronResponse*) {
  const auto cron = Find(crons, request->identifier());
  if (cron == crons.end()) return CronNotFound(request->identifier());
  crons.erase(cron);
  return status;
}

grpc::Status FakeServer::RunCron(grpc::ServerContext*, const v1::RunCronRequest* request,
                                 v1::RunCronResponse* response) {
  run_request = *request;
  if (Find(crons, request->identifier()) == crons.end()) return CronNotFound(request->identifier());
  response->set_job_id("42");
  return status;
}

}  // namespace leasehold::cli
