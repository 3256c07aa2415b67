// Life, addresses and options of a socket; socket_io.cc has its messages.
#include "socket.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <linux/filter.h>
#include <unistd.h>
#include <utility>

#include "arguments.h"
#include "system_error.h"

namespace {

constexpr size_t kLongestOption = 65536;
constexpr int64_t kLongestBuffer = 1048576;

const sockaddr* AsAddress(Bytes address) { return reinterpret_cast<const sockaddr*>(address.data); }

}  // namespace

Napi::Function Socket::Define(Napi::Env env) {
  return DefineClass(
      env, "NativeSocket",
      {InstanceAccessor("fd", &Socket::Descriptor, nullptr), InstanceMethod("bind", &Socket::Bind),
       InstanceMethod("connect", &Socket::Connect), InstanceMethod("localAddress", &Socket::LocalAddress),
       InstanceMethod("setOption", &Socket::SetOption), InstanceMethod("getOption", &Socket::GetOption),
       InstanceMethod("attachFilter", &Socket::AttachFilter), InstanceMethod("send", &Socket::Send),
       InstanceMethod("receive", &Socket::Receive), InstanceMethod("start", &Socket::Start),
       InstanceMethod("stop", &Socket::Stop), InstanceMethod("setKeepAlive", &Socket::SetKeepAlive),
       InstanceMethod("detach", &Socket::Detach), InstanceMethod("close", &Socket::Close)});
}

Socket::Socket(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Socket>(info), environment_(info.Env().GetInstanceData<Addon>()->environment) {
  Napi::Env env = info.Env();
  int domain, type, protocol;
  if (!ReadInt(env, info[0], "domain", &domain) || !ReadInt(env, info[1], "type", &type) ||
      !ReadInt(env, info[2], "protocol", &protocol))
    return;
  if (info[3].IsObject()) {
    Napi::Value size = info[3].As<Napi::Object>().Get("bufferBytes");
    int64_t bytes = static_cast<int64_t>(buffer_bytes_);
    if (env.IsExceptionPending()) return;
    if (!size.IsUndefined() && !ReadInteger(env, size, "bufferBytes", 1, kLongestBuffer, &bytes)) return;
    buffer_bytes_ = static_cast<size_t>(bytes);
  }
  fd_ = socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  if (fd_ < 0) {
    ThrowSystemError(env, errno, "socket");
    return;
  }
  environment_->sockets++;
  // Descriptors travel on AF_UNIX only, and AF_PACKET refuses the flag.
  receive_flags_ = domain == AF_UNIX ? MSG_DONTWAIT | MSG_CMSG_CLOEXEC : MSG_DONTWAIT;
  int kind = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
  is_connection_ = kind == SOCK_STREAM || kind == SOCK_SEQPACKET;
}

Socket::~Socket() { CloseDescriptor(); }

Napi::Value Socket::Descriptor(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), fd_); }

void Socket::Bind(const Napi::CallbackInfo& info) {
  Bytes address;
  if (!IsOpen(info, "bind") || !ReadAddress(info.Env(), info[0], &address)) return;
  if (bind(fd_, AsAddress(address), static_cast<socklen_t>(address.length)) < 0)
    ThrowSystemError(info.Env(), errno, "bind");
}

void Socket::Connect(const Napi::CallbackInfo& info) {
  Bytes address;
  if (!IsOpen(info, "connect") || !ReadAddress(info.Env(), info[0], &address)) return;
  if (connect(fd_, AsAddress(address), static_cast<socklen_t>(address.length)) == 0) return;
  if (errno != EINPROGRESS) return ThrowSystemError(info.Env(), errno, "connect");
  awaits_writable_ = true;
  if (int error = UpdatePolling()) ThrowSystemError(info.Env(), error, "poll");
}

Napi::Value Socket::LocalAddress(const Napi::CallbackInfo& info) {
  if (!IsOpen(info, "getsockname")) return {};
  sockaddr_storage address;
  socklen_t length = sizeof address;
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) < 0) {
    ThrowSystemError(info.Env(), errno, "getsockname");
    return {};
  }
  return Napi::Buffer<uint8_t>::Copy(info.Env(), reinterpret_cast<uint8_t*>(&address), length);
}

void Socket::SetOption(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int level, name;
  if (!IsOpen(info, "setsockopt") || !ReadInt(env, info[0], "level", &level) || !ReadInt(env, info[1], "name", &name))
    return;
  int number;
  Bytes value{reinterpret_cast<uint8_t*>(&number), sizeof number};
  if (info[2].IsNumber()) {
    int64_t wide = 0;
    if (!ReadInteger(env, info[2], "value", INT_MIN, UINT_MAX, &wide)) return;
    number = static_cast<int>(wide);
  } else if (!ReadBytes(env, info[2], "value", 0, kLongestOption, &value)) {
    return;
  }
  if (setsockopt(fd_, level, name, value.data, static_cast<socklen_t>(value.length)) < 0)
    ThrowSystemError(env, errno, "setsockopt");
}

