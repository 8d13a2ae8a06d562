/** What `kubectl dnshealth cleanup` does not do on a real apiserver: work beside an operator, or without permission. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { microTime } from '../../src/kube/micro-time.ts';
import { tokenOf } from '../support/apiserver/installed-rbac.ts';
import { abandonedStage, DEPLOYMENTS, LEASES, MERGE } from './abandoned-stage.ts';

const stage = abandonedStage();
const { cleanup, anIncident, expectAsFound } = stage;

describe('while an operator is alive', () => {
  const aLease = async (holderIdentity: string) =>
    stage.server.call('POST', LEASES, {
      metadata: { name: 'dnshealth-operator' },
      spec: { holderIdentity, leaseDurationSeconds: 1, renewTime: '2020-01-01T00:00:00.000000Z' },
    });

  it('nothing is done: it is installed', async () => {
    await anIncident('node-1');
    const labels = { app: 'x' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'x', image: 'x' }] } };
    await stage.server.call('POST', DEPLOYMENTS, {
      metadata: { name: 'dnshealth-operator' },
      spec: { replicas: 2, selector: { matchLabels: labels }, template },
    });
    const { code, out, err } = await cleanup();
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('error: the operator is alive: the Deployment dnshealth-system/dnshealth-operator');
    await stage.server.call('PATCH', `${DEPLOYMENTS}/dnshealth-operator`, { spec: { replicas: 0 } }, MERGE);
    expect((await cleanup()).code).toBe(0);
  });

  it('nothing is done: it renews its Lease, whatever the clocks say; with --force it is', async () => {
    const { found } = await anIncident('node-1');
    await aLease('outside');
    const stop = new AbortController();
    const renewing = (async () => {
      while (!stop.signal.aborted) {
        const spec = { renewTime: microTime(1_000_000_000 + performance.now()) };
        await stage.server.call('PATCH', `${LEASES}/dnshealth-operator`, { spec }, MERGE);
        await sleep(50);
      }
    })();
    try {
      const { code, err } = await cleanup();
      expect(code).toBe(2);
      expect(err).toContain('outside renews the Lease');
      expect((await cleanup('--force')).code).toBe(0);
      await expectAsFound('node-1', found);
    } finally {
      stop.abort();
      await renewing;
    }
  });

  it('a Lease that nobody renews any more does not count', async () => {
    const { found } = await anIncident('node-1');
    await aLease('a-pod-that-was-killed');
    const { code, out } = await cleanup('-o json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      dryRun: false,
      operator: 'a-pod-that-was-killed does not renew the Lease of the operator any more',
      objects: [
        { object: 'node/node-1', result: 'done' },
        { object: 'dnsremediation/node-1-incident', result: 'done' },
      ],
      unread: [],
    });
    await expectAsFound('node-1', found);
  });
});

describe('a user with few permissions', () => {
  const RBAC = '/apis/rbac.authorization.k8s.io/v1';
  const NAME = 'node-admin';

  /** A kubeconfig of an account with these rules. */
  async function accountWith(rules: readonly object[]): Promise<string> {
    await stage.server.call('POST', '/api/v1/namespaces/default/serviceaccounts', {
      metadata: { name: NAME },
    });
    await stage.server.call('POST', `${RBAC}/clusterroles`, { metadata: { name: NAME }, rules });
    await stage.server.call('POST', `${RBAC}/clusterrolebindings`, {
      metadata: { name: NAME },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
      subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: NAME }],
    });
    const config = JSON.parse(await readFile(stage.server.kubeconfigPath, 'utf8'));
    const users = [{ name: 'admin', user: { token: await tokenOf(stage.server, 'default', NAME) } }];
    const path = join(await mkdtemp(join(tmpdir(), 'cleanup-')), 'kubeconfig');
    await writeFile(path, JSON.stringify({ ...config, users }));
    return path;
  }

  it('has done what is allowed, and the rest is named', async () => {
    const { found } = await anIncident('node-1');
    const kubeconfig = await accountWith([
      { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'patch'] },
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get'] },
      { apiGroups: ['batch'], resources: ['jobs'], verbs: ['list'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
      { apiGroups: ['dnshealth.io'], resources: ['dnsremediations'], verbs: ['list', 'get'] },
    ]);
    const { code, out } = await cleanup('', kubeconfig);
    expect(code).toBe(2);
    expect(out).toContain(
      'dnsremediation/node-1-incident: No permission to update dnsremediations/status node-1-incident: ',
    );
    expect(out).toMatch(/\n1 done, 1 failed\.\n$/);
    await expectAsFound('node-1', found);

    // Without a look at the Jobs no node is released.
    await anIncident('node-2');
    const rules = [
      { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'patch'] },
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get'] },
    ];
    await stage.server.call('PATCH', `${RBAC}/clusterroles/${NAME}`, { rules }, MERGE);
    await expect.poll(async () => (await cleanup('', kubeconfig)).err).toContain('list jobs');
    const second = await cleanup('', kubeconfig);
    expect(second.code).toBe(2);
    expect(second.err).toContain('warning: no permission to list jobs in dnshealth-node: ');
    expect(second.out).toContain('node/node-2: Was left. It cannot be read whether a repair still works');

    await stage.server.call('PATCH', `${RBAC}/clusterroles/${NAME}`, { rules: [] }, MERGE);
    await expect
      .poll(async () => (await cleanup('', kubeconfig)).err)
      .toContain('error: it cannot be read whether an operator is alive: no permission to ');
  });
});
