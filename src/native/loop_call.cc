#include "loop_call.h"

bool CallFromLoop(napi_env env, napi_value receiver, napi_value function, std::initializer_list<napi_value> arguments) {
  napi_value result, thrown;
  napi_status status =
      napi_make_callback(env, nullptr, receiver, function, arguments.size(), arguments.begin(), &result);
  if (status == napi_ok) return true;
  bool is_pending = false;
  if (napi_is_exception_pending(env, &is_pending) == napi_ok && is_pending &&
      napi_get_and_clear_last_exception(env, &thrown) == napi_ok) {
    napi_fatal_exception(env, thrown);
  }
  return false;
}

void ObjectFiller::Put(const char* name, napi_status status, napi_value value) {
  is_whole_ = is_whole_ && status == napi_ok && napi_set_named_property(env_, object_, name, value) == napi_ok;
}

void ObjectFiller::PutString(const char* name, const char* text) {
  napi_value value;
  napi_status status = napi_create_string_utf8(env_, text, NAPI_AUTO_LENGTH, &value);
  Put(name, status, value);
}

void ObjectFiller::PutNumber(const char* name, double number) {
  napi_value value;
  napi_status status = napi_create_double(env_, number, &value);
  Put(name, status, value);
}

void ObjectFiller::PutBoolean(const char* name, bool truth) {
  napi_value value;
  napi_status status = napi_get_boolean(env_, truth, &value);
  Put(name, status, value);
}

void ObjectFiller::PutBuffer(const char* name, const void* data, size_t length) {
  napi_value value;
  napi_status status = napi_create_buffer_copy(env_, length, data, nullptr, &value);
  Put(name, status, value);
}
