/** Bounds of one connection. The D-Bus specification allows more in each case; these bound our memory. */
export interface BusLimits {
  /** Bytes of one message to us; a larger one is read over and refused. */
  readonly maxMessageBytes: number;
  /** A message to us beyond this is kept only if its header says that it is worth it. At most `maxMessageBytes`. */
  readonly largeMessageBytes: number;
  /**
   * Bytes of one message of ours. The bus ends a connection that sends more than it allows, 32 MiB unless configured.
   */
  readonly maxSentBytes: number;
  /** Values in the body of one message: 16 MiB of empty arrays would become gigabytes of objects. */
  readonly maxValues: number;
  /** Bytes that wait for the bus to read them; beyond, the connection is dropped and made anew. */
  readonly maxQueuedBytes: number;
  /** No more calls are read while this many bytes wait to be sent. */
  readonly pauseReadingBytes: number;
  /**
   * How long the bus may take none of the waiting bytes before it is looked at more closely; a healthy one takes
   * milliseconds.
   */
  readonly stallMs: number;
  /** Time before we give up on a bus that reads from no client. */
  readonly deadMs: number;
  /** Time for socket and authentication, and once more for Hello. */
  readonly connectMs: number;
}

const mebibyte = 1024 * 1024;

export const defaultLimits: BusLimits = {
  maxMessageBytes: 16 * mebibyte,
  largeMessageBytes: 65_536,
  maxSentBytes: 32 * mebibyte,
  maxValues: 262_144,
  maxQueuedBytes: 64 * mebibyte,
  pauseReadingBytes: mebibyte,
  stallMs: 5_000,
  deadMs: 120_000,
  connectMs: 5_000,
};

/** For programs that call one daemon they trust and may be answered with everything about thousands of links. */
export const clientLimits: Partial<BusLimits> = {
  maxMessageBytes: 64 * mebibyte,
  largeMessageBytes: 64 * mebibyte,
  maxValues: 16_777_216,
};

/** Milliseconds: as long as a timer runs. For calls whose answer may take as long as it likes. */
export const longestTimeoutMs = 2 ** 31 - 1;

/** Limits of the protocol itself (specification, "Message Format" and "Valid Signatures"). */
export const protocolLimits = {
  messageBytes: 128 * mebibyte,
  arrayBytes: 64 * mebibyte,
  signatureBytes: 255,
  nameBytes: 255,
  arrayDepth: 32,
  structDepth: 32,
  totalDepth: 64,
} as const;
