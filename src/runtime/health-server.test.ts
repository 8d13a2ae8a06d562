import { afterEach, expect, it } from 'vitest';
import { type Check, type HealthServer, startHealthServer } from './health-server.ts';
import { silentLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';

let server: HealthServer | undefined;
afterEach(async () => server?.close());

async function ask(path: string, liveness: readonly Check[], readiness: readonly Check[] = []) {
  const metrics = createMetrics();
  server = await startHealthServer({
    port: 0,
    host: '127.0.0.1',
    liveness,
    readiness,
    metrics,
    logger: silentLogger,
  });
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return { status: response.status, text: await response.text() };
}

const good: Check = { name: 'watches', check: () => ({ ok: true }) };
const bad: Check = { name: 'synced', check: () => ({ ok: false, text: 'not synced: pods' }) };
const broken: Check = {
  name: 'broken',
  check: () => {
    throw new Error('of itself');
  },
};

it('is alive when every liveness check passes', async () => {
  expect(await ask('/healthz', [good], [bad])).toEqual({ status: 200, text: '[+]watches ok\nok\n' });
});

it('is not ready when a readiness check fails, and says which and why', async () => {
  expect(await ask('/readyz?verbose', [good], [good, bad, broken])).toEqual({
    status: 500,
    text: '[+]watches ok\n[-]synced failed: not synced: pods\n[-]broken failed: of itself\nfailed\n',
  });
});

it('serves the metrics, with value 0 before anything happened', async () => {
  const { status, text } = await ask('/metrics', [good]);
  expect(status).toBe(200);
  expect(text).toContain('rest_client_connections_total 0');
});

it('answers 404 on any other path', async () => {
  expect((await ask('/debug', [good])).status).toBe(404);
});
