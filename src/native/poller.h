// One descriptor on libuv's poll.
#pragma once

#include <memory>
#include <uv.h>

class Environment;

class Poller {
 public:
  class Owner {
   public:
    /// `status` and `events` as in uv_poll_cb; a negative status has stopped the polling.
    virtual void OnPoll(int status, int events) = 0;
    /// The environment ends: close the poller, call no JavaScript.
    virtual void OnTeardown() = 0;

   protected:
    ~Owner() = default;
  };

  /// Returns 0 or the errno. The descriptor stays the caller's.
  static int Open(const std::shared_ptr<Environment>& environment, int fd, Owner* owner, Poller** out);

  Owner* owner() const { return owner_; }
  /// Returns 0 or the errno. Again with other events replaces them.
  int Start(int events);
  void Stop();
  void SetKeepAlive(bool keep);
  /// The owner is not called any more and the descriptor may be closed at once; the memory goes when libuv let go of it.
  void Close();

 private:
  Poller(const std::shared_ptr<Environment>& environment, Owner* owner)
      : environment_(environment), owner_(owner) {}

  uv_poll_t handle_;
  std::shared_ptr<Environment> environment_;
  Owner* owner_;
};
