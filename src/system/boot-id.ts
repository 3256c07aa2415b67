import { readIfPresent } from "./files.ts";

const source = "/proc/sys/kernel/random/boot_id";

/** Names this run of the kernel; undefined where the machine does not tell. */
export function readBootId(): string | undefined {
  try {
    const text = readIfPresent(source, 64)?.toString("latin1").trim();
    return text && /^[0-9a-f-]{1,64}$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
