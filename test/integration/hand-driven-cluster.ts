/** Nodes without kubelets and workloads without controllers on a test apiserver: the test plays their part. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { REQUEST_ENV } from '../../src/api/agent-protocol.ts';
import type { ResolvConfClass } from '../../src/api/agent-report.ts';
import type { RemediationSpec, RemediationStatus } from '../../src/api/remediation.ts';
import { until } from '../cluster/until.ts';
import type { Answer, Apiserver } from '../support/apiserver/apiserver.ts';
import { aProofReport, aRepairReport } from '../support/objects/builders.ts';
import { LOOP_LINE } from '../support/objects/raw-objects.ts';
import { HANG_MS } from '../support/patience.ts';

const CUSTOM = '/apis/dnshealth.io/v1alpha1';
const DNS_PODS = '/api/v1/namespaces/kube-system/pods';
const OUR_PODS = '/api/v1/namespaces/dnshealth-node/pods';
const OUR_CHECKS = '/api/v1/namespaces/dnshealth-check/pods';
const OUR_JOBS = '/apis/batch/v1/namespaces/dnshealth-node/jobs';
const COREFILE = '.:53 {\n errors\n forward . /etc/resolv.conf\n loop\n}\n';
const MERGE = { contentType: 'application/merge-patch+json' } as const;

export interface Incident {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: RemediationSpec;
  readonly status: RemediationStatus;
}

export interface HandDrivenCluster {
  node(name: string, metadata?: object, spec?: object): Promise<void>;
  nodeSpec(name: string): Promise<Record<string, unknown>>;
  setReady(name: string, ready: boolean): Promise<void>;
  policy(name: string, spec?: object): Promise<void>;
  policyStatus(name: string): Promise<Answer['body']>;
  /** A CoreDNS pod whose container just died in a loop. */
  loopingPod(name: string, node: string): Promise<void>;
  /** A CoreDNS pod that runs, reachable at this address. */
  runningPod(name: string, node: string, ip: string): Promise<void>;
  /** The same, but running and Ready for an hour. */
  servingPod(name: string, node: string, ip: string): Promise<void>;
  setPodReady(name: string, ready: boolean): Promise<void>;
  /** The only incident of a node, once it fulfils the condition. */
  incident(node: string, wanted: (incident: Incident) => boolean, what: string): Promise<Incident>;
  incidents(): Promise<readonly Incident[]>;
  removeIncident(name: string): Promise<void>;
  /** The agent of an incident's Job exits with the report of a repair, overridden by these fields. */
  agentReports(incident: string, report?: object): Promise<void>;
  /** The agent of an incident ends without a report. */
  agentIsKilled(incident: string): Promise<void>;
  /** The garbage collector finishes the deletion of an incident's Job, which the operator has begun. */
  jobIsGone(incident: string): Promise<void>;
  /** The container runtime cannot start the agent of an incident. */
  agentCannotStart(incident: string, why: string): Promise<void>;
  proofReports(incident: string): Promise<void>;
  /** The check of a node, of which there must be one at most, was given this resolv.conf. */
  checkReports(nameserver: string, cls: ResolvConfClass): Promise<void>;
  /** The check of a node that the operator has started before anything failed ends: usable, or looping with the stub. */
  nodeCheckReports(node: string, outcome: 'usable' | 'looping'): Promise<void>;
  setCorefile(text: string): Promise<void>;
  /** The kubelet ends a DNS pod that the operator has deleted. */
  podEnds(name: string): Promise<void>;
  proofPodIsGone(incident: string): Promise<void>;
  /** Deletes everything except what the cluster needs for the next incident. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export async function startHandDrivenCluster(server: Apiserver): Promise<HandDrivenCluster> {
  /** When the container of each pod died, as the kubelet reports it. */
  const diedAt = new Map<string, string>();
  const kubelet = await startLogServer(dirname(server.caFile), diedAt);
  const { port } = kubelet.address() as AddressInfo;
  const ask = async (...asked: Parameters<Apiserver['call']>) => {
    const { status, body } = await server.call(...asked);
    if (status >= 300) throw new Error(`${asked[0]} ${asked[1]}: ${status} ${JSON.stringify(body)}`);
    return body;
  };
  const seen = async (path: string, what: string) =>
    until(
      async () => {
        const { status, body } = await server.call('GET', path);
        return status === 200 ? body : undefined;
      },
      { what, timeoutMs: HANG_MS, everyMs: 20 },
    );
  /** In whole seconds, as the kubelet writes it. */
  const now = (laterMs = 0) => new Date(Date.now() + laterMs).toISOString().replace(/\.\d+Z$/, 'Z');

  const apps = '/apis/apps/v1/namespaces/kube-system';
  const labels = { 'k8s-app': 'kube-dns' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'coredns', image: 'coredns' }] } };
  const workload = { selector: { matchLabels: labels }, template };
  const ownerReference = (kind: string, { metadata }: Answer['body']) => ({
    apiVersion: 'apps/v1',
    kind,
    controller: true,
    name: metadata.name,
    uid: metadata.uid,
  });
  const deployment = await ask('POST', `${apps}/deployments`, {
    metadata: { name: 'coredns' },
    spec: workload,
  });
  const replicaSet = await ask('POST', `${apps}/replicasets`, {
    metadata: { name: 'coredns-5d78', labels, ownerReferences: [ownerReference('Deployment', deployment)] },
    spec: workload,
  });
  await ask('POST', '/api/v1/namespaces/kube-system/configmaps', {
    metadata: { name: 'coredns' },
    data: { Corefile: COREFILE },
  });

  async function dnsPod(name: string, node: string, status: object): Promise<void> {
    await ask('POST', DNS_PODS, {
      metadata: { name, labels, ownerReferences: [ownerReference('ReplicaSet', replicaSet)] },
      spec: {
        ...template.spec,
        nodeName: node,
        dnsPolicy: 'Default',
        volumes: [{ name: 'config-volume', configMap: { name: 'coredns' } }],
      },
    });
    await ask('PATCH', `${DNS_PODS}/${name}/status`, { status: { startTime: now(), ...status } }, MERGE);
  }

  const running = async (
    name: string,
    node: string,
    ip: string,
    since: { readonly sandbox: string; readonly container: string },
  ) =>
    dnsPod(name, node, {
      startTime: since.sandbox,
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [
        {
          name: 'coredns',
          image: 'coredns',
          imageID: '',
          ready: true,
          restartCount: 0,
          containerID: `containerd://${name}`,
          state: { running: { startedAt: since.container } },
        },
      ],
    });

  /** Creates the pod as the Job controller does, and reads the request in it. */
  async function podOfJob(incident: string): Promise<{ readonly name: string; readonly nonce: string }> {
    const job = await seen(`${OUR_JOBS}/${incident}`, `the Job of ${incident}`);
    const name = `${incident}-x7`;
    await ask('POST', OUR_PODS, {
      metadata: {
        name,
        labels: job.spec.template.metadata.labels,
        ownerReferences: [
          { apiVersion: 'batch/v1', kind: 'Job', name: incident, uid: job.metadata.uid, controller: true },
        ],
      },
      spec: job.spec.template.spec,
    });
    return { name, nonce: nonceOf(job.spec.template.spec) };
  }
  const ends = async (pod: string, terminated: object, pods = OUR_PODS) =>
    ask(
      'PATCH',
      `${pods}/${pod}/status`,
      {
        status: {
          phase: 'Succeeded',
          containerStatuses: [
            {
              name: 'agent',
              image: 'x',
              imageID: '',
              ready: false,
              restartCount: 0,
              containerID: `containerd://${pod}`,
              state: { terminated: { exitCode: 0, ...terminated } },
            },
          ],
        },
      },
      MERGE,
    );

  const checkPod = async (prefix: string, node?: string) =>
    until(
      async () =>
        (await ask('GET', OUR_CHECKS)).items.find(
          ({ metadata, spec, status }: Answer['body']) =>
            metadata.name.startsWith(prefix) &&
            !metadata.deletionTimestamp &&
            (node === undefined || spec.nodeName === node) &&
            status.phase !== 'Succeeded',
        ),
      { what: `a check of ${node ?? 'a node'}`, timeoutMs: HANG_MS, everyMs: 20 },
    );

  const incidents = async (): Promise<readonly Incident[]> =>
    (await ask('GET', `${CUSTOM}/dnsremediations`)).items.map((item: Incident) => ({
      ...item,
      status: item.status ?? { phase: 'Pending', steps: [] },
    }));
  const removeAll = async (path: string, gracePeriodSeconds = 0) => {
    for (const { metadata } of (await ask('GET', path)).items)
      await server.call('DELETE', `${path}/${metadata.name}`, {
        gracePeriodSeconds,
        propagationPolicy: 'Background',
      });
  };

  return {
    async node(name, metadata = {}, spec = {}) {
      await ask('POST', '/api/v1/nodes', { metadata: { name, ...metadata }, spec });
      // The apiserver taints every new node; the node controller would remove the taint.
      await ask('PATCH', `/api/v1/nodes/${name}`, { spec: { taints: null, ...spec } }, MERGE);
      const status = {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
        nodeInfo: { kubeletVersion: 'v1.34.4', osImage: 'Debian GNU/Linux 13 (trixie)' },
        daemonEndpoints: { kubeletEndpoint: { Port: port } },
      };
      await ask('PATCH', `/api/v1/nodes/${name}/status`, { status }, MERGE);
    },
    nodeSpec: async (name) => (await ask('GET', `/api/v1/nodes/${name}`)).spec,
    async setReady(name, ready) {
      const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', reason: 'SetByTheTest' }];
      await ask('PATCH', `/api/v1/nodes/${name}/status`, { status: { conditions } }, MERGE);
    },
    async policy(name, spec = {}) {
      const kind = { apiVersion: 'dnshealth.io/v1alpha1', kind: 'DNSHealthPolicy' };
      await ask('POST', `${CUSTOM}/dnshealthpolicies`, { ...kind, metadata: { name }, spec });
    },
    policyStatus: async (name) => (await ask('GET', `${CUSTOM}/dnshealthpolicies/${name}`)).status,
    loopingPod: async (name, node) => {
      diedAt.set(name, now());
      await dnsPod(name, node, {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'False' }],
        containerStatuses: [
          {
            name: 'coredns',
            image: 'coredns',
            imageID: '',
            ready: false,
            restartCount: 0,
            containerID: `containerd://${name}`,
            state: {
              terminated: {
                exitCode: 1,
                reason: 'Error',
                startedAt: diedAt.get(name),
                finishedAt: diedAt.get(name),
                containerID: `containerd://${name}`,
              },
            },
          },
        ],
      });
    },
    // A real one takes a second to start; without that it would count as one of the second of the repair.
    runningPod: async (name, node, ip) => running(name, node, ip, { sandbox: now(1_000), container: now() }),
    servingPod: async (name, node, ip) =>
      running(name, node, ip, { sandbox: now(-3_600_000), container: now(-3_600_000) }),
    async setPodReady(name, ready) {
      const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
      await ask('PATCH', `${DNS_PODS}/${name}/status`, { status: { conditions } }, MERGE);
    },
    incidents,
    incident: async (node, wanted, what) =>
      until(async () => (await incidents()).find((one) => one.spec.node.name === node && wanted(one)), {
        what: `the incident of ${node} ${what}`,
        timeoutMs: HANG_MS,
        everyMs: 20,
      }),
    removeIncident: async (name) => void (await ask('DELETE', `${CUSTOM}/dnsremediations/${name}`)),
    async agentReports(incident, report) {
      const { name, nonce } = await podOfJob(incident);
      const stamp = new Date().toISOString();
      const times = { started: stamp, decided: stamp, written: stamp, restarted: stamp, finished: stamp };
      await ends(name, { message: JSON.stringify({ ...aRepairReport({ nonce, times }), ...report }) });
    },
    async agentIsKilled(incident) {
      const { name } = await podOfJob(incident);
      await ends(name, { exitCode: 137, reason: 'Error' });
    },
    async jobIsGone(incident) {
      const job = await seen(`${OUR_JOBS}/${incident}`, `the Job of ${incident}`);
      await removeAll(OUR_PODS);
      await ask('PATCH', `${OUR_JOBS}/${incident}`, { metadata: { finalizers: null } }, MERGE);
      await until(
        async () => {
          const { status, body } = await server.call('GET', `${OUR_JOBS}/${incident}`);
          return status === 404 || body.metadata.uid !== job.metadata.uid ? true : undefined;
        },
        { what: `the Job of ${incident} to go`, timeoutMs: HANG_MS, everyMs: 20 },
      );
    },
    async agentCannotStart(incident, why) {
      const { name } = await podOfJob(incident);
      await ends(name, { exitCode: 128, reason: 'StartError', message: why });
    },
    async proofReports(incident) {
      const pod = await seen(`${OUR_CHECKS}/${incident}-proof`, `the proof pod of ${incident}`);
      const report = aProofReport({ nonce: nonceOf(pod.spec), resolvConf: given('192.0.2.53', 'ok') });
      await ends(`${incident}-proof`, { message: JSON.stringify(report) }, OUR_CHECKS);
    },
    async checkReports(nameserver, cls) {
      const pod = await checkPod('late-loop-');
      const resolvConf = given(nameserver, cls);
      const report = aProofReport({ nonce: nonceOf(pod.spec), resolvConf });
      await ends(pod.metadata.name, { message: JSON.stringify(report) }, OUR_CHECKS);
    },
    async nodeCheckReports(node, outcome) {
      const pod = await checkPod('node-', node);
      const resolvConf = outcome === 'usable' ? given('192.0.2.53', 'ok') : given('127.0.0.53', 'stub');
      const report = aProofReport({ nonce: nonceOf(pod.spec), outcome, resolvConf });
      await ends(pod.metadata.name, { message: JSON.stringify(report) }, OUR_CHECKS);
    },
    setCorefile: async (text) =>
      void (await ask(
        'PATCH',
        '/api/v1/namespaces/kube-system/configmaps/coredns',
        { data: { Corefile: text } },
        MERGE,
      )),
    async podEnds(name) {
      await until(
        async () => ((await ask('GET', `${DNS_PODS}/${name}`)).metadata.deletionTimestamp ? true : undefined),
        { what: `${name} to be deleted`, timeoutMs: HANG_MS, everyMs: 20 },
      );
      await ask('DELETE', `${DNS_PODS}/${name}`, { gracePeriodSeconds: 0 });
    },
    proofPodIsGone: async (incident) =>
      void (await until(
        async () =>
          (await server.call('GET', `${OUR_CHECKS}/${incident}-proof`)).status === 404 ? true : undefined,
        { what: 'the proof pod to go', timeoutMs: HANG_MS, everyMs: 20 },
      )),
    async clear() {
      await removeAll(`${CUSTOM}/dnshealthpolicies`);
      await removeAll(DNS_PODS);
      await removeAll(`${CUSTOM}/dnsremediations`);
      await removeAll(OUR_JOBS);
      await removeAll(OUR_PODS);
      await removeAll(OUR_CHECKS);
      await removeAll('/api/v1/nodes');
    },
    close: async () =>
      new Promise((resolve) => {
        kubelet.close(() => resolve());
        kubelet.closeAllConnections();
      }),
  };
}

