#include "arguments.h"

#include <cmath>
#include <climits>
#include <string>

#include "message.h"

namespace {

bool TypeMismatch(Napi::Env env, const char* name, const char* expected) {
  Napi::TypeError::New(env, std::string(name) + " must be " + expected).ThrowAsJavaScriptException();
  return false;
}

bool OutOfRange(Napi::Env env, const char* name, int64_t least, int64_t most) {
  Napi::RangeError::New(env, std::string(name) + " must be from " + std::to_string(least) + " to " +
                                 std::to_string(most))
      .ThrowAsJavaScriptException();
  return false;
}

}  // namespace

bool ReadInteger(Napi::Env env, Napi::Value value, const char* name, int64_t least, int64_t most, int64_t* out) {
  if (!value.IsNumber()) return TypeMismatch(env, name, "a number");
  double number = value.As<Napi::Number>().DoubleValue();
  if (number != std::floor(number)) return TypeMismatch(env, name, "an integer");
  if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most)))
    return OutOfRange(env, name, least, most);
  *out = static_cast<int64_t>(number);
  return true;
}

bool ReadInt(Napi::Env env, Napi::Value value, const char* name, int* out) {
  int64_t wide = 0;
  if (!ReadInteger(env, value, name, INT_MIN, INT_MAX, &wide)) return false;
  *out = static_cast<int>(wide);
  return true;
}

bool ReadBytes(Napi::Env env, Napi::Value value, const char* name, size_t least, size_t most, Bytes* out) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
    return TypeMismatch(env, name, "a Uint8Array");
  Napi::Uint8Array array = value.As<Napi::Uint8Array>();
  *out = {array.Data(), array.ByteLength()};
  if (out->length >= least && out->length <= most) return true;
  return OutOfRange(env, (std::string("length of ") + name).c_str(), static_cast<int64_t>(least),
                    static_cast<int64_t>(most));
}

bool ReadAddress(Napi::Env env, Napi::Value value, Bytes* out) {
  return ReadBytes(env, value, "address", sizeof(sa_family_t), sizeof(sockaddr_storage), out);
}

bool ReadFunction(Napi::Env env, Napi::Value value, const char* name, Napi::Function* out) {
  if (!value.IsFunction()) return TypeMismatch(env, name, "a function");
  *out = value.As<Napi::Function>();
  return true;
}

bool ReadDescriptors(Napi::Env env, Napi::Value value, std::vector<int>* out) {
  if (!value.IsArray()) return TypeMismatch(env, "fds", "an array");
  Napi::Array list = value.As<Napi::Array>();
  if (list.Length() > kMostDescriptors) return OutOfRange(env, "length of fds", 0, kMostDescriptors);
  for (uint32_t at = 0; at < list.Length(); at++) {
    int64_t fd;
    Napi::Value item = list.Get(at);
    if (env.IsExceptionPending() || !ReadInteger(env, item, "fd", 0, INT_MAX, &fd)) return false;
    out->push_back(static_cast<int>(fd));
  }
  return true;
}
