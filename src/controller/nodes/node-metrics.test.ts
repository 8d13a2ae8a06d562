import { expect, it } from 'vitest';
import { isoAt } from '../../../test/support/objects/builders.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createNodeMetrics } from './node-metrics.ts';

const CHECK = {
  bootID: 'boot-1',
  kubeletVersion: 'v1.34.4',
  osImage: 'Debian',
  startedAt: isoAt(0),
  endedAt: isoAt(2),
};

/** The samples after these checks that are not 0, without buckets. */
async function after(...checks: readonly Parameters<ReturnType<typeof createNodeMetrics>['checked']>[0][]) {
  const metrics = createMetrics();
  const node = createNodeMetrics(metrics);
  for (const check of checks) node.checked(check);
  const { text } = await metrics.scrape();
  return text.match(/^dnshealth_(?!\w+_bucket).* [1-9][\d.]*$/gm) ?? [];
}

it('a check is counted by how it ended and why it was made, with its duration', async () => {
  expect(await after({ ...CHECK, outcome: 'proven', why: 'Interval' })).toEqual([
    'dnshealth_node_checks_total{outcome="proven",why="Interval"} 1',
    'dnshealth_node_check_seconds_sum{outcome="proven"} 2',
    'dnshealth_node_check_seconds_count{outcome="proven"} 1',
  ]);
});

it('a drift counts from the start of the kubelet', async () => {
  const drifted = {
    ...CHECK,
    outcome: 'drifted',
    why: 'KubeletStarted',
    kubeletStartedAt: isoAt(-1),
  } as const;
  expect(await after(drifted)).toEqual(
    expect.arrayContaining(['dnshealth_drift_found_seconds_sum 3', 'dnshealth_drift_found_seconds_count 1']),
  );
});

it.each([
  ['the start of the kubelet is not known', { outcome: 'drifted', why: 'KubeletStarted' }],
  ['it was found by a later check', { outcome: 'drifted', why: 'Interval', kubeletStartedAt: isoAt(-3600) }],
  ['the node is well', { outcome: 'proven', why: 'KubeletStarted', kubeletStartedAt: isoAt(-1) }],
] as const)('no time to a drift is counted where %s', async (_where, changes) => {
  expect((await after({ ...CHECK, ...changes })).filter((line) => line.includes('drift_found'))).toEqual([]);
});

it('every reason and outcome is there from the start, with 0', async () => {
  const metrics = createMetrics();
  createNodeMetrics(metrics);
  const { text } = await metrics.scrape();
  expect(text).toContain('dnshealth_nodes{reason="Drifted"} 0');
  expect(text).toContain('dnshealth_node_checks_total{outcome="drifted",why="Rebooted"} 0');
});
