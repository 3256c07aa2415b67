import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Where Debian's packages come from on this host, in apt's stanza format. */
export function hostSources(release: string, folder = "/etc/apt"): string {
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const files = [...list(folder), ...list(join(folder, "sources.list.d")).map((name) => `sources.list.d/${name}`)];
  const stanzas = files.flatMap((name) => {
    if (name === "sources.list" || name.endsWith(".list")) return stanzasOfLines(read(name));
    return name.endsWith(".sources") ? stanzasOfText(read(name)) : [];
  });
  const ours = stanzas.filter((stanza) => isOfRelease(stanza, release));
  if (ours.length === 0) throw new Error(`apt on this host has no source of packages for Debian ${release}`);
  return `${ours.join("\n\n")}\n`;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** "deb [signed-by=/key arch=amd64] URI SUITE COMPONENT ..." becomes a stanza; comments and source packages go. */
export function stanzasOfLines(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const parts = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (!parts) return [];
    const [, options = "", uri = "", suite = "", components = ""] = parts;
    const key = /\bsigned-by=(\S+)/i.exec(options)?.[1];
    const fields = ["Types: deb", `URIs: ${uri}`, `Suites: ${suite}`];
    if (components.trim() !== "") fields.push(`Components: ${components.trim()}`);
    if (key !== undefined) fields.push(`Signed-By: ${key}`);
    return [fields.join("\n")];
  });
}

/** Stanzas as they are, without comments, those that are switched off, and those of source packages alone. */
export function stanzasOfText(text: string): string[] {
  const withoutComments = text.replace(/^#.*\n/gm, "");
  const stanzas = withoutComments.split(/\n[ \t]*\n/).map((stanza) => stanza.trim());
  return stanzas.filter((stanza) => /^Types:.*\bdeb\b(?!-)/im.test(stanza) && !/^Enabled:\s*no\b/im.test(stanza));
}

/** Other people's repositories name suites of their own; only the release's are wanted, its updates included. */
function isOfRelease(stanza: string, release: string): boolean {
  const suites = /^Suites:(.*)$/im.exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
  return suites.length > 0 && suites.every((suite) => suite === release || suite.startsWith(`${release}-`));
}

/** How this host reaches archives (proxies, time limits, what dates are checked), in apt's configuration format. */
export function hostAcquireOptions(): string {
  const dump = execFileSync("apt-config", ["dump"], { encoding: "utf8" });
  return dump
    .split("\n")
    .filter((line) => /^Acquire::(https?|ftp|Check-|Max-|Min-|Retries|ForceIPv)/i.test(line) && !line.endsWith(' "";'))
    .map((line) => `${line}\n`)
    .join("");
}
