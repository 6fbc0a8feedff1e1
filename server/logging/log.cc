#include "server/logging/log.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>

#include "server/base/mutex.h"
#include "server/logging/log_line.h"
#include "server/logging/patient_sink.h"
#include "spdlog/async.h"
#include "spdlog/spdlog.h"

namespace leasehold {
namespace {

constexpr size_t kWaitingLines = 8192;
constexpr std::chrono::seconds kFlushTime(1);

// The thread that writes lines, and what leads to it.
class Writer {
 public:
  explicit Writer(const LogOptions& options)
      : json_(options.format == LogFormat::kJson ||
              (options.format == LogFormat::kAuto && !isatty(options.fd))),
        sink_(std::make_shared<PatientSink>(options.fd)),
        pool_(std::make_shared<spdlog::details::thread_pool>(kWaitingLines, 1, BlockSignals)),
        logger_(std::make_shared<spdlog::async_logger>(
            "leasehold", sink_, pool_, spdlog::async_overflow_policy::overrun_oldest)) {
    logger_->set_level(spdlog::level::trace);
    logger_->set_pattern("%v");
  }

  // Ends the thread, which joins in at most kFlushTime and one wait of the sink.
  ~Writer() { sink_->GiveUpAfter(kFlushTime); }

  void Write(const LogLine& line) {
    const std::string text = json_ ? FormatJson(line) : FormatText(line);
    logger_->log(spdlog::level::info, spdlog::string_view_t(text.data(), text.size()));
  }

  uint64_t dropped() const { return pool_->overrun_counter() + sink_->dropped(); }

 private:
  // Signals are for other threads, and a log whose reader is gone must not kill the server.
  static void BlockSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
  }

  const bool json_;
  const std::shared_ptr<PatientSink> sink_;
  const std::shared_ptr<spdlog::details::thread_pool> pool_;
  const std::shared_ptr<spdlog::async_logger> logger_;
};

std::atomic<LogLevel> g_level{LogLevel::kWarning};

// Never destroyed: static objects may log while the process ends.
struct Installed {
  Mutex mu;
  std::shared_ptr<Writer> writer GUARDED_BY(mu);
};

Installed& GetInstalled() {
  static Installed* const installed = new Installed;
  return *installed;
}

std::shared_ptr<Writer> GetWriter() {
  Installed& installed = GetInstalled();
  MutexLock lock(installed.mu);
  return installed.writer;
}

void Write(LogLevel level, std::string_view message, LogFields fields, const char* file) {
  if (!Log::Enabled(level)) return;
  const LogLine line{.time = std::chrono::system_clock::now(),
                     .level = level,
                     .logger = LoggerName(file),
                     .message = message,
                     .fields = fields};
  if (const std::shared_ptr<Writer> writer = GetWriter()) {
    writer->Write(line);
  } else {
    PatientSink sink(STDERR_FILENO);
    sink.GiveUpAfter(std::chrono::seconds(0));
    sink.WriteLine(FormatText(line));
  }
}

}  // namespace

bool Log::Enabled(LogLevel level) { return level >= g_level.load(std::memory_order_relaxed); }

void Log::Debug(std::string_view message, LogFields fields, const char* file) {
  Write(LogLevel::kDebug, message, fields, file);
}

void Log::Info(std::string_view message, LogFields fields, const char* file) {
  Write(LogLevel::kInfo, message, fields, file);
}

void Log::Warning(std::string_view message, LogFields fields, const char* file) {
  Write(LogLevel::kWarning, message, fields, file);
}

void Log::Error(std::string_view message, LogFields fields, const char* file) {
  Write(LogLevel::kError, message, fields, file);
}

void InitLogging(const LogOptions& options) {
  auto writer = std::make_shared<Writer>(options);
  Installed& installed = GetInstalled();
  MutexLock lock(installed.mu);
  installed.writer = std::move(writer);
  g_level.store(options.level, std::memory_order_relaxed);
}

void ShutdownLogging() {
  Installed& installed = GetInstalled();
  std::shared_ptr<Writer> ended;  // ends after the lock is given back
  {
    MutexLock lock(installed.mu);
    ended.swap(installed.writer);
    g_level.store(LogLevel::kWarning, std::memory_order_relaxed);
  }
}

uint64_t DroppedLogLines() {
  const std::shared_ptr<Writer> writer = GetWriter();
  return writer == nullptr ? 0 : writer->dropped();
}

}  // namespace leasehold
