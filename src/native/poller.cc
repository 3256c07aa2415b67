#include "poller.h"

#include "environment.h"

int Poller::Open(const std::shared_ptr<Environment>& environment, int fd, Owner* owner, Poller** out) {
  auto* poller = new Poller(environment, owner);
  int status = uv_poll_init(environment->loop(), &poller->handle_, fd);
  if (status < 0) {
    delete poller;  // uv_poll_init checks before it registers: nothing to close
    return -status;
  }
  poller->handle_.data = poller;
  environment->OnOpened(poller);
  *out = poller;
  return 0;
}

int Poller::Start(int events) {
  return -uv_poll_start(&handle_, events, [](uv_poll_t* handle, int status, int ready) {
    static_cast<Poller*>(handle->data)->owner_->OnPoll(status, ready);
  });
}

void Poller::Stop() { uv_poll_stop(&handle_); }

void Poller::SetKeepAlive(bool keep) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&handle_);
  keep ? uv_ref(handle) : uv_unref(handle);
}

void Poller::Close() {
  environment_->OnClosing(this);
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_), [](uv_handle_t* handle) {
    auto* poller = static_cast<Poller*>(handle->data);
    poller->environment_->OnClosed();
    delete poller;
  });
}
