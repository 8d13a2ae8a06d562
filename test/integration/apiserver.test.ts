/** The test apiserver itself: the faults that tests cause do happen, and it never outlives its test. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startApiserver } from '../support/apiserver/apiserver.ts';

const NAMESPACE = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'kept', annotations: { mark: 'in-the-audit-log' } },
};

it('keeps its data when it is killed and restarted', async () => {
  const server = await startApiserver();
  try {
    expect((await server.call('POST', '/api/v1/namespaces', NAMESPACE)).status).toBe(201);
    await server.kill9();
    await expect(server.call('GET', '/readyz')).rejects.toThrow('ECONNREFUSED');
    await server.restart();
    expect((await server.call('GET', '/api/v1/namespaces/kept')).status).toBe(200);
    expect(readFileSync(server.auditLogPath, 'utf8')).toContain('in-the-audit-log');
  } finally {
    await server.stop();
  }
  expect(existsSync(dirname(server.auditLogPath))).toBe(false);
});

it('answers nothing while it is paused, and resumes afterwards', async () => {
  const server = await startApiserver();
  try {
    await server.pause();
    const answer = server.call('GET', '/api/v1/namespaces/default');
    const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 500, 'silence'))]);
    expect(first).toBe('silence');
    server.resume();
    expect((await answer).status).toBe(200);
  } finally {
    await server.stop();
  }
});

it('dies with the process that started it, even when that is killed', async () => {
  const program = `
    import { startApiserver } from ${JSON.stringify(new URL('../support/apiserver/apiserver.ts', import.meta.url).href)};
    const { url, caFile } = await startApiserver();
    console.log(JSON.stringify({ url, caFile }));
    process.kill(process.pid, 'SIGKILL');
  `;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  const { stdout } = await run.catch((error: unknown) => error as { readonly stdout: string });
  const { url, caFile } = JSON.parse(stdout);
  await expect.poll(() => existsSync(caFile)).toBe(false);
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});
