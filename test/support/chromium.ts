/** Chromium from Debian, for what only a browser can say of a page. */
import { type Browser, launch } from 'puppeteer-core';
import { ensurePrograms } from '../cluster/preflight.ts';

const PROGRAM = 'chromium-headless-shell';
/** Each program with its Debian package; pdftotext reads what was printed. */
const TOOLS = { [PROGRAM]: 'chromium-headless-shell', pdftotext: 'poppler-utils' };

export async function launchChromium(): Promise<Browser> {
  await ensurePrograms(TOOLS, (line) => console.error(line));
  return launch({
    executablePath: `/usr/bin/${PROGRAM}`,
    pipe: true,
    // Root has no sandbox; the pages are our own, and nothing is loaded. /dev/shm of a container is too small.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}
