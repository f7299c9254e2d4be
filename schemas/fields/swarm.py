"""Descriptions of the fields of swarms, nodes, secrets, configs and plugins."""

from __future__ import annotations

_OWN_LABELS = "Notes of your own, as names with texts; filters find them again."
_TEMPLATING = "Fill in templates inside the data for each task: `{Name: golang}`."

SWARM: dict[str, dict[str, str]] = {
    "SwarmInit": {
        "ListenAddr": "Where this manager listens for other managers: `0.0.0.0:2377`, or an interface `eth0:2377`.",
        "AdvertiseAddr": "The address that others are told to reach it by: `192.168.1.10:2377`. "
        "Needed where the host has several.",
        "DataPathAddr": "The address (or interface) for the traffic of overlay networks, if it shall be another one.",
        "DataPathPort": "The UDP port of that traffic: 4789 if it is 0; 1024 to 49151.",
        "DefaultAddrPool": "Address ranges from which overlay networks get their subnets: `[10.20.0.0/16]`.",
        "ForceNewCluster": "Start anew as the only manager with the data that is here, after the others were lost.",
        "SubnetSize": "The size of each of those subnets, in bits: 24 by default.",
        "Spec": "The swarm's first settings.",
    },
    "SwarmJoin": {
        "ListenAddr": "Where this node listens, should it be a manager: `0.0.0.0:2377`.",
        "AdvertiseAddr": "The address that others are told to reach this node by.",
        "DataPathAddr": "The address (or interface) for the traffic of overlay networks, if it shall be another one.",
        "RemoteAddrs": "Managers of the swarm to ask: `['192.168.1.10:2377']`.",
        "JoinToken": "The token that lets it in: `swarm.inspect` shows one for workers and one for managers.",
    },
    "SwarmUnlock": {"UnlockKey": "The key, as `swarm.unlockkey` shows it: `SWMKEY-1-…`."},
    "SwarmSpec": {
        "Name": "The swarm's name: always `default`.",
        "Labels": _OWN_LABELS,
        "Orchestration": "How tasks are looked after.",
        "Orchestration.TaskHistoryRetentionLimit": "How many old tasks are kept for each slot: 5 by default; "
        "`docker service ps` shows them.",
        "Raft": "How managers agree among themselves. The defaults are good.",
        "Raft.SnapshotInterval": "Log entries from one snapshot to the next: 10000 by default.",
        "Raft.KeepOldSnapshots": "How many older snapshots stay on disk: 0 by default.",
        "Raft.LogEntriesForSlowFollowers": "Log entries that stay after a snapshot, for managers that lag: 500.",
        "Raft.ElectionTick": "Ticks without word from the leader before an election: 10 by default; "
        "more than `HeartbeatTick`.",
        "Raft.HeartbeatTick": "Ticks between two signs of life of the leader: 1 by default.",
        "Dispatcher": "How managers keep in touch with nodes.",
        "Dispatcher.HeartbeatPeriod": "Nanoseconds between two signs of life of a node: 5000000000 (5 s) by default.",
        "CAConfig": "The swarm's own certificates.",
        "CAConfig.NodeCertExpiry": "Nanoseconds that a node's certificate is valid: 7776000000000000 are 90 days.",
        "CAConfig.ExternalCAs": "Other authorities that sign certificates for nodes.",
        "CAConfig.ExternalCAs.Protocol": "How to talk to it: `cfssl` is the only one.",
        "CAConfig.ExternalCAs.URL": "Where requests to sign are sent.",
        "CAConfig.ExternalCAs.Options": "More options, as names with texts.",
        "CAConfig.ExternalCAs.CACert": "Its root certificate, as PEM.",
        "CAConfig.SigningCACert": "The certificate to sign with, as PEM; for one of your own.",
        "CAConfig.SigningCAKey": "The key that belongs to `SigningCACert`, as PEM.",
        "CAConfig.ForceRotate": "A higher number than before makes the swarm change to a new root certificate.",
        "EncryptionConfig": "Whether managers keep their keys locked.",
        "EncryptionConfig.AutoLockManagers": "After a restart a manager must be unlocked with the swarm's key.",
        "TaskDefaults": "What tasks get that don't say it themselves.",
        "TaskDefaults.LogDriver": "The log driver of such tasks.",
        "TaskDefaults.LogDriver.Name": "The driver: `json-file`, `local`, `journald` …",
        "TaskDefaults.LogDriver.Options": "Its options: `{max-size: 10m}`.",
    },
    "NodeSpec": {
        "Name": "Another name for the node.",
        "Labels": "Labels that placement can ask for: `{disk: ssd}` is `node.labels.disk == ssd` in a constraint.",
        "Role": "`manager` takes part in decisions, `worker` only runs tasks. To change it promotes or demotes.",
        "Availability": "`active`: gets tasks; `pause`: no new ones; `drain`: its tasks move to other nodes.",
    },
    "SecretSpec": {
        "Name": "How it is called; services name it as `SecretName`.",
        "Labels": _OWN_LABELS,
        "Data": "The secret itself, base64-encoded: `\"{{ 'text' | b64encode }}\"`, at most 500 KiB. "
        "It can't be changed later.",
        "Driver": "A plugin that keeps the value elsewhere; then there is no `Data`.",
        "Templating": _TEMPLATING,
    },
    "ConfigSpec": {
        "Name": "How it is called; services name it as `ConfigName`.",
        "Labels": _OWN_LABELS,
        "Data": "The content, base64-encoded: `\"{{ 'text' | b64encode }}\"`, at most 1000 KiB. "
        "It can't be changed later.",
        "Templating": _TEMPLATING,
    },
    "Driver": {
        "Name": "The driver's name.",
        "Options": "Its options, as names with texts.",
    },
    "PluginPrivilege": {
        "Name": "What it is about: `network`, `mount`, `device`, `capabilities` …",
        "Description": "A sentence for the person who decides.",
        "Value": "What exactly is granted: `[host]`, `[/dev/fuse]`, `[CAP_SYS_ADMIN]`.",
    },
}
