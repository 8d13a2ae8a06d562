/** Bad specs of a policy: the API server itself refuses each, and its message names the field and the rule. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { API_VERSION } from '../../src/api/keys.ts';
import { policySpecSchema } from '../../src/api/policy.ts';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { applyCrds } from '../support/apiserver/crds.ts';

const POLICIES = `/apis/${API_VERSION}/dnshealthpolicies?dryRun=All&fieldValidation=Strict`;

let server: Apiserver;
beforeAll(async () => {
  server = await startApiserver();
  await applyCrds(server);
});
afterAll(async () => {
  await server.stop();
});

const create = async (spec: unknown) =>
  server.call('POST', POLICIES, {
    apiVersion: API_VERSION,
    kind: 'DNSHealthPolicy',
    metadata: { name: 'default' },
    spec,
  });

const window = (fields: string) => `{maintenance: {windows: [{${fields}}]}}`;
const cron = (text: string) => window(`cron: "${text}", duration: 1h`);
const CRON = 'spec.maintenance.windows[0].cron';
const selector = (fields: string) => `{nodeSelector: {matchExpressions: [{${fields}}]}}`;
const VALUES = 'spec.nodeSelector.matchExpressions[0].values';

/** The spec as people write it, the field that the message must name, and words of the rule. */
const BAD: readonly (readonly [spec: string, field: string, rule: string])[] = [
  // How far it goes
  ['{mode: Heal}', 'spec.mode', 'supported values: "Observe", "Plan", "Approve", "Repair"'],
  ['{mode: repair}', 'spec.mode', 'supported values'],
  ['{mode: true}', 'spec.mode', 'must be of type string'],
  ['{mode: [Repair]}', 'spec.mode', 'must be of type string'],
  ['{approval: {expiresAfter: 1m}}', 'spec.approval.expiresAfter', 'must be at least 5m and at most 720h'],
  ['{approval: {expiresAfter: 721h}}', 'spec.approval.expiresAfter', 'must be at least 5m and at most 720h'],
  ['{approval: {expiresAfter: "0"}}', 'spec.approval.expiresAfter', 'should match'],
  ['{approval: {expiresAfter: a day}}', 'spec.approval.expiresAfter', 'should match'],
  ['{approval: {expiresAfter: 1d}}', 'spec.approval.expiresAfter', 'should match'],
  ['{approval: {expiresAfter: -24h}}', 'spec.approval.expiresAfter', 'should match'],
  ['{approval: {expiresAfter: 24}}', 'spec.approval.expiresAfter', 'must be of type string'],
  ['{approval: {by: [anna]}}', 'spec.approval.by', 'unknown field'],

  // Pause
  ['{pause: true}', 'spec.pause', 'must be of type array'],
  ['{pause: [{reason: upgrade}]}', 'spec.pause[0].by', 'Required value'],
  ['{pause: [{by: anna}]}', 'spec.pause[0].reason', 'Required value'],
  ['{pause: [{reason: "", by: anna}]}', 'spec.pause[0].reason', 'at least 1 chars long'],
  ['{pause: [{reason: upgrade, by: ""}]}', 'spec.pause[0].by', 'at least 1 chars long'],
  [`{pause: [{reason: ${'x'.repeat(257)}, by: anna}]}`, 'spec.pause[0].reason', 'more than 256'],
  ['{pause: [{reason: upgrade, by: anna, until: tomorrow}]}', 'spec.pause[0].until', 'date-time'],
  ['{pause: [{reason: upgrade, by: anna}, {reason: upgrade, by: anna}]}', 'spec.pause[1]', 'Duplicate value'],
  ['{pause: [{reason: upgrade, by: anna, from: now}]}', 'spec.pause[0].from', 'unknown field'],

  // What it is about
  ['{workload: {kind: StatefulSet}}', 'spec.workload.kind', 'supported values: "Deployment", "DaemonSet"'],
  ['{workload: {name: CoreDNS}}', 'spec.workload.name', 'should match'],
  ['{workload: {name: kube-system/coredns}}', 'spec.workload.name', 'should match'],
  ['{workload: {name: ""}}', 'spec.workload.name', 'at least 1 chars long'],
  ['{workload: {namespace: dns}}', 'spec.workload.namespace', 'unknown field'],
  ['{otherWorkloads: {kind: DaemonSet, name: node-local-dns}}', 'spec.otherWorkloads.kind', 'unknown field'],
  ['{otherWorkloads: [{name: node-local-dns}]}', 'spec.otherWorkloads[0].kind', 'Required value'],
  ['{otherWorkloads: [{kind: DaemonSet}]}', 'spec.otherWorkloads[0].name', 'Required value'],
  ['{otherWorkloads: [{kind: Pod, name: x}]}', 'spec.otherWorkloads[0].kind', 'supported values'],
  [
    '{otherWorkloads: [{kind: DaemonSet, name: x}, {kind: DaemonSet, name: x, container: y}]}',
    'spec.otherWorkloads[1]',
    'Duplicate value',
  ],
  [
    '{otherWorkloads: [{kind: Deployment, name: coredns}]}',
    'spec.otherWorkloads',
    'must not name spec.workload once more',
  ],
  ['{nodeSelector: worker}', 'spec.nodeSelector', 'must be of type object'],
  ['{nodeSelector: {matchLabels: [pool]}}', 'spec.nodeSelector.matchLabels', 'must be of type object'],
  [
    '{nodeSelector: {matchLabels: {pool: 1}}}',
    'spec.nodeSelector.matchLabels.pool',
    'must be of type string',
  ],
  [
    '{nodeSelector: {matchLabels: {"a b": x}}}',
    'spec.nodeSelector.matchLabels',
    'must have keys that a label can have',
  ],
  ['{nodeSelector: {matchLabels: {pool: "a b"}}}', 'spec.nodeSelector.matchLabels.pool', 'should match'],
  ['{nodeSelector: {pool: dns}}', 'spec.nodeSelector.pool', 'unknown field'],
  [selector('operator: Exists'), 'spec.nodeSelector.matchExpressions[0].key', 'Required value'],
  [selector('key: pool'), 'spec.nodeSelector.matchExpressions[0].operator', 'Required value'],
  [selector('key: pool, operator: Is, values: [a]'), 'matchExpressions[0].operator', 'supported values'],
  [selector('key: "", operator: Exists'), 'matchExpressions[0].key', 'at least 1 chars long'],
  [selector('key: pool, operator: In'), VALUES, 'must be set for In and NotIn'],
  [selector('key: pool, operator: NotIn, values: []'), VALUES, 'must be set for In and NotIn'],
  [selector('key: pool, operator: Exists, values: [a]'), VALUES, 'unset for Exists and DoesNotExist'],
  [selector('key: pool, operator: DoesNotExist, values: [a]'), VALUES, 'unset for Exists'],

  // What may be done to a node
  ['{quarantine: {strategy: Drain}}', 'spec.quarantine.strategy', 'supported values: "Cordon", "Taint"'],
  ['{quarantine: {maxSeconds: 59}}', 'spec.quarantine.maxSeconds', 'greater than or equal to 60'],
  ['{quarantine: {maxSeconds: 541}}', 'spec.quarantine.maxSeconds', 'less than or equal to 540'],
  ['{quarantine: {maxSeconds: 8m}}', 'spec.quarantine.maxSeconds', 'must be of type integer'],
  ['{repair: {targets: [/etc/shadow]}}', 'spec.repair.targets[0]', 'supported values'],
  ['{repair: {targets: []}}', 'spec.repair.targets', 'at least 1 items'],
  ['{repair: {acceptRisky: "yes"}}', 'spec.repair.acceptRisky', 'must be of type boolean'],
  ['{repair: {command: [sh]}}', 'spec.repair.command', 'unknown field'],
  ['{repair: {remedies: []}}', 'spec.repair.remedies', 'at least 1 items'],
  ['{repair: {remedies: [Reboot]}}', 'spec.repair.remedies[0]', 'supported values'],
  ['{repair: {remedies: [RecreatePods, RecreatePods]}}', 'spec.repair.remedies[1]', 'Duplicate value'],

  // How much, how often, and what stops it
  ['{limits: {maxConcurrent: 0}}', 'spec.limits.maxConcurrent', 'greater than or equal to 1'],
  ['{limits: {maxConcurrent: 11}}', 'spec.limits.maxConcurrent', 'less than or equal to 10'],
  ['{limits: {maxConcurrent: 1.5}}', 'spec.limits.maxConcurrent', 'must be of type integer'],
  ['{limits: {maxConcurrent: 0%}}', 'spec.limits.maxConcurrent', '%$'],
  ['{limits: {maxConcurrent: 101%}}', 'spec.limits.maxConcurrent', '%$'],
  ['{limits: {maxConcurrent: 10 %}}', 'spec.limits.maxConcurrent', '%$'],
  ['{limits: {maxConcurrent: ten}}', 'spec.limits.maxConcurrent', '%$'],
  ['{limits: {maxConcurrent: "3"}}', 'spec.limits.maxConcurrent', '%$'],
  ['{limits: {perHour: 0}}', 'spec.limits.perHour', 'greater than or equal to 1'],
  ['{limits: {perNode: 51}}', 'spec.limits.perNode', 'less than or equal to 50'],
  ['{limits: {coolDownSeconds: -1}}', 'spec.limits.coolDownSeconds', 'greater than or equal to 0'],
  ['{limits: {backOffSeconds: 86401}}', 'spec.limits.backOffSeconds', 'less than or equal to 86400'],
  ['{limits: {history: 9}}', 'spec.limits.history', 'greater than or equal to 10'],
  ['{limits: {historyDays: 0}}', 'spec.limits.historyDays', 'greater than or equal to 1'],
  ['{limits: {historyDays: 90d}}', 'spec.limits.historyDays', 'must be of type integer'],
  ['{canary: {watchSeconds: 3601}}', 'spec.canary.watchSeconds', 'less than or equal to 3600'],
  ['{canary: {nodes: [node-1]}}', 'spec.canary.nodes', 'unknown field'],
  ['{breaker: {failures: 0}}', 'spec.breaker.failures', 'greater than or equal to 1'],
  ['{breaker: {windowMinutes: 0}}', 'spec.breaker.windowMinutes', 'greater than or equal to 1'],
  ['{breaker: {windowMinutes: 10081}}', 'spec.breaker.windowMinutes', 'less than or equal to 10080'],

  // When
  [window('duration: 1h'), CRON, 'Required value'],
  [window('cron: 0 22 * * *'), 'spec.maintenance.windows[0].duration', 'Required value'],
  [cron(''), CRON, 'must have five fields'],
  [cron('22:00'), CRON, 'must have five fields'],
  [cron('@daily'), CRON, 'must have five fields'],
  [cron('0 0 22 * * *'), CRON, 'must have five fields'],
  [cron('60 22 * * *'), CRON, 'minute (first field) must be 0 to 59'],
  [cron('0 24 * * *'), CRON, 'hour (second field) must be 0 to 23'],
  [cron('0 22 0 * *'), CRON, 'day of month (third field) must be 1 to 31'],
  [cron('0 22 32 * *'), CRON, 'day of month (third field) must be 1 to 31'],
  [cron('0 22 * 13 *'), CRON, 'month (fourth field) must be 1 to 12'],
  [cron('0 22 * * 8'), CRON, 'day of week (fifth field) must be 0 to 7'],
  [cron('0 22 * * MONDAY'), CRON, 'day of week (fifth field) must be 0 to 7 or SUN to SAT'],
  [cron('*/0 22 * * *'), CRON, 'step'],
  [cron('0 22-6 * * *'), CRON, 'runs backwards'],
  [cron('0 22 * * FRI-MON'), CRON, 'runs backwards'],
  [cron('0 22 30 2 *'), CRON, 'must name a day that its month has'],
  [window('cron: 0 22 * * *, duration: 4m'), 'spec.maintenance.windows[0].duration', 'at least 5m'],
  [window('cron: 0 22 * * *, duration: 169h'), 'spec.maintenance.windows[0].duration', 'at most 168h'],
  [window('cron: 0 22 * * *, duration: 4'), 'windows[0].duration', 'must be of type string'],
  [window('cron: 0 22 * * *, duration: 4 hours'), 'windows[0].duration', 'should match'],
  [
    window('cron: 0 22 * * *, duration: 4h, timeZone: Mars/Olympus'),
    'windows[0].timeZone',
    'unknown time zone Mars/Olympus evaluating rule: timeZone must be an IANA time zone',
  ],
  [window('cron: 0 22 * * *, duration: 4h, timeZone: CEST'), 'windows[0].timeZone', 'unknown time zone CEST'],
  [window('cron: 0 22 * * *, duration: 4h, timeZone: "+01:00"'), 'windows[0].timeZone', 'IANA time zone'],
  [window('cron: 0 22 * * *, duration: 4h, timeZone: Local'), 'windows[0].timeZone', 'IANA time zone'],
  [window('cron: 0 22 * * *, duration: 4h, timeZone: ""'), 'windows[0].timeZone', 'at least 1 chars long'],
  ['{maintenance: {urgent: Always}}', 'spec.maintenance.urgent', 'supported values: "Wait", "Proceed"'],
  ['{maintenance: {windows: {cron: 0 22 * * *}}}', 'spec.maintenance.windows.cron', 'unknown field'],

  // How it is proven, and how DNS and nodes are watched
  ['{verification: {clusterDomain: .local}}', 'spec.verification.clusterDomain', 'should match'],
  ['{verification: {externalName: "a b"}}', 'spec.verification.externalName', 'should match'],
  [
    '{verification: {stableSeconds: 20, timeoutSeconds: 20}}',
    'spec.verification.stableSeconds',
    'must be less than timeoutSeconds',
  ],
  ['{prober: {intervalSeconds: 4}}', 'spec.prober.intervalSeconds', 'must be 0 or at least 5'],
  ['{drift: {interval: 9m}}', 'spec.drift.interval', 'must be 0 or at least 10m'],
  ['{drift: {interval: daily}}', 'spec.drift.interval', 'should match'],
  ['{drift: {maxConcurrent: 51}}', 'spec.drift.maxConcurrent', 'less than or equal to 50'],
  ['{drift: {alsoFiles: true}}', 'spec.drift.alsoFiles', 'must be of type string'],
  ['{drift: {maxRepairs: 0}}', 'spec.drift.maxRepairs', 'greater than or equal to 1'],
  ['{image: evil}', 'spec.image', 'unknown field'],
];

