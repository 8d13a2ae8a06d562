/** The Helm chart, rendered by Helm 3 and Helm 4: equal to config/default, each value changes what it says, bad values are refused. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { policySpecSchema } from '../../src/api/policy.ts';
import { buildGoPrograms, buildHelms } from '../cluster/build/go-programs.ts';
import { run } from '../cluster/run.ts';
import {
  byName,
  CHART,
  helm,
  type KubeObject,
  nameOf,
  objectsOf,
  type Render,
  render,
} from '../support/chart/helm.ts';
import { alerts } from '../support/monitoring/files.ts';
import { PROJECT_ROOT } from '../support/rig/installation.ts';

const programs = await buildHelms(console.error);
const kubectl = join((await buildGoPrograms(console.error)).get('kubernetes') ?? '', 'kubectl');
const kustomized = objectsOf(
  (await run([kubectl, 'kustomize', join(PROJECT_ROOT, 'config/default')])).stdout,
);
const monitoring = objectsOf(
  (await run([kubectl, 'kustomize', join(PROJECT_ROOT, 'config/monitoring')])).stdout,
);
const MONITORED = {
  podMonitor: { install: true },
  prometheusRule: { install: true },
  dashboard: { install: true },
};
const DEPLOYMENT = 'Deployment dnshealth-system/dnshealth-operator';
/** The policies that hold what runs on nodes to the image of the installation. */
const admits = (name: string) =>
  Object.fromEntries(
    ['jobs', 'checks'].map((policy) => [
      `ValidatingAdmissionPolicy dnshealth-${policy}`,
      { 'spec.variables[0].expression': `'${name}'` },
    ]),
  );
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

const isCrd = ({ kind }: KubeObject): boolean => kind === 'CustomResourceDefinition';

/** `spec.replicas`, `spec.containers[0].image`: where two values differ, with what is there afterwards. */
function changes(before: unknown, after: unknown, path = ''): Readonly<Record<string, unknown>> {
  if (Object.is(before, after)) return {};
  const isTree = (value: unknown): value is object => typeof value === 'object' && value !== null;
  const sameKind = Array.isArray(before) === Array.isArray(after);
  if (!isTree(before) || !isTree(after) || !sameKind) return { [path]: after };
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return Object.assign(
    {},
    ...[...keys].map((key) => {
      const below = Array.isArray(before) ? `${path}[${key}]` : `${path}${path && '.'}${key}`;
      return changes(
        (before as Record<string, unknown>)[key],
        (after as Record<string, unknown>)[key],
        below,
      );
    }),
  ) as Readonly<Record<string, unknown>>;
}

