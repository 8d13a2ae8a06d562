/** Nodes as they are after weeks under the operator: all were checked and are well, each at another time of the last day. */
import { readFile } from 'node:fs/promises';
import type { NodeCheckRecord } from '../../src/api/node-check-record.ts';
import { phaseOf } from '../../src/controller/nodes/schedule.ts';
import { writeNodeCheck } from '../../src/effects/node-condition.ts';
import { afterCheck, NOTHING_KNOWN } from '../../src/health/nodes/after-check.ts';
import { dueOf } from '../../src/health/nodes/due.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import { staticConfig } from '../../src/kube/config.ts';
import { isoTime } from '../../src/remediation/record/conditions.ts';
import { conditionOf } from '../../src/remediation/record/node-condition.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import type { Apiserver } from '../support/apiserver/apiserver.ts';
import { inParallel } from './big-cluster.ts';

/** @param intervalMs of the policy */
export async function makeSteady(server: Apiserver, intervalMs: number): Promise<void> {
  const tls = { ca: await readFile(server.caFile, 'utf8') };
  const config = staticConfig(server.url, { tls, authorization: `Bearer ${server.token}` });
  const kube = createKubeClient(config, { metrics: createMetrics(), userAgent: 'bench/1' });
  const { body } = await server.call('GET', '/api/v1/nodes');
  const { signal } = new AbortController();
  await inParallel(body.items.length, async (index) => {
    const { metadata, status } = body.items[index];
    const now = Date.now();
    const fresh = recordOf(status.nodeInfo, now);
    const due = dueOf(nodeOf(metadata.uid, status.nodeInfo), fresh, {
      intervalMs,
      phase: phaseOf(metadata.uid),
      now,
    });
    if (!due) throw new Error(`${metadata.name} is never due`);
    // Its next check is due between now and its own period from now, as for a node at any time of the day.
    const age = Math.random() * (due.at - now);
    await writeNodeCheck(kube, { node: metadata, record: recordOf(status.nodeInfo, now - age) }, signal);
  });
  await kube.close();
}

interface NodeInfo {
  readonly bootID: string;
  readonly kubeletVersion: string;
  readonly osImage: string;
}

const nodeOf = (uid: string, { bootID, kubeletVersion, osImage }: NodeInfo) => ({
  uid,
  ready: true,
  bootID,
  kubeletVersion,
  osImage,
  kubeletStartedAt: null,
  repairedAt: null,
  isWanted: false,
});

/** As the operator writes it. */
function recordOf(node: NodeInfo, at: number): NodeCheckRecord {
  const time = isoTime(at);
  const { bootID, kubeletVersion, osImage } = node;
  const ended = { startedAt: time, endedAt: time, why: 'Interval', bootID, kubeletVersion, osImage } as const;
  const file = { class: 'ok', nameservers: ['192.0.2.53'] } as const;
  const known = afterCheck(NOTHING_KNOWN, ended, { kind: 'proven', file, message: '' });
  const condition = conditionOf({ ...known, incidents: [], notRepaired: null, outdated: null });
  if (!condition) throw new Error('nothing is said of a node that was checked');
  return { ...known, condition: { ...condition, since: time, writtenAt: time } };
}
