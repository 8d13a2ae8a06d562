/** Classifies a crash with what is known beside its log: the diagnosis that the operator would make. */
import { isRecord } from '../../api/is-record.ts';
import { DNS_APP_LABEL, DNS_APPS, DNS_NAME, DNS_NAMESPACE, NAME_LABEL } from '../../api/keys.ts';
import { diagnose } from '../diagnose.ts';
import type { Diagnosis, Evidence } from '../evidence.ts';
import { unwrapSavedLog } from '../saved-log.ts';
import {
  type Answer,
  type Facts,
  isTrue,
  known,
  listOf,
  numberOf,
  textOf,
  Unclassifiable,
} from './answer.ts';
import { knownAddresses } from './known-addresses.ts';

/** That of kubeadm and kubespray, where none is given. */
const USUAL_COREFILE = '.:53 {\n  errors\n  forward . /etc/resolv.conf\n  loop\n  reload\n}\n';

/** Fields: log or text, exitCode, reason, livedMs, corefile, podIP, hostNetwork, dnsPolicy, workload, configMap. */
export function classifyLoop(facts: Facts): Answer {
  const log = textOf(facts, 'log', 'text');
  if (log === undefined) throw new Unclassifiable('it has no log');
  return answerOf(diagnose(evidenceOf(facts, unwrapSavedLog(log))));
}

/** As `classifyLoop`, with a second log that may have to be judged in the same way (`also`). */
export function classifyCrashLog(facts: Facts): Answer {
  const also = textOf(facts, 'also');
  return known({
    ...classifyLoop(facts),
    also: also === undefined ? undefined : classifyLoop({ ...facts, text: also }),
  });
}

/** Fields as for a loop, and labels, owner ("Deployment kube-system/coredns"): whether the operator sees the pod at all. */
export function classifyPod(facts: Facts): Answer {
  const labels = isRecord(facts['labels']) ? facts['labels'] : {};
  const [kind = '', name = ''] = (textOf(facts, 'owner') ?? 'Deployment kube-system/coredns').split(' ');
  const [namespace, workload] = name.includes('/') ? name.split('/') : [DNS_NAMESPACE, name];
  const isLabelled =
    DNS_APPS.some((app) => app === labels[DNS_APP_LABEL]) ||
    (labels[DNS_APP_LABEL] === undefined && labels[NAME_LABEL] === DNS_NAME);
  const isWorkload = kind === 'Deployment' || kind === 'DaemonSet' || kind === 'ReplicaSet';
  const seen = isLabelled && isWorkload && namespace === DNS_NAMESPACE;
  const why = isLabelled
    ? `it is owned by ${kind} ${name}, and DNS pods are watched in ${DNS_NAMESPACE}, of a Deployment or a DaemonSet`
    : `it has none of the labels ${DNS_APP_LABEL}=${DNS_APPS.join('|')} and ${NAME_LABEL}=${DNS_NAME}`;
  return known({
    seen,
    why: seen ? undefined : why,
    ...(textOf(facts, 'log', 'text') === undefined
      ? {}
      : classifyLoop({ ...facts, workload: `${kind.toLowerCase()} ${workload}` })),
  });
}

function evidenceOf(facts: Facts, log: string): Evidence {
  const configMap = textOf(facts, 'configMap');
  const workload = textOf(facts, 'workload');
  return {
    death: {
      exitCode: numberOf(facts, 'exitCode') ?? 1,
      reason: textOf(facts, 'reason') ?? 'Error',
      startedAt: 0,
      finishedAt: numberOf(facts, 'livedMs') ?? 1000,
    },
    log,
    corefile: textOf(facts, 'corefile') ?? USUAL_COREFILE,
    ...(configMap !== undefined && { configMap }),
    ...(workload !== undefined && { workload }),
    pod: {
      ips: listOf(facts, 'podIP', 'podIPs', 'ips'),
      hostNetwork: isTrue(facts, 'hostNetwork'),
      dnsPolicy: textOf(facts, 'dnsPolicy') ?? 'Default',
      dnsConfigNameservers: listOf(facts, 'dnsConfigNameservers', 'nameservers'),
    },
    clusterDNS: knownAddresses(facts).clusterDNS,
  };
}

function answerOf(diagnosis: Diagnosis): Answer {
  const { kind, cause, remedy } = diagnosis;
  return known({
    kind,
    cause,
    ...(diagnosis.kind === 'loop'
      ? {
          from: diagnosis.sighting.from ?? null,
          to: diagnosis.sighting.to ?? null,
          zone: diagnosis.sighting.zone,
          corednsVersion: diagnosis.sighting.corednsVersion ?? null,
        }
      : { message: diagnosis.message }),
    remedy: remedy.kind,
    advice: remedy.kind === 'advice' ? remedy.advice : undefined,
  });
}
