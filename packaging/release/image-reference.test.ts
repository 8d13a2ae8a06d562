import { describe, expect, it } from 'vitest';
import { parseReference, registryUrl } from './image-reference.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('the name of an image', () => {
  it.each([
    [
      'registry.example.com/team/operator:0.1.0',
      { registry: 'registry.example.com', repository: 'team/operator', tag: '0.1.0' },
    ],
    [
      `127.0.0.1:5000/operator@${DIGEST}`,
      { registry: '127.0.0.1:5000', repository: 'operator', digest: DIGEST },
    ],
    [
      `localhost/operator:1@${DIGEST}`,
      { registry: 'localhost', repository: 'operator', tag: '1', digest: DIGEST },
    ],
  ])('%s has its parts', (text, parts) => {
    expect(parseReference(text)).toEqual(parts);
  });

  it.each([
    'operator:0.1.0',
    'team/operator',
    'registry.example.com/Operator',
    'registry.example.com/operator@sha256:12',
    '',
  ])('"%s" is refused, with an example', (text) => {
    expect(() => parseReference(text)).toThrow(
      `"${text}" is not the name of an image with its registry, such as registry.example.com/`,
    );
  });
});

it.each([
  ['registry.example.com', 'https://registry.example.com'],
  ['127.example.com:5000', 'https://127.example.com:5000'],
  ['127.0.0.1:5000', 'http://127.0.0.1:5000'],
  ['localhost', 'http://localhost'],
])('%s is spoken to at %s: without TLS only on the same machine', (registry, url) => {
  expect(registryUrl(registry)).toBe(url);
});
