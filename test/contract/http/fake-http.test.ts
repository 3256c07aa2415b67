import { FakeClock } from "../../fakes/fake-clock.ts";
import { type FakeAnswer, FakeHttp, type FakeServer } from "../../fakes/fake-http.ts";
import { httpCases, largeBodyBytes, sharedAddress, webHost } from "./http-cases.ts";

const redirect = (location: string): FakeAnswer => ({ status: 302, headers: { location } });

const serverOf =
  (letter: string): FakeServer =>
  (path) =>
    ({
      "/hello": { status: 200, headers: { "content-type": "text/plain" }, body: `hello from ${letter}` },
      "/nothing": { status: 204 },
      "/away": redirect("/hello"),
      "/elsewhere": redirect("https://portal.example/login?from=here"),
      "/odd": redirect("javascript:alert(1)"),
      "/loop": redirect("/loop"),
      "/large": { status: 200, body: Buffer.alloc(largeBodyBytes, "x") },
      "/headers": { status: 200, headers: { long: "x".repeat(40_000) } },
      "/silent": "silent" as const,
    })[path];

httpCases("fake http", async () => {
  const clock = new FakeClock();
  const http = new FakeHttp(clock);
  for (const letter of ["a", "b"]) {
    for (const host of [webHost, sharedAddress]) http.serve(letter, host, serverOf(letter));
  }
  const link = (name: string) => ({ name, addresses: ["10.1.0.2"], nameServers: ["10.1.0.1"] });
  return {
    http,
    links: { a: link("a"), b: link("b") },
    passTime: (ms) => clock.advanceSettled(ms),
    close: async () => {},
  };
});
