// State of one JavaScript environment (the main thread or one worker).
#pragma once

#include <cstdint>
#include <memory>
#include <napi.h>
#include <unordered_set>
#include <uv.h>
#include <vector>

class Poller;

/// Outlives every poller of its environment: libuv closes handles later than JavaScript forgets them.
class Environment : public std::enable_shared_from_this<Environment> {
 public:
  static std::shared_ptr<Environment> Create(Napi::Env env);

  uv_loop_t* loop() const { return loop_; }
  /// Shared by all sockets: each message is copied out before anything else can run.
  uint8_t* Scratch(size_t bytes);

  void OnOpened(Poller* poller) { open_.insert(poller); }
  void OnClosing(Poller* poller);
  void OnClosed();

  int sockets = 0;
  int timers = 0;

 private:
  static void OnTeardown(napi_async_cleanup_hook_handle handle, void* environment);
  void FinishTeardown();

  uv_loop_t* loop_ = nullptr;
  std::vector<uint8_t> scratch_;
  std::unordered_set<Poller*> open_;
  size_t closing_ = 0;
  napi_async_cleanup_hook_handle teardown_ = nullptr;
  std::shared_ptr<Environment> until_torn_down_;
};

/// The instance data of the addon.
struct Addon {
  std::shared_ptr<Environment> environment;
  Napi::FunctionReference socket_class;
  Napi::FunctionReference timer_class;
};
