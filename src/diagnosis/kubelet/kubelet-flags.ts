/** Finds a flag in the kubelet's expanded command line, as pflag parses it: the last one wins. */
import { Refused } from '../../api/refused.ts';
import type { Argument } from './command-line.ts';

export interface Flag {
  readonly value: string;
  /** The argument that holds the value, and where in it the value begins. */
  readonly argument: Argument;
  readonly valueStart: number;
}

/**
 * The flags that stand alone, of kubelets from 1.28 to 1.36 (cmd/kubelet/app/options and component-base/logs). Every
 * other flag without an equals sign takes the next argument as its value, even one that looks like a flag.
 */
const BOOLEAN_FLAGS: ReadonlySet<string> = new Set([
  'add-dir-header',
  'alsologtostderr',
  'anonymous-auth',
  'authentication-token-webhook',
  'cgroups-per-qos',
  'contention-profiling',
  'cpu-cfs-quota',
  'enable-cadvisor-json-endpoints',
  'enable-controller-attach-detach',
  'enable-debugging-handlers',
  'enable-load-reader',
  'enable-server',
  'exit-on-lock-contention',
  'experimental-allocatable-ignore-eviction',
  'fail-cgroupv1',
  'fail-swap-on',
  'help',
  'keep-terminated-pod-volumes',
  'kernel-memcg-notification',
  'local-storage-capacity-isolation',
  'log-cadvisor-usage',
  'log-json-split-stream',
  'log-text-split-stream',
  'logtostderr',
  'make-iptables-util-chains',
  'one-output',
  'protect-kernel-defaults',
  'really-crash-for-testing',
  'register-node',
  'register-schedulable',
  'rotate-certificates',
  'rotate-server-certificates',
  'runonce',
  'serialize-image-pulls',
  'skip-headers',
  'skip-log-headers',
  'storage-driver-secure',
  'version',
]);

/** @throws Refused where it depends on whether an unknown flag takes a value */
export function findFlag(args: readonly Argument[], name: string): Flag | undefined {
  const found = parse(args, name, true);
  if (found?.argument !== parse(args, name, false)?.argument)
    throw new Refused(
      'UnknownLayout',
      `The kubelet's command line is ambiguous: --${name} may be a flag, or the value of the argument before it.`,
    );
  return found;
}

/** `othersTakeValues`: whether a flag takes the next argument as its value if it is not known to stand alone. */
function parse(args: readonly Argument[], name: string, othersTakeValues: boolean): Flag | undefined {
  let found: Flag | undefined;
  for (let index = 0; index < args.length; index++) {
    const argument = args[index];
    if (argument === undefined || argument.text === '--') break;
    const { text } = argument;
    if (!text.startsWith('-') || text === '-') continue;
    const equals = text.indexOf('=');
    const written = equals < 0 ? text : text.slice(0, equals);
    // The kubelet accepts --resolv_conf for --resolv-conf.
    const flag = written.startsWith('--') ? written.slice(2).replaceAll('_', '-') : undefined;
    if (equals >= 0) {
      if (flag === name) found = { value: text.slice(equals + 1), argument, valueStart: equals + 1 };
      continue;
    }
    if (flag !== undefined && BOOLEAN_FLAGS.has(flag)) continue;
    const next = args[index + 1];
    if (flag === name) {
      if (next !== undefined) found = { value: next.text, argument: next, valueStart: 0 };
      index++;
    } else if (takesNext(written, othersTakeValues)) {
      index++;
    }
  }
  return found;
}

/** `-v 2` takes the next argument, `-v2` and `-h` do not. */
function takesNext(written: string, othersTakeValues: boolean): boolean {
  return written.startsWith('--') ? othersTakeValues : written === '-v';
}
