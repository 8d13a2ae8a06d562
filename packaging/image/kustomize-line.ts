/** The command that sets the image of config/default by digest. */

export const kustomizeLine = (repository: string, digest: string): string =>
  `(cd config/default && kustomize edit set image dnshealth-operator=${repository}@${digest})`;
