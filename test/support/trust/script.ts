/** What happens in a random cluster: its nodes and policies, and then one thing after the other, done by people, nodes and time. */
import fc from 'fast-check';
import type { Script as JobScript } from '../objects/simulated-script.ts';

export const POLICIES = [0, 1] as const;
export type PolicyIndex = (typeof POLICIES)[number];

export interface NodeScript {
  readonly policy: PolicyIndex;
  readonly controlPlane: boolean;
  /** A DNS pod of the policy serves there, beside the one that crashes. */
  readonly server: boolean;
  /** How its repairs end, one after the other; the last one for ever. */
  readonly ends: readonly Pick<JobScript, 'agent' | 'guard' | 'proof' | 'dnsWorks'>[];
}

/** The settings of a policy that restrain it. Windows are named, so that the oracle need not read cron. */
export interface PolicyScript {
  readonly mode: 'Observe' | 'Approve' | 'Repair';
  readonly strategy: 'Cordon' | 'Taint';
  readonly maxSeconds: number;
  readonly maxConcurrent: number | `${number}%`;
  readonly perHour: number | null;
  readonly perNode: number | null;
  readonly coolDownSeconds: number;
  readonly backOffSeconds: number;
  readonly watchSeconds: number;
  readonly failures: number;
  readonly windowMinutes: number | null;
  readonly window: keyof typeof WINDOWS;
  readonly urgent: 'Wait' | 'Proceed';
}

const HOUR = 3_600_000;
/** When they are open, by a rule of their own and not by cron. */
export const WINDOWS = {
  always: { windows: [], isOpen: () => true },
  // The next 29 February is years after all that happens here.
  never: { windows: [{ cron: '0 0 29 2 *', duration: '1h' }], isOpen: () => false },
  everyFourHours: {
    windows: [{ cron: '0 */4 * * *', duration: '2h' }],
    isOpen: (time: number) => new Date(time).getUTCHours() % 4 < 2,
  },
  firstHalf: {
    windows: [{ cron: '0 * * * *', duration: '30m' }],
    isOpen: (time: number) => time % HOUR < HOUR / 2,
  },
} as const;

export type TrustEvent =
  | { readonly kind: 'crash' | 'cordon' | 'uncordon' | 'taint' | 'untaint' | 'ready'; readonly node: number }
  | {
      readonly kind: 'not-ready' | 'exclude' | 'include' | 'approve' | 'reject' | 'delete-record';
      readonly node: number;
    }
  | { readonly kind: 'changed-node'; readonly node: number }
  | { readonly kind: 'acknowledge' | 'dns-elsewhere' | 'pause-all' | 'resume-all' | 'operator-killed' }
  | { readonly kind: 'pause'; readonly policy: PolicyIndex; readonly seconds: number | null }
  | { readonly kind: 'resume'; readonly policy: PolicyIndex }
  | { readonly kind: 'policy'; readonly policy: PolicyIndex; readonly settings: PolicyScript }
  | { readonly kind: 'wait' | 'operator-away' | 'clock'; readonly ms: number };

export interface TrustScript {
  readonly nodes: readonly NodeScript[];
  readonly policies: readonly [PolicyScript, PolicyScript];
  readonly events: readonly TrustEvent[];
  /** By how many writes the cache is behind, and in which order the incidents are read: one value for each read. */
  readonly lags: readonly number[];
  readonly order: readonly number[];
  /** Which of the first effects are followed by the death of the operator, before they are recorded. */
  readonly lost: readonly boolean[];
  /** Which of the first writes of a node find that someone else wrote it in between. */
  readonly conflicts: readonly boolean[];
}

const often = <T>(usual: T, ...others: readonly T[]) =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(usual, ...others) },
  );

