#include "message.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/if_packet.h>

namespace {

constexpr size_t kDescriptorSpace = CMSG_SPACE(kMostDescriptors * sizeof(int));

void ReadControl(msghdr* header, ReceivedMessage* out) {
  for (cmsghdr* part = CMSG_FIRSTHDR(header); part != nullptr; part = CMSG_NXTHDR(header, part)) {
    size_t length = part->cmsg_len - CMSG_LEN(0);
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS) {
      size_t before = out->fds.size(), count = length / sizeof(int);
      out->fds.resize(before + count);
      memcpy(out->fds.data() + before, CMSG_DATA(part), count * sizeof(int));
    } else if (part->cmsg_level == SOL_PACKET && part->cmsg_type == PACKET_AUXDATA &&
               length >= sizeof(tpacket_auxdata)) {
      tpacket_auxdata auxiliary;
      memcpy(&auxiliary, CMSG_DATA(part), sizeof auxiliary);
      out->has_packet_status = true;
      out->packet_status = auxiliary.tp_status;
    }
  }
}

}  // namespace

int ReceiveMessage(int fd, int flags, uint8_t* buffer, size_t capacity, ReceivedMessage* out) {
  alignas(cmsghdr) char control[kDescriptorSpace + CMSG_SPACE(sizeof(tpacket_auxdata)) + 256];
  iovec part{buffer, capacity};
  msghdr header{};
  header.msg_name = &out->address;
  header.msg_namelen = sizeof out->address;
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t length;
  do length = recvmsg(fd, &header, flags);
  while (length < 0 && errno == EINTR);
  if (length < 0) return errno;
  out->length = static_cast<size_t>(length);
  out->address_length = std::min<size_t>(header.msg_namelen, sizeof out->address);
  out->is_truncated = (header.msg_flags & MSG_TRUNC) != 0;
  out->has_packet_status = false;
  out->fds.clear();
  ReadControl(&header, out);
  return 0;
}

bool DropErrorQueue(int fd) {
  char control[512];
  int dropped = 0;
  for (; dropped < 64; dropped++) {
    msghdr header{};
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    if (recvmsg(fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) break;
  }
  return dropped > 0;
}

int SendMessage(int fd, Bytes data, Bytes address, const std::vector<int>& fds, size_t* sent) {
  alignas(cmsghdr) char control[kDescriptorSpace];
  iovec part{const_cast<uint8_t*>(data.data), data.length};
  msghdr header{};
  header.msg_name = address.length > 0 ? const_cast<uint8_t*>(address.data) : nullptr;
  header.msg_namelen = static_cast<socklen_t>(address.length);
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!fds.empty()) {
    memset(control, 0, sizeof control);
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    memcpy(CMSG_DATA(rights), fds.data(), fds.size() * sizeof(int));
  }
  ssize_t count;
  do count = sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (count < 0 && errno == EINTR);
  if (count < 0) return errno;
  *sent = static_cast<size_t>(count);
  return 0;
}
