// Messages through a socket, and how the event loop hears of them.
#include <cerrno>
#include <unistd.h>
#include <utility>

#include "arguments.h"
#include "loop_call.h"
#include "socket.h"
#include "system_error.h"

namespace {

// So that a flood on one socket does not starve the others.
constexpr int kMessagesPerTurn = 64;
// A socket in a state where poll reports an error for ever would otherwise burn a core; a real storm of errors brings
// messages with it, or does not come a thousand times a second.
constexpr int kFruitlessPerSecond = 1000;

bool ReadSendOptions(Napi::Env env, Napi::Value options, Bytes* address, std::vector<int>* fds) {
  if (!options.IsObject()) return true;
  Napi::Value fd_list = options.As<Napi::Object>().Get("fds");
  if (env.IsExceptionPending()) return false;
  if (!fd_list.IsUndefined() && !ReadDescriptors(env, fd_list, fds)) return false;
  Napi::Value raw_address = options.As<Napi::Object>().Get("address");
  if (env.IsExceptionPending()) return false;
  return raw_address.IsUndefined() || ReadAddress(env, raw_address, address);
}

napi_status MakeList(napi_env env, const std::vector<int>& numbers, napi_value* out) {
  napi_status status = napi_create_array_with_length(env, numbers.size(), out);
  for (uint32_t at = 0; status == napi_ok && at < numbers.size(); at++) {
    napi_value number;
    status = napi_create_int32(env, numbers[at], &number);
    if (status == napi_ok) status = napi_set_element(env, *out, at, number);
  }
  return status;
}

}  // namespace

Napi::Value Socket::Send(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Bytes data, address;
  std::vector<int> fds;
  // The data last: a getter among the options could otherwise detach it after it was looked at.
  if (!IsOpen(info, "sendmsg") || !ReadSendOptions(env, info[1], &address, &fds) ||
      !ReadBytes(env, info[0], "data", 0, UINT32_MAX, &data) || !IsOpen(info, "sendmsg"))
    return {};
  size_t sent = 0;
  int error = SendMessage(fd_, data, address, fds, &sent);
  if (error == EAGAIN) {
    awaits_writable_ = true;
    error = UpdatePolling();
    if (error == 0) return Napi::Boolean::New(env, false);
  } else if (error == 0 && sent < data.length) {
    error = EMSGSIZE;
  }
  if (error == 0) return Napi::Boolean::New(env, true);
  ThrowSystemError(env, error, "sendmsg");
  return {};
}

Napi::Value Socket::Receive(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int64_t limit;
  if (!IsOpen(info, "recvmsg") || !ReadInteger(env, info[0], "limit", 1, 65536, &limit)) return {};
  Napi::Array messages = Napi::Array::New(env);
  ReceivedMessage message;
  for (uint32_t count = 0; count < limit; count++) {
    int error = ReceiveNext(&message);
    if (error == EAGAIN) break;
    if (error != 0 && count > 0) {
      kept_error_ = error;
      break;
    }
    if (error != 0) {
      ThrowSystemError(env, error, "recvmsg");
      return {};
    }
    napi_value item;
    if (!ToJavaScript(message, &item)) return {};
    messages.Set(count, item);
    if (IsEndOfStream(message)) break;
  }
  return messages;
}

int Socket::ReceiveNext(ReceivedMessage* message) {
  if (kept_error_ != 0) return std::exchange(kept_error_, 0);
  return ReceiveMessage(fd_, receive_flags_, environment_->Scratch(buffer_bytes_), buffer_bytes_, message);
}

void Socket::OnPoll(int status, int events) {
  Napi::HandleScope scope(Env());
  [[maybe_unused]] Napi::Object self = Value();  // callbacks may drop the last reference
  if (status < 0) TellPendingError();
  if (is_started_ && (events & UV_WRITABLE) != 0 && !TellWritable()) return;
  if (is_started_ && (status < 0 || (events & UV_READABLE) != 0)) DeliverMessages();
  // POLLERR made libuv stop.
  if (status < 0) UpdatePolling();
}

// POLLERR: an error waits (SO_ERROR), or the error queue is not empty, or another call took the error meanwhile.
void Socket::TellPendingError() {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length) < 0) error = errno;
  if (error == 0) DropErrorQueue(fd_);
  if (error != 0) TellError(error, "poll");
  CheckStuck();
}

bool Socket::TellError(int error, const char* syscall) {
  Napi::HandleScope scope(Env());
  napi_value value;
  return MakeSystemError(Env(), error, syscall, &value) &&
         CallFromLoop(Env(), events_.Value(), on_error_.Value(), {value});
}

bool Socket::TellWritable() {
  if (!awaits_writable_ || on_writable_.IsEmpty()) return true;
  awaits_writable_ = false;
  UpdatePolling();
  return CallFromLoop(Env(), events_.Value(), on_writable_.Value(), {});
}

void Socket::DeliverMessages() {
  ReceivedMessage message;
  for (int count = 0; count < kMessagesPerTurn && is_started_; count++) {
    int error = ReceiveNext(&message);
    if (error == EAGAIN) return;
    if (error == 0) {
      fruitless_ = 0;
      if (!DeliverMessage(&message)) return;
    } else {
      if (!TellError(error, "recvmsg")) return;
      CheckStuck();
    }
  }
}

bool Socket::DeliverMessage(ReceivedMessage* message) {
  Napi::HandleScope scope(Env());
  napi_value item;
  if (!ToJavaScript(*message, &item)) return false;
  Napi::Object events = events_.Value();
  Napi::Function on_message = on_message_.Value();
  // The end of a stream stays readable for ever.
  if (IsEndOfStream(*message)) StopPolling();
  return CallFromLoop(Env(), events, on_message, {item});
}

void Socket::CheckStuck() {
  if (!is_started_) return;
  uint64_t now = uv_now(environment_->loop());
  if (now - fruitless_since_ > 1000) {
    fruitless_since_ = now;
    fruitless_ = 0;
  }
  if (++fruitless_ < kFruitlessPerSecond) return;
  Napi::HandleScope scope(Env());
  Napi::Object events = events_.Value();
  Napi::Function on_error = on_error_.Value();
  StopPolling();
  napi_value error;
  if (MakeSystemError(Env(), EIO, "poll", &error)) CallFromLoop(Env(), events, on_error, {error});
}

bool Socket::ToJavaScript(const ReceivedMessage& message, napi_value* out) {
  napi_env env = Env();
  napi_create_object(env, out);
  ObjectFiller object(env, *out);
  object.PutBuffer("data", environment_->Scratch(0), message.length);
  object.PutBuffer("address", &message.address, message.address_length);
  object.PutBoolean("isTruncated", message.is_truncated);
  if (message.has_packet_status) object.PutNumber("packetStatus", message.packet_status);
  if (!message.fds.empty()) {
    napi_value fds;
    napi_status status = MakeList(env, message.fds, &fds);
    object.Put("fds", status, fds);
  }
  if (object.IsWhole()) return true;
  for (int fd : message.fds) close(fd);
  return false;
}
