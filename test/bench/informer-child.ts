/** One client in its own process: `stock`, `whole` or `ours`. Reports in JSON lines when it is synced and what it sees. */
import { readFileSync } from 'node:fs';
import { keepOneAnnotation, type Report } from './informer-protocol.ts';

const { CLIENT = '', SERVER = '', CA_FILE = '', TOKEN = '' } = process.env;
const NODES = '/api/v1/nodes';
const DNS_PODS = '/api/v1/namespaces/kube-system/pods';
const SELECTOR = 'k8s-app=kube-dns';

const send = (report: Report): void => void process.stdout.write(`${JSON.stringify(report)}\n`);
const saw = (mark: string | undefined): void => {
  if (mark !== undefined) send({ kind: 'saw', mark, at: Date.now() });
};

/** As in the documentation, without a restart in the error handler, which is left to the caller. */
async function stock(): Promise<void> {
  const { CoreV1Api, KubeConfig, makeInformer } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server: SERVER, caFile: CA_FILE }],
    users: [{ name: 'u', token: TOKEN }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  const core = config.makeApiClient(CoreV1Api);
  const nodes = makeInformer(config, NODES, async () => core.listNode());
  const pods = makeInformer(
    config,
    DNS_PODS,
    async () => core.listNamespacedPod({ namespace: 'kube-system', labelSelector: SELECTOR }),
    SELECTOR,
  );
  pods.on('update', (pod) => saw(pod.metadata?.annotations?.['bench']));
  for (const informer of [nodes, pods])
    informer.on('error', (error: unknown) => send({ kind: 'error', message: String(error) }));
  await Promise.all([nodes.start(), pods.start()]);
  send({ kind: 'synced', objects: nodes.list().length + pods.list().length });
}

async function ours(metadataOnly: boolean): Promise<void> {
  const [{ createKubeClient }, { staticConfig }, { silentLogger }, { createMetrics }, { createReflector }] =
    await Promise.all([
      import('../../src/kube/client.ts'),
      import('../../src/kube/config.ts'),
      import('../../src/runtime/logger.ts'),
      import('../../src/runtime/metrics.ts'),
      import('../../src/runtime/reflector/reflector.ts'),
    ]);
  const metrics = createMetrics();
  const config = staticConfig(SERVER, {
    tls: { ca: readFileSync(CA_FILE, 'utf8') },
    authorization: `Bearer ${TOKEN}`,
  });
  const kube = createKubeClient(config, { metrics, userAgent: 'bench/1' });
  const common = { logger: silentLogger, metrics, transform: keepOneAnnotation };
  const nodes = createReflector({ source: kube.listWatch({ path: NODES, metadataOnly }), ...common });
  const pods = createReflector({
    source: kube.listWatch({ path: DNS_PODS, labelSelector: SELECTOR }),
    ...common,
  });
  pods.onChange(({ kind, object }) => {
    if (kind === 'modified') saw(object.mark);
  });
  const signal = new AbortController().signal;
  void nodes.start(signal);
  void pods.start(signal);
  await Promise.all([nodes.synced, pods.synced]);
  send({ kind: 'synced', objects: nodes.keys().length + pods.keys().length });
}

await (CLIENT === 'stock' ? stock() : ours(CLIENT === 'ours'));
// Keeps the process running after an informer has stopped.
setInterval(() => {}, 60_000);
