/** The manifests of everything that is started on a node: least privilege, and no field of a custom resource. */
import type { V1Container, V1JobSpec, V1PodSpec } from '@kubernetes/client-node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agentRequestSchema, REQUEST_ENV, USUAL_DIRECTORIES } from '../api/agent-protocol.ts';
import { type PolicySpec, policySpecSchema, RESOLV_CONF_TARGETS } from '../api/policy.ts';
import { type CheckPodRequest, checkPod } from './check-pod.ts';
import { aRepairJob, IMAGE, known, remediation } from './testing/a-repair-job.ts';

const { name, uid } = remediation;

const proofRequest = (policy: PolicySpec = policySpecSchema.parse({})): CheckPodRequest => ({
  name: `${name}-proof`,
  remediation,
  node: 'node-1',
  image: IMAGE,
  activeDeadlineSeconds: 60,
  agent: {
    verb: 'check',
    nonce: uid,
    known,
    acceptRisky: policy.repair.acceptRisky,
    externalName: policy.verification.externalName ?? 'x.invalid',
    clusterServers: [],
  },
});
const theProof = (policy?: PolicySpec) => checkPod(proofRequest(policy));

type JobSpec = Pick<V1JobSpec, keyof V1JobSpec>;
const specOf = (policy?: PolicySpec): V1PodSpec => aRepairJob(policy).spec?.template.spec as V1PodSpec;
const proofSpecOf = (policy?: PolicySpec): V1PodSpec => theProof(policy).spec as V1PodSpec;

/** Path, read-only, type. Only what the agent itself may have to create has a type that creates it. */
const KNOWN_DIRECTORIES = [
  ['/etc', true, 'Directory'],
  ['/etc/kubernetes', false, 'DirectoryOrCreate'],
  ['/var/lib/kubelet', false, 'Directory'],
  ['/run', true, 'Directory'],
  ['/usr', true, 'Directory'],
  ['/lib', true, 'Directory'],
  ['/opt', true, 'Directory'],
  ['/var/lib/dnshealth', false, 'DirectoryOrCreate'],
] as const;

const hostMountsOf = (container: V1Container | undefined) =>
  (container?.volumeMounts ?? []).filter(({ mountPath }) => mountPath.startsWith('/host/'));
const hostPathsOf = ({ volumes }: V1PodSpec) =>
  new Map(volumes?.map((volume) => [volume.name, volume.hostPath]));

describe.each([
  ['the agent of the repair Job’s pod', specOf, 0, ['agent', 'guard'], 'dnshealth-agent'],
  ['the guard of the repair Job’s pod', specOf, 1, ['agent', 'guard'], 'dnshealth-agent'],
  ['the proof pod', proofSpecOf, 0, ['agent'], 'dnshealth-check'],
] as const)('%s', (_what, make, index, names, serviceAccountName) => {
  const spec = make();
  const container = spec.containers[index];

  it('is not privileged, and cannot escalate', () => {
    expect(container?.securityContext).toMatchObject({
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container?.securityContext?.capabilities).not.toHaveProperty('add');
    expect(container?.securityContext).not.toHaveProperty('procMount');
  });

  it('uses no host namespace', () => {
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace', 'hostUsers'])
      expect(spec).not.toHaveProperty(field);
    expect(container).not.toHaveProperty('ports');
  });

  it('has no token and no other container', () => {
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      serviceAccountName,
    });
    expect(spec.containers.map(({ name: of }) => of)).toEqual(names);
    for (const field of ['initContainers', 'ephemeralContainers', 'imagePullSecrets'])
      expect(spec).not.toHaveProperty(field);
    expect(container).not.toHaveProperty('envFrom');
    expect(container).not.toHaveProperty('lifecycle');
  });

  it('bypasses the scheduler, tolerates the quarantine, and is never restarted', () => {
    expect(spec).toMatchObject({
      nodeName: 'node-1',
      tolerations: [{ operator: 'Exists' }],
      restartPolicy: 'Never',
      dnsPolicy: 'Default',
    });
  });

  it('gets its request in one variable that the agent’s own schema accepts', () => {
    expect(container?.env?.map((variable) => variable.name)).toEqual([REQUEST_ENV]);
    const request = agentRequestSchema.parse(JSON.parse(container?.env?.[0]?.value ?? ''));
    expect(request).toMatchObject({ nonce: uid });
  });

  it('reports through its termination message', () => {
    expect(container).toMatchObject({
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
    });
  });
});

