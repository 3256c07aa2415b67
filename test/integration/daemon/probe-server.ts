/**
 * Runs in a network of the tests: web servers for http and https on one address, whose answer is the word that a file
 * holds when they are asked. Arguments: the address, the file.
 */
import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { portalUrl, probeCertificate, probeKey } from "../../harness/probe-certificate.ts";

const [address = "", file = ""] = process.argv.slice(2);

const answer: RequestListener = ({ socket, headers }, to) => {
  const mode = readFileSync(file, "utf8");
  const isTls = "encrypted" in socket;
  console.log(`asked ${isTls ? "https" : "http"} ${mode} ${headers["user-agent"]}`);
  if (mode === "open") to.writeHead(204).end();
  // As portals do: plain requests are led away, and there is no certificate for another host's name.
  else if (mode === "portal" && !isTls) to.writeHead(302, { location: portalUrl }).end();
  else if (mode === "redirect without a Location" && !isTls) to.writeHead(302).end();
  else if (mode === "page" && !isTls) to.writeHead(200).end("<html>Welcome to the hotel</html>");
  else if (mode !== "silent") socket.destroy();
};

createHttpServer(answer).listen(80, address, () => console.log("listens on 80"));
createHttpsServer({ key: probeKey, cert: probeCertificate }, answer).listen(443, address, () =>
  console.log("listens on 443"),
);
