/**
 * The parts of dbus-next 0.10.2 that are used, by file: its index would load xml2js, event-stream and long with it
 * (see docs/decisions/dbus-wire.md). Its own types describe the index only.
 */
declare module "dbus-next/lib/message-type.js" {
  export interface MessageInit {
    readonly type?: number;
    readonly serial?: number | undefined;
    readonly flags?: number;
    readonly path?: string | undefined;
    readonly interface?: string | undefined;
    readonly member?: string | undefined;
    readonly errorName?: string | undefined;
    readonly replySerial?: number | undefined;
    readonly destination?: string | undefined;
    readonly sender?: string | undefined;
    readonly signature?: string;
    readonly body?: readonly unknown[];
  }
  export class Message {
    constructor(init: MessageInit);
    readonly type: number;
    readonly serial: number | null;
    readonly flags: number;
    readonly path: string | undefined;
    readonly interface: string | undefined;
    readonly member: string | undefined;
    readonly errorName: string | undefined;
    readonly replySerial: number | undefined;
    readonly destination: string | undefined;
    readonly sender: string | undefined;
    readonly signature: string;
    readonly body: readonly unknown[];
  }
}

declare module "dbus-next/lib/constants.js" {
  export const MessageType: {
    readonly METHOD_CALL: 1;
    readonly METHOD_RETURN: 2;
    readonly ERROR: 3;
    readonly SIGNAL: 4;
  };
  export const MessageFlag: { readonly NO_REPLY_EXPECTED: 1; readonly NO_AUTO_START: 2 };
  export const NameFlag: { readonly DO_NOT_QUEUE: 4 };
  export const RequestNameReply: { readonly PRIMARY_OWNER: 1; readonly EXISTS: 3; readonly ALREADY_OWNER: 4 };
}

declare module "dbus-next/lib/validators.js" {
  export function isBusNameValid(name: string): boolean;
  export function isInterfaceNameValid(name: string): boolean;
  export function isMemberNameValid(name: string): boolean;
}
