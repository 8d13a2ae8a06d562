import { beforeEach, describe, expect, it } from 'vitest';
import { aRawNode } from '../../../test/support/objects/raw-objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { RawRequest } from '../../kube/raw-api.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createKnownNodes, type KnownNodes } from './known-nodes.ts';
import { ALL, createLookReconciler } from './look-controller.ts';

const node = (name: string) => aRawNode({ metadata: { name, uid: `uid-of-${name}` } });
const signal = new AbortController().signal;

let pages: Record<string, object | Error>;
let asked: string[];
let known: KnownNodes;
let look: (key?: string) => ReturnType<ReturnType<typeof createLookReconciler>>;
beforeEach(() => {
  asked = [];
  pages = {
    '': { metadata: { continue: 'second' }, items: [node('node-1')] },
    second: { metadata: {}, items: [node('node-2')] },
  };
  known = createKnownNodes({ onChange: () => () => {} });
  const request = async ({ path, query }: RawRequest): Promise<object> => {
    const page = `${query?.['continue'] ?? ''}`;
    asked.push(path === '/api/v1/nodes' ? page : path);
    const answer = pages[page];
    if (answer instanceof Error) throw answer;
    return answer ?? {};
  };
  const stores = { policies: { list: () => [{ name: 'coredns', createdAt: 0, spec: { mode: 'Repair' } }] } };
  const reconcile = createLookReconciler({
    kube: { raw: { request } } as unknown as KubeClient,
    stores: stores as unknown as Parameters<typeof createLookReconciler>[0]['stores'],
    known,
    logger: silentLogger,
  });
  look = async (key = ALL) => reconcile(key, signal);
});

describe('the look at all nodes', () => {
  it('reads a page, pauses, and begins again ten minutes after the last one', async () => {
    expect(await look()).toEqual({ kind: 'requeue', afterMs: 2_000 });
    expect(known.keys()).toEqual(['node-1']);
    expect(await look()).toEqual({ kind: 'requeue', afterMs: 600_000 });
    expect(known.keys()).toEqual(['node-1', 'node-2']);
    await look();
    expect(asked).toEqual(['', 'second', '']);
  });

  it('begins again after a page that could not be read, because the token of the next one expires', async () => {
    await look();
    pages['second'] = new Error('410 Gone');
    await expect(look()).rejects.toThrow('410');
    await look();
    expect(asked).toEqual(['', 'second', '']);
  });

  it('leaves out what is not a node as a kubelet writes it', async () => {
    pages[''] = { metadata: {}, items: [{ ...node('node-1'), status: {} }, node('node-2')] };
    await look();
    expect(known.keys()).toEqual(['node-2']);
  });
});
