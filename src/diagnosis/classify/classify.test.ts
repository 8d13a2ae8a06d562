/** Inputs as they are saved from clusters, with the answer to each: the files in `fixtures/`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { Unclassifiable } from './answer.ts';
import { classify, KINDS, type Kind } from './classify.ts';
import { readEntry } from './read-entry.ts';

interface Fixture {
  readonly what: string;
  readonly kind: Kind | 'node';
  readonly expected: Readonly<Record<string, unknown>>;
  readonly text?: string;
  readonly context?: Readonly<Record<string, unknown>>;
}

const FACTS = ['loop', 'pod', 'platform', 'node'];
const directory = join(import.meta.dirname, 'fixtures');
const fixtures = readdirSync(directory).flatMap((name): Fixture[] =>
  parse(readFileSync(join(directory, name), 'utf8')),
);
const pure = fixtures.filter((fixture): fixture is Fixture & { kind: Kind } => fixture.kind !== 'node');

const answerTo = (text: string, kind?: Kind, context = {}) => {
  const entry = readEntry(text, context, FACTS, kind);
  return classify((kind ?? entry.kind) as Kind, entry.input);
};

it.each(pure.map((fixture) => [fixture.kind, fixture.what, fixture] as const))(
  '%s: %s',
  (_kind, _what, fixture) => {
    expect(answerTo(stringify(fixture))).toMatchObject(fixture.expected);
  },
);

it('has examples of every kind', () => {
  expect(new Set(pure.map(({ kind }) => kind))).toEqual(new Set(KINDS));
  expect(fixtures.length).toBeGreaterThan(100);
});

describe('an input', () => {
  it.each(pure.filter(({ text }) => text !== undefined).map((fixture) => [fixture.what, fixture] as const))(
    'is answered alike as a plain text, as an entry in JSON and as one in YAML: %s',
    (_what, { kind, text = '', context = {}, expected }) => {
      const plain = answerTo(text, kind, context);
      expect(plain).toMatchObject(expected);
      expect(answerTo(JSON.stringify({ kind, text, context, expected }))).toEqual(plain);
      expect(answerTo(stringify([{ id: 'x', kind, text, context }]))).toEqual(plain);
    },
  );

  it('takes what the caller adds before what the entry says', () => {
    const log = pure.find(({ what }) => what === 'another resolver that sends the query back');
    expect(answerTo(stringify(log), 'coredns-log', { podIP: '10.233.64.9' })).toMatchObject({
      cause: 'self-ip',
    });
  });

  it('is not taken for an entry because a configuration has a key of that name', () => {
    const text =
      'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nlogging:\n  options:\n    text: {}\n';
    expect(answerTo(text, 'kubelet-config')).toEqual({ resolvConf: '/etc/resolv.conf' });
  });

  it.each<[Kind, string, RegExp]>([
    ['configz', '{"kubeletconfig":{"resolv', /not valid JSON/],
    ['configz', '{"a":1}', /no kubeletconfig/],
    ['pod-status', '{"name":"coredns","state":{', /not valid JSON or YAML/],
    ['pod-status', 'hello', /neither/],
    ['pod-status', '{"items":[{},{}]}', /lists 2 pods/],
    ['kubelet-config', 'kind: "Kubelet', /not valid YAML/],
    ['kubelet-flags', 'nothing here\n', /no flags/],
    ['platform', 'Ubuntu', /mapping/],
    ['coredns-log', '- {id: a, text: x}\n- {id: b, text: y}\n', /2 entries/],
  ])('of kind %s that is cut off or something else is refused in one sentence: %s', (kind, text, message) => {
    const act = () => answerTo(text, kind);
    expect(act).toThrow(Unclassifiable);
    expect(act).toThrow(message);
  });
});
