#include "system_error.h"

#include <cstring>
#include <string>
#include <uv.h>

namespace {

std::string ErrorName(int error_number) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 32)
  // libuv knows only the names it maps itself: ENOKEY or EKEYREJECTED would come out as a number.
  if (const char* name = strerrorname_np(error_number)) return name;
#endif
  char name[64];
  return uv_err_name_r(-error_number, name, sizeof name);
}

}  // namespace

Napi::Error SystemError(Napi::Env env, int error_number, const char* syscall) {
  std::string name = ErrorName(error_number);
  char sentence[128];
  uv_strerror_r(-error_number, sentence, sizeof sentence);
  Napi::Error error = Napi::Error::New(env, std::string(syscall) + " " + name + ": " + sentence);
  Napi::Object object = error.Value();
  object.Set("code", name);
  object.Set("errno", error_number);
  object.Set("syscall", syscall);
  return error;
}

void ThrowSystemError(Napi::Env env, int error_number, const char* syscall) {
  SystemError(env, error_number, syscall).ThrowAsJavaScriptException();
}

bool CallFromLoop(Napi::Env env, Napi::Object receiver, Napi::Function function,
                  std::initializer_list<napi_value> arguments) {
  napi_value result;
  napi_status status = napi_make_callback(env, nullptr, receiver, function, arguments.size(),
                                          std::data(arguments), &result);
  if (status == napi_ok) return true;
  bool is_pending = false;
  napi_value thrown;
  if (napi_is_exception_pending(env, &is_pending) == napi_ok && is_pending &&
      napi_get_and_clear_last_exception(env, &thrown) == napi_ok) {
    napi_fatal_exception(env, thrown);
  }
  return false;
}
