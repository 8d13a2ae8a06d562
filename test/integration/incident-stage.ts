/** The operator process on a hand-driven cluster, a new one for each test: where whole incidents are played. */
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { until } from '../cluster/until.ts';
import {
  type InstalledApiserver,
  startInstalledApiserver,
} from '../support/apiserver/installed-apiserver.ts';
import { type OperatorProcess, startOperator } from '../support/apiserver/operator-process.ts';
import { answerTo, type DnsTestServer, framed, startDnsServer } from '../support/network/dns-server.ts';
import { HANG_MS } from '../support/patience.ts';
import { type HandDrivenCluster, type Incident, startHandDrivenCluster } from './hand-driven-cluster.ts';

/**
 * Pods have loopback addresses here: a DNS server of the test answers there on port 53. Each test process has one of its
 * own, because several run at the same time.
 */
export const POD_IP = ownAddress(77);
/** Nothing answers there, unless a test starts something. */
export const OTHER_POD_IP = ownAddress(78);
export const RECORD = 'dnshealth.io/quarantine';
export const HELD_BY = 'dnshealth.io/quarantined-by';

export interface IncidentStage {
  readonly server: InstalledApiserver;
  readonly cluster: HandDrivenCluster;
  readonly operator: OperatorProcess;
  /** Kills the operator. */
  stopOperator(): Promise<void>;
  /** Starts it again and waits until it is ready. */
  startOperator(): Promise<void>;
  /** The incident of node-1, once it holds the node. */
  quarantined(): Promise<Incident>;
}

/** Registers its hooks in the file that calls it: one apiserver for the file, one operator and an empty cluster for each test. */
export function incidentStage(
  operatorEnv: () => Readonly<Record<string, string>> = () => ({}),
): IncidentStage {
  let server: InstalledApiserver;
  let cluster: HandDrivenCluster;
  let operator: OperatorProcess;
  let dns: DnsTestServer;

  const start = async (): Promise<void> => {
    operator = await startOperator(server, { token: server.operatorToken, env: operatorEnv() });
    await operator.becomesReady();
  };

  beforeAll(async () => {
    server = await startInstalledApiserver();
    cluster = await startHandDrivenCluster(server);
    dns = await startClusterDns(await kubernetesService(server));
  });
  afterAll(async () => {
    await dns.close();
    await cluster.close();
    await server.stop();
  });
  beforeEach(start);
  afterEach(async () => {
    await operator.remove();
    await cluster.clear();
  });

  return {
    get server() {
      return server;
    },
    get cluster() {
      return cluster;
    },
    get operator() {
      return operator;
    },
    stopOperator: async () => operator.remove(),
    startOperator: start,
    quarantined: async () =>
      cluster.incident(
        'node-1',
        ({ status }) => status.quarantine?.heldSince !== undefined,
        'to hold its node',
      ),
  };
}

/** Not the address that the operator's environment names: the API server of the test listens on loopback. */
async function kubernetesService(server: InstalledApiserver): Promise<string> {
  return until(
    async () => {
      const path = '/api/v1/namespaces/default/services/kubernetes';
      const { status, body } = await server.call('GET', path);
      return status === 200 ? body.spec.clusterIP : undefined;
    },
    { what: 'the kubernetes Service', timeoutMs: HANG_MS, everyMs: 20 },
  );
}

/** What a healthy DNS pod answers. */
async function startClusterDns(service: string): Promise<DnsTestServer> {
  const reply = (query: Parameters<typeof answerTo>[0]) =>
    query.questions?.[0]?.name === 'kubernetes.default.svc.cluster.local'
      ? answerTo(query, { addresses: [service] })
      : answerTo(query, { rcode: 'NXDOMAIN' });
  return startDnsServer(
    { udp: (query, send) => send(reply(query)), tcp: (query, send) => send(framed(reply(query))) },
    { address: POD_IP, port: 53 },
  );
}

export const inPhase =
  (...phases: readonly string[]) =>
  ({ status }: Incident) =>
    phases.includes(status.phase);
export const ended = ({ status }: Incident) => status.finishedAt !== undefined;
export const released = (incident: Incident) =>
  ended(incident) && incident.status.quarantine?.heldSince === undefined;

function ownAddress(network: number): string {
  return `127.${network}.${(process.pid >> 8) % 256}.${process.pid % 256}`;
}
