/** A kubelet of a rig's node that fails on demand, but only with the new value of resolvConf: a script in its place. */
import { GOOD_RESOLV_CONF, KUBELET_CONFIG } from '../../cluster/node/kubelet-files.ts';
import type { Rig } from '../../cluster/rig.ts';
import { until } from '../../cluster/until.ts';
import { inNode } from './node-files.ts';

const DIRECTORY = '/opt/frail';
const PROGRAM = `${DIRECTORY}/kubelet`;
const MODE = `${DIRECTORY}/mode`;
const JOURNAL = '/var/lib/dnshealth/journal.json';
const DROP_IN = '/etc/systemd/system/kubelet.service.d/99-frail.conf';

/**
 * - `dies`: exits with code 1 this long after it first served
 * - `killed`: as that, but by SIGKILL
 * - `ends`: exits with code 1 this long after its start, without serving
 * - `slow`: begins to serve this long after its start
 * - `waits`: begins to serve once it is `well`
 */
export type Frailty = `${'dies' | 'killed' | 'ends' | 'slow'} ${number}` | 'waits' | 'well';

/** The process that systemd watches is the script, which is the parent of the kubelet or becomes it. */
const SCRIPT = `#!/bin/bash
read -r how seconds < ${MODE}
if ! grep -q '${GOOD_RESOLV_CONF}' ${KUBELET_CONFIG} || [ "$how" = well ]; then exec /usr/local/bin/kubelet "$@"; fi
if [ "$how" = waits ]; then until grep -q well ${MODE}; do sleep 0.1; done; exec /usr/local/bin/kubelet "$@"; fi
if [ "$how" = ends ]; then sleep "$seconds"; exit 1; fi
if [ "$how" = slow ]; then sleep "$seconds"; exec /usr/local/bin/kubelet "$@"; fi
/usr/local/bin/kubelet "$@" & kubelet=$!
until (: > /dev/tcp/127.0.0.1/10250) 2> /dev/null; do sleep 0.05; done
sleep "$seconds"
kill -9 $kubelet
[ "$how" = killed ] && kill -9 $$
exit 1
`;

/** Also binds the kubelet to its runtime, as some distributions do: a restart of the one restarts the other. */
export async function installFrailKubelet(rig: Rig, node: string): Promise<void> {
  const unit = await inNode(rig, node, 'systemctl', 'cat', 'kubelet.service');
  const [start = ''] = /^ExecStart=(?:.*\\\n)*.*$/m.exec(unit) ?? [];
  await setFrailty(rig, node, 'well');
  await rig.writeFile(node, PROGRAM, SCRIPT, 0o755);
  await rig.writeFile(
    node,
    DROP_IN,
    `[Unit]\nBindsTo=containerd.service\n[Service]\nExecStart=\n${start.replace('/usr/local/bin/kubelet', PROGRAM)}\n`,
  );
  await inNode(rig, node, 'systemctl', 'daemon-reload');
  await inNode(rig, node, 'systemctl', 'restart', 'kubelet.service');
}

export async function removeFrailKubelet(rig: Rig, node: string): Promise<void> {
  await inNode(rig, node, 'rm', '--force', DROP_IN, PROGRAM, MODE);
  await inNode(rig, node, 'systemctl', 'daemon-reload');
  await inNode(rig, node, 'systemctl', 'restart', 'kubelet.service');
}

/** Counts for the next start of the kubelet with the new value, and for one that waits. */
export async function setFrailty(rig: Rig, node: string, frailty: Frailty): Promise<void> {
  await rig.writeFile(node, MODE, `${frailty}\n`);
}

/** The step in the journal of the repair on this node. */
export async function journaledStep(rig: Rig, node: string): Promise<string> {
  const { stdout } = await rig.exec(node, ['cat', JOURNAL]);
  return (JSON.parse(stdout) as { step: string }).step;
}

/** Waits for that step. */
export async function untilStep(rig: Rig, node: string, step: 'restarting' | 'guarding'): Promise<void> {
  await until(async () => (await journaledStep(rig, node)) === step || undefined, {
    what: `the step ${step} on ${node}`,
    everyMs: 50,
  });
}
