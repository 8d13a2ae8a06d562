/**
 * Runs the agent's bundle as the repair Job does: with a root file system of its own, the node's directories below /host
 * as the Job's manifest mounts them, as root without capabilities. In a mount namespace, so that nothing is left behind.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AGENT_ENDED_PATH,
  type AgentReport,
  agentReportSchema,
  HAND_OVER_DIRECTORY,
  HOST_ROOT,
  REPORT_PATH,
  REQUEST_ENV,
  USUAL_DIRECTORIES,
} from '../../src/api/agent-protocol.ts';
import { changeJob } from '../../src/effects/change-job.ts';
import { PROJECT_ROOT } from '../support/rig/installation.ts';
import { UPLINK } from './node-layouts.ts';

export interface AgentEnd {
  readonly signal: NodeJS.Signals | null;
  /** Undefined if it was killed before it could write one. */
  readonly report: AgentReport | undefined;
  /** The output of strace. */
  readonly trace: string;
  readonly output: string;
}

/** The working directory is the empty box: the image and the node are mounted in it, then the agent's command runs. */
const BOX = `set -e
tree=$1 out=$2 dist=$3 ended=$4
shift 4
mount -t tmpfs -o mode=755 none "$PWD"
cd "$PWD"
mkdir -p usr proc dev out app bin host
ln -s usr/lib lib
ln -s usr/lib64 lib64
mount --rbind /usr usr
mount --rbind /proc proc
mount --bind "$dist/app" app
mount --bind "$dist/bin" bin
mount --bind "$out" out
touch dev/null dev/urandom .${REPORT_PATH}
mount --bind /dev/null dev/null
mount --bind /dev/urandom dev/urandom
mount --bind "$out/report.json" .${REPORT_PATH}
[ "$ended" = yes ] && mkdir .${HAND_OVER_DIRECTORY} && touch .${AGENT_ENDED_PATH}
while [ "$1" != -- ]; do
  mkdir -p "host$1"
  mount --bind -o "$2" "$tree$1" "host$1"
  shift 2
done
shift
exec chroot . "$@"`;

export async function runAgent(
  tree: string,
  request: { readonly verb: string },
  strace: readonly string[] = [],
  onStart: (kill: () => void) => void = () => undefined,
): Promise<AgentEnd> {
  const work = mkdtempSync(join(tmpdir(), 'dnshealth-agent-'));
  const [box, out] = [join(work, 'box'), join(work, 'out')];
  for (const directory of [box, out]) mkdirSync(directory);
  writeFileSync(join(out, 'report.json'), '');
  try {
    const { command, mounts } = job();
    const argv = [
      '--mount',
      'sh',
      '-c',
      BOX,
      'sh',
      tree,
      out,
      join(PROJECT_ROOT, 'dist'),
      // The agent beside a guard was killed: the guard need not wait for it to start.
      request.verb === 'guard' ? 'yes' : 'no',
      ...mounts.flatMap(({ path, options }) => [path, options]),
      '--',
      ...(strace.length > 0 ? ['strace', '-o', '/out/trace', ...strace, '--'] : []),
      'setpriv',
      '--bounding-set=-all',
      '--inh-caps=-all',
      '--no-new-privs',
      ...command,
    ];
    const child = spawn('unshare', argv, {
      cwd: box,
      env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', [REQUEST_ENV]: JSON.stringify(request) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Each program of the chain takes the place of the one before it. strace does not.
    onStart(() => child.kill('SIGKILL'));
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return {
      signal,
      report: readReport(join(out, 'report.json')),
      trace: readTrace(join(out, 'trace')),
      output,
    };
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Command and mounts of the operator's Job. */
function job(): { readonly command: readonly string[]; readonly mounts: readonly Mount[] } {
  const { spec } = changeJob({
    remediation: { name: 'killed', uid: 'uid' },
    node: 'node-1',
    image: 'image',
    activeDeadlineSeconds: 60,
    agent: {
      verb: 'repair',
      nonce: 'uid',
      remediation: 'killed',
      targets: [UPLINK],
      acceptRisky: false,
      replaceEmptyValue: false,
      known: { clusterDNS: [], nodeLocalDNS: [], node: [] },
      externalName: 'dnshealth.invalid',
      writable: [...USUAL_DIRECTORIES],
    },
  });
  const pod = spec?.template.spec;
  const container = pod?.containers[0];
  if (container?.args === undefined) throw new Error('repair Job without a command');
  return {
    // The image's own Node, which is in /bin in the box.
    command: ['/bin/node', ...container.args],
    mounts: (container.volumeMounts ?? []).flatMap(({ name, mountPath, readOnly }) => {
      // Only a guard has it here: an agent would wait for the other container.
      if (mountPath === HAND_OVER_DIRECTORY) return [];
      const path = pod?.volumes?.find((volume) => volume.name === name)?.hostPath?.path;
      if (path === undefined || mountPath !== `${HOST_ROOT}${path}`)
        throw new Error(`not a directory of the node: ${mountPath}`);
      return [{ path, options: readOnly === true ? 'ro' : 'rw' } as const];
    }),
  };
}

interface Mount {
  readonly path: string;
  readonly options: 'ro' | 'rw';
}

function readReport(path: string): AgentReport | undefined {
  const text = readFileSync(path, 'utf8');
  return text === '' ? undefined : agentReportSchema.parse(JSON.parse(text));
}

const readTrace = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
