import { findImage, makeImage } from "./cache.ts";

/** main.ts RELEASE: builds the image unless it is there; run under a lock. */
const [release = ""] = process.argv.slice(2);
try {
  if (findImage(release) === undefined) {
    process.stderr.write("vm: building the guest's image from Debian packages, once: about two minutes\n");
    makeImage(release);
  }
} catch (error) {
  process.stderr.write(`vm: the image cannot be built: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
