/** Installs the operator on a rig as a user would: build, image, kubectl apply -k, a policy. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { buildImage } from '../../cluster/build/image-build.ts';
import type { Progress } from '../../cluster/progress.ts';
import type { Rig } from '../../cluster/rig.ts';
import { until } from '../../cluster/until.ts';

export const PROJECT_ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const IMAGE = 'dnshealth-operator:0.1.0';
export const OPERATOR_NAMESPACE = 'dnshealth-system';
const DEPLOYMENT = 'deployment/dnshealth-operator';

/** Bundles the source and builds the image from the project's own Dockerfile; returns the path of the archive. */
export async function buildOperatorImage(onProgress: Progress): Promise<string> {
  onProgress('bundling operator and agent');
  await bundle();
  return buildImage({
    dockerfile: `${PROJECT_ROOT}/Dockerfile`,
    context: PROJECT_ROOT,
    files: ['dist/app', 'dist/bin', 'dist/plugin', 'dist/kubectl-dnshealth.js', 'LICENSE'],
    tag: IMAGE,
    buildArgs: { BUILD: 'prebuilt' },
    onProgress,
  });
}

/** Runs build.ts, a script, which writes dist/. */
export async function bundle(): Promise<void> {
  const build = spawn(process.execPath, ['build.ts'], { cwd: PROJECT_ROOT, stdio: 'inherit' });
  const [code] = (await once(build, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`build.ts failed with exit code ${code}`);
}

/** Image, CRDs, namespaces, roles and the Deployment; returns when the operator is ready. */
export async function installOperator(rig: Rig, onProgress: Progress): Promise<void> {
  await installImage(rig, await buildOperatorImage(onProgress), onProgress);
}

/** The same with an image that is there already. */
export async function installImage(rig: Rig, archive: string, onProgress: Progress): Promise<void> {
  onProgress('importing the image on each node, applying config/default');
  await rig.loadImage(archive);
  const existing = await rig.kubectl(['-n', OPERATOR_NAMESPACE, 'get', DEPLOYMENT], { allowFailure: true });
  await rig.kubectl(['apply', '-k', `${PROJECT_ROOT}/config/default`]);
  await rig.kubectl([
    'wait',
    '--for=condition=Established',
    '--timeout=30s',
    'crd/dnshealthpolicies.dnshealth.io',
  ]);
  // Every build has the same tag, so applying the manifests does not replace the pods of an earlier build.
  if (existing.code === 0) await rig.kubectl(['-n', OPERATOR_NAMESPACE, 'rollout', 'restart', DEPLOYMENT]);
  await waitForOperator(rig);
}

export async function waitForOperator(rig: Rig, timeoutSeconds = 60): Promise<void> {
  await rig.kubectl([
    '-n',
    OPERATOR_NAMESPACE,
    'rollout',
    'status',
    DEPLOYMENT,
    `--timeout=${timeoutSeconds}s`,
  ]);
}

/** With the defaults, which suit the rig, but for the watch of the first repaired node. */
export async function applySamplePolicy(rig: Rig): Promise<void> {
  await apply(rig, aPolicy({}));
}

export async function apply(rig: Rig, manifest: object): Promise<void> {
  await rig.kubectl(['apply', '-f', '-'], { input: JSON.stringify(manifest) });
}

/** Replaces the policy `coredns` by one with this spec; a canary is not watched unless the spec says so. */
export async function applyPolicy(rig: Rig, spec: object): Promise<void> {
  // Not merged into an existing one: fields that an earlier test set would stay.
  await rig.kubectl(['delete', 'dnshealthpolicy', 'coredns', '--ignore-not-found', '--wait=true']);
  await apply(rig, aPolicy(spec));
}

/** Sets these fields of the spec of the policy `coredns`, and leaves the others. */
export async function editPolicy(rig: Rig, spec: object): Promise<void> {
  const patch = JSON.stringify({ spec });
  await rig.kubectl(['patch', 'dnshealth', 'coredns', '--type=merge', `--patch=${patch}`]);
}

/** Most tests are about something else than the minute for which the first repaired node is watched: it is waited for on request only. */
const aPolicy = (spec: object) => ({
  apiVersion: 'dnshealth.io/v1alpha1',
  kind: 'DNSHealthPolicy',
  metadata: { name: 'coredns' },
  spec: { canary: { watchSeconds: 0 }, ...spec },
});

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly nodeName?: string };
  }[];
}

/** The pod of the operator that holds the lease. */
export async function leadingPod(rig: Rig): Promise<{ readonly name: string; readonly node: string }> {
  const lease = `/apis/coordination.k8s.io/v1/namespaces/${OPERATOR_NAMESPACE}/leases/dnshealth-operator`;
  const pods = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/pods?labelSelector=app.kubernetes.io/name=dnshealth-operator&fieldSelector=status.phase=Running`;
  return until(
    async () => {
      const { spec } = await rig.api.json<{ spec: { holderIdentity?: string } }>(lease);
      const leader = spec.holderIdentity?.split('_')[0];
      const pod = (await rig.api.json<Pods>(pods)).items.find(({ metadata }) => metadata.name === leader);
      return pod?.spec.nodeName ? { name: pod.metadata.name, node: pod.spec.nodeName } : undefined;
    },
    { what: 'a running leader of the operator' },
  );
}
