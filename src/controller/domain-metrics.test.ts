import { expect, it } from 'vitest';
import { aRemediation, isoAt, withDrift } from '../../test/support/objects/builders.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createDomainMetrics } from './domain-metrics.ts';

/** What is scraped of a metric after an incident has ended in second 30. */
async function afterEndOf(remediation: ReturnType<typeof aRemediation>, metric: string) {
  const metrics = createMetrics();
  createDomainMetrics(metrics).follow(remediation, {
    ...remediation.status,
    phase: 'Healed',
    reason: 'Verified',
    finishedAt: isoAt(30),
  });
  const { text } = await metrics.scrape();
  return text.split('\n').filter((line) => line.startsWith(metric) && !line.endsWith(' 0'));
}

it.each([
  ['Crash', aRemediation()],
  ['Drift', withDrift(aRemediation())],
])(
  'the end of an incident is counted by its trigger, and its time is taken from there: %s',
  async (trigger, remediation) => {
    expect(await afterEndOf(remediation, 'dnshealth_remediations_total')).toEqual([
      `dnshealth_remediations_total{trigger="${trigger}",outcome="Healed",reason="Verified"} 1`,
    ]);
    expect(await afterEndOf(remediation, 'dnshealth_incident_seconds_sum')).toEqual([
      `dnshealth_incident_seconds_sum{trigger="${trigger}",outcome="Healed"} 30`,
    ]);
  },
);

it('each outcome exists with the value 0 from the start, whatever an incident begins with', async () => {
  const metrics = createMetrics();
  createDomainMetrics(metrics);
  const { text } = await metrics.scrape();
  for (const trigger of ['Crash', 'LateLoop', 'Drift'])
    expect(text).toContain(
      `dnshealth_remediations_total{trigger="${trigger}",outcome="RolledBack",reason=""} 0`,
    );
});

it('each cause of a loop and each wait of a limit exists with the value 0 from the start', async () => {
  const metrics = createMetrics();
  createDomainMetrics(metrics);
  const { text } = await metrics.scrape();
  expect(text).toContain('dnshealth_sightings_total{cause="UpstreamLoop"} 0');
  expect(text).toContain('dnshealth_waits_total{reason="OutsideWindow"} 0');
});

it('each time of an incident and of a step exists from the start: a panel would not show the first one', async () => {
  const metrics = createMetrics();
  createDomainMetrics(metrics);
  const { text } = await metrics.scrape();
  expect(text).toContain('dnshealth_incident_seconds_count{trigger="Crash",outcome="Healed"} 0');
  expect(text).toContain('dnshealth_step_seconds_count{step="Repair"} 0');
});
