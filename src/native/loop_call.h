// JavaScript from the event loop. A worker may be terminated between any two lines here: then every call into N-API
// fails without an exception, so statuses are looked at; node-addon-api, which takes that for a fatal error, is not used.
#pragma once

#include <initializer_list>
#include <node_api.h>

/// Calls a function. Its exception takes the way of every uncaught exception. False when it threw, or when JavaScript
/// may no longer run: then call nothing more in this turn.
bool CallFromLoop(napi_env env, napi_value receiver, napi_value function, std::initializer_list<napi_value> arguments);

/// Puts properties on an object; once one failed the rest is skipped.
class ObjectFiller {
 public:
  ObjectFiller(napi_env env, napi_value object) : env_(env), object_(object) {}
  bool IsWhole() const { return is_whole_; }
  /// `status` says whether the value could be made.
  void Put(const char* name, napi_status status, napi_value value);
  void PutString(const char* name, const char* text);
  void PutNumber(const char* name, double number);
  void PutBoolean(const char* name, bool value);
  void PutBuffer(const char* name, const void* data, size_t length);

 private:
  napi_env env_;
  napi_value object_;
  bool is_whole_ = true;
};
