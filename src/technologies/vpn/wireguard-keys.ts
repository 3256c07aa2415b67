/** Loaded with the first key: a machine without tunnels starts sooner. */
const crypto = () => process.getBuiltinModule("node:crypto");

/** DER head before the 32 bytes of an X25519 key (RFC 8410, 7). */
const pkcs8Head = Buffer.from("302e020100300506032b656e04220420", "hex");
const keyBytes = 32;

/** In base64. */
export function makePrivateKey(): string {
  const { privateKey } = crypto().generateKeyPairSync("x25519");
  return lastBytes(privateKey.export({ format: "der", type: "pkcs8" }));
}

export function publicKeyOf(privateKey: string): string {
  const key = Buffer.concat([pkcs8Head, Buffer.from(privateKey, "base64")]);
  const own = crypto().createPrivateKey({ key, format: "der", type: "pkcs8" });
  return lastBytes(crypto().createPublicKey(own).export({ format: "der", type: "spki" }));
}

const lastBytes = (der: Buffer): string => der.subarray(-keyBytes).toString("base64");
