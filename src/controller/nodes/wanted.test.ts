import { expect, it } from 'vitest';
import { createWanted } from './wanted.ts';

it('reports each node that is wanted now, or is not any more, and none that still is', () => {
  const wanted = createWanted();
  const changed: string[] = [];
  wanted.onChange((node) => void changed.push(`${node}: ${wanted.has(node)}`));
  wanted.set(['node-1', 'node-2']);
  wanted.set(['node-2', 'node-3']);
  expect(changed).toEqual(['node-1: true', 'node-2: true', 'node-1: false', 'node-3: true']);
});
