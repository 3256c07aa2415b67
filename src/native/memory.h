// Pages of V8's heap that are reserved and not in memory yet.
#pragma once

#include <cstddef>

/// Brings the emptiest of V8's heap pages into memory: right after a collection those are the new space, and each of
/// their pages would cost a page fault at the first write. Returns how many bytes of heap pages were brought in; 0 on a
/// kernel before 5.14.
size_t PopulateHollowHeapPages(size_t most_bytes);
