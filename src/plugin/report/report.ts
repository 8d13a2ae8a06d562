/** Finds the record of an incident, in the cluster or in a file, and writes its page to standard output. */
import { getNamed } from '../cluster/get-named.ts';
import { PluginError } from '../errors.ts';
import { readStart } from '../terminal/saved-file.ts';
import { EXIT, type ExitCode, type PluginContext } from '../verb.ts';
import type { Page } from './page.ts';
import { pageOf } from './page-of.ts';
import { MAX_FILE_BYTES, recordFrom } from './read-record.ts';
import { type Limits, parseRecord, type StoredRecord, withinLimits } from './record.ts';
import { redact } from './redact.ts';
import { renderHtml } from './render/html.ts';
import { renderMarkdown } from './render/markdown.ts';

interface Request {
  readonly name?: string;
  readonly from?: string;
  readonly redact: boolean;
}

/** @throws PluginError */
export async function report(context: PluginContext, request: Request): Promise<ExitCode> {
  const found =
    request.from === undefined
      ? await fetchRecord(context, request.name)
      : await readRecord(request.from, request.name);
  const record = request.redact ? redact(found) : found;
  switch (context.format) {
    case 'json': {
      const { sections: _sections, ...summary } = pageOf(record);
      context.out.line(JSON.stringify({ ...summary, record }, null, 2));
      return EXIT.well;
    }
    case 'md':
      context.out.write(renderMarkdown(fittingPage(record, renderMarkdown)));
      return EXIT.well;
    default:
      context.out.write(renderHtml(fittingPage(record, renderHtml)));
      return EXIT.well;
  }
}

/** Opens anywhere, and can be attached to a mail. */
const MAX_PAGE_BYTES = 200 * 1024;
/** What no real record exceeds, and then less and less. */
const LIMITS: readonly Limits[] = [
  { text: 4096, entries: 256 },
  { text: 1024, entries: 64 },
  { text: 400, entries: 32 },
  { text: 150, entries: 16 },
  { text: 60, entries: 8 },
];

/** The page with as much of the record as it can hold. */
export function fittingPage(record: StoredRecord, render: (page: Page) => string): Page {
  let page = pageOf(record);
  for (const limits of LIMITS) {
    if (Buffer.byteLength(render(page)) <= MAX_PAGE_BYTES) return page;
    page = pageOf(withinLimits(record, limits), true);
  }
  return page;
}

async function fetchRecord(context: PluginContext, name: string | undefined): Promise<StoredRecord> {
  if (name === undefined) throw new PluginError('name a DNSRemediation, or a file with --from');
  const { kube } = await context.connect();
  return parseRecord(await getNamed(kube, 'dnsremediations', name, context.signal), `DNSRemediation ${name}`);
}

async function readRecord(path: string, name: string | undefined): Promise<StoredRecord> {
  const { text, isWhole } = await readStart(path, MAX_FILE_BYTES);
  if (!isWhole)
    throw new PluginError(
      `${path} is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB, which no record of an incident is`,
    );
  return recordFrom(text, path, name);
}
