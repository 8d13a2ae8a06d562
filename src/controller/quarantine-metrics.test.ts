import { expect, it } from 'vitest';
import { at, isoAt } from '../../test/support/objects/builders.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createQuarantineMetrics } from './quarantine-metrics.ts';

function setup() {
  const metrics = createMetrics();
  const state = { marks: [] as { name: string; text: string | null }[], second: 0 };
  const stores = { nodeMarks: { list: () => state.marks } };
  createQuarantineMetrics(metrics, stores as unknown as Parameters<typeof createQuarantineMetrics>[1], () =>
    at(state.second),
  );
  const lines = async () => (await metrics.scrape()).text.split('\n');
  return { state, lines };
}

it('without a quarantine both are 0, also if a node is excluded', async () => {
  const { state, lines } = setup();
  state.marks = [{ name: 'node-1', text: null }];
  expect(await lines()).toEqual(
    expect.arrayContaining(['dnshealth_quarantined_nodes 0', 'dnshealth_quarantine_oldest_seconds 0']),
  );
});

it('the oldest quarantine counts, by the time that its annotation gives', async () => {
  const { state, lines } = setup();
  state.second = 100;
  state.marks = [
    { name: 'node-1', text: JSON.stringify({ since: isoAt(70) }) },
    { name: 'node-2', text: JSON.stringify({ since: isoAt(40) }) },
  ];
  expect(await lines()).toEqual(
    expect.arrayContaining(['dnshealth_quarantined_nodes 2', 'dnshealth_quarantine_oldest_seconds 60']),
  );
});

it('an annotation that gives no time counts from when it was first seen, and from then on again after it was gone', async () => {
  const { state, lines } = setup();
  const unreadable = { name: 'node-1', text: 'by hand' };
  state.marks = [unreadable];
  await lines();
  state.second = 90;
  expect(await lines()).toContain('dnshealth_quarantine_oldest_seconds 90');
  state.marks = [];
  await lines();
  state.marks = [unreadable];
  expect(await lines()).toContain('dnshealth_quarantine_oldest_seconds 0');
});
