/** What systemd and the API know about the kubelet of a node. */
import type { Rig } from '../../cluster/rig.ts';
import { until } from '../../cluster/until.ts';

/** How often systemd has started kubelet.service since the node booted, and its main process now. */
export async function kubeletStarts(
  rig: Rig,
  node: string,
): Promise<{ readonly starts: number; readonly pid: number }> {
  const journal = await rig.exec(node, [
    'journalctl',
    '--boot',
    '--unit=kubelet.service',
    '--output=cat',
    'JOB_TYPE=start',
    '+',
    'JOB_TYPE=restart',
  ]);
  const shown = await rig.exec(node, [
    'systemctl',
    'show',
    'kubelet.service',
    '--property=MainPID',
    '--value',
  ]);
  return {
    starts: journal.stdout.split('\n').filter((line) => line.startsWith('Started ')).length,
    pid: Number(shown.stdout.trim()),
  };
}

interface Reported {
  readonly status: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastHeartbeatTime: string;
    }[];
  };
}

/**
 * Waits until the node is Ready according to a kubelet that was started after that time. Until its first report the API
 * still shows the last one of the kubelet before, and a report of the first seconds says that it is not Ready yet.
 *
 * @param since epoch milliseconds, before the kubelet is stopped
 */
export async function untilReadyAgain(rig: Rig, node: string, since: number): Promise<void> {
  await until(
    async () => {
      const { status } = await rig.api.json<Reported>(`/api/v1/nodes/${node}`);
      const ready = status.conditions?.find(({ type }) => type === 'Ready');
      return ready?.status === 'True' && Date.parse(ready.lastHeartbeatTime) > since ? true : undefined;
    },
    { what: `${node} to be Ready again` },
  );
}
