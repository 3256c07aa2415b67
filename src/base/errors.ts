/**
 * The one table of errors: code -> D-Bus error name, sentence for people, whether the same call may work later.
 * Low floors throw {@link DaemonError}; only `dbus/` turns it into a reply.
 */
const shill = (name: string) => `org.chromium.flimflam.Error.${name}`;

interface ErrorDef {
  readonly busName: string;
  readonly sentence: string;
  readonly isTransient: boolean;
}
const permanent = (name: string, sentence: string): ErrorDef => ({
  busName: shill(name),
  sentence,
  isTransient: false,
});
const transient = (name: string, sentence: string): ErrorDef => ({ busName: shill(name), sentence, isTransient: true });

export const errorTable = {
  AlreadyConnected: permanent("AlreadyConnected", "Already connected"),
  AlreadyExists: permanent("AlreadyExists", "Already exists"),
  Failure: transient("Failure", "Operation failed (no other information)"),
  IllegalOperation: permanent("IllegalOperation", "Illegal operation"),
  InProgress: transient("InProgress", "In progress"),
  InternalError: permanent("InternalError", "Internal error"),
  InvalidApn: permanent("InvalidApn", "Invalid APN"),
  InvalidArguments: permanent("InvalidArguments", "Invalid arguments"),
  InvalidNetworkName: permanent("InvalidNetworkName", "Invalid network name"),
  InvalidPassphrase: permanent("InvalidPassphrase", "Invalid passphrase"),
  InvalidProperty: permanent("InvalidProperty", "Invalid property"),
  NoCarrier: transient("NoCarrier", "No carrier"),
  NotConnected: permanent("NotConnected", "Not connected"),
  NotFound: permanent("NotFound", "Not found"),
  NotImplemented: permanent("NotImplemented", "Not implemented"),
  NotSupported: permanent("NotSupported", "Not supported"),
  NotStored: transient("NotStored", "Not stored: the disk does not take it now"),
  OperationAborted: transient("OperationAborted", "Operation aborted"),
  OperationTimeout: transient("OperationTimeout", "Operation timeout"),
  PassphraseRequired: permanent("PassphraseRequired", "Passphrase required"),
  PermissionDenied: permanent("PermissionDenied", "Permission denied"),
  TechnologyNotAvailable: permanent("TechnologyNotAvailable", "Technology not available"),
  WrongState: permanent("WrongState", "Wrong state"),
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

/** Whether the same request may succeed later without any change by the caller. */
export const isTransient = (error: unknown): boolean =>
  error instanceof DaemonError && errorTable[error.code].isTransient;

/** One line for a log or a person: the message and those of its causes, without stacks. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error, depth = 0; at !== undefined && depth < 5; depth++) {
    parts.push(at instanceof Error ? at.message : String(at));
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.join(": ");
}
