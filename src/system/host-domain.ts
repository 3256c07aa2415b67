import { hostname } from "node:os";

/** The domain in the machine's own name; undefined: it has none. */
export function hostDomain(): string | undefined {
  const domain = hostname().split(".").slice(1).join(".");
  return domain === "" ? undefined : domain;
}
