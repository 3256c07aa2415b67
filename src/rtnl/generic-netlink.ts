/** Generic netlink: families of the kernel found by name, and commands to them (include/uapi/linux/genetlink.h). */
import type { Clock } from "../base/clock.ts";
import { type NativeAddon, nativeAddon } from "../native/native.ts";
import { encodeDump, encodeMessage, type Part, text } from "./encode.ts";
import { errnoOf, kernelError } from "./kernel-error.ts";
import { openRequestSocket } from "./netlink-socket.ts";
import { type ChannelCounters, RequestChannel } from "./request-channel.ts";
import { Attributes, afterFixedPart } from "./wire.ts";

/** GENL_ID_CTRL: the family that knows the others. */
const controlFamily = 0x10;
const getFamily = 3;
const control = { familyId: 1, familyName: 2 } as const;
/** struct genlmsghdr. */
const headerLength = 4;

/** A command with its attributes. */
export interface GenericCommand {
  /** For errors; no secret. */
  readonly name: string;
  readonly number: number;
  readonly version: number;
  readonly attributes: Buffer;
}

/** Hears the attributes of each message of an answer. */
export type AttributesReader = (attributes: Buffer) => void;

export class GenericNetlink {
  readonly #channel: RequestChannel;
  readonly #families = new Map<string, number>();
  readonly counters: ChannelCounters = { malformed: 0, spoofed: 0 };

  /** Throws SystemError when no socket can be had. */
  constructor(clock: Clock, native: NativeAddon = nativeAddon()) {
    this.#channel = new RequestChannel(openRequestSocket(native, "generic"), clock, this.counters);
  }

  /** Rejects with KernelError; EOPNOTSUPP where the kernel has no such family. */
  async order(family: string, command: GenericCommand): Promise<void> {
    await this.#exchange(command.name, encodeMessage(await this.#idOf(family), 0, parts(command)), () => {});
  }
  /** As {@link order}, with the kernel's objects of a kind as the answer. */
  async list(family: string, command: GenericCommand, read: AttributesReader): Promise<void> {
    await this.#exchange(command.name, encodeDump(await this.#idOf(family), parts(command)), read);
  }
  close(): void {
    this.#channel.close();
  }

  async #idOf(family: string): Promise<number> {
    const known = this.#families.get(family);
    if (known !== undefined) return known;
    let found: number | undefined;
    const ask = encodeMessage(controlFamily, 0, [header(getFamily, 1), text(control.familyName, "family", family)]);
    await this.#exchange(`family ${family}`, ask, (answer) => {
      for (const attributes = new Attributes(answer, 0, answer.length); attributes.next(); ) {
        if (attributes.type === control.familyId) found = attributes.u16();
      }
    }).catch(() => {});
    if (found === undefined) throw kernelError(`family ${family}`, errnoOf("EOPNOTSUPP"), "the kernel has none");
    this.#families.set(family, found);
    return found;
  }

  async #exchange(name: string, request: Buffer, read: AttributesReader): Promise<void> {
    const outcome = await new Promise<{ errno: number; detail?: string }>((resolve) => {
      const readMessage = ({ from, end }: { from: number; end: number }, data: Buffer) =>
        read(data.subarray(afterFixedPart(name, from, end, headerLength), end));
      this.#channel.dump(request, readMessage, resolve);
    });
    if (outcome.errno !== 0) throw kernelError(name, outcome.errno, outcome.detail);
  }
}

const header = (command: number, version: number): Part => Buffer.from([command, version, 0, 0]);
const parts = ({ number, version, attributes }: GenericCommand): readonly Part[] => [
  header(number, version),
  attributes,
];
