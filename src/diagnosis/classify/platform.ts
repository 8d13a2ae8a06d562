/** Classifies a node by what it reports: who writes its kubelet configuration. */

import { assertNever } from '../../api/assert-never.ts';
import { isRecord } from '../../api/is-record.ts';
import { ownerOf } from '../managed-platform.ts';
import { type Answer, type Facts, textOf } from './answer.ts';

/** Fields: kubeletVersion, osImage, labels, annotations. */
export function classifyPlatform(facts: Facts): Answer {
  const owner = ownerOf({
    kubeletVersion: textOf(facts, 'kubeletVersion') ?? '',
    osImage: textOf(facts, 'osImage') ?? '',
    labels: pairs(facts['labels']),
    annotations: pairs(facts['annotations']),
  });
  if (!owner) return { platform: null };
  const { name, proof, verdict } = owner;
  switch (verdict.kind) {
    case 'generates':
      return { platform: name, proof, repair: 'refused', advice: verdict.advice };
    case 'rewrites':
      return {
        platform: name,
        proof,
        repair: 'holds until the owner writes the file again',
        advice: verdict.advice('PATH'),
      };
    default:
      return assertNever(verdict);
  }
}

const pairs = (value: unknown): Readonly<Record<string, string>> =>
  isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)])) : {};