describe('the Job that corrects a file alone', () => {
  const job = aRepairJob(undefined, undefined, undefined, { restart: false });

  it('differs from that of a repair in its request and in having no guard', () => {
    const spec = job.spec?.template.spec as V1PodSpec;
    const [own, ofRepair] = [spec.containers, specOf().containers];
    expect(own.map(({ name: of }) => of)).toEqual(['agent']);
    for (const field of ['image', 'command', 'args', 'resources', 'volumeMounts', 'securityContext'] as const)
      expect(own[0]?.[field]).toEqual(ofRepair[0]?.[field]);
    expect(JSON.parse(own[0]?.env?.[0]?.value ?? '')).toMatchObject({ verb: 'repair', restart: false });
    expect(spec.volumes).toEqual(specOf().volumes);
  });
});

describe('the repair Job', () => {
  it('runs once, ends by itself, and is deleted with its remediation', () => {
    const { metadata, spec } = aRepairJob();
    expect(spec).toMatchObject({
      backoffLimit: 0,
      activeDeadlineSeconds: 120,
      ttlSecondsAfterFinished: 3600,
    });
    expect(metadata).toMatchObject({
      name,
      namespace: 'dnshealth-node',
      ownerReferences: [{ kind: 'DNSRemediation', name, uid }],
    });
    for (const labels of [metadata?.labels, spec?.template.metadata?.labels])
      expect(labels).toMatchObject({ 'dnshealth.io/remediation': name, 'dnshealth.io/role': 'repair' });
  });

  it('mounts the known directories of the node, three of them writable', () => {
    const spec = specOf();
    const volumes = hostPathsOf(spec);
    const mounts = hostMountsOf(spec.containers[0]);
    expect(
      mounts.map(({ name: of, readOnly }) => [volumes.get(of)?.path, readOnly, volumes.get(of)?.type]),
    ).toEqual(KNOWN_DIRECTORIES);
    for (const { name: of, mountPath } of mounts) expect(mountPath).toBe(`/host${volumes.get(of)?.path}`);
  });

  it('may write in no mount below one that it may only read, where the kubelet supports that', () => {
    for (const { readOnly, recursiveReadOnly } of hostMountsOf(specOf().containers[0]))
      expect(recursiveReadOnly).toBe(readOnly ? 'IfPossible' : undefined);
  });

  it('has a guard with the agent’s own mounts and rights, which starts after it, and a place where the two meet', () => {
    const [agent, guard] = specOf().containers;
    const { name: _a, env: _b, ...ofAgent } = agent as V1Container;
    const { name: _c, env, ...ofGuard } = guard as V1Container;
    expect(ofGuard).toEqual(ofAgent);
    expect(JSON.parse(env?.[0]?.value ?? '')).toEqual({
      verb: 'guard',
      nonce: uid,
      remediation: name,
      writable: USUAL_DIRECTORIES,
    });
    expect(ofGuard.volumeMounts?.at(-1)).toEqual({ name: 'hand-over', mountPath: '/hand-over' });
    expect(specOf().volumes?.at(-1)).toEqual({
      name: 'hand-over',
      emptyDir: { medium: 'Memory', sizeLimit: '1Mi' },
    });
  });

  it('runs on a node that has no room for another pod, and asks for no CPU', () => {
    const spec = specOf();
    expect(spec.priorityClassName).toBe('system-node-critical');
    expect(spec.containers[0]?.resources).toEqual({
      requests: { cpu: '0', memory: '16Mi' },
      limits: { memory: '192Mi' },
    });
  });

  it.each(['/etc/default', '/etc/sysconfig'] as const)(
    'may write in %s if the setting is there, and then nowhere else',
    (path) => {
      const job = aRepairJob(undefined, undefined, [path]).spec as JobSpec;
      const { volumes, containers } = job.template.spec as V1PodSpec;
      const paths = new Map(volumes?.map((volume) => [volume.name, volume.hostPath?.path]));
      const mounts = hostMountsOf(containers[0]);
      expect(mounts.filter(({ readOnly }) => !readOnly).map((mount) => paths.get(mount.name))).toEqual([
        path,
        '/var/lib/dnshealth',
      ]);
      expect([...paths.values()]).toEqual(expect.arrayContaining(['/etc', '/var/lib/kubelet']));
    },
  );

  it('runs as root, for root’s own files', () => {
    expect(specOf().containers[0]?.securityContext).toMatchObject({ runAsUser: 0, runAsGroup: 0 });
  });

  it('may connect to the system bus on hosts with AppArmor and with SELinux', () => {
    expect(specOf().containers[0]?.securityContext).toMatchObject({
      appArmorProfile: { type: 'Unconfined' },
      seLinuxOptions: { type: 'spc_t' },
    });
  });
});

