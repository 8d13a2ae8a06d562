import { beforeEach, describe, expect, it } from 'vitest';
import { aWatchedNode } from '../../../test/support/objects/node-records.ts';
import type { KubeletStart } from '../../observe/kubelet-start.ts';
import type { WatchedNode } from '../../observe/watched-node.ts';
import type { Change, Listener } from '../../runtime/reflector/store.ts';
import { createKubeletStarts, type KubeletStarts } from './kubelet-starts.ts';

const listenersOf =
  <T>(all: Listener<T>[]) =>
  (listener: Listener<T>) => {
    all.push(listener);
    return () => {};
  };

let starts: KubeletStarts;
let event: (change: Pick<Change<KubeletStart>, 'kind'>, node: string, at: number) => void;
let remove: (node: string) => void;
beforeEach(() => {
  const ofEvents: Listener<KubeletStart>[] = [];
  const ofNodes: Listener<WatchedNode>[] = [];
  starts = createKubeletStarts(
    { list: () => [{ node: 'node-1', at: 100 }], onChange: listenersOf(ofEvents) },
    { onChange: listenersOf(ofNodes) },
  );
  event = ({ kind }, node, at) => {
    const object = { node, at };
    for (const listener of ofEvents) listener({ kind, key: 'default/x', object, old: object });
  };
  remove = (node) => {
    for (const listener of ofNodes) listener({ kind: 'deleted', key: node, object: aWatchedNode(node) });
  };
});

describe('the last start of a kubelet', () => {
  it('is that of its latest event, in whatever order they are seen', () => {
    const heard: string[] = [];
    starts.onStart((node) => void heard.push(node));
    event({ kind: 'added' }, 'node-1', 300);
    event({ kind: 'added' }, 'node-1', 200);
    event({ kind: 'added' }, 'node-2', 50);
    expect([starts.of('node-1'), starts.of('node-2'), starts.of('node-3')]).toEqual([300, 50, null]);
    expect(heard).toEqual(['node-1', 'node-2']);
  });

  it('stays known when the event expires, and is forgotten with its node', () => {
    event({ kind: 'deleted' }, 'node-1', 100);
    expect(starts.of('node-1')).toBe(100);
    remove('node-1');
    expect(starts.of('node-1')).toBeNull();
  });
});
