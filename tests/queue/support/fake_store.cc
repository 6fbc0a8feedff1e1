#include "tests/queue/support/fake_store.h"

#include <variant>

#include "tests/queue/support/execute.h"

namespace leasehold::fake {
namespace {

// Writes are fenced by the epoch and stand before the reads in StoreRequest.
bool IsWrite(const StoreRequest& request) {
  return request.index() <= StoreRequest(DeleteInbox()).index();
}

}  // namespace

void FakeStore::Submit(uint64_t ticket, StoreRequest request) {
  asked_.push_back(request);
  pending_.push_back({ticket, std::move(request), false, {}, {}});
}

absl::Status FakeStore::Obstacle(const StoreRequest& request) {
  if (away_) return absl::UnavailableError("the database is away");
  Switch& of_kind = switches_[request.index()];
  if (of_kind.failures > 0) {
    --of_kind.failures;
    return of_kind.status;
  }
  if (IsWrite(request) && epoch_ != tables_.epoch) {
    return absl::FailedPreconditionError("another leader has raised the epoch");
  }
  return absl::OkStatus();
}

void FakeStore::Run(size_t index, absl::Time now) {
  Pending& pending = pending_[index];
  if (std::exchange(pending.ran, true)) return;
  pending.status = Obstacle(pending.request);
  if (!pending.status.ok()) return;
  std::visit(
      [&](const auto& request) {
        auto answer = Execute(tables_, request, now);
        if (answer.ok()) {
          pending.answer = *std::move(answer);
        } else {
          pending.status = answer.status();
        }
      },
      pending.request);
}

void FakeStore::Refuse(size_t index, absl::Status status) {
  if (!std::exchange(pending_[index].ran, true)) pending_[index].status = std::move(status);
}

void FakeStore::Undo(size_t index) {
  Pending& pending = pending_[index];
  pending.ran = false;
  pending.status = absl::OkStatus();
  pending.answer = StoreAnswer();
}

FakeStore::Pending FakeStore::Take(size_t index) {
  Pending taken = std::move(pending_[index]);
  pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
  return taken;
}

std::optional<FakeStore::Pending> FakeStore::Next(absl::Time now) {
  for (size_t i = 0; i < pending_.size(); ++i) {
    const Switch& of_kind = switches_[pending_[i].request.index()];
    if (of_kind.held && !pending_[i].ran) continue;
    Run(i, now);
    if (!of_kind.answers_held || away_) return Take(i);
  }
  return std::nullopt;
}

void FakeStore::GoAway() {
  away_ = true;
  for (size_t i = 0; i < pending_.size(); ++i) {
    Refuse(i, absl::UnavailableError("the database is away"));
  }
}

uint64_t FakeStore::ComeBack() {
  away_ = false;
  return Lead();
}

}  // namespace leasehold::fake
