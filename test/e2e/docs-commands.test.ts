/** Every command of the pages is run as a reader runs it: by a shell, with kubectl and the plugin, in a copy of the manifests. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { breakNode } from '../cluster/break-node.ts';
import { spreadDnsPods } from '../cluster/dns/coredns-workload.ts';
import { ensurePrograms } from '../cluster/preflight.ts';
import { run } from '../cluster/run.ts';
import { commandsOf, PAGES } from '../support/docs/pages.ts';
import { debianProgram } from '../support/monitoring/debian-programs.ts';
import { remediations, restoreCluster, untilEnded } from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { apply, PROJECT_ROOT } from '../support/rig/installation.ts';

const rig = rigOfThisWorker();
const NODE = 'node-1';
const POLICY = 'default';

/** What is run elsewhere, or cannot be run here. Each entry is needed by a page, and names a file that exists. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^make (demo|test)\b/, 'Makefile'],
  // There is no Docker on the machine of the tests, which build the same image without it.
  [/^docker (build|run)/, 'test/integration/image.test.ts'],
  [/^make image/, 'test/integration/image.test.ts'],
  [/^make (release|verify-release)/, 'packaging/release/push-and-verify.test.ts'],
  // It refuses to work beside an operator that runs.
  [/^kubectl dnshealth cleanup/, 'test/integration/cleanup.test.ts'],
  [/^helm |^kubectl apply -k config\/default/, 'test/integration/chart-install.test.ts'],
  [/kustomize edit set image/, 'packaging/chart/files.test.ts'],
  [/^kubectl delete (dnshealthpolicies|crd)|^kubectl delete -k/, 'test/e2e/long/taken-away.test.ts'],
];
const isElsewhere = (command: string) => ELSEWHERE.some(([pattern]) => pattern.test(command));

/** Commands that undo what others need come last. */
const LAST = ['docs/rollback.md'];
const commands = PAGES.toSorted((a, b) => LAST.indexOf(a) - LAST.indexOf(b)).map((page) => ({
  page,
  commands: commandsOf(page).filter((command) => !isElsewhere(command)),
}));

/** A Prometheus operator has these; here they only take what is applied. */
const MONITORING_KINDS = ['PodMonitor', 'PrometheusRule', 'Prometheus'];

let folder: string;
let record: string;

beforeAll(async () => {
  await ensurePrograms({ yq: 'yq', jq: 'jq' }, (line) => process.stderr.write(`${line}\n`));
  folder = mkdtempSync(join(tmpdir(), 'dnshealth-reader-'));
  for (const name of ['config', 'crds', 'charts'])
    cpSync(join(PROJECT_ROOT, name), join(folder, name), { recursive: true });
  mkdirSync(join(folder, 'bin'));
  // Without the option for the kubeconfig, which kubectl does not take before the name of a plugin: the variable says it.
  const [kubectl] = rig.kubectlCommand([]);
  program('kubectl', `exec ${kubectl} "$@"`);
  program('kubectl-dnshealth', `exec ${process.execPath} ${PROJECT_ROOT}/src/kubectl-dnshealth.ts "$@"`);
  program('promtool', `exec ${await debianProgram('promtool')} "$@"`);
  // A node of the rig has neither an SSH server nor sudo: whoever gets in is root.
  program(
    'ssh',
    `node=$1; shift 2; exec ${process.execPath} ${PROJECT_ROOT}/test/cluster/cli.ts --name ${rig.name} exec "$node" "$@"`,
  );

  await restoreCluster(rig);
  for (const kind of MONITORING_KINDS) await apply(rig, customResource(kind));
  await rig.kubectl(['apply', '-f', join(PROJECT_ROOT, 'config/samples/receivers.yaml')]);
  await breakNode(rig, NODE);
  await apply(rig, {
    apiVersion: 'dnshealth.io/v1alpha1',
    kind: 'DNSHealthPolicy',
    metadata: { name: POLICY },
    spec: { canary: { watchSeconds: 0 } },
  });
  await untilEnded(rig, NODE);
  record = (await remediations(rig)).find(({ status }) => status?.phase === 'Healed')?.metadata.name ?? '';
  if (record === '') throw new Error('the node was not healed, so that no command has a record to name');
  // The new DNS pod may have come to the other node, and some commands are about the pod of this one.
  await spreadDnsPods(rig);
});
afterAll(async () => {
  await rig.kubectl([
    '-n',
    'dnshealth-system',
    'delete',
    'secret',
    'dnshealth-notifications',
    '--ignore-not-found',
  ]);
  for (const kind of MONITORING_KINDS)
    await rig.kubectl(['delete', 'crd', customResource(kind).metadata.name, '--ignore-not-found']);
  await restoreCluster(rig);
  rmSync(folder, { recursive: true });
});

function program(name: string, script: string): void {
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

const customResource = (kind: string) => {
  const plural = `${kind.toLowerCase()}${kind.endsWith('s') ? 'es' : 's'}`;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.monitoring.coreos.com` },
    spec: {
      group: 'monitoring.coreos.com',
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
};

/** Names of this cluster in place of those that the pages make up or leave open. */
const here = (command: string): string =>
  command
    .replaceAll('node-7-dd60e7b3', record)
    .replaceAll('node-7', NODE)
    .replaceAll(/\bNODE\b/g, NODE)
    .replaceAll(/\bNAME\b(?!:)/g, record)
    .replaceAll(/\bPOLICY\b/g, POLICY)
    .replaceAll(/\bRESOURCE\b/g, 'pods');

describe.each(commands.filter((page) => page.commands.length > 0))('$page', (page) => {
  it.each(page.commands)('%s', async (command) => {
    const { code, stdout, stderr } = await run(['bash', '-c', here(command)], {
      cwd: folder,
      env: { PATH: `${folder}/bin:${process.env.PATH}`, KUBECONFIG: rig.kubeconfigPath },
      allowFailure: true,
    });
    // A look that finds nothing, or a fault, ends with 1 and says so on its standard output.
    const isAnswer = code === 0 || (code === 1 && stderr === '');
    expect(isAnswer ? 'an answer' : { code, stdout, stderr }).toBe('an answer');
  });
});

describe('the commands that are run elsewhere', () => {
  it.each(ELSEWHERE)('%s', (pattern, file) => {
    expect(PAGES.flatMap(commandsOf).some((command) => pattern.test(command))).toBe(true);
    expect(existsSync(join(PROJECT_ROOT, file))).toBe(true);
  });
});
