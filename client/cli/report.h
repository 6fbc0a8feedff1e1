#pragma once

#include <cstddef>
#include <functional>
#include <ostream>
#include <string>

#include "client/cli/document.h"

namespace leasehold::cli {

enum class Format { kTable, kJson, kYaml };

// The size of the terminal that the output goes to; zeros: it goes to none.
struct Terminal {
  size_t columns = 0;
  size_t rows = 0;
};

// What a command has to say, in each format.
struct Report {
  // For programs.
  Json document = nullptr;
  // If set, the document is the array of its `count` values instead. There may be millions: they
  // are made one by one.
  std::function<Json(size_t)> element = {};
  size_t count = 0;
  // For people. Lines are cut to `width` columns; 0: never.
  std::function<void(std::ostream& out, size_t width)> table = {};
  // For people, beside the table: that there is nothing, that there is more.
  std::string note = {};
};

// One document of the format and nothing else. In JSON, an array has each of its values on a line.
void WriteReport(const Report& report, Format format, size_t width, std::ostream& out);

}  // namespace leasehold::cli
