import assert from "node:assert/strict";
import type { KernelError, Qdisc } from "../../../src/rtnl/rtnl.ts";
import type { Cases, Scene } from "./rtnl-host.ts";

const handle = 0x12340000;
const block = 0x66001234;
const limit = { bytesPerSecond: 125_000, burstBytes: 16_384, queueBytes: 65_536 };

const rootOf = async (scene: Scene, link: number): Promise<Qdisc | undefined> =>
  (await scene.rtnl.qdiscs()).find((qdisc) => qdisc.link === link && qdisc.isRoot);
const ingressOf = async (scene: Scene, link: number): Promise<Qdisc | undefined> =>
  (await scene.rtnl.qdiscs()).find((qdisc) => qdisc.link === link && qdisc.kind === "ingress");

/** False, and the test is skipped with the reason, where the kernel was built without it. */
function isKnown(scene: Scene, what: string, error: KernelError | undefined): boolean {
  if (error?.code === "ENOENT") scene.t.skip(`this kernel has no ${what}: ${error.detail}`);
  else assert.equal(error, undefined);
  return error === undefined;
}

export const qdiscCases: Cases = {
  "a shaper takes the place of the kernel's default, can be changed, and gives it back": async (scene) => {
    const { index: link } = await scene.cable();
    const before = await rootOf(scene, link);
    assert.equal(before?.handle, 0);
    const [error] = await scene.rtnl.batch([{ op: "put-shaper", link, handle, limit }]);
    if (!isKnown(scene, "tbf", error)) return;
    assert.deepEqual(await rootOf(scene, link), { link, kind: "tbf", handle, isRoot: true });
    await scene.rtnl.request({ op: "put-shaper", link, handle, limit: { ...limit, bytesPerSecond: 250_000 } });
    await scene.rtnl.request({ op: "delete-shaper", link, handle });
    assert.deepEqual(await rootOf(scene, link), before);
  },

  "a shaper neither takes the place of another one nor goes by its handle": async (scene) => {
    const { index: link } = await scene.cable();
    const [error] = await scene.rtnl.batch([{ op: "put-shaper", link, handle, limit }]);
    if (!isKnown(scene, "tbf", error)) return;
    const other = handle + 0x10000;
    assert.equal((await scene.refused({ op: "put-shaper", link, handle: other, limit })).code, "EEXIST");
    assert.equal((await scene.refused({ op: "delete-shaper", link, handle: other })).code, "EINVAL");
    assert.equal((await rootOf(scene, link))?.handle, handle);
  },

  "the kernel's default cannot be taken away": async (scene) => {
    const { index: link } = await scene.cable();
    assert.equal((await scene.refused({ op: "delete-shaper", link, handle })).code, "EINVAL");
  },

  "an ingress qdisc tells its block, is there once, and goes": async (scene) => {
    const { index: link } = await scene.cable();
    const [error] = await scene.rtnl.batch([{ op: "add-ingress", link, block }]);
    if (!isKnown(scene, "ingress", error)) return;
    const expected: Qdisc = { link, kind: "ingress", handle: 0xffff0000, isRoot: false, block };
    assert.deepEqual(await ingressOf(scene, link), expected);
    assert.equal((await scene.refused({ op: "add-ingress", link, block: block + 1 })).code, "EEXIST");
    assert.deepEqual(await ingressOf(scene, link), expected);
    await scene.rtnl.request({ op: "delete-ingress", link });
    assert.equal(await ingressOf(scene, link), undefined);
    // ENOENT where there never was one.
    assert.equal((await scene.refused({ op: "delete-ingress", link })).code, "EINVAL");
  },

  "a policer hangs in its block once, and goes with the ingress qdisc": async (scene) => {
    const { index: link } = await scene.cable();
    const [missing] = await scene.rtnl.batch([{ op: "add-ingress", link, block }]);
    if (!isKnown(scene, "ingress", missing)) return;
    const [error] = await scene.rtnl.batch([{ op: "add-policer", block, limit }]);
    if (isKnown(scene, "u32 or police", error)) {
      assert.equal((await scene.refused({ op: "add-policer", block, limit })).code, "EEXIST");
    }
    await scene.rtnl.request({ op: "delete-ingress", link });
    assert.equal((await scene.refused({ op: "add-policer", block, limit })).code, "EINVAL");
  },

  "a value too large for its field is refused before it is sent, and a link that is not there by the kernel": async (
    scene,
  ) => {
    const { index: link } = await scene.cable();
    const tooFast = { ...limit, bytesPerSecond: 2 ** 32 };
    assert.equal((await scene.refused({ op: "put-shaper", link, handle, limit: tooFast })).code, "EINVAL");
    assert.equal((await scene.refused({ op: "put-shaper", link: 9999, handle, limit })).code, "ENODEV");
    assert.equal((await scene.refused({ op: "add-ingress", link: 9999, block })).code, "ENODEV");
  },
};
