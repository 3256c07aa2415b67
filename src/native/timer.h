// The NativeTimer of native.ts.
#pragma once

#include <napi.h>

#include "environment.h"
#include "poller.h"

class Timer final : public Napi::ObjectWrap<Timer>, private Poller::Owner {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Timer(const Napi::CallbackInfo& info);
  ~Timer() override;

 private:
  void Arm(const Napi::CallbackInfo& info);
  void Disarm(const Napi::CallbackInfo& info);
  void SetKeepAlive(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  void OnPoll(int status, int events) override;
  void OnTeardown() override { CloseDescriptor(); }
  void SetArmed(bool armed);
  void CloseDescriptor();

  std::shared_ptr<Environment> environment_;
  Poller* poller_ = nullptr;
  int fd_ = -1;
  bool is_armed_ = false;
  bool keeps_alive_ = true;
  Napi::FunctionReference fire_;
};
