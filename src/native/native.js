/** Type declarations of the addon and its loader. The addon knows sockets, timers and nothing of what they carry. */
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
let loaded;
/** Loads the addon on first use; throws one clear error when it was not built. */
export function nativeAddon() {
    loaded ??= require("./build/Release/fairlead_native.node");
    return loaded;
}
