import { expect, it } from 'vitest';
import { searchDomains } from './search-domains.ts';

it.each([
  ['nameserver 10.0.0.1\n', []],
  ['search a.example b.example\n', ['a.example', 'b.example']],
  ['search a.example\nsearch\tb.example  c.example\n', ['b.example', 'c.example']],
  ['domain a.example\n# search b.example\n', []],
  ['search\n', []],
])('the search domains of %j are %j', (text, domains) => {
  expect(searchDomains(text)).toEqual(domains);
});
