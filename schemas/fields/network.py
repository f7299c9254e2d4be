"""Descriptions of the fields of networks, endpoints and volumes."""

from __future__ import annotations

NETWORK: dict[str, dict[str, str]] = {
    "NetworkCreate": {
        "Name": "How it is called; containers name it in `NetworkMode` and `NetworkingConfig`.",
        "Driver": "What makes it: `bridge` (the default) on one host, `overlay` across a swarm, `macvlan`, `ipvlan`.",
        "Scope": "Where it is valid: `local`, `swarm` or `global`. Follows from the driver.",
        "Internal": "No way out: containers reach each other and nothing else.",
        "Attachable": "Single containers may join it too, not only services (overlay networks).",
        "Ingress": "Make it the swarm's routing mesh, on which published ports arrive. There can be one.",
        "ConfigOnly": "Hold settings alone, for other networks to take with `ConfigFrom`.",
        "ConfigFrom": "Take the settings of a `ConfigOnly` network of this node.",
        "IPAM": "Its addresses: subnets, gateways, ranges. Left out, the engine picks a free subnet.",
        "EnableIPv4": "Whether containers get IPv4 addresses: true unless you say otherwise.",
        "EnableIPv6": "Whether containers get IPv6 addresses as well.",
        "Options": "Options of the driver: `{com.docker.network.bridge.name: br-demo}`, "
        "`{com.docker.network.driver.mtu: '1400'}`.",
        "Labels": "Notes of your own, as names with texts; filters find them again.",
        "CheckDuplicate": "Refuse a name that is taken. Engines always do so now.",
    },
    "ConfigReference": {"Network": "The name of the `ConfigOnly` network."},
    "IPAM": {
        "Driver": "Who hands out addresses: `default`, or a plugin.",
        "Config": "The subnets: `[{Subnet: 172.28.0.0/16, Gateway: 172.28.0.1}]`, at most one for each kind of IP.",
        "Options": "Options of that driver, as names with texts.",
    },
    "IPAMConfig": {
        "Subnet": "Addresses of the network in CIDR form: `172.28.0.0/16`, `2001:db8::/64`.",
        "IPRange": "The part of the subnet from which containers get theirs: `172.28.5.0/24`.",
        "Gateway": "The router's address inside the subnet: `172.28.0.1`.",
        "AuxiliaryAddresses": "Addresses that something else uses already, by name: `{printer: 172.28.0.9}`.",
    },
    "NetworkingConfig": {
        "EndpointsConfig": "The networks by name, each with its settings: `{demo: {Aliases: [web]}}`. "
        "Several need API 1.44.",
    },
    "EndpointSettings": {
        "IPAMConfig": "Fixed addresses in this network: `{IPv4Address: 172.28.0.10}`.",
        "Links": "Old links to other containers of the network: `['db:database']`. Aliases are simpler.",
        "MacAddress": "The MAC address of this interface: `02:42:ac:1c:00:0a`.",
        "Aliases": "More names under which others in this network reach it: `[web, api]`.",
        "DriverOpts": "Options for the network's driver at this endpoint: "
        "`{com.docker.network.endpoint.ifname: eth7}`.",
        "GwPriority": "Which network is the way out when there are several: the highest number wins.",
        "NetworkID": "The network's id. Only in answers.",
        "EndpointID": "The id of the interface. Only in answers.",
        "Gateway": "The router's IPv4 address. Only in answers.",
        "IPAddress": "The container's IPv4 address. Only in answers; to choose one, see `IPAMConfig`.",
        "IPPrefixLen": "Bits of the IPv4 subnet, such as 16. Only in answers.",
        "IPv6Gateway": "The router's IPv6 address. Only in answers.",
        "GlobalIPv6Address": "The container's IPv6 address. Only in answers.",
        "GlobalIPv6PrefixLen": "Bits of the IPv6 subnet, such as 64. Only in answers.",
        "DNSNames": "All names under which others find it: its name, short id, host name and aliases. Only in answers.",
    },
    "EndpointIPAMConfig": {
        "IPv4Address": "A fixed IPv4 address inside the network's subnet: `172.28.0.10`. "
        "The network must have been made with a subnet.",
        "IPv6Address": "A fixed IPv6 address inside the network's subnet: `2001:db8::10`.",
        "LinkLocalIPs": "Link-local addresses beside the others: `[169.254.34.68]`.",
    },
    "NetworkConnectRequest": {
        "Container": "Who joins: the container's id or name.",
        "EndpointConfig": "Its addresses and aliases in this network.",
    },
    "NetworkDisconnectRequest": {
        "Container": "Who leaves: the container's id or name.",
        "Force": "Also a container that doesn't answer or isn't there any more.",
    },
    "VolumeCreateRequest": {
        "Name": "How it is called; the engine makes a name up if you give none.",
        "Driver": "What keeps the data: `local` by default, or a plugin.",
        "DriverOpts": "Options of the driver. `local` mounts with them: "
        "`{type: tmpfs, device: tmpfs, o: 'size=100m'}`, or an NFS share.",
        "Labels": "Notes of your own, as names with texts; filters find them again.",
        "ClusterVolumeSpec": "Make it a volume of the swarm (CSI): who may use it, and how large it is.",
    },
    "VolumeUpdate": {"Spec": "The cluster volume's new specification; only its `Availability` can change."},
    "ClusterVolumeSpec": {
        "Group": "Volumes of one group are as good as each other: a service may ask for `group:NAME`.",
        "AccessMode": "How tasks use it.",
        "AccessMode.Scope": "`single`: on one node at a time; `multi`: on several.",
        "AccessMode.Sharing": "How many tasks use it at once: `none` means one, `readonly` many readers, "
        "`onewriter` one that writes, `all` many that write.",
        "AccessMode.MountVolume": "Use it as a mounted file system; an empty mapping will do.",
        "AccessMode.Secrets": "Swarm secrets for the storage plugin: `[{Key: token, Secret: my-secret}]`.",
        "AccessMode.Secrets.Key": "What the plugin calls it.",
        "AccessMode.Secrets.Secret": "The secret's name or id.",
        "AccessMode.AccessibilityRequirements": "From which parts of the cluster it must be reachable.",
        "AccessMode.AccessibilityRequirements.Requisite": "Topologies of which one must reach it.",
        "AccessMode.AccessibilityRequirements.Preferred": "Topologies in the order in which you would like them.",
        "AccessMode.CapacityRange": "Its size.",
        "AccessMode.CapacityRange.RequiredBytes": "At least so many bytes; 0 leaves it to the plugin.",
        "AccessMode.CapacityRange.LimitBytes": "At most so many bytes; 0 means unlimited.",
        "AccessMode.Availability": "`active`: tasks may use it; `pause`: no new ones; `drain`: none, it is given up.",
    },
    "Topology": {"Segments": "A place in the cluster, as names with values: `{region: R1, zone: Z1}`."},
}
