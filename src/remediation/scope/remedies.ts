/** Which remedies the policy of an incident allowed when it was claimed. */
import type { RemediationSpec } from '../../api/remediation.ts';

type Settings = Pick<RemediationSpec, 'settings'>;

export const mayCorrect = ({ settings }: Settings): boolean =>
  settings.repair.remedies.includes('CorrectKubelet');
export const mayRecreate = ({ settings }: Settings): boolean =>
  settings.repair.remedies.includes('RecreatePods');
