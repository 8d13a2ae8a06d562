/** What an examination asks of a Corefile: where "." goes, and whether the loop plugin watches it. */
import type { Case } from '../case.ts';
import { type Corefile, parseCorefile } from '../corefile.ts';
import { type RootForward, rootBlocks, rootForward } from '../root-forward.ts';

export type CorefileView =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'broken'; readonly source: string; readonly why: string }
  | {
      readonly kind: 'read';
      readonly source: string;
      /** Null if no server block serves "." at port 53. */
      readonly root: RootForward | null;
      readonly hasLoop: boolean;
      readonly parsed: Corefile;
    };

export function viewCorefile({ corefile, pod, clusterDNS }: Case): CorefileView {
  if (!corefile) return { kind: 'unknown' };
  const parsed = parseCorefile(corefile.text);
  const { source } = corefile;
  if (parsed.kind === 'syntax-error')
    return { kind: 'broken', source, why: `line ${parsed.line} cannot be parsed: ${parsed.message}` };
  const root = rootForward(parsed, { pod: pod?.ips ?? [], clusterDNS });
  return { kind: 'read', source, root, hasLoop: hasLoop(parsed), parsed };
}

/** In the blocks that serve "."; without any, in all. The plugin checks only its own block. */
export function hasLoop(corefile: Corefile): boolean {
  const { blocks } = rootBlocks(corefile, undefined);
  return (blocks.length > 0 ? blocks : corefile.blocks).some(({ directives }) =>
    directives.some(({ name }) => name === 'loop'),
  );
}
