#include "server/cron/schedule_fields.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/cron/text.h"

namespace leasehold {
namespace {

constexpr std::string_view kBlanks = " \t";

constexpr std::array<std::string_view, 7> kWeekdayNames = {"sun", "mon", "tue", "wed",
                                                           "thu", "fri", "sat"};
constexpr std::array<std::string_view, 12> kMonthNames = {"jan", "feb", "mar", "apr", "may", "jun",
                                                          "jul", "aug", "sep", "oct", "nov", "dec"};

struct FieldKind {
  const char* name;
  int min;
  int max;
  const std::string_view* names = nullptr;
  int name_count = 0;  // the first one means `min`
  int largest = max;   // that may be written
};

constexpr std::array<FieldKind, 5> kFields = {{
    {"minute", 0, 59},
    {"hour", 0, 23},
    {"day of month", 1, 31},
    {"month", 1, 12, kMonthNames.data(), kMonthNames.size()},
    {"day of week", 0, 6, kWeekdayNames.data(), kWeekdayNames.size(), 7},
}};

struct Macro {
  std::string_view name;
  std::string_view schedule;
};
constexpr std::array<Macro, 7> kMacros = {{
    {"@hourly", "0 * * * *"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
}};

struct Word {
  size_t at;
  std::string_view text;
};

std::vector<Word> SplitWords(std::string_view text) {
  std::vector<Word> words;
  for (size_t at = text.find_first_not_of(kBlanks); at != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
    words.push_back({at, text.substr(at, end - at)});
    at = text.find_first_not_of(kBlanks, end);
  }
  return words;
}

// Reads one of the five fields. Methods return whether what they read was right, and add the fault
// if not.
class FieldReader {
 public:
  FieldReader(const FieldKind& kind, std::vector<TextFault>& faults)
      : kind_(kind), faults_(faults) {}

  // One bit for each value, from 0 on.
  uint64_t Read(const Word& field) {
    size_t at = field.at;
    for (const std::string_view item : Split(field.text, ',')) {
      ReadItem({at, item});
      at += item.size() + 1;
    }
    return values_;
  }

 private:
  bool Fail(size_t at, std::string_view message) {
    faults_.push_back({at, absl::StrFormat("%s %s", kind_.name, message)});
    return false;
  }

  // `*`, `5`, `5-8`, or with a step behind it.
  void ReadItem(const Word& item) {
    const size_t slash = item.text.find('/');
    const std::string_view range = item.text.substr(0, slash);
    int from = kind_.min;
    int to = kind_.max;
    int step = 1;
    if (range != "*" && !ReadRange({item.at, range}, from, to)) return;
    if (slash != std::string_view::npos) {
      const Word word = {item.at + slash + 1, item.text.substr(slash + 1)};
      if (!ReadStep(word, step)) return;
      if (range != "*" && range.find('-') == std::string_view::npos) {
        Fail(item.at, absl::StrFormat("'%s' has a step but no range: write '%s-%d/%s'", item.text,
                                      range, kind_.max, word.text));
        return;
      }
    }
    const int count = kind_.max - kind_.min + 1;
    // Sunday is 7 as well.
    for (int value = from; value <= to; value += step) {
      values_ |= uint64_t{1} << (value > kind_.max ? value - count : value);
    }
  }

  bool ReadRange(const Word& range, int& from, int& to) {
    const size_t dash = range.text.find('-');
    const std::string_view first = range.text.substr(0, dash);
    if (!ReadValue({range.at, first}, from)) return false;
    to = from;
    if (dash == std::string_view::npos) return true;
    const std::string_view last = range.text.substr(dash + 1);
    if (!ReadValue({range.at + dash + 1, last}, to)) return false;
    if (to < from && to == kind_.min && kind_.largest > kind_.max) to = kind_.largest;
    if (to >= from) return true;
    return Fail(range.at, absl::StrFormat("'%s' ends before it begins: write two ranges with a "
                                          "comma between them",
                                          range.text));
  }

  bool ReadStep(const Word& word, int& step) {
    const int count = kind_.max - kind_.min + 1;
    if (!ReadNumber(word.text, step)) {
      return Fail(word.at, absl::StrFormat("has the step '%s', which is no number", word.text));
    }
    if (step >= 1 && step <= count) return true;
    return Fail(word.at,
                absl::StrFormat("has the step %s, which is not from 1 to %d", word.text, count));
  }

  bool ReadValue(const Word& word, int& value) {
    if (ReadNumber(word.text, value)) {
      if (value >= kind_.min && value <= kind_.largest) return true;
      return Fail(word.at,
                  absl::StrFormat("%s is not from %d to %d", word.text, kind_.min, kind_.largest));
    }
    for (int i = 0; i < kind_.name_count; ++i) {
      if (!EqualsIgnoreCase(word.text, kind_.names[i])) continue;
      value = kind_.min + i;
      return true;
    }
    return Fail(word.at, absl::StrFormat("'%s' is neither '*' nor a number from %d to %d%s",
                                         word.text, kind_.min, kind_.largest, NamesHint()));
  }

  std::string NamesHint() const {
    if (kind_.name_count == 0) return "";
    return absl::StrFormat(" nor a name from %s to %s", kind_.names[0],
                           kind_.names[kind_.name_count - 1]);
  }

  // Digits alone. What is too large for any field becomes a number that is too large too.
  static bool ReadNumber(std::string_view text, int& number) {
    if (text.empty()) return false;
    number = 0;
    for (const char c : text) {
      if (!absl::ascii_isdigit(c)) return false;
      number = std::min(number * 10 + (c - '0'), 100'000);
    }
    return true;
  }

  const FieldKind& kind_;
  std::vector<TextFault>& faults_;
  uint64_t values_ = 0;
};

// The longest that a month gets, in leap years too.
int DaysOf(int month) {
  if (month == 2) return 29;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Whether there is a day in any year. A weekday, where it is an alternative, always comes.
bool HasDays(const ScheduleFields& fields) {
  if (fields.weekdays_restricted()) return true;
  for (int month = 1; month <= 12; ++month) {
    for (int day = 1; fields.months[month] && day <= DaysOf(month); ++day) {
      if (fields.days[day]) return true;
    }
  }
  return false;
}

std::optional<ScheduleFields> ParseMacro(const Word& word, std::vector<TextFault>& faults) {
  for (const auto& [name, schedule] : kMacros) {
    if (EqualsIgnoreCase(word.text, name)) return ParseScheduleFields(schedule, faults);
  }
  if (EqualsIgnoreCase(word.text, "@reboot")) {
    faults.push_back({word.at, "@reboot is not known: a queue of many servers has no reboot"});
    return std::nullopt;
  }
  const std::string known = absl::StrJoin(
      kMacros, ", ", [](std::string* out, const Macro& macro) { *out += macro.name; });
  faults.push_back({word.at, absl::StrFormat("'%s' is not known; %s are", word.text, known)});
  return std::nullopt;
}

}  // namespace

std::optional<ScheduleFields> ParseScheduleFields(std::string_view text,
                                                  std::vector<TextFault>& faults) {
  const std::vector<Word> words = SplitWords(text);
  if (words.size() == 1 && words[0].text[0] == '@') return ParseMacro(words[0], faults);
  if (words.size() != kFields.size()) {
    faults.push_back({words.empty() ? 0 : words[0].at,
                      absl::StrFormat("a schedule has five fields (minute, hour, day of month, "
                                      "month, day of week), not %d",
                                      words.size())});
    return std::nullopt;
  }
  const size_t faults_before = faults.size();
  std::array<uint64_t, 5> values;
  for (size_t i = 0; i < kFields.size(); ++i) {
    values[i] = FieldReader(kFields[i], faults).Read(words[i]);
  }
  if (faults.size() > faults_before) return std::nullopt;
  const ScheduleFields fields = {values[0], values[1], values[2], values[3], values[4]};
  if (!HasDays(fields)) {
    faults.push_back({words[2].at, "day of month and month never come together"});
    return std::nullopt;
  }
  return fields;
}

std::string TidySchedule(std::string_view text) {
  return absl::StrJoin(SplitWords(text), " ",
                       [](std::string* out, const Word& word) { *out += word.text; });
}

}  // namespace leasehold
