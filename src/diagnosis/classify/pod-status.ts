/** Classifies the status of a DNS container: whether its log may show a loop, or how else it ended. */

import { parse } from 'yaml';
import { isRecord } from '../../api/is-record.ts';
import { type Answer, type Facts, known, type Question, textOf, Unclassifiable } from './answer.ts';

const RECOVERED_NOTE = 'still read the previous log: the cause may persist';
const KILLED = 137;

export function classifyPodStatus({ text, context }: Question): Answer {
  const status = containerIn(parseObject(text), textOf(context, 'container'));
  const [state, lastState] = [part(status, 'state'), part(status, 'lastState')];
  const death = part(state, 'terminated') ?? part(lastState, 'terminated');
  if (!death) return { class: 'not-coredns-exit', lifetime_s: null, note: 'no container has ended' };
  const exitCode = Number(death['exitCode']);
  const isUp = status['ready'] === true && part(state, 'running') !== undefined;
  const cls = classOf(exitCode, textOf(death, 'reason') ?? '', isUp);
  return known({
    class: cls,
    lifetime_s: lifetimeOf(death),
    note: cls === 'recovered' ? RECOVERED_NOTE : undefined,
  });
}

function classOf(exitCode: number, reason: string, isUp: boolean): string {
  if (reason === 'OOMKilled') return 'oom';
  // StartError, ContainerCannotRun, Unknown and Completed are the words of the runtime, not of CoreDNS.
  if (exitCode === 1 || exitCode === 2) {
    if (reason !== 'Error' && reason !== '') return 'not-coredns-exit';
    return isUp ? 'recovered' : 'candidate';
  }
  return exitCode === KILLED ? 'liveness' : 'not-coredns-exit';
}

function lifetimeOf(death: Facts): number | null {
  const [started, finished] = [time(death['startedAt']), time(death['finishedAt'])];
  return started === undefined || finished === undefined ? null : Math.round((finished - started) / 1000);
}

function time(value: unknown): number | undefined {
  const parsed = value instanceof Date ? value.getTime() : Date.parse(String(value));
  return Number.isNaN(parsed) ? undefined : parsed;
}

const part = (of: Facts | undefined, key: string): Facts | undefined => {
  const value = of?.[key];
  return isRecord(value) ? value : undefined;
};

/** A container status, a pod, the status of one, or a list with one pod. */
function containerIn(object: Facts, name: string | undefined): Facts {
  const items = object['items'];
  if (Array.isArray(items)) {
    const [pod] = items.filter(isRecord);
    if (!pod || items.length !== 1) throw new Unclassifiable(`it lists ${items.length} pods; give one`);
    return containerIn(pod, name);
  }
  const statuses = part(object, 'status')?.['containerStatuses'] ?? object['containerStatuses'];
  if (Array.isArray(statuses)) {
    const all = statuses.filter(isRecord);
    const found = all.find((status) => status['name'] === (name ?? 'coredns')) ?? all[0];
    if (!found) throw new Unclassifiable('it is a pod without the status of a container');
    return found;
  }
  if (!('state' in object) && !('lastState' in object))
    throw new Unclassifiable('it is neither the status of a container nor a pod');
  return object;
}

function parseObject(text: string): Facts {
  let object: unknown;
  try {
    object = parse(text, { logLevel: 'error', maxAliasCount: 100 });
  } catch (error) {
    throw new Unclassifiable('it is not valid JSON or YAML', { cause: error });
  }
  if (!isRecord(object)) throw new Unclassifiable('it is neither the status of a container nor a pod');
  return object;
}
