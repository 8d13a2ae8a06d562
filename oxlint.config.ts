/** Lint: which folder of `src/` may import what, as a table; the rules made from that; the rules for all files. */
import { defineConfig, type OxlintOverride } from 'oxlint';

interface Room {
  /** Folders beside it that its files may import from. */
  readonly from: readonly string[];
  /** Parts of these that they may not import from. */
  readonly closed?: readonly string[];
  /** Packages whose code its files may import. Node's own modules are free, except where `pure`. */
  readonly packages?: readonly string[];
  /** No clock, no randomness, no I/O: what was read comes in as an argument, what is decided goes out as a value. */
  readonly pure?: boolean;
}

type Rooms = Readonly<Record<string, Room>>;

/** The folders of `src/`. */
const ROOMS = {
  api: { from: [], packages: ['zod', 'yaml'] },
  dns: { from: [], packages: ['dns-packet'] },
  runtime: { from: [], packages: ['p-queue', 'pino', 'prom-client'] },
  kube: { from: ['runtime'], packages: ['@kubernetes/client-node', 'undici', 'yaml', 'zod'] },
  diagnosis: { from: ['api'], packages: ['yaml'], pure: true },
  remediation: { from: ['api', 'diagnosis'], packages: ['croner', 'zod'], pure: true },
  health: { from: ['api', 'diagnosis'], pure: true },
  notify: { from: ['api'], packages: ['yaml', 'zod'], pure: true },
  observe: { from: ['api', 'diagnosis', 'health', 'remediation', 'kube', 'runtime'], packages: ['zod'] },
  effects: { from: ['api', 'dns', 'diagnosis', 'health', 'kube', 'runtime'] },
  controller: {
    from: ['api', 'diagnosis', 'health', 'remediation', 'notify', 'observe', 'effects', 'kube', 'runtime'],
    packages: ['zod'],
  },
  agent: { from: ['api', 'dns', 'diagnosis'], packages: ['yaml', 'zod'] },
  plugin: {
    from: ['api', 'dns', 'diagnosis', 'remediation', 'observe', 'effects', 'kube', 'runtime', 'agent'],
    // Nothing that the plugin reads is changed by it on a node.
    closed: ['agent/change'],
    packages: ['@kubernetes/client-node', 'commander', 'yaml', 'zod'],
  },
} satisfies Rooms;

type Name = keyof typeof ROOMS;

/** What the verbs of the plugin share. A verb does not import another one. */
const SHARED_BY_VERBS = {
  terminal: { from: [] },
  cluster: { from: ['terminal'] },
  incident: { from: ['terminal'] },
  asking: { from: ['terminal', 'cluster', 'incident'] },
} satisfies Rooms;
const VERBS = [
  'acknowledge',
  'approve',
  'check',
  'classify',
  'cleanup',
  'completion',
  'diagnose',
  'history',
  'pause',
  'plan',
  'reject',
  'report',
  'resume',
  'rollback',
  'status',
];

/** The folders within a folder of `src/`. Files beside them import from all of them. */
const INNER_ROOMS = {
  // What the records say does not decide; a stage asks guards, never the other way round.
  remediation: {
    scope: { from: [] },
    claim: { from: ['scope'] },
    rollout: { from: [] },
    maintenance: { from: [] },
    verification: { from: [] },
    planning: { from: ['verification'] },
    record: { from: ['maintenance', 'planning', 'rollout', 'scope', 'verification'] },
    guards: { from: ['maintenance', 'planning', 'record', 'rollout', 'scope', 'verification'] },
    stages: { from: ['guards', 'planning', 'record', 'rollout', 'scope', 'verification'] },
    housekeeping: { from: ['record', 'rollout'] },
  },
  // One controller does not call another: they meet in the caches, in `dns-pods/` and in `sightings.ts`.
  controller: {
    'dns-pods': { from: [] },
    claiming: { from: ['dns-pods'] },
    sighting: { from: ['claiming', 'dns-pods'] },
    prober: { from: ['claiming', 'dns-pods'] },
    policy: { from: ['dns-pods', 'prober', 'sighting'] },
    incident: { from: ['dns-pods', 'prober'] },
    housekeeping: { from: [] },
    notifying: { from: [] },
  },
  // What changes the node imports what decides, and that imports what reads.
  agent: {
    files: { from: [] },
    unit: { from: ['files'] },
    config: { from: ['files', 'unit'] },
    decide: { from: ['files', 'unit', 'config'] },
    change: { from: ['files', 'unit', 'config', 'decide'] },
  },
  plugin: {
    ...SHARED_BY_VERBS,
    ...Object.fromEntries(VERBS.map((verb) => [verb, { from: Object.keys(SHARED_BY_VERBS) }])),
  },
} satisfies Partial<Record<Name, Rooms>>;

