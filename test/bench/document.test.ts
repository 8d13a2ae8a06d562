import { expect, it } from 'vitest';
import { withSection } from './document.ts';

const PAGE = '# Benchmarks\n\n## Repair\nold repair\n\n### Detail\nkept within\n\n## Soak\nold soak\n';

it('replaces its own section and leaves the others as they are', () => {
  const page = withSection(PAGE, 'Soak', 'new soak\n');
  expect(page).toContain('## Repair\nold repair\n\n### Detail\nkept within\n');
  expect(page).toContain('## Soak\nnew soak\n');
  expect(page).not.toContain('old soak');
});

it('puts a new section where it belongs, and says the same when it is asked twice', () => {
  const page = withSection(PAGE, 'Runtime', 'figures');
  expect([...page.matchAll(/^## (.*)$/gm)].map((match) => match[1])).toEqual(['Repair', 'Runtime', 'Soak']);
  expect(withSection(page, 'Runtime', 'figures')).toBe(page);
});
