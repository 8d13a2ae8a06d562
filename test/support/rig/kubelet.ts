/** What systemd knows about the kubelet of a node. */
import type { Rig } from '../../cluster/rig.ts';

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
