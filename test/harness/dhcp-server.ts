// The lab needs the same servers; programs of src/ cannot import from here, so the code lives there.
export { type DhcpServer, type DhcpServerOptions, startDhcpServer } from "../../src/lab/world/dhcp-server.ts";
