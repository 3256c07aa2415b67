# A fixed address for the cable in use: fairlead profile import default < static-address.profile
# ethernet_any holds the settings of whichever cable is best.
[ethernet_any]
Type = "ethernet"
# Without Gateway there is none, also if DHCP offers one. Lists of networks (IncludedRoutes, ExcludedRoutes) go in CIDR form.
StaticIPConfig = {"Address":"192.0.2.5","Prefixlen":24,"Gateway":"192.0.2.1","NameServers":["192.0.2.53"],"SearchDomains":["example.net"]}
