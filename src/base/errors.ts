/**
 * The one table of errors: code -> D-Bus error name, sentence for people.
 * Low floors throw {@link DaemonError}; only `dbus/` turns it into a reply.
 */
const shill = (name: string) => `org.chromium.flimflam.Error.${name}`;

interface ErrorDef {
  readonly busName: string;
  readonly sentence: string;
}
const ofShill = (name: string, sentence: string): ErrorDef => ({ busName: shill(name), sentence });

export const errorTable = {
  AlreadyConnected: ofShill("AlreadyConnected", "Already connected"),
  AlreadyExists: ofShill("AlreadyExists", "Already exists"),
  Failure: ofShill("Failure", "Operation failed (no other information)"),
  IllegalOperation: ofShill("IllegalOperation", "Illegal operation"),
  InProgress: ofShill("InProgress", "In progress"),
  InternalError: ofShill("InternalError", "Internal error"),
  InvalidApn: ofShill("InvalidApn", "Invalid APN"),
  InvalidArguments: ofShill("InvalidArguments", "Invalid arguments"),
  InvalidNetworkName: ofShill("InvalidNetworkName", "Invalid network name"),
  InvalidPassphrase: ofShill("InvalidPassphrase", "Invalid passphrase"),
  InvalidProperty: ofShill("InvalidProperty", "Invalid property"),
  NoCarrier: ofShill("NoCarrier", "No carrier"),
  NotConnected: ofShill("NotConnected", "Not connected"),
  NotFound: ofShill("NotFound", "Not found"),
  NotImplemented: ofShill("NotImplemented", "Not implemented"),
  NotSupported: ofShill("NotSupported", "Not supported"),
  NotStored: ofShill("NotStored", "Not stored: the disk does not take it now"),
  OperationAborted: ofShill("OperationAborted", "Operation aborted"),
  OperationTimeout: ofShill("OperationTimeout", "Operation timeout"),
  PassphraseRequired: ofShill("PassphraseRequired", "Passphrase required"),
  PermissionDenied: ofShill("PermissionDenied", "Permission denied"),
  TechnologyNotAvailable: ofShill("TechnologyNotAvailable", "Technology not available"),
  WrongState: ofShill("WrongState", "Wrong state"),
} as const satisfies Record<string, ErrorDef>;

export type ErrorCode = keyof typeof errorTable;

/**
 * An error that a person or a client may be told. `context` names the object and the place; it never holds a secret.
 */
export class DaemonError extends Error {
  override readonly name = "DaemonError";
  constructor(
    readonly code: ErrorCode,
    message: string = errorTable[code].sentence,
    options: { readonly cause?: unknown; readonly context?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.context = options.context ?? {};
  }
  readonly context: Readonly<Record<string, unknown>>;

  /** The D-Bus error name of the reply. */
  get busName(): string {
    return errorTable[this.code].busName;
  }
}

/** One line for a log or a person: the message and those of its causes, without stacks. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error, depth = 0; at !== undefined && depth < 5; depth++) {
    parts.push(at instanceof Error ? at.message : String(at));
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.join(": ");
}
