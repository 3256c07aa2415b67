// The NativeSocket of native.ts.
#pragma once

#include <napi.h>

#include "environment.h"
#include "message.h"
#include "poller.h"

class Socket final : public Napi::ObjectWrap<Socket>, private Poller::Owner {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Socket(const Napi::CallbackInfo& info);
  ~Socket() override;

 private:
  Napi::Value Descriptor(const Napi::CallbackInfo& info);
  void Bind(const Napi::CallbackInfo& info);
  void Connect(const Napi::CallbackInfo& info);
  Napi::Value LocalAddress(const Napi::CallbackInfo& info);
  void SetOption(const Napi::CallbackInfo& info);
  Napi::Value GetOption(const Napi::CallbackInfo& info);
  void AttachFilter(const Napi::CallbackInfo& info);
  Napi::Value Send(const Napi::CallbackInfo& info);
  Napi::Value Receive(const Napi::CallbackInfo& info);
  void Start(const Napi::CallbackInfo& info);
  void Stop(const Napi::CallbackInfo& info);
  void SetKeepAlive(const Napi::CallbackInfo& info);
  Napi::Value Detach(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  void OnPoll(int status, int events) override;
  void OnTeardown() override { CloseDescriptor(); }
  bool TellWritable();
  bool TellError(int error, const char* syscall);
  void TellPendingError();
  void DeliverMessages();
  bool DeliverMessage(ReceivedMessage* message);
  int ReceiveNext(ReceivedMessage* message);
  bool IsEndOfStream(const ReceivedMessage& message) const { return is_connection_ && message.length == 0; }

  bool IsOpen(const Napi::CallbackInfo& info, const char* syscall);
  bool OpenPoller(Napi::Env env);
  int UpdatePolling();
  void StopPolling();
  void CheckStuck();
  /// The descriptor, open but no longer ours; -1 when there was none.
  int Release();
  void CloseDescriptor();
  /// False when JavaScript may no longer run: then nothing of the message stays open.
  bool ToJavaScript(const ReceivedMessage& message, napi_value* out);

  std::shared_ptr<Environment> environment_;
  Poller* poller_ = nullptr;
  int fd_ = -1;
  int receive_flags_ = 0;
  bool is_connection_ = false;
  bool is_started_ = false;
  bool awaits_writable_ = false;
  bool keeps_alive_ = true;
  size_t buffer_bytes_ = 65536;
  uint64_t fruitless_since_ = 0;
  int fruitless_ = 0;
  /// Taken from the kernel by a Receive that had messages to return; told next.
  int kept_error_ = 0;
  Napi::ObjectReference events_;
  Napi::FunctionReference on_message_;
  Napi::FunctionReference on_error_;
  Napi::FunctionReference on_writable_;
};
