#include "system_error.h"

#include <cstring>
#include <string>
#include <uv.h>

#include "loop_call.h"

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

bool MakeSystemError(napi_env env, int error_number, const char* syscall, napi_value* out) {
  std::string name = ErrorName(error_number);
  char sentence[128];
  uv_strerror_r(-error_number, sentence, sizeof sentence);
  std::string text = std::string(syscall) + " " + name + ": " + sentence;
  napi_value message;
  if (napi_create_string_utf8(env, text.data(), text.size(), &message) != napi_ok) return false;
  if (napi_create_error(env, nullptr, message, out) != napi_ok) return false;
  ObjectFiller error(env, *out);
  error.PutString("code", name.c_str());
  error.PutNumber("errno", error_number);
  error.PutString("syscall", syscall);
  return error.IsWhole();
}

void ThrowSystemError(Napi::Env env, int error_number, const char* syscall) {
  napi_value error;
  if (MakeSystemError(env, error_number, syscall, &error)) napi_throw(env, error);
}
