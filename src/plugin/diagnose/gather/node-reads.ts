/** Reads a node by name, and its kubelet through the API server; each node once, however many DNS pods it has. */
import * as z from 'zod';
import type { Connection } from '../../cluster/connect.ts';
import { type ParsedNode, parseCaseNode } from '../case-node.ts';
import { type Configz, parseConfigz, parseStartTimes, type StartTimes } from '../kubelet-facts.ts';
import type { Attempts } from './attempts.ts';
import { onceEach } from './once-each.ts';

/** The kubelet answers from memory; one that does not is not waited for. */
const KUBELET_MS = 3_000;

export interface NodeReads {
  node(name: string, attempts: Attempts): Promise<ParsedNode | undefined>;
  configz(name: string, attempts: Attempts): Promise<Configz | undefined>;
  startTimes(name: string, attempts: Attempts): Promise<StartTimes | undefined>;
}

export function createNodeReads(
  { core, kube }: Connection,
  fresh: () => Attempts,
  signal: AbortSignal,
): NodeReads {
  const proxied = async (node: string, path: string): Promise<unknown> =>
    kube.raw.request({
      method: 'GET',
      path: `/api/v1/nodes/${encodeURIComponent(node)}/proxy/${path}`,
      signal,
      deadlineMs: KUBELET_MS,
      retry: false,
    });
  const command = (node: string, path: string): string =>
    `kubectl get --raw "/api/v1/nodes/${node}/proxy/${path}"`;

  return {
    node: onceEach(
      async (name, attempts) =>
        attempts.read(
          { what: `node ${name}`, command: `kubectl get node ${name} -o yaml`, right: 'get nodes' },
          async () => parseCaseNode(await core.readNode({ name })),
        ),
      fresh,
    ),
    configz: onceEach(
      async (name, attempts) =>
        attempts.read(
          {
            what: `the configuration of the running kubelet of ${name}`,
            command: command(name, 'configz'),
            right: 'get nodes/proxy',
          },
          async () => parseConfigz(await proxied(name, 'configz')),
        ),
      fresh,
    ),
    startTimes: onceEach(async (name, attempts) => {
      const path = 'stats/summary?only_cpu_and_memory=true';
      const wanted = {
        what: `when the kubelet of ${name} was started`,
        command: command(name, path),
        right: 'get nodes/proxy',
      };
      const summary = await attempts.read(wanted, async () => parseStartTimes(await proxied(name, path)));
      // A kubelet that has just been started does not list its own cgroup yet.
      if (summary?.kubeletStartedAt !== undefined) return summary;
      const event = await attempts.read(
        {
          ...wanted,
          command: `kubectl get events --field-selector involvedObject.name=${name},reason=Starting`,
          right: 'list events in default',
        },
        async () => startFromEvents(await eventsOf(name)),
      );
      return summary || event ? { ...summary, ...event } : undefined;
    }, fresh),
  };

  async function eventsOf(name: string): Promise<unknown> {
    return core.listNamespacedEvent({
      namespace: 'default',
      fieldSelector: `involvedObject.kind=Node,involvedObject.name=${name},reason=Starting`,
    });
  }
}

const eventsSchema = z.object({
  items: z.array(z.object({ message: z.string().nullish(), lastTimestamp: z.coerce.date().nullish() })),
});

/** kube-proxy reports a `Starting` of its own, without a message. Events are kept for an hour. */
function startFromEvents(raw: unknown): StartTimes {
  const times = eventsSchema
    .parse(raw)
    .items.filter(({ message }) => message === 'Starting kubelet.')
    .flatMap(({ lastTimestamp }) => (lastTimestamp ? [lastTimestamp.getTime()] : []));
  return times.length === 0 ? {} : { kubeletStartedAt: Math.max(...times) };
}
