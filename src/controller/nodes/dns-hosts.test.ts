import { expect, it } from 'vitest';
import type { DnsPod } from '../../observe/dns-pod.ts';
import { createStore } from '../../runtime/reflector/store.ts';
import { createDnsHosts } from './dns-hosts.ts';

const rawPod = (name: string, node: string) => ({ metadata: { name, uid: name }, node });

it('knows a node as long as any DNS pod runs there', () => {
  const pods = createStore<ReturnType<typeof rawPod>, DnsPod>({
    transform: ({ node }) => ({ node }) as DnsPod,
    onMalformed: (_key, error) => expect.unreachable(String(error)),
    onListenerError: (error) => expect.unreachable(String(error)),
  });
  pods.put(rawPod('a', 'node-1'));
  const hosts = createDnsHosts(pods);
  const known = () => ['node-1', 'node-2'].filter((node) => hosts.has(node));

  expect(known()).toEqual(['node-1']);
  pods.put(rawPod('b', 'node-1'));
  pods.remove(rawPod('a', 'node-1'));
  expect(known()).toEqual(['node-1']);
  // A new pod is not on any node until it is scheduled.
  pods.put(rawPod('c', ''));
  pods.put(rawPod('c', 'node-2'));
  expect(known()).toEqual(['node-1', 'node-2']);
  pods.put(rawPod('b', 'node-1'));
  pods.remove(rawPod('b', 'node-1'));
  expect(known()).toEqual(['node-2']);
});
