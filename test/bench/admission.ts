/** `npm run bench:admission`: what the admission policies add to each write; writes its section of docs/benchmarks.md. */
import { performance } from 'node:perf_hooks';
import type { Apiserver } from '../support/apiserver/apiserver.ts';
import { startApiserver } from '../support/apiserver/apiserver.ts';
import { applyCrds } from '../support/apiserver/crds.ts';
import { startInstalledApiserver } from '../support/apiserver/installed-apiserver.ts';
import { applyInstallation, tokenOf } from '../support/apiserver/installed-rbac.ts';
import { HELD, NODES } from '../support/mutants/nodes.ts';
import { proof, repair } from '../support/mutants/originals.ts';
import { type AdmissionFigures, admissionReport } from './admission-report.ts';
import { writeSection } from './document.ts';

const ROUNDS = 300;
const MERGE = 'application/merge-patch+json';
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'anything' } };

/** Dry runs: admission decides on them as on any other write, and each round finds the same objects. */
const WRITES = [
  ['the Job of a repair', 'POST', '/apis/batch/v1/namespaces/dnshealth-node/jobs', repair()],
  ['a proof pod', 'POST', '/api/v1/namespaces/dnshealth-check/pods', proof],
  ['the quarantine of a node', 'PATCH', '/api/v1/nodes/held', HELD],
  ['a ConfigMap, by an administrator', 'POST', '/api/v1/namespaces/default/configmaps', configMap],
] as const;

interface Side {
  readonly server: Apiserver;
  readonly operatorToken: string;
}

async function withoutPolicies(): Promise<Side> {
  const server = await startApiserver();
  await applyCrds(server);
  await applyInstallation(server);
  return { server, operatorToken: await tokenOf(server, 'dnshealth-system', 'dnshealth-operator') };
}

async function withPolicies(): Promise<Side> {
  const server = await startInstalledApiserver();
  return { server, operatorToken: server.operatorToken };
}

/** Milliseconds from the request to its answer. */
async function timed({ server, operatorToken }: Side, write: (typeof WRITES)[number]): Promise<number> {
  const [what, method, path, body] = write;
  const options = {
    ...(body !== configMap && { token: operatorToken }),
    ...(method === 'PATCH' && { contentType: MERGE }),
  };
  const begun = performance.now();
  const answer = await server.call(method, `${path}?dryRun=All`, body, options);
  const milliseconds = performance.now() - begun;
  if (answer.status >= 300) throw new Error(`${what}: ${JSON.stringify(answer.body)}`);
  return milliseconds;
}

const sides: Side[] = [];
try {
  for (const start of [withoutPolicies, withPolicies]) sides.push(await start());
  const [without, withThem] = sides;
  if (!without || !withThem) throw new Error('two API servers are compared');
  for (const { server } of sides)
    await server.call('POST', '/api/v1/nodes', { metadata: { name: 'held' }, spec: NODES.held.spec });
  const rows: AdmissionFigures['rows'][number][] = [];
  for (const write of WRITES) {
    const figures = { without: [] as number[], with: [] as number[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      figures.without.push(await timed(without, write));
      figures.with.push(await timed(withThem, write));
    }
    rows.push({ what: write[0], ...figures });
  }
  const report = admissionReport({ rounds: ROUNDS, rows });
  writeSection('Admission', report);
  console.log(report);
} finally {
  for (const { server } of sides) await server.stop();
}
