import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageOf } from '../../src/plugin/report/page-of.ts';
import type { StoredRecord } from '../../src/plugin/report/record.ts';
import { renderHtml } from '../../src/plugin/report/render/html.ts';
import { fittingPage } from '../../src/plugin/report/report.ts';
import { aRawRecord, aRecord } from '../../src/plugin/report/testing/a-record.ts';
import { HOSTILE } from '../../src/plugin/report/testing/hostile.ts';
import { RECORDS } from '../../src/plugin/report/testing/records.ts';
import { launchChromium } from '../support/chromium.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'dnshealth-page-'));
const WIDTHS = [390, 1280] as const;
const SCHEMES = ['light', 'dark'] as const;
/** A line of print with the margins of the style sheet, at 96 pixels an inch. */
const A4 = { width: 794 - 2 * 57, height: 1123 } as const;

/** Everything that other people can write into a record, in every place. */
function hostileRecord(): StoredRecord {
  const all = HOSTILE.join(' ').replaceAll('\0', '');
  const raw = aRawRecord();
  const { repair, verification } = raw.status;
  return aRecord({
    spec: {
      sighting: { ...(raw.spec['sighting'] as object), line: all },
      evidence: {
        ...raw.spec.evidence,
        log: Array.from({ length: 200 }, (_, index) => `${index} ${HOSTILE[index % HOSTILE.length]}`),
        corefile: { configMap: all, text: HOSTILE.join('\n') },
        podsWithNodeDNS: [...HOSTILE],
      },
    },
    status: {
      message: all,
      advice: `\`${all}\` ${'x'.repeat(3000)}`,
      repair: {
        ...repair,
        change: { ...repair?.change, path: all, backup: all, diff: `+${HOSTILE.join('\n-')}` },
      },
      verification: {
        ...verification,
        answers: HOSTILE.map((name) => ({ protocol: 'udp', name, result: name, ok: false, ms: 1 })),
      },
      recurrence: HOSTILE.map((source) => ({ source, advice: all })),
    },
  });
}

const PAGES: Readonly<Record<string, StoredRecord>> = {
  healed: RECORDS['healed'] ?? aRecord(),
  'failed and held': RECORDS['failed and held'] ?? aRecord(),
  'under repair': RECORDS['under repair'] ?? aRecord(),
  'drift that keeps coming back': RECORDS['drift that keeps coming back'] ?? aRecord(),
  'file corrected': RECORDS['file corrected'] ?? aRecord(),
  bare: RECORDS['bare'] ?? aRecord(),
  'full of hostile text': hostileRecord(),
};

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** Opens the page from a file, as its readers do. */
async function open(
  record: StoredRecord,
): Promise<{ readonly page: Page; readonly requests: readonly string[] }> {
  const path = join(folder, 'incident.html');
  writeFileSync(path, renderHtml(fittingPage(record, renderHtml)));
  const page = await browser.newPage();
  const requests: string[] = [];
  page.on('request', (request) => void requests.push(request.url()));
  page.on('dialog', (dialog) => void dialog.dismiss());
  await page.goto(pathToFileURL(path).href);
  return { page, requests };
}

describe.each(Object.entries(PAGES))('the page of an incident that is %s', (_what, record) => {
  it('loads nothing, runs nothing, and has no element that a record brought', async () => {
    const { page, requests } = await open(record);
    expect(requests.filter((url) => !url.startsWith('data:'))).toHaveLength(1);
    expect(await page.title()).toBe(pageOf(record).title);
    const found = await page.evaluate(`({
      active: document.querySelectorAll('script, img, iframe, object, embed, form, base, a:not([href^="#"])').length,
      attributes: [...document.querySelectorAll('*')].flatMap((element) =>
        element.getAttributeNames().filter((name) => name.startsWith('on') || name === 'style')),
      styles: document.querySelectorAll('style, link').length,
    })`);
    expect(found).toEqual({ active: 0, attributes: [], styles: 2 });
    await page.close();
  });

  it.each(WIDTHS)(
    'fits %i pixels without scrolling sideways, and axe has no finding, light and dark',
    async (width) => {
      const { page } = await open(record);
      await page.setViewport({ width, height: 900 });
      await page.evaluate(AXE);
      for (const value of SCHEMES) {
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
        expect(violations.map(({ id, nodes }) => `${value}: ${id} ${nodes[0]?.html}`)).toEqual([]);
      }
      await page.close();
    },
  );

  it('prints on A4 with every word, and no word beyond the margins', async () => {
    const { page } = await open(record);
    await page.emulateMediaType('print');
    await page.setViewport(A4);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(A4.width);
    const text = String(await page.evaluate('document.body.innerText'));
    // Longer ones are broken over lines.
    const words = text.match(/\b[A-Za-z]{4,20}\b/g) ?? [];
    const path = join(folder, 'incident.pdf');
    await page.pdf({ path, format: 'A4', preferCSSPageSize: true, printBackground: true });
    await page.close();

    const boxes = execFileSync('pdftotext', ['-bbox', path, '-'], { encoding: 'utf8', maxBuffer: 1 << 26 });
    // The parts of a word that is broken over two lines may be as short as one letter.
    const printed = new Set(boxes.match(/[A-Za-z]+(?=[^<>]*<\/word>)/g));
    expect(words.filter((word) => !isPrinted(word, printed)).slice(0, 5)).toEqual([]);
    const outside = [
      ...boxes.matchAll(/xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)/g),
    ].filter(
      ([, left, top, right, bottom]) =>
        Number(left) < 40 || Number(top) < 40 || Number(right) > 595 - 40 || Number(bottom) > 842 - 40,
    );
    expect(outside.map(([, , , , , word]) => word)).toEqual([]);
  });
});

/** A long word is broken over two lines, and then it is two words. */
const isPrinted = (word: string, printed: ReadonlySet<string>): boolean =>
  printed.has(word) ||
  Array.from({ length: word.length - 1 }, (_, index) => index + 1).some(
    (at) =>
      [...printed].some((one) => one.endsWith(word.slice(0, at))) &&
      [...printed].some((one) => one.startsWith(word.slice(at))),
  );
