#include "environment.h"

#include "poller.h"

std::shared_ptr<Environment> Environment::Create(Napi::Env env) {
  auto environment = std::make_shared<Environment>();
  napi_async_cleanup_hook_handle unused;
  if (napi_get_uv_event_loop(env, &environment->loop_) != napi_ok) return nullptr;
  if (napi_add_async_cleanup_hook(env, OnTeardown, environment.get(), &unused) != napi_ok) return nullptr;
  environment->until_torn_down_ = environment;
  return environment;
}

uint8_t* Environment::Scratch(size_t bytes) {
  if (scratch_.size() < bytes) scratch_.resize(bytes);
  return scratch_.data();
}

void Environment::OnClosing(Poller* poller) {
  open_.erase(poller);
  closing_++;
}

void Environment::OnClosed() {
  closing_--;
  if (teardown_ != nullptr) FinishTeardown();
}

// A worker that ends aborts the process when its loop still holds handles: close them all, and wait until libuv let go.
void Environment::OnTeardown(napi_async_cleanup_hook_handle handle, void* data) {
  auto* environment = static_cast<Environment*>(data);
  auto owners = environment->open_;
  for (Poller* poller : owners) poller->owner()->OnTeardown();
  environment->teardown_ = handle;
  environment->FinishTeardown();
}

void Environment::FinishTeardown() {
  if (closing_ > 0) return;
  auto last = std::move(until_torn_down_);
  napi_remove_async_cleanup_hook(teardown_);
  teardown_ = nullptr;
}
