"""The restricted Pod Security Standard of Kubernetes 1.33, rule by rule, with baseline's, which it
contains.

Each rule takes the specification of a pod, and yields what is wrong with it.
"""
from manifests import containers

VOLUME_TYPES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem",
}
SELINUX_TYPES = {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}


def contexts(spec):
    """Pairs of whose it is and a security context: the pod's, then each container's."""
    return [("pod", spec.get("securityContext", {}))] + container_contexts(spec)


def container_contexts(spec):
    return [(f"container {item['name']}", item.get("securityContext", {})) for item in containers(spec)]


def effective(spec, key):
    """For each container its own `key`, else the pod's."""
    of_pod = spec.get("securityContext", {}).get(key)
    return [(who, context.get(key, of_pod)) for who, context in container_contexts(spec)]


def host_process(spec):
    for who, context in contexts(spec):
        if context.get("windowsOptions", {}).get("hostProcess"):
            yield f"{who} is a HostProcess"


def host_namespaces(spec):
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            yield f"{key} is true"


def privileged(spec):
    for who, context in container_contexts(spec):
        if context.get("privileged"):
            yield f"{who} is privileged"


def host_ports(spec):
    for item in containers(spec):
        for port in item.get("ports", []):
            if port.get("hostPort"):
                yield f"container {item['name']} has the host's port {port['hostPort']}"


def host_in_probes(spec):
    handlers = ("startupProbe", "readinessProbe", "livenessProbe")
    for item in containers(spec):
        found = [(key, item.get(key, {})) for key in handlers] + list(item.get("lifecycle", {}).items())
        for key, handler in found:
            for way in ("httpGet", "tcpSocket"):
                if handler.get(way, {}).get("host"):
                    yield f"container {item['name']}: {key} names a host"


def app_armor(spec):
    for who, context in contexts(spec):
        if context.get("appArmorProfile", {}).get("type", "RuntimeDefault") not in ("RuntimeDefault", "Localhost"):
            yield f"{who} has no AppArmor profile"


def selinux(spec):
    for who, context in contexts(spec):
        options = context.get("seLinuxOptions", {})
        if options.get("type") not in SELINUX_TYPES or options.get("user") or options.get("role"):
            yield f"{who} has SELinux options {options}"


def proc_mount(spec):
    for who, context in container_contexts(spec):
        if context.get("procMount", "Default") != "Default":
            yield f"{who} has procMount {context['procMount']}"


def sysctls(spec):
    for item in spec.get("securityContext", {}).get("sysctls", []):
        if item["name"] not in SAFE_SYSCTLS:
            yield f"sysctl {item['name']} is not a safe one"


def volume_types(spec):
    for volume in spec.get("volumes", []):
        types = set(volume) - {"name"}
        if not types <= VOLUME_TYPES:
            yield f"volume {volume['name']} is of type {', '.join(types)}"


def privilege_escalation(spec):
    for who, context in container_contexts(spec):
        if context.get("allowPrivilegeEscalation") is not False:
            yield f"{who} lacks allowPrivilegeEscalation: false"


def run_as_non_root(spec):
    for who, value in effective(spec, "runAsNonRoot"):
        if value is not True:
            yield f"{who} lacks runAsNonRoot: true"


def run_as_user(spec):
    for who, context in contexts(spec):
        if context.get("runAsUser") == 0:
            yield f"{who} runs as user 0"


def seccomp(spec):
    for who, profile in effective(spec, "seccompProfile"):
        if (profile or {}).get("type") not in ("RuntimeDefault", "Localhost"):
            yield f"{who} lacks a seccomp profile"


def capabilities(spec):
    for who, context in container_contexts(spec):
        found = context.get("capabilities", {})
        if "ALL" not in found.get("drop", []):
            yield f"{who} does not drop ALL capabilities"
        if not set(found.get("add", [])) <= {"NET_BIND_SERVICE"}:
            yield f"{who} adds capabilities {found['add']}"


STANDARD = [
    host_process, host_namespaces, privileged, host_ports, host_in_probes, app_armor, selinux, proc_mount, sysctls,
    volume_types, privilege_escalation, run_as_non_root, run_as_user, seccomp, capabilities,
]


# Beyond the standard: what Verdict needs no more than others do.


def read_only_root(spec):
    for who, context in container_contexts(spec):
        if context.get("readOnlyRootFilesystem") is not True:
            yield f"{who} lacks readOnlyRootFilesystem: true"


def no_token(spec):
    if spec.get("automountServiceAccountToken") is not False:
        yield "lacks automountServiceAccountToken: false"


def no_service_links(spec):
    if spec.get("enableServiceLinks") is not False:
        yield "lacks enableServiceLinks: false, and Services' variables may look like our options"


POD_RULES = STANDARD + [read_only_root, no_token, no_service_links]
