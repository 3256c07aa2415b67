{
  "targets": [{
    "target_name": "fairlead_native",
    "sources": ["addon.cc", "arguments.cc", "environment.cc", "loop_call.cc", "memory.cc", "message.cc", "poller.cc", "socket.cc", "socket_io.cc", "sqlite_paths.cc", "system_error.cc", "timer.cc"],
    "include_dirs": ["<!@(node -p \"require('node-addon-api').include_dir\")",
                     "<!@(node -p \"require('path').dirname(require.resolve('better-sqlite3/package.json'))\")/deps/sqlite3"],
    "defines": ["NAPI_VERSION=9", "NODE_ADDON_API_DISABLE_DEPRECATED", "NAPI_DISABLE_CPP_EXCEPTIONS",
                "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
    "cflags_cc": ["-std=c++17", "-Wall", "-Wextra", "-fvisibility=hidden"]
  }]
}
