/** The search domains of a resolv.conf, as the kubelet reads them. */
import { GO_SPACE } from './resolv-conf.ts';

/** Of the last `search` line, which replaces those before; `domain` is not one for the kubelet. */
export function searchDomains(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.split(GO_SPACE).filter((field) => field !== ''));
  const [, ...domains] = lines.findLast(([keyword]) => keyword === 'search') ?? [];
  return domains;
}
