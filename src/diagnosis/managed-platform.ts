/** Looks up who owns the configuration of a node: by what it reports to the API, or by what is on its disk. */
import { NODE_OWNERS, type NodeOwner } from './node-owners.ts';

interface ReportedNode {
  readonly kubeletVersion: string;
  readonly osImage: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface SeenNode {
  /** The first word of kubelet.service's command line, empty if there is none. */
  readonly program: string;
  readonly exists: (path: string) => boolean;
  /** Undefined if there is no such file. */
  readonly read: (path: string) => string | undefined;
}

export interface ManagedPlatform {
  readonly platform: string;
  /** What to change instead, and where. */
  readonly advice: string;
}

/** Undefined if no mark is found. That proves nothing: the agent still refuses a layout that it does not know. */
export function ownerOf(node: ReportedNode): NodeOwner | undefined {
  const labels = pairs(node.labels);
  const annotations = pairs(node.annotations);
  return NODE_OWNERS.find(
    ({ marks }) =>
      marks.version?.test(node.kubeletVersion) ||
      marks.osImage?.test(node.osImage) ||
      labels.some((pair) => marks.label?.test(pair)) ||
      annotations.some((pair) => marks.annotation?.test(pair)),
  );
}

/** The second check: labels and versions are only what was reported to the API. */
export function ownerOnDisk(node: SeenNode): NodeOwner | undefined {
  return NODE_OWNERS.find(
    ({ marks: { files, program, text } }) =>
      (program !== undefined && node.program.startsWith(program)) ||
      files?.some((path) => node.exists(path)) ||
      (text !== undefined && text.contains.test(node.read(text.path) ?? '')),
  );
}

/** Null unless the owner generates the configuration itself; there the operator refuses and advises. */
export function managedPlatform(node: ReportedNode): ManagedPlatform | null {
  const owner = ownerOf(node);
  if (owner?.verdict.kind !== 'generates') return null;
  return { platform: owner.name, advice: owner.verdict.advice };
}

const pairs = (entries: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(entries).map(([key, value]) => `${key}=${value}`);
