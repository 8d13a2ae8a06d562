/** Reads one object of our kinds by its name; one that does not exist is an error that suggests what was meant. */
import { API_VERSION } from '../../api/keys.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import { isOperatorMissing, PluginError } from '../errors.ts';
import { nearest } from '../terminal/nearest.ts';

const KINDS = {
  dnsremediations: { kind: 'DNSRemediation', listedBy: 'kubectl dnshealth history' },
  dnshealthpolicies: { kind: 'DNSHealthPolicy', listedBy: 'kubectl dnshealth status' },
} as const;
export type Plural = keyof typeof KINDS;

/** @throws PluginError if there is none of that name */
export async function getNamed(
  kube: KubeClient,
  plural: Plural,
  name: string,
  signal: AbortSignal,
): Promise<object> {
  const api = kube.customResource<object>(API_VERSION, plural);
  try {
    return await api.get(name, signal);
  } catch (error) {
    if (!isNotFound(error) || isOperatorMissing(error)) throw error;
    throw new PluginError(missing(plural, name, (await api.list(signal)).flatMap(nameOf)), { cause: error });
  }
}

/** @param names all that exist */
export function missing(plural: Plural, name: string, names: readonly string[]): string {
  const { kind, listedBy } = KINDS[plural];
  if (names.length === 0) return `there is no ${kind} ${name}: none is recorded in this cluster`;
  const near = nearest(name, names);
  return `there is no ${kind} ${name}${near.length === 0 ? `; ${listedBy} lists all` : `: did you mean ${near.join(' or ')}?`}`;
}

function nameOf(object: object): readonly string[] {
  const { metadata } = object as { readonly metadata?: { readonly name?: string } };
  return metadata?.name === undefined ? [] : [metadata.name];
}
