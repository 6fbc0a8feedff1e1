#pragma once

#include <string>

#include "client/cli/completion_words.h"

// Scripts that make a shell complete `leasehold`.
namespace leasehold::cli {

std::string BashCompletion(const CompletionWords& words);
std::string ZshCompletion(const CompletionWords& words);
std::string FishCompletion(const CompletionWords& words);

}  // namespace leasehold::cli
