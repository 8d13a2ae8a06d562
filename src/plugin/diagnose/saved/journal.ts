/** The flags of a kubelet from its journal: at its start it logs each of them. Pure. */
import type { SavedFile } from './saved-file.ts';

/** `FLAG: --resolv-conf="/etc/resolv.conf"`; the default is logged too, so that only another value proves a flag. */
const FLAG = /\bFLAG: --resolv-conf="([^"]*)"/g;
const DEFAULT = '/etc/resolv.conf';

/** A journal as the command line that it shows; any other file as it is. */
export function journalFlags(file: SavedFile): SavedFile {
  if (file.kind !== 'journal') return file;
  const value = [...file.text.matchAll(FLAG)].at(-1)?.[1];
  if (value === undefined || value === DEFAULT) return file;
  return { ...file, kind: 'flags', text: `kubelet --resolv-conf=${value}` };
}
