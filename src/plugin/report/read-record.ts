/** Reads the record of an incident from text that was saved: YAML or JSON from kubectl, or a page that was made of it. */
import { parseDocument } from 'yaml';
import { PluginError } from '../errors.ts';
import { KIND, parseRecord, type StoredRecord } from './record.ts';
import { recordInPage } from './render/html.ts';

/** etcd stores objects of at most 1.5 MiB, and a list of records is not a record. */
export const MAX_FILE_BYTES = 8 * 1024 * 1024;

/**
 * @param name of the remediation, where the text may hold several
 * @param where the file, as messages name it
 * @throws PluginError with one sentence that names the file
 */
export function recordFrom(text: string, where: string, name?: string): StoredRecord {
  const objects = objectsIn(documentOf(text, where));
  if (name === undefined && objects.length > 1)
    throw new PluginError(`${where} holds ${objects.length} objects: name one of ${namesOf(objects)}`);
  const wanted = name === undefined ? objects[0] : objects.find((object) => nameOf(object) === name);
  if (wanted === undefined)
    throw new PluginError(
      objects.length === 0
        ? `${where} holds no ${KIND}`
        : `${where} does not hold ${name}: it has ${namesOf(objects)}`,
    );
  return parseRecord(wanted, where);
}

function documentOf(text: string, where: string): unknown {
  if (!/^\s*<(?:!doctype|html|!--)/i.test(text)) return yamlOf(text, where);
  const json = recordInPage(text);
  if (json === null)
    throw new PluginError(`${where} is a web page without the record of an incident, or is cut off`);
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new PluginError(`${where} is a page of an incident whose record is damaged`, { cause: error });
  }
}

/** JSON is YAML. A few kilobytes of aliases could otherwise become gigabytes: yaml refuses more than a hundred. */
function yamlOf(text: string, where: string): unknown {
  const document = parseDocument(text, { logLevel: 'silent', prettyErrors: false });
  const [error] = document.errors;
  if (error) throw new PluginError(`${where} is neither YAML nor JSON, or is cut off: ${error.message}`);
  try {
    return document.toJS();
  } catch (cause) {
    throw new PluginError(`${where} is neither YAML nor JSON`, { cause });
  }
}

/** A list, as `kubectl get dnsrem -o yaml` prints it, or what `-o json` of this verb prints, or one object. */
function objectsIn(document: unknown): readonly unknown[] {
  if (!isObject(document)) return [document];
  const { items, kind, apiVersion } = document;
  // The API leaves out of its items what the list says of all.
  if (Array.isArray(items))
    return items.map((item: unknown) =>
      kind === `${KIND}List` && isObject(item) ? { apiVersion, kind: KIND, ...item } : item,
    );
  return [isObject(document['record']) ? document['record'] : document];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function nameOf(object: unknown): string {
  const metadata = isObject(object) ? object['metadata'] : undefined;
  return isObject(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : '';
}

const SHOWN = 5;

function namesOf(objects: readonly unknown[]): string {
  const names = objects.map(
    (object) =>
      nameOf(object)
        .replace(/[^\w.-]/g, '?')
        .slice(0, 63) || 'one without a name',
  );
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
