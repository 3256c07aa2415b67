// The lab builds the same networks; programs of src/ cannot import from here, so the code lives there.
export {
  addBridge,
  addCable,
  addPeer,
  type Cable,
  type CableOptions,
  type Peer,
  requirePrivateNamespace,
} from "../../src/lab/world/peers.ts";
export { run } from "../../src/lab/world/processes.ts";
