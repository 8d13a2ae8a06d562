/** docs/benchmarks.md: each benchmark replaces its own section and keeps the others. */
import { readFileSync, writeFileSync } from 'node:fs';

const PAGE = new URL('../../docs/benchmarks.md', import.meta.url);
/** In the order of the page. */
const SECTIONS = [
  'Repair',
  'Approval',
  'Agent',
  'Runtime',
  'Drift',
  'Mass outage',
  'Limits',
  'Decisions',
  'Installation',
  'Admission',
  'Prober',
  'Soak',
  'Diagnose',
  'Check',
  'Checks of nodes',
  'Plugin',
] as const;
type Section = (typeof SECTIONS)[number];

const INTRODUCTION = `# Benchmarks

\`make bench\` runs all benchmarks; each writes its own section here, with goals beside the figures.
`;

export function writeSection(title: Section, body: string): void {
  writeFileSync(PAGE, withSection(readFileSync(PAGE, 'utf8'), title, body));
}

/** Returns the page with this section in place of its former one. */
export function withSection(page: string, title: Section, body: string): string {
  const found = new Map<string, string>();
  for (const part of page.split(/^(?=## )/m)) {
    const name = /^## (.*)\n/.exec(part)?.[1];
    if (name !== undefined) found.set(name, part.trimEnd());
  }
  found.set(title, `## ${title}\n${body.trim()}`);
  const parts = SECTIONS.flatMap((name) => found.get(name) ?? []);
  return [INTRODUCTION, ...parts.map((part) => `${part}\n`)].join('\n');
}
