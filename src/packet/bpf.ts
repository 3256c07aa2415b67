/**
 * A tiny assembler for classic BPF (linux/filter.h, "Linux Socket Filtering"): labelled jumps instead of counted ones.
 * A jump goes forward only and at most 255 instructions, which the assembler checks.
 */

/** Where to go when a comparison holds, and when not; absent: on to the next instruction. */
interface Branch {
  readonly hit?: string;
  readonly miss?: string;
}

export type Instruction =
  /** A := the byte, half word or word at an offset of the packet; negative offsets are the kernel's own data. */
  | { readonly op: "load-byte" | "load-half" | "load-word"; readonly at: number }
  /** X := 4 * (low nibble of the byte): the length of an IPv4 header. */
  | { readonly op: "load-header-length"; readonly at: number }
  /** A := the half word at X + offset. */
  | { readonly op: "load-half-indexed"; readonly at: number }
  | ({ readonly op: "if-equal" | "if-any-bit"; readonly value: number } & Branch)
  /** Bytes of the packet to keep; 0 drops it. */
  | { readonly op: "return"; readonly bytes: number }
  | { readonly label: string };

/** BPF class, size and mode, or comparison, as in linux/bpf_common.h. */
const opcodes = {
  "load-byte": 0x30,
  "load-half": 0x28,
  "load-word": 0x20,
  "load-header-length": 0xb1,
  "load-half-indexed": 0x48,
  "if-equal": 0x15,
  "if-any-bit": 0x45,
  return: 0x06,
} as const;

/** Ancillary load: the kind of receiver, PACKET_HOST and so on (SKF_AD_OFF + SKF_AD_PKTTYPE). */
export const packetTypeOffset = -0x1000 + 4;

/** struct sock_filter each: code, jt, jf, k in the machine's byte order. */
export function assemble(program: readonly Instruction[]): Uint8Array {
  const labels = new Map<string, number>();
  const lines: Exclude<Instruction, { label: string }>[] = [];
  for (const line of program) {
    if ("label" in line) labels.set(line.label, lines.length);
    else lines.push(line);
  }
  const distance = (from: number, label: string | undefined): number => {
    const to = label === undefined ? from + 1 : labels.get(label);
    if (to === undefined || to <= from || to - from > 256) throw new RangeError(`cannot jump from ${from} to ${label}`);
    return to - from - 1;
  };
  const code = new Uint16Array(lines.length * 4);
  const bytes = new Uint8Array(code.buffer);
  const words = new Uint32Array(code.buffer);
  for (const [index, line] of lines.entries()) {
    code[index * 4] = opcodes[line.op];
    if (line.op === "if-equal" || line.op === "if-any-bit") {
      bytes[index * 8 + 2] = distance(index, line.hit);
      bytes[index * 8 + 3] = distance(index, line.miss);
    }
    words[index * 2 + 1] = operand(line);
  }
  return bytes;
}

function operand(line: Exclude<Instruction, { label: string }>): number {
  if ("at" in line) return line.at >>> 0;
  return "value" in line ? line.value : line.bytes;
}
