/** Runs the given vitest projects one after the other; names what failed; the last line is "N passed, N failed". */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import * as z from 'zod';
import { rigPaths } from './cluster/rig-paths.ts';
import { knownRigs } from './cluster/rig-state.ts';
import { tearDown } from './cluster/teardown/down.ts';

const reportSchema = z.object({
  numPassedTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

/** The names of the rigs that a project starts. Others may run on this machine: for the demo, a benchmark, another project. */
const RIGS: Readonly<Record<string, RegExp>> = { rig: /^rigtest/, e2e: /^e2e-/, 'e2e-long': /^e2e-/ };

const scratch = await mkdtemp(join(tmpdir(), 'dnshealth-tests-'));
let passed = 0;
const failures: string[] = [];
let running: ChildProcess | undefined;
let stoppedBy: NodeJS.Signals | undefined;
// Ctrl-C reaches vitest by itself, as it does everything that the terminal runs.
process.on('SIGINT', () => (stoppedBy ??= 'SIGINT'));
process.on('SIGTERM', () => {
  stoppedBy ??= 'SIGTERM';
  running?.kill('SIGTERM');
});
try {
  // All projects run, even after one has failed, so that one run shows every failure.
  for (const project of process.argv.slice(2)) {
    const report = join(scratch, `${project}.json`);
    const code = await vitest(project, report);
    if (stoppedBy) break;
    const counted = await readReport(report);
    passed += counted.passed;
    failures.push(...counted.failures);
    // Without a failed test: a file could not be loaded, or a setup failed.
    if (code !== 0 && counted.failures.length === 0) failures.push(`the project ${project} did not end well`);
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
if (stoppedBy) failures.push(`stopped by ${stoppedBy}`);
for (const failure of failures) process.stdout.write(`\nFAILED ${failure}\n`);
process.stdout.write(`\n${passed} passed, ${failures.length} failed\n`);
process.exitCode = failures.length > 0 || passed === 0 ? 1 : 0;

async function vitest(project: string, report: string): Promise<number | null> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  running = spawn(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--project', project, ...reporters],
    { stdio: 'inherit' },
  );
  const [code] = (await once(running, 'exit')) as [number | null];
  running = undefined;
  // A vitest that was stopped, or died, takes down nothing.
  for (const name of knownRigs().filter((one) => RIGS[project]?.test(one))) await tearDown(rigPaths(name));
  return code;
}

async function readReport(path: string): Promise<{ passed: number; failures: string[] }> {
  try {
    const { numPassedTests, testResults } = reportSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return { passed: numPassedTests, failures: testResults.flatMap(failuresOf) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { passed: 0, failures: [`vitest left no report for the count: ${why}`] };
  }
}

/** The name and the first lines of the message: the rest of it is far up in the output. */
function failuresOf(file: z.infer<typeof reportSchema>['testResults'][number]): string[] {
  const name = relative(process.cwd(), file.name);
  const failed = file.assertionResults.filter(({ status }) => status === 'failed');
  // A hook of the file failed, or it could not be loaded.
  if (failed.length === 0) return file.status === 'failed' ? [`${name}\n${excerpt(file.message)}`] : [];
  return failed.map(
    ({ fullName, failureMessages }) => `${name}: ${fullName}\n${excerpt((failureMessages ?? []).join('\n'))}`,
  );
}

function excerpt(message: string): string {
  return message.split('\n').slice(0, 12).join('\n').slice(0, 2_000);
}
