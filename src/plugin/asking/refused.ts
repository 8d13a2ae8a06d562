/** Why the API server refused a change that a person asked for: which right is missing and which role holds it, or what admission says. */
import { KubeError } from '../../kube/errors.ts';
import { PluginError } from '../errors.ts';

/** As in config/rbac/users.yaml. */
export type Role = 'dnshealth-approver' | 'dnshealth-pauser';

/** `ValidatingAdmissionPolicy 'x' with binding 'x' denied request: message` */
const DENIED_BY_ADMISSION = /ValidatingAdmissionPolicy '([^']+)'.*? denied request: (.*)$/s;
/** `User "anna" cannot patch resource …` */
const USER = /User "([^"]+)" cannot/;

export function refused(error: unknown, role: Role): unknown {
  if (!(error instanceof KubeError) || (error.code !== 403 && error.code !== 422)) return error;
  const [, policy, message] = DENIED_BY_ADMISSION.exec(error.detail) ?? [];
  if (policy !== undefined && message !== undefined)
    return new PluginError(
      `the API server refused to ${error.what}: ${message.trim()} (admission policy ${policy})`,
      { cause: error },
    );
  if (error.code !== 403) return error;
  const detail = error.detail.replace(/^.{0,200}? is forbidden: /, '');
  const user = USER.exec(detail)?.[1] ?? 'USER';
  return new PluginError(
    `no permission to ${error.what}: ${detail}; the ClusterRole ${role} holds that right: kubectl create clusterrolebinding ${role} --clusterrole=${role} --user=${user}`,
    { cause: error },
  );
}
