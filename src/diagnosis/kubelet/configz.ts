/** `resolvConf` in the answer of a kubelet's /configz: what the running process uses, flags included. */
import { isRecord } from '../../api/is-record.ts';
import { Refused } from '../../api/refused.ts';
import { BUILT_IN_DEFAULT } from './setting.ts';

/** @throws Refused where the text is not such an answer */
export function configzValue(text: string): string {
  const root = parseJson(text);
  const config = isRecord(root) ? (root['kubeletconfig'] ?? root['componentconfig']) : undefined;
  if (!isRecord(config))
    throw new Refused('ConfigNotParseable', 'The answer of /configz has no kubeletconfig.');
  const value = config['resolvConf'] ?? config['resolverConfig'] ?? BUILT_IN_DEFAULT;
  if (typeof value !== 'string')
    throw new Refused('ConfigNotParseable', 'The answer of /configz has a resolvConf that is not a string.');
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refused('ConfigNotParseable', 'The answer of /configz is not valid JSON.', { cause: error });
  }
}
