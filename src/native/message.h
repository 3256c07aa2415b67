// One message in, one message out: recvmsg and sendmsg with their control data. Knows nothing of JavaScript.
#pragma once

#include <cstddef>
#include <cstdint>
#include <sys/socket.h>
#include <vector>

#include "arguments.h"

/// The kernel's SCM_MAX_FD: more than these never travel with one message.
constexpr size_t kMostDescriptors = 253;

struct ReceivedMessage {
  size_t length = 0;
  sockaddr_storage address;
  size_t address_length = 0;
  bool is_truncated = false;
  bool has_packet_status = false;
  uint32_t packet_status = 0;
  /// Owned by the holder of this record.
  std::vector<int> fds;
};

/// Receives into `buffer`. `flags` for recvmsg. Returns 0 or the errno.
int ReceiveMessage(int fd, int flags, uint8_t* buffer, size_t capacity, ReceivedMessage* out);

/// Empties the error queue (MSG_ERRQUEUE): unread entries keep POLLERR up for ever. Tells whether there
/// was anything.
bool DropErrorQueue(int fd);

/// Returns 0 or the errno. A stream may take less than all: `sent` says how much.
int SendMessage(int fd, Bytes data, Bytes address, const std::vector<int>& fds, size_t* sent);