describe('the proof pod', () => {
  it('runs as nobody, mounts nothing of the node, and ends by itself', () => {
    const spec = proofSpecOf();
    expect(spec).not.toHaveProperty('volumes');
    expect(spec.activeDeadlineSeconds).toBe(60);
    expect(spec.containers[0]?.securityContext).toMatchObject({ runAsUser: 65_534, runAsNonRoot: true });
    expect(theProof().metadata).toMatchObject({
      name: `${name}-proof`,
      namespace: 'dnshealth-check',
      ownerReferences: [{ uid }],
      labels: { 'dnshealth.io/role': 'check', 'dnshealth.io/remediation': name },
    });
  });

  it('is the same thing as a check without an incident, which nothing owns', () => {
    const { remediation: _incident, ...request } = proofRequest();
    const lone = checkPod({ ...request, name: 'node-1-check' });
    expect(lone.spec).toEqual(proofSpecOf());
    expect(lone.metadata?.labels).toEqual({
      'app.kubernetes.io/managed-by': 'dnshealth-operator',
      'dnshealth.io/role': 'check',
    });
    expect(lone.metadata).not.toHaveProperty('ownerReferences');
  });
});

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
const dnsName = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));
/** Any policy that the schema accepts. */
const policies: fc.Arbitrary<PolicySpec> = fc
  .record({
    mode: fc.constantFrom('Repair', 'Observe'),
    workload: fc.record({ kind: fc.constantFrom('Deployment', 'DaemonSet'), name: label, container: label }),
    quarantine: fc.record({
      strategy: fc.constantFrom('Cordon', 'Taint'),
      maxSeconds: fc.integer({ min: 60, max: 540 }),
    }),
    repair: fc.record({
      targets: fc.shuffledSubarray([...RESOLV_CONF_TARGETS], { minLength: 1 }),
      acceptRisky: fc.boolean(),
      replaceEmptyValue: fc.boolean(),
    }),
    limits: fc.record({ maxConcurrent: fc.integer({ min: 1, max: 10 }) }),
    verification: fc.record(
      {
        clusterDomain: dnsName,
        externalName: dnsName,
        stableSeconds: fc.integer({ min: 1, max: 9 }),
        timeoutSeconds: fc.integer({ min: 10, max: 600 }),
      },
      { requiredKeys: ['clusterDomain', 'stableSeconds', 'timeoutSeconds'] },
    ),
  })
  .map((spec) => policySpecSchema.parse(spec));

/** The pod spec without the one value that the agent parses with its own closed schema. */
function withoutRequest(spec: V1PodSpec): unknown {
  const copy: V1PodSpec = structuredClone(spec);
  for (const container of copy.containers) delete container.env;
  return copy;
}

describe('no policy', () => {
  const plain = withoutRequest(specOf());

  it('changes anything of the repair Job except its request', () => {
    fc.assert(
      fc.property(policies, (policy) => {
        expect(withoutRequest(specOf(policy))).toEqual(plain);
        const { metadata, spec } = aRepairJob(policy);
        const { template, ...rest } = aRepairJob().spec as JobSpec;
        expect(metadata).toEqual(aRepairJob().metadata);
        expect(spec).toMatchObject(rest);
        expect(spec?.template.metadata).toEqual(template.metadata);
      }),
      { numRuns: 500 },
    );
  });

  it('changes anything of the proof pod except its request', () => {
    const proof = withoutRequest(proofSpecOf());
    fc.assert(
      fc.property(policies, (policy) => {
        expect(withoutRequest(proofSpecOf(policy))).toEqual(proof);
      }),
      { numRuns: 500 },
    );
  });

  it('puts anything into a request except values from closed lists and a DNS name', () => {
    fc.assert(
      fc.property(policies, (policy) => {
        const request = agentRequestSchema.parse(
          JSON.parse(specOf(policy).containers[0]?.env?.[0]?.value ?? ''),
        );
        expect(request).toEqual({
          verb: 'repair',
          nonce: uid,
          remediation: name,
          known,
          targets: policy.repair.targets,
          acceptRisky: policy.repair.acceptRisky,
          replaceEmptyValue: policy.repair.replaceEmptyValue,
          externalName: policy.verification.externalName ?? 'x.invalid',
          writable: USUAL_DIRECTORIES,
        });
      }),
      { numRuns: 500 },
    );
  });
});
