/** The kubelet of a rig's node as systemd sees it. */
import type { Rig } from '../../cluster/rig.ts';

/** How often systemd has started kubelet.service since the node's boot, and the present main process. */
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
