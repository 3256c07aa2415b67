/**
 * A certificate for `probe.test`, signed by its own key, from 2020 to 2120: for servers of the tests alone. A daemon
 * trusts it when its environment names a file with it in NODE_EXTRA_CA_CERTS.
 */
export const probeHost = "probe.test";
/** Address of the portal in the tests; it lets in every client that has the address. */
export const portalUrl = "http://portal.test/login?session=of-alice";
export const probeCertificate = `-----BEGIN CERTIFICATE-----
MIIBZDCCAQqgAwIBAgIBATAKBggqhkjOPQQDAjAVMRMwEQYDVQQDDApwcm9iZS50
ZXN0MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAVMRMwEQYDVQQD
DApwcm9iZS50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHgYfOp6murtH
mLzn/A8IflQybORUqAG+H1qD4jliu06V9V89RgOq96KNQqSTQMqxof67ggxwI4Uy
W5LmG5JbfaNJMEcwDwYDVR0TAQH/BAUwAwEB/zAVBgNVHREEDjAMggpwcm9iZS50
ZXN0MB0GA1UdDgQWBBT1Cd78I/9pt1JgMtG9nxQXTnvD9TAKBggqhkjOPQQDAgNI
ADBFAiEA4yRqEfZB5tvJFkjknPezLA8Po16nATdnxSQgzlMrMhQCIGsgpsmUsfVh
ICwUSckmj4XuR6oTQNw4NRRZJxIeJYU0
-----END CERTIFICATE-----
`;
export const probeKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgSukPDXG+3YkWQneD
b5NqJtSYmjejU6iQ5LTKngnAqFKhRANCAAQeBh86nqa6u0eYvOf8Dwh+VDJs5FSo
Ab4fWoPiOWK7TpX1Xz1GA6r3oo1CpJNAyrGh/ruCDHAjhTJbkuYbklt9
-----END PRIVATE KEY-----
`;
