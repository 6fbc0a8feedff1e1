#include "server/cron/crontab.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/base/utf8.h"
#include "server/cron/crontab_options.h"
#include "server/cron/json5.h"
#include "server/cron/text.h"

namespace leasehold {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kMaxErrors = 1000;
constexpr size_t kMaxMessageBytes = 400;

// What a message quotes may be as long as the file.
std::string Cut(std::string message) {
  if (message.size() <= kMaxMessageBytes) return message;
  size_t at = 0;
  while (at < message.size() && at < kMaxMessageBytes) {
    at += std::max<size_t>(CharacterLength(message, at), 1);
  }
  message.resize(std::min(at, message.size()));
  return message + "...";
}

// Where the first byte that is no UTF-8 stands.
std::optional<size_t> FindBadUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = CharacterLength(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

// Reads one line that is neither blank nor a comment: schedule, task, options, payload.
class LineReader {
 public:
  LineReader(std::string_view line, std::vector<TextFault>& faults)
      : line_(line), faults_(faults) {}

  std::optional<CronEntry> Read() {
    const size_t faults_before = faults_.size();
    if (!ReadSchedule()) return std::nullopt;
    ReadTask();
    if (At('?')) ReadOptions();
    if (At('{')) {
      ReadPayload();
    } else if (at_ < line_.size()) {
      Fail(at_, "expected ?options or a payload, a JSON5 object in braces");
    }
    std::vector<CronFault> faults;
    auto entry = CheckCron(spec_, faults);
    for (CronFault& fault : faults) Place(fault);
    if (faults_.size() > faults_before) return std::nullopt;
    return entry;
  }

  // Empty if the line has no task that could be one.
  std::string_view identifier() const {
    if (!has_task_) return "";
    return spec_.identifier.empty() ? spec_.task : spec_.identifier;
  }
  size_t identifier_at() const {
    const auto given = places_.find("identifier");
    return given == places_.end() ? task_at_ : given->second;
  }

 private:
  void Fail(size_t at, std::string message) { faults_.push_back({at, std::move(message)}); }

  bool At(char c) const { return at_ < line_.size() && line_[at_] == c; }

  // Moves to the word after it.
  std::string_view TakeWord() {
    const size_t end = std::min(line_.find_first_of(kBlanks, at_), line_.size());
    const std::string_view word = line_.substr(at_, end - at_);
    at_ = std::min(line_.find_first_not_of(kBlanks, end), line_.size());
    return word;
  }

  bool ReadSchedule() {
    at_ = std::min(line_.find_first_not_of(kBlanks), line_.size());
    schedule_at_ = at_;
    size_t end = at_;
    const int fields = At('@') ? 1 : 5;
    for (int i = 0; i < fields; ++i) {
      if (at_ == line_.size()) return FailShortLine();
      end = at_;
      end += TakeWord().size();
    }
    spec_.schedule = line_.substr(schedule_at_, end - schedule_at_);
    return true;
  }

  bool FailShortLine() {
    const std::string_view first =
        line_.substr(schedule_at_, line_.find_first_of("= \t") - schedule_at_);
    if (!first.empty() && line_.find('=') != std::string_view::npos && IsCrontabTask(first)) {
      Fail(schedule_at_,
           "a crontab sets no variables; a task's time zone is its option "
           "?tz=Area/City");
    } else {
      Fail(schedule_at_,
           "expected a schedule of five fields (minute, hour, day of month, month, "
           "day of week) and a task's name");
    }
    return false;
  }

  void ReadTask() {
    task_at_ = at_;
    if (at_ == line_.size()) {
      Fail(at_, "expected a task's name");
    } else if (!At('?') && !At('{')) {
      const std::string_view word = TakeWord();
      has_task_ = IsCrontabTask(word);
      if (has_task_) {
        spec_.task = word;
        return;
      }
      Fail(task_at_, absl::StrFormat("'%s' is no task's name: it begins with a letter or "
                                     "underscore, then come letters, digits and _:/-%s",
                                     word, HintForTask(word)));
    } else {
      Fail(at_, "expected a task's name between the schedule and the rest");
    }
    spec_.task = "task";  // it has its fault already
  }

  static std::string_view HintForTask(std::string_view word) {
    const bool field = word.find_first_not_of("0123456789*/,-") == std::string_view::npos;
    return field ? "; a schedule has five fields, no seconds and no years" : "";
  }

  void ReadOptions() {
    ++at_;
    const size_t begin = at_;
    const std::string_view word = line_.substr(begin, line_.find_first_of(kBlanks, begin) - begin);
    std::vector<TextFault> faults;
    ReadCrontabOptions(word, spec_, places_, faults);
    for (auto& [field, place] : places_) place += begin;
    for (TextFault& fault : faults) Fail(begin + fault.at, std::move(fault.message));
    TakeWord();
  }

  void ReadPayload() {
    TextFault fault;
    if (auto json = Json5ObjectToJson(line_.substr(at_), fault); json.has_value()) {
      spec_.payload = *std::move(json);
    } else {
      Fail(at_ + fault.at, std::move(fault.message));
    }
  }

  // Says where in the line a field of the spec stands.
  void Place(CronFault& fault) {
    if (fault.field == "schedule") {
      return Fail(schedule_at_ + fault.at.value_or(0), std::move(fault.message));
    }
    const auto given = places_.find(fault.field);
    Fail(given == places_.end() ? task_at_ : given->second,
         absl::StrFormat("%s %s", NameInCrontab(fault.field), fault.message));
  }

  const std::string_view line_;
  std::vector<TextFault>& faults_;
  CronSpec spec_;
  OptionPlaces places_;
  size_t at_ = 0;
  size_t schedule_at_ = 0;
  size_t task_at_ = 0;
  bool has_task_ = false;
};

class CrontabReader {
 public:
  Crontab Read(std::string_view text) {
    if (text.size() > kMaxCrontabBytes) {
      AddError(0, absl::StrFormat("the crontab has %d bytes, more than %d", text.size(),
                                  kMaxCrontabBytes));
      return std::move(crontab_);
    }
    for (const std::string_view line : Split(text, '\n')) {
      ReadLine(line);
      ++line_;
      if (entries_ > kMaxCrontabEntries || crontab_.errors.size() >= kMaxErrors) break;
    }
    return std::move(crontab_);
  }

 private:
  void AddError(size_t at, std::string message) {
    if (crontab_.errors.size() == kMaxErrors) return;
    crontab_.errors.push_back({line_, static_cast<int>(at) + 1, Cut(std::move(message))});
  }

  void ReadLine(std::string_view line) {
    const size_t skipped = line_ == 1 && line.starts_with(kByteOrderMark) ? 3 : 0;
    line.remove_prefix(skipped);
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    const size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos || line[begin] == '#') return;
    if (const auto bad = FindBadUtf8(line); bad.has_value()) {
      return AddError(*bad + skipped, "the line is not valid UTF-8 here");
    }
    if (++entries_ > kMaxCrontabEntries) {
      return AddError(begin + skipped,
                      absl::StrFormat("the crontab has more than %d entries", kMaxCrontabEntries));
    }
    ReadEntry(line, skipped);
  }

  void ReadEntry(std::string_view line, size_t skipped) {
    std::vector<TextFault> faults;
    LineReader reader(line, faults);
    auto entry = reader.Read();
    const std::string identifier(reader.identifier());
    if (!identifier.empty()) {
      const auto [known, is_new] = lines_.emplace(identifier, line_);
      if (!is_new) {
        faults.push_back({reader.identifier_at(),
                          absl::StrFormat("the identifier '%s' is that of line %d too: give one of "
                                          "them another with ?id=",
                                          identifier, known->second)});
      }
    }
    std::stable_sort(faults.begin(), faults.end(),
                     [](const TextFault& a, const TextFault& b) { return a.at < b.at; });
    for (TextFault& fault : faults) AddError(fault.at + skipped, std::move(fault.message));
    if (faults.empty()) crontab_.entries.push_back(*std::move(entry));
  }

  Crontab crontab_;
  int line_ = 1;
  size_t entries_ = 0;
  std::unordered_map<std::string, int> lines_;  // by identifier
};

}  // namespace

Crontab ParseCrontab(std::string_view text) { return CrontabReader().Read(text); }

std::string FormatErrors(const std::vector<CrontabError>& errors, std::string_view file) {
  std::string lines;
  for (const CrontabError& error : errors) {
    absl::StrAppendFormat(&lines, "%s:%d:%d: %s\n", file, error.line, error.column, error.message);
  }
  return lines;
}

}  // namespace leasehold
