#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <iostream>
#include <string>
#include <vector>

#include "client/cli/cli.h"

namespace {

// So that no file we open becomes somebody's standard output.
void OpenStandardDescriptors() {
  int fd;
  do {
    fd = open("/dev/null", O_RDWR);
  } while (fd >= 0 && fd <= 2);
  if (fd > 2) close(fd);
}

leasehold::cli::Terminal StandardOutput() {
  winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return {};
  return {.columns = size.ws_col, .rows = size.ws_row};
}

}  // namespace

int main(int argc, char** argv) {
  OpenStandardDescriptors();
  setlocale(LC_CTYPE, "");
  return leasehold::cli::RunCommandLine(std::vector<std::string>(argv + 1, argv + argc), std::cin,
                                        std::cout, std::cerr, StandardOutput);
}
