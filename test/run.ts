/** Runs the given vitest projects one after the other; the last line is "N passed, N failed". */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';

const summarySchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
});

const scratch = await mkdtemp(join(tmpdir(), 'dnshealth-tests-'));
let passed = 0;
let failed = 0;
try {
  // All projects run, even after one has failed, so that one run shows every failure.
  for (const project of process.argv.slice(2)) {
    const report = join(scratch, `${project}.json`);
    const vitest = spawn(
      process.execPath,
      [
        'node_modules/vitest/vitest.mjs',
        'run',
        '--project',
        project,
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
      ],
      { stdio: 'inherit' },
    );
    const [code] = (await once(vitest, 'exit')) as [number | null];
    const counted = await readSummary(report);
    passed += counted.passed;
    failed += counted.failed;
    // Without a failed test: a file could not be loaded, or a setup failed.
    if (code !== 0 && counted.failed === 0) failed += 1;
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

async function readSummary(path: string): Promise<{ passed: number; failed: number }> {
  try {
    const { numPassedTests, numFailedTests } = summarySchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return { passed: numPassedTests, failed: numFailedTests };
  } catch (error) {
    process.stderr.write(
      `vitest left no report for the count: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return { passed: 0, failed: 0 };
  }
}