/** The file that the pod of a check was given, as the agent reports it. */
const given = (nameserver: string, cls: ResolvConfClass) => ({
  path: '/etc/resolv.conf',
  class: cls,
  nameservers: [nameserver],
  text: `nameserver ${nameserver}\n`,
});

const nonceOf = (spec: Answer['body']): string =>
  JSON.parse(spec.containers[0].env.find(({ name }: { name: string }) => name === REQUEST_ENV).value).nonce;

/**
 * Serves the container logs that the apiserver requests from a kubelet, with the apiserver's own certificate: of each
 * pod that died, by name, with the time of its death before each line.
 */
async function startLogServer(certificates: string, diedAt: ReadonlyMap<string, string>): Promise<Server> {
  const [cert, key] = await Promise.all(
    ['apiserver.crt', 'apiserver.key'].map(async (file) => readFile(join(certificates, file))),
  );
  const kubelet = createServer({ cert: cert ?? '', key: key ?? '' }, (request, response) => {
    const pod = /^\/containerLogs\/kube-system\/([^/]+)\//.exec(request.url ?? '')?.[1];
    const time = diedAt.get(pod ?? '');
    response.writeHead(time ? 200 : 404, { 'content-type': 'text/plain' });
    const lines = ['.:53', 'CoreDNS-1.11.3', LOOP_LINE];
    response.end(time ? lines.map((line) => `${time} ${line}\n`).join('') : 'not found\n');
  });
  kubelet.listen(0, '127.0.0.1');
  await once(kubelet, 'listening');
  return kubelet;
}
