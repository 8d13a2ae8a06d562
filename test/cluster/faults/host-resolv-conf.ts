/** /etc/resolv.conf of a node: a file of its own in place of the link to resolved's stub file, and back. */
import { NODE_LINKS } from '../node/node-files.ts';
import type { Rig } from '../rig.ts';

const PATH = '/etc/resolv.conf';

export async function writeHostResolvConf(rig: Rig, node: string, text: string): Promise<void> {
  // Replaces the link: `writeFile` renames.
  await rig.writeFile(node, PATH, text);
}

export async function restoreHostResolvConf(rig: Rig, node: string): Promise<void> {
  const target = NODE_LINKS.find(({ path }) => path === PATH)?.target ?? '';
  await rig.exec(node, ['ln', '--symbolic', '--force', target, PATH], { allowFailure: false });
}
