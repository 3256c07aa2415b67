/**
 * The members that shill's clients may rely on (shill's doc/*-api.txt), a line each, and their state here. From this
 * come docs/conformance.md and the test that asks the real daemon for each.
 */

/** C: core; X: an oddity of ChromeOS; L: comes with its technology. */
export type Mark = "C" | "X" | "L";

export interface ContractRow {
  readonly kind: "method" | "property" | "signal";
  readonly name: string;
  readonly mark: Mark;
  /** Of a property: its D-Bus type and access. */
  readonly signature?: string;
  readonly access?: string;
  /** Of a property that is there: clients can set it and read it back, and nothing follows from it yet. */
  readonly isKeptOnly?: true;
  /** Why it is absent, or other than in shill. */
  readonly remark?: string;
}

/** Interface (without its prefix; its first word) -> rows. */
export const contract: ReadonlyMap<string, readonly ContractRow[]> = new Map([
  ["Manager", [...methods(managerMethods()), signal(), ...properties(managerProperties())]],
  ["Device", [...methods(deviceMethods()), signal(), ...properties(deviceProperties())]],
  ["Service", [...methods(serviceMethods()), signal(), ...properties(serviceProperties())]],
  ["Device of a modem", properties(modemDeviceProperties())],
  ["Service of a SIM", properties(simProperties())],
  ["Service with 802.1X", properties(eapProperties())],
  ["Profile", [...methods(profileMethods()), signal(), ...properties(profileProperties())]],
  ["IPConfig", [...methods(ipConfigMethods()), signal(), ...properties(ipConfigProperties())]],
  ["Task", methods(taskMethods())],
  ["ThirdPartyVpn", [...methods(thirdPartyVpnMethods()), ...signals(thirdPartyVpnSignals())]],
]);

/** `MARK NAME [| remark]` */
function methods(text: string): ContractRow[] {
  return lines(text).map(([words, remark]) => {
    const [mark, name] = words as [Mark, string];
    return { kind: "method", name, mark, ...(remark && { remark }) };
  });
}
/** `MARK NAME TYPE ACCESS [kept] [| remark]` */
function properties(text: string): ContractRow[] {
  return lines(text).map(([words, remark]) => {
    const [mark, name, signature = "", access = "", kept] = words as [Mark, string, string, string, string?];
    const isKeptOnly = kept === "kept" && ({ isKeptOnly: true } as const);
    return { kind: "property", name, mark, signature, access, ...isKeptOnly, ...(remark && { remark }) };
  });
}
function signals(text: string): ContractRow[] {
  return methods(text).map((row) => ({ ...row, kind: "signal" }));
}
function signal(): ContractRow {
  return { kind: "signal", name: "PropertyChanged", mark: "C" };
}
function lines(text: string): (readonly [readonly string[], string | undefined])[] {
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [row = "", remark] = line.split("|").map((part) => part.trim());
      return [row.split(/ +/), remark];
    });
}

function managerMethods(): string {
  return `
C GetProperties
C SetProperty
C CreateProfile
C PushProfile
C InsertUserProfile
C PopProfile
C PopAnyProfile
C PopAllUserProfiles
C RemoveProfile
C RequestScan
C EnableTechnology | without a Device of the technology it answers success, where shill never answers
C DisableTechnology
C GetService
C ConfigureService
C ConfigureServiceForProfile
C FindMatchingService
C GetServiceOrder
C SetServiceOrder
C RecheckPortal
C ScanAndConnectToBestServices
C CreateConnectivityReport | tells what is known (addresses, gateway's neighbour entry, servers); sends no probes
C ClaimInterface
C ReleaseInterface
C GetDebugLevel
C SetDebugLevel
C GetDebugTags
C SetDebugTags
C ListDebugTags
C PersistDebugConfig
C SetNetworkThrottlingStatus
C NotifyDHCPEvent | DHCP is in the process: every other client is somebody else's
X GetNetworksForGeolocation | without a radio empty lists
X GetWiFiNetworksForGeolocation | without a radio an empty list
X GetCellularNetworksForGeolocation | without a radio an empty list
X SetDNSProxyAddresses
X ClearDNSProxyAddresses
X SetDNSProxyDOHProviders
X SetCapportEnabled | without effect until networks are validated
X TestHostsConnectivity | always NotImplemented: its answer is a message of ChromeOS's own format
X SetLOHSEnabled
L SetWiFiInterfacePriority
L AddPasspointCredentials
L RemovePasspointCredentials
L SetTetheringEnabled
L EnableTethering
L DisableTethering
L CheckTetheringReadiness
L CreateP2PGroup
L ConnectToP2PGroup
L DestroyP2PGroup
L DisconnectFromP2PGroup`;
}

