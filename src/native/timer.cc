#include "timer.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <sys/timerfd.h>
#include <unistd.h>

#include "arguments.h"
#include "loop_call.h"
#include "system_error.h"

namespace {

// 30,000 years: later than any deadline, and within time_t and the kernel's ktime_t after its own clamping.
constexpr double kLatestMs = 1e15;

/// Rounded up: firing early would find nothing due.
itimerspec At(double boot_time_ms) {
  double ms = std::clamp(boot_time_ms, 0.0, kLatestMs);
  double seconds = std::floor(ms / 1000);
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(seconds);
  when.it_value.tv_nsec = static_cast<long>(std::min(999999999.0, std::ceil((ms - seconds * 1000) * 1e6)));
  // All zero would disarm.
  if (when.it_value.tv_sec == 0 && when.it_value.tv_nsec == 0) when.it_value.tv_nsec = 1;
  return when;
}

}  // namespace

Napi::Function Timer::Define(Napi::Env env) {
  return DefineClass(env, "NativeTimer",
                     {InstanceMethod("arm", &Timer::Arm), InstanceMethod("disarm", &Timer::Disarm),
                      InstanceMethod("setKeepAlive", &Timer::SetKeepAlive), InstanceMethod("close", &Timer::Close)});
}

Timer::Timer(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Timer>(info), environment_(info.Env().GetInstanceData<Addon>()->environment) {
  Napi::Function fire;
  if (!ReadFunction(info.Env(), info[0], "fire", &fire)) return;
  fd_ = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd_ < 0) {
    ThrowSystemError(info.Env(), errno, "timerfd_create");
    return;
  }
  environment_->timers++;
  int error = Poller::Open(environment_, fd_, this, &poller_);
  if (error == 0) error = poller_->Start(UV_READABLE);
  if (error != 0) {
    ThrowSystemError(info.Env(), error, "poll");
    return;
  }
  poller_->SetKeepAlive(false);
  fire_ = Napi::Persistent(fire);
}

Timer::~Timer() { CloseDescriptor(); }

void Timer::Arm(const Napi::CallbackInfo& info) {
  if (fd_ < 0) return ThrowSystemError(info.Env(), EBADF, "timerfd_settime");
  double boot_time_ms = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : NAN;
  if (std::isnan(boot_time_ms)) {
    Napi::TypeError::New(info.Env(), "bootTimeMs must be a number").ThrowAsJavaScriptException();
    return;
  }
  itimerspec when = At(boot_time_ms);
  if (timerfd_settime(fd_, TFD_TIMER_ABSTIME, &when, nullptr) < 0)
    return ThrowSystemError(info.Env(), errno, "timerfd_settime");
  SetArmed(true);
}

void Timer::Disarm(const Napi::CallbackInfo& info) {
  if (fd_ < 0) return;
  itimerspec never{};
  if (timerfd_settime(fd_, 0, &never, nullptr) < 0) return ThrowSystemError(info.Env(), errno, "timerfd_settime");
  SetArmed(false);
}

void Timer::SetKeepAlive(const Napi::CallbackInfo& info) {
  keeps_alive_ = info[0].ToBoolean();
  if (fd_ >= 0) poller_->SetKeepAlive(keeps_alive_ && is_armed_);
}

void Timer::Close(const Napi::CallbackInfo&) { CloseDescriptor(); }

void Timer::OnPoll(int status, int) {
  Napi::HandleScope scope(Env());
  uint64_t expirations;
  // Disarmed or armed anew since the poll saw it: nothing to read, nothing to tell.
  bool has_fired = status == 0 && read(fd_, &expirations, sizeof expirations) == sizeof expirations;
  if (!has_fired || !is_armed_) return;
  Napi::Object self = Value();  // disarmed, it may be collected
  SetArmed(false);
  CallFromLoop(Env(), self, fire_.Value(), {});
}

// Armed, it must not be collected and may keep the process; disarmed, it does neither, at no system call.
void Timer::SetArmed(bool armed) {
  if (armed == is_armed_) return;
  is_armed_ = armed;
  poller_->SetKeepAlive(keeps_alive_ && armed);
  armed ? Ref() : Unref();
}

void Timer::CloseDescriptor() {
  if (fd_ < 0) return;
  if (poller_ != nullptr) {
    SetArmed(false);
    poller_->Close();
    poller_ = nullptr;
  }
  close(fd_);
  fd_ = -1;
  environment_->timers--;
  fire_.Reset();
}
