/** The records that a person answers to, by their names or all that fit. */
import { API_VERSION } from '../../api/keys.ts';
import type { KubeClient } from '../../kube/client.ts';
import { parseRemediation, parseRemediations } from '../../observe/custom-resources.ts';
import type { Remediation } from '../../remediation/world.ts';
import { getNamed } from '../cluster/get-named.ts';
import { PluginError } from '../errors.ts';

export const recordPath = (name: string): string =>
  `/apis/${API_VERSION}/dnsremediations/${encodeURIComponent(name)}`;

export const allRecords = async (kube: KubeClient, signal: AbortSignal): Promise<readonly Remediation[]> =>
  parseRemediations(await kube.customResource(API_VERSION, 'dnsremediations').list(signal));

export interface Selection {
  readonly names: readonly string[];
  /** Instead of names. */
  readonly all: boolean;
  readonly policy: string | undefined;
}

/**
 * @param fits which of all are meant; `all` are those of the cluster
 * @throws PluginError if names are missing, or given together with --all
 */
export async function selectRecords(
  kube: KubeClient,
  { names, all, policy }: Selection,
  fits: (record: Remediation, all: readonly Remediation[]) => boolean,
  signal: AbortSignal,
): Promise<readonly Remediation[]> {
  if (names.length > 0 && (all || policy !== undefined))
    throw new PluginError('name DNSRemediations, or select them with --all and --policy, but not both');
  if (names.length === 0 && !all)
    throw new PluginError(
      'name a DNSRemediation, or take all with --all; kubectl dnshealth status lists them',
    );
  if (all) {
    const records = await allRecords(kube, signal);
    return records
      .filter(
        (record) => (policy === undefined || record.spec.policy.name === policy) && fits(record, records),
      )
      .toSorted((a, b) => a.createdAt - b.createdAt);
  }
  const found: Remediation[] = [];
  for (const name of new Set(names))
    found.push(parseRemediation(await getNamed(kube, 'dnsremediations', name, signal)));
  return found;
}
