import { describe, expect, it } from 'vitest';
import { pageOf } from './page-of.ts';
import { redact } from './redact.ts';
import { renderHtml } from './render/html.ts';
import { aRecord } from './testing/a-record.ts';

describe('the example in docs/', () => {
  it('is the redacted page of a real incident, as it is made now', async () => {
    await expect(renderHtml(pageOf(redact(aRecord())))).toMatchFileSnapshot(
      '../../../docs/example-incident.html',
    );
  });
});
