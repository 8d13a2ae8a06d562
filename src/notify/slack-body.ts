/** The body of the format `slack`, which Mattermost and Rocket.Chat read too: `text` for those without blocks, and `blocks`. */
import type { Notice } from './notice.ts';

/** Slack refuses longer ones. */
const MAX_HEADER = 150;
const MAX_SECTION = 3000;

export function slackBody(notice: Notice): string {
  const { title, text, advice } = notice;
  const paragraphs = [text, ...(advice === undefined ? [] : [`What to do: ${advice}`])];
  const context = [
    notice.event,
    `policy ${notice.policy.name}`,
    ...(notice.remediation ? [`remediation ${notice.remediation.name}`] : []),
    notice.at,
  ].join(' · ');
  return JSON.stringify({
    text: escape([title, ...paragraphs].join('\n')),
    blocks: [
      { type: 'header', text: plain(title, MAX_HEADER) },
      ...paragraphs.map((one) => ({ type: 'section', text: plain(one, MAX_SECTION) })),
      { type: 'context', elements: [plain(context, MAX_SECTION)] },
    ],
  });
}

/** Plain, because the text of a record may come from strangers: in Slack's markup `<!channel>` would call everyone. */
const plain = (text: string, longest: number) => ({
  type: 'plain_text',
  text: shorten(text, longest),
  emoji: false,
});

/** The only three characters that Slack gives a meaning in `text` that reaches beyond its looks. */
const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const shorten = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
