/** What the operator itself creates on nodes, as it sends it: each mutant changes one of these. */
import {
  type InspectRequest,
  type KubeletDirectory,
  type RepairRequest,
  USUAL_DIRECTORIES,
} from '../../../src/api/agent-protocol.ts';
import { changeJob } from '../../../src/effects/change-job.ts';
import { checkPod } from '../../../src/effects/check-pod.ts';
import { inspectJob } from '../../../src/effects/inspect-job.ts';
import { AGENT_IMAGE } from '../apiserver/admission.ts';
import { asSent } from './mutant.ts';

export const remediation = { name: 'node-1-0123abcd', uid: '2f6bb5f4-0001-4a5e-9d2f-000000000001' };
const node = 'node-1';
const image = AGENT_IMAGE;
const decision = {
  nonce: remediation.uid,
  targets: ['/run/systemd/resolve/resolv.conf'],
  acceptRisky: false,
  replaceEmptyValue: false,
  known: { clusterDNS: ['10.96.0.10'], nodeLocalDNS: ['169.254.20.10'], node: ['192.0.2.11'] },
  externalName: 'x.invalid',
  clusterName: 'kubernetes.default.svc.cluster.local',
} satisfies Partial<RepairRequest>;

export const repair = (
  writable: readonly KubeletDirectory[] = USUAL_DIRECTORIES,
  more: Partial<RepairRequest> = {},
) =>
  asSent(
    changeJob({
      remediation,
      node,
      image,
      activeDeadlineSeconds: 120,
      agent: { verb: 'repair', ...decision, remediation: remediation.name, writable: [...writable], ...more },
    }),
  );
export const rollback = asSent(
  changeJob({
    remediation,
    node,
    image,
    activeDeadlineSeconds: 120,
    agent: {
      verb: 'rollback',
      nonce: remediation.uid,
      remediation: remediation.name,
      of: 'node-1-00000000',
      writable: ['/etc/default'],
      nodeIP: '192.0.2.11',
    },
  }),
);
const inspect: InspectRequest = { verb: 'inspect', ...decision };
export const inspection = (wasRepaired: boolean) =>
  asSent(
    inspectJob({
      name: `${remediation.name}-inspect`,
      of: { kind: 'incident', remediation, wasRepaired },
      node,
      image,
      activeDeadlineSeconds: 60,
      agent: inspect,
    }),
  );
export const inspectionOfNode = asSent(
  inspectJob({
    name: 'inspect-0123456789abcdef',
    of: { kind: 'node', origin: { nonce: 'n-1', node: 'u-1' } },
    node,
    image,
    activeDeadlineSeconds: 60,
    agent: { ...inspect, nonce: 'n-1', restart: false },
  }),
);
const check = { node, image, activeDeadlineSeconds: 60 } as const;
const asked = {
  verb: 'check',
  known: decision.known,
  acceptRisky: false,
  externalName: 'x.invalid',
  clusterServers: [],
} as const;
export const proof = asSent(
  checkPod({
    ...check,
    name: `${remediation.name}-proof`,
    remediation,
    agent: { ...asked, nonce: remediation.uid, known: { ...asked.known }, clusterServers: [] },
  }),
);
export const checkOfPod = asSent(
  checkPod({
    ...check,
    name: 'late-loop-0123456789',
    agent: { ...asked, nonce: 'n-2', known: { ...asked.known }, clusterServers: [] },
  }),
);
export const checkOfNode = asSent(
  checkPod({
    ...check,
    name: 'node-0123456789abcdef',
    ofNode: {
      origin: { nonce: 'n-1', why: 'FirstSeen', node: 'u-1', bootID: 'b', kubeletVersion: 'v', osImage: 'o' },
      batch: 'b-1',
    },
    agent: { ...asked, nonce: 'n-1', known: { ...asked.known }, clusterServers: [] },
  }),
);
