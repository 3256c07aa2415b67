# One socket before all others: its address as hardware stands in the name, without colons.
[ethernet_020000000001]
Type = "ethernet"
# The larger one first; 0, the default: no preference.
Priority = 10
