import { expect, it } from 'vitest';
import { withSection } from './document.ts';

const PAGE = '# Benchmarks\n\n## Repair\nold repair\n\n### Detail\nkept within\n\n## Soak\nold soak\n';

it('replaces its own section and keeps the others', () => {
  const page = withSection(PAGE, 'Soak', 'new soak\n');
  expect(page).toContain('## Repair\nold repair\n\n### Detail\nkept within\n');
  expect(page).toContain('## Soak\nnew soak\n');
  expect(page).not.toContain('old soak');
});

it('adds a new section in the order of the page, and is idempotent', () => {
  const page = withSection(PAGE, 'Runtime', 'figures');
  expect([...page.matchAll(/^## (.*)$/gm)].map((match) => match[1])).toEqual(['Repair', 'Runtime', 'Soak']);
  expect(withSection(page, 'Runtime', 'figures')).toBe(page);
});
