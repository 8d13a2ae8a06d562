/** What an operator has left that is gone in the middle of its work, and `kubectl dnshealth cleanup`, which takes it back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { RepairRequest } from '../../src/api/agent-protocol.ts';
import { startChange } from '../../src/effects/change-job.ts';
import { quarantineNode } from '../../src/effects/quarantine.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { connect } from '../../src/plugin/cluster/connect.ts';
import { AGENT_IMAGE } from '../support/apiserver/admission.ts';
import {
  type InstalledApiserver,
  operatorClient,
  startInstalledApiserver,
} from '../support/apiserver/installed-apiserver.ts';
import { aRemediation, aStatus } from '../support/objects/builders.ts';
import { runPlugin } from '../support/objects/run-plugin.ts';

export const INCIDENTS = '/apis/dnshealth.io/v1alpha1/dnsremediations';
export const JOBS = '/apis/batch/v1/namespaces/dnshealth-node/jobs';
export const AGENT_PODS = '/api/v1/namespaces/dnshealth-node/pods';
export const CHECKS = '/api/v1/namespaces/dnshealth-check/pods';
export const LEASES = '/apis/coordination.k8s.io/v1/namespaces/dnshealth-system/leases';
export const DEPLOYMENTS = '/apis/apps/v1/namespaces/dnshealth-system/deployments';
export const MERGE = { contentType: 'application/merge-patch+json' } as const;
export const RUNNING = { running: {} };
export const ENDED = { terminated: { exitCode: 0 } };
const KNOWN = { clusterDNS: [], nodeLocalDNS: [], node: [] };
const signal = new AbortController().signal;

/** Registers its hooks in the file that calls it: one apiserver for the file, without nodes and incidents before each test. */
export function abandonedStage() {
  let server: InstalledApiserver;
  /** What the operator did before it was gone, it did with its own permissions. */
  let operator: KubeClient;

  beforeAll(async () => {
    server = await startInstalledApiserver();
    operator = await operatorClient(server);
  });
  afterAll(async () => {
    await operator.close();
    await server.stop();
  });
  beforeEach(async () => {
    const gone = { propagationPolicy: 'Background', gracePeriodSeconds: 0 };
    for (const path of ['/api/v1/nodes', INCIDENTS, JOBS, AGENT_PODS, CHECKS, LEASES, DEPLOYMENTS])
      for (const { metadata } of (await server.call('GET', path)).body.items)
        await server.call('DELETE', `${path}/${metadata.name}`, gone);
  });

  const bodyOf = async (path: string) => (await server.call('GET', path)).body;
  const isThere = async (path: string) => (await server.call('GET', path)).status === 200;
  const nodeOf = async (name: string) => bodyOf(`/api/v1/nodes/${name}`);
  const cleanup = async (options = '', kubeconfig = server.kubeconfigPath, stop = signal) =>
    runPlugin(`cleanup ${options}`, {
      signal: stop,
      connect: async (asked) => connect({ ...asked, path: kubeconfig }),
    });

  /** With a label as every node has: the API server tracks no writers of an object that was created without any field. */
  async function aNode(name: string, spec: object = {}) {
    const labels = { 'kubernetes.io/hostname': name };
    await server.call('POST', '/api/v1/nodes', { metadata: { name, labels }, spec });
    // The apiserver taints every new node; the node controller would remove the taint.
    return (await server.call('PATCH', `/api/v1/nodes/${name}`, { spec: { taints: null, ...spec } }, MERGE))
      .body;
  }

  /** An incident that holds its node, as far as the operator has come with it. */
  async function anIncident(
    node: string,
    strategy: 'Cordon' | 'Taint' = 'Taint',
    spec: object = {},
  ): Promise<{ readonly name: string; readonly uid: string; readonly found: { readonly spec: object } }> {
    const name = `${node}-incident`;
    const found = await aNode(node, spec);
    const { spec: incident } = aRemediation({ node });
    const kind = { apiVersion: 'dnshealth.io/v1alpha1', kind: 'DNSRemediation' };
    const { body } = await server.call('POST', INCIDENTS, { ...kind, metadata: { name }, spec: incident });
    const { uid } = body.metadata;
    const heldSince = new Date().toISOString();
    await quarantineNode(
      operator,
      {
        node: { name: node, uid: found.metadata.uid },
        remediation: { name, uid },
        strategy,
        since: heldSince,
      },
      signal,
    );
    const quarantine = { strategy, nodeWasUnschedulable: false, heldSince };
    const status = aStatus({
      phase: 'Repairing',
      quarantine,
      steps: [{ name: 'Repair', startedAt: heldSince }],
    });
    await server.call('PATCH', `${INCIDENTS}/${name}/status`, { status }, MERGE);
    return { name, uid, found };
  }

  async function aJob(node: string, remediation: { name: string; uid: string }): Promise<void> {
    const said = { nonce: remediation.uid, remediation: remediation.name, known: KNOWN, acceptRisky: false };
    const agent: RepairRequest = {
      verb: 'repair',
      ...said,
      targets: ['/run/systemd/resolve/resolv.conf'],
      replaceEmptyValue: false,
      externalName: 'x.invalid',
      writable: ['/etc/kubernetes'],
    };
    await startChange(
      operator,
      { remediation, node, image: AGENT_IMAGE, activeDeadlineSeconds: 60, agent },
      signal,
    );
  }

  /** The Job controller creates the pod of the Job, the kubelet reports its containers. */
  async function itsPod(job: string, states: readonly object[]): Promise<void> {
    const { metadata, spec } = await bodyOf(`${JOBS}/${job}`);
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: job, uid: metadata.uid, controller: true };
    const { labels } = spec.template.metadata;
    await server.call('POST', AGENT_PODS, {
      metadata: { name: `${job}-x7`, labels, ownerReferences: [owner] },
      spec: spec.template.spec,
    });
    const containerStatuses = spec.template.spec.containers.map(({ name }: { name: string }, at: number) => ({
      name,
      image: 'x',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: states[at],
    }));
    await server.call('PATCH', `${AGENT_PODS}/${job}-x7/status`, { status: { containerStatuses } }, MERGE);
  }

  /** The garbage collector finishes the foreground deletion of a Job. */
  async function collectsGarbage(job: string): Promise<void> {
    while ((await bodyOf(`${JOBS}/${job}`)).metadata?.deletionTimestamp === undefined) await sleep(20);
    await server.call('PATCH', `${JOBS}/${job}`, { metadata: { finalizers: null } }, MERGE);
  }

  /** Nothing of ours, and everything of others. */
  async function expectAsFound(node: string, found: { readonly spec: object }): Promise<void> {
    const { metadata, spec } = await nodeOf(node);
    expect(spec).toEqual(found.spec);
    expect({ ...metadata.annotations, ...metadata.labels }).not.toHaveProperty(['dnshealth.io/quarantine']);
    expect(metadata.labels ?? {}).not.toHaveProperty(['dnshealth.io/quarantined-by']);
  }

  return {
    get server() {
      return server;
    },
    get operator() {
      return operator;
    },
    cleanup,
    bodyOf,
    isThere,
    nodeOf,
    aNode,
    anIncident,
    aJob,
    itsPod,
    collectsGarbage,
    expectAsFound,
  };
}
