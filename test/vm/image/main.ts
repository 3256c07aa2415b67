import { saveMachines } from "../machine/saved.ts";
import { findImage, makeImage } from "./cache.ts";

/** main.ts RELEASE: builds the image and boots the machines to be saved unless all is there; run under a lock. */
async function main([release = ""]: readonly string[]): Promise<void> {
  if (findImage(release) === undefined) {
    process.stderr.write("vm: building the guest's image from Debian packages, once: about two minutes\n");
  }
  await saveMachines(makeImage(release));
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`vm: the image cannot be built: ${error.message}\n`);
  process.exitCode = 1;
});
