/** Prometheus and Alertmanager on loopback, with the shipped rules in shorter times, and a webhook that is told of alerts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import * as z from 'zod';
import { until } from '../../cluster/until.ts';
import { endsWithUs } from '../ends-with-us.ts';
import { freePorts } from '../free-port.ts';
import { startReceiver } from '../network/receiver.ts';
import { debianPackage, debianProgram } from './debian-programs.ts';
import { scaledDuration, scaledRules } from './scaled-rules.ts';
import { type DiscoveredPod, scrapeConfig, targetsOf } from './scrape-config.ts';

/**
 * Debian's Alertmanager reads its templates at this place only, where nothing is unless the package is installed: in a mount
 * namespace of its own it finds them there.
 */
const WITH_TEMPLATES = [
  'unshare',
  '--mount',
  'sh',
  '-c',
  'mount -t tmpfs tmpfs /usr/share && cp -r "$0/usr/share/prometheus" /usr/share && exec "$@"',
];

/** In the configuration of kube-prometheus-stack. */
const EVALUATION_INTERVAL = '30s';

const toldSchema = z.object({
  alerts: z.array(
    z.object({
      status: z.enum(['firing', 'resolved']),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
    }),
  ),
});
/** One alert in one message of Alertmanager, with when it arrived. */
export type Told = z.infer<typeof toldSchema>['alerts'][number] & { readonly at: number };

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Values as text: NaN is one. */
  readonly values: readonly (readonly [number, string])[];
}

export interface Watcher {
  /** Everything that the webhook was told, in order. */
  told(): readonly Told[];
  /** Once the webhook was told that it fires with these labels, and not yet that it is resolved. */
  untilFiring(alert: string, labels?: Readonly<Record<string, string>>): Promise<Told>;
  /** Once the last word about it was that it is resolved, for every set of labels. */
  untilResolved(alert: string): Promise<void>;
  /** A GET of Prometheus' API; throws what it says if that fails. */
  ask<T>(path: string, query?: Readonly<Record<string, string>>): Promise<T>;
  stop(): Promise<void>;
}

