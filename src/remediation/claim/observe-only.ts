/** The advice on a loop that could be repaired, under a policy that only observes. */

export function observeOnlyAdvice({
  policy,
  node,
}: {
  readonly policy: string;
  readonly node: string;
}): string {
  return [
    `With mode: Repair, the operator would quarantine node ${node}, point its kubelet at a resolv.conf with upstream servers, restart the kubelet once, verify DNS and release the node.`,
    `To see that change first: \`kubectl dnshealth plan ${node}\`, which changes nothing. All fields of a policy are described by \`kubectl explain dnshealthpolicy.spec\`.`,
    `To allow repairs: \`kubectl patch dnshealth ${policy} --type=merge -p '{"spec":{"mode":"Repair"}}'\`.`,
  ].join(' ');
}
