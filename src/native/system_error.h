// Failures of system calls as JavaScript errors.
#pragma once

#include <napi.h>

/// An Error with `code` ("EPERM"), `errno` (positive) and `syscall`.
Napi::Error SystemError(Napi::Env env, int error_number, const char* syscall);

/// Leaves the error pending in JavaScript; the caller must return at once.
void ThrowSystemError(Napi::Env env, int error_number, const char* syscall);

/// Calls back into JavaScript from the event loop. What the function throws takes the way of every uncaught exception.
/// False when it threw, or when JavaScript may no longer run: then stop calling in this turn.
bool CallFromLoop(Napi::Env env, Napi::Object receiver, Napi::Function function,
                  std::initializer_list<napi_value> arguments);
