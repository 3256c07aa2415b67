# First content of a machine's default Profile: read once, when there is none yet. Lines are `Name = value`, values are
# JSON; an entry is begun by its name in brackets. Later changes are made with `fairlead set` or `fairlead profile import`.

# Settings of the whole machine. docs/properties/org.chromium.flimflam.Manager.md tells all of them.
[global]
# Networks of these kinds are asked whether the internet is behind them.
CheckPortalList = "ethernet,wifi,cellular"