const TABLE = 'the table is in oxlint.config.ts';
const list = (names: readonly string[]): string => names.join(', ') || 'nothing';

interface Pattern {
  readonly regex: string;
  readonly message: string;
}

function roomRule(name: string, { from, closed: parts = [] }: Room, rooms: Rooms, path = name): Pattern {
  const closed = [...Object.keys(rooms).filter((other) => other !== name && !from.includes(other)), ...parts];
  return {
    regex: `^(\\.\\./)+(${closed.join('|')})/`,
    message: `${path}/ imports from these folders: ${list(from)}. Move the code down, or pass the value in (${TABLE}).`,
  };
}

function packageRules(name: string, { packages = [], pure = false }: Room) {
  const all = new Set(Object.values<Room>(ROOMS).flatMap((room) => room.packages ?? []));
  return [...all]
    .filter((other) => !packages.includes(other))
    .map((other) => ({
      name: other,
      message: `${name}/ imports these packages: ${list(packages)}. Use the folder that wraps ${other} (${TABLE}).`,
      // The types of the API's objects are free; the code behind them is loaded only where the table says so.
      allowTypeImports: other === '@kubernetes/client-node' && !pure,
    }));
}

const PURE = {
  imports: {
    // All but node:path: paths are only text, and its regular expressions have no look-ahead.
    regex: '^node:([^p]|p[^a])',
    message: 'This folder is pure: read it in observe/, and pass the value in.',
  },
  properties: [
    { object: 'Date', property: 'now', message: 'This folder is pure: time is an argument.' },
    { object: 'Math', property: 'random', message: 'This folder is pure: randomness is an argument.' },
  ],
  globals: ['setTimeout', 'setInterval', 'fetch', 'process', 'performance'],
};

function override(name: Name, files: string, patterns: readonly Pattern[]): OxlintOverride {
  const room: Room = ROOMS[name];
  return {
    files: [files],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [...patterns, ...(room.pure ? [PURE.imports] : [])], paths: packageRules(name, room) },
      ],
      ...(room.pure
        ? {
            'no-restricted-properties': ['error', ...PURE.properties],
            'no-restricted-globals': ['error', ...PURE.globals],
          }
        : {}),
    },
  };
}

const roomOverrides = (Object.keys(ROOMS) as Name[]).map((name) =>
  override(name, `src/${name}/**/*.ts`, [roomRule(name, ROOMS[name], ROOMS)]),
);

// The last override wins, so the rules of the folder around are repeated here.
const innerOverrides = (Object.keys(INNER_ROOMS) as (keyof typeof INNER_ROOMS)[]).flatMap((name) => {
  const rooms: Rooms = INNER_ROOMS[name];
  return Object.entries(rooms).map(([inner, room]) =>
    override(name, `src/${name}/${inner}/**/*.ts`, [
      roomRule(name, ROOMS[name], ROOMS),
      roomRule(inner, room, rooms, `${name}/${inner}`),
    ]),
  );
});

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error' },
  options: { typeAware: true },
  rules: {
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/await-thenable': 'error',
    'typescript/return-await': ['error', 'in-try-catch'],
    'typescript/switch-exhaustiveness-check': 'off',
    'typescript/only-throw-error': 'error',
    'typescript/prefer-promise-reject-errors': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/consistent-type-imports': 'error',
    'no-empty': ['error', { allowEmptyCatch: false }],
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'import/no-named-as-default-member': 'off',
    'promise/always-return': 'off',
    'no-await-in-loop': 'off',
    'no-underscore-dangle': 'off',
    'unicorn/no-array-sort': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
    'no-shadow': 'off',
    'typescript/no-unnecessary-type-parameters': 'off',
    'vitest/no-disabled-tests': 'error',
    'vitest/no-focused-tests': 'error',
    'unicorn/consistent-function-scoping': 'off',
  },
  overrides: [
    ...roomOverrides,
    ...innerOverrides,
    {
      // Tests take what they need from anywhere.
      files: ['**/*.test.ts', 'src/agent/testing/**/*.ts'],
      rules: {
        'no-restricted-imports': 'off',
        'no-restricted-globals': 'off',
        'no-restricted-properties': 'off',
      },
    },
    { files: ['*.config.ts'], rules: { 'import/no-default-export': 'off' } },
  ],
  ignorePatterns: ['dist', 'node_modules'],
});
