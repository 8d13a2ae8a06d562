/** The grammar of the file of receivers: what it may say, and that no error repeats what it says. */
import { describe, expect, it } from 'vitest';
import { NOTICE_EVENTS } from './notice.ts';
import { parseHeaders, parseReceivers, parseUrl } from './receivers-file.ts';

const SECRET = 'T0/B0/s3cr3t';
const one = (lines: string) => `receivers:\n- name: ops\n${lines.replaceAll(/^/gm, '  ')}\n`;

function problemWith(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof Error) return `${error.name}: ${error.message}`;
  }
  throw new Error('it was accepted');
}

describe('the file of receivers', () => {
  it('needs a name and a URL; by default all events go to a plain webhook within ten seconds', () => {
    expect(parseReceivers(one('url: https://hooks.example.com/x'))).toEqual([
      {
        name: 'ops',
        url: 'https://hooks.example.com/x',
        format: 'webhook',
        events: [...NOTICE_EVENTS],
        timeoutSeconds: 10,
      },
    ]);
  });

  it('may name files beside it', () => {
    const text = one(
      'urlFile: slack-url\nheadersFile: headers.yaml\ncaFile: ca.crt\nformat: slack\nevents: [Failed]',
    );
    expect(parseReceivers(text)).toMatchObject([
      {
        urlFile: 'slack-url',
        headersFile: 'headers.yaml',
        caFile: 'ca.crt',
        format: 'slack',
        events: ['Failed'],
      },
    ]);
  });

  it('may have no receivers', () => {
    expect(parseReceivers('receivers: []')).toEqual([]);
  });

  const url = `url: https://hooks.example.com/${SECRET}`;
  it.each([
    ['another format', one(`${url}\nformat: teams`), /receivers\[0\]\.format.*"webhook"\|"slack"/],
    ['an event that does not exist', one(`${url}\nevents: [Exploded]`), /receivers\[0\]\.events\[0\]/],
    ['no event', one(`${url}\nevents: []`), /receivers\[0\]\.events/],
    ['no URL', one('format: slack'), /receivers\[0\]\.url: must be given, or urlFile/],
    ['both', one(`${url}\nurlFile: slack-url`), /but not both/],
    ['another scheme', one(`url: ftp://example.com/${SECRET}`), /receivers\[0\]\.url: must be an http/],
    ['no URL at all', one(`url: ${SECRET}`), /receivers\[0\]\.url: must be an http/],
    [
      'a file elsewhere',
      one(`urlFile: ../../${SECRET}`),
      /receivers\[0\]\.urlFile: must be the name of a file/,
    ],
    ['a deadline that blocks', one(`${url}\ntimeoutSeconds: 3600`), /receivers\[0\]\.timeoutSeconds/],
    ['a field that does not exist', one(`${url}\n"${SECRET}": 1`), /known: name, url, urlFile/],
    ['a URL in place of a receiver', `receivers: ["https://${SECRET}"]`, /receivers\[0\]: /],
    ['a name in capitals', `receivers: [{name: OPS, ${url}}]`, /receivers\[0\]\.name: must be up to 40/],
    ['a name twice', `${one(url)}- name: ops\n  ${url}\n`, /receivers: must have different names/],
    ['no list', 'receiver: []', /receivers/],
    ['nothing', '', /the whole file/],
    ['broken YAML', `receivers:\n- name: "${SECRET}\n`, /not valid YAML at line \d+ \(\w+\)/],
    ['an unquoted alias', `receivers: *${SECRET}`, /not valid YAML/],
  ])('is refused with %s, and the error says where and never what', (_, text, problem) => {
    const message = problemWith(() => parseReceivers(text));
    expect(message).toMatch(/^ReceiversError: /);
    expect(message).toMatch(problem);
    expect(message).not.toContain(SECRET);
    expect(message).not.toContain('s3cr3t');
  });
});

describe('the files beside it', () => {
  it('hold one URL, or headers', () => {
    expect(parseUrl('https://hooks.example.com/x\n', 'slack-url')).toBe('https://hooks.example.com/x');
    expect(parseHeaders('Authorization: Bearer abc\n', 'headers')).toEqual({ Authorization: 'Bearer abc' });
  });

  it.each([
    [
      'two URLs',
      () => parseUrl(`https://a/${SECRET}\nhttps://b/${SECRET}`, 'slack-url'),
      /slack-url must hold one/,
    ],
    ['no headers', () => parseHeaders(SECRET, 'headers'), /headers is not valid/],
    ['a header of two lines', () => parseHeaders(`X-A: "${SECRET}\\nb"`, 'headers'), /must be one line/],
    ['a header that is none', () => parseHeaders(`"${SECRET} x": y`, 'headers'), /a header: /],
  ])('are refused with %s, without their content', (_, read, problem) => {
    const message = problemWith(read);
    expect(message).toMatch(problem);
    expect(message).not.toContain('s3cr3t');
  });
});
