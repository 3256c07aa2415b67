// Failures of system calls as JavaScript errors.
#pragma once

#include <napi.h>

/// Leaves an Error with `code` ("EPERM"), `errno` (positive) and `syscall` pending; the caller must return at once.
void ThrowSystemError(Napi::Env env, int error_number, const char* syscall);

/// The same Error as a value. False when JavaScript may no longer run.
bool MakeSystemError(napi_env env, int error_number, const char* syscall, napi_value* out);
