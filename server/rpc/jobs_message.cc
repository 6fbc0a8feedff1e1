#include "server/rpc/jobs_message.h"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

#include "leasehold/v1/executor_service.pb.h"
#include "server/rpc/convert_time.h"
#include "server/rpc/metadata_json.h"

namespace leasehold::rpc {
namespace {

using google::protobuf::io::CodedOutputStream;
using Proto = v1::LeasedJob;

constexpr uint32_t kVarint = 0;
constexpr uint32_t kLengthDelimited = 2;

// What a message would take.
struct Counter {
  void Varint(uint64_t value) { size += CodedOutputStream::VarintSize64(value); }
  void Bytes(std::string_view bytes) { size += bytes.size(); }

  size_t size = 0;
};

struct Writer {
  void Varint(uint64_t value) { at = CodedOutputStream::WriteVarint64ToArray(value, at); }
  void Bytes(std::string_view bytes) {
    std::memcpy(at, bytes.data(), bytes.size());
    at += bytes.size();
  }

  uint8_t* at;
};

template <typename Sink>
void Number(int field, uint64_t value, Sink& to) {
  if (value == 0) return;
  to.Varint(static_cast<uint32_t>(field) << 3 | kVarint);
  to.Varint(value);
}

// Negative ones take ten bytes, as protobuf has it.
template <typename Sink>
void Number(int field, int value, Sink& to) {
  Number(field, static_cast<uint64_t>(int64_t{value}), to);
}

template <typename Sink>
void Head(int field, size_t size, Sink& to) {
  to.Varint(static_cast<uint32_t>(field) << 3 | kLengthDelimited);
  to.Varint(size);
}

template <typename Sink>
void Text(int field, std::string_view text, Sink& to) {
  Head(field, text.size(), to);
  to.Bytes(text);
}

template <typename Sink>
void Moment(int field, absl::Time time, Sink& to) {
  const google::protobuf::Timestamp stamp = ToProto(time);
  const auto write = [&stamp](auto& into) {
    Number(google::protobuf::Timestamp::kSecondsFieldNumber, static_cast<uint64_t>(stamp.seconds()),
           into);
    Number(google::protobuf::Timestamp::kNanosFieldNumber, stamp.nanos(), into);
  };
  Counter counter;
  write(counter);
  Head(field, counter.size, to);
  write(to);
}

template <typename Sink>
void Entry(const std::pair<std::string, std::string>& entry, Sink& to) {
  const auto write = [&entry](auto& into) {
    Text(1, entry.first, into);
    Text(2, entry.second, into);
  };
  Counter counter;
  write(counter);
  Head(Proto::kMetadataFieldNumber, counter.size, to);
  write(to);
}

std::vector<std::pair<std::string, std::string>> ParseMetadata(const std::string& json) {
  Metadata metadata;
  MetadataFromJson(json, metadata);
  return {metadata.begin(), metadata.end()};
}

bool HasMetadata(const queue::LeasedJob& leased) {
  return !leased.job.metadata.empty() && leased.job.metadata != "{}";
}

}  // namespace

JobsMessage::JobsMessage(const queue::JobsFrame& frame, uint64_t epoch)
    : frame_(frame), epoch_(epoch) {
  if (std::any_of(frame.jobs.begin(), frame.jobs.end(), HasMetadata)) {
    for (const queue::LeasedJob& leased : frame.jobs) {
      metadata_.push_back(HasMetadata(leased) ? ParseMetadata(leased.job.metadata) : Metadata());
    }
  }
  job_sizes_.reserve(frame.jobs.size());
  for (size_t i = 0; i < frame.jobs.size(); ++i) {
    Counter counter;
    WriteJob(i, counter);
    job_sizes_.push_back(counter.size);
    Head(v1::LeaseJobsResponse::Jobs::kJobsFieldNumber, counter.size, counter);
    jobs_size_ += counter.size;
  }
  Counter sequence;
  Number(v1::LeaseJobsResponse::Jobs::kSequenceFieldNumber, static_cast<uint64_t>(frame.sequence),
         sequence);
  jobs_size_ += sequence.size;
  Counter counter;
  Head(v1::LeaseJobsResponse::kJobsFieldNumber, jobs_size_, counter);
  Number(v1::LeaseJobsResponse::kEpochFieldNumber, epoch_, counter);
  size_ = jobs_size_ + counter.size;
}

void JobsMessage::WriteTo(uint8_t* bytes) const {
  Writer to{bytes};
  Head(v1::LeaseJobsResponse::kJobsFieldNumber, jobs_size_, to);
  Number(v1::LeaseJobsResponse::Jobs::kSequenceFieldNumber, static_cast<uint64_t>(frame_.sequence),
         to);
  for (size_t i = 0; i < frame_.jobs.size(); ++i) {
    Head(v1::LeaseJobsResponse::Jobs::kJobsFieldNumber, job_sizes_[i], to);
    WriteJob(i, to);
  }
  Number(v1::LeaseJobsResponse::kEpochFieldNumber, epoch_, to);
}

template <typename Sink>
void JobsMessage::WriteJob(size_t index, Sink& to) const {
  const queue::LeasedJob& leased = frame_.jobs[index];
  const Job& job = leased.job;
  char token[LeaseToken::kTextSize];
  leased.token.EncodeTo(token);
  Text(Proto::kLeaseTokenFieldNumber, {token, sizeof(token)}, to);
  Number(Proto::kFencingNumberFieldNumber, leased.token.fencing_number, to);
  char id[20];
  const auto id_end = std::to_chars(id, id + sizeof(id), job.id).ptr;
  Text(Proto::kIdFieldNumber, {id, static_cast<size_t>(id_end - id)}, to);
  Text(Proto::kTaskFieldNumber, job.task, to);
  Text(Proto::kPayloadFieldNumber, job.payload, to);
  if (job.queue_name.has_value()) Text(Proto::kQueueNameFieldNumber, *job.queue_name, to);
  Number(Proto::kAttemptFieldNumber, leased.attempt, to);
  Number(Proto::kMaxAttemptsFieldNumber, job.max_attempts, to);
  if (job.key.has_value()) Text(Proto::kKeyFieldNumber, *job.key, to);
  Number(Proto::kPriorityFieldNumber, job.priority, to);
  Moment(Proto::kRunAtFieldNumber, job.run_at, to);
  Moment(Proto::kCreatedAtFieldNumber, job.created_at, to);
  if (!metadata_.empty()) {
    for (const auto& entry : metadata_[index]) Entry(entry, to);
  }
  for (const std::string& flag : job.flags) Text(Proto::kFlagsFieldNumber, flag, to);
}

}  // namespace leasehold::rpc