function managerProperties(): string {
  return `
C ActiveProfile o r
C ArpGateway b rw kept | never used on Ethernet, as in shill
C AvailableTechnologies as r
C CheckPortalList s rw | a word that is no technology is kept; the others count, where shill takes the list for empty
C ClaimedDevices as r
C ConnectedTechnologies as r
C ConnectionState s r
C DefaultService o r
C DefaultTechnology s r
C Devices ao r
C DHCPProperty.Hostname s rw | more than 255 bytes cannot be sent; control characters are refused as well
C DisconnectWiFiOnEthernet s rw kept | comes with WiFi
C EnabledTechnologies as r
C EnableRFC8925 b rw
C NoAutoConnectTechnologies s rw | as CheckPortalList
C PortalHttpUrl s r | empty: nothing is asked over HTTP
C PortalHttpsUrl s r | the same over HTTPS
C PortalFallbackHttpUrls s r | empty where the first URL was set by the configuration
C PortalFallbackHttpsUrls s r | the same
C Profiles ao r
C ProhibitedTechnologies s rw
C ServiceCompleteList ao r
C Services ao r
C UninitializedTechnologies as r
C WakeOnLanEnabled b rw | also stored, and in force at once; other reasons to wake stay as the administrator set them
C WiFi.GlobalFTEnabled b rw kept | comes with WiFi
C WiFi.ScanAllowRoam b rw kept | comes with WiFi
X AlwaysOnVpnPackage s rw | read-only: there is nothing to switch
X DisableWiFiVHT b rw | read-only: there is nothing to switch
X DNSProxyDOHProviders a{sv} rw kept | for the DNS proxy that reads it
X DOHExcludedDomains as rw kept | as DNSProxyDOHProviders
X DOHIncludedDomains as rw kept | as DNSProxyDOHProviders
X EnableDHCPQoS b rw | read-only: there is nothing to switch
X EnableSingleCACertVerificationPhase1 b rw | read-only: there is nothing to switch
X EnableSingleCACertVerificationPhase2 b rw | read-only: there is nothing to switch
X UseLegacyDHCPCD b rw | read-only: there is nothing to switch
X WiFi.RequestScanType s rw | read-only: there is nothing to switch
L SupportedVPNTypes s r
L WiFiInterfacePriorities aa{sv} r
L ExperimentalTetheringFunctionality b rw
L TetheringCapabilities a{sv} r
L TetheringStatus a{sv} r
L TetheringConfig a{sv} rw
L LOHSConfig a{sv} rw
L P2PAllowed b rw
L P2PCapabilities a{sv} r
L P2PGroupInfos aa{sv} r
L P2PClientInfos aa{sv} r`;
}

function deviceMethods(): string {
  return `
C GetProperties
C SetProperty
C ClearProperty
C Enable
C Disable
C RequestRoam | success without effect on a cable, as in shill
X SetUsbEthernetMacAddressSource | knows only the own address of an adapter: docks are ChromeOS's
L Reset
L Register
L RequirePin
L EnterPin
L UnblockPin
L ChangePin`;
}

function deviceProperties(): string {
  return `
C Address s r
C Interface s r
C IPConfigs ao r
C Name s r
C Powered b r
C SelectedService o r
C Type s r
C EapAuthenticationCompleted b r | always false: 802.1X comes with the supplicant
C EapAuthenticatorDetected b r | always false: 802.1X comes with the supplicant
C Ethernet.LinkUp b r
C Ethernet.DeviceBusType s r
X Ethernet.UsbEthernetMacAddressSource s r`;
}

function serviceMethods(): string {
  return `
C GetProperties
C SetProperty
C ClearProperty
C SetProperties
C ClearProperties
C Connect
C Disconnect | also takes back a Connect that waits for the end of a connection
C Remove
C GetLoadableProfileEntries
C GetWiFiPassphrase | NotImplemented on all but wireless Services, NotSupported without a passphrase, as in shill
C GetEapPassphrase | IllegalOperation without EAP, as in shill
C RequestPortalDetection
C RequestTrafficCounters | one source, UNKNOWN: the kernel does not tell whose a packet is
C ResetTrafficCounters
L CompleteCellularActivation`;
}

function serviceProperties(): string {
  return `
C AutoConnect b rw
C CheckPortal s rw
C Connectable b r
C Device o r
C Diagnostics.Disconnects as r
C Diagnostics.Misconnects as r
C EAP.RemoteCertification as r
X EphemeralPriority i rw
C Error s r
C ErrorDetails s r
C GUID s rw
C IPConfig o r
C IsConnected b r
C LastConnected t r
C LastManualConnectAttempt t r
C LastOnline t r
C StartTime t r
C TrafficCounterResetTime t r
X LinkMonitorDisable b rw kept | no network is judged by whether its gateway answers
C LogName s r
C ManagedCredentials b rw
C Metered b rw
C Name s rw
C NetworkConfig a{sv} r
C NetworkID i r
X ONCSource s rw
C PreviousError s r
C PreviousErrorSerialNumber i r
C Priority i rw
C ProbeUrl s r
C Profile s rw
C ProxyConfig s rw kept | its mode matters to validation, which there is none of yet
C SaveCredentials b rw
C SavedIPConfig a{sv} r
C State s r
C StaticIPConfig a{sv} rw | a cable that is connected or has settings of its own keeps them when it becomes the best; see decisions/settings-of-cables.md
C Strength y r
C Type s r
C UIData s rw
C UplinkSpeedKbps u r | told as u, which is its type; shill's signal says i
C DownlinkSpeedKbps u r | told as u, which is its type; shill's signal says i
C Visible b r`;
}

