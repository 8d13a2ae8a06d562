/** Events of nodes without an incident: what a check or an inspection found there, and labels that are not understood. */
import { EXCLUDE_LABEL } from '../../api/keys.ts';
import { type FilesVerdict, filesReason } from '../../api/node-check-record.ts';
import type { EventIntent, Subject } from './events.ts';

interface Policy {
  readonly name: string;
  readonly uid: string;
}
const ofPolicy = (policy: Policy | null): readonly Subject[] =>
  policy ? [{ kind: 'policy', name: policy.name, uid: policy.uid }] : [];

/** A check found a node wrong that was not known to be. */
export function driftFound(node: string, message: string, policy: Policy | null): EventIntent {
  return {
    about: [{ kind: 'node', name: node }, ...ofPolicy(policy)],
    type: 'Warning',
    reason: 'DriftFound',
    action: 'Check',
    note: `${node}: ${message}`,
  };
}

/** The files of a node's kubelet say something else than the running kubelet does; null where they do not. */
export function filesEvent(
  node: string,
  verdict: FilesVerdict,
  message: string,
  policy: Policy | null,
): EventIntent | null {
  const reason = filesReason(verdict);
  if (reason === undefined) return null;
  return {
    about: [{ kind: 'node', name: node }, ...ofPolicy(policy)],
    type: 'Warning',
    reason,
    action: 'Inspect',
    note: `${node}: ${message}`,
  };
}

/** A node carries the exclude label with a value that does not count. */
export function excludeLabelIgnored(node: string, value: string): EventIntent {
  return {
    about: [{ kind: 'node', name: node }],
    type: 'Warning',
    reason: 'ExcludeLabelIgnored',
    action: 'Read',
    note: `The label ${EXCLUDE_LABEL}=${value} is ignored, because only the value "true" excludes a node. To exclude it: \`kubectl label node ${node} ${EXCLUDE_LABEL}=true --overwrite\`. To allow repairs: \`kubectl label node ${node} ${EXCLUDE_LABEL}-\`.`,
  };
}
