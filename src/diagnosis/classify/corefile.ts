/** Classifies a Corefile: whether a repair of the kubelet could end its loop, or the fault is its own. */
import { type Corefile, parseCorefile } from '../corefile.ts';
import { hasLoop } from '../exam/corefile-view.ts';
import { isNodeLocalAddress, isNodeLocalDns } from '../node-local.ts';
import { type RootForward, rootForward } from '../root-forward.ts';
import { type Answer, type Facts, isTrue, known, listOf, type Question, textOf } from './answer.ts';
import { knownAddresses } from './known-addresses.ts';

type CorefileClass = 'repairable-by-kubelet' | 'corefile-fault' | 'not-applicable';

export function classifyCorefile({ text, context }: Question): Answer {
  const parsed = parseCorefile(text);
  if (parsed.kind === 'syntax-error')
    return {
      uses_pod_resolv_conf: false,
      loop_enabled: false,
      class: 'corefile-fault',
      note: `line ${parsed.line} cannot be parsed: ${parsed.message}`,
    };
  const root = rootForward(parsed, {
    pod: listOf(context, 'podIP', 'podIPs'),
    clusterDNS: knownAddresses(context).clusterDNS,
  });
  const { cls, note } = judge(parsed, root, context);
  return known({
    uses_pod_resolv_conf: root?.usesPodResolvConf ?? false,
    loop_enabled: hasLoop(parsed),
    class: cls,
    note,
  });
}

interface Judgement {
  readonly cls: CorefileClass;
  readonly note?: string;
}

function judge(parsed: Corefile, root: RootForward | null, context: Facts): Judgement {
  if (
    isTrue(context, 'hostNetwork') ||
    isNodeLocalDns({ workload: textOf(context, 'workload') }) ||
    bindsNodeLocal(parsed)
  )
    return { cls: 'not-applicable', note: 'host network: report only' };
  const policy = textOf(context, 'dnsPolicy');
  if (policy !== undefined && policy !== 'Default')
    return { cls: 'not-applicable', note: `dnsPolicy ${policy}: the pod is not given the file of the node` };
  if (!root) return { cls: 'corefile-fault', note: 'no server block serves "."' };
  if (root.selfTargets.length > 0)
    return { cls: 'corefile-fault', note: `forwards to itself: ${root.selfTargets.join(', ')}` };
  if (root.unseen.length > 0)
    return {
      cls: 'not-applicable',
      note: 'where "." is forwarded to depends on something outside of the Corefile',
    };
  if (!root.usesPodResolvConf)
    return { cls: 'not-applicable', note: 'does not use the resolv.conf of the pod' };
  return {
    cls: 'repairable-by-kubelet',
    ...(!hasLoop(parsed) && {
      note: 'without the loop plugin, a loop shows as OOMKilled or as refused names',
    }),
  };
}

const bindsNodeLocal = ({ blocks }: Corefile): boolean =>
  blocks.some(({ directives }) =>
    directives.some(({ name, args }) => name === 'bind' && args.some(isNodeLocalAddress)),
  );
