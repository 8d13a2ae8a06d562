/** The record as JSON that a page can show and give back: what cannot be seen is escaped. */
import type { StoredRecord } from './record.ts';
import { escapedInJson } from './visible.ts';

export const recordJson = (record: StoredRecord): string => escapedInJson(JSON.stringify(record, null, 1));
