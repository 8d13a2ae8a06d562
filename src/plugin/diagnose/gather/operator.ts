/** What the operator knows, where it is installed: its policies and its records. */
import { API_VERSION } from '../../../api/keys.ts';
import { KubeError } from '../../../kube/errors.ts';
import { parsePolicy, parseRemediations } from '../../../observe/custom-resources.ts';
import type { Connection } from '../../cluster/connect.ts';
import type { OperatorKnowledge } from '../gathered.ts';
import type { Attempts } from './attempts.ts';

/** In one answer. A record has some kilobytes, and each policy keeps a limited number of them. */
const MOST = 500;

interface List {
  readonly items: readonly unknown[];
  readonly metadata?: { readonly continue?: string };
}

export async function operatorKnowledge(
  { kube }: Connection,
  attempts: Attempts,
  signal: AbortSignal,
): Promise<OperatorKnowledge> {
  const list = async (plural: string): Promise<readonly unknown[] | 'no-such-kind' | undefined> =>
    attempts.read(
      {
        what: `the ${plural} of the operator`,
        command: `kubectl get ${plural} -o yaml`,
        right: `list ${plural}`,
      },
      async () => {
        try {
          const path = `/apis/${API_VERSION}/${plural}`;
          const { items, metadata } = await kube.raw.request<List>({
            method: 'GET',
            path,
            query: { limit: MOST },
            signal,
          });
          if (metadata?.continue)
            attempts.add([
              {
                what: `all ${plural} of the operator`,
                why: `Only the first ${MOST} were read.`,
                command: `kubectl get ${plural}`,
              },
            ]);
          return items;
        } catch (error) {
          if (error instanceof KubeError && error.code === 404) return 'no-such-kind';
          throw error;
        }
      },
    );
  const [policies, remediations] = await Promise.all([list('dnshealthpolicies'), list('dnsremediations')]);
  if (policies === 'no-such-kind') return { kind: 'not-installed' };
  if (policies === undefined) return { kind: 'unknown' };
  return {
    kind: 'installed',
    policies: policies.map(parsePolicy),
    remediations: Array.isArray(remediations) ? parseRemediations(remediations) : [],
  };
}
