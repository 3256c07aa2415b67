// An entry for SQLite's loader (sqlite3_load_extension), apart from the exports for Node.
//
// SQLite replaces every symbolic link of a path by its target before it opens a file, and opens the companions of
// a database by that path, too. /proc/self/fd/N counts as such a link, though it leads to the very folder that was opened
// and not to the one at its path by now. Here it is made to look like a folder, so that SQLite keeps it.
#include <sqlite3ext.h>
#include <sys/stat.h>

#include <cstring>

SQLITE_EXTENSION_INIT1

namespace {

bool LeadsToDescriptor(const char* path) {
  if (std::strcmp(path, "/proc/self") == 0) return true;
  constexpr char folder[] = "/proc/self/fd/";
  constexpr std::size_t length = sizeof folder - 1;
  if (std::strncmp(path, folder, length) != 0) return false;
  const char* number = path + length;
  return *number != '\0' && number[std::strspn(number, "0123456789")] == '\0';
}

int LookThroughDescriptors(const char* path, struct stat* status) {
  return LeadsToDescriptor(path) ? stat(path, status) : lstat(path, status);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int fairlead_sqlite_paths(sqlite3*, char**,
                                                                            const sqlite3_api_routines* api) {
  SQLITE_EXTENSION_INIT2(api)
  sqlite3_vfs* files = sqlite3_vfs_find(nullptr);
  if (files == nullptr || files->iVersion < 3 || files->xSetSystemCall == nullptr) return SQLITE_ERROR;
  const auto call = reinterpret_cast<sqlite3_syscall_ptr>(LookThroughDescriptors);
  const int result = files->xSetSystemCall(files, "lstat", call);
  return result == SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : result;
}
