/** A connection of the plugin to a fake cluster: the typed classes and the plain client give the same canned answers. */
import type { Connection } from '../../../src/plugin/cluster/connect.ts';
import { typedApis } from '../../../src/plugin/cluster/typed-apis.ts';
import type { FakeKube } from './fake-kube.ts';

export const fakeConnection = ({ kube, dns }: FakeKube): Connection => ({
  server: 'https://10.0.0.1:6443',
  namespace: 'default',
  kube,
  ...typedApis(kube.raw, new AbortController().signal),
  forwardTo: async ({ pod }) => ({
    dns: {
      receive: () => {},
      fail: () => {},
      ask: async (name) => ({ addresses: [], ...dns(pod, name) }),
    },
    close: () => {},
  }),
  close: async () => {},
});
