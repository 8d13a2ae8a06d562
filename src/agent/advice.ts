/** What an administrator can do about each refusal. */
import type { RefusalReason } from '../api/agent-protocol.ts';
import { assertNever } from '../api/assert-never.ts';

export function adviceFor(reason: RefusalReason, target: string): string {
  switch (reason) {
    case 'CurrentIsUsable':
      return 'The kubelet is right. A DNS pod that was created before that keeps its old resolv.conf: delete it, and its workload recreates it. If the new pod crashes as well, check the forward plugin in the Corefile, and what answers on the listed servers.';
    case 'CurrentUnreadable':
      return `Check that file on the node. If it lists loopback servers, set resolvConf to ${target}.`;
    case 'EmptyValueNotAllowed':
      return 'If the empty value is not deliberate, set spec.repair.replaceEmptyValue: true in the policy.';
    case 'TargetMissing':
      return 'Start systemd-resolved on the node, or list a file in spec.repair.targets that exists there.';
    case 'TargetEmpty':
      return 'Configure DNS servers on the node (netplan, networkd or NetworkManager; see `resolvectl status`), so that this file lists them.';
    case 'TargetInvalid':
      return 'Give every nameserver line an address; with this file the kubelet cannot start any pod.';
    case 'TargetLoops':
      return 'Configure real DNS servers on the node instead of its own address (DNS= in resolved.conf or netplan; see `resolvectl status`), so that this file lists them.';
    case 'TargetSelfOnly':
      return 'The file lists only servers of the cluster itself. Replace them with real DNS servers (DNS= in resolved.conf.d).';
    case 'TargetSilent':
      return 'Check from a pod on the node whether those servers are reachable and answer (firewall, NetworkPolicy, access list of the resolver).';
    case 'TargetRisky':
      return 'Remove the cluster-internal server from the node (DNS= in resolved.conf.d), or set spec.repair.acceptRisky: true in the policy.';
    case 'UnknownLayout':
      return `Set resolvConf to ${target} where the kubelet of this node is configured, then restart the kubelet.`;
    case 'ManagedPlatform':
      return "Change resolvConf in the platform's node template.";
    case 'FlagOverrides':
      return `Change that line to --resolv-conf=${target} or remove the flag, then run \`systemctl daemon-reload && systemctl restart kubelet\`.`;
    case 'DuplicateKey':
      return `Keep one line, resolvConf: ${target}, then run \`systemctl restart kubelet\`.`;
    case 'ConfigNotParseable':
      return `Fix the file by hand, with resolvConf: ${target}, then run \`systemctl restart kubelet\`.`;
    case 'UnsafePath':
      return 'The file must be a regular file owned by root, with one hard link and at most 64 KiB. Only its owner may write to the directory, and only root to the parent directories.';
    case 'NotWritable':
      return 'Check why root cannot write there: a read-only mount, chattr +i, or an owner other than root.';
    case 'DirectoryNotMounted':
      return 'The operator starts the agent again with write access to that directory. If it already did, check why its Job lacks the mount.';
    case 'NoSpace':
      return 'Free some space on that file system of the node.';
    case 'PlanChanged':
      return 'Nothing was changed. A new plan is made for what is on the node now, and waits for its approval.';
    case 'PendingChanges':
      return 'Review that change, then run `systemctl daemon-reload && systemctl restart kubelet`.';
    case 'NotPendingInFile':
      return 'Nothing is wrong in the file alone. If the kubelet was restarted with it, the next check of the node finds that, and the repair then restarts the kubelet.';
    case 'InputNotVisible':
      return `Check on the node that those files are older than the kubelet (\`stat\`, \`systemctl show -p ExecMainStartTimestamp kubelet\`). Then set resolvConf to ${target} by hand and restart the kubelet.`;
    case 'NotReadable':
      return 'Let root read that path: the agent is root without capabilities, so that owner and mode apply to it. If the error is EIO, check the disk.';
    case 'UnitMasked':
      return 'The unit kubelet.service was masked deliberately. To allow repairs, run `systemctl unmask kubelet`.';
    case 'UnitBusy':
      return 'Wait until systemd has finished that. The next crash of the DNS pod is diagnosed again.';
    case 'RestartLoop':
      return 'Find out first why the kubelet exits: run `journalctl -u kubelet` on the node.';
    case 'UnitNotRunning':
      return 'Check `systemctl status kubelet` and `journalctl -u kubelet` on the node.';
    case 'NothingToRollBack':
      return 'Check the name with `kubectl get dnsrem`. Only a repair that changed this node can be rolled back, and only once.';
    case 'ChangedSince':
      return 'Compare the file with the backup that the remediation names, and apply by hand what is needed.';
    case 'Locked':
      return 'Wait until the other agent has exited, which releases its lock.';
    default:
      return assertNever(reason);
  }
}
