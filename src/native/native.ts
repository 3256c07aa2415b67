/**
 * Type declarations of the addon and its loader. The addon knows sockets and timers, and nothing of their data; beside
 * that it has an entry for SQLite.
 */
import { createRequire } from "node:module";

/** Every failure of a system call: `code` is the name ("EPERM"), `errno` the positive number, `syscall` the call. */
export interface SystemError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
}

export interface ReceivedMessage {
  /** A fresh Buffer of its own for each message: the receiver may keep it. */
  readonly data: Buffer;
  /** The sender's raw sockaddr (sockaddr_nl, sockaddr_ll, sockaddr_un, sockaddr_in), empty when there is none. */
  readonly address: Buffer;
  /** The message was longer than the receive buffer; `data` holds its beginning. */
  readonly isTruncated: boolean;
  /** tp_status of PACKET_AUXDATA when that option is on. */
  readonly packetStatus?: number;
  /** File descriptors passed along (SCM_RIGHTS); the receiver owns and must close them. */
  readonly fds?: readonly number[];
}

export interface SocketEvents {
  /** On a stream an empty message is its end; it comes once and stops the polling. */
  onMessage(message: ReceivedMessage): void;
  /**
   * ENOBUFS (receive overrun) and other pending socket errors. The socket stays open and goes on, except after EIO from
   * "poll": an error came a thousand times in a second with nothing received, and polling has stopped.
   */
  onError(error: SystemError): void;
  /** The socket can be written again after `send` returned false. */
  onWritable?(): void;
}

/**
 * One non-blocking socket on libuv's poll. Closing twice, closing inside a callback and garbage collection are safe; a
 * socket that polls is not collected. Once closed every other method throws EBADF, except `stop` and `setKeepAlive`. An
 * error of a callback takes the way of every uncaught exception.
 */
export interface NativeSocket {
  /** -1 once closed. */
  readonly fd: number;
  bind(address: Uint8Array): void;
  /** A connection still in progress counts as success: `onWritable` tells its end, `onError` its failure. */
  connect(address: Uint8Array): void;
  /** The local address (getsockname). */
  localAddress(): Buffer;
  setOption(level: number, name: number, value: number | Uint8Array): void;
  getOption(level: number, name: number, maxLength: number): Buffer;
  /** Classic BPF program: 8 bytes an instruction, native byte order (SO_ATTACH_FILTER). */
  attachFilter(program: Uint8Array): void;
  /**
   * false: would block, nothing was sent. Throws SystemError on every other failure; EMSGSIZE when a stream took only a
   * part. At most 253 descriptors, which stay the caller's.
   */
  send(data: Uint8Array, options?: { readonly address?: Uint8Array; readonly fds?: readonly number[] }): boolean;
  /**
   * Receives all queued messages at once, at most `limit` (1 to 65,536), without waiting for the event loop. An error
   * is thrown; one that comes after messages is kept, and thrown or told next.
   */
  receive(limit: number): ReceivedMessage[];
  /**
   * Starts polling; once more replaces the listeners. At most 64 messages are delivered before other events get their
   * turn.
   */
  start(events: SocketEvents): void;
  /** Stops polling until the next `start`. */
  stop(): void;
  /** Whether polling keeps the process alive. True at first. */
  setKeepAlive(keep: boolean): void;
  /** Gives the descriptor away: the caller owns it, e.g. for `new net.Socket({ fd })`; this object is closed. */
  detach(): number;
  close(): void;
}

/**
 * One CLOCK_BOOTTIME timerfd on libuv's poll. An armed timer is not collected; a closed one throws EBADF when armed.
 */
export interface NativeTimer {
  /**
   * Fires once at `bootTimeMs` (absolute, as {@link NativeAddon.bootTimeMs}); a time in the past fires at once.
   * Replaces an earlier one.
   */
  arm(bootTimeMs: number): void;
  disarm(): void;
  /** Whether an armed timer keeps the process alive. True at first. */
  setKeepAlive(keep: boolean): void;
  close(): void;
}

export interface NativeAddon {
  /** `bufferBytes`: longest message that can be received whole, 1 to 1,048,576; 65,536 when absent. */
  openSocket(domain: number, type: number, protocol: number, options?: { readonly bufferBytes?: number }): NativeSocket;
  openTimer(fire: () => void): NativeTimer;
  /** CLOCK_BOOTTIME in milliseconds, with fractions. */
  bootTimeMs(): number;
  closeFd(fd: number): void;
  /** The process at the other end of a connected AF_UNIX socket, as it was when it connected (SO_PEERCRED). */
  peerCredentials(fd: number): { readonly pid: number; readonly uid: number };
  /** PR_SET_DUMPABLE: whether the kernel may write a core dump, and other processes of the user may look inside. */
  setDumpable(isDumpable: boolean): void;
  /**
   * Gives free memory of malloc back to the system: malloc_trim(3) in all arenas. Nothing where the C library has none.
   */
  trimMalloc(): void;
  /**
   * Brings reserved pages of V8's heap into memory, the emptiest first, at most `mostBytes` of them
   * (MADV_POPULATE_WRITE). Right after a collection these are the new space. Returns the bytes; 0 on a kernel before
   * 5.14.
   */
  populateHeap(mostBytes: number): number;
  /** Counts of open handles, for leak tests and the debug dump. */
  openHandles(): { readonly sockets: number; readonly timers: number };
}

const require = createRequire(import.meta.url);
const builtAddon = "./build/Release/fairlead_native.node";
let loaded: NativeAddon | undefined;

/** Loads the addon on first use; throws one clear error when it was not built, or not for this Node or machine. */
export function nativeAddon(): NativeAddon {
  loaded ??= load();
  return loaded;
}

function load(): NativeAddon {
  try {
    return require(builtAddon) as NativeAddon;
  } catch (cause) {
    const how = "run `npm rebuild` or `npm ci` in fairlead's folder; it needs make, a C++17 compiler and Python 3";
    throw new Error(`the addon in src/native cannot be loaded: ${how}`, { cause });
  }
}

/** For SQLite's loader (sqlite_paths.cc): the file and the function in it. */
export const sqliteExtension = () => ({ file: require.resolve(builtAddon), entry: "fairlead_sqlite_paths" });