describe.each(programs.map((program, index) => ({ program, version: index + 3 })))(
  'Helm $version',
  ({ program, version }) => {
    const defaults = render(program);

    /** What the values change in the objects, by object and field; undefined: the object or the field is gone. */
    async function changedBy(values: object, more: Omit<Render, 'values'> = {}) {
      const [before, after] = [byName(await defaults), byName(await render(program, { values, ...more }))];
      const names = new Set([...Object.keys(before), ...Object.keys(after)]);
      return Object.fromEntries(
        [...names]
          .map((name) => [name, changes(before[name], after[name])] as const)
          .filter(([, changed]) => Object.keys(changed).length > 0),
      );
    }
    const onlyTheDeployment = async (values: object) => {
      const { [DEPLOYMENT]: changed, ...others } = await changedBy(values);
      expect(others).toEqual({});
      return changed;
    };
    /** The names of the objects that are gone with these values; nothing else may change. */
    async function goneWith(values: object): Promise<readonly string[]> {
      const changed = await changedBy(values);
      expect(Object.values(changed)).toStrictEqual(Object.keys(changed).map(() => ({ '': undefined })));
      return Object.keys(changed).sort();
    }

    it(`is Helm ${version}`, async () => {
      expect((await run([program, 'version', '--short'])).stdout).toMatch(new RegExp(`^v${version}\\.`));
    });

    it('finds nothing to complain about', async () => {
      const { code, stdout } = await helm(program, ['lint', '--strict', CHART]);
      expect(stdout).toContain('1 chart(s) linted, 0 chart(s) failed');
      expect(stdout).not.toMatch(/\[(WARNING|ERROR)\]/);
      expect(code).toBe(0);
    });

    describe('with the defaults', () => {
      it('renders what kubectl apply -k config/default applies, field by field', async () => {
        const expected = kustomized.map((object) =>
          isCrd(object)
            ? {
                ...object,
                metadata: { ...object.metadata, annotations: { 'helm.sh/resource-policy': 'keep' } },
              }
            : object,
        );
        expect(byName(await defaults)).toEqual(byName(expected));
      });

      it('renders the same wherever the release is stored and whatever it is called', async () => {
        expect(await changedBy({}, { flags: ['--skip-tests', '--namespace', 'dnshealth-system'] })).toEqual(
          {},
        );
        expect(await changedBy({}, { name: 'other' })).toEqual({});
      });
    });

    describe('a value changes only what it says', () => {
      const image = (name: string) => ({
        'spec.template.spec.containers[0].image': name,
        'spec.template.spec.containers[0].env[0].value': name,
      });
      const pod = 'spec.template.spec';

      it.each([
        { image: { repository: 'registry.example.com:5000/dns/operator' } },
        { image: { repository: 'registry.example.com:5000/dns/operator', tag: packageJson.version } },
      ])(
        'the image, also of the pods on nodes, and the one that admission lets run there: %j',
        async (values) => {
          const name = `registry.example.com:5000/dns/operator:${packageJson.version}`;
          expect(await changedBy(values)).toStrictEqual({
            [DEPLOYMENT]: image(name),
            ...admits(name),
          });
        },
      );

      it('the digest, which wins over a tag', async () => {
        const name = `dnshealth-operator@${DIGEST}`;
        expect(await changedBy({ image: { tag: '9', digest: DIGEST } })).toStrictEqual({
          [DEPLOYMENT]: image(name),
          ...admits(name),
        });
      });

      it.each([
        [{ image: { pullPolicy: 'Always' } }, { [`${pod}.containers[0].imagePullPolicy`]: 'Always' }],
        [{ replicas: 3 }, { 'spec.replicas': 3 }],
        [{ replicas: 0 }, { 'spec.replicas': 0 }],
        [{ logLevel: 'debug' }, { [`${pod}.containers[0].env[1].value`]: 'debug' }],
        [{ notifications: { secretName: 'told' } }, { [`${pod}.volumes[0].secret.secretName`]: 'told' }],
        [{ priorityClassName: 'mine' }, { [`${pod}.priorityClassName`]: 'mine' }],
        [{ priorityClassName: '' }, { [`${pod}.priorityClassName`]: undefined }],
        [{ nodeSelector: { disk: 'ssd' } }, { [`${pod}.nodeSelector`]: { disk: 'ssd' } }],
        [{ tolerations: [] }, { [`${pod}.tolerations`]: undefined }],
        [
          {
            tolerations: [
              { key: 'a', operator: 'Exists' },
              { key: 'dnshealth.io/quarantine', operator: 'Exists' },
            ],
          },
          { [`${pod}.tolerations[0].key`]: 'a', [`${pod}.tolerations[0].effect`]: undefined },
        ],
        [{ affinity: { podAntiAffinity: null } }, { [`${pod}.affinity`]: undefined }],
        [
          { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } } },
          { [`${pod}.affinity.nodeAffinity`]: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
        ],
        [
          { resources: { limits: { memory: '512Mi', cpu: 1 } } },
          {
            [`${pod}.containers[0].resources.limits.memory`]: '512Mi',
            [`${pod}.containers[0].resources.limits.cpu`]: 1,
          },
        ],
        [
          { resources: { requests: { cpu: null } } },
          { [`${pod}.containers[0].resources.requests.cpu`]: undefined },
        ],
        [{ podLabels: { team: 'dns' } }, { 'spec.template.metadata.labels.team': 'dns' }],
        [
          { podAnnotations: { 'prometheus.io/port': null, note: 'x' } },
          {
            'spec.template.metadata.annotations.prometheus.io/port': undefined,
            'spec.template.metadata.annotations.note': 'x',
          },
        ],
      ])('of the Deployment: %j', async (values, changed) => {
        expect(await onlyTheDeployment(values)).toStrictEqual(changed);
      });

      it('no label of ours, by which pods are selected, is replaced', async () => {
        const name = { 'app.kubernetes.io/name': 'mine' };
        expect(await onlyTheDeployment({ podLabels: name })).toBeUndefined();
        const changed = await changedBy({ labels: name });
        expect(Object.keys(changed)).not.toContain(DEPLOYMENT);
      });

      it.each(['labels', 'annotations'])(
        '%s are on all objects, beside those of their own',
        async (field) => {
          const changed = await changedBy({ [field]: { team: 'dns' } });
          expect(Object.keys(changed).sort()).toEqual((await defaults).map(nameOf).sort());
          for (const fields of Object.values(changed)) {
            const whole = { [`metadata.${field}`]: { team: 'dns' } };
            const added = { [`metadata.${field}.team`]: 'dns' };
            expect([whole, added]).toContainEqual(fields);
          }
        },
      );

      it('pull secrets are on all three service accounts', async () => {
        const secrets = { imagePullSecrets: [{ name: 'registry' }] };
        expect(await changedBy(secrets)).toEqual({
          'ServiceAccount dnshealth-system/dnshealth-operator': secrets,
          'ServiceAccount dnshealth-node/dnshealth-agent': secrets,
          'ServiceAccount dnshealth-check/dnshealth-check': secrets,
        });
      });

      it.each([
        [{ crds: { install: false } }, ({ kind }: KubeObject) => kind === 'CustomResourceDefinition'],
        [
          { admission: { install: false } },
          ({ kind }: KubeObject) => kind.startsWith('ValidatingAdmission') || kind === 'ConfigMap',
        ],
        [{ networkPolicies: { install: false } }, ({ kind }: KubeObject) => kind === 'NetworkPolicy'],
        [{ quota: { install: false } }, ({ kind }: KubeObject) => kind === 'ResourceQuota'],
        [
          { userRoles: { install: false } },
          ({ kind, metadata }: KubeObject) => kind.endsWith('Role') && metadata.name !== 'dnshealth-operator',
        ],
        [
          { namespaces: ['dnshealth-node', 'dnshealth-check'] },
          ({ kind, metadata }: KubeObject) => kind === 'Namespace' && metadata.name === 'dnshealth-system',
        ],
        [{ namespaces: [] }, ({ kind }: KubeObject) => kind === 'Namespace'],
      ])('objects that are left out: %j', async (values, isGone) => {
        const gone = (await defaults).filter(isGone).map(nameOf).sort();
        expect(gone.length).toBeGreaterThan(0);
        expect(await goneWith(values)).toEqual(gone);
      });

      it.each(['look-only', 'ask-me', 'business-hours', 'hands-off'])('the policy %s', async (sample) => {
        const changed = await changedBy({ policy: { install: true, sample } });
        const [written] = objectsOf(
          (await run(['cat', join(PROJECT_ROOT, `config/samples/policies/${sample}.yaml`)])).stdout,
        );
        expect(changed).toEqual({ 'DNSHealthPolicy default': { '': written } });
        expect(policySpecSchema.safeParse(written?.['spec']).success).toBe(true);
      });

      describe('monitoring', () => {
        const names = {
          podMonitor: 'PodMonitor dnshealth-system/dnshealth-operator',
          prometheusRule: 'PrometheusRule dnshealth-system/dnshealth-operator',
          dashboard: 'ConfigMap dnshealth-system/dnshealth-dashboard',
        };

        it('is what kubectl apply -k config/monitoring applies, field by field', async () => {
          const changed = await changedBy({ monitoring: MONITORED });
          expect(changed).toEqual(
            Object.fromEntries(monitoring.map((object) => [nameOf(object), { '': object }])),
          );
          expect(Object.keys(changed).sort()).toEqual(Object.values(names).sort());
        });

        it.each(Object.entries(names))('has a switch for each: %s', async (value, name) => {
          expect(Object.keys(await changedBy({ monitoring: { [value]: { install: true } } }))).toEqual([
            name,
          ]);
        });

        it('has the labels by which it is found, and links to the runbooks where they are read', async () => {
          const runbooks = 'https://git.example.org/dns/runbooks/';
          const values = {
            ...MONITORED,
            prometheusRule: { install: true, runbooks },
            labels: { release: 'kube-prometheus-stack', 'app.kubernetes.io/name': 'mine' },
            dashboard: { install: true, labels: { grafana_dashboard: null, found: 'here' } },
          };
          const all = byName(await render(program, { values: { monitoring: values } }));
          const own = { 'app.kubernetes.io/name': 'dnshealth-operator' };
          const found = { ...own, release: 'kube-prometheus-stack' };
          expect(all[names.podMonitor]?.metadata.labels).toEqual(found);
          expect(all[names.prometheusRule]?.metadata.labels).toEqual(found);
          expect(all[names.dashboard]?.metadata.labels).toEqual({ ...own, found: 'here' });
          const text = JSON.stringify(all[names.prometheusRule]);
          expect(text.match(/"runbook_url":"[^"]+\/(?=DNSHealth)/g)).toEqual(
            alerts.map(() => `"runbook_url":"${runbooks}`),
          );
        });
      });

      it('more objects, whose templates are rendered', async () => {
        const metadata = { name: '{{ .Release.Name }}-more', namespace: 'dnshealth-system' };
        const extra = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: '1' } };
        expect(await changedBy({ extraObjects: [extra] })).toEqual({
          'ConfigMap dnshealth-system/dnshealth-more': {
            '': { ...extra, metadata: { ...metadata, name: 'dnshealth-more' } },
          },
        });
      });

      it('what Helm passes to a dependency is accepted', async () => {
        expect(await changedBy({ global: { any: { thing: 1 } } })).toEqual({});
      });
    });

    describe('helm test', () => {
      it('is a Job without a token, and a Service with the ready pods behind it, that go when it has passed', async () => {
        const all = byName(await render(program, { flags: [] }));
        const own = Object.keys(all).filter((name) => name.endsWith('/dnshealth-operator-test'));
        expect(own.sort()).toEqual([
          'Job dnshealth-system/dnshealth-operator-test',
          'Service dnshealth-system/dnshealth-operator-test',
        ]);
        for (const name of own)
          expect(all[name]?.metadata.annotations).toMatchObject({
            'helm.sh/hook': 'test',
            'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
          });
        expect(all[own[0] ?? '']).toMatchObject({
          spec: { template: { spec: { automountServiceAccountToken: false, enableServiceLinks: true } } },
        });
        expect(all[own[1] ?? '']).toMatchObject({
          spec: { selector: { 'app.kubernetes.io/name': 'dnshealth-operator' } },
        });
      });
    });

    describe('a bad value is refused with a message that names it', () => {
      it.each([
        [{ replica: 2 }, /'replica'/],
        [{ image: { name: 'x' } }, /\/image'.*'name'/],
        [{ replicas: 'two' }, /\/replicas'.*got string/],
        [{ replicas: -1 }, /\/replicas'.*minimum/],
        [{ replicas: 11 }, /\/replicas'.*maximum/],
        [{ replicas: 1.5 }, /\/replicas'/],
        [{ image: { tag: 0.1 } }, /\/image\/tag'.*got number/],
        [{ image: { tag: '0.1.0@sha256' } }, /\/image\/tag'/],
        [{ image: { repository: 'registry.example.com/operator:0.1.0' } }, /\/image\/repository'/],
        [{ image: { repository: '' } }, /\/image\/repository'/],
        [{ image: { digest: 'sha256:abc' } }, /\/image\/digest'/],
        [{ image: { pullPolicy: 'Sometimes' } }, /\/image\/pullPolicy'/],
        [{ imagePullSecrets: ['registry'] }, /\/imagePullSecrets\/0'/],
        [{ logLevel: 'trace' }, /\/logLevel'/],
        [{ policy: { install: 'yes' } }, /\/policy\/install'/],
        [{ policy: { sample: 'repair-all' } }, /\/policy\/sample'/],
        [{ namespaces: ['dnshealth'] }, /\/namespaces\/0'/],
        [{ crds: { keep: true } }, /\/crds'.*'keep'/],
        [{ resources: { limits: { memory: '256 MB' } } }, /\/resources\/limits\/memory'/],
        [{ resources: { limits: { gpu: 1 } } }, /\/resources\/limits'.*'gpu'/],
        [{ tolerations: [{ key: 'a', effect: 'Evict' }] }, /\/tolerations\/0\/effect'/],
        [{ labels: { 'a b': 'c' } }, /invalid propertyName 'a b'/],
        [{ labels: { team: 'a team' } }, /\/labels\/team'/],
        [{ nodeSelector: { gpu: true } }, /\/nodeSelector\/gpu'/],
        [{ notifications: { secretName: 'Not_A_Name' } }, /\/notifications\/secretName'/],
        [{ monitoring: { podMonitor: true } }, /\/monitoring\/podMonitor'/],
        [{ monitoring: { prometheusRule: { runbooks: 'docs' } } }, /\/monitoring\/prometheusRule\/runbooks'/],
        [{ extraObjects: ['kind: ConfigMap'] }, /\/extraObjects\/0'/],
      ])('%j', async (values, message) => {
        const { code, stderr } = await helm(program, ['template', 'dnshealth', CHART], { values });
        expect(stderr).toMatch(message);
        expect(code).not.toBe(0);
      });

      it('admission policies on a cluster that does not know them', async () => {
        const old = ['template', 'dnshealth', CHART, '--kube-version', '1.29.4'];
        const refused = await helm(program, old);
        expect(refused.stderr).toContain(
          'admission.install: admission policies need Kubernetes 1.30 or newer',
        );
        const without = await helm(program, old, { values: { admission: { install: false } } });
        expect(without).toMatchObject({ code: 0, stderr: '' });
      });
    });
  },
);