Napi::Value Socket::GetOption(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int level, name;
  int64_t most;
  if (!IsOpen(info, "getsockopt") || !ReadInt(env, info[0], "level", &level) || !ReadInt(env, info[1], "name", &name) ||
      !ReadInteger(env, info[2], "maxLength", 1, kLongestOption, &most))
    return {};
  std::vector<uint8_t> value(static_cast<size_t>(most));
  socklen_t length = static_cast<socklen_t>(most);
  if (getsockopt(fd_, level, name, value.data(), &length) < 0) {
    ThrowSystemError(env, errno, "getsockopt");
    return {};
  }
  return Napi::Buffer<uint8_t>::Copy(env, value.data(), std::min<size_t>(length, value.size()));
}

void Socket::AttachFilter(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Bytes program;
  if (!IsOpen(info, "setsockopt")) return;
  if (!ReadBytes(env, info[0], "program", sizeof(sock_filter), BPF_MAXINSNS * sizeof(sock_filter), &program)) return;
  if (program.length % sizeof(sock_filter) != 0) {
    Napi::RangeError::New(env, "program must be whole instructions of 8 bytes").ThrowAsJavaScriptException();
    return;
  }
  sock_fprog filter{static_cast<unsigned short>(program.length / sizeof(sock_filter)),
                    reinterpret_cast<sock_filter*>(const_cast<uint8_t*>(program.data))};
  if (setsockopt(fd_, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0)
    ThrowSystemError(env, errno, "setsockopt");
}

void Socket::Start(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Function on_message, on_error;
  if (!IsOpen(info, "poll")) return;
  if (!info[0].IsObject()) {
    Napi::TypeError::New(env, "events must be an object").ThrowAsJavaScriptException();
    return;
  }
  Napi::Object events = info[0].As<Napi::Object>();
  Napi::Value message_member = events.Get("onMessage"), error_member = events.Get("onError"),
              writable_member = events.Get("onWritable");
  if (env.IsExceptionPending()) return;
  if (!ReadFunction(env, message_member, "onMessage", &on_message) ||
      !ReadFunction(env, error_member, "onError", &on_error) || !OpenPoller(env))
    return;
  events_ = Napi::Persistent(events);
  on_message_ = Napi::Persistent(on_message);
  on_error_ = Napi::Persistent(on_error);
  if (writable_member.IsFunction())
    on_writable_ = Napi::Persistent(writable_member.As<Napi::Function>());
  else
    on_writable_.Reset();
  if (!is_started_) Ref();  // polling keeps the object from being collected
  is_started_ = true;
  if (int error = UpdatePolling()) {
    StopPolling();
    ThrowSystemError(env, error, "poll");
  }
}

void Socket::Stop(const Napi::CallbackInfo&) { StopPolling(); }

void Socket::SetKeepAlive(const Napi::CallbackInfo& info) {
  keeps_alive_ = info[0].ToBoolean();
  if (poller_ != nullptr) poller_->SetKeepAlive(keeps_alive_);
}

Napi::Value Socket::Detach(const Napi::CallbackInfo& info) {
  if (!IsOpen(info, "detach")) return {};
  return Napi::Number::New(info.Env(), Release());
}

void Socket::Close(const Napi::CallbackInfo&) { CloseDescriptor(); }

bool Socket::IsOpen(const Napi::CallbackInfo& info, const char* syscall) {
  if (fd_ >= 0) return true;
  ThrowSystemError(info.Env(), EBADF, syscall);
  return false;
}

bool Socket::OpenPoller(Napi::Env env) {
  if (poller_ != nullptr) return true;
  int error = Poller::Open(environment_, fd_, this, &poller_);
  if (error != 0) {
    ThrowSystemError(env, error, "poll");
    return false;
  }
  poller_->SetKeepAlive(keeps_alive_);
  return true;
}

int Socket::UpdatePolling() {
  if (!is_started_) return 0;
  bool wants_writable = awaits_writable_ && !on_writable_.IsEmpty();
  return poller_->Start(wants_writable ? UV_READABLE | UV_WRITABLE : UV_READABLE);
}

void Socket::StopPolling() {
  if (!is_started_) return;
  is_started_ = false;
  poller_->Stop();
  events_.Reset();
  on_message_.Reset();
  on_error_.Reset();
  on_writable_.Reset();
  Unref();
}

int Socket::Release() {
  if (fd_ < 0) return -1;
  StopPolling();
  if (poller_ != nullptr) poller_->Close();
  poller_ = nullptr;
  environment_->sockets--;
  return std::exchange(fd_, -1);
}

void Socket::CloseDescriptor() {
  int fd = Release();
  if (fd >= 0) close(fd);
}
