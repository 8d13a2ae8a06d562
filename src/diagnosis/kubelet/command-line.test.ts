import { describe, expect, it } from 'vitest';
import { expandCommandLine, type Variable } from './command-line.ts';
import { parseEnvironmentFile } from './environment-file.ts';
import { findFlag } from './kubelet-flags.ts';

describe('parseEnvironmentFile', () => {
  it.each([
    ['A=b', [['A', 'b']]],
    ['A="b c"', [['A', 'b c']]],
    ['A=\'b "c"\'', [['A', 'b "c"']]],
    ['A=b c  \n', [['A', 'b c']]],
    ['A=b"c"', [['A', 'b"c"']]],
    ['A="b""c"', [['A', 'bc']]],
    ['# A=b\n;B=c\n  C=d', [['C', 'd']]],
    ['# continued \\\nA=b\nB=c', [['B', 'c']]],
    [
      'A=b \\\n c\nB=d',
      [
        ['A', 'b  c'],
        ['B', 'd'],
      ],
    ],
    ['A="b\\\nc"', [['A', 'bc']]],
    ['A="\\x\\""', [['A', '\\x"']]],
    ['A=', [['A', '']]],
    [
      'no assignment\nA=b\r\nB=c',
      [
        ['A', 'b'],
        ['B', 'c'],
      ],
    ],
    [
      '1A=b\nA=1\nA=2',
      [
        ['A', '1'],
        ['A', '2'],
      ],
    ],
  ])('%j', (text, expected) => {
    expect(parseEnvironmentFile(text).map(({ name, value }) => [name, value])).toEqual(expected);
  });

  it('keeps the offset of each character of a value', () => {
    const text = '# x\nA="--resolv-conf=/a \\\n--v=2"\n';
    const [assignment] = parseEnvironmentFile(text);
    expect(assignment?.at.map((at) => text[at]).join('')).toBe(assignment?.value);
  });
});

describe('expandCommandLine', () => {
  const environment = new Map<string, Variable>([
    ['ARGS', { value: '--a=1 "--b=x y" \'--c\'=3' }],
    ['ONE', { value: 'x y' }],
    ['EMPTY', { value: '' }],
  ]);
  it.each([
    [['$ARGS'], ['--a=1', '--b=x y', '--c=3']],
    [['--d=${ONE}', '$UNSET', '$EMPTY'], ['--d=x y']],
    [
      ['--e=$ONE', '$$ONE', '${UNSET}'],
      ['--e=$ONE', '$ONE', ''],
    ],
  ])('%j', (argv, expected) => {
    expect(expandCommandLine(argv, environment).map(({ text }) => text)).toEqual(expected);
  });

  it('removes backslashes as systemd does', () => {
    const words = expandCommandLine(['$ARGS'], new Map([['ARGS', { value: 'a\\ b "c\\"d"' }]]));
    expect(words.map(({ text }) => text)).toEqual(['a b', 'c"d']);
  });
});

describe('findFlag', () => {
  const flag = (line: string): string | undefined =>
    findFlag(expandCommandLine(line.split(' '), new Map()), 'resolv-conf')?.value;
  it.each([
    ['--resolv-conf=/a', '/a'],
    ['--resolv-conf /a --v=2', '/a'],
    ['--resolv_conf=/a', '/a'],
    ['--resolv-conf=/a --resolv-conf=/b', '/b'],
    ['--resolv-conf=', ''],
    ['--resolv-conf-x=/a --v=2', undefined],
    ['-- --resolv-conf=/a', undefined],
    ['--fail-swap-on --resolv-conf=/a', '/a'],
    ['--rotate_certificates --resolv-conf /a', '/a'],
    ['-v 4 --resolv-conf=/a', '/a'],
    ['-v --resolv-conf=/a', undefined],
    ['-v4 --resolv-conf=/a', '/a'],
    ['--node-ip 192.0.2.7 --resolv-conf=/a', '/a'],
    ['--resolv-conf --config=/a', '--config=/a'],
    ['--resolv-conf=/a --node-labels=--resolv-conf=/b', '/a'],
  ])('%s', (line, expected) => {
    expect(flag(line)).toBe(expected);
  });

  it.each(['--node-labels --resolv-conf=/a', '--cluster-dns --v=2 --resolv-conf /a --x --resolv-conf=/b'])(
    'refuses %s, where another flag may take it as its value',
    (line) => {
      expect(() => flag(line)).toThrow(/ambiguous/);
    },
  );
});
