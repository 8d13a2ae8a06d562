/** A saved file that was read and recognised, and where on the node it was. Pure. */
import { posix } from 'node:path';
import type { SavedKind } from './recognise.ts';

export interface SavedFile {
  /** As it was given, or below the directory that was given. */
  readonly path: string;
  /** `pod-resolv-conf` is never recognised: only who saved it knows. */
  readonly kind: SavedKind | 'pod-resolv-conf';
  readonly text: string;
  /** Its absolute path on the node if that is known, or else its name. */
  readonly source: string;
}

/** In words, with an article. */
export const KIND_TEXT: Readonly<Record<SavedFile['kind'], string>> = {
  configz: "a kubelet's configz",
  'kubelet-config': 'a kubelet configuration',
  objects: 'Kubernetes objects',
  log: 'a container log',
  journal: "a kubelet's journal",
  unit: 'a unit file',
  'resolv-conf': 'a resolv.conf',
  'pod-resolv-conf': 'the resolv.conf of a pod',
  flags: "a kubelet's flags",
  corefile: 'a Corefile',
};

/** Where a saved tree of a node begins: what comes after is the path on the node. */
const ON_NODE = /(?:^|\/)((?:etc|run|var\/(?:run|lib)|usr\/lib|lib\/systemd|proc)\/.*)$/;

/**
 * The path on the node: of a path below a saved tree of a node, or of a file that names itself, as those of
 * systemd-resolved do. Its bare name if neither does: an absolute path would be taken for one on the node.
 */
export function sourceOf(path: string, text: string): string {
  const named = /^# This is (\/\S+) managed by/m.exec(text.slice(0, 4096))?.[1];
  const below = ON_NODE.exec(path)?.[1];
  return below === undefined ? (named ?? posix.basename(path)) : `/${below}`;
}
