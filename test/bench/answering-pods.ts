/** DNS pods that answer: a DNS server for each, on an address of its own on loopback. */
import { until } from '../cluster/until.ts';
import type { Apiserver } from '../support/apiserver/apiserver.ts';
import { answerTo, framed, startDnsServer } from '../support/network/dns-server.ts';
import { podName } from './cluster-objects.ts';

export interface AnsweringPods {
  /** Questions so far, to all of them. */
  readonly questions: number;
  close(): Promise<void>;
}

const address = (index: number): string => `127.77.1.${index + 1}`;

/** Of a big cluster, whose pods have addresses at which nothing answers. @param count at most 250 */
export async function startAnsweringPods(server: Apiserver, count: number): Promise<AnsweringPods> {
  let questions = 0;
  const kubernetesIP: string = await until(
    async () =>
      (await server.call('GET', '/api/v1/namespaces/default/services/kubernetes')).body.spec?.clusterIP,
    { what: 'the kubernetes Service', timeoutMs: 30_000 },
  );
  const reply = (query: Parameters<typeof answerTo>[0]) => {
    questions += 1;
    return query.questions?.[0]?.name === 'kubernetes.default.svc.cluster.local'
      ? answerTo(query, { addresses: [kubernetesIP] })
      : answerTo(query, { rcode: 'NXDOMAIN' });
  };
  const pods = await Promise.all(
    Array.from({ length: count }, async (_, index) =>
      startDnsServer(
        { udp: (query, send) => send(reply(query)), tcp: (query, send) => send(framed(reply(query))) },
        { address: address(index), port: 53 },
      ),
    ),
  );
  for (let index = 0; index < count; index += 1) {
    const path = `/api/v1/namespaces/kube-system/pods/${podName(index)}/status`;
    const status = { podIP: address(index), podIPs: [{ ip: address(index) }] };
    await server.call('PATCH', path, { status }, { contentType: 'application/merge-patch+json' });
  }
  return {
    get questions() {
      return questions;
    },
    async close() {
      for (const pod of pods) await pod.close();
    },
  };
}
