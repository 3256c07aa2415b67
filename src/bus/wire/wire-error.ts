/**
 * The one error of the encoder and the decoder: bytes that are no D-Bus message, or a value that does not fit its
 * signature.
 */
export class WireError extends Error {
  override readonly name = "WireError";
}

/** The error to throw on: a {@link WireError} is told with where it happened, others stay as they are. */
export const locatedAt = (where: string, error: unknown): unknown =>
  error instanceof WireError ? new WireError(`${where}: ${error.message}`) : error;