const policies: fc.Arbitrary<PolicyScript> = fc.record({
  mode: fc.constantFrom('Repair', 'Repair', 'Repair', 'Approve', 'Observe'),
  strategy: fc.constantFrom('Cordon', 'Taint'),
  // No step may take as long as the default; most take longer than the least.
  maxSeconds: fc.constantFrom(480, 60),
  maxConcurrent: fc.constantFrom<PolicyScript['maxConcurrent']>(1, 2, 3, '50%'),
  perHour: often<number | null>(null, 1, 2),
  perNode: fc.constantFrom(null, null, 1, 2),
  coolDownSeconds: often(0, 120, 900),
  backOffSeconds: often(0, 60, 1_800),
  watchSeconds: often(0, 60, 600),
  failures: fc.constantFrom(1, 1, 2),
  windowMinutes: fc.constantFrom(null, null, 10, 120),
  window: often<keyof typeof WINDOWS>('always', 'everyFourHours', 'firstHalf', 'never'),
  urgent: fc.constantFrom('Wait', 'Proceed'),
});

const ends = fc.record({
  agent: often<JobScript['agent']>(
    'repaired',
    'already-right',
    'refused',
    'rolled-back',
    'failed',
    'failed-kubelet-down',
    'never-starts',
    'silent',
  ),
  guard: often<JobScript['guard']>('kept', 'rolled-back', 'failed', 'dies'),
  proof: often<JobScript['proof']>('usable', 'failed', 'silent'),
  dnsWorks: often(true, false),
});

const nodes: fc.Arbitrary<NodeScript> = fc.record({
  policy: fc.constantFrom(0, 0, 0, 1),
  controlPlane: fc.boolean(),
  server: fc.boolean(),
  ends: fc.array(ends, { minLength: 1, maxLength: 3 }),
});

const of = (kind: string, more: Record<string, fc.Arbitrary<unknown>> = {}) =>
  fc.record({ kind: fc.constant(kind), ...more }) as unknown as fc.Arbitrary<TrustEvent>;
/** Often the first one: much is only about nodes that crash again. */
const node = { node: fc.oneof(fc.constant(0), fc.nat(5)) };
const policy = { policy: fc.constantFrom<PolicyIndex>(0, 0, 1) };
const ms = (...seconds: readonly number[]) => ({ ms: fc.constantFrom(...seconds.map((one) => one * 1000)) });

const events: fc.Arbitrary<TrustEvent> = fc.oneof(
  { weight: 12, arbitrary: of('crash', node) },
  { weight: 10, arbitrary: of('wait', ms(1, 3, 20, 60, 400, 1_800, 3_601, 7_200, 90_000)) },
  { weight: 3, arbitrary: of('approve', node) },
  { weight: 2, arbitrary: of('changed-node', node) },
  { weight: 2, arbitrary: of('acknowledge') },
  { weight: 2, arbitrary: of('cordon', node) },
  { weight: 1, arbitrary: of('uncordon', node) },
  { weight: 2, arbitrary: of('taint', node) },
  { weight: 1, arbitrary: of('untaint', node) },
  { weight: 1, arbitrary: of('ready', node) },
  { weight: 1, arbitrary: of('not-ready', node) },
  { weight: 1, arbitrary: of('exclude', node) },
  { weight: 1, arbitrary: of('include', node) },
  { weight: 1, arbitrary: of('reject', node) },
  { weight: 1, arbitrary: of('delete-record', node) },
  { weight: 2, arbitrary: of('dns-elsewhere') },
  { weight: 2, arbitrary: of('pause', { ...policy, seconds: fc.constantFrom(null, 30, 600) }) },
  { weight: 1, arbitrary: of('resume', policy) },
  { weight: 1, arbitrary: of('pause-all') },
  { weight: 1, arbitrary: of('resume-all') },
  { weight: 3, arbitrary: of('policy', { ...policy, settings: policies }) },
  { weight: 2, arbitrary: of('operator-killed') },
  { weight: 1, arbitrary: of('operator-away', ms(60, 600, 1_200)) },
  { weight: 1, arbitrary: of('clock', ms(-30, -2, 2, 30)) },
);

const cycle = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 9 });

export const scripts: fc.Arbitrary<TrustScript> = fc.record({
  nodes: fc.array(nodes, { minLength: 1, maxLength: 6 }),
  policies: fc.tuple(policies, policies),
  events: fc.array(events, { minLength: 4, maxLength: 30 }),
  lags: cycle(fc.integer({ min: 0, max: 3 })),
  order: cycle(fc.nat(100)),
  lost: fc.array(often(false, true), { maxLength: 40 }),
  conflicts: fc.array(often(false, true), { maxLength: 20 }),
});
