// The exports: NativeAddon of native.ts.
#include <cerrno>
#include <climits>
#include <ctime>
#include <malloc.h>
#include <napi.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arguments.h"
#include "environment.h"
#include "memory.h"
#include "socket.h"
#include "system_error.h"
#include "timer.h"

namespace {

Napi::Value OpenSocket(const Napi::CallbackInfo& info) {
  return info.Env().GetInstanceData<Addon>()->socket_class.New({info[0], info[1], info[2], info[3]});
}

Napi::Value OpenTimer(const Napi::CallbackInfo& info) {
  return info.Env().GetInstanceData<Addon>()->timer_class.New({info[0]});
}

Napi::Value BootTimeMs(const Napi::CallbackInfo& info) {
  timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return Napi::Number::New(info.Env(), static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6);
}

void CloseFd(const Napi::CallbackInfo& info) {
  int64_t fd;
  if (!ReadInteger(info.Env(), info[0], "fd", 0, INT_MAX, &fd)) return;
  // Linux has released the number even when close is interrupted or the device complains.
  if (close(static_cast<int>(fd)) < 0 && errno != EINTR) ThrowSystemError(info.Env(), errno, "close");
}

Napi::Value PeerCredentials(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int64_t fd;
  if (!ReadInteger(env, info[0], "fd", 0, INT_MAX, &fd)) return env.Undefined();
  ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(static_cast<int>(fd), SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) {
    ThrowSystemError(env, errno, "getsockopt");
    return env.Undefined();
  }
  Napi::Object found = Napi::Object::New(env);
  found.Set("pid", static_cast<double>(peer.pid));
  found.Set("uid", static_cast<double>(peer.uid));
  return found;
}

void SetDumpable(const Napi::CallbackInfo& info) {
  if (!info[0].IsBoolean()) {
    Napi::TypeError::New(info.Env(), "dumpable is not a boolean").ThrowAsJavaScriptException();
    return;
  }
  const unsigned long dumpable = info[0].As<Napi::Boolean>().Value() ? 1 : 0;
  if (prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0) < 0) ThrowSystemError(info.Env(), errno, "prctl");
}

void TrimMalloc(const Napi::CallbackInfo&) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

Napi::Value PopulateHeap(const Napi::CallbackInfo& info) {
  int64_t most_bytes;
  if (!ReadInteger(info.Env(), info[0], "mostBytes", 0, INT_MAX, &most_bytes)) return info.Env().Undefined();
  const size_t populated = PopulateHollowHeapPages(static_cast<size_t>(most_bytes));
  return Napi::Number::New(info.Env(), static_cast<double>(populated));
}

Napi::Value OpenHandles(const Napi::CallbackInfo& info) {
  Environment& environment = *info.Env().GetInstanceData<Addon>()->environment;
  Napi::Object counts = Napi::Object::New(info.Env());
  counts.Set("sockets", environment.sockets);
  counts.Set("timers", environment.timers);
  return counts;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  auto environment = Environment::Create(env);
  if (environment == nullptr) {
    Napi::Error::New(env, "no event loop in this environment").ThrowAsJavaScriptException();
    return exports;
  }
  auto* addon = new Addon{std::move(environment), Napi::Persistent(Socket::Define(env)),
                          Napi::Persistent(Timer::Define(env))};
  env.SetInstanceData(addon);
  exports.Set("openSocket", Napi::Function::New(env, OpenSocket, "openSocket"));
  exports.Set("openTimer", Napi::Function::New(env, OpenTimer, "openTimer"));
  exports.Set("bootTimeMs", Napi::Function::New(env, BootTimeMs, "bootTimeMs"));
  exports.Set("closeFd", Napi::Function::New(env, CloseFd, "closeFd"));
  exports.Set("peerCredentials", Napi::Function::New(env, PeerCredentials, "peerCredentials"));
  exports.Set("setDumpable", Napi::Function::New(env, SetDumpable, "setDumpable"));
  exports.Set("trimMalloc", Napi::Function::New(env, TrimMalloc, "trimMalloc"));
  exports.Set("populateHeap", Napi::Function::New(env, PopulateHeap, "populateHeap"));
  exports.Set("openHandles", Napi::Function::New(env, OpenHandles, "openHandles"));
  return exports;
}

}  // namespace

NODE_API_MODULE(fairlead_native, Init)
