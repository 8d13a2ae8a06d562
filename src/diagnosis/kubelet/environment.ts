/** The variables that systemd gives the kubelet: Environment= first, then each environment file over it. */

import { Refused } from '../../api/refused.ts';
import type { Variable } from './command-line.ts';
import { parseEnvironmentFile } from './environment-file.ts';
import type { KubeletService, NodeFiles } from './kubelet-service.ts';

export function kubeletEnvironment(
  unit: Pick<KubeletService, 'environment' | 'environmentFiles'>,
  host: NodeFiles,
): ReadonlyMap<string, Variable> {
  const variables = new Map<string, Variable>();
  for (const assignment of unit.environment) {
    const equals = assignment.indexOf('=');
    if (equals > 0) variables.set(assignment.slice(0, equals), { value: assignment.slice(equals + 1) });
  }
  for (const path of unit.environmentFiles) {
    // systemd accepts patterns here. They are unusual for a kubelet, and the order of their matches would be a guess.
    if (/[*?[]/.test(path))
      throw new Refused(
        'UnknownLayout',
        `The unit kubelet.service reads its environment from a pattern, ${path}.`,
      );
    const text = host.read(path);
    // A missing file is optional, or was removed after the kubelet was started.
    if (text === undefined) continue;
    for (const { name, value, at } of parseEnvironmentFile(text))
      variables.set(name, { value, file: { path, text, at } });
  }
  return variables;
}
