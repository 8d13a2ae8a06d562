/** What else can be seen of a pod that is at fault, or of the healthy one beside it: events, and the servers that it asks. */
import * as z from 'zod';
import { DNS_NAMESPACE } from '../../../api/keys.ts';
import type { SavedText } from '../../../diagnosis/case.ts';
import type { EvidenceLine } from '../../../diagnosis/examination.ts';
import type { Connection } from '../../cluster/connect.ts';
import { upstreamMetrics } from '../coredns-metrics.ts';
import { corefileFacts } from '../corefile-facts.ts';
import type { Attempts } from './attempts.ts';

/** What says something about DNS or the sandbox; that a container was started again is known already. */
const TELLING: ReadonlySet<string> = new Set([
  'DNSConfigForming',
  'MissingClusterDNS',
  'FailedCreatePodSandBox',
  'FailedScheduling',
  'Evicted',
]);

const eventsSchema = z.object({
  items: z.array(
    z.object({
      reason: z.string().nullish(),
      message: z.string().nullish(),
      count: z.int().nullish(),
    }),
  ),
});

export async function podEvents(
  { core }: Connection,
  pod: string,
  attempts: Attempts,
): Promise<readonly EvidenceLine[]> {
  const fieldSelector = `involvedObject.kind=Pod,involvedObject.name=${pod}`;
  const events = await attempts.read(
    {
      what: `the events of ${pod}`,
      command: `kubectl -n ${DNS_NAMESPACE} get events --field-selector ${fieldSelector}`,
      right: `list events in ${DNS_NAMESPACE}`,
    },
    async () =>
      eventsSchema.parse(await core.listNamespacedEvent({ namespace: DNS_NAMESPACE, fieldSelector })),
  );
  return (events?.items ?? [])
    .filter(({ reason }) => TELLING.has(reason ?? ''))
    .map(({ reason, message, count }) => ({
      source: `event ${reason}${(count ?? 1) > 1 ? ` (${count} times)` : ''}`,
      text: (message ?? '').trim().slice(0, MAX_MESSAGE),
    }));
}

const MAX_MESSAGE = 300;
const METRICS_MS = 3_000;

/**
 * The resolv.conf of the pod as far as CoreDNS has asked its servers, and what its metrics say of them. A pod has no
 * shell, so nothing shows the file itself without starting something.
 */
export async function askedServers(
  { kube }: Connection,
  pod: string,
  corefile: string | undefined,
  attempts: Attempts,
  signal: AbortSignal,
): Promise<{ readonly resolvConf?: SavedText; readonly notes: readonly EvidenceLine[] }> {
  const facts = corefileFacts(corefile);
  const path = `/api/v1/namespaces/${DNS_NAMESPACE}/pods/${pod}:${facts.metricsPort}/proxy/metrics`;
  const text = await attempts.read(
    {
      what: `the metrics of ${pod}, which name the servers that it asks`,
      command: `kubectl get --raw ${path} | grep ' to='`.replace(' to=', 'to='),
      right: 'get pods/proxy',
    },
    async () =>
      kube.raw.text({ method: 'GET', path, accept: '*/*', signal, deadlineMs: METRICS_MS, retry: false }),
  );
  if (text === undefined) return { notes: [] };
  const { servers, rejected } = upstreamMetrics(text);
  const own = servers.filter((server) => !facts.named.includes(server));
  const source = `metrics of ${pod}`;
  return {
    ...(facts.usesPodResolvConf && own.length > 0
      ? {
          resolvConf: {
            text: own.map((server) => `nameserver ${server}\n`).join(''),
            source,
          },
        }
      : {}),
    notes:
      rejected > 0
        ? [{ source, text: `${rejected} queries were refused because max_concurrent were waiting already` }]
        : [],
  };
}
