/** What the agent would do on a node of these files: its own reading and deciding, over a temporary tree. */

import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { adviceFor } from '../../agent/advice.ts';
import type { Ask } from '../../agent/decide/ask-server.ts';
import { type Assessment, assess } from '../../agent/decide/assess.ts';
import { evidenceOf } from '../../agent/decide/facts.ts';
import type { KubeletUnit, UnitManager } from '../../agent/unit/kubelet-unit.ts';
import { inspectRequestSchema } from '../../api/agent-protocol.ts';
import { assertNever } from '../../api/assert-never.ts';
import { isRecord } from '../../api/is-record.ts';
import { Refused } from '../../api/refused.ts';
import {
  type Answer,
  type Facts,
  known,
  listOf,
  numberOf,
  textOf,
  Unclassifiable,
} from '../../diagnosis/classify/answer.ts';
import { knownAddresses } from '../../diagnosis/classify/known-addresses.ts';
import { classifyPlatform } from '../../diagnosis/classify/platform.ts';
import { readServiceText } from '../../diagnosis/kubelet/service-text.ts';

/** What the agent's Job mounts; the agent takes a directory that is not there for one that it cannot see. */
const DIRECTORIES = ['/etc', '/var/lib/kubelet', '/run', '/usr', '/lib', '/opt'] as const;
const MAX_FILES = 500;
/** The keys of one unit. A mapping of several units has other keys, and each is judged for itself. */
const UNIT_KEYS: readonly string[] = ['loadState', 'activeState', 'subState', 'execStart'];
const NODE_KEYS: readonly string[] = ['unit', 'files', 'links', 'known', 'answers', 'labels', 'request'];

/**
 * Fields: unit (as systemd reports it, or the text of `systemctl cat kubelet`), files and links by their path on the node,
 * known (addresses), answers (server to response code), labels and the like of the node, targets.
 */
export async function classifyNode(facts: Facts): Promise<Answer> {
  if (isUnit(facts)) return decideFor({ unit: facts });
  const several = Object.entries(facts);
  const areUnits =
    several.length > 0 && several.every(([key, value]) => !NODE_KEYS.includes(key) && isUnit(value));
  if (!areUnits) return decideFor(facts);
  const answers = await Promise.all(
    several.map(async ([name, unit]) => [name, (await decideFor({ unit }))['reason']] as const),
  );
  return Object.fromEntries(answers);
}

const isUnit = (value: unknown): value is Facts =>
  isRecord(value) && UNIT_KEYS.some((key) => key in value) && !('files' in value);

