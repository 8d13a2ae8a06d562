/** What saved objects say of the cluster: DNS pods, nodes, Services, Corefiles, and what the operator knew. Pure. */
import * as z from 'zod';
import { DNS_NAMESPACE } from '../../../api/keys.ts';
import { type Policy, parsePolicy, parseRemediations } from '../../../observe/custom-resources.ts';
import { type ParsedNode, parseCaseNode } from '../case-node.ts';
import { isDnsPod, type ParsedPod, parseCasePod } from '../case-pod.ts';
import type { OperatorKnowledge } from '../gathered.ts';
import type { SavedObject } from './objects.ts';

export interface DumpedCluster {
  /** In the order of nodes and names. */
  readonly pods: readonly ParsedPod[];
  readonly nodes: ReadonlyMap<string, ParsedNode>;
  readonly clusterDNS: readonly string[];
  /** Corefiles by the name of their ConfigMap. */
  readonly corefiles: ReadonlyMap<string, string>;
  readonly operator: OperatorKnowledge;
  workloadOf(pod: ParsedPod): { readonly kind: string; readonly name: string } | undefined;
  /** Objects that could not be understood. */
  readonly problems: readonly string[];
}

const metadataSchema = z.object({
  metadata: z.object({
    namespace: z.string().nullish(),
    labels: z.record(z.string(), z.string()).nullish(),
    ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })).nullish(),
  }),
});
const serviceSchema = z.object({
  spec: z.object({
    clusterIP: z.string().nullish(),
    clusterIPs: z.array(z.string()).nullish(),
  }),
});
const configMapSchema = z.object({ data: z.object({ Corefile: z.string().optional() }).nullish() });

export function dumpedCluster(objects: readonly SavedObject[]): DumpedCluster {
  const problems: string[] = [];
  const all = <T>(kind: string, parse: (raw: unknown) => T, isWanted = (_raw: unknown) => true) =>
    objects
      .filter((object) => object.kind === kind && isWanted(object.raw))
      .flatMap(({ name, raw }) => {
        try {
          return [{ name, parsed: parse(raw) }];
        } catch (error) {
          if (!(error instanceof z.ZodError)) throw error;
          const [issue] = error.issues;
          problems.push(`the ${kind} ${name} is not complete: ${issue?.path.join('.')}: ${issue?.message}`);
          return [];
        }
      });
  const replicaSets = new Map(
    all('ReplicaSet', (raw) => metadataSchema.parse(raw).metadata.ownerReferences?.[0]).map(
      ({ name, parsed }) => [name, parsed],
    ),
  );
  const pods = all('Pod', parseCasePod).map(({ parsed }) => parsed);
  const labelled = new Set(all('Pod', parseCasePod, hasDnsLabels).map(({ parsed }) => parsed.dns.uid));
  const isOnly = pods.length === 1;
  return {
    problems,
    // A single pod was saved because it is the one.
    pods: pods
      .filter(({ dns }) => (isOnly || labelled.has(dns.uid)) && !dns.finished)
      .toSorted((a, b) => (a.dns.node + a.dns.name < b.dns.node + b.dns.name ? -1 : 1)),
    nodes: new Map(all('Node', parseCaseNode).map(({ parsed }) => [parsed.facts.name, parsed])),
    clusterDNS: [
      ...new Set(
        all('Service', (raw) => serviceSchema.parse(raw).spec, hasDnsLabels).flatMap(
          ({ parsed: { clusterIP, clusterIPs } }) => clusterIPs ?? (clusterIP ? [clusterIP] : []),
        ),
      ),
    ].filter((address) => address !== 'None'),
    corefiles: new Map(
      all('ConfigMap', (raw) => configMapSchema.parse(raw).data?.Corefile).flatMap(({ name, parsed }) =>
        parsed === undefined ? [] : [[name, parsed] as const],
      ),
    ),
    operator: operatorIn(
      all('DNSHealthPolicy', parsePolicy).map(({ parsed }) => parsed),
      objects.filter(({ kind }) => kind === 'DNSRemediation').map(({ raw }) => raw),
    ),
    workloadOf({ dns }) {
      const { controller } = dns;
      if (controller?.kind !== 'ReplicaSet') return controller ?? undefined;
      const owner = replicaSets.get(controller.name);
      // A Deployment names its ReplicaSets after itself and a hash.
      return owner ?? { kind: 'Deployment', name: controller.name.replace(/-[a-z0-9]+$/, '') };
    },
  };
}

function hasDnsLabels(raw: unknown): boolean {
  const { success, data } = metadataSchema.safeParse(raw);
  return (
    success &&
    (data.metadata.namespace ?? DNS_NAMESPACE) === DNS_NAMESPACE &&
    isDnsPod(data.metadata.labels ?? {})
  );
}

function operatorIn(policies: readonly Policy[], remediations: readonly unknown[]): OperatorKnowledge {
  return policies.length + remediations.length === 0
    ? { kind: 'unknown' }
    : { kind: 'installed', policies, remediations: parseRemediations(remediations) };
}
