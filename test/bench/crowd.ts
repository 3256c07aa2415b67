import { addPeer } from "../harness/namespace.ts";
import { run } from "../harness/processes.ts";

/** Links are deleted by group: one by one takes the kernel 16 ms each. */
const group = "7";
const farNamespace = "crowd";
/** Where both ends have the same index the kernel rations news of the carrier to 50 links a second, for all links. */
const firstIndex = { near: 10_001, far: 1_100_001 };

/**
 * Makes `count` links at once, down, with their far ends in a namespace of their own; the kernel's part takes 0.5 ms
 * each.
 */
export function addLinks(count: number): void {
  addPeer(farNamespace);
  const lines = Array.from(
    { length: count },
    (_, n) =>
      `link add name usb${n} index ${firstIndex.near + n} group ${group} type veth ` +
      `peer name usb${n} index ${firstIndex.far + n} netns ${farNamespace}`,
  );
  run("ip", ["-batch", "-"], `${lines.join("\n")}\n`);
}

export function removeLinks(): void {
  run("ip", ["link", "del", "group", group]);
}
