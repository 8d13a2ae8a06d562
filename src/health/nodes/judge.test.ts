import { describe, expect, it } from 'vitest';
import { type CheckReport, RESOLV_CONF_CLASSES } from '../../api/agent-report.ts';
import { judge } from './judge.ts';

const reportOf = (
  outcome: CheckReport['outcome'],
  cls: (typeof RESOLV_CONF_CLASSES)[number],
): CheckReport => ({
  verb: 'check',
  nonce: 'n',
  outcome,
  reason: 'R',
  message: 'what the check says',
  resolvConf: { path: '/etc/resolv.conf', class: cls, nameservers: ['127.0.0.53'] },
  answers: [],
});
const { resolvConf: _file, ...withoutFile } = reportOf('looping', 'stub');

describe('a check of a node', () => {
  it('proves the node if CoreDNS could work with the file', () => {
    expect(judge(reportOf('usable', 'ok'))).toEqual({
      kind: 'proven',
      file: { class: 'ok', nameservers: ['127.0.0.53'] },
      message: 'what the check says',
    });
  });

  it.each(['stub', 'loopback', 'self-only'] as const)('finds a drift if the file is of class %s', (cls) => {
    expect(judge(reportOf('looping', cls))).toMatchObject({ kind: 'drifted', file: { class: cls } });
  });

  it.each(RESOLV_CONF_CLASSES.filter((cls) => !['stub', 'loopback', 'self-only'].includes(cls)))(
    'finds no drift if the file is of class %s, whatever the report calls it',
    (cls) => {
      expect(judge(reportOf('looping', cls))).toEqual({ kind: 'failed', problem: 'what the check says' });
    },
  );

  it.each([
    ['its nameservers are silent', reportOf('no-answer', 'ok')],
    ['only some of them loop', reportOf('may-loop', 'mixed-loopback')],
    ['it was given none', reportOf('unusable', 'empty')],
    ['it did not work', reportOf('failed', 'stub')],
    ['it saw no file', withoutFile],
  ])('says nothing about the node if %s', (_name, report) => {
    expect(judge(report)).toEqual({ kind: 'failed', problem: 'what the check says' });
  });
});
