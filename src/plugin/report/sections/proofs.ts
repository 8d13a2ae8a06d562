/** The proofs: each DNS question that was asked before and after the change, of whom, and what came back. */
import { isOfFileAlone } from '../../../remediation/facts.ts';
import { type Block, code, type Line, line, prose, type Section } from '../page.ts';
import type { StoredRecord } from '../record.ts';

export const proofs = (record: StoredRecord): Section => ({
  title: 'Proofs before and after',
  blocks: [questions(record), ...conclusion(record)],
});

function questions(record: StoredRecord): Block {
  const rows = [...late(record), ...before(record), ...check(record), ...verification(record)];
  if (rows.length === 0) return { kind: 'text', line: ['No DNS question is recorded.'] };
  return {
    kind: 'table',
    caption: 'Questions and answers',
    columns: [
      { title: 'When', isShort: true },
      { title: 'Asked' },
      { title: 'Question' },
      { title: 'Answer' },
      { title: 'Time', isNumber: true },
    ],
    rows,
  };
}

interface Asked {
  readonly protocol?: string;
  readonly type?: string | undefined;
  readonly name: string;
  readonly result: string;
  readonly ok?: boolean;
  readonly ms: number;
}

const rowOf = (when: string, who: Line, { protocol, type, name, result, ok, ms }: Asked): readonly Line[] => [
  [when],
  who,
  line`${protocol === undefined ? '' : `${protocol.toUpperCase()} `}${type === undefined ? '' : `${type} `}${code(name)}`,
  line`${code(result)}${ok === undefined ? '' : ok ? ', correct' : ', wrong'}`,
  [`${ms} ms`],
];

function late({ spec }: StoredRecord): readonly (readonly Line[])[] {
  if (spec.trigger !== 'LateLoop') return [];
  const { pod, answers, siblings } = spec.lateLoop;
  return [
    ...answers.map((answer) => rowOf('before', line`the looping pod ${code(pod.name)}`, answer)),
    ...siblings.flatMap((sibling) =>
      sibling.answers.map((answer) =>
        rowOf('before', line`${code(sibling.pod)} on ${code(sibling.node)}`, answer),
      ),
    ),
  ];
}

function before({ status }: StoredRecord): readonly (readonly Line[])[] {
  const { pod, node, answers = [] } = status.before ?? {};
  return answers.map((answer) => rowOf('before', line`${code(pod ?? '')} on ${code(node ?? '')}`, answer));
}

function check({ spec, status }: StoredRecord): readonly (readonly Line[])[] {
  return (status.proof?.answers ?? []).map(({ server, ...answer }) =>
    rowOf('after', line`${code(server)}, by a new pod on ${code(spec.node.name)}`, answer),
  );
}

function verification({ status }: StoredRecord): readonly (readonly Line[])[] {
  const { pod, node, podIP, answers = [] } = status.verification ?? {};
  return answers.map((answer) =>
    rowOf('after', line`${code(pod ?? '')} on ${code(node ?? '')} at ${code(podIP ?? '')}`, answer),
  );
}

function conclusion(record: StoredRecord): readonly Block[] {
  const { proof, before: asked } = record.status;
  return [
    ...(proof ? [{ kind: 'text', line: prose(proof.message) } as const] : []),
    ...(asked
      ? []
      : [
          {
            kind: 'text',
            line: [whyNotCompared(record)],
          } as const,
        ]),
  ];
}

function whyNotCompared(record: StoredRecord): string {
  if (isOfFileAlone(record))
    return 'The running kubelet was right and was not restarted, so DNS was not affected.';
  if (record.spec.trigger === 'Drift')
    return 'No DNS pod was asked before the change, because none had failed.';
  return 'No DNS pod served before the change, so there is nothing to compare the answers with.';
}