/** @param pods that Prometheus discovers: all of a cluster, of which it takes those of the PodMonitor */
export async function startWatcher(pods: () => Promise<readonly DiscoveredPod[]>): Promise<Watcher> {
  const [prometheus, alertmanager] = await Promise.all([
    debianProgram('prometheus'),
    debianPackage('prometheus-alertmanager'),
  ]);
  const dir = await mkdtemp(join(tmpdir(), 'dnshealth-watcher-'));
  const webhook = await startReceiver();
  const arrivals: number[] = [];
  webhook.answer = (response) => {
    arrivals.push(Date.now());
    response.end();
  };
  const discovery = await serveTargets(pods);
  const [prometheusPort = 0, alertmanagerPort = 0] = await freePorts(2);

  const write = async (name: string, content: object): Promise<string> => {
    await writeFile(join(dir, name), stringify(content));
    return join(dir, name);
  };
  const rules = await write('rules.yaml', { groups: scaledRules() });
  const alertmanagerConfig = await write('alertmanager.yaml', {
    // Each alert in a message of its own, at once.
    route: { receiver: 'webhook', group_by: ['...'], group_wait: '0s', group_interval: '1s' },
    receivers: [{ name: 'webhook', webhook_configs: [{ url: webhook.url, send_resolved: true }] }],
  });
  const prometheusConfig = await write('prometheus.yaml', {
    global: { evaluation_interval: scaledDuration(EVALUATION_INTERVAL) },
    rule_files: [rules],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertmanagerPort}`] }] }] },
    scrape_configs: [scrapeConfig(discovery.url)],
  });
  const programs = [
    start(dir, 'alertmanager', [
      ...WITH_TEMPLATES,
      alertmanager,
      `${alertmanager}/usr/bin/prometheus-alertmanager`,
      `--config.file=${alertmanagerConfig}`,
      `--storage.path=${join(dir, 'alertmanager')}`,
      `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
      '--cluster.listen-address=',
    ]),
    start(dir, 'prometheus', [
      prometheus,
      `--config.file=${prometheusConfig}`,
      `--storage.tsdb.path=${join(dir, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${prometheusPort}`,
      '--rules.alert.resend-delay=1s',
    ]),
  ];
  const stop = async (): Promise<void> => {
    await Promise.all(programs.map(async (program) => program.stop()));
    await webhook.close();
    await discovery.close();
    await rm(dir, { recursive: true });
  };

  const told = (): readonly Told[] =>
    webhook.received.flatMap(({ body }, number) =>
      toldSchema.parse(JSON.parse(body)).alerts.map((one) => ({ ...one, at: arrivals[number] ?? 0 })),
    );
  /** The last word about each set of labels of an alert. */
  const lastWords = (alert: string): readonly Told[] => [
    ...new Map(
      told()
        .filter(({ labels }) => labels['alertname'] === alert)
        .map((one) => [JSON.stringify(one.labels), one]),
    ).values(),
  ];
  const ask: Watcher['ask'] = async (path, query = {}) => {
    const url = `http://127.0.0.1:${prometheusPort}/api/v1/${path}?${new URLSearchParams(query).toString()}`;
    const answer = z
      .object({ status: z.string(), data: z.any(), error: z.string().optional() })
      .parse(await (await fetch(url)).json());
    if (answer.status !== 'success') throw new Error(`${path} ${JSON.stringify(query)}: ${answer.error}`);
    return answer.data;
  };
  /** What a time-out says. */
  const state = async (alert: string): Promise<string> => {
    const { alerts } = await ask<{ alerts: { labels: { alertname: string } }[] }>('alerts');
    const active = alerts.filter(({ labels }) => labels.alertname === alert);
    return `Prometheus has ${JSON.stringify(active)}, the webhook was told ${JSON.stringify(lastWords(alert).map(({ labels, status }) => ({ labels, status })))}`;
  };

  try {
    for (const port of [prometheusPort, alertmanagerPort])
      await until(
        async () => {
          // What is missing then is in its log.
          if (programs.some((program) => program.exitCode() !== null)) return false;
          return (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok || undefined;
        },
        { what: `the program at port ${port} to be ready` },
      );
    if (programs.some((program) => program.exitCode() !== null)) throw new Error('a program has ended');
  } catch (error) {
    const logs = await Promise.all(programs.map(async ({ log }) => readFile(log, 'utf8')));
    await stop();
    throw new Error(`${String(error)}\n${logs.map((log) => log.slice(-2_000)).join('\n')}`, { cause: error });
  }

  return {
    told,
    ask,
    stop,
    untilFiring: async (alert, labels = {}) =>
      until(
        async () => {
          const found = lastWords(alert).find(
            (one) =>
              one.status === 'firing' &&
              Object.entries(labels).every(([name, value]) => one.labels[name] === value),
          );
          if (!found) throw new Error(await state(alert));
          return found;
        },
        { what: `${alert} to fire with ${JSON.stringify(labels)}`, timeoutMs: 600_000 },
      ),
    untilResolved: async (alert) =>
      void (await until(
        async () => {
          const words = lastWords(alert);
          if (words.length === 0 || words.some(({ status }) => status === 'firing'))
            throw new Error(await state(alert));
          return true;
        },
        { what: `${alert} to be resolved`, timeoutMs: 600_000 },
      )),
  };
}

interface Started {
  readonly log: string;
  /** null while it runs. */
  exitCode(): number | null;
  stop(): Promise<void>;
}

/** Its output goes to a file. */
function start(dir: string, name: string, argv: readonly string[]): Started {
  const log = join(dir, `${name}.log`);
  const child = spawn(...endsWithUs(['sh', '-c', 'exec "$@" > "$0" 2>&1', log, ...argv]), {
    cwd: dir,
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  return {
    log,
    exitCode: () => child.exitCode,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** The answers of the discovery: https://prometheus.io/docs/prometheus/latest/http_sd/ */
async function serveTargets(pods: () => Promise<readonly DiscoveredPod[]>) {
  const server: Server = createServer((_request, response) => {
    pods().then(
      (found) => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(found.flatMap(targetsOf)));
      },
      // Prometheus keeps the targets that it knows.
      (error: unknown) => void response.writeHead(503).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/pods`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
