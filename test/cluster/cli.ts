/** The command line of the rig; `Rig` and its neighbours do the work. */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { IP_FAMILIES, type IpFamily } from './address-plan.ts';
import { breakNode } from './break-node.ts';
import { kubernetesVersion, kubernetesVersions } from './build/kubernetes-versions.ts';
import { FAULTS, type FaultName, faultNamed } from './faults/faults.ts';
import { progressOn } from './progress.ts';
import { Rig } from './rig.ts';
import { rigPaths } from './rig-paths.ts';
import { knownRigs } from './rig-state.ts';
import { DEFAULT_NAME } from './rig-up.ts';
import { describeRig, table } from './status.ts';
import { tearDown } from './teardown/down.ts';

const USAGE = `usage: npm run cluster -- [--name RIG] COMMAND
  up              start a two-node cluster; the first start builds its programs
                  (--ip-family ipv4|ipv6|dual, ipv4 by default;
                  --kubernetes VERSION: ${kubernetesVersions()
                    .map(({ minor }) => minor)
                    .join(', ')}; the oldest by default)
  down            remove it, even if its start was interrupted
  status          show control plane, nodes with their resolvConf, CoreDNS pods
  break NODE      write the wrong resolvConf and reboot the node, then wait for
                  CoreDNS to crash (--no-wait: return at once; --as CASE:
                  cause another fault, see "faults")
  heal NODE       repair the node by hand: resolvConf, kubelet restart, new pod
                  (--as CASE: undo that fault)
  faults          list the faults that "break" and "heal" know
  exec NODE ...   run a program in a node
  kubectl ...     run the rig's kubectl as administrator
  list            list the rigs on this machine
RIG is "${DEFAULT_NAME}" by default.
`;

interface Call {
  readonly name: string;
  readonly noWait: boolean;
  readonly ipFamily: IpFamily;
  readonly kubernetes: string | undefined;
  readonly fault: FaultName;
  readonly command: string;
  readonly rest: readonly string[];
}

/** Our options come first; what follows `kubectl` or `exec` is passed on unchanged. */
export function parseCall(argv: readonly string[]): Call {
  const passedOn = argv.findIndex((word) => word === 'kubectl' || word === 'exec');
  const ours = passedOn === -1 ? argv : argv.slice(0, passedOn + 1);
  const { values, positionals } = parseArgs({
    args: [...ours],
    allowPositionals: true,
    options: {
      name: { type: 'string', default: DEFAULT_NAME },
      'no-wait': { type: 'boolean', default: false },
      'ip-family': { type: 'string', default: 'ipv4' },
      kubernetes: { type: 'string' },
      as: { type: 'string', default: 'stub' },
    },
  });
  const [command = 'help', ...words] = positionals;
  return {
    name: values.name,
    noWait: values['no-wait'],
    ipFamily: ipFamilyOf(values['ip-family']),
    kubernetes: values.kubernetes && kubernetesVersion(values.kubernetes).minor,
    fault: faultNamed(values.as),
    command,
    rest: passedOn === -1 ? words : argv.slice(passedOn + 1),
  };
}

function ipFamilyOf(word: string): IpFamily {
  const family = IP_FAMILIES.find((candidate) => candidate === word);
  if (family === undefined) throw new Error(`--ip-family must be ${IP_FAMILIES.join(', ')}, got ${word}`);
  return family;
}

const say = progressOn(process.stderr);

async function main(call: Call): Promise<number> {
  const begin = performance.now();
  const took = () => `(${((performance.now() - begin) / 1000).toFixed(1)} s)`;
  switch (call.command) {
    case 'up': {
      const { name, ipFamily, kubernetes } = call;
      const rig = await Rig.up({ name, ipFamily, kubernetes, onProgress: say });
      say(`${call.name} is up ${took()}`);
      return show(rig);
    }
    case 'down':
      await tearDown(rigPaths(call.name));
      say(`${call.name} is down ${took()}`);
      return 0;
    case 'status':
      return show(Rig.open(call.name));
    case 'break':
      return breakAs(Rig.open(call.name), nodeOf(call), call);
    case 'heal':
      await FAULTS[call.fault].heal(Rig.open(call.name), nodeOf(call));
      say(`${nodeOf(call)} repaired ${took()}`);
      return 0;
    case 'faults':
      process.stdout.write(`${table(Object.entries(FAULTS).map(([name, { what }]) => [name, what]))}\n`);
      return 0;
    case 'exec': {
      const rig = Rig.open(call.name);
      const terminal = process.stdin.isTTY ? ['--tty'] : [];
      const { containerId } = rig.paths.node(call.rest[0] ?? '');
      return attach([
        'runc',
        '--root',
        rig.paths.runcRoot,
        'exec',
        ...terminal,
        containerId,
        ...call.rest.slice(1),
      ]);
    }
    case 'kubectl':
      return attach(Rig.open(call.name).kubectlCommand(call.rest));
    case 'list':
      process.stdout.write(
        knownRigs()
          .map((name) => `${name}\n`)
          .join(''),
      );
      return 0;
    case 'help':
      process.stdout.write(USAGE);
      return 0;
    default:
      say(`unknown command ${JSON.stringify(call.command)}\n${USAGE}`);
      return 2;
  }
}

async function breakAs(rig: Rig, node: string, { fault, noWait }: Call): Promise<number> {
  const { what } = FAULTS[fault];
  say(`breaking ${node}: ${what}`);
  if (noWait) {
    if (fault !== 'stub') throw new Error('--no-wait is for the fault stub only');
    await breakNode(rig, node, { wait: false });
    return 0;
  }
  const begin = performance.now();
  const line = await FAULTS[fault].break(rig, node);
  say(`${node} broken (${((performance.now() - begin) / 1000).toFixed(1)} s):\n${line}`);
  return 0;
}

async function show(rig: Rig): Promise<number> {
  process.stdout.write(`${await describeRig(rig)}\n`);
  rig.api.close();
  return 0;
}

function nodeOf(call: Call): string {
  const [node] = call.rest;
  if (node === undefined) throw new Error(`${call.command} needs a node, such as node-1`);
  return node;
}

/** Hands the terminal over to another program; returns its exit code. */
function attach(argv: readonly string[]): number {
  const [file = '', ...args] = argv;
  return spawnSync(file, args, { stdio: 'inherit' }).status ?? 1;
}

if (import.meta.main) {
  try {
    process.exit(await main(parseCall(process.argv.slice(2))));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}
