import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Argument, expandCommandLine } from '../../diagnosis/kubelet/command-line.ts';
import { parseEnvironmentFile } from '../../diagnosis/kubelet/environment-file.ts';
import { type Flag, findFlag } from '../../diagnosis/kubelet/kubelet-flags.ts';
import { type Edit } from './edit-config.ts';
import { editFlag } from './edit-flag.ts';

const TARGET = '/run/systemd/resolve/resolv.conf';
const PATH = '/etc/default/kubelet';

function argumentsOf(text: string): readonly Argument[] {
  const variables = parseEnvironmentFile(text).map(
    ({ name, value, at }) => [name, { value, file: { path: PATH, text, at } }] as const,
  );
  return expandCommandLine(['$A', '$B', '$C'], new Map(variables));
}

const flagOf = (text: string): Flag | undefined => findFlag(argumentsOf(text), 'resolv-conf');

function edit(text: string): Edit | undefined {
  const flag = flagOf(text);
  if (flag === undefined) throw new Error('flag not found');
  return editFlag({ path: PATH, text, flag }, TARGET);
}

describe('editFlag', () => {
  it.each([
    ['A=--resolv-conf=/x', `A=--resolv-conf=${TARGET}`],
    ['A="--v=2 --resolv-conf=/x"\r\nB=1', `A="--v=2 --resolv-conf=${TARGET}"\r\nB=1`],
    [`A='--resolv-conf "/x y"'\n`, `A='--resolv-conf "${TARGET}"'\n`],
    [`A=--resolv-conf=\n`, `A=--resolv-conf=${TARGET}\n`],
    [`A='--resolv-conf="" --v=2'\n`, `A='--resolv-conf="${TARGET}" --v=2'\n`],
    [`A="--resolv-conf='' "\n`, `A="--resolv-conf='${TARGET}' "\n`],
    [
      'A=/x\nA=--resolv-conf=/y\n# A=--resolv-conf=/z\n',
      `A=/x\nA=--resolv-conf=${TARGET}\n# A=--resolv-conf=/z\n`,
    ],
    ['B=--resolv-conf=/x\nA=--resolv-conf=/y\n', `B=--resolv-conf=${TARGET}\nA=--resolv-conf=/y\n`],
  ])('%j', (before, after) => {
    expect(edit(before)?.text).toBe(after);
    expect(edit(after)).toBeUndefined();
  });

  it('returns the line before and after', () => {
    expect(edit('# mine\nA="--v=2 \\\n --resolv-conf=/x \\\n --v=3"\n')).toMatchObject({
      line: 3,
      before: ' --resolv-conf=/x \\',
      after: ` --resolv-conf=${TARGET} \\`,
    });
  });

  it.each([
    ['quoted in the middle', `A="--resolv-conf=/e'tc/'x"\n`],
    ['escaped', 'A="--resolv-conf=/e\\\\tc/x"\n'],
    ['on two lines', 'A="--resolv-conf=/etc\\\n/x"\n'],
    ['empty and a separate argument', `A="--resolv-conf ''"\n`],
  ])('refuses a value that is %s', (_what, text) => {
    expect(() => edit(text)).toThrow(/--resolv-conf in \/etc\/default\/kubelet/);
  });

  const path = fc.stringMatching(/^\/[a-z0-9./_-]{1,12}$/);
  const flag = fc
    .tuple(fc.constantFrom('--resolv-conf=', '--resolv_conf=', '--resolv-conf '), path)
    .map(([name, value]) => `${name}${value}`);
  const other = fc.constantFrom(
    '--v=2',
    '--node-ip=192.0.2.7',
    '--node-labels=a=b,c=d',
    '--x-resolv-conf=/no',
    '-v 3',
  );
  const variable = fc
    .record({
      name: fc.constantFrom('A', 'B', 'C', 'PATH'),
      words: fc.array(fc.oneof(other, flag), { maxLength: 5 }),
      quote: fc.constantFrom('"', "'", ''),
      between: fc.constantFrom(' ', '  ', ' \\\n'),
    })
    .map(({ name, words, quote, between }) => {
      // A backslash before a line break means nothing within single quotes.
      const space = quote === "'" ? ' ' : between;
      return `${name}=${quote}${words.join(space)}${quote}`;
    });
  const line = fc.oneof(
    variable,
    fc.constantFrom('', '# --resolv-conf=/no', '; A=--resolv-conf=/no', 'nonsense'),
  );
  const files = fc
    .tuple(fc.array(line, { maxLength: 7 }), fc.boolean(), fc.boolean())
    .map(([lines, crlf, final]) => {
      const text = lines.join('\n') + (final ? '\n' : '');
      return crlf && !text.includes('\\\n') ? text.replaceAll('\n', '\r\n') : text;
    })
    .filter((text) => flagOf(text) !== undefined);

  it('changes exactly one argument of any environment file, no byte outside it, and nothing the second time', () => {
    let edited = 0;
    fc.assert(
      fc.property(files, (text) => {
        const old = flagOf(text)?.value ?? '';
        const done = edit(text);
        expect(done === undefined).toBe(old === TARGET);
        if (done === undefined) return;
        edited++;
        const [before, after] = [argumentsOf(text), argumentsOf(done.text)];
        const differing = before.filter((argument, index) => argument.text !== after[index]?.text);
        const putBack = Array.from(done.text.matchAll(new RegExp(TARGET, 'g')), ({ index }) =>
          [done.text.slice(0, index), done.text.slice(index + TARGET.length)].join(old),
        );
        expect(after).toHaveLength(before.length);
        expect(differing).toHaveLength(1);
        expect(flagOf(done.text)?.value).toBe(TARGET);
        expect(putBack).toContain(text);
        expect(edit(done.text)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
    expect(edited).toBeGreaterThan(900);
  });
});
