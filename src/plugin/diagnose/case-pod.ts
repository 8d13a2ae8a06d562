/** A DNS pod as the examination and the report need it, from the object of the API or from a saved one. */
import * as z from 'zod';
import { DNS_APP_LABEL, DNS_APPS, DNS_NAME, NAME_LABEL } from '../../api/keys.ts';
import type { CaseContainer, CasePod } from '../../diagnosis/case.ts';
import { type DnsContainer, type DnsPod, parseDnsPod } from '../../observe/dns-pod.ts';
import { epochTime } from '../../observe/epoch-time.ts';

const moreSchema = z.object({
  spec: z.object({
    containers: z
      .array(
        z.object({
          name: z.string(),
          image: z.string().nullish(),
          resources: z.object({ limits: z.object({ memory: z.string().nullish() }).nullish() }).nullish(),
        }),
      )
      .nullish(),
  }),
  status: z
    .object({
      phase: z.string().nullish(),
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            message: z.string().nullish(),
            lastTransitionTime: epochTime.nullish(),
          }),
        )
        .nullish(),
      containerStatuses: z
        .array(
          z.object({
            name: z.string(),
            state: z
              .object({
                waiting: z.object({ reason: z.string().nullish(), message: z.string().nullish() }).nullish(),
              })
              .nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

export interface ParsedPod {
  readonly dns: DnsPod;
  /** Its CoreDNS container, if the kubelet has reported one. */
  readonly container: DnsContainer | undefined;
  readonly facts: CasePod;
  /** Why it does not run, in the words of the scheduler or the kubelet; absent if it runs. */
  readonly stuck?: string;
}

/** Whether these are the labels of a DNS pod: the selectors of the project, for objects that no API has selected. */
export function isDnsPod(labels: Readonly<Record<string, string>>): boolean {
  return DNS_APPS.some((app) => app === labels[DNS_APP_LABEL]) || labels[NAME_LABEL] === DNS_NAME;
}

/** @throws ZodError if the object is not a pod */
export function parseCasePod(raw: unknown): ParsedPod {
  const dns = parseDnsPod(raw);
  const { spec, status } = moreSchema.parse(raw);
  const container = corednsOf(dns.containers, spec.containers ?? []);
  const state = status?.containerStatuses?.find(({ name }) => name === container?.name)?.state;
  const waiting = state?.waiting;
  const declared = (spec.containers ?? []).find(({ name }) => name === container?.name);
  const conditions = status?.conditions ?? [];
  const { createdAt, startedAt } = dns;
  // A reboot of the node makes a new sandbox for the same pod, which this condition shows since Kubernetes 1.29.
  const sandboxAt = conditions.find(({ type, status: is }) => type === SANDBOX && is === 'True');
  const facts: CasePod = {
    name: dns.name,
    namespace: dns.namespace,
    ...(dns.node === '' ? {} : { node: dns.node }),
    label: dns.label,
    ips: dns.ips,
    hostNetwork: dns.hostNetwork,
    dnsPolicy: dns.dnsPolicy,
    dnsConfigNameservers: dns.dnsConfigNameservers,
    createdAt: Math.max(createdAt, sandboxAt?.lastTransitionTime ?? 0),
    ...(startedAt === null ? {} : { startedAt }),
    ready: dns.ready,
    ...(container && { container: caseContainer(container, waiting, declared) }),
  };
  const unscheduled = conditions.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
  const stuck = unscheduled?.message ?? waiting?.message ?? waiting?.reason;
  const isCrashing = waiting?.reason === 'CrashLoopBackOff' || waiting?.reason === 'ContainerCreating';
  return { dns, container, facts, ...(stuck && !isCrashing ? { stuck } : {}) };
}

const SANDBOX = 'PodReadyToStartContainers';

type Declared = NonNullable<z.infer<typeof moreSchema>['spec']['containers']>[number];

/** By its usual names, or else by its image; another container of the pod may be an exporter or a proxy. */
function corednsOf(
  containers: readonly DnsContainer[],
  declared: readonly Declared[],
): DnsContainer | undefined {
  const byImage = declared.find(({ image }) => /coredns|node-?cache/.test(image ?? ''))?.name;
  return (
    containers.find(({ name }) => name === DNS_NAME || name === 'node-cache') ??
    containers.find(({ name }) => name === byImage) ??
    containers[0]
  );
}

function caseContainer(
  { name, restartCount, runningSince, death }: DnsContainer,
  waiting: { readonly reason?: string | null | undefined } | null | undefined,
  declared: Declared | undefined,
): CaseContainer {
  const memoryLimit = declared?.resources?.limits?.memory;
  return {
    name,
    ...(declared?.image ? { image: declared.image } : {}),
    ...(memoryLimit ? { memoryLimit } : {}),
    restartCount,
    state: runningSince !== null ? 'running' : waiting ? 'waiting' : 'terminated',
    ...(waiting?.reason ? { waitingReason: waiting.reason } : {}),
    ...(runningSince ? { runningSince } : {}),
    ...(death ? { death } : {}),
  };
}
