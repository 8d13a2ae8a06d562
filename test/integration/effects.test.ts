/** The effects on Jobs, pods and records on a real apiserver, as the operator's own service account: repeated and too late. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkRequestSchema } from '../../src/api/agent-protocol.ts';
import { type ChangeJobRequest, changeJob, startChange } from '../../src/effects/change-job.ts';
import { type CheckPodRequest, proofPodName, removeCheck, startCheck } from '../../src/effects/check-pod.ts';
import { deleteRemediation } from '../../src/effects/delete-remediation.ts';
import { deleteJob } from '../../src/effects/node-job.ts';
import { NotOursError } from '../../src/effects/not-ours.ts';
import { recreatePods } from '../../src/effects/recreate.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import {
  type InstalledApiserver,
  operatorClient,
  startInstalledApiserver,
} from '../support/apiserver/installed-apiserver.ts';
import { aRemediation } from '../support/objects/builders.ts';

const MERGE = { contentType: 'application/merge-patch+json' } as const;
const signal = new AbortController().signal;

let server: InstalledApiserver;
let kube: KubeClient;

beforeAll(async () => {
  server = await startInstalledApiserver();
  kube = await operatorClient(server);
});
afterAll(async () => {
  await kube.close();
  await server.stop();
});

const PODS = '/api/v1/namespaces/kube-system/pods';
const aDnsPod = async (name: string) => {
  const { body } = await server.call('POST', PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: { 'k8s-app': 'kube-dns' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'coredns', uid: 'coredns', controller: true },
      ],
    },
    spec: { containers: [{ name: 'coredns', image: 'coredns' }] },
  });
  return { name, uid: body.metadata.uid as string };
};
const exists = async (path: string) => (await server.call('GET', path)).status === 200;

describe('deleting an old remediation', () => {
  const INCIDENTS = '/apis/dnshealth.io/v1alpha1/dnsremediations';
  const anIncident = async (): Promise<string> => {
    const { body } = await server.call('POST', INCIDENTS, {
      apiVersion: 'dnshealth.io/v1alpha1',
      kind: 'DNSRemediation',
      metadata: { name: 'old' },
      spec: aRemediation().spec,
    });
    const ended = { status: { phase: 'Healed', finishedAt: '2026-01-01T00:00:00Z' } };
    await server.call('PATCH', `${INCIDENTS}/old/status`, ended, MERGE);
    return body.metadata.uid;
  };

  it('is a no-op when repeated, and spares a later one of the same name', async () => {
    const uid = await anIncident();
    await deleteRemediation(kube, { name: 'old', uid }, signal);
    expect(await exists(`${INCIDENTS}/old`)).toBe(false);
    await expect(deleteRemediation(kube, { name: 'old', uid }, signal)).resolves.toBeUndefined();
    await anIncident();
    await deleteRemediation(kube, { name: 'old', uid }, signal);
    expect(await exists(`${INCIDENTS}/old`)).toBe(true);
  });
});

describe('recreating DNS pods', () => {
  it('deletes the pod, and is a no-op if it is already gone', async () => {
    const pod = await aDnsPod('coredns-a');
    await recreatePods(kube, [pod], signal);
    expect(await exists(`${PODS}/coredns-a`)).toBe(false);
    await expect(recreatePods(kube, [pod], signal)).resolves.toBeUndefined();
  });

  it('spares a replacement of the same name, and continues with the next pod', async () => {
    const gone = await aDnsPod('coredns-b');
    await server.call('DELETE', `${PODS}/coredns-b`, { gracePeriodSeconds: 0 });
    await aDnsPod('coredns-b');
    const next = await aDnsPod('coredns-c');
    await recreatePods(kube, [gone, next], signal);
    expect(await exists(`${PODS}/coredns-b`)).toBe(true);
    expect(await exists(`${PODS}/coredns-c`)).toBe(false);
  });
});

describe('the node side', () => {
  const JOBS = '/apis/batch/v1/namespaces/dnshealth-node/jobs';
  const PROOF = `/api/v1/namespaces/dnshealth-check/pods/${proofPodName('incident-1')}`;
  const CHECK = 'node-0123456789abcdef';
  const remediation = { name: 'incident-1', uid: '11111111-1111-4111-8111-111111111111' };
  const successor = { ...remediation, uid: '22222222-2222-4222-8222-222222222222' };
  const known = { clusterDNS: [], nodeLocalDNS: [], node: [] };
  const base = { remediation, node: 'node-1', image: 'dnshealth-operator:test', activeDeadlineSeconds: 60 };
  const said = { nonce: remediation.uid, remediation: remediation.name, known, acceptRisky: false };
  const repair: ChangeJobRequest = {
    ...base,
    agent: {
      verb: 'repair',
      ...said,
      targets: ['/run/systemd/resolve/resolv.conf'],
      replaceEmptyValue: false,
      externalName: 'x.invalid',
      writable: ['/etc/kubernetes'],
    },
  };
  const proof: CheckPodRequest = {
    ...base,
    name: proofPodName('incident-1'),
    agent: checkRequestSchema.parse({ verb: 'check', nonce: remediation.uid }),
  };
  const uidAt = async (path: string) => (await server.call('GET', path)).body.metadata?.uid as string;

  beforeEach(async () => {
    await server.call('DELETE', `${JOBS}/incident-1`, {
      propagationPolicy: 'Background',
      gracePeriodSeconds: 0,
    });
    await server.call('DELETE', PROOF, { gracePeriodSeconds: 0 });
  });

  it('is accepted by the apiserver, and started once', async () => {
    await startChange(kube, repair, signal);
    const uid = await uidAt(`${JOBS}/incident-1`);
    await startChange(kube, repair, signal);
    expect(await uidAt(`${JOBS}/incident-1`)).toBe(uid);

    await startCheck(kube, proof, signal);
    const proofUID = await uidAt(PROOF);
    await startCheck(kube, proof, signal);
    expect(await uidAt(PROOF)).toBe(proofUID);
  });

  it('runs checks where the Pod Security level admits nothing that could harm a node', async () => {
    const { spec } = changeJob(repair).spec?.template ?? {};
    const pod = { metadata: { name: 'intruder' }, spec };
    const refused = await server.call('POST', '/api/v1/namespaces/dnshealth-check/pods', pod);
    expect(refused).toMatchObject({ status: 403 });
    expect(refused.body.message).toContain('violates PodSecurity "restricted:latest"');

    const lone = { ...proof, name: CHECK, remediation: undefined };
    await startCheck(kube, lone, signal);
    await startCheck(kube, lone, signal);
    await removeCheck(kube, CHECK, signal);
  });

  it('is not used by a later remediation of the same name', async () => {
    await startChange(kube, repair, signal);
    await startCheck(kube, proof, signal);
    const nonce = successor.uid;
    const later = { ...repair, remediation: successor, agent: { ...repair.agent, nonce } };
    await expect(startChange(kube, later, signal)).rejects.toThrow(NotOursError);
    const laterProof = { ...proof, remediation: successor, agent: { ...proof.agent, nonce } };
    await expect(startCheck(kube, laterProof, signal)).rejects.toThrow(NotOursError);
  });

  it('is deleted in the foreground: the Job exists until its pods are gone', async () => {
    await startChange(kube, repair, signal);
    await deleteJob(kube, 'incident-1', signal);
    const { metadata } = (await server.call('GET', `${JOBS}/incident-1`)).body;
    expect(metadata.finalizers).toContain('foregroundDeletion');
    await expect(deleteJob(kube, 'incident-1', signal)).resolves.toBeUndefined();
    await server.call('PATCH', `${JOBS}/incident-1`, { metadata: { finalizers: null } }, MERGE);
    await expect(deleteJob(kube, 'incident-1', signal)).resolves.toBeUndefined();
  });

  it('leaves no proof pod, also when repeated', async () => {
    await startCheck(kube, proof, signal);
    await removeCheck(kube, proofPodName('incident-1'), signal);
    // No kubelet confirms the end here, so the second call may find the pod or not.
    await expect(removeCheck(kube, proofPodName('incident-1'), signal)).resolves.toBeUndefined();
    expect(await exists(PROOF)).toBe(false);
  });
});
