#include "memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

// Linux 5.14; older headers lack it.
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace {

/// V8's pages of the heap: the new space consists of these.
constexpr uintptr_t kHeapPageBytes = 256 * 1024;

struct HeapPage {
  uintptr_t address;
  size_t resident;
};

/// How much of the page is in memory, in pages of the system; all of it when the kernel does not tell.
size_t CountResident(uintptr_t address, std::vector<unsigned char>* map) {
  if (mincore(reinterpret_cast<void*>(address), kHeapPageBytes, map->data()) < 0) return map->size();
  return std::count_if(map->begin(), map->end(), [](unsigned char each) { return (each & 1) != 0; });
}

/// Mappings of the shape of V8's pages of which more than half is not in memory.
std::vector<HeapPage> FindHollowPages() {
  std::vector<HeapPage> found;
  std::unique_ptr<FILE, int (*)(FILE*)> maps(std::fopen("/proc/self/maps", "re"), std::fclose);
  if (!maps) return found;
  std::vector<unsigned char> map(kHeapPageBytes / sysconf(_SC_PAGESIZE));
  char line[512];
  while (std::fgets(line, sizeof line, maps.get()) != nullptr) {
    uintptr_t from, to;
    char access[5];
    unsigned long inode;
    const int read = std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*x %*x:%*x %lu", &from, &to, access, &inode);
    const bool is_heap_page = read == 4 && inode == 0 && to - from == kHeapPageBytes && from % kHeapPageBytes == 0;
    if (!is_heap_page || std::string_view(access) != "rw-p") continue;
    const size_t resident = CountResident(from, &map);
    if (resident * 2 < map.size()) found.push_back({from, resident});
  }
  return found;
}

}  // namespace

size_t PopulateHollowHeapPages(size_t most_bytes) {
  std::vector<HeapPage> pages = FindHollowPages();
  std::sort(pages.begin(), pages.end(), [](const HeapPage& a, const HeapPage& b) { return a.resident < b.resident; });
  size_t populated = 0;
  for (const HeapPage& page : pages) {
    if (populated + kHeapPageBytes > most_bytes) break;
    if (madvise(reinterpret_cast<void*>(page.address), kHeapPageBytes, MADV_POPULATE_WRITE) < 0) break;
    populated += kHeapPageBytes;
  }
  return populated;
}
