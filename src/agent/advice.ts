/** What a person can do about each refusal: one sentence that can be followed, said where the report is made. */

import type { RefusalReason } from '../api/agent-protocol.ts';
import { assertNever } from '../api/assert-never.ts';

export function adviceFor(reason: RefusalReason, target: string): string {
  switch (reason) {
    case 'CurrentIsUsable':
      return 'The kubelet is not the cause. Look at the Corefile (forward), and at who answers on the listed servers.';
    case 'CurrentUnreadable':
      return `Look at that file on the node; if it lists loopback servers, point resolvConf at ${target}.`;
    case 'EmptyValueNotAllowed':
      return 'Set spec.repair.replaceEmptyValue in the policy if the empty value is not deliberate.';
    case 'TargetMissing':
      return 'Start systemd-resolved on the node, or name a file in spec.repair.targets that exists there.';
    case 'TargetEmpty':
      return 'Give the node DNS servers (netplan, networkd or NetworkManager; see resolvectl status), so that this file lists them.';
    case 'TargetInvalid':
      return 'Put its nameserver lines right: an address on each. The kubelet cannot make any pod with such a file.';
    case 'TargetLoops':
      return 'Give the node real DNS servers instead of its own address (DNS= in resolved.conf and netplan; see resolvectl status), so that this file lists them.';
    case 'TargetSelfOnly':
      return 'The node knows no server but those of the cluster itself: take them out of DNS= in resolved.conf.d, and give it real ones.';
    case 'TargetSilent':
      return 'See from a pod on the node whether those servers can be reached and answer it (firewall, NetworkPolicy, access list of the resolver).';
    case 'TargetRisky':
      return 'Remove the cluster-internal server from the node (DNS= in resolved.conf.d), or set spec.repair.acceptRisky.';
    case 'UnknownLayout':
      return `Set resolvConf to ${target} where this node's kubelet is configured, and restart the kubelet.`;
    case 'ManagedPlatform':
      return 'Change it where the platform generates the node from.';
    case 'FlagOverrides':
      return `Change that line to --resolv-conf=${target} or take the flag away, then: systemctl daemon-reload && systemctl restart kubelet.`;
    case 'DuplicateKey':
      return `Leave one line, resolvConf: ${target}, then: systemctl restart kubelet.`;
    case 'ConfigNotParseable':
      return `Put the file right by hand, with resolvConf: ${target}, then: systemctl restart kubelet.`;
    case 'UnsafePath':
      return 'The directory must be writable by its owner only, its parents by root only, and the file must be a small regular one of root with one name.';
    case 'NotWritable':
      return 'Look at why root may not write there: a read-only mount, chattr +i, or an owner other than root.';
    case 'DirectoryNotMounted':
      return 'The operator starts the agent once more with that directory; if it was, see why its Job still lacks it.';
    case 'NoSpace':
      return 'Free some space on that file system of the node.';
    case 'PendingChanges':
      return 'Check what was changed there, then: systemctl daemon-reload && systemctl restart kubelet.';
    case 'UnitMasked':
      return 'Somebody has masked it on purpose; when that is over: systemctl unmask kubelet.';
    case 'UnitBusy':
      return 'Wait until that has ended; the next crash of the DNS pod is looked at anew.';
    case 'RestartLoop':
      return 'Find out first why the kubelet ends: journalctl -u kubelet on the node.';
    case 'UnitNotRunning':
      return 'See systemctl status kubelet and journalctl -u kubelet on the node.';
    case 'NothingToRollBack':
      return 'Look for the name in kubectl get dnsrem; only a repair of this node that changed something can be rolled back, once.';
    case 'ChangedSince':
      return 'Compare the file with the backup that the remediation names, and take over by hand what is wanted of it.';
    case 'UnfinishedRun':
      return 'Let the operator finish it, or run the agent’s repair once more for that remediation; then roll back.';
    case 'Locked':
      return 'Wait until the other one has ended; its lock goes with it.';
    default:
      return assertNever(reason);
  }
}
