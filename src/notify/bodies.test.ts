/** What receivers get: the documented fields, within the limits of Slack, and without a way to call everyone in a channel. */
import { describe, expect, it } from 'vitest';
import type { Notice } from './notice.ts';
import { slackBody } from './slack-body.ts';
import { webhookBody } from './webhook-body.ts';

const notice: Notice = {
  id: 'uid-1/Failed',
  event: 'Failed',
  at: '2026-01-02T03:04:05Z',
  severity: 'warning',
  title: 'The repair of node node-1 failed',
  text: 'The pod <!channel> & others do not answer.',
  advice: 'Look at the node.',
  policy: { name: 'coredns', uid: 'policy-1' },
  node: 'node-1',
  remediation: { name: 'node-1-x', uid: 'uid-1', trigger: 'Crash', phase: 'Failed', reason: 'Unproven' },
};

it('the webhook gets the notice with the version of its form', () => {
  expect(JSON.parse(webhookBody(notice))).toEqual({ version: 'dnshealth.io/notification.v1', ...notice });
});

describe('Slack gets', () => {
  const body = (changes: Partial<Notice> = {}) => JSON.parse(slackBody({ ...notice, ...changes }));

  it('a text, for clients without blocks', () => {
    expect(body().text).toBe(
      'The repair of node node-1 failed\nThe pod &lt;!channel&gt; &amp; others do not answer.\nWhat to do: Look at the node.',
    );
  });

  it('blocks of plain text, in which markup of strangers has no meaning', () => {
    const { blocks } = body();
    expect(blocks.map(({ type }: { type: string }) => type)).toEqual([
      'header',
      'section',
      'section',
      'context',
    ]);
    expect(blocks[1].text).toEqual({ type: 'plain_text', text: notice.text, emoji: false });
    expect(JSON.stringify(blocks)).not.toContain('mrkdwn');
    expect(blocks[3].elements[0].text).toBe(
      'Failed · policy coredns · remediation node-1-x · 2026-01-02T03:04:05Z',
    );
  });

  it('no block that it would refuse for its length, and no half character', () => {
    const { blocks } = body({ title: 'n'.repeat(400), text: '\u{1F525}'.repeat(3000) });
    expect(blocks[0].text.text).toHaveLength(150);
    expect(blocks[1].text.text.length).toBeLessThanOrEqual(3000);
    expect(blocks[1].text.text.isWellFormed()).toBe(true);
  });
});
