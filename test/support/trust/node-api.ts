/** The nodes of a random cluster as the API server keeps them: our writes go through the effects, those of people do not. */
import { EXCLUDE_LABEL, QUARANTINE_ANNOTATION, QUARANTINE_TAINT_KEY } from '../../../src/api/keys.ts';
import { FIELD_MANAGER } from '../../../src/effects/node-patch.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { parseNode } from '../../../src/observe/node.ts';
import type { NodeView } from '../../../src/remediation/world.ts';

export const FOREIGN_TAINT = { key: 'example.com/drain', effect: 'NoSchedule' } as const;
const FOREIGN_ANNOTATION = 'example.com/owner';

/** What is kept of a node: what the operator reads and writes, and what others have put beside it. */
interface NodeObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels: Readonly<Record<string, unknown>>;
    readonly annotations: Readonly<Record<string, unknown>>;
    readonly managedFields?: readonly object[];
  };
  readonly spec: {
    readonly unschedulable?: boolean;
    readonly taints?: readonly { readonly key: string; readonly effect: string }[];
  };
  readonly status: {
    readonly conditions: readonly object[];
    readonly nodeInfo: Readonly<Record<string, string>>;
  };
}

type Merge = { readonly metadata?: Record<string, unknown>; readonly spec?: Record<string, unknown> };

export class NodeApi {
  readonly #nodes = new Map<string, NodeObject>();
  readonly #views = new Map<NodeObject, NodeView>();
  /** Whether someone else writes a node between our read and our write. */
  readonly #isOvertaken: () => boolean;
  #version = 1;
  /** For the effects, which know nothing else of a cluster. */
  readonly kube: KubeClient;

  constructor(isOvertaken: () => boolean) {
    this.#isOvertaken = isOvertaken;
    const request = async ({ method, path, body }: { method: string; path: string; body?: unknown }) => {
      const name = path.split('/').at(-1) ?? '';
      if (method === 'GET') return this.read(name);
      if (method === 'PATCH') return this.#patchOfOurs(name, body as Merge);
      throw new Error(`${method} ${path} is no request of an effect on nodes`);
    };
    this.kube = { raw: { request } } as unknown as KubeClient;
  }

  create(name: string, controlPlane: boolean): void {
    this.#nodes.set(name, {
      metadata: {
        name,
        uid: `uid-of-${name}`,
        resourceVersion: '1',
        labels: controlPlane ? { 'node-role.kubernetes.io/control-plane': '' } : {},
        annotations: { [FOREIGN_ANNOTATION]: 'someone' },
      },
      spec: {},
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        nodeInfo: { kubeletVersion: 'v1.34.4', osImage: 'Debian', bootID: 'boot-1' },
      },
    });
  }

  read(name: string): NodeObject {
    const node = this.#nodes.get(name);
    if (!node) throw new Error(`there is no node ${name}`);
    return node;
  }

  view(name: string): NodeView {
    const node = this.read(name);
    const view = this.#views.get(node) ?? parseNode(node);
    this.#views.set(node, view);
    return view;
  }

  isCordoned = (name: string): boolean => this.read(name).spec.unschedulable === true;
  isTainted = (name: string, key: string): boolean =>
    this.read(name).spec.taints?.some((taint) => taint.key === key) === true;
  isMarked = (name: string): boolean => this.view(name).quarantine !== null;
  hasOurTaint = (name: string): boolean => this.isTainted(name, QUARANTINE_TAINT_KEY);
  hasForeignAnnotation = (name: string): boolean =>
    this.read(name).metadata.annotations[FOREIGN_ANNOTATION] === 'someone';

  /** The text of our annotation. */
  markOf(name: string): string | undefined {
    const text = this.read(name).metadata.annotations[QUARANTINE_ANNOTATION];
    return typeof text === 'string' ? text : undefined;
  }

  /** As `kubectl cordon` and `uncordon` do: what is so already is not written. */
  cordonByPerson(name: string, cordoned: boolean): void {
    if (this.isCordoned(name) !== cordoned)
      this.#patch(name, { spec: { unschedulable: cordoned || null } }, 'kubectl');
  }

  taintByPerson(name: string, tainted: boolean): void {
    const others = (this.read(name).spec.taints ?? []).filter(({ key }) => key !== FOREIGN_TAINT.key);
    this.#patch(name, { spec: { taints: tainted ? [...others, FOREIGN_TAINT] : others } }, 'kubectl');
  }

  exclude(name: string, excluded: boolean): void {
    this.#patch(name, { metadata: { labels: { [EXCLUDE_LABEL]: excluded ? 'true' : null } } }, 'kubectl');
  }

  setReady(name: string, ready: boolean): void {
    const node = this.read(name);
    this.#write({
      ...node,
      status: { ...node.status, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
    });
  }

  /** It was booted again: whatever was found out about it may be wrong. */
  reboot(name: string): void {
    const node = this.read(name);
    const bootID = `boot-${this.#version}`;
    this.#write({
      ...node,
      status: { ...node.status, nodeInfo: { ...node.status.nodeInfo, bootID } },
    });
  }

  #patchOfOurs(name: string, patch: Merge): NodeObject {
    if (this.#isOvertaken()) this.#write(this.read(name));
    if (patch.metadata?.['resourceVersion'] !== this.read(name).metadata.resourceVersion)
      throw new KubeError({
        code: 409,
        reason: 'Conflict',
        verb: 'patch',
        what: `node ${name}`,
        message: '',
      });
    return this.#patch(name, patch, FIELD_MANAGER);
  }

  #patch(name: string, { metadata, spec }: Merge, manager: string): NodeObject {
    const node = this.read(name);
    const after: NodeObject['spec'] = merge(node.spec, spec);
    const owner = { manager, fieldsV1: { 'f:spec': { 'f:unschedulable': {} } } };
    const isCordonWritten = after.unschedulable !== node.spec.unschedulable;
    return this.#write({
      ...node,
      metadata: {
        ...node.metadata,
        labels: merge(node.metadata.labels, metadata?.['labels']),
        annotations: merge(node.metadata.annotations, metadata?.['annotations']),
        ...(isCordonWritten ? { managedFields: after.unschedulable ? [owner] : [] } : {}),
      },
      spec: after,
    });
  }

  #write(node: NodeObject): NodeObject {
    this.#version += 1;
    const written = { ...node, metadata: { ...node.metadata, resourceVersion: String(this.#version) } };
    this.#nodes.set(node.metadata.name, written);
    return written;
  }
}

/** RFC 7396, one level deep: null removes. */
function merge(before: object = {}, patch: unknown = {}): Record<string, unknown> {
  const all = Object.entries({ ...before, ...(patch as object) });
  return Object.fromEntries(all.filter(([, value]) => value !== null));
}
