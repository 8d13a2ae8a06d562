/** Why a node is left alone: the text of the annotation beside the exclude label, where the operator set it. */

interface Exclusion {
  /** Name of the DNSRemediation that set the label. */
  readonly remediation: string;
  /** Name of the one whose change it has taken back. */
  readonly of: string;
  readonly by: string;
  readonly reason: string;
}

/** The record comes first: no name has a colon, so that it can be found again. */
export const exclusionText = ({ remediation, of, by, reason }: Exclusion): string =>
  `${remediation}: ${by} asked to undo ${of}: ${reason}`;

export const isExcludedFor = (text: string | null, remediation: string): boolean =>
  text?.startsWith(`${remediation}: `) === true;
