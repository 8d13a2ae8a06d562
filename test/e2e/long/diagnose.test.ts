/** Each fault of the rig, caused for real: the plugin names it, and the operator repairs it or leaves the node alone. */
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RemediationStatus } from '../../../src/api/remediation.ts';
import type { Cause } from '../../../src/diagnosis/examination.ts';
import type { Report } from '../../../src/plugin/diagnose/report.ts';
import { FAULTS, type FaultName } from '../../cluster/faults/faults.ts';
import { KUBELET_CONFIG, KUBELET_ENVIRONMENT } from '../../cluster/node/kubelet-files.ts';
import { until } from '../../cluster/until.ts';
import {
  policyStatus,
  remediations,
  restoreCluster,
  scheduling,
  untilEnded,
  untilRetrying,
} from '../../support/rig/cluster-state.ts';
import { diagnosis, saveFiles } from '../../support/rig/diagnosis.ts';
import { rigOfThisWorker } from '../../support/rig/e2e-rig.ts';
import { applyPolicy } from '../../support/rig/installation.ts';
import { kubeletStarts } from '../../support/rig/kubelet.ts';

const rig = rigOfThisWorker();
const NODE = 'node-1';

type Named = readonly [cause: Cause, atLeast: 'high' | 'medium' | 'low'];

type Operator =
  /** Ends so, after the policy was created. */
  | { readonly does: 'ends'; readonly phase: RemediationStatus['phase'] }
  /** Cannot act now, and tries again later. */
  | { readonly does: 'waits'; readonly reason: string }
  /** Reports it in the status of the policy, and makes no record. */
  | { readonly does: 'reports'; readonly cause: Cause }
  /** Not its workload, or nothing that a crash tells. */
  | { readonly does: 'nothing' };

interface Expected {
  /**
   * From the cluster alone: one of these, where it depends on whether the container runs at that moment, so that its
   * metrics name the servers that it asks. Absent where nothing can be expected of that moment.
   */
  readonly named?: readonly Named[];
  /** With the files that docs/diagnose.md says to save, where the cluster alone does not decide. */
  readonly fromFiles?: Named;
  readonly operator: Operator;
}

const CASES: Readonly<Record<FaultName, Expected>> = {
  stub: {
    named: [['KubeletResolvConf', 'medium']],
    fromFiles: ['KubeletResolvConf', 'high'],
    operator: { does: 'ends', phase: 'Healed' },
  },
  'empty-value': {
    named: [['EmptyResolvConf', 'high']],
    operator: { does: 'ends', phase: 'Refused' },
  },
  'local-resolver': {
    named: [
      ['KubeletResolvConf', 'medium'],
      ['LocalResolver', 'high'],
    ],
    fromFiles: ['LocalResolver', 'high'],
    operator: { does: 'waits', reason: 'TargetMissing' },
  },
  'mixed-servers': {
    fromFiles: ['MixedResolvConf', 'medium'],
    operator: { does: 'ends', phase: 'Healed' },
  },
  'flag-over-file': {
    named: [['KubeletResolvConf', 'medium']],
    fromFiles: ['FlagOverridesFile', 'high'],
    operator: { does: 'ends', phase: 'Healed' },
  },
  'stale-pod': {
    named: [['StaleSandbox', 'medium']],
    operator: { does: 'ends', phase: 'Healed' },
  },
  'no-uplink': {
    named: [['UplinkWithoutServers', 'medium']],
    fromFiles: ['UplinkWithoutServers', 'high'],
    operator: { does: 'waits', reason: 'TargetEmpty' },
  },
  'corefile-itself': {
    named: [['CorefileForwardsToItself', 'high']],
    operator: { does: 'reports', cause: 'CorefileForwardsToItself' },
  },
  'corefile-service': {
    named: [['CorefileForwardsToItself', 'high']],
    operator: { does: 'nothing' },
  },
  'host-network': {
    named: [['HostNetworkLoop', 'high']],
    operator: { does: 'reports', cause: 'HostNetworkLoop' },
  },
  upstream: {
    named: [['UpstreamLoop', 'high']],
    operator: { does: 'reports', cause: 'UpstreamLoop' },
  },
  'node-local': {
    named: [['NodeLocalLoop', 'high']],
    operator: { does: 'nothing' },
  },
  'loop-removed': {
    named: [['LateLoop', 'high']],
    operator: { does: 'nothing' },
  },
  'out-of-memory': {
    named: [['OutOfMemory', 'high']],
    operator: { does: 'reports', cause: 'OutOfMemory' },
  },
};

