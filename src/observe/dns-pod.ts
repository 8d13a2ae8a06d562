/** A DNS pod as the operator keeps it: parsed once, and everything else of the object is dropped. */
import * as z from 'zod';
import { DNS_APP_LABEL, DNS_APPS, NAME_LABEL } from '../api/keys.ts';
import { epochTime } from './epoch-time.ts';

const terminatedSchema = z.object({
  exitCode: z.int(),
  reason: z.string().default(''),
  message: z.string().nullish(),
  startedAt: epochTime.nullish(),
  finishedAt: epochTime.nullish(),
  containerID: z.string().nullish(),
});

const stateSchema = z
  .object({
    running: z.object({ startedAt: epochTime.nullish() }).nullish(),
    terminated: terminatedSchema.nullish(),
  })
  .nullish();

const podSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    labels: z.record(z.string(), z.string()).nullish(),
    creationTimestamp: epochTime,
    deletionTimestamp: epochTime.nullish(),
    ownerReferences: z
      .array(
        z.object({ kind: z.string(), name: z.string(), uid: z.string(), controller: z.boolean().nullish() }),
      )
      .nullish(),
  }),
  spec: z.object({
    nodeName: z.string().nullish(),
    hostNetwork: z.boolean().nullish(),
    dnsPolicy: z.string().nullish(),
    dnsConfig: z.object({ nameservers: z.array(z.string()).nullish() }).nullish(),
    volumes: z
      .array(z.object({ name: z.string(), configMap: z.object({ name: z.string().nullish() }).nullish() }))
      .nullish(),
  }),
  status: z
    .object({
      phase: z.string().nullish(),
      podIP: z.string().nullish(),
      podIPs: z.array(z.object({ ip: z.string() })).nullish(),
      startTime: epochTime.nullish(),
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish(),
      containerStatuses: z
        .array(
          z.object({
            name: z.string(),
            ready: z.boolean(),
            restartCount: z.int(),
            image: z.string().default(''),
            containerID: z.string().nullish(),
            state: stateSchema,
            lastState: stateSchema,
          }),
        )
        .nullish(),
    })
    .nullish(),
});

/** How a container ended. Times are epoch milliseconds of whole seconds, as the kubelet reports them. */
export interface ContainerDeath {
  /** Identifies the death: the id of the container, which stays when the death moves from `state` to `lastState`. */
  readonly id: string;
  readonly exitCode: number;
  readonly reason: string;
  /** What the runtime said, about a container that it could not start. */
  readonly message?: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** It is in `state`, not in `lastState`: no newer container has been started. */
  readonly isCurrent: boolean;
}

export interface DnsContainer {
  readonly name: string;
  readonly id: string | null;
  readonly image: string;
  readonly restartCount: number;
  readonly runningSince: number | null;
  readonly death: ContainerDeath | null;
}

export interface DnsPod {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** The label by which it was found, for example `k8s-app=kube-dns`. */
  readonly label: string;
  readonly node: string;
  readonly ip: string | null;
  readonly ips: readonly string[];
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly deleting: boolean;
  /**
   * Its phase is Failed or Succeeded: the kubelet rejected or evicted it, or it was left by a shutdown of its node. It never
   * runs again, and its workload has replaced it.
   */
  readonly finished: boolean;
  readonly ready: boolean;
  readonly hostNetwork: boolean;
  readonly dnsPolicy: string;
  readonly dnsConfigNameservers: readonly string[];
  /** The ConfigMaps it mounts; one of them contains the Corefile. */
  readonly configMaps: readonly string[];
  readonly controller: { readonly kind: string; readonly name: string; readonly uid: string } | null;
  readonly containers: readonly DnsContainer[];
}

/** @throws ZodError if the object is not a pod. */
export function parseDnsPod(raw: unknown): DnsPod {
  const { metadata, spec, status } = podSchema.parse(raw);
  const ips = status?.podIPs?.map(({ ip }) => ip) ?? (status?.podIP ? [status.podIP] : []);
  const controller = metadata.ownerReferences?.find((owner) => owner.controller === true);
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    uid: metadata.uid,
    label: dnsLabel(metadata.labels ?? {}),
    node: spec.nodeName ?? '',
    ip: status?.podIP ?? ips[0] ?? null,
    ips,
    createdAt: metadata.creationTimestamp,
    startedAt: status?.startTime ?? null,
    deleting: metadata.deletionTimestamp != null,
    finished: status?.phase === 'Failed' || status?.phase === 'Succeeded',
    ready:
      status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True') ?? false,
    hostNetwork: spec.hostNetwork ?? false,
    dnsPolicy: spec.dnsPolicy ?? 'ClusterFirst',
    dnsConfigNameservers: spec.dnsConfig?.nameservers ?? [],
    configMaps: (spec.volumes ?? []).flatMap(({ configMap }) => (configMap?.name ? [configMap.name] : [])),
    controller: controller ? { kind: controller.kind, name: controller.name, uid: controller.uid } : null,
    containers: (status?.containerStatuses ?? []).map((container) => ({
      name: container.name,
      id: container.containerID ?? null,
      image: container.image,
      restartCount: container.restartCount,
      runningSince: container.state?.running ? (container.state.running.startedAt ?? 0) : null,
      death: latestDeath(container.state, container.lastState),
    })),
  };
}

function dnsLabel(labels: Readonly<Record<string, string>>): string {
  const app = DNS_APPS.find((name) => name === labels[DNS_APP_LABEL]);
  return app === undefined ? `${NAME_LABEL}=${labels[NAME_LABEL] ?? ''}` : `${DNS_APP_LABEL}=${app}`;
}

type State = z.infer<typeof stateSchema>;

/** The first `terminated` state is enough evidence: CrashLoopBackOff comes a second later, and not always. */
function latestDeath(state: State, lastState: State): ContainerDeath | null {
  const death = state?.terminated ?? lastState?.terminated;
  if (!death) return null;
  return {
    id: death.containerID ?? `${death.startedAt ?? 0}/${death.finishedAt ?? 0}`,
    exitCode: death.exitCode,
    reason: death.reason,
    ...(death.message ? { message: death.message } : {}),
    startedAt: death.startedAt ?? 0,
    finishedAt: death.finishedAt ?? 0,
    isCurrent: state?.terminated != null,
  };
}
