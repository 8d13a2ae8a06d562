/** Asks for one change or for several: all are tried on the API server first, so that a missing right stops them before the first one. */
import type { KubeClient } from '../../kube/client.ts';
import type { PluginContext } from '../verb.ts';
import { change, type Wish } from './change.ts';

export interface Ask extends Wish {
  /** As kubectl names objects, for example dnsremediation/NAME. */
  readonly object: string;
  /** What it does, one sentence, printed before. */
  readonly what: string;
  /** Sentences: afterwards, and where nothing had to be changed. */
  readonly done: string;
  readonly already: string;
}

/** @throws PluginError if one of them is refused. Those before it are written only if they were all accepted when tried. */
export async function askForEach(
  kube: KubeClient,
  asks: readonly Ask[],
  { out, signal }: Pick<PluginContext, 'out' | 'signal'>,
  dryRun: boolean,
): Promise<void> {
  for (const ask of asks) {
    const isChange = await change(kube, ask, { dryRun: true, signal });
    if (isChange) out.line(`${ask.object}: ${ask.what}`);
  }
  for (const ask of asks) {
    if (dryRun) {
      out.line(`${ask.object}: Accepted by the API server, not written (dry run).`);
      continue;
    }
    const changed = await change(kube, ask, { dryRun: false, signal });
    out.line(`${ask.object}: ${changed ? ask.done : ask.already}`);
  }
}