describe.each(Object.entries(CASES))('the fault %s', (name, { named, fromFiles, operator }) => {
  const fault = FAULTS[name as FaultName];
  beforeEach(async () => restoreCluster(rig));
  afterEach(async () => {
    await rig.kubectl(['delete', 'dnshealthpolicies,dnsremediations', '--all', '--wait=true']);
    await fault.heal(rig, NODE);
  });

  it(`is named ${(fromFiles ?? named?.[0])?.[0]}, and the operator does what it says`, async () => {
    await fault.break(rig, NODE);
    expect(missed(await diagnosis(rig, '--node', NODE), ...(named ?? []))).toEqual([]);
    expect(fromFiles ? missed(await savedDiagnosis(), fromFiles) : []).toEqual([]);

    const before = await nodeState();
    await applyPolicy(rig, { mode: 'Repair' });
    expect(await whatItDoes(operator)).toEqual(operator);
    const after = await nodeState();
    expect(after).toEqual(operator.does === 'ends' && operator.phase === 'Healed' ? after : before);
  });
});

describe('a cluster without faults', () => {
  afterAll(async () => restoreCluster(rig));

  it('is healthy for the plugin', async () => {
    await restoreCluster(rig);
    // Pods that are being deleted are listed until they are gone.
    const verdict = await until(
      async () => {
        const report = await diagnosis(rig);
        return report.pods.length === rig.nodes.length ? report.verdict : undefined;
      },
      { what: 'the deleted pods to be gone' },
    );
    expect(verdict).toMatchObject({ healthy: true, atFault: 0 });
  });
});

const RANK = { low: 0, medium: 1, high: 2 } as const;

/** Empty if one of the causes is among the findings for the node, with enough confidence; otherwise what is there instead. */
function missed(report: Report, ...sought: readonly Named[]): readonly unknown[] {
  const findings = report.pods
    .filter(({ node }) => node === NODE)
    .flatMap((pod) => pod.findings)
    .map((finding) => ({ cause: finding.cause, confidence: finding.confidence }));
  const isNamed = sought.some(([cause, atLeast]) =>
    findings.some((finding) => finding.cause === cause && RANK[finding.confidence] >= RANK[atLeast]),
  );
  return isNamed || sought.length === 0 ? [] : [{ sought, findings, summary: report.verdict.summary }];
}

async function savedDiagnosis(): Promise<Report> {
  const dump = await saveFiles(rig);
  try {
    return await diagnosis(rig, '--dir', dump, '--node', NODE);
  } finally {
    await rm(dirname(dump), { recursive: true });
  }
}

/** What no operator may change on a node that it does not repair. */
async function nodeState() {
  const { pid } = await kubeletStarts(rig, NODE);
  const files = await Promise.all(
    [KUBELET_CONFIG, KUBELET_ENVIRONMENT, '/etc/resolv.conf'].map((path) => rig.readFile(NODE, path)),
  );
  return { pid, files, scheduling: await scheduling(rig, NODE) };
}

/** What the operator does, once it has done what is expected of it. */
async function whatItDoes(expected: Operator): Promise<Operator | { readonly records: unknown }> {
  switch (expected.does) {
    case 'ends':
      return { does: 'ends', phase: (await untilEnded(rig, NODE)).status.phase };
    case 'waits': {
      const { status } = await untilRetrying(rig, NODE);
      return { does: 'waits', reason: status.attempts.map(({ reason }) => reason).join() };
    }
    case 'reports':
      await until(
        async () => (await policyStatus(rig))?.observations.find(({ cause }) => cause === expected.cause),
        { what: `the policy to report ${expected.cause}` },
      );
      return unlessRecorded(expected);
    case 'nothing':
      await until(async () => (await policyStatus(rig))?.conditions.length, {
        what: 'the policy to be watched',
      });
      return unlessRecorded(expected);
    default:
      return expected satisfies never;
  }
}

async function unlessRecorded(expected: Operator): Promise<Operator | { readonly records: unknown }> {
  const records = await remediations(rig);
  return records.length === 0 ? expected : { records };
}
