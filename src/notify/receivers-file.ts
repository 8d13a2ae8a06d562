/** The file of receivers: its grammar, and errors that name the place and never a value, because URLs and headers are secrets. */
import { LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { NOTICE_EVENTS } from './notice.ts';

const MAX_RECEIVERS = 10;

/** A file that lies beside the file of receivers, as another key of the same Secret does. */
const besideName = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,252}$/, 'must be the name of a file beside this one, without a folder');

const receiverSchema = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/,
        'must be up to 40 lower-case letters, digits and hyphens, without a hyphen at either end',
      ),
    url: z.string().refine(isHttpUrl, 'must be an http:// or https:// URL').optional(),
    urlFile: besideName.optional(),
    format: z.enum(['webhook', 'slack']).default('webhook'),
    events: z
      .array(z.enum(NOTICE_EVENTS))
      .min(1)
      .default([...NOTICE_EVENTS]),
    headersFile: besideName.optional(),
    caFile: besideName.optional(),
    timeoutSeconds: z.int().min(1).max(60).default(10),
  })
  .refine(({ url, urlFile }) => (url === undefined) !== (urlFile === undefined), {
    path: ['url'],
    message: 'must be given, or urlFile, but not both',
  });
export type ReceiverEntry = z.infer<typeof receiverSchema>;

const fileSchema = z.strictObject({
  receivers: z
    .array(receiverSchema)
    .max(MAX_RECEIVERS)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'must have different names'),
});

const headersSchema = z.record(
  z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'must be the name of a header'),
  z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be one line of text'),
);

/** What is wrong with a file, in a sentence that may be logged. */
export class ReceiversError extends Error {
  override readonly name = 'ReceiversError';
}

/** @throws ReceiversError */
export const parseReceivers = (text: string): readonly ReceiverEntry[] =>
  parse(text, 'the file of receivers', fileSchema).receivers;

/** @throws ReceiversError */
export const parseHeaders = (text: string, file: string): Readonly<Record<string, string>> =>
  parse(text, file, headersSchema, () => 'a header');

/** @throws ReceiversError */
export function parseUrl(text: string, file: string): string {
  const url = text.trim();
  if (!isHttpUrl(url)) throw new ReceiversError(`${file} must hold one http:// or https:// URL`);
  return url;
}

function isHttpUrl(text: string): boolean {
  // A URL would be read without its line breaks.
  if (/\s/.test(text)) return false;
  const url = URL.parse(text);
  return url !== null && ['http:', 'https:'].includes(url.protocol) && url.hostname !== '';
}

function parse<T>(text: string, file: string, schema: z.ZodType<T>, placeOf = placeIn): T {
  const lines = new LineCounter();
  // Without the excerpt that makes an error pretty: it would show what is in the file.
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error', lineCounter: lines });
  const [broken] = [...document.errors, ...document.warnings];
  if (broken)
    throw new ReceiversError(
      `${file} is not valid YAML at line ${lines.linePos(broken.pos[0]).line} (${broken.code})`,
    );
  const parsed = schema.safeParse(toValue(document, file));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${placeOf(issue.path)}: ${problemOf(issue)}`);
  throw new ReceiversError(`${file} is not valid: ${problems.join('; ')}`);
}

function toValue(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 });
  } catch (error) {
    // Its message names an alias, which may be a piece of a URL that lacks its quotes.
    if (error instanceof ReferenceError)
      throw new ReceiversError(`${file} is not valid YAML: an alias in it`);
    throw error;
  }
}

const placeIn = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (place, step) =>
      typeof step === 'number' ? `${place}[${step}]` : `${place}${place && '.'}${String(step)}`,
    '',
  ) || 'the whole file';

/** A key may be a value that was written in the wrong place. */
const problemOf = (issue: z.core.$ZodIssue): string =>
  issue.code === 'unrecognized_keys'
    ? `has a field that does not exist (known: ${Object.keys(receiverSchema.shape).join(', ')})`
    : issue.message;
