/** Constant changes in a cluster: heartbeats of nodes, pods, nodes and policies replaced. */
import type { Apiserver } from '../support/apiserver/apiserver.ts';
import { type ClusterSize, createDnsPod, heartbeat } from './big-cluster.ts';
import { aNode, nodeName, type Owner, podName } from './cluster-objects.ts';

const PODS = '/api/v1/namespaces/kube-system/pods';
const POLICIES = '/apis/dnshealth.io/v1alpha1/dnshealthpolicies';

/** A sequence of changes, the same in each run. */
interface Churn {
  step(): Promise<void>;
  readonly steps: number;
}

export function createChurn(server: Apiserver, size: ClusterSize, owner: Owner): Churn {
  let steps = 0;

  async function call(method: 'POST' | 'DELETE' | 'PATCH', path: string, body?: object): Promise<void> {
    const types = method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {};
    const { status, body: answer } = await server.call(method, path, body, types);
    if (status > 299) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
  }

  async function replacePod(round: number): Promise<void> {
    const index = round % size.dnsPods;
    await call('DELETE', `${PODS}/${podName(index)}`, { gracePeriodSeconds: 0 });
    await createDnsPod(server, index, owner);
  }

  async function replaceNode(round: number): Promise<void> {
    const index = round % size.nodes;
    await call('DELETE', `/api/v1/nodes/${nodeName(index)}`);
    await call('POST', '/api/v1/nodes', aNode(index));
  }

  async function changePolicies(round: number): Promise<void> {
    const spec = { mode: round % 2 === 0 ? 'Observe' : 'Repair' };
    await call('PATCH', `${POLICIES}/coredns`, { spec });
    await call('POST', POLICIES, {
      apiVersion: 'dnshealth.io/v1alpha1',
      kind: 'DNSHealthPolicy',
      metadata: { name: 'passing' },
      spec: { workload: { name: 'another' } },
    });
    await call('DELETE', `${POLICIES}/passing`);
  }

  return {
    get steps() {
      return steps;
    },
    async step() {
      steps += 1;
      if (steps % 200 === 0) await changePolicies(steps / 200);
      else if (steps % 40 === 0) await replaceNode(steps / 40);
      else if (steps % 10 === 0) await replacePod(steps / 10);
      else await heartbeat(server, (steps * 7) % size.nodes);
    },
  };
}
