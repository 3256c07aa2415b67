/**
 * Runs in a network of the tests: answers as http-cases.ts expects. Arguments: the network's letter, then addresses.
 */
import { createServer, type ServerResponse } from "node:http";
import { largeBodyBytes } from "./http-cases.ts";

const [letter = "", ...addresses] = process.argv.slice(2);

const redirect = (location: string) => (to: ServerResponse) => to.writeHead(302, { location }).end();
const answers: Readonly<Record<string, (to: ServerResponse) => void>> = {
  "/hello": (to) => to.writeHead(200, { "content-type": "text/plain" }).end(`hello from ${letter}`),
  "/nothing": (to) => to.writeHead(204).end(),
  "/away": redirect("/hello"),
  "/elsewhere": redirect("https://portal.example/login?from=here"),
  "/odd": redirect("javascript:alert(1)"),
  "/loop": redirect("/loop"),
  "/large": (to) => to.writeHead(200).end(Buffer.alloc(largeBodyBytes, "x")),
  "/headers": (to) => to.writeHead(200, { long: "x".repeat(40_000) }).end(),
  "/silent": () => {},
};

for (const address of addresses) {
  const server = createServer((from, to) => answers[from.url ?? ""]?.(to));
  server.listen(80, address, () => console.log(`listens on ${address}`));
}
