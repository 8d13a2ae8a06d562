/** The manifest of a repair, for the tests of everything that is started on a node. */
import { aRemediation } from '../../../test/support/objects/builders.ts';
import { type KubeletDirectory, type RepairRequest, USUAL_DIRECTORIES } from '../../api/agent-protocol.ts';
import { type PolicySpec, policySpecSchema } from '../../api/policy.ts';
import { changeJob } from '../change-job.ts';

export const IMAGE = 'registry.example/dnshealth-operator@sha256:abc';
export const known = { clusterDNS: ['10.96.0.10'], nodeLocalDNS: ['169.254.20.10'], node: ['192.0.2.11'] };
const { name, uid } = aRemediation();
export const remediation = { name, uid };

export function aRepairJob(
  policy: PolicySpec = policySpecSchema.parse({}),
  node = 'node-1',
  writable: KubeletDirectory[] = [...USUAL_DIRECTORIES],
  more: Pick<RepairRequest, 'restart'> = {},
) {
  const { targets, acceptRisky, replaceEmptyValue } = policy.repair;
  const { externalName } = policy.verification;
  return changeJob({
    remediation,
    node,
    image: IMAGE,
    activeDeadlineSeconds: 120,
    agent: {
      verb: 'repair',
      nonce: uid,
      remediation: name,
      targets,
      acceptRisky,
      replaceEmptyValue,
      known,
      externalName: externalName ?? 'x.invalid',
      writable,
      ...more,
    },
  });
}