async function decideFor(facts: Facts): Promise<Answer> {
  const root = mkdtempSync(join(tmpdir(), 'dnshealth-classify-'));
  try {
    const unit = unitOf(facts['unit']);
    buildTree(root, facts, unit);
    const platform = classifyPlatform(facts);
    return known({ ...(await decide(root, facts, unit)), platform: platform['platform'] ?? undefined });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function decide(root: string, facts: Facts, unit: KubeletUnit): Promise<Answer> {
  const targets = listOf(facts, 'targets');
  const request = inspectRequestSchema.parse({
    verb: 'inspect',
    ...(isRecord(facts['request']) ? facts['request'] : {}),
    ...(targets.length > 0 && { targets }),
    known: knownAddresses(isRecord(facts['known']) ? facts['known'] : {}),
  });
  let observed: Answer = {};
  let nowMs = unit.startedAtMs + AGE_MS;
  try {
    const assessment = await assess(
      request,
      {
        hostRoot: root,
        unit: systemdOf(unit),
        clock: {
          now: () => nowMs,
          sleep: async (ms) => {
            nowMs += ms;
          },
        },
        ask: asking(facts['answers']),
        stop: new AbortController().signal,
        log: () => undefined,
        // There is no pod.
        ownResolvConf: () => undefined,
      },
      { onFacts: (found) => (observed = evidenceOf(found)) },
    );
    const target = request.targets[0] ?? '';
    return notGiven(observed, target) ?? { ...answerOf(assessment, target, observed), ...observed };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return refusal(
      error.reason,
      error.message,
      error.advice ?? adviceFor(error.reason, request.targets[0] ?? ''),
      observed,
    );
  }
}

function answerOf(assessment: Assessment, target: string, observed: Answer): Answer {
  switch (assessment.kind) {
    case 'change': {
      const { path, line, before, after } = assessment.edit;
      return {
        outcome: 'would-change',
        reason: 'WouldChange',
        path,
        line,
        place: `${path}:${line}`,
        before,
        after,
        ...(before === '' && { added: 'resolvConf' }),
        target: assessment.target,
      };
    }
    case 'already-right':
      return { outcome: 'already-right', reason: 'AlreadyRight', next: RIGHT, target: assessment.target };
    case 'refuse': {
      const { reason, message, advice } = assessment;
      return refusal(reason, message, advice ?? adviceFor(reason, target), observed);
    }
    default:
      return assertNever(assessment);
  }
}

/**
 * An input has only some of the files of its node. That the file of the running kubelet is not among them does not mean
 * that the node has none: a kubelet without it starts no pod.
 */
function notGiven(observed: Answer, target: string): Answer | undefined {
  const { current, effective } = observed as Partial<ReturnType<typeof evidenceOf>>;
  if (current?.class !== 'missing' || !effective) return undefined;
  const message = `The kubelet reads ${effective.value}, as set by ${effective.source}. That file is not in the input, so that it cannot be judged.`;
  return refusal('CurrentUnreadable', message, adviceFor('CurrentUnreadable', target), observed);
}

const RIGHT = 'The kubelet is right: prove that with a new pod, and recreate the DNS pod.';

/** A kubelet that reads a usable file needs no change; for the agent that is a refusal as well. */
function refusal(reason: Refused['reason'], message: string, advice: string, observed: Answer): Answer {
  const { effective } = observed as { effective?: { source: string } };
  const place = /(\/\S+:\d+)$/.exec(effective?.source ?? '')?.[1];
  return known({
    outcome: reason === 'CurrentIsUsable' ? 'already-right' : 'refused',
    reason,
    next: reason === 'CurrentIsUsable' ? RIGHT : undefined,
    message,
    advice,
    place,
    ...observed,
  });
}

const AGE_MS = 60_000;

/** As of a kubelet that was started after its files were written, unless the input says otherwise. */
function unitOf(value: unknown): KubeletUnit {
  const given =
    typeof value === 'string' ? readServiceText(value, UNIT_PATH).service : isRecord(value) ? value : {};
  const facts = given as Facts;
  // File times come from the clock of now.
  const startedAtMs = Date.now() + AGE_MS;
  return {
    activeState: textOf(facts, 'activeState') ?? 'active',
    subState: textOf(facts, 'subState') ?? 'running',
    loadState: textOf(facts, 'loadState') ?? 'loaded',
    mainPid: numberOf(facts, 'mainPid') ?? (textOf(facts, 'activeState') === 'inactive' ? 0 : 100),
    startedAtMs,
    steadyStartMs: startedAtMs,
    autoRestarts: numberOf(facts, 'autoRestarts') ?? 0,
    jobPending: facts['jobPending'] === true,
    lastExit: { result: 'success', code: 0, status: 0 },
    needDaemonReload: facts['needDaemonReload'] === true,
    execStart: execStartOf(facts['execStart']),
    environment: listOfTexts(facts['environment']),
    // The sign for "optional" is not part of the path.
    environmentFiles: listOfTexts(facts['environmentFiles']).map((path) => path.replace(/^-/, '')),
    fragmentPath: textOf(facts, 'fragmentPath') ?? UNIT_PATH,
    dropInPaths: listOfTexts(facts['dropInPaths']),
  };
}

const UNIT_PATH = '/etc/systemd/system/kubelet.service';

/** One command line as a list of words, or several of them. */
function execStartOf(value: unknown): readonly (readonly string[])[] {
  if (!Array.isArray(value) || value.length === 0) return [];
  return value.every(Array.isArray) ? value.map((words) => words.map(String)) : [value.map(String)];
}

const listOfTexts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

function systemdOf(unit: KubeletUnit): UnitManager {
  const never = async (): Promise<never> => {
    throw new Error('a classification restarts nothing');
  };
  return {
    describe: async () => unit,
    state: async () => unit,
    restart: never,
    resetFailed: never,
    close: () => undefined,
  };
}

/** Without answers, every server answers; with some, the others are silent. */
function asking(answers: unknown): Ask {
  return async (server) => ({
    result: isRecord(answers) ? (textOf(answers, server) ?? 'timeout') : 'NXDOMAIN',
    ms: 1,
  });
}

function buildTree(root: string, facts: Facts, unit: KubeletUnit): void {
  const files = isRecord(facts['files']) ? facts['files'] : {};
  const links = isRecord(facts['links']) ? facts['links'] : {};
  if (Object.keys(files).length + Object.keys(links).length > MAX_FILES)
    throw new Unclassifiable(`it has more than ${MAX_FILES} files`);
  for (const directory of DIRECTORIES) mkdirSync(inside(root, directory), { recursive: true });
  for (const [path, text] of Object.entries(files)) write(root, path, typeof text === 'string' ? text : '');
  const program = unit.execStart[0]?.[0] ?? '';
  if (program.startsWith('/') && !(program in files)) write(root, program, '');
  for (const [path, target] of Object.entries(links)) {
    const link = parentOf(root, path);
    symlinkSync(String(target), link);
  }
}

function write(root: string, path: string, text: string): void {
  writeFileSync(parentOf(root, path), text);
}

const inside = (root: string, path: string): string => join(root, posix.normalize(`/${path}`));

/** Makes its directory. Refuses a path through a link: an absolute one would lead out of the tree. */
function parentOf(root: string, path: string): string {
  const place = inside(root, path);
  for (let at = dirname(place); at.length > root.length; at = dirname(at))
    if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink())
      throw new Unclassifiable(
        `the path ${path} leads through a link of the same input; give the path behind it`,
      );
  mkdirSync(dirname(place), { recursive: true });
  if (lstatSync(place, { throwIfNoEntry: false }))
    throw new Unclassifiable(`the path ${path} is there twice`);
  return place;
}
