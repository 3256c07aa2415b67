// Checks of JavaScript's arguments. Each returns false with a TypeError or RangeError pending.
#pragma once

#include <cstdint>
#include <napi.h>
#include <vector>

struct Bytes {
  const uint8_t* data = nullptr;
  size_t length = 0;
};

bool ReadInteger(Napi::Env env, Napi::Value value, const char* name, int64_t least, int64_t most, int64_t* out);
bool ReadInt(Napi::Env env, Napi::Value value, const char* name, int* out);
/// The bytes belong to JavaScript: use them before anything else runs.
bool ReadBytes(Napi::Env env, Napi::Value value, const char* name, size_t least, size_t most, Bytes* out);
/// A raw sockaddr, any family.
bool ReadAddress(Napi::Env env, Napi::Value value, Bytes* out);
bool ReadFunction(Napi::Env env, Napi::Value value, const char* name, Napi::Function* out);
/// A list of at most 253 (SCM_MAX_FD) descriptors.
bool ReadDescriptors(Napi::Env env, Napi::Value value, std::vector<int>* out);
