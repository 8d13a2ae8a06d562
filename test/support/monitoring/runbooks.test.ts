/** Holds the runbooks to the alerts, and the commands in them to the plugin and the cluster. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VERBS } from '../../../src/plugin/verbs.ts';
import { alerts } from './files.ts';

const ROOT = new URL('../../../', import.meta.url);
const RUNBOOKS = new URL('docs/runbooks/', ROOT);
/** The one placeholder for where these pages are read. */
const PAGES_AT = 'https://example.com/dnshealth-operator/docs/runbooks/';

const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const pages = readdirSync(RUNBOOKS).filter((name) => name !== 'README.md');
const index = read('docs/runbooks/README.md');

it('every alert has a page, and every page an alert', () => {
  expect(pages).toEqual(alerts.map(({ alert }) => `${alert}.md`).toSorted());
});

it.each(alerts)('$alert links to its page', ({ alert, annotations }) => {
  expect(annotations.runbook_url).toBe(`${PAGES_AT}${alert}.md`);
});

it('the index lists the alerts in their order, with their severities', () => {
  const rows = [...index.matchAll(/^\| \[(\w+)\]\((\w+)\.md\) \| (\w+) \| .+ \|$/gm)].map((row) =>
    row.slice(1),
  );
  expect(rows).toEqual(alerts.map(({ alert, labels }) => [alert, alert, labels.severity]));
});

it('the placeholder of the address is explained where it is changed, and nowhere else in the project is another one', () => {
  expect(read('docs/watching.md')).toContain('https://example.com/dnshealth-operator/');
  expect(read('config/monitoring/prometheus-rule.yaml')).toContain(
    "sed -i 's#https://example.com/dnshealth-operator/#",
  );
});

describe.each(alerts)('docs/runbooks/$alert.md', ({ alert, labels }) => {
  const page = read(`docs/runbooks/${alert}.md`);

  it('has its title, its severity and the four questions', () => {
    expect(page).toMatch(new RegExp(`^# ${alert}\\n\\n\\*\\*Severity:\\*\\* ${labels.severity}\\.\\n`));
    const titles = [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(titles).toEqual(['What it means', 'What to look at', 'What to do', 'When it resolves']);
  });

  it('names commands to look with', () => {
    expect(page).toMatch(/```sh\n(?:kubectl .+\n)+```/);
  });

  it('links to pages and sections that exist', () => {
    const links = [...page.matchAll(/\]\(([^)#]+)(?:#([\w-]+))?\)/g)];
    const broken = links.filter(([, path = '', anchor]) => {
      const target = new URL(path, RUNBOOKS);
      if (!existsSync(target)) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).includes(anchor);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});

const texts = [
  ...pages.map((name) => ({ where: `docs/runbooks/${name}`, text: read(`docs/runbooks/${name}`) })),
  { where: 'docs/runbooks/README.md', text: index },
  { where: 'docs/watching.md', text: read('docs/watching.md') },
  ...alerts.map(({ alert, annotations }) => ({ where: alert, text: Object.values(annotations).join('\n') })),
];

it.each(texts)('$where names verbs and options of the plugin that exist', ({ text }) => {
  for (const [, verb = '', rest = ''] of text.matchAll(/kubectl dnshealth ([\w-]+)((?: [^\s`,.;]+)*)/g)) {
    const known = VERBS.find(({ name }) => name === verb);
    expect(known, `kubectl dnshealth ${verb}`).toBeDefined();
    const options = [...(known?.options ?? []).map(({ flags }) => flags), '-o, --output'].join(' ');
    for (const [option] of rest.matchAll(/(?<= )--?[a-z][\w-]*/g))
      expect(options.split(/[ ,]+/), `${verb} ${option}`).toContain(option);
  }
});

const anchorsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title.toLowerCase().replace(/[`.?]/g, '').replaceAll(' ', '-'),
  );
