/** `npm run bench:installation`: rendering the chart, and starting the operator; writes its section of docs/benchmarks.md. */
import { performance } from 'node:perf_hooks';
import { hasCondition, type Pod } from '../cluster/api-client.ts';
import { buildHelms } from '../cluster/build/go-programs.ts';
import { progressOn } from '../cluster/progress.ts';
import { Rig } from '../cluster/rig.ts';
import { run } from '../cluster/run.ts';
import { until } from '../cluster/until.ts';
import { CHART } from '../support/chart/helm.ts';
import { installOperator, OPERATOR_NAMESPACE, waitForOperator } from '../support/rig/installation.ts';
import { writeSection } from './document.ts';
import { type InstallationFigures, installationReport, type PodStart } from './installation-report.ts';

const RENDERS = 20;
const STARTS = 7;
const PODS = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/pods?labelSelector=app.kubernetes.io/name=dnshealth-operator`;
const say = progressOn(process.stderr);

/** Milliseconds from the start of the program to its end. */
async function timed(command: readonly string[]): Promise<number> {
  const begun = performance.now();
  await run(command, { env: { KUBECONFIG: '/nonexistent' } });
  return performance.now() - begun;
}

async function rendered(helm: string): Promise<InstallationFigures['renders'][number]> {
  const name = (await run([helm, 'version', '--template', '{{.Version}}'])).stdout;
  const template: number[] = [];
  const version: number[] = [];
  for (let round = 0; round < RENDERS; round += 1) {
    template.push(await timed([helm, 'template', 'dnshealth', CHART]));
    version.push(await timed([helm, 'version']));
  }
  return { helm: name, template, version };
}

/** Deletes one pod of the operator, and follows the one that comes in its place. */
async function started(rig: Rig): Promise<PodStart> {
  await waitForOperator(rig);
  const pods = async () => (await rig.api.json<{ readonly items: readonly Pod[] }>(PODS)).items;
  const old = await pods();
  const known = new Set(old.map(({ metadata }) => metadata.uid));
  const next = async () => (await pods()).find(({ metadata }) => !known.has(metadata.uid));
  const once = async (what: string, holds: (pod: Pod) => boolean): Promise<number> =>
    until(
      async () => {
        const pod = await next();
        return pod && holds(pod) ? performance.now() / 1000 : undefined;
      },
      { what, everyMs: 20 },
    );
  // That of the round before may still be listed.
  const victim = old.find(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (!victim) throw new Error('no pod of the operator is there to be deleted');
  await rig.kubectl(['-n', OPERATOR_NAMESPACE, 'delete', 'pod', victim.metadata.name, '--wait=false']);
  const created = await once('a new pod of the operator', () => true);
  const running = await once('its container to run', ({ status }) =>
    (status.containerStatuses ?? []).some(({ state }) => state?.running !== undefined),
  );
  const ready = await once('it to be Ready', (pod) => hasCondition(pod, 'Ready'));
  return { running: running - created, ready: ready - running };
}

const renders: InstallationFigures['renders'][number][] = [];
for (const helm of await buildHelms(say)) renders.push(await rendered(helm));
const rig = await Rig.up({ name: 'bench', onProgress: say });
try {
  await installOperator(rig, say);
  const starts: PodStart[] = [];
  for (let round = 1; round <= STARTS; round += 1) starts.push(await started(rig));
  const text = installationReport({ renders, starts });
  writeSection('Installation', text);
  process.stdout.write(text);
} finally {
  await rig.down();
}
