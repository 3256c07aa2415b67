import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";

/** DER head before the 32 bytes of an X25519 key (RFC 8410, 7). */
const pkcs8Head = Buffer.from("302e020100300506032b656e04220420", "hex");
const keyBytes = 32;

/** In base64. */
export function makePrivateKey(): string {
  const { privateKey } = generateKeyPairSync("x25519");
  return lastBytes(privateKey.export({ format: "der", type: "pkcs8" }));
}

export function publicKeyOf(privateKey: string): string {
  const key = Buffer.concat([pkcs8Head, Buffer.from(privateKey, "base64")]);
  const own = createPrivateKey({ key, format: "der", type: "pkcs8" });
  return lastBytes(createPublicKey(own).export({ format: "der", type: "spki" }));
}

const lastBytes = (der: Buffer): string => der.subarray(-keyBytes).toString("base64");