describe('the API server refuses', () => {
  it.each(BAD)('%s, and names %s', async (yaml, field, rule) => {
    const { status, body } = await create(parse(yaml));
    expect([400, 422]).toContain(status);
    // If decoding itself fails, the server puts the last part of the path in quotes.
    expect(body.message.replaceAll(`"${field}"`, field)).toContain(field);
    expect(body.message).toContain(rule);
  });

  it('what the operator would not accept either, except unknown fields, times and doubles in lists', () => {
    const accepted = BAD.filter(
      ([yaml, , rule]) =>
        !['unknown field', 'date-time', 'Duplicate value'].includes(rule) &&
        policySpecSchema.safeParse(parse(yaml)).success,
    );
    expect(accepted).toEqual([]);
  });
});

describe('the API server and the operator accept', () => {
  it.each([
    cron('0 22 * * MON-FRI'),
    cron('*/15 0-6,22-23 * * *'),
    cron('0 9-17/2 1,15 jan-mar 1-5'),
    cron('  30   4  31  1,3  SUN,sat '),
    cron('0 0 29 2 *'),
    cron('0 0 * * 7'),
    window('cron: 0 22 * * *, duration: 1h30m, timeZone: America/Argentina/Buenos_Aires'),
    window('cron: 0 22 * * *, duration: 168h, timeZone: Etc/GMT+5'),
    selector('key: node-role.kubernetes.io/worker, operator: Exists'),
    selector('key: pool, operator: In, values: [a, ""]'),
    '{nodeSelector: {matchLabels: {example.com/pool: dns, empty: ""}}}',
    '{otherWorkloads: [{kind: DaemonSet, name: coredns}]}',
    '{limits: {maxConcurrent: 100%}}',
    '{pause: [{reason: upgrade, by: anna}, {reason: upgrade, by: ben, until: "2026-01-01T00:00:00Z"}]}',
  ])('%s', async (yaml) => {
    const { status, body } = await create(parse(yaml));
    expect(body.message).toBeUndefined();
    expect(status).toBe(201);
    expect(body.spec).toEqual(policySpecSchema.parse(parse(yaml)));
  });
});
