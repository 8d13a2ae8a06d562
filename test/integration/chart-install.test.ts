/** The Helm chart on a real apiserver, with Helm 3 and Helm 4: installed, upgraded with its CRDs, uninstalled, installed again. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildGoPrograms, buildHelms } from '../cluster/build/go-programs.ts';
import { run } from '../cluster/run.ts';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { CHART, helm as callHelm, helmHome, policyCommandOf, render } from '../support/chart/helm.ts';
import { PROJECT_ROOT } from '../support/rig/installation.ts';

const programs = await buildHelms(console.error);
const bin = (await buildGoPrograms(console.error)).get('kubernetes') ?? '';
const RELEASE = 'dnshealth';
const NAMESPACES = ['dnshealth-system', 'dnshealth-node', 'dnshealth-check'];
const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/dnsremediations.dnshealth.io';
const POLICY = '/apis/dnshealth.io/v1alpha1/dnshealthpolicies/default';
const DEPLOYMENT = '/apis/apps/v1/namespaces/dnshealth-system/deployments/dnshealth-operator';
const CLUSTER_ROLE = '/apis/rbac.authorization.k8s.io/v1/clusterroles/dnshealth-operator';
const AGE = 'Time since the object was created.';

describe.each(programs.map((program, index) => ({ program, version: index + 3 })))(
  'Helm $version',
  ({ version, program }) => {
    let folder: string;
    let server: Apiserver;
    /** Differs from the chart in a description of a CRD. */
    let olderChart: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'chart-install-'));
      server = await startApiserver();
      olderChart = join(folder, 'older');
      await cp(CHART, olderChart, { recursive: true });
      const crd = join(olderChart, 'files/crds/dnshealth.io_dnsremediations.yaml');
      await writeFile(crd, (await readFile(crd, 'utf8')).replace(AGE, 'Age of the object.'));
    });
    afterAll(async () => {
      await server.stop();
      await rm(folder, { recursive: true });
    });

    const env = () => ({
      KUBECONFIG: server.kubeconfigPath,
      ...helmHome(folder),
    });
    const helm = async (args: readonly string[], values: object = {}) =>
      callHelm(program, args, { values, env: env() });
    const statusOf = async (path: string) => (await server.call('GET', path)).status;
    const ageOf = async () =>
      (await server.call('GET', CRD)).body.spec.versions[0].additionalPrinterColumns.find(
        ({ name }: { name: string }) => name === 'Age',
      ).description;

    it.each([
      ['podMonitor', 'PodMonitor'],
      ['prometheusRule', 'PrometheusRule'],
    ])('refuses monitoring.%s.install where nobody would read a %s', async (value, kind) => {
      const { stderr } = await helm(['install', RELEASE, CHART], {
        monitoring: { [value]: { install: true } },
      });
      expect(stderr).toContain(`monitoring.${value}.install: the cluster has no ${kind}. Install the CRDs`);
      expect(await statusOf('/api/v1/namespaces/dnshealth-system')).toBe(404);
    });

    it('refuses a policy together with its CRD, and a record in a namespace of the chart, and leaves nothing', async () => {
      const withPolicy = await helm(['install', RELEASE, CHART], { policy: { install: true } });
      expect(withPolicy.stderr).toContain('policy.install: the CRDs are not in the cluster yet');
      const inside = ['install', RELEASE, CHART, '--namespace', 'dnshealth-system', '--create-namespace'];
      expect((await helm(inside)).stderr).toContain('namespaces: the release is stored in dnshealth-system');
      expect(await statusOf('/api/v1/namespaces/dnshealth-system')).toBe(404);
      expect(await statusOf(CRD)).toBe(404);
    });

    it('installs all objects, and says what to do next', async () => {
      const { code, stdout, stderr } = await helm(['install', RELEASE, olderChart]);
      expect(stderr).not.toMatch(/warning/i);
      expect(code).toBe(0);
      expect(stdout).toContain('kubectl -n dnshealth-system rollout status deployment/dnshealth-operator');
      expect(stdout).toContain('That name has no registry');
      const objects = await render(program);
      const list = { apiVersion: 'v1', kind: 'List', items: objects };
      const found = await run([join(bin, 'kubectl'), 'get', '-o', 'name', '-f', '-'], {
        input: JSON.stringify(list),
        env: env(),
      });
      expect(found.stdout.trim().split('\n')).toHaveLength(objects.length);
      expect(await ageOf()).toBe('Age of the object.');

      await run(['sh', '-c', policyCommandOf(stdout)], { env: { ...env(), PATH: `${bin}:/usr/bin:/bin` } });
      expect((await server.call('GET', POLICY)).body.spec.mode).toBe('Observe');
      await server.call('DELETE', POLICY);
    });

    it('upgrades the CRDs, and then has a policy of its own', async () => {
      const values = { replicas: 3, labels: { team: 'dns' }, policy: { install: true, sample: 'ask-me' } };
      const { code, stdout, stderr } = await helm(['upgrade', RELEASE, CHART], values);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('kubectl get dnshealth');
      expect(await ageOf()).toBe(AGE);
      expect((await server.call('GET', POLICY)).body.spec.mode).toBe('Approve');
      const { body } = await server.call('GET', DEPLOYMENT);
      expect(body).toMatchObject({ metadata: { labels: { team: 'dns' } }, spec: { replicas: 3 } });
    });

    it('uninstalls all but the CRDs, and a release of the same name takes them over', async () => {
      expect((await helmWithoutValues(['uninstall', RELEASE])).code).toBe(0);
      expect(await statusOf(CRD)).toBe(200);
      expect(await statusOf(POLICY)).toBe(404);
      expect(await statusOf(CLUSTER_ROLE)).toBe(404);
      for (const name of NAMESPACES) await finalise(name);

      const { code, stderr } = await helm(['install', RELEASE, CHART], { policy: { install: true } });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect((await server.call('GET', POLICY)).body.spec.mode).toBe('Observe');
    });

    it('takes over what kubectl has installed, and CRDs that another release has left', async () => {
      expect((await helmWithoutValues(['uninstall', RELEASE])).code).toBe(0);
      for (const name of NAMESPACES) await finalise(name);
      await run([join(bin, 'kubectl'), 'apply', '-k', join(PROJECT_ROOT, 'config/default')], { env: env() });

      const refused = await helm(['install', 'other', CHART]);
      expect(refused.stderr).toContain('cannot be imported into the current release');
      // Helm 4 applies on the server, where kubectl owns the fields.
      const force = version === 4 ? ['--force-conflicts'] : [];
      const taken = await helm(['install', 'other', CHART, '--take-ownership', ...force], { replicas: 1 });
      expect({ code: taken.code, stderr: taken.stderr }).toEqual({ code: 0, stderr: '' });
      expect((await server.call('GET', DEPLOYMENT)).body.spec.replicas).toBe(1);
    });

    const helmWithoutValues = async (args: readonly string[]) =>
      run([program, ...args], { env: env(), allowFailure: true });

    /** What the namespace controller does, which does not run beside a test apiserver. */
    async function finalise(name: string): Promise<void> {
      const path = `/api/v1/namespaces/${name}`;
      const { body } = await server.call('GET', path);
      expect(body.metadata.deletionTimestamp).toEqual(expect.any(String));
      await server.call('PUT', `${path}/finalize`, { ...body, spec: { finalizers: [] } });
      expect(await statusOf(path)).toBe(404);
    }
  },
);
