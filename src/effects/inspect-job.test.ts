import type { V1PodSpec } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { inspectRequestSchema } from '../api/agent-protocol.ts';
import { parseInspectionOrigin } from '../api/inspection-origin.ts';
import { inspectJob } from './inspect-job.ts';
import { aRepairJob, IMAGE, remediation } from './testing/a-repair-job.ts';

const { name, uid } = remediation;

describe('the Job of an inspection', () => {
  const job = inspectJob({
    name: 'inspect-0123456789abcdef',
    of: { kind: 'node', origin: { nonce: 'nonce-1', node: 'uid-of-node-1' } },
    node: 'node-1',
    image: IMAGE,
    activeDeadlineSeconds: 90,
    agent: inspectRequestSchema.parse({ verb: 'inspect', nonce: 'nonce-1', restart: false }),
  });
  const spec = job.spec?.template.spec as V1PodSpec;

  it('mounts nothing to be written, and not the directory of the agent', () => {
    expect(spec.containers).toHaveLength(1);
    const mounts = spec.containers[0]?.volumeMounts ?? [];
    expect(mounts.map(({ mountPath }) => mountPath)).toEqual(
      ['/etc', '/var/lib/kubelet', '/run', '/usr', '/lib', '/opt'].map((path) => `/host${path}`),
    );
    for (const one of mounts) expect(one).toMatchObject({ readOnly: true, recursiveReadOnly: 'IfPossible' });
    for (const { hostPath } of spec.volumes ?? []) expect(hostPath?.type).toBe('Directory');
  });

  it('has the rights of a repair otherwise, runs once, and has no priority over others', () => {
    expect(spec.containers[0]?.securityContext).toEqual(
      aRepairJob().spec?.template.spec?.containers[0]?.securityContext,
    );
    expect(spec).toMatchObject({
      serviceAccountName: 'dnshealth-agent',
      automountServiceAccountToken: false,
    });
    expect(spec).not.toHaveProperty('priorityClassName');
    expect(job.spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 90 });
    expect(job.metadata).not.toHaveProperty('ownerReferences');
  });

  it('says on itself and on its pod what it is about', () => {
    for (const metadata of [job.metadata, job.spec?.template.metadata])
      expect(parseInspectionOrigin(metadata?.annotations?.['dnshealth.io/inspection'] ?? '')).toEqual({
        nonce: 'nonce-1',
        node: 'uid-of-node-1',
      });
  });
});

describe('the Job of an inspection that belongs to an incident', () => {
  const jobOf = (wasRepaired: boolean) =>
    inspectJob({
      name: `${name}-inspect`,
      of: { kind: 'incident', remediation, wasRepaired },
      node: 'node-1',
      image: IMAGE,
      activeDeadlineSeconds: 90,
      agent: inspectRequestSchema.parse({ verb: 'inspect', nonce: uid }),
    });
  const job = jobOf(true);
  const spec = job.spec?.template.spec as V1PodSpec;

  it('reads what earlier repairs left on the node as well, and can create or write nothing', () => {
    const mounts = spec.containers[0]?.volumeMounts ?? [];
    expect(mounts.map(({ mountPath }) => mountPath)).toContain('/host/var/lib/dnshealth');
    for (const one of mounts) expect(one).toMatchObject({ readOnly: true });
    for (const { hostPath } of spec.volumes ?? []) expect(hostPath?.type).toBe('Directory');
  });

  it('mounts nothing of earlier repairs on a node that had none: the kubelet would wait for that directory for ever', () => {
    const pod = jobOf(false).spec?.template.spec;
    const { containers, volumes } = pod as V1PodSpec;
    expect(containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).not.toContain(
      '/host/var/lib/dnshealth',
    );
    expect(volumes?.map(({ hostPath }) => hostPath?.path)).not.toContain('/var/lib/dnshealth');
  });

  it('is found by the incident, is deleted with it, and is not taken for its repair', () => {
    expect(job.metadata).toMatchObject({ ownerReferences: [{ kind: 'DNSRemediation', name, uid }] });
    for (const labels of [job.metadata?.labels, job.spec?.template.metadata?.labels])
      expect(labels).toMatchObject({ 'dnshealth.io/remediation': name, 'dnshealth.io/role': 'inspect' });
    for (const metadata of [job.metadata, job.spec?.template.metadata])
      expect(metadata).not.toHaveProperty('annotations');
  });
});
