// SPDX-License-Identifier: Apache-2.0
#include "settings/start_note.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

namespace sampan::settings {
namespace {

constexpr const char* between = "\n\n";  // the languages

std::string path_of(const std::string& control_socket) { return control_socket + ".why"; }

// Without empty lines, which part the languages.
std::string tight(const std::string& text) {
  std::string out;
  for (const char c : text)
    if (c != '\n' || (!out.empty() && out.back() != '\n')) out += c;
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

}  // namespace

void leave_start_note(const std::string& control_socket, const StartNote& note) {
  const std::string path = path_of(control_socket);
  ::unlink(path.c_str());  // another user's note, of a try by hand, cannot be written to
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (fd < 0) return;
  const std::string text = tight(note.en) + between + tight(note.zh) + "\n";
  const bool whole = ::fchmod(fd, 0640) == 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  if (!whole) ::unlink(path.c_str());
}

void erase_start_note(const std::string& control_socket) { ::unlink(path_of(control_socket).c_str()); }

std::optional<StartNote> start_note_of(const std::string& control_socket) {
  const int fd = ::open(path_of(control_socket).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  std::array<char, 65536> piece;  // more words than any start has
  const auto n = ::read(fd, piece.data(), piece.size());
  ::close(fd);
  if (n <= 0) return std::nullopt;
  const std::string text(piece.data(), static_cast<std::size_t>(n));
  const auto end = text.find(between);
  if (end == std::string::npos || end == 0) return std::nullopt;
  return StartNote{text.substr(0, end), tight(text.substr(end + 2))};
}

}  // namespace sampan::settings