function modemDeviceProperties(): string {
  return `
L Cellular.EquipmentID s r
L Cellular.FirmwareRevision s r
L Cellular.HomeProvider a{ss} r
L Cellular.ICCID s r
L Cellular.IMEI s r
L Cellular.IMSI s r
L Cellular.Manufacturer s r
L Cellular.ModelID s r
L Cellular.SIMLockStatus a{sv} r
L Cellular.SIMPresent b r
L DBus.Object s r
L DBus.Service s r
L Cellular.APNList aa{ss} r
L Cellular.DeviceID s r
L Cellular.EID s r
L Cellular.ESN s r
L Cellular.Family s r
L Cellular.Flashing b r
L Cellular.FoundNetworks aa{ss} r
L Cellular.HardwareRevision s r
L Cellular.Initializing b r
L Cellular.MDN s r
L Cellular.MEID s r
L Cellular.MIN s r
L Cellular.PolicyAllowRoaming b rw
L Cellular.PrimaryMultiplexedInterface s r
L Cellular.ProviderRequiresRoaming b r
L Cellular.SelectedNetwork s r
L Cellular.SIMSlotInfo aa{sv} r
L Cellular.SupportNetworkScan b r
L Inhibited b rw`;
}

function simProperties(): string {
  return `
L Cellular.ActivationState s r | activated while a network lets the SIM in, else unknown
L Cellular.APN a{ss} rw | without its password, which is written and never read
L Cellular.ICCID s r
L Cellular.IMSI s r
L Cellular.LastGoodAPN a{ss} r | without its password
L Cellular.NetworkTechnology s r
L Cellular.RoamingState s r
L Cellular.ServingOperator a{ss} r
L Cellular.ActivationType s rw
L Cellular.AllowRoaming b rw
L Cellular.CustomAPNList aa{ss} rw
L Cellular.EID s r
L Cellular.LastAttachAPN a{ss} r
L Cellular.LastConnectedAttachApnProperty a{ss} r
L Cellular.LastConnectedDefaultApnProperty a{ss} r
L Cellular.Olp a{ss} r
L Cellular.OutOfCredits b r
L Cellular.PPP.Password s w
L Cellular.PPP.Username s rw
L Cellular.UsageUrl s r`;
}

function eapProperties(): string {
  return `
C EAP.AnonymousIdentity s rw kept
C EAP.CertID s rw kept
C EAP.Identity s rw kept
C EAP.KeyID s rw kept
C EAP.KeyMgmt s rw kept
C EAP.Password s w kept
C EAP.PIN s rw kept | write-only: a secret is not for every user of the machine to read
X EAP.UseLoginPassword b rw kept | kept for clients; the password of the login is not known here
C EAP.CACertPEM as rw kept
C EAP.CACertID s rw kept
C EAP.EAP s rw kept
C EAP.InnerEAP s rw kept
C EAP.TLSVersionMax s rw kept
C EAP.SubjectMatch s rw kept
C EAP.SubjectAlternativeNameMatch as rw kept
C EAP.DomainSuffixMatch as rw kept
C EAP.UseProactiveKeyCaching b rw kept
C EAP.UseSystemCAs b rw kept`;
}

function profileMethods(): string {
  return `
C GetProperties
C SetProperty
C GetEntry
C DeleteEntry`;
}

function profileProperties(): string {
  return `
C Name s r
C UserHash s r
C Entries as r
C Services ao r
C ArpGateway b r
C CheckPortalList s r
C NoAutoConnectTechnologies s r
C ProhibitedTechnologies s r
C WiFi.GlobalFTEnabled b r
L AlwaysOnVpnMode s rw
L AlwaysOnVpnService o rw`;
}

function ipConfigMethods(): string {
  return `
C GetProperties
C SetProperty
C ClearProperty
C Remove | NotImplemented, as in shill`;
}

function ipConfigProperties(): string {
  return `
C Address s r
C Gateway s r
C Method s r
C Mtu i r
C NameServers as r
C Prefixlen i r
C SearchDomains as r
C WebProxyAutoDiscoveryUrl s r`;
}

function taskMethods(): string {
  return `
L getsec | asked by helper programs of PPP and VPN alone: pppd's plugin, OpenVPN's script
L notify | as getsec`;
}

function thirdPartyVpnMethods(): string {
  return `
L SetParameters
L UpdateConnectionState
L SendPacket`;
}

function thirdPartyVpnSignals(): string {
  return `
L OnPacketReceived
L OnPlatformMessage`;
}
