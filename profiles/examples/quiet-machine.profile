# A machine that connects nothing by itself and asks no server whether the internet is there.
[global]
NoAutoConnectTechnologies = "ethernet,wifi,cellular"
CheckPortalList = ""
# Sent to DHCP servers; without it no name is sent.
DHCPProperty.Hostname = "lighthouse"
